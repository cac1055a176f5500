"""What a user can see of `script`: real scripts, run as the runner runs them."""
import os
import shutil

import pytest

from holdfast_host import Blob, Failed, NeedBlob, Refused
from holdfast_host.values import Output
from modules.script import Script, first_line


def run(**arguments):
    script = Script(**{"always": True, **arguments})
    change = script.diff(script.observe())
    assert change is not None
    return script.converge(change)


@pytest.mark.parametrize(("arguments", "said"), [
    ({"content": "#!/bin/sh\necho $#: $1-$2\n", "args": ["a b", "$HOME;x"]}, "2: a b-$HOME;x"),
    ({"content": "#!/bin/sh -f\necho /etc/host* $-"}, "/etc/host* f"),
    ({"content": "#!/usr/bin/env python3\nimport sys\nprint(sys.argv[1:], sys.stdin.read())", "args": ["1"],
      "stdin": "in"}, "['1'] in"),
    ({"content": "echo $1 $WORD", "interpreter": "sh -e", "args": ["x"], "env": {"WORD": "w"}}, "x w"),
    ({"source": Blob.of(b"#! /bin/sh\npwd; exec 3<\"$0\"; head -c 10 <&3"), "cwd": "/usr"}, "/usr\n#! /bin/sh"),
    ({"template": Blob.of(b"#!/bin/sh\necho \xff | od -An -tx1")}, " ff 0a"),
    ({"content": "#!/bin/sh\nexit 3", "success": ["3"]}, ""),
    ({"content": "x" * 300_000 + "\necho last", "interpreter": "sh -c 'tail -n 1 $0'"}, "echo last"),
])
def test_it_is_run_with_what_is_declared(arguments, said):
    assert run(**arguments)["stdout"] == said


def test_nothing_is_left_of_it_and_no_process_list_has_its_text(tmp_path):
    text = "#!/bin/sh\n# mark-4711\ncat /proc/$$/cmdline | tr '\\0' ' '; ls -l \"$0\" | sed 's/.*-> //'"
    said = run(content=text, cwd=str(tmp_path))["stdout"]
    assert "mark-4711" not in said
    assert said.startswith("/bin/sh /proc/self/fd/")
    assert "(deleted)" in said, "the control: it has no name in any folder"
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user: only root can")
def test_another_user_can_read_it():
    assert run(content="#!/bin/sh\nid -un; cat $0 | wc -l", user="daemon")["stdout"] == "daemon\n1"


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node here")
def test_node_runs_it_when_it_is_told_not_to_look_for_its_true_name():
    given = {"content": "console.log(process.argv[2])", "args": ["told"]}
    assert run(**given, interpreter="node --preserve-symlinks-main")["stdout"] == "told"


@pytest.mark.parametrize(("script", "words"), [
    (b"#!/bin/sh", ["/bin/sh"]), (b"#!/bin/sh\n", ["/bin/sh"]), (b"#! \t/bin/sh \t\nx", ["/bin/sh"]),
    (b"#!/usr/bin/env -S python3 -u\n", ["/usr/bin/env", "-S python3 -u"]), (b"#!/bin/awk\t-f\n", ["/bin/awk", "-f"]),
    (b"#!/opt/caf\xc3\xa9 x\n", ["/opt/caf\u00e9", "x"]),
])
def test_a_first_line_is_read_as_linux_reads_it(script, words):
    assert first_line(script, "content") == words


@pytest.mark.parametrize(("script", "said"), [
    (b"", "does not say what runs it"), (b"echo hello\n", "does not say what runs it"), (b"#!\n", "what runs it"),
    (b" #!/bin/sh\n", "what runs it"), (b"\xef\xbb\xbf#!/bin/sh\n", "what runs it"),
    (b"#!/bin/sh\r\necho\r\n", "line ends of Windows"), (b"#!/usr/bin/env python3\r\n", "line ends of Windows"),
    (b"#!python3\n", "whole path"), (b"#!/bin/sh " + b"x" * 300, "whole path"),
])
def test_a_first_line_that_would_not_work_is_refused(script, said):
    with pytest.raises(Refused, match=said) as refused:
        first_line(script, "source")
    assert refused.value.argument == "source"


@pytest.mark.parametrize(("arguments", "argument"), [
    ({}, "content"), ({"content": "#!/bin/sh", "source": Blob.of(b"")}, "source"), ({"content": "echo"}, "content"),
    ({"content": "x", "interpreter": "sh 'x"}, "interpreter"), ({"content": "x", "interpreter": " "}, "interpreter"),
    ({"content": "#!/bin/sh", "always": False}, ""), ({"content": "#!/bin/sh", "read_only": True}, "always"),
    ({"content": "#!/bin/sh", "creates": "/x"}, "creates"), ({"content": "#!/bin/sh", "success": ["256"]}, "success"),
])
def test_wrong_arguments_are_refused_by_name(arguments, argument):
    with pytest.raises(Refused) as refused:
        Script(**{"always": True, **arguments})
    assert refused.value.argument == argument


def test_what_a_host_answers_does_not_become_a_part_of_the_script():
    for name in ("content", "template"):
        with pytest.raises(Refused, match="must not become part of it"):
            Script(**{name: Output("command: x", "stdout")}, interpreter="sh", always=True)
    assert Script(content="#!/bin/sh", args=[Output("command: x", "stdout")], always=True), "the control"


def test_a_source_that_does_not_say_what_runs_it_is_refused_in_the_plan():
    for more in ({"always": True}, {"creates": "/nowhere/at/all"}):
        script = Script(source=Blob.of(b"import os\n"), **more)
        with pytest.raises(Refused, match="give `interpreter`"):
            script.diff(script.observe())


def test_a_content_is_asked_for_only_when_it_is_needed(tmp_path):
    away = Blob("0" * 64, 5)
    for more in ({"creates": str(tmp_path)}, {"unless": "true"}, {"only_if": "false"}, {"on_notify": True}):
        script = Script(source=away, **more)
        assert script.diff(script.observe()) is None
    for more in ({"creates": str(tmp_path / "x")}, {"unless": "false"}, {"always": True, "interpreter": "sh"}):
        script = Script(source=away, **more)
        with pytest.raises(NeedBlob):
            script.diff(script.observe())
    with pytest.raises(NeedBlob):
        Script(source=away, read_only=True).observe()


def test_how_it_failed_is_told_and_its_outputs_are_kept():
    with pytest.raises(Failed, match="the script ended with 7") as failed:
        run(content="#!/bin/sh\necho out; echo err >&2; exit 7")
    assert failed.value.outputs == {"stdout": "out", "stderr": "err", "code": 7}
    with pytest.raises(Failed, match="cannot start /no/such/program"):
        run(content="#!/no/such/program")
    script = Script(content="#!/no/such/program", read_only=True)
    with pytest.raises(Refused, match="install it first") as refused:
        script.diff(script.observe())
    assert refused.value.argument == "interpreter"
