"""Alpine's packages, as far as they can be held to without Alpine: a double stands for apk, and answers with what apk
2.14 was seen to answer. Debian has no apk, so that no test runs the real one."""
from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_host import Failed, Refused, process, provider_apk
from holdfast_host.packages import Installed, Offer, Step
from modules.package import Package
from modules.package_hold import PackageHold

APK = provider_apk.PROVIDER
IN_ORDER = ("0.9", "1.0_alpha", "1.0_alpha2", "1.0_rc1", "1.0_rc1_p2", "1.0", "1.0-r0", "1.0-r1", "1.0_git20240101",
            "1.0_p1", "1.0_p1-r3", "1.0a_rc1", "1.0a", "1.0b", "1.0.0", "1.0.1", "1.01", "1.1", "1.9", "2")
DATABASE = """\
C:Q17mnhc5frJw0XhvZQ3WDwVB8GAj8=
P:lab-app
V:1.0-r0
A:x86_64
D:lab-lib
F:etc
R:lab-app.conf
Z:Q1kYJXWSJx0u+Sp+63KpP++M31o3s=

C:Q1EnhIRt688xt9ooPykhdO2YrFwd8=
P:lab-hello
V:1.1-r0
T:its text speaks of P:lab-other
A:x86_64

"""
POLICY = """\
lab-hello policy:
  1.0-r0:
    /srv/apks
  1.1-r0:
    lib/apk/db/installed
    https://dl-cdn.alpinelinux.org/alpine/v3.20/main
  2.0-r0:
    @edge https://dl-cdn.alpinelinux.org/alpine/edge/main
own policy:
  1.0-r0:
    lib/apk/db/installed
"""


class Double:
    """Stands for apk: an answer for the first words that it is given, and what it was asked."""

    def __init__(self, **answers: tuple[int, str, str]) -> None:
        self.answers, self.asked = answers, []

    def run(self, argv: Sequence[str], **_: Any) -> process.Finished:
        words = [word for word in argv[1:] if not word.startswith("--") and not word.isdecimal()]
        self.asked.append(list(argv))
        return process.Finished(argv, *self.answers.get(words[0], (0, "", "")))


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "installed").write_text(DATABASE)
    (tmp_path / "world").write_text("lab-app\nlab-hello=1.1-r0\nother@edge=2-r0\nmore>1\n!never\n")
    (tmp_path / "repositories").write_text("# a remark\n\n/srv/apks\n@own /srv/own\n")
    monkeypatch.setattr(provider_apk, "DATABASES", (str(tmp_path / "none"), str(tmp_path / "installed")))
    monkeypatch.setattr(provider_apk, "WORLD", str(tmp_path / "world"))
    monkeypatch.setattr(provider_apk, "REPOSITORIES", str(tmp_path / "repositories"))
    monkeypatch.setattr(provider_apk, "CACHES", (str(tmp_path / "cache"),))
    return tmp_path


def test_versions_are_in_apk_s_own_order() -> None:
    """As `apk version -t` has it."""
    for number, one in enumerate(IN_ORDER):
        assert provider_apk.compare(one, one) == 0
        for later in IN_ORDER[number + 1:]:
            assert (provider_apk.compare(one, later), provider_apk.compare(later, one)) == (-1, 1), (one, later)


@pytest.mark.usefixtures("host")
def test_what_is_installed_and_held_is_read_from_its_files() -> None:
    assert APK.installed(["lab-app", "lab-hello", "lab-other", "lab"]) == {
        "lab-app": Installed("1.0-r0"), "lab-hello": Installed("1.1-r0", held=True)}


def test_what_is_on_offer_is_read(host: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    double = Double(policy=(0, POLICY, ""), search=(0, "lab-tool\n", ""))
    monkeypatch.setattr(process, "run", double.run)
    assert APK.offered(["lab-hello", "own", "lab-toolbox"]) == {
        "lab-hello": Offer("1.1-r0", ("2.0-r0", "1.1-r0", "1.0-r0")), "own": Offer(providers=("lab-tool",)),
        "lab-toolbox": Offer(providers=("lab-tool",))}
    assert all("--cache-max-age" in argv for argv in double.asked), "to look fetches nothing"
    assert APK.lists_age_s() == 0.0
    (host / "repositories").write_text("/srv/apks\nhttps://dl-cdn.alpinelinux.org/alpine/v3.20/main\n")
    assert APK.lists_age_s() is None
    (host / "cache").mkdir()
    (host / "cache" / "APKINDEX.0123.tar.gz").write_bytes(b"")
    age = APK.lists_age_s()
    assert age is not None and age < 3600


@given(st.text(max_size=300))
def test_any_answer_is_read(text: str) -> None:
    provider_apk.parse_policy(text)
    provider_apk.pins(text)
    provider_apk.compare(text, "1.0")


def test_what_goes_along_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    said = "(1/2) Purging lab-app (1.0-r0)\n(2/2) Purging lab-lib (1.0-r0)\nOK: 0 MiB in 1 packages\n"
    double = Double(**{"del": (0, said, "")})
    monkeypatch.setattr(process, "run", double.run)
    assert APK.would_remove([Step("lab-lib", "apk", removes=True)]) == ["lab-app", "lab-lib"]
    assert "--simulate" in double.asked[0] and "--rdepends" in double.asked[0]


def test_an_exact_version_does_not_stay_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    double = Double()
    monkeypatch.setattr(process, "run", double.run)
    APK.carry_out([Step("aa", "apk", removes=True, purge=True), Step("bb", "apk", "1.0-r0")], 5)
    assert [argv[2:] for argv in double.asked] == [
        ["--wait", "5", "del", "--rdepends", "--purge", "--", "aa"], ["--wait", "5", "add", "--", "bb=1.0-r0"],
        ["--wait", "5", "add", "--", "bb"]]


def test_its_lock_and_its_errors_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    locked = (99, "", "Waiting for repository lock\nERROR: Unable to lock database: Interrupted system call\n")
    monkeypatch.setattr(process, "run", Double(add=locked).run)
    with pytest.raises(Failed, match="apk's lock was not free within 1 s"):
        APK.carry_out([Step("bb", "apk", "1.0-r0")], 1)
    breaks = (1, "", "ERROR: unable to select packages:\n  lab-hello-1.1-r0:\n    breaks: lab-rival-1.0-r0\n")
    monkeypatch.setattr(process, "run", Double(add=breaks).run)
    with pytest.raises(Failed, match="apk add ended with 1") as failed:
        APK.carry_out([Step("bb", "apk", "1.0-r0")], 1)
    assert "breaks: lab-rival" in failed.value.output


@pytest.mark.parametrize(("arguments", "argument"), [
    ({"recommends": False}, "recommends"), ({"name": "musl:x86_64"}, "name")])
def test_what_apk_does_not_know_is_refused(arguments: dict[str, Any], argument: str) -> None:
    with pytest.raises(Refused) as refused:
        Package(**{"name": "nginx", "provider": "apk", **arguments})
    assert refused.value.argument == argument and refused.value.mend
    assert Package(name="nginx", provider="apk") and PackageHold(name="nginx", provider="apk"), "the control"
