"""The units that are made for systemd: what was asked for is in them, and what they cannot keep is said."""
from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from tests.trust.site import Site

ASSOCIATION = "state: a\nresources: []\n---\nassociation: keep\ndocuments: a\ntargets: all\nevery: 1h\n"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = Site(tmp_path / "our 100% site")
    made.write(ASSOCIATION)
    made.write("inventory: x\nhosts: {web1: {}}\n", "inventory/hosts.yml")
    made.write("inventory: x\nhosts: {web1: {}, here: {channel: local}}\n", "other.yml")
    return made


def test_enforcement_is_kept_as_it_was_asked_for(site: Site) -> None:
    said = site.run("-i", "inventory", "enforce", "keep", "--user", "ops", "--key", "id", "--metrics-port", "9469",
                    "--unit")
    assert said.code == 0, said.text
    lines = said.text.splitlines()
    folder = str(site.folder).replace("%", "%%")
    command, = [line for line in lines if line.startswith("ExecStart=")]
    assert command.endswith(f'/holdfast -C "{folder}" -i "{folder}/inventory" enforce keep --key "{folder}/id" '
                            "--metrics-port 9469 --user ops")
    assert f"User={pwd.getpwuid(os.getuid()).pw_name}" in lines and f"WorkingDirectory={folder}" in lines
    assert "ProtectSystem=full" in lines and f'ReadWritePaths="{folder}"' in lines
    here = site.run("-i", "other.yml", "enforce", "--unit")
    assert here.code == 0 and "ProtectSystem" not in here.text, "this machine keeps itself: nothing is closed to it"
    refused = site.run("--set", "a=b", "enforce", "--unit")
    assert refused.code == 2 and "a unit keeps no --set" in refused.text


@pytest.mark.parametrize(("words", "why"), [
    (("--allow-older",), "a timer keeps no --allow-older"),
    (("--from", "https://ada:pass-of-ada@example.org/site.tar.gz"), "a login stands in an address"),
])
def test_a_timer_that_would_not_do_what_was_asked_for_is_not_made(site: Site, words: tuple[str, ...], why: str) -> None:
    said = site.run("pull", "--from", str(site.folder), *words, "--install-timer", "30m")
    assert said.code == 2 and why in said.text and "pass-of-ada" not in said.text
    assert not Path("/etc/systemd/system/holdfast-pull.timer").exists()
