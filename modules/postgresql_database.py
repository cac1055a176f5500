"""postgresql_database: a database of a PostgreSQL server, its owner, encoding, extensions and privileges."""
from __future__ import annotations

import re
from typing import Any, ClassVar, Dict, List, Mapping, Optional, Sequence, Tuple

from holdfast_host import Change, Declared, Failed, Field, Identity, Record, Refused, Resource, arg, postgresql
from holdfast_host.postgresql import literal, quoted

PRIVILEGES = ("connect", "create", "temporary")
OWN = ("postgres", "template0", "template1")
QUERY = """SELECT d.datname, pg_get_userbyid(d.datdba) AS owner, pg_encoding_to_char(d.encoding) AS encoding,
    d.datcollate, d.datctype, (SELECT json_agg(json_build_array(coalesce(g.rolname, 'PUBLIC'),
    lower(a.privilege_type))) FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
    LEFT JOIN pg_roles g ON g.oid = a.grantee) AS acl FROM pg_database d WHERE d.datname = %s"""
CONTENTS = """SELECT count(*) AS number FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' AND NOT EXISTS (
    SELECT FROM pg_depend p WHERE p.objid = c.oid AND p.deptype = 'e')"""


def _name(name: str) -> None:
    postgresql.identifier(name)
    if name in OWN:
        raise Refused("", "`%s` is one of PostgreSQL's own" % name, "name another")


def _extensions(given: Sequence[str]) -> None:
    for name in given:
        if not re.match(r"[A-Za-z0-9_-]{1,63}\Z", name):
            raise Refused("", "`%s` is not an extension" % name, "as pg_available_extensions lists it")


def _privileges(given: Mapping[str, str]) -> None:
    for role, text in given.items():
        if role != "PUBLIC":
            postgresql.identifier(role)
        for word in re.split(r"[,\s]+", text.strip()):
            if word.lower() not in (*PRIVILEGES, "all", "none"):
                raise Refused("", "`%s` is not a privilege of a database" % word,
                              "connect, create, temporary, all or none")


def _word(text: str) -> None:
    if not re.match(r"[A-Za-z0-9_.@-]{1,63}\Z", text):
        raise Refused("", "`%s` is not a plain word" % text, "UTF8, C.UTF-8, de_DE.UTF-8 …")


# PostgreSQL's names of encodings, without what it passes over in them.
WINDOWS = (866, 874, 932, 936, 949, 950, 1250, 1251, 1252, 1253, 1254, 1255, 1256, 1257, 1258)
ENCODINGS = frozenset((
    "sqlascii", "utf8", "unicode", "eucjp", "euccn", "euckr", "euctw", "eucjis2004", "big5", "gb18030", "gbk", "johab",
    "koi8r", "koi8u", "koi8", "muleinternal", "sjis", "shiftjis2004", "uhc", "abc", "alt", "win", "tcvn",
    "tcvn5712", "vscii", *("win%d" % one for one in WINDOWS), *("windows%d" % one for one in WINDOWS),
    *("latin%d" % one for one in range(1, 11)), *("iso8859%d" % one for one in range(1, 17))))


def _encoding(text: str) -> None:
    _word(text)
    if re.sub("[^a-z0-9]", "", text.lower()) not in ENCODINGS:
        raise Refused("", "`%s` is not an encoding of PostgreSQL" % text, "UTF8, mostly; LATIN1, SQL_ASCII …")


class Observed(Record):
    """row: how the server lists it, None: there is no such database. extensions: those that are in it; offered: that
    the server has. contents: how many tables and the like are in it. roles: that are declared here and not there."""

    row: Optional[Dict[str, Any]] = None
    extensions: Tuple[str, ...] = ()
    offered: Tuple[str, ...] = ()
    contents: int = 0
    unknown: Tuple[str, ...] = ()
    fault: str = ""


