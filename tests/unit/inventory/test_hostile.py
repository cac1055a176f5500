"""Inventories that nobody wrote in good faith: they are refused, in time, with a place and a mend."""
import os
import random
import signal
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.inventory.hostpattern import MOST_HOSTS
from holdfast.inventory.sources import load
from holdfast.problems import Problems

LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True))
NOISE = random.Random(7).randbytes(20_000)  # the same at each run


@pytest.fixture(autouse=True)
def not_for_ever():
    """A reader that hangs fails here; no result depends on how fast one is."""
    def late(*_):
        raise AssertionError("it hangs")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(300)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def refused(sources, **more):
    with pytest.raises(Problems) as caught:
        load(sources, **more)
    assert all(problem.place and problem.mend for problem in caught.value.problems)
    return caught.value.problems


@pytest.mark.parametrize(("name", "data", "line", "says"), [
    ("h.yml", b"a: " + b"[" * 100_000, 1, "nesting"), ("h.yml", b'{"a":' * 60, 1, "in one another"),
    ("h.yml", LAUGHS.encode(), 6, "aliases"), ("h.yml", b"all:\n  hosts:\n    a\0b:\n", 3, "U+0000"),
    ("h", b"[web]\nh\xfc\n", 2, "not UTF-8"), ("h.yml", b"a: \xff", 1, "not UTF-8"), ("h", NOISE, None, ""),
    ("h", b"web[0:99999999]\n", 1, "hosts"), ("h", b"a\nz[0:999][0:999]\n", 2, "more than"),
    ("h", b"a\nz[x:5]\n", 2, "no range"), ("h", b"a[0:99999]\nb[0:99999]\nc\n", 3, "more than"),
    ("h", b"a x=0x" + b"f" * 10_000, 1, "longer than"), ("h", b"a\nb\x1bc\n", 2, "control character"),
    ("h.yml", b"all: {hosts: {a: {x: 0x" + b"f" * 10_000 + b"}}}", 1, "longer than"),
    ("h.yml", b"all: {hosts: {a: {x: " + b"9" * 10_000 + b"}}}", 1, "no int"),
    ("h", b"[a:children]\nb\n[b:children]\na\n", 4, "hold each other"), ("h", b"[a:children]\na\n", 2, "hold itself"),
    ("h.toml", b"[a]\nhosts = 1\n", 0, "`hosts`"), ("h.toml", b"a = " + b"[" * 10_000, 0, "TOML"),
    ("h.yml", b"inventory: x\nhosts: {a: {port: 99999999999}}\n", 2, "no port"),
    ("h.yml", b"plugin: aws_ec2\n", 1, "plugin"), ("h.config", b"a: 1\nplugin: constructed\n", 2, "plugin"),
    ("h.yml", b"$ANSIBLE_VAULT;1.1;AES256\n66\n", 1, "ansible-vault"),
])
def test_file_is_refused_where_the_fault_is(tmp_path, name, data, line, says):
    path = tmp_path / name
    path.write_bytes(data)
    problem = refused([path])[0]
    assert problem.place.file == str(path)
    assert line is None or problem.place.line == line
    assert says in problem.what


@pytest.mark.parametrize(("name", "text", "says", "mend"), [
    ("site.yml", "---\n- hosts: web\n  tasks:\n    - ping:\n", "a list, as a playbook is", "move it out"),
    ("ec2.py", "#!/usr/bin/python3\nimport json\nprint(json.dumps({}))\n", "not executable", "`chmod +x ec2.py`"),
    ("hosts.sample", "all:\n  hosts:\n    a:\n", "this is YAML", ".yml"),
])
def test_file_that_is_no_inventory_is_one_fault_and_not_one_a_line(tmp_path, name, text, says, mend):
    (tmp_path / name).write_text(text)
    (problem,) = refused([tmp_path])
    assert says in problem.what
    assert mend in problem.mend
    (tmp_path / name).write_text("#! of these\nweb1\n- a=1\n")  # the control: an INI file, whatever its name
    assert load([tmp_path]).hosts.keys() == {"web1", "-"}


def test_file_without_end_is_refused(tmp_path):
    with open(tmp_path / "huge", "wb") as file:
        file.truncate(2**40)
    assert "larger than" in refused([tmp_path / "huge"])[0].what
    assert "larger than" in refused(["/dev/zero"])[0].what


