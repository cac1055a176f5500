"""What is refused of a `package_repository` before any host is touched, and what apt is given to read."""
from __future__ import annotations

from typing import Any

import pytest

from holdfast_host import Blob, Refused, apt, apt_source, openpgp, repositories
from modules.package import Package
from modules.package_repository import PackageRepository
from tests.contract.cases.repositories import FINGERPRINT, KEY

GOOD: dict[str, Any] = {"name": "vendor", "uris": ["https://packages.example.org/debian"], "suites": ["stable"],
                        "components": ["main"]}


@pytest.mark.parametrize(("arguments", "argument", "said"), [
    ({"uris": []}, "uris", "is missing"), ({"suites": []}, "suites", "is missing"),
    ({"components": []}, "components", "is missing"), ({"types": []}, "types", "is empty"),
    ({"types": ["rpm"]}, "types", "deb-src"), ({"suites": ["a b"]}, "suites", "not one word"),
    ({"suites": ["./"]}, "components", "flat repository"),
    ({"suites": ["./", "x"], "components": []}, "suites", "flat repository"),
    ({"uris": ["packages.example.org"]}, "uris", "not an address"),
    ({"uris": ["http://packages.example.org/debian"]}, "uris", "plain http"),
    ({"uris": ["http://packages.example.org/debian"], "trusted": True}, "uris", "plain http"),
    ({"uris": ["mirror+http://packages.example.org/list"]}, "uris", "plain http"),
    ({"uris": ["tor+http://packages.example.org/debian"]}, "uris", "plain http"),
    ({"uris": ["https://me:word@packages.example.org/debian"]}, "uris", "auth.conf.d"),
    ({"uris": ["https://a.example.org/\nTrusted: yes"]}, "uris", "not an address"),
    ({"components": ["main\nTrusted: yes"]}, "components", "not one word"),
    ({"name": "../vendor"}, "name", "name of a file"), ({"name": "a b"}, "name", "name of a file"),
    ({"key_url": "https://packages.example.org/key"}, "key_url", "trusted blindly"),
    ({"key_url": "ftp://packages.example.org/key", "fingerprints": [FINGERPRINT]}, "key_url", "not an address"),
    ({"key": KEY, "keyring": "/usr/share/keyrings/x.gpg"}, "keyring", "besides `key`"),
    ({"key": KEY, "trusted": True}, "trusted", "worth nothing"), ({"key": "nothing"}, "key", "no public key"),
    ({"key": KEY, "fingerprints": ["A" * 40]}, "key", FINGERPRINT),
    ({"key": KEY, "fingerprints": ["8BFDA3A7B8E8B5BA"]}, "fingerprints", "the id of a key"),
    ({"fingerprints": [FINGERPRINT]}, "fingerprints", "goes with a key"),
    ({"key": KEY, "key_sha256": "0" * 64}, "key_sha256", "goes with `key_url`"),
    ({"key_url": "https://a.example.org/k", "key_sha256": "0" * 63}, "key_sha256", "no SHA-256"),
    ({"keyring": "/etc/apt/keyrings/vendor.gpg"}, "keyring", "where a key goes"),
    ({"state": "absent"}, "uris", "to be absent"),
])
def test_what_is_wrong_is_refused_by_name(arguments: dict[str, Any], argument: str, said: str) -> None:
    with pytest.raises(Refused, match=said) as refused:
        PackageRepository(**{**GOOD, **arguments})
    assert refused.value.argument == argument


RPM: dict[str, Any] = {"name": "vendor", "provider": "dnf", "uris": ["https://packages.example.org/el9"]}


@pytest.mark.parametrize(("arguments", "argument", "said"), [
    ({"suites": ["stable"]}, "suites", "says nothing to dnf"), ({"uris": []}, "uris", "is missing"),
    ({"components": ["main"], "provider": "zypper"}, "components", "says nothing to zypper"),
    ({"architectures": ["x86_64"]}, "architectures", "says nothing to dnf"),
    ({"types": ["deb-src"]}, "types", "says nothing to dnf"),
    ({"provider": "apk"}, "provider", "is apt or dnf or zypper"),
    ({"provider": "apt"}, "suites", "is missing"), ({"uris": ["http://a.example.org/el9"]}, "uris", "plain http"),
    ({"keyring": "/etc/pki/rpm-gpg/vendor.asc"}, "keyring", "where a key goes"),
    ({"state": "absent"}, "uris", "to be absent"),
])
def test_what_a_repository_of_rpm_packages_has_not_is_refused(arguments: dict[str, Any], argument: str,
                                                              said: str) -> None:
    with pytest.raises(Refused, match=said) as refused:
        PackageRepository(**{**RPM, **arguments})
    assert refused.value.argument == argument and refused.value.mend
    assert PackageRepository(**RPM) and PackageRepository(name="vendor", provider="zypper", state="absent")