class PostgresqlDatabase(Resource):
    """A database of the PostgreSQL server of this host is there, with its owner, extensions and privileges.

    Encoding and locale are set when it is made; of one that is there another encoding is refused. A database with
    tables in it is not dropped unless that is asked for.
    """

    named: ClassVar[str] = "name"
    example: ClassVar[str] = """
        - postgresql_database: shop
          owner: shop
          encoding: UTF8
          locale: C.UTF-8
          extensions: [pg_trgm]
          privileges: {PUBLIC: none, readers: connect}
    """

    name: str = arg(doc="Its name, as it is.", check=_name)
    owner: Optional[str] = arg(None, check=postgresql.identifier, doc="The role that it belongs to.")
    encoding: Optional[str] = arg(None, check=_encoding, doc="Its encoding: UTF8. Default: the template's.")
    locale: Optional[str] = arg(None, check=_word, doc="How text is sorted and told apart: de_DE.UTF-8.")
    template: Optional[str] = arg(None, check=postgresql.identifier, doc="What it is made from; default: template1, "
                                  "with an encoding or a locale template0.")
    extensions: Tuple[str, ...] = arg((), check=_extensions, doc="Extensions that are in it; others stay.")
    privileges: Dict[str, str] = arg({}, check=_privileges, doc="What roles may do with it, exactly: {readers: "
                                     "\"connect, temporary\", PUBLIC: none}. Other roles stay.")
    force: bool = arg(False, doc="With `state: absent`: drop it with all that is in it, and end its connections.")
    port: int = arg(5432, check=postgresql.port, doc="The port of the server, which names its socket.")
    state: str = arg("present", choices=("present", "absent"), doc="Whether it is there.")

    def check(self) -> None:
        given = [name for name in ("owner", "encoding", "locale", "template", "extensions", "privileges")
                 if getattr(self, name)]
        if self.state == "absent" and given:
            raise Refused(given[0], "says nothing with `state: absent`", "leave it out")
        if self.force and self.state == "present":
            raise Refused("force", "goes with `state: absent`", "leave it out")

    def provides(self) -> Sequence[Identity]:
        return (("postgresql_database", self.name),)

    def wants(self) -> Sequence[Identity]:
        roles = [name for name in (self.owner, *self.privileges) if name]
        return (("package", "postgresql"), ("service", "postgresql"), *(("postgresql_role", name) for name in roles))

    # -- looking -----------------------------------------------------------------------------------------------------

    def observe(self) -> Observed:
        fault = postgresql.trouble(self.port)
        if fault is not None:
            return Observed(fault=fault)

        def ask(query: str, database: str = "postgres") -> List[Dict[str, Any]]:
            return postgresql.ask(self.port, database, query)

        rows = ask(QUERY % literal(self.name))
        there = {row["rolname"] for row in ask("SELECT rolname FROM pg_roles")}
        named = (name for name in (self.owner, *self.privileges) if name is not None and name != "PUBLIC")
        unknown = tuple(name for name in named if name not in there)
        has = tuple(row["extname"] for row in ask("SELECT extname FROM pg_extension", self.name)) \
            if rows and (self.extensions or self.state == "absent") else ()
        offered = tuple(row["name"] for row in ask("SELECT name FROM pg_available_extensions")) \
            if self.extensions else ()
        contents = ask(CONTENTS, self.name)[0]["number"] if rows and self.state == "absent" else 0
        return Observed(rows[0] if rows else None, has, offered, contents, unknown)

    # -- deciding ----------------------------------------------------------------------------------------------------

    def diff(self, observed: Observed) -> Optional[Change]:
        if observed.fault:
            raise Refused("", observed.fault, "declare `package: postgresql` and `service: postgresql` before this")
        row = observed.row
        if self.state == "absent":
            return self._removal(observed) if row is not None else None
        self._refuse(observed)
        fields: List[Field] = [Field("database", None, self.name)] if row is None else []
        for name, column in (("owner", "owner"), ("encoding", "encoding"), ("locale", "datcollate")):
            now, wanted = row[column] if row is not None else None, getattr(self, name)
            if wanted is not None and (now is None or _same(now) != _same(wanted)):
                fields.append(Field(name, now, wanted))
        missing = [name for name in self.extensions if name not in observed.extensions]
        if missing:
            fields.append(Field("extensions", None, missing))
        for role in self.privileges:
            now, wanted = granted(row, role), self._wanted(role)
            if row is None or now != wanted:
                fields.append(Field("privileges of " + role, ", ".join(now) or None, ", ".join(wanted) or None))
        return Change("create" if row is None else "update", tuple(fields), payload=observed) if fields else None

    def _refuse(self, observed: Observed) -> None:
        row = observed.row
        if observed.unknown:
            raise Refused("owner" if observed.unknown[0] == self.owner else "privileges", "there is no role %s" %
                          observed.unknown[0], "declare `postgresql_role: %s`" % observed.unknown[0])
        for name in self.extensions:
            if name not in observed.offered:
                raise Refused("extensions", "the server has no extension %s" % name, "install the package that has it")
        for name, column in (("encoding", "encoding"), ("locale", "datcollate")):
            wanted = getattr(self, name)
            if row is not None and wanted is not None and _same(row[column]) != _same(wanted):
                raise Refused(name, "%s has %s, and that cannot be changed" % (self.name, row[column]),
                              "dump it, drop it and load it into a new one")

    def _removal(self, observed: Observed) -> Change:
        if observed.contents and not self.force:
            raise Refused("name", "%s holds %d tables, indexes and the like" % (self.name, observed.contents),
                          "say `force: true` to drop them with it")
        return Change("drop", (Field("database", self.name, None),), payload=observed)

    def _wanted(self, role: str) -> Tuple[str, ...]:
        words = {word.lower() for word in re.split(r"[,\s]+", self.privileges[role].strip())}
        return tuple(one for one in PRIVILEGES if one in words or "all" in words)

    # -- doing -------------------------------------------------------------------------------------------------------

    def undo(self, observed: Observed, change: Change) -> Optional[Sequence[Declared]]:
        row, where = observed.row, {"name": self.name, "port": self.port}
        if row is None:
            return (("postgresql_database", {**where, "state": "absent"}),)
        if self.state == "absent" and observed.contents:
            raise Failed("what was in the database is gone")
        if any(field.name == "extensions" for field in change.fields):
            raise Failed("an extension may have been used since: drop it by hand")
        roles = {"PUBLIC", *(role for role, _ in row["acl"] or ()), *self.privileges} - {row["owner"]}
        before = {role: ", ".join(granted(row, role)) or "none" for role in sorted(roles)}
        extensions = [name for name in observed.extensions if name != "plpgsql"] if self.state == "absent" else []
        return (("postgresql_database", {**where, "owner": row["owner"], "encoding": row["encoding"],
                                         "locale": row["datcollate"], "privileges": before,
                                         "extensions": extensions}),)

    def converge(self, change: Change) -> None:
        name, row = quoted(self.name), change.payload.row
        if self.state == "absent":
            postgresql.tell(self.port, "postgres", ["DROP DATABASE %s%s" % (
                name, " WITH (FORCE)" if self.force else "")])
            return
        if row is None:
            postgresql.tell(self.port, "postgres", [self._creation()])
        elif self.owner is not None and row["owner"] != self.owner:
            postgresql.tell(self.port, "postgres", ["ALTER DATABASE %s OWNER TO %s" % (name, quoted(self.owner))])
        statements: List[str] = []
        for field in change.fields:
            if field.name == "extensions":
                statements += ["CREATE EXTENSION %s" % quoted(one) for one in field.after]
        for role in self.privileges:
            who = "PUBLIC" if role == "PUBLIC" else quoted(role)
            if row is None or granted(row, role) != self._wanted(role):
                statements.append("REVOKE ALL ON DATABASE %s FROM %s" % (name, who))
                if self._wanted(role):
                    statements.append("GRANT %s ON DATABASE %s TO %s" % (", ".join(self._wanted(role)), name, who))
        if statements:
            postgresql.tell(self.port, self.name, statements)

    def _creation(self) -> str:
        words = ["CREATE DATABASE %s" % quoted(self.name)]
        words += ["OWNER %s" % quoted(self.owner)] if self.owner else []
        template = self.template or ("template0" if self.encoding or self.locale else None)
        words += ["TEMPLATE %s" % quoted(template)] if template else []
        words += ["ENCODING %s" % literal(self.encoding)] if self.encoding else []
        words += ["LC_COLLATE {0} LC_CTYPE {0}".format(literal(self.locale))] if self.locale else []
        return " ".join(words)


def granted(row: Optional[Mapping[str, Any]], role: str) -> Tuple[str, ...]:
    """What a role may do with the database, of itself."""
    found = {privilege for grantee, privilege in (row["acl"] or () if row is not None else ()) if grantee == role}
    return tuple(one for one in PRIVILEGES if one in found)


def _same(word: str) -> str:
    """`UTF-8` and `utf8` are one."""
    return word.lower().replace("-", "")
