"""line: one line of text is in a file, or is not."""
from __future__ import annotations

import re
from typing import ClassVar, List, Optional, Sequence

from holdfast_host import ALLOWED, Change, Identity, Refused, Resource, arg, checks, files, regular

TOP, END = "TOP", "END"


class Line(Resource):
    """One line of text is in a file, or is not. The rest of the file is left as it is.

    A line that `match` finds is replaced by `text`; if none is found, `text` is added. Line ends stay as they are in
    the file, and so do bytes that are not UTF-8. A link is followed.
    """

    example: ClassVar[str] = r"""
        - line: no root login
          path: /etc/ssh/sshd_config
          match: ^#?PermitRootLogin\b
          text: PermitRootLogin no
          validate: sshd -t -f %s
        - line: local names first
          path: /etc/hosts
          text: 127.0.1.1 web1.example.org web1
          after: ^127\.0\.0\.1\b
        - line: no swap
          path: /etc/fstab
          match: \sswap\s
          state: absent
    """

    path: str = arg(doc="The file.", check=checks.absolute)
    text: Optional[str] = arg(None, check=checks.one_line, secret=ALLOWED, doc="The whole line, without its line end.")
    match: Optional[str] = arg(None, check=checks.regex, doc="A regular expression that finds the line; without it, a "
                               "line that is `text` exactly.")
    state: str = arg("present", choices=("present", "absent"), doc="Whether the line is there. `absent` removes every "
                     "line that `match`, or else `text`, finds.")
    after: Optional[str] = arg(None, check=checks.regex, doc="Where a new line goes: behind the last line that this "
                               "regular expression finds, or at the END.")
    before: Optional[str] = arg(None, check=checks.regex, doc="Where a new line goes: ahead of the first line that "
                                "this regular expression finds, or at the TOP.")
    create: bool = arg(False, doc="Make the file if there is none.")
    validate: Optional[str] = arg(None, check=checks.command_on_file, doc="A command that must accept the new content "
                                  "before it takes effect; %s is its path. It is not run by a shell.")
    backup: bool = arg(False, doc="Keep the content that is replaced, under the file's name with a piece of the "
                       "content's hash and a tilde.")

    def check(self) -> None:
        if self.text is None and (self.state == "present" or self.match is None):
            raise Refused("text", "is missing", "add `text:`, the line")
        if self.match and self.state == "present" and not re.search(self.match, self.text or ""):
            raise Refused("match", "does not find `text`: every run would add it again", "widen the pattern")
        if self.after is not None and self.before is not None:
            raise Refused("before", "and `after` are both given", "remove one of them")
        place = "after" if self.after is not None else "before" if self.before is not None else ""
        if place and self.state == "absent":
            raise Refused(place, "is given for a line that is to be absent", "remove it")

    def wants(self) -> Sequence[Identity]:
        return (("path", self.path), *regular.wants(self.path))

    def observe(self) -> regular.Observed:
        return regular.observe(self.path, None, None, follow=True, content=True, shown=files.LIMIT)

    def diff(self, observed: regular.Observed) -> Optional[Change]:
        if observed.state is None and self.state == "absent":
            return None
        if observed.state is None and not self.create:
            raise Refused("path", "%s does not exist" % observed.path, "declare it as a `file`, or say `create: true`")
        if observed.state is not None and observed.data is None:
            what = "not a file but a %s" % observed.state.kind
            if observed.sha256:
                what = "larger than %d bytes" % files.LIMIT
            raise Refused("path", "%s is %s" % (observed.path, what), "name a text file")
        now = (observed.data or b"").decode("utf-8", "surrogateescape")  # bytes of any encoding come back unharmed
        return regular.present(observed, self.edited(now).encode("utf-8", "surrogateescape"), None, backup=self.backup)

    def converge(self, change: Change) -> None:
        regular.converge(change, self.validate)

    def edited(self, now: str) -> str:
        """The whole file as it should be. Line ends stay. Lines that match but differ from one another are refused."""
        rows: List[str] = re.findall(r"[^\n]*\n|[^\n]+", now)
        bodies = [row.rstrip("\r\n") for row in rows]
        text = self.text or ""
        pattern = re.compile(self.match or r"\A" + re.escape(text) + r"\Z")
        hits = [i for i, body in enumerate(bodies) if pattern.search(body)]
        if self.state == "absent":
            return "".join(row for i, row in enumerate(rows) if i not in hits)
        if len({bodies[i] for i in hits}) > 1:
            raise Refused("match", "finds lines that differ: %s" % ", ".join(str(i + 1) for i in hits),
                          "narrow the pattern")
        for i in hits:
            rows[i] = text + rows[i][len(bodies[i]):]
        if not hits:
            end = "\r\n" if rows and rows[0].endswith("\r\n") else "\n"
            at = self.place(bodies)
            if rows and at == len(rows) and not rows[-1].endswith("\n"):
                rows[-1] += end
            rows.insert(at, text + end)
        return "".join(rows)

    def place(self, bodies: Sequence[str]) -> int:
        """The index at which a new line is put."""
        if self.before == TOP:
            return 0
        anchor = self.after if self.after != END else None
        anchor = anchor or self.before
        found = [i for i, body in enumerate(bodies) if anchor is not None and re.search(anchor, body)]
        if not found:
            return len(bodies)
        return found[0] if self.before is not None else found[-1] + 1