def test_what_dnf_and_zypper_are_given_to_read() -> None:
    source = repositories.Source((), ("https://a/b", "file:///c"), (), signed_by="/etc/pki/rpm-gpg/vendor.asc")
    assert repositories.form("dnf").text("vendor", source, "ours").decode() == (
        "# ours\n[vendor]\nname=vendor\nbaseurl=https://a/b\n        file:///c\nenabled=1\ngpgcheck=1\n"
        "skip_if_unavailable=0\ngpgkey=file:///etc/pki/rpm-gpg/vendor.asc\n")
    open_to_all = repositories.Source((), ("https://a/b",), (), trusted=True, enabled=False)
    assert repositories.form("zypper").text("vendor", open_to_all, "ours").decode() == (
        "# ours\n[vendor]\nname=vendor\nbaseurl=https://a/b\nenabled=0\ngpgcheck=0\nautorefresh=1\n")


def test_rpm_is_given_each_key_in_armor_of_its_own() -> None:
    ring = openpgp.keyring("key", KEY.encode(), [FINGERPRINT])
    given = repositories.form("dnf").key(ring + ring)
    assert given.count(b"-----BEGIN PGP PUBLIC KEY BLOCK-----") == 2
    assert openpgp.dearmored(given) == ring + ring and openpgp.keys(given)[0].fingerprint == FINGERPRINT
    assert KEY.split("\n\n")[1].encode().split(b"=\n")[0].replace(b"\n", b"") in given.replace(b"\n", b"")


@pytest.mark.parametrize("arguments", [
    {}, {"key": KEY}, {"key_source": Blob.of(b"")}, {"trusted": True}, {"keyring": "/usr/share/keyrings/x.gpg"},
    {"uris": ["http://packages.example.org/debian"], "key": KEY}, {"uris": ["file:/srv/packages"], "trusted": True},
    {"uris": ["http://packages.example.org/debian"], "keyring": "/usr/share/keyrings/x.gpg"},
    {"suites": ["./"], "components": []}, {"suites": ["stable/$(ARCH)/"], "components": []},
])
def test_what_is_right_is_taken(arguments: dict[str, Any]) -> None:
    assert PackageRepository(**{**GOOD, **arguments})


def test_what_apt_is_given_to_read() -> None:
    plain = apt_source.Source(("deb",), ("https://a/b",), ("stable",), ("main",))
    assert apt_source.text(plain, "ours") == \
        b"# ours\nTypes: deb\nURIs: https://a/b\nSuites: stable\nComponents: main\n"
    full = apt_source.Source(("deb", "deb-src"), ("https://a/b", "https://c/d"), ("./",), (), ("amd64", "arm64"),
                             "/k.gpg", True, False)
    assert apt_source.text(full, "ours") == (
        b"# ours\nTypes: deb deb-src\nURIs: https://a/b https://c/d\nSuites: ./\nArchitectures: amd64 arm64\n"
        b"Signed-By: /k.gpg\nTrusted: yes\nEnabled: no\n")


@pytest.mark.parametrize(("uri", "suite", "name"), [
    ("https://a.example.org/debian", "stable", "a.example.org_debian_dists_stable_InRelease"),
    ("https://a.example.org/debian/", "stable", "a.example.org_debian_dists_stable_Release"),
    ("http://a.example.org:8080/x", "bookworm/updates", "a.example.org:8080_x_dists_bookworm_updates_InRelease"),
    ("file:/srv/signed", "./", "_srv_signed_._InRelease"), ("file:///srv/signed", "./", "_srv_signed_._Release"),
    ("https://a.example.org/with_line~1", "s", "a.example.org_with%5fline%7e1_dists_s_InRelease"),
    ("https://a.example.org/x", "stable/$(ARCH)/", ""), ("mirror+file:/etc/apt/mirrors", "stable", ""),
])
def test_lists_are_found_under_the_names_that_apt_gives_them(tmp_path: Any, monkeypatch: pytest.MonkeyPatch, uri: str,
                                                             suite: str, name: str) -> None:
    monkeypatch.setattr(apt, "LISTS", str(tmp_path))
    source = apt_source.Source(("deb",), (uri,), (suite,))
    assert apt_source.has_lists(source), "a host without any fetches all when they are needed"
    (tmp_path / "deb.debian.org_debian_dists_stable_main_binary-amd64_Packages").write_text("")
    (tmp_path / "deb.debian.org_debian_dists_stable_InRelease").write_text("")
    assert apt_source.has_lists(source) == (not name)
    if name:
        (tmp_path / name).write_text("")
        assert apt_source.has_lists(source)


def test_packages_wait_for_it_unless_they_go() -> None:
    provided = set(PackageRepository(**GOOD).provides())
    assert set(Package(name="xx").wants()) <= provided
    assert not Package(name="xx", state="absent").wants()
