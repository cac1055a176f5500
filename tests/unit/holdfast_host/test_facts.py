"""What a host says of itself: on this machine for real, and pure readers from text."""
from __future__ import annotations

import json
import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from holdfast_host import facts, os_release

DOCS = Path(__file__).parents[3] / "docs" / "reference" / "facts.md"


def test_every_fact_is_documented_and_every_documented_fact_is_gathered():
    text = DOCS.read_text(encoding="utf-8")
    example = json.loads(re.search(r"```json\n(.*?)```", text, re.S).group(1))
    found = facts.gather()
    assert sorted(example) == sorted(found)
    for name in ("os", "user", "python"):
        assert sorted(example[name]) == sorted(found[name])
    table = " ".join(line.split("|")[1] for line in text.splitlines() if line.startswith("| `"))
    assert {name for name in found if f"`{name}" not in table} == set()


def test_facts_of_this_machine_are_what_its_own_tools_say():
    found = facts.gather()
    uname = os.uname()
    assert found["hostname"] == uname.nodename
    assert found["os"]["kernel"] == uname.release
    assert found["os"]["family"]
    assert found["cpus"] == os.cpu_count()
    assert found["memory_mb"] > 10
    assert found["python"]["version"] == "{}.{}.{}".format(*sys.version_info[:3])
    assert found["user"]["uid"] == os.geteuid()
    assert "127.0.0.1/8" in found["network"]["interfaces"]["lo"]["ipv4"]


def test_facts_are_json_and_no_program_is_started(monkeypatch):
    def never(*_, **__):
        raise AssertionError("a program was started")

    monkeypatch.setattr(os, "posix_spawn", never)
    monkeypatch.setattr(os, "fork", never)
    assert json.loads(json.dumps(facts.gather())).keys() == facts.SECTIONS.keys()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_facts_come_without_root():
    script = "import base64, hashlib, pwd, socket, struct, time; " \
             "import os; from holdfast_host import facts; os.setuid(65534); found = facts.gather(); " \
             "print(found['user']['uid'], found['os']['family'], found['network'] is None)"
    engine = os.path.dirname(os.path.dirname(facts.__file__))
    done = subprocess.run([sys.executable, "-c", script], check=True, cwd=engine,
                          env={"PYTHONPATH": engine}, capture_output=True, text=True)
    assert done.stdout.split()[0] == "65534"
    assert done.stdout.split()[2] == "False"


@pytest.mark.parametrize(("name", "data", "value"), [
    ("machine_id", b"\xff\xfe\x00bad\x1b[2J\n", "\ufffd\ufffd\ufffdbad\ufffd[2J"),
    ("machine_id", b"", None),
    ("machine_id", None, None),
    ("machine_id", b"abc\nsecond line", "abc"),
])
def test_hostile_content_is_only_data(monkeypatch, tmp_path, name, data, value):
    path = tmp_path / "fact"
    if data is not None:
        path.write_bytes(data)
    real = facts._word
    monkeypatch.setattr(facts, "_word", lambda asked: real(str(path)) if asked == "/etc/machine-id" else real(asked))
    assert facts.gather()[name] == value


def test_one_fact_that_cannot_be_read_does_not_cost_the_others(monkeypatch):
    def broken():
        raise OSError("the disk is gone")

    monkeypatch.setitem(facts.SECTIONS, "mounts", broken)
    found = facts.gather()
    assert found["mounts"] is None
    assert found["hostname"]


@pytest.mark.parametrize(("text", "key", "value"), [
    ('PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"', "PRETTY_NAME", "Debian GNU/Linux 12 (bookworm)"),
    ("ID=alpine\n", "ID", "alpine"),
    ("ID='rocky'", "ID", "rocky"),
    (r'NAME="a \"b\" \$c"', "NAME", 'a "b" $c'),
    ("# ID=no\nnot a line\n=x\nlower=x\nID=arch", "ID", "arch"),
])
def test_os_release(text, key, value):
    assert os_release.parse(text)[key] == value
    assert set(os_release.parse(text)) == {key}


@pytest.mark.parametrize(("name", "like", "found"), [
    ("debian", "", "debian"), ("ubuntu", "debian", "debian"), ("linuxmint", "ubuntu debian", "debian"),
    ("rocky", "rhel centos fedora", "redhat"), ("amzn", "fedora", "redhat"), ("alpine", "", "alpine"),
    ("opensuse-leap", "suse opensuse", "suse"), ("newname", "ubuntu", "debian"), ("plan9", "", "plan9"),
])
def test_family(name, like, found):
    assert os_release.family(name, like) == found


def test_address_messages_of_the_kernel():
    def attribute(kind, data):
        return struct.pack("=HH", 4 + len(data), kind) + data + b"\0" * (-len(data) % 4)

    head = struct.pack("=BBBBI", 2, 24, 0, 0, 1)
    peer, own = bytes([192, 0, 2, 1]), bytes([192, 0, 2, 7])
    assert facts.parse_address(head + attribute(1, peer) + attribute(2, own)) == [("lo", 4, "192.0.2.7/24", True)]
    assert facts.parse_address(head + attribute(1, peer)) == [("lo", 4, "192.0.2.1/24", True)]
    assert facts.parse_address(head + attribute(3, b"lo\0")) == []
    assert facts.parse_address(head + b"\0\0\0\0") == []
