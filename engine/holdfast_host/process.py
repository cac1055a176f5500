"""Starting other programs on a host: never through a shell unless asked, bounded in time and output, and all of it
ended together when time is up or somebody says stop.

`import subprocess` costs 5 to 7 ms on a host in every run, as much as the program that is mostly asked for
(`dpkg-query`) takes itself. What is needed of it here is one fork, so it is written out below.
"""
from __future__ import annotations

import errno
import os
import select
import signal
import time
from typing import Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from .errors import Failed, TimedOut
from .record import Record

LINGER_S = 0.3  # how long output is waited for after the program itself has ended: a daemon may hold it open for ever
GRACE_S = 3.0  # between the polite signal and the one that cannot be refused
OUTPUT_LIMIT = 1024 * 1024  # bytes kept of stdout and of stderr each; the middle is left out beyond that
PLAIN = {"LC_ALL": "C.UTF-8", "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive", "SYSTEMD_COLORS": "0",
         "SYSTEMD_PAGER": "", "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
# Python ignores the first two and the runner the others; a program would inherit that.
UNIGNORED = (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGHUP, signal.SIGINT)

Hear = Callable[[str, bytes], None]


class Listening:
    """A context in which the output of whatever runs is also passed to `hear`, as ("stdout"|"stderr", bytes). end: is
    called at its end."""

    now: Optional["Listening"] = None

    def __init__(self, hear: Hear, end: Callable[[], None] = lambda: None) -> None:
        self.hear, self.end = hear, end

    def __enter__(self) -> "Listening":
        Listening.now = self
        return self

    def __exit__(self, *_: object) -> None:
        Listening.now = None
        self.end()


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
            raise Failed("%s: `%s` %s" % (what, spelled(self.argv), self.ending()), self.said())
        return self

    def said(self, limit: int = 4000) -> str:
        """The last lines of its errors, or of its output when it printed no error. A line is cut only when it alone is
        too long: a piece of a secret is not known as one."""
        text = self.stderr.strip() or self.stdout.strip()
        if len(text) <= limit:
            return text
        _, cut, whole = text[-limit:].partition("\n")
        return whole if cut and text[-limit - 1] != "\n" else text[-limit:]

    def ending(self) -> str:
        """`ended with 2`, `was killed by SIGKILL`."""
        if self.code >= 0:
            return "ended with %d" % self.code
        try:
            return "was killed by %s" % signal.Signals(-self.code).name
        except ValueError:
            return "was killed by signal %d" % -self.code


def spelled(argv: Sequence[str], words: int = 6) -> str:
    """The beginning of a command line, for a message."""
    return " ".join(argv[:words]) + (" …" if len(argv) > words else "")


def which(name: str, path: str = PLAIN["PATH"]) -> Optional[str]:
    """Where a program lies that is asked for by name; None: in no folder of `path`. A name with a slash is a place."""
    if "/" in name:
        return name
    places = (os.path.join(folder, name) for folder in path.split(":"))
    return next((place for place in places if os.access(place, os.X_OK) and not os.path.isdir(place)), None)


def run(argv: Sequence[str], *, timeout_s: Optional[float] = None, stdin: bytes = b"",
        env: Optional[Mapping[str, str]] = None, cwd: Optional[str] = None, user: Optional[str] = None) -> Finished:
    """Runs a program to its end in a session of its own.

    env is added to a plain environment (C.UTF-8, Debian's PATH). user: run as this user, with its groups and HOME.
    What it prints is also passed on as it comes to whoever is Listening. Raises Failed when it cannot be started,
    TimedOut when `timeout_s` seconds are over; then, and when anything else is raised meanwhile (say Interrupted by a
    signal handler), its whole process group has been ended. What it leaves running in the background stays.
    """
    environment = {key: os.environ[key] for key in ("HOME", "USER", "LOGNAME") if key in os.environ}
    environment.update(PLAIN)
    become: Optional[Callable[[], None]] = None
    if user is not None:
        become = _as_user(user, environment)
    environment.update(env or {})
    child = _Child(list(argv), bool(stdin), environment, cwd or "/", become)
    try:
        return _attend(child, stdin, None if timeout_s is None else time.monotonic() + timeout_s, timeout_s or 0)
    except BaseException:  # of whatever kind: nobody will wait for it any more
        child.end()
        raise
    finally:
        child.close()


def _as_user(user: str, environment: Dict[str, str]) -> Optional[Callable[[], None]]:
    """Fills in the user's environment; gives what the child does to become that user, None: it is that user."""
    import pwd

    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        raise Failed("there is no user %s on this host" % user, mend="declare `user: %s` too" % user) from None
    environment.update(HOME=entry.pw_dir, USER=user, LOGNAME=user, SHELL=entry.pw_shell or "/bin/sh")
    if os.geteuid() == entry.pw_uid:
        return None
    if os.geteuid() != 0:
        raise Failed("only root can start a program as %s" % user)
    groups = os.getgrouplist(user, entry.pw_gid)

    def become() -> None:
        os.setgroups(groups)
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)

    return become


