"""What a user can see of `certificate`: openssl reads what was made."""
import subprocess

import pytest

from holdfast_host import Refused
from modules.certificate import Certificate
from tests.unit.modules.settling import shown


def settle(one):
    change = one.diff(one.observe())
    if change is not None:
        one.converge(change)
        assert one.diff(one.observe()) is None, "a second run would change it again"
    return shown(change)


def certificate(folder, **arguments):
    return Certificate(**{"path": str(folder / "c"), "key": str(folder / "k"), "common_name": "a.example", **arguments})


def openssl(*words):
    return subprocess.run(["openssl", *words], check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("key_type", ["ec256", "ed25519", "rsa2048"])
def test_certificate_of_its_own(tmp_path, key_type):
    assert set(settle(certificate(tmp_path, key_type=key_type))) == {"key", "certificate"}
    text = openssl("x509", "-in", tmp_path / "c", "-noout", "-text")
    assert "DNS:a.example" in text
    assert "CA:FALSE" in text
    assert (tmp_path / "k").stat().st_mode & 0o777 == 0o600
    assert "PRIVATE" not in (tmp_path / "c").read_text()


def test_it_is_made_anew_when_it_ends_soon_or_says_something_else_and_the_key_stays(tmp_path):
    settle(certificate(tmp_path, days=40))
    key, first = (tmp_path / "k").read_bytes(), (tmp_path / "c").read_bytes()
    assert settle(certificate(tmp_path, days=400)) == {}, "it is good for longer than it has to be"
    assert set(settle(certificate(tmp_path, days=400, renew_days=50))) == {"ends"}
    assert set(settle(certificate(tmp_path, names=["b.example", "10.0.0.1", "fd00:0::1"]))) == {"names"}
    assert set(settle(certificate(tmp_path, common_name="Mr. $x #1", names=["b"]))) == {"common_name", "names"}
    assert set(settle(certificate(tmp_path, authority=True))) == {"common_name", "names", "authority"}
    assert (tmp_path / "k").read_bytes() == key
    assert (tmp_path / "c").read_bytes() != first
    (tmp_path / "k").unlink()
    assert set(settle(certificate(tmp_path, authority=True))) == {"key", "certificate"}


def test_authority_signs_and_another_one_signs_anew(tmp_path):
    for name in ("one", "two"):
        settle(certificate(tmp_path, path=str(tmp_path / name), key=f"{tmp_path}/{name}.key", common_name=name,
                           authority=True))
    by = [{"issuer": f"{tmp_path}/{name}", "issuer_key": f"{tmp_path}/{name}.key"} for name in ("one", "two")]
    settle(certificate(tmp_path, **by[0]))
    openssl("verify", "-CAfile", tmp_path / "one", tmp_path / "c")
    assert settle(certificate(tmp_path, **by[0])) == {}
    assert set(settle(certificate(tmp_path, **by[1]))) == {"issuer"}
    openssl("verify", "-CAfile", tmp_path / "two", tmp_path / "c")


def test_request_is_for_the_key(tmp_path):
    settle(certificate(tmp_path, request=True, names=["a.example", "b.example"]))
    assert "DNS:b.example" in openssl("req", "-in", tmp_path / "c", "-noout", "-text", "-verify")
    assert set(settle(certificate(tmp_path, request=True))) == {"names"}


def test_key_that_cannot_be_read_is_left_alone(tmp_path):
    (tmp_path / "k").write_text("mine")
    one = certificate(tmp_path)
    with pytest.raises(Refused, match="cannot be read as a key"):
        one.diff(one.observe())
    assert (tmp_path / "k").read_text() == "mine"


@pytest.mark.parametrize(("arguments", "what"), [
    ({"key": "/c", "path": "/c"}, "are one file"), ({"issuer": "/i"}, "`issuer_key` is missing"),
    ({"renew_days": 365}, "each run would make it anew"), ({"key_mode": "0644"}, "lets others have the key"),
    ({"names": ["a b"]}, "is not a host"), ({"common_name": "a/CN=b"}, "is not a common name"), ({"days": 0}, "`days`"),
    ({"request": True, "issuer": "/i", "issuer_key": "/k"}, "both given"),
])
def test_what_is_not_safe_is_refused(tmp_path, arguments, what):
    with pytest.raises(Refused, match=what):
        certificate(tmp_path, **arguments)
