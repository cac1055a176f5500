"""sshd: settings of the SSH server, which never shut out whoever applies them."""
from __future__ import annotations

import re
import time
from typing import Any, ClassVar, Dict, List, Mapping, Optional, Sequence, Tuple

from holdfast_host import (
    Blob,
    Change,
    Declared,
    Failed,
    Field,
    Identity,
    Record,
    Refused,
    Resource,
    arg,
    caller,
    checks,
    files,
    process,
    regular,
    sshd_access,
    sshd_account,
    sshd_config,
    sshd_words,
    systemd,
    texts,
    values,
)
from holdfast_host.record import with_fields
from holdfast_host.sshd_config import FOLDER, MAIN, REPEATED, Line
from holdfast_host.sshd_words import KEYWORDS

UNITS = ("ssh.service", "sshd.service")  # Debian's, Red Hat's
ANSWER_S = 10.0  # how long sshd may take to listen again after it was told to reload


def _name(name: str) -> None:
    if not re.match(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,200}\Z", name) or name.endswith(".conf"):
        raise Refused("", "`%s` is not a drop-in's name" % name, "letters, digits, - and _; no `.conf`: 10-hardening")


def _options(given: Any) -> None:
    if not isinstance(given, Mapping):
        raise Refused("", "is a mapping, not %s" % values.describe(given), 'write {PermitRootLogin: "no"}')
    seen: Dict[str, str] = {}
    for name, value in given.items():
        if not re.match(r"[A-Za-z][A-Za-z0-9]*\Z", str(name)) or name.lower() in ("match", "include"):
            near = values.did_you_mean(re.sub("[^A-Za-z0-9]", "", str(name)), KEYWORDS)
            raise Refused("", "`%s` is not an option of sshd" % name, "`match` has an argument of its own"
                          if str(name).lower() == "match" else near or "see sshd_config(5)")
        if name.lower() in seen:
            raise Refused("", "holds %s twice" % name, "leave one out")
        seen[name.lower()] = name
        if name.lower() in sshd_words.OF_CLIENTS:
            raise Refused("", "`%s` is an option of ssh, for those who log in elsewhere" % name,
                          "write it into /etc/ssh/ssh_config.d with a `file`")
        if name.lower() not in {word.lower() for word in KEYWORDS}:
            mend = values.did_you_mean(name, KEYWORDS)
            if mend.startswith("did you mean"):
                raise Refused("", "`%s` is not an option of sshd" % name, mend)
        for one in value if isinstance(value, (list, tuple)) else [value]:
            _value(name, one)
        if isinstance(value, (list, tuple)) and (name.lower() not in REPEATED or not value):
            raise Refused("", "%s has one value, not a list" % name, "write them in one text, as sshd_config(5) says")


def _value(name: str, value: Any) -> None:
    if isinstance(value, bool):
        raise Refused("", "%s: sshd knows yes and no, not %s" % (name, str(value).lower()),
                      'write %s: "%s"' % (name, "yes" if value else "no"))
    if not isinstance(value, (str, int, values.Later)):
        raise Refused("", "%s is text or a number, not %s" % (name, values.describe(value)), "write a text")
    if isinstance(value, str) and (not value.strip() or "\n" in value or "\r" in value):
        raise Refused("", "%s is empty or holds more than one line" % name, "one line only")
    if not isinstance(value, values.Later):
        sshd_words.value(name, str(value))


class Observed(Record):
    """file: the one that holds the settings. is_loaded: sshd was started or reloaded since that was written. unit:
    systemd's, None: it does not run sshd. fault: (argument, what, mend): why the change may not be made."""

    file: regular.Observed
    is_loaded: bool = True
    unit: Optional[systemd.Unit] = None
    fault: Optional[Tuple[str, str, str]] = None


