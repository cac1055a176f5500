"""What a command has said of a host, kept until anything changes of what it was read from.

Most of the time of a command that contacts no host goes to loading the compiler. What was said before is said again
without it, as long as every file that was read then, the code included, every folder in which one was looked for, the
options and the environment are what they were. What is not to be seen so, as a program or a server that was asked, or
a file that was written a moment ago, is not kept.
"""
from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from holdfast import own_folder

FOLDER = "said"
NEW = "new-"  # how a file begins that is being written
OURS = re.compile(rf"[0-9a-f]{{32}}\.jsonl\Z|{NEW}\w+\Z")
MOST_KEPT = 100  # files, one for each host and way of asking
MOST_FOLDERS = 2_000
JUST_NOW_NS = 50_000_000  # clocks of file systems tick: two writes within it may bear one time
OF_THE_SHELL = ("_", "SHLVL", "OLDPWD", "PWD")  # variables that nothing depends on
# Of https://docs.python.org/3/library/audit_events.html
OPENED = frozenset({"open", "os.listdir", "os.scandir"})
DATABASE = "sqlite3.connect"
ELSEWHERE = frozenset({"subprocess.Popen", "os.posix_spawn", "os.exec", "os.system", "os.fork", "socket.connect"})

State = list[int] | None  # of a file or folder: times in ns, size, inode; None: it is not there


class Question:
    """What is asked of a host. folder: the project's; options: all that the answers depend on beside what is read."""

    def __init__(self, folder: str, *options: object) -> None:
        environment = sorted((name, value) for name, value in os.environ.items() if name not in OF_THE_SHELL)
        asked = repr((folder, options, os.getcwd(), sys.version, environment))
        self._folder = Path(folder)
        self._key = hashlib.sha256(asked.encode("utf-8", "surrogateescape")).hexdigest()
        self._path = self._folder / own_folder.NAME / FOLDER / f"{self._key[:32]}.jsonl"

    def answer(self, about: str) -> str | None:
        """What was said before, if it can be said again."""
        try:
            with open(self._path, encoding="utf-8") as stream:
                head = json.loads(next(stream, "{}"))
                if head.get("key") != self._key or any(_state(path) != was for path, was in head["read"].items()):
                    return None
                before = json.dumps(about) + ":"
                return next((str(json.loads(line[len(before):])) for line in stream if line.startswith(before)), None)
        except (OSError, ValueError, LookupError, TypeError, AttributeError):  # cut short, or another's
            return None

    def keep(self, heard: Heard, answers: Mapping[str, str]) -> None:
        """answers: by what they are about. Where they cannot be kept, they are found anew each time."""
        read = heard.read(self._folder)
        if read is None:
            return
        lines = [json.dumps({"key": self._key, "read": read}),
                 *(f"{json.dumps(about)}:{json.dumps(answer)}" for about, answer in answers.items())]
        with contextlib.suppress(OSError):
            own_folder.make(self._path.parent.parent)
            own_folder.make(self._path.parent)
            if self._path.parent.is_symlink():
                return  # a project that came from elsewhere may lead anywhere
            self._write("\n".join(lines) + "\n")
            kept = [path for path in self._path.parent.iterdir() if OURS.match(path.name)]
            for old in sorted(kept, key=lambda path: path.stat().st_mtime_ns)[:-MOST_KEPT]:
                old.unlink()

    def _write(self, text: str) -> None:
        """Whole or not at all. Raises OSError."""
        import tempfile  # takes long, and is only for what was not known

        descriptor, new = tempfile.mkstemp(prefix=NEW, dir=self._path.parent)  # for its owner alone
        try:
            with open(descriptor, "w", encoding="utf-8") as stream:
                stream.write(text)
            os.replace(new, self._path)
        except OSError:
            os.unlink(new)
            raise


class Heard:
    """What a process reads while it is listened to."""

    def __init__(self) -> None:
        self._since_ns = time.time_ns()
        self._paths: set[str] = set()
        self._databases: set[str] = set()
        self._went_elsewhere = False

    def event(self, event: str, what: tuple[Any, ...]) -> None:
        """An audit event of Python."""
        if event in ELSEWHERE:
            self._went_elsewhere = True
        elif (event in OPENED or event == DATABASE) and isinstance(what[0], str | bytes | os.PathLike):
            (self._databases if event == DATABASE else self._paths).add(os.path.abspath(os.fsdecode(what[0])))

    def read(self, folder: Path) -> dict[str, State] | None:
        """By path the state of all that was read, and of the folders in which it was looked for; None: that does not
        tell whether the answer is still the same. folder: the project's."""
        folders = _below(folder)
        if self._went_elsewhere or len(folders) > MOST_FOLDERS:
            return None
        opened = {path for path in self._paths if not path.endswith(".pyc")}
        code = {file for module in list(sys.modules.values()) if (file := getattr(module, "__file__", None))}
        places = {os.path.dirname(path) for path in opened}
        stores = {f"{path}{log}" for path in self._databases for log in ("", "-wal")}
        found = {path: _state(path) for path in sorted({*opened, *code, *places, *stores, *folders})}
        newest = max((max(state[:2]) for state in found.values() if state), default=0)
        return found if newest < self._since_ns - JUST_NOW_NS else None


def _below(folder: Path) -> list[str]:
    """The folder with all below it, but for hidden ones: what is made, removed or renamed there shows in them."""
    found: list[str] = []
    for path, names, _ in os.walk(folder.absolute()):
        names[:] = [name for name in names if not name.startswith(".")]
        found.append(path)
        if len(found) > MOST_FOLDERS:
            break
    return found


def _state(path: str) -> State:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return [found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino]


_listening: list[Heard] = []  # an audit hook cannot be taken back: there is one, for whoever listens
_hooked: list[bool] = []


def _hook(event: str, what: tuple[Any, ...]) -> None:
    for heard in _listening:
        heard.event(event, what)


@contextlib.contextmanager
def listening() -> Iterator[Heard]:
    """Hears what is read meanwhile."""
    if not _hooked:
        _hooked.append(True)
        sys.addaudithook(_hook)
    heard = Heard()
    _listening.append(heard)
    try:
        yield heard
    finally:
        _listening.remove(heard)
