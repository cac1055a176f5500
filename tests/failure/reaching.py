"""What the tests of reaching hosts look at: what a run made there, and what sshd says of it."""
from __future__ import annotations

from tests.failure.desk import Desk
from tests.lab import LabHost

MADE = "/etc/motd.site"


def log_of_sshd(host: LabHost) -> str:
    return host.run("journalctl --sync; cp /run/seen /run/now; "
                    "journalctl -q --no-pager --cursor-file=/run/now -t sshd -t sshd-session -o cat").stdout


def is_changed(desk: Desk, host: LabHost) -> None:
    said = desk.apply()
    assert said.hosts() == {host.name: "changed"}, said.text
    assert host.witness().file(MADE).content_string == "hello"
