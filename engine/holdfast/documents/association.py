"""Documents of kind `association`: which state documents are kept true, on which hosts, and when."""
from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from holdfast.documents import kinds, schemas, structure
from holdfast.documents.durations import seconds
from holdfast.documents.model import Document, Use, holds_template, is_secret
from holdfast.documents.schedules import Schedule, schedule
from holdfast.documents.state import secret_problems
from holdfast.documents.types import Types
from holdfast.problems import Place, Problem
from holdfast.trees.tree import Node

ACTIONS = ("reapply", "report")
TOLD = ("drift", "healed", "failed", "fight")
WAYS = ("command", "webhook", "email")
REPAIRS = 3
MAIL_SERVER = "localhost:25"
TLS_OF = {"465": "implicit", "587": "starttls"}  # by port, where nothing is said


@dataclass(frozen=True, slots=True)
class Damping:
    """When a resource that drifts again and again is left alone: after so many repairs within so many seconds. None: a
    day, or five times the time between two rounds if that is longer."""

    repairs: int = REPAIRS
    within_s: float | None = None


@dataclass(frozen=True, slots=True)
class Hook:
    """Who is told, of what. One of command (a program with its arguments), webhook (an address) and email. secret:
    signs what is sent to a webhook. server: HOST:PORT that takes mail; tls: how it is spoken to; user, password: who
    logs in there, "": nobody."""

    place: Place
    on: tuple[str, ...] = TOLD
    command: tuple[str, ...] = ()
    webhook: str = ""
    secret: Node | None = field(default=None, repr=False)
    email: str = ""
    sender: str = ""
    server: str = MAIL_SERVER
    tls: str = "none"
    user: str = ""
    password: Node | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Association(Document):
    """State documents that are kept true. targets: expressions, joined by or; they narrow what the documents say."""

    documents: tuple[Use, ...] = ()
    targets: tuple[Node, ...] = ()
    schedule: Schedule = Schedule()
    action: Literal["reapply", "report"] = "reapply"
    damping: Damping = Damping()
    hooks: tuple[Hook, ...] = ()

    @property
    def expression(self) -> str:
        """The targets as one expression, "" for none."""
        texts = [str(one.value) for one in self.targets]
        return texts[0] if len(texts) == 1 else " or ".join(f"({text})" for text in texts)


def load(node: Node, types: Types) -> tuple[Document | None, list[Problem]]:
    """An association, and everything that is wrong in it."""
    problems = structure.check(node, schemas.ASSOCIATION, "an association")
    name = node.get("association")
    if name is None or name.kind != "text":
        return None, problems
    problems = [replace(one, what=one.what.replace(" in an association", " in a hook")) if one.place in _hook_keys(node)
                else one for one in problems]
    when, found = schedule(node)
    if any("unknown key" in one.what for one in problems):
        found = [one for one in found if one.place != node.place]  # that is most likely the schedule
    hooks, wrong = _hooks(node.get("hooks"))
    targets = _texts(node.get("targets"))
    documents = node.get("documents")
    problems += [*found, *wrong, *(Problem(
        "`targets` is no template: it is read before there is a host", one.place,
        "name groups or tags, as in `role=web`") for one in targets if holds_template(one))]
    action, about = node.get("action"), node.get("description")
    return Association(
        "association", str(name.value), name.place, str(about.value) if about else "",
        tuple(Use(node.key("documents") or name, one) for one in _texts(documents)), targets, when or Schedule(1.0),
        "report" if action is not None and action.value == "report" else "reapply", _damping(node.get("damping")),
        hooks), problems


def sound(documents: Mapping[str, Document], problems: Sequence[Problem]) -> dict[str, Association]:
    """The associations in whose own text nothing is wrong, whatever stands beside them in their files."""
    begins: dict[str, list[int]] = {}
    for one in documents.values():
        begins.setdefault(one.place.file, []).append(one.place.line)
    wrong = {(place.file, max((line for line in begins.get(place.file, ()) if line <= place.line), default=0))
             for place in (problem.place for problem in problems) if place is not None}
    return {name: one for name, one in documents.items()
            if isinstance(one, Association) and (one.place.file, one.place.line) not in wrong}