class Sshd(Resource):
    """Settings of the SSH server: a drop-in in /etc/ssh/sshd_config.d, or lines of a file.

    The whole configuration as it would be is given to sshd before anything is written; what it does not take is
    refused with file and line, and so is a setting that an earlier file decides. sshd is reloaded, not restarted, and
    answers again, or the file is put back. What would shut out whoever applies it is refused: port, address, user,
    groups, the way and the key by which he was let in, and what his program can negotiate go on working. Who is
    connected otherwise is not looked at; `apply --confirm` is for that.
    """

    named: ClassVar[str] = "name"
    example: ClassVar[str] = """
        - sshd: 10-hardening
          options:
            PermitRootLogin: prohibit-password
            PasswordAuthentication: "no"
            MaxAuthTries: 3
        - sshd: 90-sftp
          match: Group sftp
          options:
            ForceCommand: internal-sftp
            ChrootDirectory: /srv/sftp/%u
    """

    name: str = arg(doc="The drop-in: `10-hardening` is /etc/ssh/sshd_config.d/10-hardening.conf. Of two that say the "
                    "same the first one counts.", check=_name)
    options: Any = arg(None, check=_options, doc='Settings as sshd_config(5) names them. `yes` and `no` are texts: '
                       '"no". Port, ListenAddress, AllowUsers and others that may stand several times take a list.')
    match: Optional[str] = arg(None, check=checks.one_line, doc="For whom they hold, as behind Match: `Group sftp`.")
    source: Optional[Blob] = arg(None, controller="file", doc="In place of `options`: a file on the controller with "
                                 "the whole text.")
    template: Optional[Blob] = arg(None, controller="template", doc="In place of `options`: a template on the "
                                   "controller.")
    path: Optional[str] = arg(None, check=checks.absolute, doc="Another file than the drop-in: "
                              "/etc/ssh/sshd_config, in which the options are then set, and other lines stay.")
    state: str = arg("present", choices=("present", "absent"), doc="Whether the drop-in is there.")

    def check(self) -> None:
        given = [name for name in ("options", "source", "template") if getattr(self, name)]
        if self.state == "absent":
            if given or self.match:
                raise Refused((given or ["match"])[0], "says nothing with `state: absent`", "leave it out")
            if self.path == MAIN:
                raise Refused("path", "is the main file: without it sshd does not start", "leave `path` out")
        elif len(given) != 1:
            raise Refused(given[1] if given else "options", "is given besides `%s`" % given[0] if given else
                          "is missing", "give one of `options`, `source` and `template`")
        if self.match is not None and (self.path is not None or self.options is None):
            raise Refused("match", "is for the options of a drop-in", "leave it out")

    @property
    def place(self) -> str:
        return self.path or "%s/%s.conf" % (FOLDER, self.name)

    def provides(self) -> Sequence[Identity]:
        if self.path == MAIN and self.options is not None:
            return tuple(("sshd", name.lower()) for name in self.options)  # others may have lines of their own there
        return (("path", self.place),)

    def wants(self) -> Sequence[Identity]:
        return (("package", "openssh-server"), ("path", MAIN), *regular.wants(self.place))

    # -- looking -----------------------------------------------------------------------------------------------------

    def observe(self) -> Observed:
        file = texts.observe(self.place)
        unit, changed_us = _unit()
        observed = Observed(file, self._is_loaded(file, changed_us), unit)
        if process.which("sshd") is None or files.look(MAIN) is None:
            return with_fields(observed, fault=("", "sshd is not installed on this host",
                                                "declare `package: openssh-server`"))
        try:
            return with_fields(observed, fault=self._fault(observed))
        except Failed as failed:
            return with_fields(observed, fault=("", str(failed), "mend it"))

    def _is_loaded(self, file: regular.Observed, changed_us: Optional[int]) -> bool:
        """Whether sshd has taken up what it was told last after the file, or what removed it, came about."""
        import os

        if changed_us is None or files.find(file.path)[0]:
            return True
        at = file.path if file.state is not None else os.path.dirname(file.path)
        try:
            written_ns = os.stat(at).st_ctime_ns
        except OSError:
            return True
        return written_ns / 1000 <= changed_us

    def _fault(self, observed: Observed) -> Optional[Tuple[str, str, str]]:
        """What speaks against it. Raises NeedBlob when the text has not come."""
        after = self.wanted(observed.file)
        if after == observed.file.data and observed.is_loaded:
            return self._overruled(sshd_config.lines())
        config = sshd_config.lines({observed.file.path: after})
        who = caller.find()
        connection = _connection(who)
        new = sshd_config.effective(config, connection)
        if who is not None:
            old = sshd_config.effective(sshd_config.lines(), connection)
            why = sshd_access.why_not(who, sshd_account.of(who, old, new), old, new)
            if why is not None:
                return "options" if self.options else "", "%s: %s" % why, \
                    "keep a way in for who applies; or apply as somebody whom it lets in"
        return self._overruled(config)

    def _overruled(self, config: Sequence[Line]) -> Optional[Tuple[str, str, str]]:
        """A setting that another line has decided before ours is read; or that nobody reads."""
        if self.options is None or self.match is not None or self.state == "absent":
            return None
        for name in self.options:
            if name.lower() in REPEATED:
                if not any(line.path == self.place for line in config):
                    return "name", "sshd does not read %s" % self.place, _include()
                continue
            first = sshd_config.first_to_say(config, name)
            if first is None:
                return "name", "sshd does not read %s" % self.place, _include()
            if first.path != self.place and first.path != files.real(self.place):
                return "options", "%s is decided before, by %s line %d" % (name, first.path, first.number), \
                    "choose a name that sorts before, or remove that line"
        return None

    # -- what the file is to be --------------------------------------------------------------------------------------

    def wanted(self, file: regular.Observed) -> Optional[bytes]:
        """The whole file as it is to be; None: it is not to be there. Raises NeedBlob when the text has not come."""
        if self.state == "absent":
            return None
        blob = self.source or self.template
        if blob is not None:
            is_same = file.data is not None and Blob.of(file.data).sha256 == blob.sha256
            return file.data if is_same else blob.data()
        if self.path is None:
            return "".join(row + "\n" for row in [*([] if self.match is None else ["Match " + self.match]),
                                                   *self.rows()]).encode("utf-8", "surrogateescape")
        return self.edited((file.data or b"").decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")

    def rows(self) -> List[str]:
        """The lines of the options."""
        indent = "    " if self.match is not None else ""
        return ["%s%s %s" % (indent, name, str(one).strip()) for name, value in (self.options or {}).items()
                for one in (value if isinstance(value, (list, tuple)) else [value])]

    def edited(self, now: str) -> str:
        """A file with other lines: ours stand where the first of each name stood, or at the end, ahead of any Match."""
        rows = texts.rows_of(now)
        own = {row.split(" ", 1)[0].lower() for row in self.rows()}
        end = next((i for i, row in enumerate(rows) if sshd_config.split(row)[0] == "match"), len(rows))
        kept: List[str] = []
        waiting = self.rows()
        for i, row in enumerate(rows):
            keyword = sshd_config.split(texts.body(row))[0]
            if i == end:
                texts.put(kept, len(kept), waiting)
                waiting = []
            if i >= end or keyword not in own:
                kept.append(row)
                continue
            texts.put(kept, len(kept), [one for one in waiting if one.split(" ", 1)[0].lower() == keyword])
            waiting = [one for one in waiting if one.split(" ", 1)[0].lower() != keyword]
        texts.put(kept, len(kept), waiting)
        return "".join(kept)

    # -- deciding ----------------------------------------------------------------------------------------------------

    def diff(self, observed: Observed) -> Optional[Change]:
        file = observed.file
        if self.state == "absent" and file.state is None and observed.is_loaded:
            return None
        if observed.fault is not None:
            raise Refused(*observed.fault)
        after = self.wanted(file)
        if after is None:
            change = regular.absent(file)
        else:
            change = regular.present(file, after, "0600" if file.state is None else None)
        if change is not None:
            return Change(change.action, change.fields, change.files, (observed, change))
        if observed.is_loaded:
            return None
        return Change("reload", (Field("loaded", False, True),), payload=(observed, None))

    # -- doing -------------------------------------------------------------------------------------------------------

    def undo(self, observed: Observed, change: Change) -> Optional[Sequence[Declared]]:
        file = observed.file
        if change.payload[1] is None:
            return ()  # what sshd had loaded was no longer on the disk
        where = {"name": self.name, **({"path": file.path} if self.path else {})}
        if file.state is None:
            return (("sshd", {**where, "state": "absent"}),)
        if file.data is None:
            return None
        back: List[Declared] = [("sshd", {**where, "source": Blob.of(file.data)})]
        if self.state == "absent":
            dress = {"owner": file.state.owner, "group": file.state.group, "mode": file.state.mode}
            back.append(("file", {"path": file.path, **dress}))
        return back

    def converge(self, change: Change) -> None:
        observed, written = change.payload
        who = caller.find()
        before = observed.file.data if observed.file.state is not None else None
        if written is not None:
            regular.converge(written)
        try:
            _reload(observed.unit, who)
        except Failed as failed:
            if written is None:
                raise
            now = files.read(observed.file.path)
            if before is None:
                files.remove(observed.file.path, lambda: files.read(observed.file.path) == now)
            else:
                files.replace(observed.file.path, before, now)
            _reload(observed.unit, who, "restart")
            raise Failed("%s; its configuration is as it was before" % failed.what, failed.output) from None


# -- helpers ---------------------------------------------------------------------------------------------------------


def _include() -> str:
    return "put `Include %s/*.conf` at the top of %s, or say `path: %s`" % (FOLDER, MAIN, MAIN)


def _connection(who: Optional[caller.Caller]) -> List[str]:
    if who is None:
        return []
    return ["user=%s" % who.user, "host=%s" % who.address, "addr=%s" % who.address, "laddr=%s" % who.local_address,
            "lport=%d" % who.local_port]


def _unit() -> Tuple[Optional[systemd.Unit], Optional[int]]:
    """systemd's unit of sshd where it runs, and when it took up its configuration, in microseconds of the clock."""
    import os

    if not os.path.isdir("/run/systemd/system"):
        return None, None
    unit = next((unit for unit in systemd.show(UNITS).values() if unit.active in ("active", "reloading")), None)
    if unit is None:
        return None, None
    done = process.run(["systemctl", "show", "--value", "-p", "StateChangeTimestampMonotonic", "--", unit.id])
    since_boot = done.must("cannot ask systemd").stdout.strip()
    booted_us = (time.time() - time.clock_gettime(time.CLOCK_MONOTONIC)) * 1e6
    return unit, int(booted_us + int(since_boot)) if since_boot.isdecimal() else None


def _reload(unit: Optional[systemd.Unit], who: Optional[caller.Caller], verb: str = "reload") -> None:
    """Raises Failed when sshd does not take it up, or does not answer then where the caller reached it."""
    if unit is None:
        return  # it does not run, or is started anew for each connection
    systemd.systemctl(verb, "--", unit.id)
    ends = (who.local_address, who.local_port) if who is not None else None
    until = time.monotonic() + ANSWER_S
    while True:
        now = systemd.show([unit.id])[unit.id]
        if now.active == "active" and (ends is None or _answers(*ends)):
            return
        if time.monotonic() > until:
            raise Failed("sshd does not answer after it was told to reload", systemd.last_words(unit.id, 10))
        time.sleep(0.1)


def _answers(address: str, port: int) -> bool:
    import socket

    try:
        with socket.create_connection((address, port), timeout=2) as stream:
            return stream.recv(4) == b"SSH-"
    except OSError:
        return False
