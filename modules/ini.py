"""ini: an option of an INI file has this value, or is not there."""
from __future__ import annotations

import re
from typing import ClassVar, List, Optional, Sequence, Tuple

from holdfast_host import ALLOWED, Identity, Record, Refused, Resource, arg, checks, texts

HEADER = re.compile(r"\s*\[(.+?)\]\s*(?:[;#].*)?\Z")
MARKS = (";", "#")  # begin a line that is a comment
OWN = " = "  # how a value is divided from its option in a file that has none yet


def _option(name: str) -> None:
    if not name.strip() or name != name.strip() or re.search(r"[\r\n=]", name) or name[0] in "[;#":
        raise Refused("", "`%s` is not an option's name" % name, "no `=`, no blanks around it, not as a comment begins")


def _section(name: str) -> None:
    if not name.strip() or name != name.strip() or re.search(r"[\r\n\]]", name):
        raise Refused("", "`%s` is not a section's name" % name, "write it without the brackets")


def _value(text: str) -> None:
    checks.one_line(text)
    if text != text.strip():
        raise Refused("", "has blanks around it, which no program reads", "put quotes into the value if they count")
    if text.endswith("\\"):
        raise Refused("", "ends with a backslash: the next line would belong to it", "end it otherwise")


def _values(given: Sequence[str]) -> None:
    for one in given:
        _value(one)


class Found(Record):
    """An option that stands in a file. first, last: its lines, from 0; more than one where it goes on in the next.
    before: all that stands ahead of the value. value: None: there is no separator. comment: what follows the value,
    the blanks ahead of it included."""

    first: int
    last: int
    before: str
    value: Optional[str]
    comment: str


