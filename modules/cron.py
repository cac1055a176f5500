"""cron: a command that cron runs at set times."""
from __future__ import annotations

import re
from typing import ClassVar, Dict, List, Optional, Sequence, Tuple

from holdfast_host import (
    Change,
    Declared,
    Failed,
    Field,
    Identity,
    Record,
    Refused,
    Resource,
    Stale,
    arg,
    checks,
    files,
    regular,
)
from holdfast_host.files import DIRECTORY, FILE, FileState

CRON_D = "/etc/cron.d"
SPOOLS = ("/var/spool/cron/crontabs", "/var/spool/cron/tabs", "/var/spool/cron")  # Debian, SUSE, Red Hat
MARK = "# holdfast: "
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
PARTS: Tuple[Tuple[str, int, int, Sequence[str]], ...] = (  # in the order of a crontab: name, least, most, words
    ("minute", 0, 59, ()), ("hour", 0, 23, ()), ("day", 1, 31, ()), ("month", 1, 12, MONTHS), ("weekday", 0, 7, DAYS))
NICKNAMES = ("@reboot", "@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")
CRONS_OWN = ("MAILTO", "MAILFROM", "SHELL", "CRON_TZ", "RANDOM_DELAY", "LOGNAME", "USER")


class Observed(Record):
    """What is in a crontab. user: whose it is. path: where it is kept. data: what is in it without the lines that cron
    puts on top. file: of a file in /etc/cron.d. fault: why no crontab can be had: "cron", "user", "right" or ""."""

    user: str
    path: str
    data: bytes = b""
    file: Optional[regular.Observed] = None
    fault: str = ""


