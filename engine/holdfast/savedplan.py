"""A plan that is kept in a file, so that what was seen is what is carried out: `plan --out FILE`, then `apply FILE`.

The file does not hold what documents say, contents or secrets: it holds their hashes, and for each resource of each
host a fingerprint of the change that was shown. When it is applied the documents are compiled again and must say the
same; each host plans once more before it is touched, and refuses if anything differs.
"""
from __future__ import annotations

import gzip
import hashlib
import hmac
import json
import os
import secrets as randomness
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from cerberus import Validator

from holdfast.compiler.model import HostGraph, Rollout
from holdfast.documents.model import HealthCheck
from holdfast.executor.model import HostResult
from holdfast.problems import Place, Problem, Problems
from holdfast.trees.tree import GZIP
from holdfast_host import files
from holdfast_host.errors import Failed
from holdfast_host.graph import OK, PENDING, UNKNOWN
from holdfast_host.planned import Held, Planned

FORMAT = 1
FIRST_KEY = "holdfast_plan"
LIMIT = 1 << 30  # bytes, unpacked
CAN_BE_APPLIED = frozenset({"ok", "pending"})  # statuses of hosts


@dataclass(frozen=True, slots=True)
class HostPlan:
    """What was shown for one host. graph: its name; nodes: positions in SavedPlan.nodes; proof: tells whether the
    secrets are still the same; planned: status and fingerprint of each node."""

    status: str
    message: str = ""
    graph: str = ""
    nodes: tuple[int, ...] = ()
    proof: str = ""
    planned: tuple[Planned, ...] = ()


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """All that `apply` needs to do what was shown, or to say why not.

    run: the plan's id; made: seconds since the epoch; documents, targets, inventory, settings: as they were given;
    facts: of hosts whose graphs depend on them; nodes: (id, SHA-256 of the canonical JSON) of every node of any host.
    """

    run: str
    made: float
    who: str
    documents: tuple[str, ...]
    targets: str
    inventory: tuple[str, ...]
    settings: Mapping[str, Any]
    rollout: Rollout
    salt: str
    facts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    nodes: tuple[tuple[str, str], ...] = ()
    hosts: Mapping[str, HostPlan] = field(default_factory=dict)

    def with_hosts(self, graphs: Mapping[str, HostGraph], results: Iterable[HostResult]) -> SavedPlan:
        """The plan with what was shown."""
        keys, table = Keys(self.salt), _Table()
        hosts = {one.host: table.host_plan(one, graphs.get(one.host), keys) for one in results}
        return replace(self, nodes=tuple(table.rows), hosts=hosts)

    def held(self, graph: HostGraph, keys: Keys) -> Held:
        """What the host's run is held to."""
        return Held(keys.of(graph), self.hosts[graph.host].planned)

    def differing(self, graphs: Mapping[str, HostGraph], path: str) -> list[Problem]:
        """Why the documents, compiled again, are not what the plan was made of; hosts with equal reasons together."""
        keys = Keys(self.salt)
        reasons: dict[str, list[str]] = {}
        for host, plan in self.hosts.items():
            if plan.status in CAN_BE_APPLIED:
                why = self._why_not(plan, graphs.get(host), keys)
                if why:
                    reasons.setdefault(why, []).append(host)
        return [Problem(f"{why} (on {hosts[0]}{f' and {len(hosts) - 1} more' if len(hosts) > 1 else ''})", Place(path),
                        "plan anew") for why, hosts in reasons.items()]

    def _why_not(self, plan: HostPlan, graph: HostGraph | None, keys: Keys) -> str:
        if graph is None:
            return "the documents are not for this host any more"
        if graph.name != plan.graph:
            before = {self.nodes[number] for number in plan.nodes}
            now = {(node.id, _hash_of(node.to_wire())) for node in graph.nodes}
            ids = list(dict.fromkeys(id for id, _ in sorted(before ^ now)))
            said = ", ".join(f"`{id}`" for id in ids[:3]) + (f" and {len(ids) - 3} more" if len(ids) > 3 else "")
            return f"the documents have changed since the plan: {said or 'the order of resources'}"
        return "" if keys.proof(graph) == plan.proof else "a secret has changed since the plan"


