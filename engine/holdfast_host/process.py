"""Starting other programs on a host: never through a shell unless asked, bounded in time and output, and all of it
ended together when time is up or somebody says stop."""
from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from .errors import Failed, TimedOut
from .record import Record

if TYPE_CHECKING:
    import selectors
    import subprocess

LINGER_S = 0.5  # how long output is waited for after the program itself has ended
OUTPUT_LIMIT = 1024 * 1024  # bytes kept of stdout and of stderr each; the middle is left out beyond that
PLAIN = {"LC_ALL": "C.UTF-8", "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive", "SYSTEMD_COLORS": "0",
         "SYSTEMD_PAGER": "", "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}


class Listening:
    """A context in which the output of whatever runs is also passed to `hear`, as ("stdout"|"stderr", bytes)."""

    now: Optional["Listening"] = None

    def __init__(self, hear: Callable[[str, bytes], None]) -> None:
        self.hear = hear

    def __enter__(self) -> "Listening":
        Listening.now = self
        return self

    def __exit__(self, *_: object) -> None:
        Listening.now = None


class Finished(Record):
    """How a program ended. code: its exit code, or minus the signal's number; output is text, undecodable bytes kept
    as surrogate escapes."""

    argv: Sequence[str]
    code: int
    stdout: str
    stderr: str

    def must(self, what: str) -> "Finished":
        """Raises Failed with what the program said, unless it ended with 0."""
        if self.code != 0:
            said = (self.stderr.strip() or self.stdout.strip())[-4000:]
            raise Failed("%s: `%s` ended with %d" % (what, " ".join(self.argv[:6]), self.code), said)
        return self


def run(argv: Sequence[str], *, timeout_s: Optional[float] = None, stdin: bytes = b"",
        env: Optional[Mapping[str, str]] = None, cwd: Optional[str] = None, user: Optional[str] = None,
        live: Optional[Callable[[str, bytes], None]] = None) -> Finished:
    """Runs a program to its end in a session of its own.

    env is added to a plain environment (C.UTF-8, Debian's PATH). user: run as this user, with its groups and HOME.
    live: called with ("stdout"|"stderr", bytes) as output comes. Raises Failed when it cannot be started, TimedOut
    (after killing the whole process group) when `timeout_s` seconds are over.
    """
    import subprocess  # here, because a run that needs no program should not pay for it

    environment, become = {**{k: v for k, v in os.environ.items() if k in ("HOME", "USER", "LOGNAME")}, **PLAIN}, None
    if user is not None:
        environment, become = _as_user(user, environment)
    environment.update(env or {})
    try:
        child = subprocess.Popen(list(argv), stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, cwd=cwd or "/",
                                 start_new_session=True,
                                 preexec_fn=become,  # noqa: PLW1509  # `user=` came with 3.9, and hosts have 3.8
                                 close_fds=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise Failed("cannot start %s: %s" % (argv[0], getattr(error, "strerror", None) or error)) from None
    try:
        return _attend(child, list(argv), stdin, timeout_s, live)
    finally:
        _end(child)


def _as_user(user: str, environment: Mapping[str, str]) -> Tuple[Dict[str, str], Callable[[], None]]:
    import pwd

    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        raise Failed("there is no user %s on this host" % user) from None
    groups = os.getgrouplist(user, entry.pw_gid)

    def become() -> None:
        if os.geteuid() != entry.pw_uid:
            os.setgroups(groups)
            os.setgid(entry.pw_gid)
            os.setuid(entry.pw_uid)

    return {**environment, "HOME": entry.pw_dir, "USER": user, "LOGNAME": user, "SHELL": entry.pw_shell}, become


def _attend(child: subprocess.Popen[bytes], argv: List[str], stdin: bytes, timeout_s: Optional[float],
            live: Optional[Callable[[str, bytes], None]]) -> Finished:
    import selectors

    until = None if timeout_s is None else time.monotonic() + timeout_s
    kept = {"stdout": Kept(), "stderr": Kept()}
    ended: Optional[float] = None  # when the program itself was seen to have ended
    with selectors.DefaultSelector() as selector:
        for stream, name in ((child.stdout, "stdout"), (child.stderr, "stderr")):
            if stream is not None:
                selector.register(stream, selectors.EVENT_READ, (name, stream))
        if child.stdin is not None:
            os.set_blocking(child.stdin.fileno(), False)
            selector.register(child.stdin, selectors.EVENT_WRITE, ("stdin", child.stdin))
        while selector.get_map() and (ended is None or time.monotonic() < ended + LINGER_S):
            if until is not None and time.monotonic() >= until:
                raise TimedOut("`%s` did not end within %g s" % (" ".join(argv[:6]), timeout_s or 0))
            ready = selector.select(0.2 if until is None else min(0.2, max(0.0, until - time.monotonic())))
            for key, _ in ready:
                stdin = _move(selector, key, stdin, kept, live)
            if ended is None and not ready and child.poll() is not None:
                ended = time.monotonic()  # a daemon that it left behind may hold the pipes open for ever
    while child.poll() is None:
        if until is not None and time.monotonic() >= until:
            raise TimedOut("`%s` did not end within %g s" % (" ".join(argv[:6]), timeout_s or 0))
        time.sleep(0.005)
    return Finished(argv, child.wait(), kept["stdout"].text(), kept["stderr"].text())


def _move(selector: selectors.BaseSelector, key: selectors.SelectorKey, stdin: bytes, kept: Dict[str, Kept],
          live: Optional[Callable[[str, bytes], None]]) -> bytes:
    name, stream = key.data
    if name == "stdin":
        try:
            stdin = stdin[os.write(stream.fileno(), stdin[:65536]):]
        except BrokenPipeError:
            stdin = b""
        if not stdin:
            selector.unregister(stream)
            stream.close()
        return stdin
    data = os.read(stream.fileno(), 65536)
    if data:
        kept[name].add(data)
        if live is not None:
            live(name, data)
    else:
        selector.unregister(stream)
    return stdin


class Kept:
    """The beginning and the end of an output, within OUTPUT_LIMIT bytes."""

    def __init__(self) -> None:
        self.head, self.tail, self.dropped = b"", b"", 0

    def add(self, data: bytes) -> None:
        room = OUTPUT_LIMIT // 2 - len(self.head)
        self.head, rest = self.head + data[:max(room, 0)], data[max(room, 0):]
        self.tail += rest
        if len(self.tail) > OUTPUT_LIMIT:
            self.dropped += len(self.tail) - OUTPUT_LIMIT // 2
            self.tail = self.tail[-OUTPUT_LIMIT // 2:]

    def text(self) -> str:
        gap = b"\n[... %d bytes left out ...]\n" % self.dropped if self.dropped else b""
        return (self.head + gap + self.tail).decode("utf-8", "surrogateescape")


def _end(child: subprocess.Popen[bytes]) -> None:
    """Whatever of the process group is still there goes; a daemon that left the group stays."""
    if child.poll() is None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(child.pid, number)
            except ProcessLookupError:
                break
            until = time.monotonic() + 3
            while child.poll() is None and time.monotonic() < until:
                time.sleep(0.02)
        child.wait()
    for stream in (child.stdin, child.stdout, child.stderr):
        if stream is not None:
            stream.close()