class Cron(Resource):
    """A command that cron runs at set times: a line of a user's crontab, or of a file in /etc/cron.d.

    The line is found again by its name, which stands in a comment above it; other lines are left as they are. A percent
    sign in the command, which cron would take for a line end, is escaped.
    """

    named: ClassVar[str] = "name"
    example: ClassVar[str] = """
        - cron: nightly backup
          minute: 30
          hour: 2
          command: /usr/local/bin/backup --to /srv/backup
        - cron: renew certificates
          file: certificates
          user: root
          schedule: "17 */12 * * mon-fri"
          command: certbot -q renew
          env: {LANG: C.UTF-8}
        - cron: warm the cache
          user: www-data
          schedule: "@reboot"
          command: /srv/app/bin/warm
          disabled: true
    """

    name: str = arg(doc="What finds the line again; it stands in a comment above it.", check=checks.one_line)
    command: Optional[str] = arg(None, check=checks.one_line, doc="What is run, by cron's shell.")
    schedule: Optional[str] = arg(None, doc='When, as in a crontab: "30 2 * * mon-fri", or @reboot, @hourly, @daily, '
                                  "@weekly, @monthly, @yearly.")
    minute: Optional[str] = arg(None, doc="0-59, *, lists and steps: 0,30 or */5.")
    hour: Optional[str] = arg(None, doc="0-23, *, lists and steps.")
    day: Optional[str] = arg(None, doc="Day of the month: 1-31, *, lists and steps.")
    month: Optional[str] = arg(None, doc="1-12 or jan-dec, *, lists and steps.")
    weekday: Optional[str] = arg(None, doc="0-7 (0 and 7 are Sunday) or sun-sat, *, lists and steps.")
    user: Optional[str] = arg(None, check=checks.account, doc="Whose crontab, or with `file` as whom it runs; "
                              "default: the user who applies.")
    file: Optional[str] = arg(None, doc="The name of a file in /etc/cron.d to put the line in, in place of the user's "
                              "crontab. A file that is left empty is removed.")
    env: Dict[str, str] = arg({}, doc="Environment variables of this command.")
    disabled: bool = arg(False, doc="Keep the line but let cron pass over it.")
    state: str = arg("present", choices=("present", "absent"), doc="Whether the line is there.")

    def check(self) -> None:
        if not self.name.strip():
            raise Refused("name", "is empty", "say what the job does")
        if self.file is not None and not re.match(r"[A-Za-z0-9_-]{1,255}\Z", self.file):
            raise Refused("file", "`%s` is not a name that cron reads" % self.file, "letters, digits, _ and - only")
        for name in self.env:
            if not re.match(r"[A-Za-z_][A-Za-z0-9_]*\Z", name):
                raise Refused("env", "`%s` is not a variable's name" % name, "letters, digits and _")
            if name in CRONS_OWN:
                raise Refused("env", "%s is cron's own and holds for all lines below it" % name,
                              "put it into the crontab with `line`")
            if "\n" in self.env[name] or "\r" in self.env[name]:
                raise Refused("env", "%s holds more than one line" % name, "one line only")
        if self.state == "absent":
            return
        if not (self.command or "").strip():
            raise Refused("command", "is missing", "add `command:`, what is run")
        given = [part[0] for part in PARTS if getattr(self, part[0]) is not None]
        if self.schedule is None and not given:
            raise Refused("schedule", "is missing", 'add `schedule: "30 2 * * *"`, or `minute`, `hour` …')
        if self.schedule is not None and given:
            raise Refused(given[0], "and `schedule` are both given", "remove one of them")
        self.times()

    def provides(self) -> Sequence[Identity]:
        return (("cron", "%s: %s" % (self.file or self.user or "", self.name)),)

    def wants(self) -> Sequence[Identity]:
        user = (("user", self.user),) if self.user else ()
        path = regular.wants("%s/%s" % (CRON_D, self.file)) if self.file else ()
        return (*user, ("package", "cron"), ("package", "cronie"), *path)

    def times(self) -> str:
        """The schedule as it stands in a crontab. Raises Refused for what cron would not take."""
        if self.schedule is None:
            if self.minute is None and self.hour is not None:
                raise Refused("minute", "is missing: it would run each minute of the hour", "add `minute: 0`")
            return " ".join(_checked(part[0], getattr(self, part[0]) or "*", part) for part in PARTS)
        words = self.schedule.split()
        if len(words) == 1 and words[0].startswith("@"):
            if words[0] not in NICKNAMES:
                raise Refused("schedule", "`%s` is not known to cron" % words[0], "known: %s" % ", ".join(NICKNAMES))
            return words[0]
        if len(words) != 5:
            raise Refused("schedule", "has %d parts, not 5" % len(words), "minute hour day month weekday")
        return " ".join(_checked("schedule", words[i], part) for i, part in enumerate(PARTS))

    def observe(self) -> Observed:
        import os

        user = self.user or files.owner_name(os.geteuid())
        if self.file is not None:
            found = regular.observe("%s/%s" % (CRON_D, self.file), None, None, follow=False, content=True)
            is_lacking = self.state == "present" and files.entry(user) is None  # cron would pass over the line
            fault = "cron" if not (found.state or found.fresh) else "user" if is_lacking else ""
            return Observed(user, found.path, found.data or b"", found, fault)
        path = _spool(user)
        if not path:
            return Observed(user, path, fault="cron")
        if files.entry(user) is None:
            return Observed(user, path, fault="user")
        if os.geteuid() != 0 and user != files.owner_name(os.geteuid()):
            return Observed(user, path, fault="right")
        return Observed(user, path, _installed(user, path))

    def diff(self, observed: Observed) -> Optional[Change]:
        if observed.fault in ("cron", "user") and self.state == "absent":
            return None
        if observed.fault:
            raise {
                "cron": Refused("", "cron is not installed on this host", "declare `package: cron`"),
                "user": Refused("user", "%s does not exist on this host" % observed.user,
                                "declare `user: %s`" % observed.user),
                "right": Refused("user", "%s is another user than the one who applies" % observed.user, "use `become`"),
            }[observed.fault]
        text = observed.data.decode("utf-8", "surrogateescape")
        after = self.edited(text, observed.user).encode("utf-8", "surrogateescape")
        if observed.file is not None:
            if self.state == "absent" and (observed.file.state is None or not after.strip()):
                return regular.absent(observed.file)
            return regular.present(observed.file, after, None)
        if after == observed.data:
            return None
        planned = FileState(FILE, "0600", observed.user, "crontab", "", len(after), after)
        action = "create" if not observed.data else "update"
        return Change(action, (Field("crontab", observed.data or None, after),), {observed.path: planned},
                      (observed, after))

    def undo(self, observed: Observed, change: Change) -> Optional[Sequence[Declared]]:
        if observed.file is not None:
            return regular.undo(observed.file)
        return regular.undo(regular.observe(observed.path, None, None, follow=False, content=False))

    def converge(self, change: Change) -> None:
        if self.file is not None:
            regular.converge(change)
            return
        from holdfast_host import process

        observed, after = change.payload
        if _installed(observed.user, observed.path) != observed.data:
            raise Stale("the crontab of %s was changed by someone else meanwhile" % observed.user)
        whose = ["-u", observed.user] if self.user is not None else []
        process.run(["crontab", *whose, "-"], stdin=after).must("cannot write the crontab of %s" % observed.user)

    def entry(self, user: str) -> str:
        """The line itself."""
        import shlex

        command = (self.command or "").strip()
        if self.env:
            command = "export %s; %s" % (" ".join("%s=%s" % (name, shlex.quote(value))
                                                  for name, value in self.env.items()), command)
        command = re.sub(r"(?<!\\)%", r"\\%", command)
        parts = [self.times()] + ([user] if self.file is not None else []) + [command]
        return ("#" if self.disabled else "") + " ".join(parts)

    def edited(self, now: str, user: str) -> str:
        """The whole crontab as it should be."""
        rows = now.split("\n")
        if rows[-1] == "":
            rows.pop()
        block = [MARK + self.name, self.entry(user)] if self.state == "present" else []
        after: List[str] = []
        is_placed, i = False, 0
        while i < len(rows):
            if rows[i] != MARK + self.name:
                after.append(rows[i])
                i += 1
                continue
            i += 2 if i + 1 < len(rows) and _is_job(rows[i + 1]) else 1
            if not is_placed:
                after += block
                is_placed = True
        if not is_placed:
            after += block
        return now if after == rows and now.endswith("\n") else "".join(row + "\n" for row in after)


