"""What is counted as written by a runner, on logs of system calls."""
from __future__ import annotations

from pathlib import Path

from tests.generated.trace import runners, writes

RUNNER = 'execve("/usr/bin/python3", ["/usr/bin/python3", "-I", "-S", "-c", "..."], 0x1) = 0'
WRITE = 'openat(AT_FDCWD</>, "/srv/x", O_WRONLY|O_CREAT|O_TRUNC, 0666) = 3</srv/x>'


def test_children_of_a_runner_belong_to_it_and_a_number_that_is_given_again_does_not(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(f"1 clone(child_stack=NULL) = 7\n7 {WRITE}\n7 {RUNNER}\n7 {WRITE}\n"
                   f"7 clone(child_stack=NULL <unfinished ...>\n8 {WRITE}\n7 <... clone resumed>) = 8\n8 {WRITE}\n"
                   "8 +++ exited with 0 +++\n7 +++ killed by SIGKILL +++\n"
                   f"8 {WRITE}\n1 clone(child_stack=NULL) = 8\n8 {WRITE}\n"
                   f"1 clone(child_stack=NULL <unfinished ...>\n7 {WRITE}\n1 <... clone resumed>) = 7\n7 {WRITE}\n")
    assert runners(log) == 1
    assert writes(log) == [WRITE] * 3, "the runner's own, and its child's, also before it was said whose child it is"


def test_child_that_ends_before_its_parent_is_told_of_it_lends_its_number_to_nobody(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(f"1 clone(child_stack=NULL) = 7\n7 {RUNNER}\n7 vfork( <unfinished ...>\n8 {WRITE}\n"
                   "8 +++ exited with 0 +++\n7 <... vfork resumed>) = 8\n"
                   f"1 clone(child_stack=NULL <unfinished ...>\n8 {WRITE}\n1 <... clone resumed>) = 8\n8 {WRITE}\n"
                   f"8 +++ exited with 0 +++\n7 vfork() = 8\n8 {WRITE}\n")
    assert writes(log) == [WRITE] * 2, "that of the first child, and that of the last; another's is not counted"


def test_children_are_known_by_the_number_that_this_machine_gives_them(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(f"10 clone(child_stack=NULL) = 7 /* 70 in strace's PID NS */\n70 {RUNNER}\n"
                   f"70 vfork() = 8 /* 80 in strace's PID NS */\n80 {WRITE}\n8 {WRITE}\n7 {WRITE}\n")
    assert writes(log) == [WRITE]
