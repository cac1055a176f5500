"""What a user can see of `cron`: real files in place of /etc/cron.d, and the real crontab where there is one."""
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_host import Refused, Stale
from modules import cron
from modules.cron import Cron
from tests.unit.modules.settling import settle

ROOT = Path(__file__).parents[3]
JOB = {"name": "backup", "command": "run it", "schedule": "0 3 * * *"}


@pytest.fixture
def cron_d(tmp_path, monkeypatch):
    monkeypatch.setattr(cron, "CRON_D", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(("before", "arguments", "after"), [
    (None, {}, "# holdfast: backup\n0 3 * * * root run it\n"),
    ("MAILTO=ops\n", {}, "MAILTO=ops\n# holdfast: backup\n0 3 * * * root run it\n"),
    ("MAILTO=ops", {}, "MAILTO=ops\n# holdfast: backup\n0 3 * * * root run it\n"),
    ("# holdfast: backup\n9 9 * * * root old\n# end\n", {}, "# holdfast: backup\n0 3 * * * root run it\n# end\n"),
    ("# holdfast: backup\n# holdfast: other\n1 1 * * * root x\n", {},
     "# holdfast: backup\n0 3 * * * root run it\n# holdfast: other\n1 1 * * * root x\n"),
    ("# holdfast: backup\n1 1 * * * root x\n\n# holdfast: backup\n2 2 * * * root y\n", {},
     "# holdfast: backup\n0 3 * * * root run it\n\n"),
    (None, {"disabled": True}, "# holdfast: backup\n#0 3 * * * root run it\n"),
    ("# holdfast: backup\n#0 3 * * * root run it\n", {}, "# holdfast: backup\n0 3 * * * root run it\n"),
    (None, {"command": "date +%F > /x", "user": "daemon"}, "# holdfast: backup\n0 3 * * * daemon date +\\%F > /x\n"),
    (None, {"command": r"date +\%F"}, "# holdfast: backup\n0 3 * * * root date +\\%F\n"),
    (None, {"env": {"A": "1", "B": "x y"}}, "# holdfast: backup\n0 3 * * * root export A=1 B='x y'; run it\n"),
    (None, {"schedule": "@daily"}, "# holdfast: backup\n@daily root run it\n"),
    (None, {"schedule": None, "minute": 5, "weekday": "mon-fri"}, "# holdfast: backup\n5 * * * mon-fri root run it\n"),
    ("# holdfast: backup\n0 3 * * * root run it\n", {"state": "absent"}, None),
    ("A=1\n# holdfast: backup\n0 3 * * * root run it\n", {"state": "absent"}, "A=1\n"),
    ("A=1\n", {"state": "absent"}, "A=1\n"),
    (None, {"state": "absent"}, None),
])
def test_file_in_cron_d_becomes(cron_d, before, arguments, after):
    path = cron_d / "jobs"
    if before is not None:
        path.write_text(before)
    settle(Cron(file="jobs", **{**JOB, "user": "root", **arguments}))
    assert (path.read_text() if path.exists() else None) == after
    assert os.listdir(cron_d) == ([] if after is None else ["jobs"])


def test_hand_edit_after_the_plan_is_not_overwritten(cron_d):
    job = Cron(file="jobs", **JOB)
    change = job.diff(job.observe())
    (cron_d / "jobs").write_text("mine\n")
    with pytest.raises(Stale):
        job.converge(change)
    assert (cron_d / "jobs").read_text() == "mine\n"


@pytest.mark.parametrize("schedule", [
    "* * * * *", "*/5 0-6,22-23 1,15 jan-mar sun", "0 0 1-31/2 12 7", "59 23 31 dec sat", "@reboot", "@hourly",
    "10-50/20 * * * MON-FRI",
])
def test_schedules_that_cron_takes(schedule):
    assert Cron(name="n", command="c", schedule=schedule).times() == schedule


@pytest.mark.parametrize(("schedule", "words"), [
    ("60 * * * *", "0-59"), ("* 24 * * *", "0-23"), ("* * 0 * *", "1-31"), ("* * * 13 *", "1-12 or jan-dec"),
    ("* * * * 8", "0-7 or sun-sat"), ("* * * *", "minute hour day month weekday"), ("* * * * * root", "6 parts"),
    ("5-1 * * * *", "backwards"), ("*/0 * * * *", "not a step"), ("*/90 * * * *", "not a step"),
    ("5/10 * * * *", "5-59/10"),
    ("a * * * *", "0-59"), (", * * * *", "not a minute"), ("@nightly", "@daily"), ("", "0 parts"),
    ("1,,2 * * * *", "minute"),
    ("* * * fri *", "not a month"),
])
def test_schedules_that_cron_would_not_take_are_refused(schedule, words):
    with pytest.raises(Refused) as refused:
        Cron(name="n", command="c", schedule=schedule)
    assert refused.value.argument == "schedule"
    assert words in str(refused.value)


@pytest.mark.parametrize(("arguments", "argument"), [
    ({"command": None}, "command"), ({"command": "a\nb"}, "command"), ({"schedule": None}, "schedule"),
    ({"minute": "1"}, "minute"), ({"schedule": None, "hour": "3"}, "minute"),
    ({"schedule": None, "minute": "61"}, "minute"),
    ({"file": "with.dot"}, "file"), ({"file": "../x"}, "file"), ({"env": {"A-B": "1"}}, "env"),
    ({"env": {"MAILTO": "x"}}, "env"), ({"name": "a\nb"}, "name"), ({"name": " "}, "name"),
    ({"env": {"A": "1\n2"}}, "env"),
])
def test_wrong_arguments_are_refused_by_name(arguments, argument):
    with pytest.raises(Refused) as refused:
        Cron(**{**JOB, **arguments})
    assert refused.value.argument == argument


@given(st.lists(st.sampled_from(["", "A=1", "# note", "# holdfast: n", "# holdfast: m", "1 1 * * * x",
                                 "#2 2 * * * y"])),
       st.booleans(), st.booleans())
def test_any_crontab_settles_in_one_step_and_keeps_what_is_not_ours(rows, is_absent, is_disabled):
    now = "".join(row + "\n" for row in rows)
    job = Cron(name="n", command="c", schedule="@daily", state="absent" if is_absent else "present",
               disabled=is_disabled)
    once = job.edited(now, "u")
    assert job.edited(once, "u") == once
    assert once.count("# holdfast: n\n") == (0 if is_absent else 1)
    for kept in ("A=1", "# note", "# holdfast: m"):
        assert once.split("\n").count(kept) == rows.count(kept)


def test_user_whom_nobody_has_is_refused_in_cron_d_too(cron_d):
    job = {"name": "a", "file": "jobs", "user": "nosuchuser"}
    with pytest.raises(Refused, match="nosuchuser does not exist"):
        settle(Cron(**job, schedule="@daily", command="true"))
    (cron_d / "jobs").write_text("# holdfast: a\n@daily nosuchuser true\n")
    settle(Cron(**job, state="absent"))
    assert not (cron_d / "jobs").exists()


def test_a_host_without_cron_is_told_so(tmp_path, monkeypatch):
    monkeypatch.setattr(cron, "SPOOLS", (str(tmp_path / "none"),))
    monkeypatch.setattr(cron, "CRON_D", str(tmp_path / "none"))
    for more in ({}, {"file": "jobs"}):
        with pytest.raises(Refused, match="declare `package: cron`"):
            settle(Cron(**JOB, **more))
        assert settle(Cron(**{**JOB, **more, "state": "absent"})) is None


REAL = """
import subprocess
from holdfast_host import Stale, files
from modules.cron import Cron
def listed():
    return subprocess.run(["crontab", "-u", "daemon", "-l"], stdout=subprocess.PIPE, universal_newlines=True).stdout
def settle(**more):
    job = Cron(**{"user": "daemon", "command": "echo %", "schedule": "0 3 * * *", **more})
    change = job.diff(job.observe())
    if change: job.converge(change)
    assert job.diff(job.observe()) is None
    return change
subprocess.run(["crontab", "-u", "daemon", "-"], input=b"# my own\\nA=1\\n", check=True)
assert settle(name="a").action == "update"
assert settle(name="b", disabled=True)
assert settle(name="a") is None
assert listed() == ("# my own\\nA=1\\n# holdfast: a\\n0 3 * * * echo \\\\%\\n"
                    "# holdfast: b\\n#0 3 * * * echo \\\\%\\n"), listed()
plan = [Cron(name=name, user="daemon", command="c", schedule="@daily") for name in "cd"]
first = plan[0].diff(plan[0].observe()); files.plan_ahead(first.files)
second = plan[1].diff(plan[1].observe())
assert second.fields[0].before == first.fields[0].after
files.look_away()
late = Cron(name="late", user="daemon", command="c", schedule="@daily")
change, before = late.diff(late.observe()), listed()
subprocess.run(["crontab", "-u", "daemon", "-"], input=before.encode() + b"B=2\\n", check=True)
try:
    late.converge(change)
except Stale:
    subprocess.run(["crontab", "-u", "daemon", "-"], input=before.encode(), check=True)
assert listed() == before
settle(name="a", state="absent"); settle(name="b", state="absent")
assert listed() == "# my own\\nA=1\\n", listed()
"""


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("crontab"), reason="needs root and a crontab command")
def test_a_user_s_crontab_is_written_by_crontab_itself():
    """In a mount namespace of its own, so that this machine's crontabs are not touched."""
    if subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no mount namespace of our own to be had here")
    spool = next(path for path in cron.SPOOLS if os.path.isdir(path))
    script = 'mode=$(stat -c %a "$1"); own=$(stat -c %u:%g "$1"); mount -t tmpfs none "$1"; chmod "$mode" "$1"; ' \
             'chown "$own" "$1"; exec "$2" -c "$3"'
    done = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", spool, sys.executable, REAL], capture_output=True,
                          text=True, env={**os.environ, "PYTHONPATH": f"{ROOT}/engine:{ROOT}"}, check=False)
    assert done.returncode == 0, done.stderr
