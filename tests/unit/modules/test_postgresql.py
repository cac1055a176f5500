"""What a user can see of the types for PostgreSQL without a server: names and texts stay what they are."""
import pytest

from holdfast_host import Refused, postgresql
from modules.postgresql_database import Observed, PostgresqlDatabase
from modules.postgresql_role import PostgresqlRole


def test_a_hash_is_what_postgresql_itself_makes_of_a_password():
    """The example of RFC 7677: user `user`, password `pencil`."""
    import base64

    made = postgresql.scram("pencil", base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ=="))
    assert made == ("SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
                    "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=")
    assert postgresql.fits("pencil", made)
    assert not postgresql.fits("pencils", made)
    assert not postgresql.fits("pencil", "md5abc")


def test_whatever_is_in_a_name_or_a_text_stays_in_it():
    assert postgresql.quoted('a"; DROP ROLE b') == '"a""; DROP ROLE b"'
    assert postgresql.literal("a\\'; DROP") == "E'a\\\\\\''; DROP'".replace("\\\\\\''", "\\\\''")


@pytest.mark.parametrize(("cls", "given", "said"), [
    (PostgresqlRole, {"name": "pg_monitor"}, "PostgreSQL's own"), (PostgresqlRole, {"name": "a" * 64}, "1 to 63 bytes"),
    (PostgresqlRole, {"name": "a", "member_of": ["a"]}, "the role itself"),
    (PostgresqlRole, {"name": "postgres", "state": "absent"}, "by which the server is kept"),
    (PostgresqlRole, {"name": "a", "password_hash": "md5abc"}, "not a SCRAM-SHA-256 hash"),
    (PostgresqlDatabase, {"name": "template1"}, "PostgreSQL's own"),
    (PostgresqlDatabase, {"name": "a", "privileges": {"b": "select"}}, "not a privilege of a database"),
    (PostgresqlDatabase, {"name": "a", "extensions": ["x; drop"]}, "not an extension"),
    (PostgresqlDatabase, {"name": "a", "force": True}, "goes with"),
])
def test_what_cannot_be_is_refused(cls, given, said):
    with pytest.raises(Refused, match=said):
        cls(**given)


def test_what_is_in_a_database_is_not_dropped_in_silence():
    row = {"datname": "a", "owner": "b", "encoding": "UTF8", "datcollate": "C", "acl": None}
    with pytest.raises(Refused, match="holds 3 tables"):
        PostgresqlDatabase(name="a", state="absent").diff(Observed(row, contents=3))
    assert PostgresqlDatabase(name="a", state="absent", force=True).diff(Observed(row, contents=3)).action == "drop"
    assert PostgresqlDatabase(name="a", state="absent").diff(Observed(row)).action == "drop"


def test_another_encoding_of_what_is_there_is_refused():
    row = {"datname": "a", "owner": "b", "encoding": "UTF8", "datcollate": "C", "acl": None}
    assert PostgresqlDatabase(name="a", encoding="utf-8").diff(Observed(row)) is None
    with pytest.raises(Refused, match="cannot be changed"):
        PostgresqlDatabase(name="a", encoding="LATIN1").diff(Observed(row))
