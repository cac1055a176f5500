"""locale: a language is there for programs to use, and may be the host's own."""
from __future__ import annotations

import re
from typing import ClassVar, List, Optional, Sequence, Tuple

from holdfast_host import Change, Declared, Field, Identity, Record, Refused, Resource, arg, process, regular, texts
from holdfast_host.values import did_you_mean

GENERATED, SUPPORTED = "/etc/locale.gen", "/usr/share/i18n/SUPPORTED"
DEFAULTS = ("/etc/locale.conf", "/etc/default/locale")  # systemd's, Debian's
BUILT_IN = ("C", "POSIX", "C.utf8")  # as `plain` spells them


def _name(name: str) -> None:
    if not re.match(r"(?:[A-Za-z]{1,3}|POSIX)(_[A-Z]{2})?(\.[A-Za-z0-9-]+)?(@[a-z]+)?\Z", name):
        raise Refused("", "`%s` is not a locale" % name, "as /etc/locale.gen has it: de_DE.UTF-8")


class Observed(Record):
    """gen: /etc/locale.gen. default: the file that says LANG. there: what `locale -a` lists. supported: lines that
    locale.gen may have, "" and the like where this host has no such list."""

    gen: regular.Observed
    default: regular.Observed
    there: Tuple[str, ...] = ()
    supported: Tuple[str, ...] = ()
    can_make: bool = True


