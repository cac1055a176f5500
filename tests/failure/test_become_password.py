"""The become password and the log-in password are in no process list, environment, file or log, here and there."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.failure.desk import Desk, Running, has
from tests.lab import LabHost
from tests.lab.recipe import OPS_PASSWORD
from tests.waiting import until

HOLD = """\
    state: site
    targets: all
    resources:
      - command: hold
        argv: [sh, -c, "touch /root/held; until test -e /root/go; do sleep 0.1; done"]
        creates: /root/held
    """
# Every argument and environment of a process, and every file that somebody could have written; the search itself is
# given the word over its standard input, so that it does not find itself.
SEARCH = r"""
import glob, os, sys
word = sys.stdin.buffer.read()
for path in glob.glob("/proc/[0-9]*/cmdline") + glob.glob("/proc/[0-9]*/environ"):
    try:
        if word in open(path, "rb").read():
            print(path)
    except OSError:
        pass
for top in ("/etc", "/home", "/root", "/run", "/tmp", "/var"):
    for folder, folders, files in os.walk(top):
        for name in files:
            path = os.path.join(folder, name)
            try:
                if os.path.isfile(path) and not os.path.islink(path) and word in open(path, "rb").read():
                    print(path)
            except OSError:
                pass
"""


def found_on(host: LabHost) -> list[str]:
    return host.run(("python3", "-c", SEARCH), stdin=OPS_PASSWORD).stdout.split()


def found_here(desk: Desk, running: Running) -> list[str]:
    word = OPS_PASSWORD.encode()
    process = Path("/proc") / str(running.process.pid)
    places = [*process.glob("cmdline"), *process.glob("environ"),
              *(path for path in desk.folder.rglob("*") if path.is_file() and path.parent.name != "inventory")]
    return [str(path) for path in places if word in path.read_bytes()]


@pytest.mark.parametrize("keys", [
    {"become": {"password": OPS_PASSWORD}},
    {"key": None, "password": OPS_PASSWORD, "become": {"password": OPS_PASSWORD}},
    {"become": {"method": "doas", "password": OPS_PASSWORD}},
], ids=["become", "log-in and become", "become by doas"])
def test_password_is_nowhere(desk: Desk, clean_host: LabHost, keys: dict[str, Any]) -> None:
    clean_host.run("apt-get -q -y install opendoas; umask 077; echo permit ops > /etc/doas.conf", timeout_s=180)
    desk.reach(h1={"user": "ops", **keys})
    desk.write(HOLD)
    running = Running(desk, "-v")
    until(lambda: has(clean_host, "/root/held"))
    during = found_on(clean_host) + found_here(desk, running)
    clean_host.run("touch /root/go")
    said = running.end()
    assert said.hosts() == {"h1": "changed"}, said.text
    clean_host.run("journalctl --flush --sync -q")
    after = found_on(clean_host) + found_here(desk, running)
    assert during == [] and after == []
    assert OPS_PASSWORD not in clean_host.run("journalctl -q --no-pager -a").stdout
    assert OPS_PASSWORD not in said.text


def test_search_finds_what_is_there(clean_host: LabHost) -> None:
    """The control."""
    clean_host.run("cat > /var/lib/secret", stdin=OPS_PASSWORD)
    clean_host.run(f"PASSWORD={OPS_PASSWORD} setsid sleep 1000 >/dev/null 2>&1 </dev/null &")
    found = found_on(clean_host)
    assert "/var/lib/secret" in found and any(path.endswith("/environ") for path in found)
