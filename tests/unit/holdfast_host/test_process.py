"""What a type can rely on when it starts a program: real programs, no mocks."""
from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from holdfast_host import Failed, TimedOut, process
from tests.waiting import until

IS_ROOT = os.geteuid() == 0


@pytest.fixture(params=["spawned", "forked"])
def cwd(request, tmp_path, monkeypatch):
    """Both ways to start: where the runner stands, and in a directory of its own."""
    monkeypatch.chdir("/")
    return None if request.param == "spawned" else str(tmp_path)


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stream:
            return stream.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def open_files():
    return set(os.listdir("/proc/self/fd"))


def children():
    """All that this process has started and not waited for, zombies too: by number and start time."""
    found = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat") as stream:
                fields = stream.read().rsplit(")", 1)[1].split()
        except OSError:  # ended since
            continue
        if int(fields[1]) == os.getpid():
            found.add((pid, fields[19]))
    return found


@pytest.mark.parametrize(("script", "code", "stdout", "stderr"), [
    ("echo out; echo err >&2", 0, "out\n", "err\n"),
    ("exit 7", 7, "", ""),
    ("kill -9 $$", -9, "", ""),
    ("printf 'a\\377b'", 0, "a\udcffb", ""),
    ("pwd", 0, None, ""),
])
def test_ending_and_both_outputs_are_reported(cwd, script, code, stdout, stderr):
    done = process.run(["sh", "-c", script], cwd=cwd)
    assert (done.code, done.stderr) == (code, stderr)
    assert done.stdout == ((cwd or "/") + "\n" if stdout is None else stdout)


@pytest.mark.parametrize(("code", "message"), [(3, "greeting: `sh -c x` ended with 3"),
                                           (-9, "greeting: `sh -c x` was killed by SIGKILL"),
                                           (-64, "SIGRTMAX")])
def test_failure_says_how_it_ended_and_what_it_printed(code, message):
    with pytest.raises(Failed, match=message) as caught:
        process.Finished(["sh", "-c", "x"], code, "some", "bad luck\n").must("greeting")
    assert caught.value.output == "bad luck"
    process.Finished(["sh"], 0, "", "only a warning").must("greeting")  # the control


@pytest.mark.parametrize(("argv", "more", "message"), [
    (["/no/such/program"], {}, "cannot start /no/such/program: No such file or directory"),
    (["no-such-program"], {}, "cannot start no-such-program: No such file or directory"),
    (["/etc/passwd"], {}, "cannot start /etc/passwd: Permission denied"),
    (["true"], {"cwd": "/no/such/folder"}, "cannot start true: /no/such/folder: No such file or directory"),
    (["true"], {"user": "nobody-here"}, "no user nobody-here"),
])
def test_what_cannot_start_says_why(argv, more, message):
    with pytest.raises(Failed, match=message):
        process.run(argv, **more)


def test_program_that_cannot_start_leaves_nothing_open(cwd):
    before = open_files(), children()  # what other tests of this process left is not ours
    with pytest.raises(Failed):
        process.run(["/no/such/program"], cwd=cwd, stdin=b"x")
    process.run(["cat"], cwd=cwd, stdin=b"x")
    assert open_files() <= before[0]
    assert children() <= before[1]
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE):  # the control
        assert open_files() - before[0]
        assert children() - before[1]


def test_input_of_any_size_arrives_while_output_flows(cwd):
    data = b"0123456789abcde\n" * 20000  # larger than any pipe, both ways
    done = process.run(["cat"], stdin=data, cwd=cwd)
    assert done.stdout.encode() == data


def test_program_that_does_not_read_its_input_is_no_failure(cwd):
    assert process.run(["true"], stdin=b"x" * 1000000, cwd=cwd).code == 0


def test_without_input_there_is_an_end_of_file_at_once(cwd):
    assert process.run(["cat"], cwd=cwd).stdout == ""


def test_whole_group_is_killed_when_time_is_up(cwd, tmp_path):
    pids = tmp_path / "pids"
    script = f"trap '' TERM; sleep 300 & echo $! $$ > {pids}; wait; sleep 300"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process, "GRACE_S", 0.2)
        with pytest.raises(TimedOut, match=r"did not end within 0\.5 s"):
            process.run(["sh", "-c", script], timeout_s=0.5, cwd=cwd)
    found = [int(word) for word in pids.read_text().split()]
    assert len(found) == 2
    until(lambda: not any(map(alive, found)))


def test_whole_group_is_killed_when_somebody_says_stop(cwd, tmp_path):
    pids = tmp_path / "pids"

    class Stop(BaseException):
        pass

    def stop(stream, data):
        raise Stop

    with pytest.raises(Stop), process.Listening(stop):
        process.run(["sh", "-c", f"sleep 300 & echo $! $$ > {pids}; echo go; wait"], cwd=cwd)
    until(lambda: not any(alive(int(word)) for word in pids.read_text().split()))


