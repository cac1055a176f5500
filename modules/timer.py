"""timer: systemd starts a command or a unit at set times."""
from __future__ import annotations

import re
from typing import ClassVar, Dict, List, Optional, Sequence, Tuple

from holdfast_host import (
    Change,
    Declared,
    Field,
    Identity,
    Record,
    Refused,
    Resource,
    arg,
    checks,
    files,
    process,
    regular,
    systemd,
    unit_files,
    zones,
)
from holdfast_host.files import FILE, FileState
from holdfast_host.record import with_fields

MARK = "# holdfast: timer"
SHIPPED = ("/usr/lib/systemd/system", "/lib/systemd/system")
KEYWORDS = ("minutely", "hourly", "daily", "monthly", "weekly", "yearly", "annually", "quarterly", "semiannually")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun", "monday", "tuesday", "wednesday", "thursday", "friday",
        "saturday", "sunday")
SPAN_UNITS = ("us", "ms", "s", "sec", "second", "seconds", "m", "min", "minute", "minutes", "h", "hr", "hour", "hours",
              "d", "day", "days", "w", "week", "weeks", "M", "month", "months", "y", "year", "years", "")
CRON_FIELD = re.compile(r"(?:\*|\d+)(?:[-,/]\d+)*\Z")
PLAIN_WORD = re.compile(r"[A-Za-z0-9_/.,:=+@-]+\Z")
RELOADED = {systemd.RELOADED: True}


def _stem(name: str) -> None:
    checks.unit_word(name)
    if name.endswith((".timer", ".service")) or name.endswith("@"):
        raise Refused("", "`%s` is a unit's name, not a timer's" % name, "write `%s`" % name.rpartition(".")[0])


def _started(name: str) -> None:
    checks.unit_word(name)
    if name.rpartition(".")[2] not in systemd.KINDS or name.endswith(".timer"):
        raise Refused("", "`%s` is not a unit that a timer can start" % name, "write something like `backup.service`")


def _span(text: str) -> None:
    parts = re.findall(r"\s*(?:\d+(?:\.\d+)?\s*([A-Za-z]*)|(\S))", text)
    if not parts or any(other or unit not in SPAN_UNITS for unit, other in parts):
        raise Refused("", "`%s` is not a time span" % text, "as systemd writes it: 15min, 1h 30min, 7d")


def _seconds(number: int) -> None:
    if number < 0:
        raise Refused("", "is a number of seconds from 0, not %d" % number, "write a number in that range")


def _calendar(given: Sequence[str]) -> None:
    """What can be seen of systemd's calendar events without systemd; the host's own has the last word."""
    for text in given:
        words = text.split()
        if not words or "\n" in text:
            raise Refused("", "holds an empty text", 'write when: "Mon..Fri *-*-* 02:30:00", or daily')
        if len(words) == 5 and all(CRON_FIELD.match(word) for word in words):
            minute, hour = (word.zfill(2) for word in words[:2])
            same = "*-*-* %s:%s:00" % (hour, minute) if words[2:] == ["*"] * 3 else "Mon *-*-01 02:30:00"
            raise Refused("", "`%s` is a schedule of cron" % text,
                          'as systemd writes it: "%s"; or declare a `cron`' % same)
        if words[0].lower() in KEYWORDS or re.match(r"@\d+\Z", text):
            continue
        first = next((i for i, word in enumerate(words) if re.match(r"[\d*]", word)), len(words))
        for word in re.split(r"\.\.|[,-]", ",".join(words[:first])):
            if word and word.lower() not in DAYS:
                from holdfast_host.values import did_you_mean

                raise Refused("", "`%s`: `%s` is not a weekday or a word that systemd knows" % (text, word),
                              did_you_mean(word, (*KEYWORDS, *(day.title() for day in DAYS))))
        _numbers(text, words[first:])