kinds.register(kinds.Kind("association", "State documents that are kept true on their hosts, by a schedule.", load))


def _texts(node: Node | None) -> tuple[Node, ...]:
    if node is None:
        return ()
    return tuple(one for one in (node.elements() or (node,)) if one.kind == "text")


def _damping(node: Node | None) -> Damping:
    if node is None or node.kind != "mapping":
        return Damping()
    plain = node.plain()
    repairs = plain.get("repairs", REPAIRS)
    return Damping(repairs if isinstance(repairs, int) else REPAIRS, seconds(str(plain.get("within", ""))))


def _hooks(node: Node | None) -> tuple[tuple[Hook, ...], list[Problem]]:
    problems: list[Problem] = []
    hooks = []
    for one in node.elements() if node is not None else ():
        hook, found = _hook(one)
        problems += found
        if hook is not None:
            hooks.append(hook)
    return tuple(hooks), problems


def _hook_keys(node: Node) -> list[Place]:
    """Where keys of hooks stand."""
    hooks = node.get("hooks")
    return [key.place for one in (hooks.elements() if hooks is not None else ()) for key, _ in one.items()]


def _hook(node: Node) -> tuple[Hook | None, list[Problem]]:
    if node.kind != "mapping":
        return None, []  # told already
    plain = node.plain()
    ways = [way for way in WAYS if way in plain]
    if not ways and not set(plain) <= set(schemas.HOOK):
        return None, []  # the key that is unknown was to be the way
    if len(ways) != 1:
        return None, [Problem("a hook is one of `command`, `webhook` and `email`", node.place,
                              "as in `- webhook: https://example.org/drift`")]
    problems = _misplaced(node, ways[0])
    try:
        command = tuple(shlex.split(str(plain.get("command", ""))))
    except ValueError:
        written = node.get("command") or node
        return None, [Problem("this is not a command line: a quote does not end", written.place, "close the quote")]
    secret, password = node.get("secret"), node.get("password")
    for one in (secret, password):
        problems += _secret_problems(one) if one is not None else []
    server = str(plain.get("server", MAIL_SERVER))
    tls = str(plain.get("tls", TLS_OF.get(server.partition(":")[2], "none")))
    problems += _login_problems(node, tls)
    on = plain.get("on", list(TOLD))
    return Hook(node.place, tuple(map(str, on)) if isinstance(on, list) else (str(on),), command,
                str(plain.get("webhook", "")), secret, str(plain.get("email", "")), str(plain.get("from", "")),
                server, tls, str(plain.get("user", "")), password), problems


def _secret_problems(node: Node) -> list[Problem]:
    if is_secret(node):
        return secret_problems(node)
    return [] if node.kind != "mapping" else [Problem(  # else the schema has told it
        "this is no secret", node.place, "as in {secret: mail_password, env: MAIL_PASSWORD}")]


def _login_problems(node: Node, tls: str) -> list[Problem]:
    user, password = node.get("user"), node.get("password")
    if (user is None) is not (password is None):
        one = user or password
        assert one is not None
        return [Problem("who logs in needs `user` and `password`", one.place, "write both, or neither")]
    if user is not None and tls == "none":
        return [Problem("a password would be sent where all can read it", user.place,
                        "write `tls: starttls` (as on port 587) or `tls: implicit` (as on port 465)")]
    return []


def _misplaced(node: Node, way: str) -> list[Problem]:
    """Keys that say something of another way."""
    of_way = {"secret": "webhook", **dict.fromkeys(("from", "server", "tls", "user", "password"), "email")}
    return [Problem(f"`{key.value}` goes with `{of_way[str(key.value)]}`", key.place, "leave it out")
            for key, _ in node.items() if of_way.get(str(key.value), way) != way]
