"""postgresql_role: a role of a PostgreSQL server, with its password and what it may do."""
from __future__ import annotations

from typing import Any, ClassVar, Dict, List, Optional, Sequence, Tuple

from holdfast_host import (
    ALWAYS,
    Change,
    Declared,
    Field,
    Identity,
    Record,
    Refused,
    Resource,
    arg,
    checks,
    postgresql,
)
from holdfast_host.postgresql import literal, quoted

RIGHTS = {"login": "LOGIN", "superuser": "SUPERUSER", "createdb": "CREATEDB", "createrole": "CREATEROLE",
          "replication": "REPLICATION", "inherit": "INHERIT"}  # argument -> word; the column is rol + argument
COLUMNS = {"login": "rolcanlogin", "superuser": "rolsuper", "createdb": "rolcreatedb", "createrole": "rolcreaterole",
           "replication": "rolreplication", "inherit": "rolinherit"}
QUERY = """SELECT r.*, to_char(r.rolvaliduntil AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS until, (
    SELECT json_agg(g.rolname ORDER BY g.rolname) FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid
    WHERE m.member = r.oid) AS groups FROM pg_authid r WHERE r.rolname = %s"""


def _names(given: Sequence[str]) -> None:
    for name in given:
        postgresql.identifier(name)


def _limit(number: int) -> None:
    if number < -1:
        raise Refused("", "is a number of connections, or -1 for any, not %d" % number,
                      "write -1, or leave it out, for any number")


def _hash(text: str) -> None:
    if not postgresql.SCRAM.match(text):
        raise Refused("", "is not a SCRAM-SHA-256 hash as PostgreSQL keeps it", "give the `password`")


class Observed(Record):
    """row: of pg_authid, None: there is no such role. until: when its password ends, in UTC. unknown: roles that are to
    take it in, and are not there."""

    row: Optional[Dict[str, Any]] = None
    unknown: Tuple[str, ...] = ()
    fault: str = ""