def _numbers(text: str, words: Sequence[str]) -> None:
    """Raises Refused for a month, hour or minute that no calendar and no clock has, and for a zone of no place."""
    for word in words:
        half = re.match(r"\d{1,2}(?::?\d\d)?([ap]m)\Z", word.lower())
        if half is not None or word.lower() in ("am", "pm"):
            raise Refused("", "`%s`: systemd counts the hours from 0 to 23" % text, "write 14:30 for 2:30 pm")
        if re.match(r"[A-Za-z_]+(?:/[A-Za-z_]+)+\Z", word):
            zones.zone(word)
        if ":" in word:
            for part, most, name in zip(word.split(":"), (23, 59, 59), ("hour", "minute", "second")):  # noqa: B905
                _within(text, part, most, name)
        elif re.match(r"[\d*.,/]+-[\d*.,/]+", word):
            month, day = re.split(r"[-~]", word)[-2:]
            _within(text, month, 12, "month")
            _within(text, day, 31, "day")


def _within(text: str, part: str, most: int, name: str) -> None:
    for number in re.findall(r"\d+", re.sub(r"/.*|\.\d+\Z", "", part.replace("..", ","))):
        if int(number) > most:
            raise Refused("", "`%s`: %s is not a %s" % (text, number, name), "up to %d" % most)


class Observed(Record):
    """own: the file of the service that this timer made, or is to make. timer: its file. unit: how the timer stands.
    started: how the unit stands that it starts, None: it is the own service. fault: what systemd says against the
    calendar. foreign: where a package has a service of this name, which an own one would hide."""

    own: regular.Observed
    timer: regular.Observed
    unit: systemd.Unit
    enabled: bool
    outdated: bool = False
    started: Optional[systemd.Unit] = None
    fault: str = ""
    foreign: str = ""
    has_user: bool = True


