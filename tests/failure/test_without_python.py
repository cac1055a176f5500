"""A host without Python is told as such, and gets one where that is asked for."""
from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.failure.desk import Desk, result
from tests.failure.reaching import MADE
from tests.lab import LabHost, rpms

pytestmark = pytest.mark.usefixtures("fresh")


@pytest.fixture
def bare(clean_host: LabHost) -> Iterator[LabHost]:
    """A host whose Python is gone, with all that stands on it."""
    clean_host.run("apt-get -q -y purge 'python3*' 'libpython3*'", timeout_s=180)
    assert clean_host.run("command -v python3", check=False).stdout == "", "the control"
    yield clean_host
    clean_host.reset()


NO_PYTHON = "there is no Python on the host"


def test_python_is_not_installed_unless_asked_for(desk: Desk, bare: LabHost) -> None:
    said = desk.apply()
    assert said.hosts() == {"h1": "unreachable"} and result(said)["message"] == NO_PYTHON, said.text
    assert "--install-python" in result(said)["mend"]
    desk.reach(h1={"install_python": True})
    planned = desk.run("plan", "--json")
    assert planned.hosts() == {"h1": "unreachable"}, "a plan writes nothing"
    assert bare.run("command -v python3", check=False).stdout == ""


@pytest.mark.parametrize("by", ["option", "inventory"])
def test_python_is_installed_when_asked_for(desk: Desk, bare: LabHost, by: str) -> None:
    desk.reach(h1={"user": "deploy", "become": True, **({"install_python": True} if by == "inventory" else {})})
    said = desk.apply(*(["--install-python"] if by == "option" else []))
    assert said.hosts() == {"h1": "changed"}, said.text
    assert [one["message"] for one in said.of("noticed", host="h1")] == [
        f"{NO_PYTHON}: python3 was installed with apt-get, as was asked for"]
    assert bare.witness().file(MADE).content_string == "hello"
    again = desk.apply("--install-python")
    assert again.hosts() == {"h1": "ok"} and not again.of("noticed"), again.text


@pytest.fixture
def foreign(clean_host: LabHost) -> Iterator[LabHost]:
    """A host whose rpm packages have a python3 that is not installed, beside an apt-get that could bring one too. dnf
    itself has a Python of its own, as on Red Hat's systems."""
    own = "/usr/libexec/dnf-python"
    rpms.stock(clean_host)
    rpms.build(clean_host, (*rpms.RPMS, rpms.Rpm("python3", link=("/usr/bin/python3", own))), f"{rpms.FOLDER}/vendor")
    clean_host.run(f"mkdir -p /usr/libexec; cp -L /usr/bin/python3 {own}; sed -i '1s,.*,#!{own},' $(readlink -f "
                   "/usr/bin/dnf); rm /usr/bin/python3* /etc/os-release")
    assert clean_host.run("command -v python3", check=False).stdout == "", "the control"
    yield clean_host
    clean_host.reset()


def test_python_comes_by_the_system_s_own_manager_whatever_else_is_there(desk: Desk, foreign: LabHost) -> None:
    for release, manager in (("ID=rocky\nID_LIKE='rhel centos fedora'", "dnf"),
                             ('ID="opensuse-leap"\nID_LIKE="suse opensuse"', "zypper")):
        foreign.run(f"cat > /etc/os-release <<'END'\n{release}\nEND\nrm -f {MADE}")
        said = desk.apply("--install-python")
        assert said.hosts() == {"h1": "changed"}, said.text
        assert [one["message"] for one in said.of("noticed", host="h1")] == [
            f"{NO_PYTHON}: python3 was installed with {manager}, as was asked for"]
        assert foreign.witness().file(MADE).content_string == "hello"
        foreign.run("rpm -e python3")


def test_run_installs_it_when_asked_for_and_then_runs(desk: Desk, bare: LabHost) -> None:
    desk.reach(h1={"user": "deploy", "become": True})
    words = ("run", "-t", "h1", "--json", "--", "python3", "-c", "print(6 * 7)")
    said = desk.run(*words)
    assert said.hosts() == {"h1": "unreachable"} and "--install-python" in result(said)["mend"], said.text
    assert bare.run("command -v python3", check=False).stdout == "", "the control"
    said = desk.run("run", "--install-python", *words[1:])
    assert said.code == 0 and said.of("resource_done", host="h1")[0]["outputs"]["stdout"] == "42", said.text
    assert [one["message"] for one in said.of("noticed", host="h1")] == [
        f"{NO_PYTHON}: python3 was installed with apt-get, as was asked for"]
    assert bare.run("command -v python3").stdout.strip() == "/usr/bin/python3"


def test_python_that_cannot_be_installed_is_explained(desk: Desk, bare: LabHost) -> None:
    desk.reach(h1={"user": "deploy"})
    said = desk.apply("--install-python")
    assert f"{NO_PYTHON}, and only root can install it, not deploy" == result(said)["message"], said.text
    bare.run("rm -rf /var/lib/apt/lists; echo deb [trusted=yes] file:/srv/nowhere ./ > /etc/apt/sources.list")
    desk.reach(h1={})
    said = desk.apply("--install-python")
    assert said.hosts() == {"h1": "unreachable"}, said.text
    assert f"{NO_PYTHON}, and it could not be installed: apt-get ended with 100: " in result(said)["message"]
    assert "nowhere" in result(said)["message"] and result(said)["mend"]
    bare.run("mv /usr/bin/apt-get /usr/bin/apt-get.away")
    said = desk.apply("--install-python")
    assert "no apt-get, dnf, zypper or apk to install it with" in result(said)["message"], said.text