class Keys:
    """Keys of fingerprints. They are made of the secrets by a costly function, so that nobody can try out many."""

    def __init__(self, salt: str) -> None:
        self._salt, self._made = bytes.fromhex(salt), dict[tuple[tuple[str, str], ...], str]()

    def of(self, graph: HostGraph) -> str:
        """The key for the host of this graph, in hex."""
        secrets = tuple(sorted(graph.secrets.items()))
        if secrets not in self._made:
            text = json.dumps(secrets).encode("ascii")
            self._made[secrets] = hashlib.scrypt(text, salt=self._salt, n=1 << 14, r=8, p=1, dklen=32).hex()
        return self._made[secrets]

    def proof(self, graph: HostGraph) -> str:
        """What can be kept to see later that the secrets are the same."""
        return hmac.new(self.of(graph).encode(), b"proof", "sha256").hexdigest()


class _Table:
    """Numbers nodes, which many hosts share."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str]] = []
        self._numbers: dict[int, int] = {}  # by the identity of shared nodes
        self._of_row: dict[tuple[str, str], int] = {}

    def host_plan(self, result: HostResult, graph: HostGraph | None, keys: Keys) -> HostPlan:
        """A host's row."""
        shown = {one.event.node: (one.event.status, one.event.fingerprint) for one in result.results}
        if graph is None or result.status not in CAN_BE_APPLIED:
            return HostPlan(result.status, result.message)
        planned = tuple(shown[number] for number in range(len(graph.nodes)))
        return HostPlan(result.status, "", graph.name, tuple(self._number(node) for node in graph.nodes),
                        keys.proof(graph), planned)

    def _number(self, node: Any) -> int:
        number = self._numbers.get(id(node))
        if number is None:
            row = (node.id, _hash_of(node.to_wire()))
            number = self._numbers[id(node)] = self._of_row.setdefault(row, len(self.rows))
            if number == len(self.rows):
                self.rows.append(row)
        return number


def _hash_of(wire: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(wire, sort_keys=True, separators=(",", ":")).encode("ascii")).hexdigest()


def new_salt() -> str:
    """32 random bytes in hex."""
    return randomness.token_hex(32)


# -- the file --------------------------------------------------------------------------------------------------------


def is_saved_plan(path: str | Path) -> bool:
    """Whether a file is one of ours rather than a document."""
    try:
        with Path(path).open("rb") as stream:
            return stream.read(len(GZIP)) == GZIP
    except OSError:
        return False


def check_place(path: str | Path) -> None:
    """Before hosts are asked: whether a plan can be kept there. What is there is replaced only if empty or a plan.
    Raises Problems."""
    target, mend = Path(path), "name another file with --out"
    folder = target.absolute().parent
    what = ("this is a folder" if target.is_dir() else "there is no such folder" if not folder.is_dir() else
            "you may not write there" if not os.access(folder, os.W_OK) else
            "this is no regular file" if target.exists() and not target.is_file() else "")
    if not what and target.is_file() and target.stat().st_size and not _begins_as_plan(target):
        what, mend = "this file is there, and is no plan", f"{mend}, or remove this one first"
    if what:
        raise Problems([Problem(f"the plan cannot be kept: {what}", Place(str(path)), mend)])


def _begins_as_plan(path: Path) -> bool:
    begin = f'{{"{FIRST_KEY}":'.encode()
    try:
        with gzip.open(path) as stream:
            return stream.read(len(begin)) == begin
    except (OSError, EOFError, zlib.error):
        return False


def write(plan: SavedPlan, path: str | Path) -> None:
    """Whole or not at all; only its owner can read it. Raises Problems."""
    text = json.dumps({FIRST_KEY: FORMAT, **asdict(plan)}, separators=(",", ":"), default=str)
    try:
        files.swap(os.path.realpath(path), gzip.compress(text.encode(), 6), lambda: True, mode="0600")
    except Failed as failed:
        raise Problems([Problem(failed.what, Place(str(path)), "name another file with --out")]) from None


