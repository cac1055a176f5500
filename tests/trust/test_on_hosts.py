"""Holdfast installed on hosts themselves, as its user installs it: one pulls by its timer, and keeps another by its
service; both survive a reboot."""
from __future__ import annotations

import json
import os
import shutil
import subprocess
import textwrap
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests import wheels
from tests.lab import Lab
from tests.lab.host import LabHost
from tests.waiting import until

HOLDFAST = "/opt/holdfast/bin/holdfast"
GIT = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "a",
       "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}


def install(host: LabHost, wheel: Path) -> None:
    """From a folder of wheels."""
    where = host.rootfs / "opt/wheels"
    shutil.copytree(wheels.needed(), where)
    shutil.copy(wheel, where)
    pip, = where.glob("pip-*.whl")
    host.run(f"python3 -m venv --without-pip /opt/holdfast && /opt/holdfast/bin/python /opt/wheels/{pip.name}/pip "
             "install -q --no-index --find-links /opt/wheels --no-compile holdfast", timeout_s=180)


class Site:
    """The project that h1 pulls, in a repository on h1 itself."""

    def __init__(self, folder: Path, host: LabHost) -> None:
        self.folder, self.host, self.bare = folder / "site", host, host.rootfs / "srv/site.git"
        for name in ("key", "stranger"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
        (self.folder / "playbooks").mkdir(parents=True)
        (self.folder / "inventory").mkdir()
        (self.folder / "inventory" / "hosts.yml").write_text("inventory: site\nhosts: {h1: {}, h2: {}}\n")
        self.git("init", "-q", "-b", "main")

    def git(self, *words: str, key: str = "key") -> None:
        subprocess.run(["git", "-C", self.folder, "-c", "gpg.format=ssh", "-c",
                        f"user.signingKey={self.folder.with_name(key)}", *words], env=GIT, check=True)

    def push(self, motd: str, key: str = "key") -> None:
        """Commits that this is to be in /etc/motd, and lets h1 have it."""
        (self.folder / "playbooks" / "site.yml").write_text(
            f"state: site\ntargets: h1\nresources:\n  - file: /etc/motd\n    content: \"{motd}\\n\"\n")
        self.git("add", "-A")
        self.git("commit", "-q", "-S", "-m", motd, key=key)
        fresh = self.bare.with_name("fresh.git")
        self.git("clone", "-q", "--bare", str(self.folder), str(fresh))
        shutil.rmtree(self.bare, ignore_errors=True)
        fresh.rename(self.bare)


def shown(host: LabHost, unit: str, name: str) -> str:
    """A property of a unit."""
    return host.run(("systemctl", "show", "--value", "-p", name, unit)).stdout.strip()


def journal(host: LabHost, unit: str) -> str:
    return host.run(("journalctl", "-u", unit, "-o", "cat", "--no-pager")).stdout


def motd(host: LabHost) -> str:
    return host.run("cat /etc/motd").stdout.strip()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wheels.build(tmp_path_factory.mktemp("wheel"))


def test_a_host_pulls_by_its_timer_and_keeps_another_by_its_service(
        tmp_path: Path, wheel: Path, lab: Lab, clean_hosts: Mapping[str, LabHost]) -> None:
    h1, h2 = clean_hosts["h1"], clean_hosts["h2"]
    install(h1, wheel)
    h1.run("DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends git", timeout_s=120)
    site = Site(tmp_path, h1)
    site.push("one")
    home, known = h1.rootfs / "root/.ssh", lab.known_hosts.read_text()
    shutil.copy(lab.key, home / "id_ed25519")  # lets root in on all hosts of the lab
    (home / "id_ed25519").chmod(0o600)
    (h1.rootfs / "etc/holdfast").mkdir()
    (h1.rootfs / "etc/holdfast/trusted_keys").write_text(f"ops {(tmp_path / 'key.pub').read_text()}")
    source = f"git+ssh://root@{h1.address}/srv/site.git#main"
    words = f"{HOLDFAST} pull --from {source} --report /var/log/holdfast.json"
    refused = h1.run(words, check=False)
    assert refused.returncode == 2 and "Host key verification failed" in refused.stderr, refused.stderr
    (home / "known_hosts").write_text(known)

    pulls(h1, site, words)
    keeps(tmp_path, h1, h2)

    h2.run("echo mine > /etc/motd")  # while nobody looks
    h1.run("echo mine > /etc/motd")
    h1.stop()
    h1.start()
    until(lambda: motd(h2) == "kept")
    until(lambda: motd(h1) == "two")
    assert shown(h1, "holdfast-pull.service", "Result") == "success"
    h1.run("systemctl stop holdfast-enforce.service")
    assert (shown(h1, "holdfast-enforce.service", "ExecMainStatus"), h1.failed_units()) == ("0", [])


def pulls(h1: LabHost, site: Site, words: str) -> None:
    """h1 does, by the timer that was installed."""
    made = h1.run(f"{words} --install-timer 30m --splay 20m")
    assert made.stdout.splitlines() == [f"made /etc/systemd/system/holdfast-pull.{kind}"
                                        for kind in ("service", "timer")]
    h1.run("systemd-analyze verify /etc/systemd/system/holdfast-pull.*")
    assert (shown(h1, "holdfast-pull.timer", "ActiveState"), shown(h1, "holdfast-pull.timer", "UnitFileState"),
            shown(h1, "holdfast-pull.timer", "RandomizedDelayUSec")) == ("active", "enabled", "20min")
    soon = "[Timer]\nOnBootSec=1s\nRandomizedDelaySec=1s\n"  # what a test has no time for; the rest is as shipped
    h1.run(f"mkdir /etc/systemd/system/holdfast-pull.timer.d && printf '{soon}' > "
           "/etc/systemd/system/holdfast-pull.timer.d/soon.conf && systemctl daemon-reload && "
           "systemctl restart holdfast-pull.timer")
    until(lambda: motd(h1) == "one")
    until(lambda: shown(h1, "holdfast-pull.service", "ActiveState") == "inactive")
    assert shown(h1, "holdfast-pull.service", "Result") == "success"
    assert "signed by ops" in journal(h1, "holdfast-pull.service"), journal(h1, "holdfast-pull.service")
    report = json.loads(h1.run("cat /var/log/holdfast.json").stdout)
    assert (report["host"], report["status"], report["signer"]) == ("h1", "changed", "ops")
    until(lambda: shown(h1, "holdfast-pull.timer", "NextElapseUSecMonotonic") not in ("", "infinity"))

    site.push("by a stranger", key="stranger")
    h1.run("systemctl start holdfast-pull.service", check=False)
    assert (shown(h1, "holdfast-pull.service", "Result"), shown(h1, "holdfast-pull.service", "ExecMainStatus"),
            motd(h1)) == ("exit-code", "2", "one")
    assert "is not by a key in /etc/holdfast/trusted_keys" in journal(h1, "holdfast-pull.service")
    site.git("reset", "-q", "--hard", "HEAD~1")
    site.push("two")
    h1.run("systemctl start holdfast-pull.service")
    assert motd(h1) == "two" and h1.failed_units() == []


def keeps(folder: Path, h1: LabHost, h2: LabHost) -> None:
    """h1 does keep h2, by the service that was installed."""
    fleet = h1.rootfs / "srv/fleet"
    (fleet / "inventory").mkdir(parents=True)
    (fleet / "playbooks").mkdir()
    (fleet / "inventory" / "hosts.yml").write_text(
        f"inventory: fleet\nhosts:\n  h2: {{address: {h2.address}, user: root}}\n")
    (fleet / "playbooks" / "kept.yml").write_text(textwrap.dedent("""\
        state: base
        targets: all
        resources:
          - file: /etc/motd
            content: "kept\\n"
        ---
        association: keep
        documents: base
        every: 2s
        damping: {repairs: 99}
        hooks:
          - command: sh -c 'echo "$HOLDFAST_EVENT $SAID" >> told'
        """))
    (h1.rootfs / "etc/holdfast/environment").write_text("SAID=by-the-service\n")
    h1.run(f"cd /srv/fleet && {HOLDFAST} enforce --unit > /etc/systemd/system/holdfast-enforce.service && "
           "systemd-analyze verify /etc/systemd/system/holdfast-enforce.service && systemctl daemon-reload && "
           "systemctl enable --now holdfast-enforce.service")
    until(lambda: motd(h2) == "kept")
    killed = int(shown(h1, "holdfast-enforce.service", "MainPID"))
    h1.run(f"kill -9 {killed}")
    h2.run("echo mine > /etc/motd")
    until(lambda: motd(h2) == "kept")
    assert shown(h1, "holdfast-enforce.service", "NRestarts") == "1"
    assert int(shown(h1, "holdfast-enforce.service", "MainPID")) != killed
    until(lambda: h1.run("cat /srv/fleet/told", check=False).stdout.splitlines() == [
        "drift by-the-service", "healed by-the-service"])
    assert "h2" in journal(h1, "holdfast-enforce.service")
    assert shown(h1, "holdfast-enforce.service", "ProtectSystem") == "full"
