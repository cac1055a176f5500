"""environment: a variable of the environment that users log in with."""
from __future__ import annotations

import re
from typing import ClassVar, List, Optional, Sequence

from holdfast_host import Identity, Refused, Resource, arg, checks, texts

PATH, FOLDER = "/etc/environment", "/etc/profile.d"
PLAIN = re.compile(r"[A-Za-z0-9_/:.,@%+=-]*\Z")


def _name(name: str) -> None:
    if not re.match(r"[A-Za-z_][A-Za-z0-9_]*\Z", name):
        raise Refused("", "`%s` is not a variable's name" % name, "letters, digits and _")


class Environment(texts.Edited, Resource):  # the second is what types are found by
    """A variable of the environment that users log in with: in /etc/environment, which all log-ins by PAM read, or in
    a file in /etc/profile.d, which login shells read. Other lines stay. Who is logged in has it from the next time on.
    """

    named: ClassVar[str] = "name"
    example: ClassVar[str] = """
        - environment: HTTPS_PROXY
          value: http://proxy.example.org:3128
        - environment: JAVA_HOME
          value: /usr/lib/jvm/default
          profile: java
    """

    name: str = arg(check=_name, doc="The variable.")
    value: Optional[str] = arg(None, check=checks.one_line, doc="Its value, as it is: nothing in it is filled in.")
    profile: Optional[str] = arg(None, doc="The name of a file in /etc/profile.d, without `.sh`, to put it into "
                                 "instead of /etc/environment.")
    state: str = arg("present", choices=("present", "absent"), doc="Whether it is set there.")

    def check(self) -> None:
        if self.state == "present" and self.value is None:
            raise Refused("value", "is missing", "add `value:`")
        if self.state == "absent" and self.value is not None:
            raise Refused("value", "is given for a variable that is to be absent", "remove it")
        if self.profile is not None and not re.match(r"[A-Za-z0-9_-]{1,100}\Z", self.profile):
            raise Refused("profile", "`%s` is not a file's name" % self.profile, "letters, digits, _ and - only")
        value = self.value or ""
        if re.search(r"\$\{?%s\b" % re.escape(self.name), value):
            raise Refused("value", "holds `$%s` itself, and nothing fills that in" % self.name,
                          "write out what it stands for: /usr/local/bin:/usr/bin:/bin:/opt/bin")
        if self.profile is None and ("#" in value or ('"' in value and "'" in value)):
            raise Refused("value", "holds a # or both kinds of quotes, which /etc/environment cannot hold",
                          "put it into /etc/profile.d with `profile:`")

    def provides(self) -> Sequence[Identity]:
        return (("environment", "%s: %s" % (self.where(), self.name)),)

    def where(self) -> str:
        """The file."""
        return PATH if self.profile is None else "%s/%s.sh" % (FOLDER, self.profile)

    def edited(self, now: str) -> str:
        """The whole file as it should be: the last line for a variable counts, so there is one only."""
        rows = texts.rows_of(now)
        wanted = [self.line()] if self.state == "present" else []
        hits = [i for i, row in enumerate(rows) if re.match(r"\s*(?:export\s+)?%s=" % self.name, row)]
        if len(hits) == 1 and wanted and self._is_right(texts.body(rows[hits[0]])):
            return now
        after: List[str] = [row for i, row in enumerate(rows) if i not in hits]
        at = hits[0] if hits else len(rows)
        if wanted:
            texts.put(after, at, wanted)
        return "".join(after)

    def line(self) -> str:
        """How it is written."""
        import shlex

        value = self.value or ""
        if self.profile is not None:
            return "export %s=%s" % (self.name, shlex.quote(value))
        quote = "" if PLAIN.match(value) else "'" if '"' in value else '"'
        return "%s=%s%s%s" % (self.name, quote, value, quote)

    def _is_right(self, row: str) -> bool:
        """Whether a line says just this, in whatever quotes."""
        written = row.partition("=")[2].strip()
        bare = written[1:-1] if len(written) > 1 and written[0] == written[-1] and written[0] in "\"'" else written
        if self.profile is None:
            return "#" not in row and bare == self.value
        return row.strip() == self.line()
