"""line: one line of text is in a file, or is not."""
from __future__ import annotations

import re
from typing import ClassVar, Optional

from holdfast_host import ALLOWED, Refused, Resource, arg, checks, texts


class Line(texts.EditedAt, Resource):  # the second is what types are found by
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

    text: Optional[str] = arg(None, check=checks.one_line, secret=ALLOWED, doc="The whole line, without its line end.")
    match: Optional[str] = arg(None, check=checks.regex, doc="A regular expression that finds the line; without it, a "
                               "line that is `text` exactly.")
    state: str = arg("present", choices=("present", "absent"), doc="Whether the line is there. `absent` removes every "
                     "line that `match`, or else `text`, finds.")
    after: Optional[str] = arg(None, check=checks.regex, doc="Where a new line goes: behind the last line that this "
                               "regular expression finds, or at the END.")
    before: Optional[str] = arg(None, check=checks.regex, doc="Where a new line goes: ahead of the first line that "
                                "this regular expression finds, or at the TOP.")

    def check(self) -> None:
        if self.text is None and (self.state == "present" or self.match is None):
            raise Refused("text", "is missing", "add `text:`, the line")
        if self.match and self.state == "present" and not re.search(self.match, self.text or ""):
            raise Refused("match", "does not find `text`: every run would add it again", "widen the pattern")
        texts.both_places(self.after, self.before, self.state == "absent")

    def edited(self, now: str) -> str:
        """The whole file as it should be. Line ends stay. Lines that match but differ from one another are refused."""
        rows = texts.rows_of(now)
        bodies = [texts.body(row) for row in rows]
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
            texts.put(rows, texts.place(rows, self.after, self.before), [text])
        return "".join(rows)
