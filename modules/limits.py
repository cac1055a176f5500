"""limits: how much of something the processes of a user may have."""
from __future__ import annotations

import re
from typing import ClassVar, List, Optional, Sequence, Tuple

from holdfast_host import Identity, Refused, Resource, arg, checks, texts

FOLDER = "/etc/security/limits.d"
ITEMS = ("core", "data", "fsize", "memlock", "nofile", "rss", "stack", "cpu", "nproc", "as", "maxlogins",
         "maxsyslogins", "nonewprivs", "priority", "locks", "sigpending", "msgqueue", "nice", "rtprio")
ENDLESS = ("unlimited", "infinity", "-1")


def _domain(text: str) -> None:
    if text in ("*", "%"):
        return
    name = re.sub(r"\A[@%]", "", text)
    if not re.match(r"\d*:\d*\Z", name):
        checks.account(name)


class Limits(texts.Edited, Resource):  # the second is what types are found by
    """How much of something the processes of a user, a group or everybody may have, from their next log-in on. It is
    kept in a file in /etc/security/limits.d, whose other lines stay. What systemd starts as a service does not read it.
    """

    example: ClassVar[str] = """
        - limits: open files of the database
          domain: postgres
          item: nofile
          soft: "65536"
          hard: "65536"
        - limits: no core dumps
          domain: "*"
          item: core
          hard: "0"
    """

    domain: str = arg(check=_domain, doc="Whose: a user, `@group`, or `*` for everybody but root.")
    item: str = arg(choices=ITEMS, doc="Of what, as limits.conf(5) names it.")
    soft: Optional[str] = arg(None, doc="The limit that counts, which they may raise up to `hard`: a number, or "
                              "`unlimited`.")
    hard: Optional[str] = arg(None, doc="The limit that they cannot raise: a number, or `unlimited`.")
    file: str = arg("90-holdfast", doc="The name of the file in /etc/security/limits.d, without `.conf`.")
    state: str = arg("present", choices=("present", "absent"), doc="Whether it is set there. `absent` takes out the "
                     "soft and the hard one.")

    def check(self) -> None:
        if not re.match(r"[A-Za-z0-9_.-]{1,100}\Z", self.file) or self.file.startswith("."):
            raise Refused("file", "`%s` is not a file's name" % self.file, "letters, digits, _ and - only")
        if self.file.endswith(".conf"):
            raise Refused("file", "`%s` would be %s.conf" % (self.file, self.file), "write %s" % self.file[:-5])
        given = [name for name in ("soft", "hard") if getattr(self, name) is not None]
        if self.state == "absent" and given:
            raise Refused(given[0], "is given for a limit that is to be absent", "remove it")
        if self.state == "present" and not given:
            raise Refused("soft", "and `hard` are both missing", "add one of them, or both")
        least = -20 if self.item in ("nice", "priority") else 0
        for name in given:
            text = getattr(self, name)
            if text not in ENDLESS and not (re.match(r"-?\d+\Z", text) and int(text) >= least):
                raise Refused(name, "is a number or `unlimited`, not `%s`" % text, 'as in "65536"')
        if len(given) == 2 and self.item not in ("nice", "priority") and self.hard not in ENDLESS and (
                self.soft in ENDLESS or int(self.soft or 0) > int(self.hard or 0)):
            raise Refused("soft", "is above `hard`", "lower it")

    def provides(self) -> Sequence[Identity]:
        return (("limits", "%s: %s %s" % (self.file, self.domain, self.item)),)

    def where(self) -> str:
        """The file."""
        return "%s/%s.conf" % (FOLDER, self.file)

    def edited(self, now: str) -> str:
        """The whole file as it should be: the soft and hard limit of this domain and item, and no others of theirs."""
        rows = texts.rows_of(now)
        found = [(i, _limit(row)) for i, row in enumerate(rows)]
        hits = [(i, one) for i, one in found if one[:1] == (self.domain,) and one[2:3] == (self.item,)]
        wanted = [(self.domain, kind, self.item, value) for kind, value in (("soft", self.soft), ("hard", self.hard))
                  if value is not None]
        if [one for _, one in hits] == wanted:
            return now
        gone = [i for i, _ in hits]
        after: List[str] = [row for i, row in enumerate(rows) if i not in gone]
        if wanted:
            texts.put(after, gone[0] if gone else len(rows), ["\t".join(one) for one in wanted])
        return "".join(after)


def _limit(row: str) -> Tuple[str, ...]:
    """(domain, soft or hard or -, item, value) of a line; () of one that is no limit."""
    words = row.partition("#")[0].split()
    return tuple(words) if len(words) == 4 else ()