def _checked(argument: str, text: str, part: Tuple[str, int, int, Sequence[str]]) -> str:
    """One of the five parts of a schedule, as it was given. Raises Refused for what cron would not take."""
    name, least, most, _ = part
    if len(text.split()) == 5:
        raise Refused(argument, "`%s` is a whole schedule" % text, 'write `schedule: "%s"`' % text)
    for item in text.split(","):
        match = re.match(r"(?:(\*)|(\w+)(?:-(\w+))?)(?:/(\d+))?\Z", item)
        if match is None:
            raise Refused(argument, "`%s` is not a %s" % (item, name), "%d-%d, *, lists and steps" % (least, most))
        ends = [_number(argument, end, part) for end in match.groups()[1:3] if end is not None]
        if len(ends) == 2 and ends[0] > ends[1]:
            raise Refused(argument, "`%s` runs backwards" % item, "write two ranges with a comma between them")
        step = match.group(4)
        if step is not None and (int(step) == 0 or int(step) > most):
            raise Refused(argument, "`%s` is not a step of a %s" % (step, name), "1-%d" % most)
        if step is not None and len(ends) == 1:
            raise Refused(argument, "`%s` has a step but no range" % item, "write */%s or %s-%d/%s" % (
                step, item.partition("/")[0], most, step))
    return text


def _number(argument: str, text: str, part: Tuple[str, int, int, Sequence[str]]) -> int:
    name, least, most, words = part
    if text.lower() in words:
        return words.index(text.lower()) + least
    if text.isdecimal() and least <= int(text) <= most:
        return int(text)
    raise Refused(argument, "`%s` is not a %s" % (text, name),
                  "%d-%d%s" % (least, most, " or %s-%s" % (words[0], words[-1]) if words else ""))


def _is_job(row: str) -> bool:
    """Whether a row below a mark is the job that belongs to it, disabled or not."""
    return bool(re.match(r"#?[\d*@]|[a-z]", row.strip()))


def _spool(user: str) -> str:
    """Where the user's crontab is kept; "": there is no cron here."""
    for folder in SPOOLS:
        state = files.look(folder)
        if state is not None and state.kind == DIRECTORY:
            return "%s/%s" % (folder, user)
    return ""


def _installed(user: str, path: str) -> bytes:
    """The user's crontab without the comment that Debian's cron puts on top; b"": there is none."""
    import os

    known, planned, _ = files.find(path)
    if os.geteuid() == 0 or known:
        text = (planned.data or b"" if planned else b"") if known else files.read(path) or b""
    else:
        from holdfast_host import process

        done = process.run(["crontab", "-l"])
        if done.code != 0 and "no crontab" not in done.stderr:
            raise Failed("cannot read the crontab of %s" % user, done.stderr)
        text = done.stdout.encode("utf-8", "surrogateescape") if done.code == 0 else b""
    if text.startswith(b"# DO NOT EDIT THIS FILE"):
        text = re.sub(rb"\A(?:#[^\n]*\n){1,3}", b"", text)
    return text