class Timer(Resource):
    """systemd starts a command, or a unit that is there, at set times: NAME.timer, and for a command NAME.service.

    A calendar that systemd does not understand, or that never comes again, is refused before anything is written. What
    it started goes on when the timer changes or goes.
    """

    named: ClassVar[str] = "name"
    example: ClassVar[str] = """
        - timer: backup
          command: /usr/local/bin/backup --to /srv/backup
          user: backup
          on_calendar: ["Mon..Fri *-*-* 02:30:00", "Sat 04:00"]
          persistent: true
          splay_s: 900
        - timer: certificates
          unit: certbot.service
          on_boot: 15min
          every: 12h
    """

    name: str = arg(doc="The name of the timer, and of its service: `backup`.", check=_stem)
    command: Optional[str] = arg(None, check=checks.one_line, literal=True, doc="What is run: words as a shell splits "
                                 "them, but no shell runs it.")
    shell: bool = arg(False, doc="Give the command to `sh -c`.")
    unit: Optional[str] = arg(None, check=_started, doc="The unit that is started in place of a command: "
                              "`backup.service`.")
    on_calendar: Tuple[str, ...] = arg((), check=_calendar, doc='When, as systemd.time(7) writes it: "daily", '
                                       '"Mon..Fri 02:30", "*-*-01 04:00:00 Europe/Berlin"; each of them counts.')
    on_boot: Optional[str] = arg(None, check=_span, doc="So long after the host was booted: 15min.")
    every: Optional[str] = arg(None, check=_span, doc="So long after it was started the last time: 12h; needs "
                               "`on_boot` or `on_calendar` to begin.")
    persistent: bool = arg(False, doc="A time of `on_calendar` at which the host was off is made up for at once.")
    splay_s: int = arg(0, check=_seconds, doc="Up to so many seconds later, by chance, so that not all hosts act at "
                       "once.")
    accuracy_s: int = arg(60, check=_seconds, doc="systemd may be late by so many seconds to wake up less often.")
    description: Optional[str] = arg(None, check=checks.one_line, doc="What systemctl shows of it; default: its name.")
    user: Optional[str] = arg(None, check=checks.account, doc="As whom the command runs; default: root.")
    folder: Optional[str] = arg(None, check=checks.absolute, doc="In which directory the command runs; default: /.")
    env: Dict[str, str] = arg({}, doc="Environment variables of the command.")
    limit_s: int = arg(0, check=_seconds, doc="The command is ended after so many seconds; 0: never.")
    enabled: bool = arg(True, doc="Whether the timer is on, now and after a boot.")
    state: str = arg("present", choices=("present", "absent"), doc="Whether it is there.")

    def check(self) -> None:
        if self.state == "absent":
            return
        if (self.command is None) == (self.unit is None):
            raise Refused("command" if self.command is None else "unit", "is missing" if self.command is None else
                          "and `command` are both given", "give one of `command` and `unit`")
        for name in ("shell", "user", "folder", "env", "limit_s"):
            if self.unit is not None and getattr(self, name):
                raise Refused(name, "is for a command", "it stands in %s itself" % self.unit)
        if not self.on_calendar and self.on_boot is None:
            raise Refused("on_calendar", "is missing", 'add `on_calendar: ["02:30"]`, or `on_boot`')
        if self.persistent and not self.on_calendar:
            raise Refused("persistent", "is for times of `on_calendar`", "leave it out")
        for name, value in self.env.items():
            if not re.match(r"[A-Za-z_][A-Za-z0-9_]*\Z", name) or "\n" in value:
                raise Refused("env", "`%s` is not a variable with a value of one line" % name, "write {NAME: value}")
        if self.command is not None:
            self.words()

    def provides(self) -> Sequence[Identity]:
        files_of = [self.timer_unit] + ([self.service_unit] if self.command is not None else [])
        return tuple(found for unit in files_of
                     for found in (("path", "%s/%s" % (systemd.PLACE, unit)), ("unit", unit)))

    def wants(self) -> Sequence[Identity]:
        found: List[Identity] = [("user", self.user)] if self.user else []
        if self.folder:
            found += [("path", self.folder), *regular.wants(self.folder)]
        if self.command is not None and not self.shell and self.words()[0].startswith("/"):
            found.append(("path", self.words()[0]))
        if self.unit:
            found += [("unit", self.unit), ("package", self.unit.rpartition(".")[0].partition("@")[0])]
        return found

    @property
    def timer_unit(self) -> str:
        return self.name + ".timer"

    @property
    def service_unit(self) -> str:
        return self.name + ".service"

    def words(self) -> List[str]:
        """The command as systemd is to run it. Raises Refused for what is no command line."""
        import shlex

        if self.shell:
            return ["/bin/sh", "-c", self.command or ""]
        try:
            words = shlex.split(self.command or "")
        except ValueError as error:
            raise Refused("command", "is not a command line: %s" % error, "close the quotes") from None
        if not words:
            raise Refused("command", "is empty", "write the program and its arguments")
        if not re.match(r"[A-Za-z0-9_/.][^$%\s]*\Z", words[0]):
            raise Refused("command", "begins with `%s`, which is not a program" % words[0],
                          "name the program, or say `shell: true`")
        for word in words:
            if not self.shell and word in ("|", "||", "&&", ";", "&", ">", ">>", "<"):
                raise Refused("command", "holds `%s`, which only a shell understands" % word, "say `shell: true`")
        return words

    # -- what the files are to be -----------------------------------------------------------------------------------

    def timer_text(self) -> bytes:
        rows = [MARK + " " + self.name, "[Unit]", "Description=" + _literal(self.description or self.name), "",
                "[Timer]"]
        rows += ["OnCalendar=" + " ".join(text.split()) for text in self.on_calendar]
        rows += ["OnBootSec=" + self.on_boot] if self.on_boot else []
        rows += ["OnUnitActiveSec=" + self.every] if self.every else []
        rows += ["Persistent=true"] if self.persistent else []
        rows += ["RandomizedDelaySec=%d" % self.splay_s] if self.splay_s else []
        rows += ["AccuracySec=%s" % ("1us" if self.accuracy_s == 0 else self.accuracy_s),
                 "Unit=" + (self.unit or self.service_unit), "", "[Install]", "WantedBy=timers.target", ""]
        return "\n".join(rows).encode("utf-8", "surrogateescape")

    def service_text(self) -> bytes:
        program, *words = self.words()
        rows = [MARK + " " + self.name, "[Unit]", "Description=" + _literal(self.description or self.name), "",
                "[Service]", "Type=oneshot"]
        rows += ["User=" + self.user] if self.user else []
        rows += ["WorkingDirectory=" + _literal(self.folder)] if self.folder else []
        rows += ["Environment=" + _quoted("%s=%s" % item) for item in self.env.items()]
        rows += ["TimeoutStartSec=%d" % self.limit_s] if self.limit_s else []
        rows += ["ExecStart=" + " ".join([program, *(_argument(word) for word in words)]), ""]
        return "\n".join(rows).encode("utf-8", "surrogateescape")

    # -- looking -----------------------------------------------------------------------------------------------------

    def observe(self) -> Observed:
        systemd.must_be_here()
        own, timer = (regular.observe("%s/%s" % (systemd.PLACE, unit), "root", "root", follow=False, content=True)
                      for unit in (self.service_unit, self.timer_unit))
        names = [self.timer_unit] + ([self.unit] if self.unit else [])
        units = systemd.show(names)
        made = [name for name, file in ((self.timer_unit, timer), (self.service_unit, own)) if file.data is not None]
        observed = Observed(own, timer, units[self.timer_unit], self.timer_unit in systemd.wanted_at_boot(),
                            any(systemd.outdated(made)) if made else False, units.get(self.unit or ""))
        if self.state == "absent":
            return observed
        is_new = timer.data != self.timer_text()
        return with_fields(observed, fault=_fault(self.on_calendar) if is_new and self.on_calendar else "",
                           foreign=_shipped(self.service_unit) if self.unit is None else "",
                           has_user=self.user is None or files.entry(self.user) is not None)

    # -- deciding ----------------------------------------------------------------------------------------------------

    def diff(self, observed: Observed) -> Optional[Change]:
        if self.state == "absent":
            return self._removal(observed)
        self._refuse(observed)
        timer = regular.present(observed.timer, self.timer_text(), unit_files.MODE)
        own = regular.present(observed.own, self.service_text(), unit_files.MODE) if self.unit is None else \
            regular.absent(observed.own) if _is_ours(observed.own) else None
        fields = _fields(("timer", timer), ("service", own))
        is_on = observed.unit.active in ("active", "activating")
        if observed.enabled != self.enabled or is_on != self.enabled:
            fields += (Field("enabled", observed.enabled and is_on, self.enabled),)
        if observed.outdated and not (timer or own):
            fields += (Field("known to systemd", False, True),)
        if not fields:
            return None
        ahead: Dict[str, Optional[FileState]] = {**(own.files if own else {}), **(timer.files if timer else {})}
        return Change("create" if observed.timer.state is None else "update", fields, ahead, (observed, timer, own),
                      RELOADED)

    def _refuse(self, observed: Observed) -> None:
        """Raises Refused for what this host does not let be."""
        if observed.fault:
            raise Refused("on_calendar", observed.fault, "see systemd.time(7)")
        if observed.foreign:
            raise Refused("name", "%s is a service of a package already: one's own would hide it" % observed.foreign,
                          "say `unit: %s`, or choose another name" % self.service_unit)
        own = observed.own
        if self.unit is None and own.state is not None and not _is_ours(own):
            raise Refused("name", "%s is there already and no timer's" % own.path,
                          "say `unit: %s`, or choose another name" % self.service_unit)
        if observed.started is not None and observed.started.load == "not-found":
            raise Refused("unit", "there is no unit %s on this host" % self.unit, "install its package, or declare it "
                          "as a `systemd_unit`, before this")
        if not observed.has_user:
            raise Refused("user", "%s does not exist on this host" % self.user, "declare `user: %s`" % self.user)
        if observed.unit.load == "masked":
            raise Refused("name", "%s is masked on this host" % self.timer_unit, "unmask it: `service` has `masked`")

    def _removal(self, observed: Observed) -> Optional[Change]:
        timer = regular.absent(observed.timer)
        own = regular.absent(observed.own) if _is_ours(observed.own) else None
        if timer is None and own is None:
            return None
        fields = _fields(("timer", timer), ("service", own))
        if observed.enabled or observed.unit.active == "active":
            fields += (Field("enabled", True, False),)
        ahead = {path: None for part in (timer, own) if part is not None for path in part.files}
        return Change("delete", fields, ahead, (observed, timer, own), RELOADED)

    # -- doing -------------------------------------------------------------------------------------------------------

    def undo(self, observed: Observed, change: Change) -> Optional[Sequence[Declared]]:
        _, timer, own = change.payload
        back: List[Declared] = []
        for name, file, touched in ((self.service_unit, observed.own, own), (self.timer_unit, observed.timer, timer)):
            if touched is not None:
                back += unit_files.put_back(file.path, {"name": name}, file.state, file.data)
        if observed.timer.state is None:
            return back[::-1]  # the timer first, as it would start what is gone
        is_on = observed.unit.active == "active"
        return (*back, ("service", {"name": self.timer_unit, "running": is_on, "enabled": observed.enabled}))

    def converge(self, change: Change) -> None:
        observed, timer, own = change.payload
        if (self.state == "absent" or not self.enabled) and observed.unit.load == "loaded":
            systemd.systemctl("disable", "--now", "--", self.timer_unit)
        if own is not None:
            regular.converge(own)
        if timer is not None and files.look(observed.timer.path) == observed.timer.state:  # disable removes links
            regular.converge(timer)
        systemd.systemctl("daemon-reload")
        if self.state == "absent":
            process.run(["systemctl", "reset-failed", "--", self.timer_unit])  # or a failed one would still be listed
            return
        for name, file in ((self.service_unit, own), (self.timer_unit, timer)):
            if file is not None and file.action != "delete":
                deed = file.payload
                unit_files.must_load(name, deed.observed.path, deed.observed.data, deed.data or b"")
        if self.enabled:
            systemd.systemctl("enable", "--", self.timer_unit)
            systemd.systemctl("restart" if timer is not None else "start", "--", self.timer_unit)