class _Child:
    """A program that was started: its process, the group that bears its number, and our ends of its streams."""

    def __init__(self, argv: List[str], has_stdin: bool, environment: Mapping[str, str], cwd: str,
                 become: Optional[Callable[[], None]]) -> None:
        self.argv, self.inlet = argv, -1
        self.outlets: Dict[int, str] = {}
        self.code: Optional[int] = None
        theirs: List[int] = []
        try:
            if has_stdin:
                reading, self.inlet = _pipe()
                os.set_blocking(self.inlet, False)
            else:
                reading = _above_two(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
            theirs.append(reading)
            for name in ("stdout", "stderr"):
                reading, writing = _pipe()
                self.outlets[reading] = name
                theirs.append(writing)
            program = which(argv[0], environment["PATH"])  # in the PATH that it will have, not the runner's
            if program is None:
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
            is_plain = become is None and cwd == os.getcwd()
            self.pid = _spawned(program, argv, environment, theirs) if is_plain else 0
            self.pid = self.pid or _forked(program, argv, environment, theirs, cwd, become)
        except OSError as error:
            self.close()
            raise Failed("cannot start %s: %s" % (argv[0], error.strerror)) from None
        finally:
            _close(theirs)

    def has_ended(self) -> bool:
        """Whether the program itself is over; what it started may go on."""
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        return self.code is not None

    def end(self) -> None:
        """Ends the whole process group. A daemon that left the group stays."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.pid, number)
            except (ProcessLookupError, PermissionError):
                break
            until = time.monotonic() + GRACE_S
            while _is_group(self.pid) and time.monotonic() < until:
                self.has_ended()
                time.sleep(0.01)
        while not self.has_ended():
            time.sleep(0.01)

    def close(self) -> None:
        _close([fd for fd in (self.inlet, *self.outlets) if fd >= 0])
        self.inlet, self.outlets = -1, {}


def _spawned(program: str, argv: List[str], environment: Mapping[str, str], fds: List[int]) -> int:
    """The number of the new process; 0: this platform cannot do it so. Three times faster than to fork a whole Python,
    but it knows neither working directory nor user."""
    actions = [(os.POSIX_SPAWN_DUP2, fd, target) for target, fd in enumerate(fds)]
    try:
        return os.posix_spawn(program, argv, environment, file_actions=actions, setsid=True, setsigdef=UNIGNORED)
    except NotImplementedError:  # Python was built with a C library that has no setsid here
        return 0


def _forked(program: str, argv: List[str], environment: Mapping[str, str], fds: List[int], cwd: str,
            become: Optional[Callable[[], None]]) -> int:
    """The number of the new process. Raises OSError with the reason when the child could not become the program."""
    trouble, tell = _pipe()
    pid = os.fork()
    if pid == 0:
        _become_program(program, argv, environment, cwd, become, fds, tell)
    os.close(tell)
    try:
        reason = os.read(trouble, 1000)  # the pipe closes without a word when the program runs
    finally:
        os.close(trouble)
    if reason:
        os.waitpid(pid, 0)
        raise OSError(0, reason.decode("utf-8", "replace"))
    return pid


def _become_program(program: str, argv: List[str], environment: Mapping[str, str], cwd: str,
                    become: Optional[Callable[[], None]], fds: List[int], tell: int) -> None:
    """What the child does between fork and exec. Never returns."""
    try:
        os.setsid()
        for number in UNIGNORED:
            signal.signal(number, signal.SIG_DFL)
        for target, fd in enumerate(fds):
            os.dup2(fd, target)
        if become is not None:
            become()
        os.chdir(cwd)
        os.execve(program, argv, environment)  # noqa: S606  # no shell, on purpose
    except BaseException as error:
        where = "%s: " % cwd if getattr(error, "filename", None) == cwd else ""
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        os.write(tell, (where + reason).encode("utf-8", "replace")[:1000])
    finally:
        os._exit(127)


def _pipe() -> Tuple[int, int]:
    reading, writing = os.pipe()
    return _above_two(reading), _above_two(writing)


def _above_two(fd: int) -> int:
    """The same file under a number that the child's standard streams do not overwrite."""
    if fd > 2:
        return fd
    import fcntl  # a runner whose own standard streams are closed: seldom

    above = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 3)
    os.close(fd)
    return above


