"""Talking to the PostgreSQL server of this host, as its user postgres over the local socket: statements on stdin only,
so that none of them, nor a password in it, stands in a process list."""
from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
from typing import Any, Dict, List, Optional

from . import checks, files, process
from .errors import Failed, Refused

USER = "postgres"
BEGIN = "BEGIN;\nSET LOCAL log_statement = 'none';\nSET LOCAL log_min_error_statement = 'panic';\n"
ITERATIONS = 4096  # PostgreSQL's own
SALT_BYTES = 16
SCRAM = re.compile(r"SCRAM-SHA-256\$(\d+):([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+):([A-Za-z0-9+/=]+)\Z")


def identifier(name: str) -> None:
    """A name that PostgreSQL keeps as it is: not cut, and not one of its own."""
    checks.one_line(name)
    if not name or "\0" in name or len(name.encode("utf-8", "surrogateescape")) > 63:
        raise Refused("", "`%s` is not a name in PostgreSQL" % name[:80], "1 to 63 bytes")
    if name.startswith("pg_"):
        raise Refused("", "`%s` is one of PostgreSQL's own" % name, "another beginning than pg_")


def port(number: int) -> None:
    """Of the server; it names its socket."""
    if not 0 < number < 65536:
        raise Refused("", "is a port from 1 to 65535, not %d" % number, "write a number in that range")


def quoted(name: str) -> str:
    """A name in a statement, whatever is in it."""
    return '"%s"' % name.replace('"', '""')


def literal(value: str) -> str:
    """A text in a statement, whatever is in it and however the server reads backslashes."""
    if "\0" in value:
        raise Failed("PostgreSQL has no text with a NUL in it")
    return "E'%s'" % value.replace("\\", "\\\\").replace("'", "''")


def trouble(at: int) -> Optional[str]:
    """Why there is nobody to talk to; None: there is."""
    if process.which("psql") is None or files.entry(USER) is None:
        return "PostgreSQL is not installed on this host"
    if process.run(["pg_isready", "-q", "-p", str(at)]).code != 0:
        return "the PostgreSQL server at port %d does not answer" % at
    return None


def ask(at: int, database: str, query: str) -> List[Dict[str, Any]]:
    """The rows of a query, by the names of its columns. Raises Failed with what the server said."""
    said = _psql(at, database, "SELECT coalesce(json_agg(q), '[]') FROM (" + query + ") q;\n")  # noqa: S608  # a type's
    rows: List[Dict[str, Any]] = json.loads(said)
    return rows


def tell(at: int, database: str, statements: List[str]) -> None:
    """Carries statements out, together or not at all where PostgreSQL can do them so. Raises Failed."""
    alone = [one for one in statements if one.startswith(("CREATE DATABASE", "DROP DATABASE"))]
    together = [one for one in statements if one not in alone]
    for statement in alone:
        _psql(at, database, statement + ";\n")
    if together:
        _psql(at, database, "%s%s;\nCOMMIT;\n" % (BEGIN, ";\n".join(together)))


def _psql(at: int, database: str, text: str) -> str:
    connection = "dbname='%s' port=%d" % (database.replace("\\", "\\\\").replace("'", "\\'"), at)
    user = USER if os.geteuid() == 0 else None
    done = process.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", connection], user=user, timeout_s=300,
                       stdin=text.encode("utf-8", "surrogateescape"), env={"PGCLIENTENCODING": "UTF8"})
    if done.code != 0:
        errors = [row.partition("ERROR:  ")[2] or row for row in done.stderr.splitlines()
                  if not row.startswith(("LINE ", "        ", "could not change directory"))]
        raise Failed("PostgreSQL did not do it", "\n".join(errors))
    return done.stdout


# -- passwords -------------------------------------------------------------------------------------------------------


def scram(password: str, salt: Optional[bytes] = None, iterations: int = ITERATIONS) -> str:
    """What PostgreSQL keeps in place of a password: the server, and its log, never see that itself."""
    salt = os.urandom(SALT_BYTES) if salt is None else salt
    salted = hashlib.pbkdf2_hmac("sha256", _prepared(password), salt, iterations)
    client = hmac.new(salted, b"Client Key", "sha256").digest()
    server = hmac.new(salted, b"Server Key", "sha256").digest()
    stored, key, salt_text = (base64.b64encode(one).decode()
                              for one in (hashlib.sha256(client).digest(), server, salt))
    return "SCRAM-SHA-256$%d:%s$%s:%s" % (iterations, salt_text, stored, key)


def fits(password: str, kept: str) -> bool:
    """Whether what the server keeps was made of this password."""
    match = SCRAM.match(kept)
    if match is None:
        return False
    return hmac.compare_digest(scram(password, base64.b64decode(match.group(2)), int(match.group(1))), kept)


def _prepared(password: str) -> bytes:
    """As SASLprep has it, as far as PostgreSQL and its clients agree: compatibility forms are one."""
    if password.isascii():
        return password.encode()
    import unicodedata

    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogateescape")
