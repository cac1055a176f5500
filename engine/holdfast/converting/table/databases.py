"""Modules for PostgreSQL. The server is asked as its user postgres, so how the module logs in does not matter."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from holdfast.converting.model import Cannot
from holdfast.converting.options import NAME, Entry, Module, Option, boolean, cannot, integer, no_matter, text, to

_LOGIN: Mapping[str, Option] = {
    "login_user": no_matter(), "login_password": no_matter(), "login_unix_socket": no_matter(),
    "login_host": no_matter("", "localhost", "127.0.0.1"), "host": no_matter("", "localhost", "127.0.0.1"),
    "login_port": to("port", integer), "port": to("port", integer), "ssl_mode": no_matter(), "trust_input": no_matter(),
    "maintenance_db": no_matter("postgres"), "login_db": no_matter("postgres")}
_FLAGS = {"SUPERUSER": "superuser", "CREATEDB": "createdb", "CREATEROLE": "createrole", "REPLICATION": "replication",
          "INHERIT": "inherit", "LOGIN": "login"}


def _database(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    if ours.get("state") == "absent":
        return {word: ours[word] for word in (NAME, "state", "port", "force") if word in ours}
    ours.pop("state", None)
    locales = {str(theirs[word]) for word in ("lc_collate", "lc_ctype") if word in theirs}
    if len(locales) > 1:
        raise Cannot("`lc_collate` and `lc_ctype` differ")
    return ours | ({"locale": locales.pop()} if locales else {})


def _role(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    if ours.get("state") == "absent":
        return {word: ours[word] for word in (NAME, "state", "port") if word in ours}
    ours.pop("state", None)
    flags = str(theirs.get("role_attr_flags", ""))
    for flag in filter(None, flags.upper().split(",")):
        word = flag.strip()
        if word.removeprefix("NO") not in _FLAGS:
            raise Cannot(f"`{word}` of `role_attr_flags` has no like")
        ours[_FLAGS[word.removeprefix("NO")]] = not word.startswith("NO")
    if str(ours.get("password", "")).startswith("SCRAM-SHA-256$"):
        ours["password_hash"] = ours.pop("password")
    elif str(ours.get("password", "")).startswith("md5"):
        raise Cannot("a password that is hashed with MD5 is not set")
    return ours


MODULES: Mapping[str, Entry] = {
    "postgresql_db": Module("postgresql_database", {
        **_LOGIN, "name": to(NAME, text), "db": to(NAME, text), "owner": to("owner", text),
        "encoding": to("encoding", text), "template": to("template", text), "lc_collate": no_matter(),
        "lc_ctype": no_matter(), "force": to("force", boolean),
        "state": to("state", words={"present": "present", "absent": "absent"})}, shape=_database),
    "postgresql_user": Module("postgresql_role", {
        **_LOGIN, "name": to(NAME, text), "user": to(NAME, text), "password": to("password", text),
        "role_attr_flags": no_matter(), "conn_limit": to("connection_limit", integer), "encrypted": no_matter(True),
        "fail_on_user": no_matter(), "state": to("state", words={"present": "present", "absent": "absent"}),
        "db": cannot("what a role may do with a database is said of the `postgresql_database` (`privileges`)"),
        "priv": cannot("what a role may do with a database is said of the `postgresql_database` (`privileges`)"),
    }, shape=_role),
    "postgresql_ext": "an extension is said of the `postgresql_database` that it is in (`extensions`)",
    "postgresql_privs": "privileges are said of the `postgresql_database` (`privileges`)",
}