def _close(fds: Sequence[int]) -> None:
    for fd in fds:
        os.close(fd)


def _is_group(number: int) -> bool:
    try:
        os.killpg(number, 0)
    except OSError:
        return False
    return True


def _attend(child: _Child, stdin: bytes, until: Optional[float], timeout_s: float) -> Finished:
    """Moves what is to be moved until the program has ended."""
    kept = {"stdout": Kept(), "stderr": Kept()}
    poll = select.poll()
    for fd in child.outlets:
        poll.register(fd, select.POLLIN)
    if child.inlet >= 0:
        poll.register(child.inlet, select.POLLOUT)
    open_fds = len(child.outlets) + (child.inlet >= 0)
    nap_s, last_look, ended = 0.0002, time.monotonic(), 0.0
    while True:
        now = time.monotonic()
        if not open_fds or now - last_look >= 0.05:  # while output comes there is no need to ask often
            last_look = now
            if child.has_ended():
                ended = ended or now
                if not open_fds or now - ended >= LINGER_S:
                    break
        if until is not None and now >= until and not ended:
            raise TimedOut("`%s` did not end within %g s" % (spelled(child.argv), timeout_s))
        if not open_fds:
            time.sleep(nap_s)
            nap_s = min(nap_s * 2, 0.02)
            continue
        for fd, _ in poll.poll(50):
            stdin, is_over = _move(child, fd, stdin, kept)
            if is_over:
                poll.unregister(fd)
                open_fds -= 1
    return Finished(child.argv, child.code or 0, kept["stdout"].text(), kept["stderr"].text())


def _move(child: _Child, fd: int, stdin: bytes, kept: Mapping[str, Kept]) -> Tuple[bytes, bool]:
    """One step on one stream: what is left of stdin, and whether the stream is over."""
    if fd == child.inlet:
        try:
            stdin = stdin[os.write(fd, stdin[:65536]):]
        except BrokenPipeError:
            stdin = b""  # it reads no further: its good right
        if not stdin:
            os.close(fd)
            child.inlet = -1
        return stdin, not stdin
    data = os.read(fd, 65536)
    if data:
        name = child.outlets[fd]
        kept[name].add(data)
        if Listening.now is not None:
            Listening.now.hear(name, data)
    return stdin, not data


class Kept:
    """The beginning and the end of an output, together at most OUTPUT_LIMIT bytes."""

    def __init__(self) -> None:
        self.head, self.tail, self.dropped = bytearray(), bytearray(), 0

    def add(self, data: bytes) -> None:
        room = max(OUTPUT_LIMIT // 2 - len(self.head), 0)
        self.head += data[:room]
        self.tail += data[room:]
        if len(self.tail) > OUTPUT_LIMIT:  # not each time: cutting off the front moves the rest
            self._cut()

    def _cut(self) -> None:
        surplus = max(len(self.tail) - OUTPUT_LIMIT // 2, 0)
        del self.tail[:surplus]
        self.dropped += surplus

    def text(self) -> str:
        self._cut()
        gap = b"\n[... %d bytes left out ...]\n" % self.dropped if self.dropped else b""
        return (self.head + gap + self.tail).decode("utf-8", "surrogateescape")