@pytest.mark.parametrize("holding", ["sleep 300", "while :; do echo noise; sleep 0.01; done"])
def test_daemon_left_behind_does_not_hang_it_and_stays(cwd, tmp_path, holding):
    pid = tmp_path / "pid"
    script = f"setsid sh -c '{holding}' & echo $! > {pid}; echo started"
    done = process.run(["sh", "-c", script], timeout_s=60, cwd=cwd)
    assert done.code == 0
    assert done.stdout.startswith("started\n") or "noise" in done.stdout
    left = int(pid.read_text())
    assert alive(left)
    os.kill(left, signal.SIGKILL)


def test_output_is_bounded_and_keeps_both_ends():
    script = "print('first'); [print('x' * 99) for _ in range(50000)]; print('last')"
    done = process.run([sys.executable, "-c", script])
    assert len(done.stdout) < process.OUTPUT_LIMIT + 100
    assert done.stdout.startswith("first\n")
    assert done.stdout.endswith("last\n")
    left_out = int(done.stdout.split("[... ")[1].split(" bytes")[0])
    assert left_out + process.OUTPUT_LIMIT == len("first\nlast\n") + 50000 * 100
    assert "left out" not in process.run([sys.executable, "-c", "print('x' * 1000000)"]).stdout  # the control


def test_live_output_comes_while_the_program_runs(cwd, tmp_path):
    gate = tmp_path / "gate"
    seen = []

    def hear(stream, data):
        seen.append((stream, data))
        gate.touch()  # the program ends only because its output was handed on before its end

    script = f"echo a; while [ ! -e {gate} ]; do sleep 0.01; done; echo b >&2"
    with process.Listening(hear):
        process.run(["sh", "-c", script], cwd=cwd, timeout_s=60)
    process.run(["echo", "not heard"])
    assert seen == [("stdout", b"a\n"), ("stderr", b"b\n")]


def test_what_is_quoted_of_an_output_begins_with_a_whole_line():
    texts = ("a\nhunter2\n1234567", "abcdefghij\nx", "x" * 20)
    said = [process.Finished(["x"], 1, "", text).said(10) for text in texts]
    assert said == ["1234567", "x", "x" * 10]
    assert process.Finished(["x"], 1, "", "secret\n123456789\n").said(9) == "123456789"


def test_environment_is_plain_and_can_be_added_to(cwd, monkeypatch):
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt")
    done = process.run(["env"], env={"GREETING": "hello"}, cwd=cwd).stdout.splitlines()
    assert {"LANG=C.UTF-8", "GREETING=hello", "DEBIAN_FRONTEND=noninteractive"} <= set(done)
    assert not [line for line in done if line.startswith("LD_LIBRARY_PATH")]


def test_program_is_found_in_its_own_path_not_the_runners(cwd, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    tool = tmp_path / "tool"
    tool.write_text("#!/bin/sh\necho found\n")
    tool.chmod(0o755)
    assert process.run(["sh", "-c", "true"], cwd=cwd).code == 0
    with pytest.raises(Failed, match="cannot start tool"):
        process.run(["tool"], cwd=cwd)
    assert process.run(["tool"], cwd=cwd, env={"PATH": str(tmp_path)}).stdout == "found\n"


def test_a_broken_pipe_ends_a_program_as_in_a_shell(cwd):
    done = process.run(["sh", "-c", "(yes; echo $? >&2) | head -1"], cwd=cwd)
    assert "rror" not in done.stderr  # with SIGPIPE ignored, as Python has it, `yes` would complain


def test_program_has_no_files_of_the_runner(cwd):
    with open("/etc/passwd"):
        assert "/etc/passwd" in process.run(["ls", "-l", f"/proc/{os.getpid()}/fd"]).stdout  # the control
        assert "/etc/passwd" not in process.run(["ls", "-l", "/proc/self/fd"], cwd=cwd).stdout


@pytest.mark.skipif(not IS_ROOT, reason="only root may become somebody else")
def test_as_another_user_with_its_groups_and_home(cwd):
    done = process.run(["sh", "-c", 'id -u; id -G; echo "$USER $HOME"'], user="daemon", cwd="/")
    number = process.run(["id", "-u", "daemon"]).stdout
    groups = process.run(["id", "-G", "daemon"]).stdout
    assert done.stdout == number + groups + "daemon /usr/sbin\n"
    with pytest.raises(Failed, match="Permission denied"):
        process.run(["/root/secret-tool"], user="daemon")


@pytest.mark.skipif(not IS_ROOT, reason="only root may become somebody else")
def test_nobody_but_root_can_become_another_user():
    os.seteuid(1)
    try:
        with pytest.raises(Failed, match="only root can start a program as root"):
            process.run(["true"], user="root")
    finally:
        os.seteuid(0)
