"""The packages that hosts can install without a network behave as the tests that use them will assume."""

from __future__ import annotations

import pytest

from tests.lab import Lab, LabHost
from tests.lab.recipe import REPOSITORY_PACKAGES

NOT_IN_A_LAB = {
    "auditd.service": "the kernel's audit is the machine's, not a host's",
    "fail2ban.service": "it wants sshd's log as a file, which there is only when rsyslog was first to write one",
}
"""What comes with the packages and cannot run here as it comes, and why."""

APT = "DEBIAN_FRONTEND=noninteractive apt-get -y"


@pytest.fixture(scope="module")
def h2(lab: Lab) -> LabHost:
    lab.hosts["h2"].reset()
    return lab.hosts["h2"]


def test_lists_are_up_to_date_in_the_base(h2: LabHost) -> None:
    assert "Candidate: 2.0" in h2.run("apt-cache policy holdfast-hello").stdout
    h2.run("apt-get update")


@pytest.mark.parametrize("version", ["1.0", "1.1", "2.0"])
def test_every_version_of_hello(h2: LabHost, version: str) -> None:
    h2.run(f"{APT} install holdfast-hello={version}")
    assert h2.run("holdfast-hello").stdout == f"hello {version}\n"


def test_app_brings_its_library(h2: LabHost) -> None:
    h2.run(f"{APT} install holdfast-app")
    assert h2.run("holdfast-app").stdout == "1.0\n"
    assert h2.witness().package("holdfast-lib").is_installed


def test_service_runs_after_install_and_takes_its_configuration(h2: LabHost) -> None:
    h2.run(f"{APT} install holdfast-svc=1.0")
    service = h2.witness().service("holdfast-svc")
    assert service.is_running
    assert service.is_enabled
    assert h2.run("cat /run/holdfast-svc").stdout == "hello\n"
    h2.run("echo GREETING=changed > /etc/holdfast-svc.conf; systemctl reload holdfast-svc")
    assert h2.run("cat /run/holdfast-svc").stdout == "reloaded changed\n"
    h2.run(f"{APT} -o Dpkg::Options::=--force-confold install holdfast-svc=1.1")
    assert h2.run("cat /run/holdfast-svc").stdout == "changed\n", "a changed conffile is kept, the service restarted"
    assert h2.run("cat /etc/holdfast-svc.conf.dpkg-dist").stdout == "GREETING=hello-again\n"
    h2.run(f"{APT} purge holdfast-svc")
    assert not service.is_running
    assert not (h2.rootfs / "etc/holdfast-svc.conf").exists()


def test_broken_stays_half_configured(h2: LabHost) -> None:
    assert h2.run(f"{APT} install holdfast-broken", check=False).returncode == 100
    assert h2.run("dpkg-query -W -f '${db:Status-Abbrev}' holdfast-broken").stdout == "iF "
    h2.run(f"{APT} purge holdfast-broken")


def test_slow_takes_its_time(h2: LabHost) -> None:
    h2.run("systemd-run --quiet --unit=slow apt-get -y install holdfast-slow")
    for _ in range(100):
        if "sleep" in h2.run("ps -eo comm").stdout.split():
            break
        h2.run("sleep 0.05")
    assert h2.run("dpkg-query -W -f '${db:Status-Abbrev}' holdfast-slow").stdout == "iF "
    assert h2.run(f"{APT} install holdfast-hello", check=False).returncode == 100, "the lock of dpkg is held"
    h2.run("while systemctl is-active --quiet slow; do sleep 0.1; done")
    assert h2.witness().package("holdfast-slow").is_installed


def test_real_packages_install_offline(h2: LabHost) -> None:
    done = h2.run(f"{APT} install {' '.join(REPOSITORY_PACKAGES)}", timeout_s=300)
    assert "Setting up nginx" in done.stdout
    assert h2.witness().service("nginx").is_running
    assert h2.witness().service("chrony").is_running
    assert set(h2.failed_units()) <= set(NOT_IN_A_LAB)
    assert h2.run("systemctl is-system-running", check=False).stdout in {"running\n", "degraded\n"}
    assert "nginx" in h2.run("curl -s http://localhost/").stdout