class Ini(texts.EditedAt, Resource):  # the second is what types are found by
    """An option of an INI file has this value, or is not there. All else stays: other lines, their order, comments,
    blanks, line ends, bytes that are not UTF-8. A link is followed.

    A new option goes behind the line in which it is commented out, or else to the end of its section, and is spaced as
    its neighbours are. A value goes on in lines that are indented deeper than their option, and behind a backslash at
    the end of a line. An option that stands in its section several times is refused, unless all its `values` are
    declared: which of them counts is known to nobody but the program that reads the file.
    """

    example: ClassVar[str] = """
        - ini: uploads of PHP
          path: /etc/php/8.2/fpm/php.ini
          section: PHP
          option: upload_max_filesize
          value: 16M
        - ini: no name look-ups
          path: /etc/mysql/conf.d/names.cnf
          section: mysqld
          option: skip-name-resolve
          bare: true
          create: true
        - ini: what the service starts
          path: /etc/systemd/system/app.service.d/start.conf
          section: Service
          option: ExecStart
          values: ["", /srv/app/bin/serve --port 8080]
        - ini: no test section
          path: /etc/app.ini
          section: test
          state: absent
    """

    section: Optional[str] = arg(None, check=_section, doc="The section; without it, what stands ahead of the first.")
    option: Optional[str] = arg(None, check=_option, doc="The option; without it, the whole section is meant.")
    value: Optional[str] = arg(None, check=_value, secret=ALLOWED, doc="Its value.")
    values: Tuple[str, ...] = arg((), check=_values, secret=ALLOWED, doc="Its values, for an option that may stand "
                                  "there several times: a line for each, in this order, and no others.")
    bare: bool = arg(False, doc="The option stands there without a value: `skip-name-resolve`.")
    state: str = arg("present", choices=("present", "absent"), doc="Whether it is there. `absent` removes all lines of "
                     "the option, or the section with all that is in it.")
    separator: Optional[str] = arg(None, doc="What divides a new option from its value: `=`, ` = `, `:` …. By default "
                                   "as it is done in the file.")
    comment: Optional[str] = arg(None, check=checks.one_line, doc="What begins a comment behind a value in this kind "
                                 "of file, as `;` does in php.ini: such a comment stays. Without it all that stands "
                                 "behind the separator is the value.")

    def check(self) -> None:
        given = [name for name, is_given in (("value", self.value is not None), ("values", bool(self.values)),
                                             ("bare", self.bare)) if is_given]
        if self.option is None and self.section is None:
            raise Refused("option", "is missing", "add `option:`, or `section:` for a whole section")
        if given and (self.option is None or self.state == "absent"):
            raise Refused(given[0], "is given for a whole section" if self.option is None else
                          "is given for an option that is to be absent", "remove it")
        if len(given) > 1:
            raise Refused(given[1], "and `%s` are both given" % given[0], "remove one of them")
        if self.option is not None and not given and self.state == "present":
            raise Refused("value", "is missing", "add `value:`; an option that has none is `bare: true`")
        if self.separator is not None and not re.match(r"[ \t]*[=:][ \t]*\Z", self.separator):
            raise Refused("separator", "is `=` or `:` with blanks around it, not `%s`" % self.separator,
                          "write \" = \"")
        if self.option is not None and self.separator is not None and ":" in self.separator and ":" in self.option:
            raise Refused("option", "holds the separator", "name another separator")

    def provides(self) -> Sequence[Identity]:
        return (("ini", "%s: %s: %s" % (self.path, self.section or "", self.option or "")),)

    # -- pure --------------------------------------------------------------------------------------------------------

    def edited(self, now: str) -> str:
        """The whole file as it should be. Raises Refused for an option whose lines nobody can tell apart."""
        rows = texts.rows_of(now)
        bodies = [texts.body(row) for row in rows]
        spans = sections(bodies, self.section)
        if self.option is None:
            return self._whole_section(rows, spans)
        found = [one for first, last in spans for one in self._found(bodies, first, last)]
        if self.state == "absent":
            gone = {i for one in found for i in range(one.first, one.last + 1)}
            return "".join(row for i, row in enumerate(rows) if i not in gone)
        if not self.values and len(found) > 1:
            raise Refused("option", "`%s` stands there %d times, in lines %s" % (
                self.option, len(found), ", ".join(str(one.first + 1) for one in found)),
                "declare all of them with `values`, or remove what is too much")
        wanted = self.values or (None if self.bare else self.value,)
        if [one.value for one in found] == list(wanted):
            return now
        return self._written(rows, bodies, spans, found, wanted)

    def _whole_section(self, rows: List[str], spans: Sequence[Tuple[int, int]]) -> str:
        if self.state == "absent":
            gone = {i for first, last in spans for i in range(first - 1, last)}
            return "".join(row for i, row in enumerate(rows) if i not in gone)
        if not spans:
            self._new_section(rows)
        return "".join(rows)

    def _new_section(self, rows: List[str]) -> None:
        texts.put(rows, len(rows), [""] if rows and texts.body(rows[-1]).strip() else [])
        texts.put(rows, len(rows), ["[%s]" % self.section])

    def _found(self, bodies: Sequence[str], first: int, last: int) -> List[Found]:
        """The lines of the option among those from `first` up to, not including, `last`."""
        style = (self.separator or _style(bodies)).strip()
        found: List[Found] = []
        i = first
        while i < last:
            end = _end(bodies, i, last)
            match = self._match(bodies[i], style)
            if match is not None:
                found.append(self._parsed(bodies, i, end, match))
            i = end + 1
        return found

    def _match(self, body: str, style: str) -> Optional["re.Match[str]"]:
        """A line that is the option's: with the separator of this file, or without one, or with the other one where
        that is the only one in the line."""
        name = re.escape(self.option or "")
        other = "=" if style == ":" else ":"
        match = re.match(r"(\s*%s\s*%s[ \t]*)(.*)\Z" % (name, style), body) or re.match(r"(\s*%s\s*)()\Z" % name, body)
        if match is None:
            match = re.match(r"(\s*%s\s*%s[ \t]*)(.*)\Z" % (name, other), body)
            if match is not None and style in body:
                raise Refused("option", "`%s` may be this option or another one" % body.strip(),
                              "say which `separator` the file has")
        return match

    def _parsed(self, bodies: Sequence[str], first: int, last: int, match: "re.Match[str]") -> Found:
        before, rest = match.groups()
        if not re.search(r"[=:]\s*\Z", before):
            return Found(first, last, before.rstrip(), None, "")
        if last > first:
            return Found(first, last, before, "\n".join([rest, *bodies[first + 1:last + 1]]), "")
        comment = ""
        if self.comment is not None and rest.strip() != (self.value or "").strip():
            behind = re.search(r"(?:\A|\s)\s*%s.*\Z" % re.escape(self.comment), rest)
            comment = rest[behind.start():] if behind else ""
        return Found(first, last, before, rest[:len(rest) - len(comment)].strip(), comment)

    def _written(self, rows: List[str], bodies: Sequence[str], spans: Sequence[Tuple[int, int]],
                 found: Sequence[Found], wanted: Sequence[Optional[str]]) -> str:
        """The file with the option's values, each in the place of an old one as far as there are any."""
        lines = [self._line(one, value, bodies) for one, value in zip(found, wanted)]  # noqa: B905
        new = [self._line(None, value, bodies, spans) for value in wanted[len(found):]]
        at = found[-1].last + 1 if found else _place(bodies, spans, self.option or "")
        if at is None:
            self._new_section(rows)
            at = len(rows)
        if new:
            texts.put(rows, at, new)
        for one, line in reversed(list(zip(found, lines))):  # noqa: B905
            rows[one.first:one.last + 1] = [line + rows[one.last][len(texts.body(rows[one.last])):]]
        for one in reversed(found[len(wanted):]):
            del rows[one.first:one.last + 1]
        return "".join(rows)

    def _line(self, old: Optional[Found], value: Optional[str], bodies: Sequence[str],
              spans: Sequence[Tuple[int, int]] = ()) -> str:
        """A line of the option, without its end; one that is right already stays as it is written."""
        if old is not None and old.value == value and old.first == old.last:
            return old.before + (value or "") + old.comment
        if old is not None and old.value is not None and value is not None:
            before = old.before if not value or old.value or old.before[-1:].isspace() else old.before.rstrip()
            return (before + value + old.comment).rstrip() if not value else before + value + old.comment
        indent = old.before[:len(old.before) - len(old.before.lstrip())] if old else _indent(bodies, spans)
        if value is None:
            return indent + (self.option or "")
        return (indent + (self.option or "") + (self.separator or _style(bodies, spans)) + value).rstrip(" \t")


