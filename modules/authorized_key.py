"""authorized_key: a user may log in over SSH with this key, or may not."""
from __future__ import annotations

import re
from typing import ClassVar, Dict, List, Optional, Sequence, Tuple

from holdfast_host import Change, Declared, Identity, Record, Refused, Resource, arg, attributes, checks, files, regular
from holdfast_host.files import DIRECTORY, FILE, LINK, FileState
from holdfast_host.record import with_fields

_TYPE = re.compile(r"(?:ssh|ecdsa|sk)-[a-z0-9@.-]+\Z")
_OPTIONS = re.compile(r'((?:[^\s"]|"(?:[^"\\]|\\.)*")+)\s+(.*)\Z')


# Those of sshd(8); each may have `no-` ahead of it where that makes sense to sshd.
OPTIONS = (
    "agent-forwarding", "cert-authority", "command", "environment", "expiry-time", "from", "no-agent-forwarding",
    "no-port-forwarding", "no-pty", "no-touch-required", "no-user-rc", "no-X11-forwarding", "permitlisten",
    "permitopen", "port-forwarding", "principals", "pty", "restrict", "touch-required", "tunnel", "user-rc",
    "verify-required", "X11-forwarding")


def _known(options: str) -> None:
    """Raises Refused for a misspelt option: with one sshd takes the key of nobody."""
    from holdfast_host.values import did_you_mean

    for name in re.findall(r'(?:\A|,)([A-Za-z0-9-]+)', re.sub(r'"(?:[^"\\]|\\.)*"', "", options)):
        near = "" if name.lower() in [one.lower() for one in OPTIONS] else did_you_mean(name, OPTIONS)
        if near.startswith("did"):
            raise Refused("options", "`%s` is not an option of sshd" % name, near)


class Key(Record):
    """A line of an authorized_keys file. blob: the key itself, decoded."""

    options: str
    type: str
    blob: bytes
    text: str
    comment: str

    def line(self) -> str:
        return " ".join(part for part in (self.options, self.type, self.text, self.comment) if part)


class Observed(Record):
    """file: the keys' file; None: the user does not exist. folder: its directory; home: the user's home, if that is
    where the file goes. group: the user's own group."""

    file: Optional[regular.Observed]
    folder: Optional[FileState] = None
    home: Optional[FileState] = None
    group: str = ""


class Deed(Record):
    """folder: what its directory is and is to be, if that changes; keys: the change to the file, if there is one."""

    path: str
    folder: Optional[Tuple[Optional[FileState], FileState]]
    keys: Optional[Change]