class Locale(Resource):
    """A locale is made on this host (Debian: /etc/locale.gen and locale-gen), and may be the default of all programs.

    Where locales come as packages (Red Hat, SUSE) one that is not there is refused with the package's name.
    """

    named: ClassVar[str] = "name"
    example: ClassVar[str] = """
        - package: locales
        - locale: de_DE.UTF-8
          default: true
        - locale: fr_FR.UTF-8
    """

    name: str = arg(doc="The locale: `de_DE.UTF-8`.", check=_name)
    default: bool = arg(False, doc="Make it the host's own: LANG, for what starts from then on. Without it the default "
                        "is left as it is.")
    state: str = arg("present", choices=("present", "absent"), doc="Whether it is there.")

    def check(self) -> None:
        if self.state == "absent" and self.default:
            raise Refused("default", "says nothing with `state: absent`", "leave it out")
        if self.state == "absent" and plain(self.name) in BUILT_IN:
            raise Refused("name", "%s is part of the C library" % self.name, "name another")

    def provides(self) -> Sequence[Identity]:
        return (("locale", self.name), *((("locale default", ""),) if self.default else ()))

    def wants(self) -> Sequence[Identity]:
        return (("package", "locales"), ("path", GENERATED))

    # -- looking -----------------------------------------------------------------------------------------------------

    def observe(self) -> Observed:
        from holdfast_host import files

        path = next((path for path in DEFAULTS if files.look(path) is not None), DEFAULTS[1])
        supported = (files.read(SUPPORTED) or b"").decode("utf-8", "replace").splitlines()
        there = process.run(["locale", "-a"]).must("cannot ask for locales").stdout.split()
        return Observed(texts.observe(GENERATED), texts.observe(path), tuple(there), tuple(supported),
                        process.which("locale-gen") is not None)

    # -- deciding ----------------------------------------------------------------------------------------------------

    def diff(self, observed: Observed) -> Optional[Change]:
        is_there = plain(self.name) in {plain(one) for one in observed.there}
        if self.state == "absent":
            if plain(said(observed.default, "LANG")) == plain(self.name) and is_there:
                raise Refused("name", "%s is the host's own locale" % self.name, "make another the default first")
        elif not is_there and plain(self.name) not in BUILT_IN:
            self._refuse(observed)
        gen = None
        if observed.can_make and plain(self.name) not in BUILT_IN:
            gen = texts.edit(observed.gen, lambda now: self.edited(now, observed.supported), create=True,
                             removes=self.state == "absent")
        default = texts.edit(observed.default, self.with_default, create=True, removes=False) if self.default else None
        fields: Tuple[Field, ...] = ()
        if is_there != (self.state == "present"):
            fields = (Field("made", is_there, not is_there),)
        for part, name in ((gen, "locale.gen"), (default, "default")):
            fields += tuple(Field("%s: %s" % (name, field.name), field.before, field.after)
                            for field in (part.fields if part is not None else ()))
        if not fields:
            return None
        ahead = {path: state for part in (gen, default) if part is not None for path, state in part.files.items()}
        action = "remove" if self.state == "absent" else "update" if is_there else "create"
        return Change(action, fields, ahead, (observed, gen, default, is_there))

    def _refuse(self, observed: Observed) -> None:
        if not observed.can_make:
            raise Refused("name", "%s is not there, and this host has no locale-gen" % self.name,
                          "declare `package: locales`, or `package: glibc-langpack-%s`" % self.name.partition("_")[0])
        if observed.supported and not self.row(observed.supported):
            names = [row.partition(" ")[0] for row in observed.supported]
            raise Refused("name", "this host knows no locale %s" % self.name, did_you_mean(self.name, names))

    def row(self, supported: Sequence[str]) -> str:
        """The line of locale.gen; "": there is no such locale."""
        found = [row.strip() for row in supported if plain(row.partition(" ")[0]) == plain(self.name)]
        charset = self.name.partition(".")[2].partition("@")[0]
        return found[0] if found else "%s %s" % (self.name, charset) if charset and not supported else ""

    def edited(self, now: str, supported: Sequence[str]) -> str:
        """locale.gen as it should be: the line alive once, or dead."""
        rows, after, is_done = texts.rows_of(now), [], False
        for row in rows:
            bare = texts.body(row)
            is_ours = plain(bare.lstrip("# \t").partition(" ")[0]) == plain(self.name)
            is_alive = is_ours and not bare.lstrip().startswith("#")
            if not is_ours or is_alive == (self.state == "present" and not is_done):
                after.append(row)
                is_done = is_done or is_alive
            elif is_alive:
                after.append("# " + row)
            elif not is_done and self.state == "present" and not _alive(rows, self.name):
                after.append(row.lstrip("# \t"))
                is_done = True
            else:
                after.append(row)
        row = self.row(supported)
        if self.state == "present" and not is_done and row:  # what is there by other means may have no line
            texts.put(after, len(after), [row])
        return "".join(after)

    def with_default(self, now: str) -> str:
        rows: List[str] = texts.rows_of(now)
        hits = [i for i, row in enumerate(rows) if re.match(r"\s*LANG\s*=", row)]
        if hits and value(rows[hits[-1]]) == self.name:
            return now
        rows = [row for i, row in enumerate(rows) if i not in hits]
        texts.put(rows, hits[0] if hits else len(rows), ["LANG=" + self.name])
        return "".join(rows)

    # -- doing -------------------------------------------------------------------------------------------------------

    def undo(self, observed: Observed, change: Change) -> Optional[Sequence[Declared]]:
        _, gen, default, is_there = change.payload
        back: List[Declared] = []
        for part, file in ((default, observed.default), (gen, observed.gen)):
            before = regular.undo(file) if part is not None else ()
            if before is None:
                return None
            if part is gen and is_there != (self.state == "present"):
                state = "absent" if self.state == "present" else "present"
                back.append(("locale", {"name": self.name, "state": state}))
            back += before
        return back

    def converge(self, change: Change) -> None:
        _, gen, default, is_there = change.payload
        with regular.tentatively([gen] if gen is not None else []):
            if is_there != (self.state == "present"):
                words = ["locale-gen", *(["--keep-existing"] if self.state == "present" else [])]
                process.run(words).must("cannot make locales")
        if default is not None:
            regular.converge(default)


# -- pure helpers ----------------------------------------------------------------------------------------------------


def plain(name: str) -> str:
    """`de_DE.UTF-8` and `de_DE.utf8` are one."""
    head, dot, tail = name.partition(".")
    return head + dot + tail.lower().replace("-", "")


def said(file: regular.Observed, name: str) -> str:
    """The value of a variable in a file of the shell's form; "": it is not said."""
    text = (file.data or b"").decode("utf-8", "replace")
    found = [value(row) for row in text.splitlines() if re.match(r"\s*%s\s*=" % name, row)]
    return found[-1] if found else ""


def value(row: str) -> str:
    return texts.body(row).partition("=")[2].strip().strip("\"'")


def _alive(rows: Sequence[str], name: str) -> bool:
    return any(not row.lstrip().startswith("#") and plain((row.split() or [""])[0]) == plain(name) for row in rows)