def sections(bodies: Sequence[str], name: Optional[str]) -> List[Tuple[int, int]]:
    """Where a section's lines are, its header not included: (first, behind the last) of each with this name."""
    heads = [(i, match.group(1).strip()) for i, match in enumerate(map(HEADER.match, bodies)) if match]
    ends = [i for i, _ in heads[1:]] + [len(bodies)]
    if name is None:
        return [(0, heads[0][0] if heads else len(bodies))]
    return [(i + 1, end) for (i, found), end in zip(heads, ends) if found == name]  # noqa: B905


def _is_option(body: str) -> bool:
    return bool(body.strip()) and body.lstrip()[0] not in MARKS and not HEADER.match(body)


def _end(bodies: Sequence[str], first: int, last: int) -> int:
    """The last line of what begins in `first`."""
    if not _is_option(bodies[first]):
        return first
    depth, i = len(bodies[first]) - len(bodies[first].lstrip()), first
    while i + 1 < last:
        following = bodies[i + 1]
        is_deeper = _is_option(following) and len(following) - len(following.lstrip()) > depth
        is_led_on = bodies[i].endswith("\\") and not HEADER.match(following)
        if not is_deeper and not is_led_on:
            break
        i += 1
    return i


def _style(bodies: Sequence[str], spans: Sequence[Tuple[int, int]] = ()) -> str:
    """How most options are divided from their values, in these lines or else in the whole file."""
    for first, last in (*spans, (0, len(bodies))):
        found = [match.group(1) for match in (re.match(r"[^=:]*?(\s*[=:][ \t]*)\S", body)
                                              for body in bodies[first:last] if _is_option(body)) if match]
        if found:
            return max(found, key=found.count)
    return OWN


def _indent(bodies: Sequence[str], spans: Sequence[Tuple[int, int]]) -> str:
    """The blanks ahead of the last option of a section."""
    for first, last in reversed(spans):
        for body in reversed(bodies[first:last]):
            if _is_option(body) and re.search("[=:]", body):
                return body[:len(body) - len(body.lstrip())]
    return ""


def _place(bodies: Sequence[str], spans: Sequence[Tuple[int, int]], option: str) -> Optional[int]:
    """The index for a new option: behind the line in which it is commented out, or behind the last line of its section
    that is not blank; None: there is no such section."""
    if not spans:
        return None
    out = re.compile(r"\s*[;#]+\s*%s\s*(?:[=:]|\Z)" % re.escape(option))
    hits = [i for first, last in spans for i in range(first, last) if out.match(bodies[i])]
    if hits:
        return hits[-1] + 1
    first, last = spans[-1]
    while last > first and not bodies[last - 1].strip():
        last -= 1
    return last