class PostgresqlRole(Resource):
    """A role of the PostgreSQL server of this host is there, with its password, its rights and its memberships.

    The server is asked as its user postgres over the local socket. A password becomes a SCRAM hash here: the server,
    its log and the process list never see it. What is not declared stays. A role that owns something is not dropped.
    """

    named: ClassVar[str] = "name"
    example: ClassVar[str] = """
        - postgresql_role: shop
          password: "{{ vault.shop }}"
          member_of: [readers]
          connection_limit: 40
        - postgresql_role: readers
          login: false
    """

    name: str = arg(doc="The role's name, as it is: `Shop` is another than `shop`.", check=postgresql.identifier)
    password: Optional[str] = arg(None, secret=ALWAYS, check=checks.not_empty, doc="Its password.")
    password_hash: Optional[str] = arg(None, secret=ALWAYS, check=_hash, doc="In place of a password: what PostgreSQL "
                                       "keeps of one, `SCRAM-SHA-256$4096:…`.")
    login: bool = arg(True, doc="Whether it may log in; false: a group.")
    superuser: Optional[bool] = arg(None, doc="Whether it may do all.")
    createdb: Optional[bool] = arg(None, doc="Whether it may make databases.")
    createrole: Optional[bool] = arg(None, doc="Whether it may make roles.")
    replication: Optional[bool] = arg(None, doc="Whether it may replicate the server.")
    inherit: Optional[bool] = arg(None, doc="Whether it has the rights of the roles that it is a member of.")
    connection_limit: Optional[int] = arg(None, check=_limit, doc="How many connections it may have; -1: any number.")
    member_of: Tuple[str, ...] = arg((), check=_names, doc="Roles that it is a member of; others stay.")
    port: int = arg(5432, check=postgresql.port, doc="The port of the server, which names its socket.")
    state: str = arg("present", choices=("present", "absent"), doc="Whether it is there.")

    def check(self) -> None:
        if self.password is not None and self.password_hash is not None:
            raise Refused("password_hash", "and `password` are both given", "remove one of them")
        if self.state == "absent" and (self.password or self.password_hash or self.member_of):
            raise Refused("state", "is absent, so nothing else is to be said", "leave the rest out")
        if self.name == postgresql.USER and (self.state == "absent" or self.superuser is False or not self.login):
            raise Refused("name", "is the role by which the server is kept", "name another")
        if self.name in self.member_of:
            raise Refused("member_of", "names the role itself", "leave it out")

    def provides(self) -> Sequence[Identity]:
        return (("postgresql_role", self.name),)

    def wants(self) -> Sequence[Identity]:
        return (("package", "postgresql"), ("service", "postgresql"),
                *(("postgresql_role", name) for name in self.member_of))

    # -- looking -----------------------------------------------------------------------------------------------------

    def observe(self) -> Observed:
        fault = postgresql.trouble(self.port)
        if fault is not None:
            return Observed(fault=fault)
        rows = postgresql.ask(self.port, "postgres", QUERY % literal(self.name))
        there = {row["rolname"] for row in postgresql.ask(
            self.port, "postgres", "SELECT rolname FROM pg_roles")} if self.member_of else set()
        return Observed(rows[0] if rows else None, tuple(name for name in self.member_of if name not in there))

    # -- deciding ----------------------------------------------------------------------------------------------------

    def diff(self, observed: Observed) -> Optional[Change]:
        if observed.fault:
            raise Refused("", observed.fault, "declare `package: postgresql` and `service: postgresql` before this")
        row = observed.row
        if self.state == "absent":
            return Change("drop", (Field("role", self.name, None),), payload=observed) if row is not None else None
        if observed.unknown:
            raise Refused("member_of", "there is no role %s" % observed.unknown[0],
                          "declare `postgresql_role: %s`" % observed.unknown[0])
        fields: List[Field] = [] if row is not None else [Field("role", None, self.name)]
        for name, value in self._rights().items():
            now = row[COLUMNS[name]] if row is not None else None
            if now != value:
                fields.append(Field(name, now, value))
        if self.connection_limit is not None and (row is None or row["rolconnlimit"] != self.connection_limit):
            fields.append(Field("connection_limit", row["rolconnlimit"] if row else None, self.connection_limit))
        if not self._has_password(row):
            fields.append(Field("password", "another" if row and row["rolpassword"] else None, "as declared"))
        missing = [name for name in self.member_of if row is None or name not in (row["groups"] or ())]
        if missing:
            fields.append(Field("member_of", None, missing))
        return Change("create" if row is None else "update", tuple(fields), payload=observed) if fields else None

    def _rights(self) -> Dict[str, bool]:
        return {name: getattr(self, name) for name in RIGHTS if getattr(self, name) is not None}

    def _has_password(self, row: Optional[Dict[str, Any]]) -> bool:
        kept = row["rolpassword"] or "" if row is not None else ""
        if self.password is not None:
            return postgresql.fits(self.password, kept)
        return self.password_hash is None or self.password_hash == kept

    # -- doing -------------------------------------------------------------------------------------------------------

    def undo(self, observed: Observed, change: Change) -> Optional[Sequence[Declared]]:
        row = observed.row
        where = {"name": self.name, "port": self.port}
        if row is None:
            return (("postgresql_role", {**where, "state": "absent"}),)
        if any(field.name == "member_of" for field in change.fields):
            return None  # to be taken out of a role again cannot be declared
        if row["rolpassword"] and not postgresql.SCRAM.match(row["rolpassword"]):
            return None
        if not row["rolpassword"] and self.state == "present" and (self.password or self.password_hash):
            return None
        kept = {"password_hash": row["rolpassword"]} if row["rolpassword"] else {}
        return (("postgresql_role", {**where, **kept, **{name: row[COLUMNS[name]] for name in RIGHTS},
                                     "connection_limit": row["rolconnlimit"], "member_of": row["groups"] or []}),)

    def converge(self, change: Change) -> None:
        if self.state == "absent":
            postgresql.tell(self.port, "postgres", ["DROP ROLE %s" % quoted(self.name)])
            return
        words = [word if self._rights()[name] else "NO" + word for name, word in RIGHTS.items()
                 if name in self._rights()]
        if self.connection_limit is not None:
            words.append("CONNECTION LIMIT %d" % self.connection_limit)
        if any(field.name == "password" for field in change.fields):
            kept = self.password_hash or postgresql.scram(self.password or "")
            words.append("PASSWORD %s" % literal(kept))
        verb = "CREATE" if change.payload.row is None else "ALTER"
        postgresql.tell(self.port, "postgres", [
            "%s ROLE %s WITH %s" % (verb, quoted(self.name), " ".join(words)),
            *("GRANT %s TO %s" % (quoted(name), quoted(self.name)) for field in change.fields
              if field.name == "member_of" for name in field.after)])
