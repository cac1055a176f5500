"""Public keys as people give them: armored or not, damaged, of another kind, several."""
from __future__ import annotations

import base64
import itertools
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_host import Refused, openpgp
from tests.contract.cases.repositories import FINGERPRINT, KEY, SIGNED

ARMORED = KEY.encode()
BINARY = openpgp.dearmored(ARMORED)
DEBIAN = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def block(kind: str, data: bytes) -> bytes:
    return f"-----BEGIN PGP {kind}-----\n\n{base64.b64encode(data).decode()}\n-----END PGP {kind}-----\n".encode()


@pytest.mark.parametrize("data", [
    ARMORED, BINARY, ARMORED.replace(b"\n", b"\r\n"), b"A remark before it.\n" + ARMORED + b"and one after it\n",
    ARMORED.replace(b"BLOCK-----\n\n", b"BLOCK-----\nVersion: GnuPG v1\nComment: with a: colon\n\n"),
    ARMORED.replace(b"=3/nU\n", b""), ARMORED.replace(b"\n", b"  \n"), ARMORED.strip(),
    block("PUBLIC KEY BLOCK", BINARY),
])
def test_a_key_is_read_however_it_was_saved(data: bytes) -> None:
    key, = openpgp.keys(data)
    assert (key.fingerprint, key.user) == (FINGERPRINT, "Holdfast contract <contract@holdfast.invalid>")
    assert key.data == BINARY


@pytest.mark.parametrize(("data", "said"), [
    (b"", "no public key"), (b"hello", "no public key"), (b"<html><body>not found</body></html>", "page of the web"),
    (ARMORED[:-20], "and has its END"), (ARMORED.replace(b"mDME", b"mDMF"), "its checksum is another"),
    (ARMORED.replace(b"mDME", b"mD!E"), "no base64"), (BINARY[:-1], "is damaged"), (BINARY + b"\x00", "is damaged"),
    (SIGNED.encode(), "no public key|something else"), (block("MESSAGE", BINARY), "something else than a public key"),
    (block("PRIVATE KEY BLOCK", BINARY), "holds a secret key"), (b"\x94" + BINARY[1:], "holds a secret key"),
    (b"\0\0\0 \1\1\0\1KBXf", "keybox"), (BINARY.replace(b"\x98\x33\x04", b"\x98\x33\x03", 1), "not trusted any more"),
    (b"\xb4\x04user", "no public key"), (b"x" * (openpgp.LIMIT + 1), "larger than a keyring"),
    (b"\xc6\xe1" + BINARY, "is damaged"),
])
def test_what_is_no_public_key_is_refused_with_the_reason(data: bytes, said: str) -> None:
    with pytest.raises(Refused, match=said):
        openpgp.keys(data)


@pytest.mark.skipif(not DEBIAN.exists() or shutil.which("gpg") is None, reason="needs gpg and Debian's keyring")
def test_fingerprints_are_those_that_gpg_shows(tmp_path: Path) -> None:
    shown = subprocess.run(["gpg", "--homedir", str(tmp_path), "--with-colons", "--show-keys", str(DEBIAN)],
                           capture_output=True, text=True, check=True).stdout.splitlines()
    shown = [row for row in shown if not row.startswith("rvk:")]
    primary = [row.split(":")[9] for before, row in itertools.pairwise(shown)
               if row.startswith("fpr:") and before.startswith("pub:")]
    assert [key.fingerprint for key in openpgp.keys(DEBIAN.read_bytes())] == primary


def test_a_keyring_is_exactly_the_keys_that_are_named() -> None:
    written = "0x" + " ".join(FINGERPRINT[i:i + 4] for i in range(0, 40, 4)).lower()
    assert openpgp.keyring("key", ARMORED, [written]) == BINARY == openpgp.keyring("key", ARMORED, [])
    other = BINARY.replace(b"\x98\x33\x04\x65", b"\x98\x33\x04\x66", 1)  # another time of making: another fingerprint
    for data, names, said in ((BINARY + other, [FINGERPRINT], "not in `fingerprints`"),
                              (BINARY, [FINGERPRINT, "A" * 40], "lacks the key A"), (BINARY, ["B" * 40], FINGERPRINT)):
        with pytest.raises(Refused, match=said) as refused:
            openpgp.keyring("key_url", data, names)
        assert refused.value.argument == "key_url"
    assert len(openpgp.keys(BINARY + other)) == 2, "the control"


@pytest.mark.parametrize("text", ["", "8BFDA3A7B8E8B5BA", "0xB8E8B5BA", "z" * 40, FINGERPRINT[:-1], FINGERPRINT + "0"])
def test_what_is_no_whole_fingerprint_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="40"):
        openpgp.fingerprint(text)


@given(st.binary(max_size=300), st.integers(0, len(BINARY)), st.integers(0, 20))
def test_any_bytes_give_keys_or_are_refused(noise: bytes, at: int, drop: int) -> None:
    for data in (noise, BINARY[:at] + noise + BINARY[at + drop:], ARMORED[:at] + noise + ARMORED[at + drop:]):
        try:
            assert openpgp.keys(data)
        except Refused:
            continue