@pytest.mark.parametrize(("body", "says"), [
    ("exec yes", "answers with more than"), ("exec sleep 1000", "did not answer within 1 s"),
    ("sleep 1000 & echo {}", "did not answer within 1 s"), ("exec >&-; exec sleep 1000", "did not answer within 1 s"),
    ("echo no such cloud >&2; exit 3", "exit code 3"),
    ("kill -9 $$", "ended by signal 9"), ("echo hello", "does not answer with JSON"), ("echo []", "no object"),
    ("head -c 200000 /dev/zero | tr '\\0' '['", "nested too deep"), ("printf '\\377'", "not UTF-8"),
    ("echo '{\"a\": {\"hosts\": \"x\"}}'", "is no list"), ("echo '{\"a\": {\"hosts\": [1]}}'", "not text"),
    ("echo '{\"a\": {\"hosts\": [\"x\\ny\"]}}'", "control character"), ("echo '{\"_meta\": 5}'", "`_meta.hostvars`"),
    ("echo '{\"a\": {\"children\": [\"b\"]}, \"b\": {\"children\": [\"a\"]}}'", "hold each other"),
    ("echo '{\"a\": {\"hosts\": [\"h\"], \"vars\": {\"x\": '" + "9" * 5000 + "'}}}'", "digits"),
])
def test_program_is_refused(tmp_path, body, says):
    path = tmp_path / "inventory.sh"
    path.write_text(f"#!/bin/sh\n{body}\n", "utf-8")
    path.chmod(0o755)
    problem = refused([path], script_s=1.0)[0]
    assert problem.place.file == str(path)
    assert says in problem.what


def test_program_that_is_ended_leaves_nothing_behind(tmp_path):
    path = tmp_path / "inventory.sh"
    path.write_text(f"#!/bin/sh\nsleep 1000 &\necho $! > {tmp_path}/pid\nwait\n", "utf-8")
    path.chmod(0o755)
    refused([path], script_s=2.0)
    child = Path("/proc", (tmp_path / "pid").read_text().strip())
    until = time.monotonic() + 10
    while child.exists() and "(sleep) Z" not in (child / "stat").read_text():
        assert time.monotonic() < until, "it lives"  # it was killed, and ends when the machine comes to it
        time.sleep(0.01)


def test_what_has_left_the_program_is_not_waited_for(tmp_path):
    path = tmp_path / "inventory.sh"
    path.write_text(f"#!/bin/sh\nsetsid sleep 1000 &\necho $! > {tmp_path}/pid\necho '{{}}'\n", "utf-8")
    path.chmod(0o755)
    assert "did not answer" in refused([path], script_s=2.0)[0].what
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)  # it is still there


@pytest.mark.parametrize("kind", ["sources", "group_vars", "host_vars"])
def test_pipes_and_folders_in_themselves_are_refused_not_followed(tmp_path, kind):
    (tmp_path / "hosts").write_text("h\n")
    folder = {"sources": tmp_path, "group_vars": tmp_path / "group_vars" / "all",
              "host_vars": tmp_path / "host_vars" / "h"}[kind]
    folder.mkdir(parents=True, exist_ok=True)
    os.symlink(".", folder / "one")
    os.symlink(".", folder / "two")
    assert [problem.what for problem in refused([tmp_path])] == ["this folder holds itself"] * 2
    (folder / "one").unlink()
    (folder / "two").unlink()
    assert load([tmp_path]).hosts.keys() == {"h"}
    if kind == "sources":
        os.mkfifo(folder / "pipe")
    else:
        folder.rmdir()
        os.mkfifo(folder)
    assert "no file" in refused([tmp_path])[0].what.replace("neither a file", "no file")


def test_most_hosts_are_still_read(tmp_path):
    (tmp_path / "h").write_text(f"w[1:{MOST_HOSTS // 10}]\n")
    assert len(load([tmp_path / "h"]).hosts) == MOST_HOSTS // 10


WORDS = st.sampled_from([
    "[web]", "[web:vars]", "[web:children]", "a", "a[1:3]", "a=1", "a:22", "x=[1", "'x", '"', "[", "]", "#", ";", "=",
    "---", "all:", "hosts:", "vars:", "{a:", "-", "&a", "*a", "<<:", "!x", "!unsafe", "?", "|", ">", "%", "@", "`",
    "inventory:", "groups:", "tags:", "[::1]:x", "\\", "\t", "\u2028", "\ud800", "\x00", "\u00a0"])


@settings(max_examples=400, deadline=None)
@given(st.lists(st.lists(WORDS | st.text(max_size=4), max_size=4).map(" ".join), max_size=8).map("\n".join),
       st.sampled_from(["h", "h.yml", "h.toml", "h.json", "h.ini"]))
def test_any_text_gives_an_inventory_or_problems_with_places(tmp_path_factory, text, name):
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    problems = None
    try:
        load([path])
    except Problems as caught:
        problems = caught.problems
    assert problems is None or problems
    assert all(problem.place and problem.place.file == str(path) for problem in problems or ())
