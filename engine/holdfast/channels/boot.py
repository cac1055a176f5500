"""How the runner is started on a host that may have nothing but a shell and Python, in one command.

The command finds an interpreter and gives it `holdfast_host/boot.py`; that runs the runner which an earlier contact has
left, or asks for it. `greet` is the controller's half of that exchange. Nothing that a login shell prints before it
does harm: only lines with this contact's nonce count.
"""
from __future__ import annotations

import ast
import base64
import functools
import hashlib
import json
import shlex
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import holdfast_host

from .become import Method
from .model import Unreachable
from .stream import Stream

INTERPRETERS = ("python3", "/usr/bin/python3", "/usr/local/bin/python3", "python3.13", "python3.12", "python3.11",
                "python3.10", "python3.9", "python3.8", "/usr/libexec/platform-python")
NOISE_LIMIT = 256 * 1024  # bytes that may come before the first line of ours

# $0 is the packed boot.py, $1 nonce, $2 hash, $3 folder; the rest are interpreters to try. 93: boot.TOO_OLD; 126 and
# 127: it could not be started. Neither ! nor a line end is in it, as csh and fish would take them for their own.
_SCRIPT = (
    'b=$0 n=$1 h=$2 f=$3; shift 3; t=; '
    'for p in "$@"; do command -v "$p" >/dev/null 2>&1 || continue; '
    '"$p" -I -S -X utf8 -c "$b" "$n" "$h" "$f"; c=$?; '
    'case $c in 93|126|127) t="$t $p";; *) exit $c;; esac; done; '
    'echo "HOLDFAST NOPYTHON $n $t"'
)


class NoPython(Unreachable):
    """There is no interpreter on the host that could run the runner."""


@dataclass(frozen=True, slots=True)
class Archive:
    """The runner and all resource types as they are sent. data: JSON of {"folder/file.py": source}; sha256: of that,
    in hex; it is the version of the runner."""

    sha256: str
    data: bytes

    def packed(self) -> bytes:
        """As it travels."""
        return _compressed(self.data)


def archive(types: Mapping[str, bytes]) -> Archive:
    """types: source by file name without `.py`, built-in ones and the user's. The same sources give the same bytes."""
    files = {f"holdfast_host/{path.name}": path.read_bytes() for path in _home().glob("*.py")}
    files["holdfast_modules/__init__.py"] = b""
    for stem, source in types.items():
        if not stem.isidentifier():
            raise ValueError(f"{stem!r} is not a name for a file of resource types")
        files[f"holdfast_modules/{stem}.py"] = source
    texts = {name: files[name].decode("utf-8", "surrogateescape") for name in sorted(files)}
    data = json.dumps(texts, separators=(",", ":")).encode()
    return Archive(hashlib.sha256(data).hexdigest(), data)


def command(sha256: str, nonce: str, python: str, folder: str) -> list[str]:
    """The argv that starts the runner: of sh, so that the user's login shell may be any. python: "" to look for one.
    folder: where the runner keeps its state, "" for the usual place."""
    return ["sh", "-c", _SCRIPT, _packed_boot(), nonce, sha256, folder, *((python,) if python else INTERPRETERS)]


def spelled(argv: list[str]) -> str:
    """The argv for a login shell."""
    return shlex.join(argv)


async def greet(stream: Stream, nonce: str, sent: Archive, python: str = "", become: Method | None = None) -> None:
    """Sees the runner started; afterwards the next byte that is read belongs to the protocol.

    python: the interpreter that was asked for, for messages. Raises Unreachable with what the host said.
    """
    has_sent = False
    while True:
        word, text = await answer(stream, nonce, become)
        if word == "READY":
            return
        if word == "NEED" and not has_sent:
            has_sent = True
            await stream.write(_with_length(_installer()) + _with_length(sent.packed()))
        elif word == "FAILED":
            raise Unreachable(f"the runner cannot be kept on the host: {text}", _mend(text))
        elif word == "NOPYTHON":
            raise _no_python(python, text)
        else:
            raise Unreachable(f"the host answers nonsense when the runner is started: {word} {text}"[:300])


async def answer(stream: Stream, nonce: str, become: Method | None) -> tuple[str, str]:
    """The next line that carries the nonce, as its word and its text. Raises Unreachable when the session ends."""
    mark = f" {nonce} ".encode()
    while True:
        at = stream.data.find(mark)
        end = stream.data.find(b"\n", at) if at >= 0 else -1
        if end >= 0:
            begin = stream.data.rfind(b"HOLDFAST ", 0, at + 1)  # a prompt without a line end may stand before it
            line = bytes(stream.data[max(begin, 0):end]).decode("utf-8", "replace")
            del stream.data[:end + 1]
            parts = line.split(" ", 3)
            return parts[1] if len(parts) > 1 else "", parts[3].strip() if len(parts) > 3 else ""
        if become is not None:
            await become.watch(stream)
        if stream.is_over:
            raise _ended(stream, become)
        if len(stream.data) > NOISE_LIMIT:
            raise Unreachable("the host prints without end before the runner starts", "look at its login scripts")
        await stream.changed()


def _ended(stream: Stream, become: Method | None) -> Unreachable:
    if stream.why is not None:
        return stream.why
    said = stream.said() or bytes(stream.data[-500:]).decode("utf-8", "replace").strip()
    blamed = become.explain(said) if become is not None else None
    what = "the session ended before the runner started" + (f": {said[-500:]}" if said else "")
    return blamed or Unreachable(what, "log in by hand and see what it says")


def _no_python(python: str, tried: str) -> NoPython:
    if python:
        what = f"{python} is older than 3.8 or does not start" if tried else f"there is no {python} on the host"
        return NoPython(what, "name another interpreter, or none, to have it looked for")
    if tried:
        return NoPython(f"no Python on the host is 3.8 or newer (tried: {tried})", "install a newer python3 there")
    return NoPython("there is no Python on the host",
                    "install python3 there, or let `apply --install-python` do so, or say where it is")


def _mend(text: str) -> str:
    if "No space left" in text or "quota" in text:
        return "make room there"
    if "Read-only" in text or "Permission denied" in text:
        return "give a folder that the user can write to"
    if "only this user" in text:
        return "give it to this user and take away the others' right to write, or remove it"
    return ""


def _home() -> Path:
    return Path(holdfast_host.__file__).parent


def _with_length(data: bytes) -> bytes:
    return b"%08x" % len(data) + data


@functools.lru_cache(maxsize=1)
def _compressed(data: bytes) -> bytes:
    return zlib.compress(data, 9)


@functools.cache
def _installer() -> bytes:
    return (_home() / "install.py").read_bytes()


@functools.cache
def _packed_boot() -> str:
    """boot.py without what only readers need, as one line of Python."""
    tree = _Bare().visit(ast.parse((_home() / "boot.py").read_text("utf-8")))
    packed = base64.b64encode(zlib.compress(ast.unparse(tree).encode(), 9)).decode("ascii")
    return f'import zlib,binascii;exec(zlib.decompress(binascii.a2b_base64("{packed}")))'


class _Bare(ast.NodeTransformer):
    """Takes away docstrings and annotations."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        node.returns = None
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        return None if isinstance(node.value, ast.Constant) else node