def read(path: str | Path) -> SavedPlan:
    """Raises Problems."""
    try:
        with gzip.open(path) as stream:
            data = stream.read(LIMIT + 1)
        if len(data) > LIMIT:
            raise ValueError("it is too large")
        found = json.loads(data)
        number = found.pop(FIRST_KEY)
        if number != FORMAT:
            raise Problems([Problem(f"this plan is of format {number}, and this Holdfast reads format {FORMAT}",
                                    Place(str(path)), "plan anew")])
        return _from_json(found)
    except OSError as error:
        raise Problems([Problem(f"the plan cannot be read: {error.strerror or error}", Place(str(path)))]) from None
    except (EOFError, zlib.error, RecursionError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Problems([Problem(f"this is not a plan that `holdfast plan --out` wrote: {error}", Place(str(path)),
                                "plan anew")]) from None


_TEXT = {"type": "string", "required": True}
_TEXTS = {"type": "list", "required": True, "schema": {"type": "string"}}
_NUMBER = {"type": "number", "nullable": True, "min": 0, "max": float(1 << 53)}
_SHARE = {"type": ["integer", "string"], "regex": r"\d+(\.\d+)?%", "min": 0}
_ROWS = {"type": "list", "required": True, "schema": {"type": "list", "items": [{"type": "string"}] * 2}}
_CHECK = {"command": _TEXTS, "http": _TEXT, "within_s": _NUMBER, "every_s": _NUMBER}
_ROLLOUT = {"batches": {"type": "list", "schema": _SHARE}, "error_budget": {**_SHARE, "nullable": True},
            "at_once": {"type": "integer", "min": 1}, "host_s": _NUMBER, "run_s": _NUMBER, "pause_s": _NUMBER,
            "health_check": {"type": "dict", "nullable": True, "schema": _CHECK, "require_all": True}}
_HOST = {"status": _TEXT, "message": _TEXT, "graph": _TEXT, "proof": _TEXT, "planned": _ROWS,
         "nodes": {"type": "list", "required": True, "schema": {"type": "integer", "min": 0}}}
_FILE = Validator({
    **dict.fromkeys(("run", "who", "targets"), _TEXT), "salt": {**_TEXT, "regex": "[0-9a-f]{64}"},
    "made": {**_NUMBER, "nullable": False, "required": True},
    "documents": _TEXTS, "inventory": _TEXTS, "nodes": _ROWS,
    "settings": {"type": "dict", "required": True, "keysrules": {"type": "string"}},
    "facts": {"type": "dict", "required": True, "valuesrules": {"type": "dict"}},
    "rollout": {"type": "dict", "required": True, "schema": _ROLLOUT, "require_all": True},
    "hosts": {"type": "dict", "required": True, "valuesrules": {"type": "dict", "schema": _HOST}}})


def _from_json(found: Mapping[str, Any]) -> SavedPlan:
    if not _FILE.validate(found):
        raise ValueError(f"{', '.join(map(str, _FILE.errors))} is not as it was written")
    if any(number >= len(found["nodes"]) for one in found["hosts"].values() for number in one["nodes"]):
        raise ValueError("a resource is missing")
    rolls, check = found["rollout"], found["rollout"]["health_check"]
    rollout = Rollout(**{**rolls, "batches": tuple(rolls["batches"]), "health_check": check and HealthCheck(
        **{**check, "command": _texts(check["command"])})})
    return SavedPlan(**{
        **found, "documents": _texts(found["documents"]), "inventory": _texts(found["inventory"]), "rollout": rollout,
        "nodes": tuple((str(id), str(digest)) for id, digest in found["nodes"]),
        "hosts": {str(host): _host_plan(one) for host, one in found["hosts"].items()}})


def _host_plan(found: Mapping[str, Any]) -> HostPlan:
    planned = tuple((str(status), str(mark)) for status, mark in found["planned"])
    if any(status not in (OK, PENDING, UNKNOWN) for status, _ in planned):
        raise ValueError("a resource's status is none of a plan")
    return HostPlan(**{**found, "nodes": tuple(map(int, found["nodes"])), "planned": planned})


def _texts(found: Sequence[Any]) -> tuple[str, ...]:
    return tuple(map(str, found))