# -- pure helpers ----------------------------------------------------------------------------------------------------


def _fields(*parts: Tuple[str, Optional[Change]]) -> Tuple[Field, ...]:
    """The fields of the changes of files, each named after its file."""
    return tuple(Field(name if field.name == "content" else "%s %s" % (name, field.name), field.before, field.after)
                 for name, change in parts if change is not None for field in change.fields)


def _is_ours(file: regular.Observed) -> bool:
    return file.data is not None and file.data.startswith(MARK.encode())


def _literal(text: str) -> str:
    """Text in which systemd is to expand nothing."""
    return text.replace("%", "%%")


def _quoted(text: str) -> str:
    """One word in a setting of systemd, whatever is in it."""
    if PLAIN_WORD.match(text):
        return text
    return '"%s"' % _literal(text).replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")


def _argument(word: str) -> str:
    """One argument of ExecStart, in which systemd would also expand variables."""
    return _quoted(word).replace("$", "$$")


def _shipped(unit: str) -> str:
    """Where a package has a unit file of this name; "": nowhere."""
    places = ("%s/%s" % (folder, unit) for folder in SHIPPED)
    return next((place for place in places if (files.look(place) or FileState("")).kind == FILE), "")


def _fault(calendar: Sequence[str]) -> str:
    """What this host's systemd says against it; "": nothing."""
    if process.which("systemd-analyze") is None:
        return ""
    for text in calendar:
        done = process.run(["systemd-analyze", "calendar", "--", text])
        if done.code != 0:
            return "`%s` is not a calendar event of this host's systemd" % text
        if re.search(r"Next elapse: never", done.stdout):
            return "`%s` never comes (again)" % text
    return ""