class AuthorizedKey(Resource):
    """A user may log in over SSH with a key. Keys are told apart by the key itself, not by comment or options.

    The file is the user's own and 0600, its directory `~/.ssh` 0700; both are made if they are missing. A file named by
    `path` keeps its owner and mode.
    """

    example: ClassVar[str] = """
        - authorized_key: deploy from CI
          user: deploy
          key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGXYjfNsXmYOs1GxAFXQ8VTr7s3xMhyvTjWJ6TpqmYQm ci@example.org
          options: from="10.0.0.0/8",no-pty
    """

    user: str = arg(doc="The user who may log in.", check=checks.account)
    key: str = arg(doc="The public key as in an `id_….pub` file; or several of them, one a line. Options may stand "
                   "before a key.")
    comment: Optional[str] = arg(None, check=checks.one_line, doc="The comment behind the key; default: what `key` "
                                 "has, else what the file has.")
    options: Optional[str] = arg(None, check=checks.one_line, doc='What the key is bound to, as in sshd(8): '
                                 '`from="10.0.0.0/8",no-pty`. Others that stand in the file are removed.')
    state: str = arg("present", choices=("present", "absent"), doc="Whether the key is in the file.")
    exclusive: bool = arg(False, doc="No other key may be in the file: all others are removed, comments stay.")
    path: Optional[str] = arg(None, check=checks.absolute, doc="The file; default: `.ssh/authorized_keys` in the "
                              "user's home.")

    def check(self) -> None:
        if "PRIVATE KEY" in self.key:
            raise Refused("key", "is a private key", "give the public one, of the file that ends with .pub")
        if self.exclusive and self.state == "absent":
            raise Refused("exclusive", "is given for a key that is to be absent", "remove one of them")
        found = self.keys()
        if not found:
            raise Refused("key", "holds no key", "give the text of an id_….pub file")
        if self.options is not None and (self.options != self.options.strip() or parse(
                self.options + " " + with_fields(found[0], options="", comment="").line()) is None):
            raise Refused("options", "are not options of sshd", 'separate them with commas, values in "…"')
        _known(self.options or "")

    def keys(self) -> List[Key]:
        """The declared keys, each once. Raises Refused for a line that is none."""
        found: Dict[bytes, Key] = {}
        for number, line in enumerate(self.key.splitlines(), 1):
            if line.strip() and not line.lstrip().startswith("#"):
                key = parse(line)
                if key is None:
                    raise Refused("key", "is not a public key in line %d" % number, "give the text of an id_….pub file")
                given = {"options": self.options, "comment": self.comment}
                found[key.blob] = with_fields(key, **{k: v for k, v in given.items() if v is not None})
        return list(found.values())

    def provides(self) -> Sequence[Identity]:
        whose = self.path or self.user
        if self.exclusive:
            return (("authorized_keys", whose),)
        return tuple(("authorized_key", "%s %s" % (whose, key.text)) for key in self.keys())

    def wants(self) -> Sequence[Identity]:
        return (("user", self.user), *((("path", self.path), *regular.wants(self.path)) if self.path else ()))

    def observe(self) -> Observed:
        entry = files.entry(self.user)
        if entry is None:
            return Observed(None)
        path = self.path or entry.pw_dir.rstrip("/") + "/.ssh/authorized_keys"
        folder = path.rpartition("/")[0]
        return Observed(regular.observe(path, None, None, follow=bool(self.path), content=True, shown=files.LIMIT),
                        files.look(folder), files.look(entry.pw_dir), files.group_name(entry.pw_gid))

    def diff(self, observed: Observed) -> Optional[Change]:
        file = observed.file
        if file is None:
            raise Refused("user", "%s does not exist on this host" % self.user, "declare `user: %s`" % self.user)
        if self.state == "absent" and file.state is None:
            return None
        folder = None if self.path or self.state == "absent" else self._folder(observed, file)
        keys = self._keys_change(observed, file, folder)
        if folder is None and keys is None:
            return None
        fields, planned = (keys.fields, dict(keys.files)) if keys else ((), {})
        if folder is not None:
            fields = (*attributes.differences(folder[0], folder[1], " of .ssh"), *fields)
            planned[file.path.rpartition("/")[0]] = folder[1]
        return Change(keys.action if keys else "update", fields, planned, Deed(file.path, folder, keys))

    def undo(self, observed: Observed, change: Change) -> Optional[Sequence[Declared]]:
        deed: Deed = change.payload
        back = regular.undo(observed.file) if deed.keys is not None and observed.file is not None else ()
        if deed.folder is None or back is None:
            return back
        path, before = deed.path.rpartition("/")[0], deed.folder[0]
        if before is None:
            return (*back, ("directory", {"path": path, "state": "absent"}))
        return (*back, *(regular.put_back(path, before) or ()))

    def converge(self, change: Change) -> None:
        deed: Deed = change.payload
        if deed.folder is not None:
            path, (before, after) = deed.path.rpartition("/")[0], deed.folder
            if before is None:
                files.make_directory(path, after, lambda: files.look(path) is None)
            else:
                files.dress(path, before, after)
        if deed.keys is not None:
            regular.converge(deed.keys, folder_owner=None if self.path else self.user)

    def _folder(self, observed: Observed, file: regular.Observed) -> Optional[Tuple[Optional[FileState], FileState]]:
        """What ~/.ssh is and is to be; None: it is as it should be."""
        before, where = observed.folder, file.path.rpartition("/")[0]
        if observed.home is None:
            raise Refused("user", "%s has no home directory" % self.user, "make it, or name the file with `path`")
        if before is not None and before.kind != DIRECTORY:
            raise Refused("user", "%s is not a directory but a %s" % (where, before.kind), "name the file with `path`")
        start = before or FileState(DIRECTORY, "0700", self.user, observed.group)
        after = attributes.dressed(start, self.user, None, "0700")
        return None if after is before else (before, after)

    def _keys_change(self, observed: Observed, file: regular.Observed,
                     folder: Optional[Tuple[Optional[FileState], FileState]]) -> Optional[Change]:
        state = file.state
        if state is not None and state.kind != FILE:
            what = "a link, which its owner can lead anywhere" if state.kind == LINK else "a %s" % state.kind
            raise Refused("user", "%s is %s" % (file.path, what), "name the file that is meant with `path`")
        if file.fresh is not None or folder is not None:  # else there is no directory, and that is told
            file = with_fields(file, fresh=FileState(FILE, "0600", self.user, observed.group))
        mode = None
        if not self.path and self.state == "present":
            file, mode = with_fields(file, owner=self.user), "0600"
        now = (file.data or b"").decode("utf-8", "surrogateescape")
        return regular.present(file, self.edited(now).encode("utf-8", "surrogateescape"), mode)

    def edited(self, now: str) -> str:
        """The whole file as it should be."""
        rows = now.split("\n")  # as sshd does: other line ends are a part of a comment, and what follows them is no key
        if not rows[-1]:
            rows.pop()
        wanted = {key.blob: key for key in self.keys()}
        after: List[str] = []
        placed = set()
        for row in rows:
            key = parse(row)
            if key is None or key.blob not in wanted:
                if not self.exclusive or not row.strip() or row.lstrip().startswith("#"):
                    after.append(row)
            elif self.state == "present" and key.blob not in placed:
                want = wanted[key.blob]
                want = with_fields(want, comment=want.comment or (key.comment if self.comment is None else ""))
                after.append(row if want.line() == key.line() else want.line())
                placed.add(key.blob)
        if self.state == "present":
            after += [key.line() for blob, key in wanted.items() if blob not in placed]
        return now if after == rows else "".join(row + "\n" for row in after)


def parse(line: str) -> Optional[Key]:
    """A line as a key; None: it is a comment, or nothing that sshd takes."""
    import binascii

    options, rest = "", line.strip()
    if not _TYPE.match(rest.split(None, 1)[0] if rest else ""):
        match = _OPTIONS.match(rest)
        if match is None or rest.startswith("#"):
            return None
        options, rest = match.groups()
    words = rest.split(None, 2)
    if len(words) < 2 or not _TYPE.match(words[0]):
        return None
    try:
        blob = binascii.a2b_base64(words[1].encode("ascii"))
    except ValueError:
        return None
    parts = _parts(blob)
    if len(parts) < 2 or parts[0] != words[0].encode("ascii"):
        return None
    return Key(options, words[0], blob, words[1], words[2] if len(words) > 2 else "")


def _parts(blob: bytes) -> List[bytes]:
    """The parts of a key, each of which has its length in four bytes before it; [] when it is cut short."""
    parts: List[bytes] = []
    while blob:
        length = int.from_bytes(blob[:4], "big")
        parts.append(blob[4:4 + length])
        if len(blob) < 4 + length:
            return []
        blob = blob[4 + length:]
    return parts
