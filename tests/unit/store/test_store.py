"""What is kept, by whom it can be read, and what of it outlives a killed controller."""
from __future__ import annotations

import asyncio
import os
import re
import sqlite3
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from holdfast.agents.model import AgentState
from holdfast.executor.model import HostResult, Result, RunDone, RunStarted
from holdfast.problems import Problems
from holdfast.store import Store, new_run_id
from holdfast_host.graph import Event
from holdfast_host.redact import Redactor
from tests.unit.examples import STARTED, THREE, broken, happenings, quiet, web

RUN = "20261124-041500-ab12"


def begin(store: Store, hosts: tuple[str, ...] = ("web001", "web002", "db1"), run: str = RUN, at: float = STARTED,
          mode: str = "apply", who: str = "ann@desk", document: str = "playbooks/webs.yml"):
    store.begin_run(RunStarted(run, mode, hosts, who, at), [document], "role=web").result()


def files_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


def test_a_run_comes_back_as_it_went_in(store_at):
    with Store.open(store_at) as store:
        begin(store)
        asyncio.run(store.kept(RUN, THREE[0]))
        store.keep(RUN, *THREE[1:]).result()
        store.end_run(RunDone(RUN, THREE, "", 12.5), STARTED + 12.5).result()
        run = store.run(RUN)
        assert (run.status, run.counts, run.hosts) == ("done", {"changed": 1, "ok": 1, "failed": 1},
                                                       ("web001", "web002", "db1"))
        assert (run.documents, run.targets, run.ended) == (("playbooks/webs.yml",), "role=web", STARTED + 12.5)
        assert store.results(run) == THREE
        assert store.host_result(run, "db1") == THREE[2]


def test_what_was_acknowledged_is_in_another_process_store_before_the_run_ends(tmp_path):
    path = tmp_path / ".holdfast" / "holdfast.db"
    with Store.open(path) as store:
        begin(store)
        store.keep(RUN, THREE[0]).result()
        with Store.open(path) as other:
            assert other.host_result(other.run(RUN), "web001") == THREE[0]
            assert other.run(RUN).status == "running"


def test_only_the_owner_reads_the_store_and_git_does_not_see_it(tmp_path):
    path = tmp_path / ".holdfast" / "holdfast.db"
    with Store.open(path) as store:
        begin(store)
        modes = {item.name: oct(item.stat().st_mode & 0o777) for item in path.parent.iterdir() if "db" in item.name}
        assert modes == dict.fromkeys(("holdfast.db", "holdfast.db-wal", "holdfast.db-shm"), "0o600")
        assert path.parent.stat().st_mode & 0o777 == 0o700
        assert (path.parent / ".gitignore").read_text() == "*\n"


def test_a_store_that_others_could_read_is_closed_to_them(tmp_path):
    path = tmp_path / "holdfast.db"
    path.touch(0o644)
    with Store.open(path) as store:
        store.ready()
    assert path.stat().st_mode & 0o777 == 0o600


KILLED = """
    import os, signal, sys, time
    from holdfast.executor.model import RunStarted
    from holdfast.store import Store
    from tests.unit.examples import quiet
    store = Store.open(sys.argv[1])
    store.begin_run(RunStarted("20261124-041500-dead", "apply", ("a", "b"), "ann@desk", time.time())).result()
    store.keep("20261124-041500-dead", quiet("a")).result()
    print("kept", flush=True)
    sys.stdin.read()
"""


def test_a_run_whose_controller_was_killed_is_never_shown_as_good(tmp_path):
    path = tmp_path / "holdfast.db"
    child = subprocess.Popen([sys.executable, "-c", textwrap.dedent(KILLED), path], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True,
                             env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    with child, Store.open(path) as store:
        assert child.stdout.readline() == "kept\n"
        assert store.run("dead").status == "running", "the control: its controller lives"
        child.kill()
        child.wait()
        run = store.run("dead")
        assert (run.status, run.stopped) == ("interrupted", "the controller ended")
        assert [r.status for r in store.results(run)] == ["ok", "interrupted"]
        assert "collected" in store.host_result(run, "b").mend
        assert store.runs()[0].status == "interrupted"


def seen(store: Store, run: str, *results: HostResult) -> None:
    """A run with these results."""
    begin(store, tuple(result.host for result in results), run)
    store.keep(run, *results).result()


def differs(host: str, **statuses: str) -> HostResult:
    """A host whose resources have these statuses."""
    return HostResult(host, "pending", tuple(Result(f"file: /{name}", None, Event(number, status))
                                             for number, (name, status) in enumerate(statuses.items())))


def test_drift_is_known_since_the_run_that_saw_it_first_until_one_sees_it_gone(store_at):
    with Store.open(store_at) as store:
        assert store.drift_since(["a", "b"]) == {}
        seen(store, "1", differs("a", x="pending", y="pending", z="ok"), differs("b", x="pending"))
        first = store.drift_since(["a", "b"])
        assert set(first) == {("a", "file: /x"), ("a", "file: /y"), ("b", "file: /x")}
        seen(store, "2", differs("a", x="pending", z="pending"), HostResult("b", "unreachable"))
        second = store.drift_since(["a", "b"])
        assert second == {**first, ("a", "file: /z"): second["a", "file: /z"]}, "a second look moves nothing"
        assert second["a", "file: /z"] > first["a", "file: /x"]
        seen(store, "3", differs("a", x="ok", y="changed", z="failed"))
        assert set(store.drift_since(["a"])) == {("a", "file: /z")}
        seen(store, "4", differs("a", x="pending"))
        assert store.drift_since(["a"])["a", "file: /x"] > first["a", "file: /x"]
        assert store.drift_since(["b"]) == {key: at for key, at in first.items() if key[0] == "b"}


def brought(result: HostResult) -> HostResult:
    """The result as the host's journal knows it: without places."""
    return replace(result, results=tuple(replace(one, place=None) for one in result.results))


def test_a_host_later_brings_what_the_killed_controller_never_heard(tmp_path):
    with Store.open(tmp_path / "holdfast.db") as store:
        begin(store, ("a", "b"))
        assert asyncio.run(store.collect(RUN, brought(web("b")))) is True
        assert store.host_result(store.run(RUN), "b") == brought(web("b"))
        assert store.collected("20250101-000000-none", web("b")) is False
        assert store.collected("ab12", web("b")) is False, "only part of an id"
        assert store.collected(RUN, web("stranger")) is False


def test_what_a_host_brings_completes_a_result_but_never_takes_a_whole_one_away(tmp_path):
    with Store.open(tmp_path / "holdfast.db") as store:
        begin(store, ("a", "b"))
        store.keep(RUN, replace(web("a"), status="interrupted", results=web("a").results[:1]), web("b")).result()
        store.collected(RUN, brought(web("a")))
        store.collected(RUN, brought(quiet("b")))
        run = store.run(RUN)
        assert store.host_result(run, "b") == web("b")
        completed = store.host_result(run, "a")
        assert (completed.status, len(completed.results)) == ("changed", 4)
        assert [str(one.place) for one in completed.results] == ["playbooks/webs.yml:10:5", "None", "None", "None"]


@pytest.mark.parametrize("status", ["refused", "failed", "unreachable"])
def test_who_resumes_too_early_does_not_lose_what_the_host_has_done(tmp_path, status):
    """The answer of a host that was not given anything is no reason to forget the first part, which it brings later."""
    with Store.open(tmp_path / "holdfast.db") as store:
        begin(store, ("a", "b"))
        left = tuple(replace(one, event=Event(one.event.node, "interrupted")) for one in web("a").results)
        store.keep(RUN, HostResult("a", status, left, "it was not given anything")).result()
        store.keep(RUN, HostResult("b", "failed", broken("b").results)).result()
        store.collected(RUN, brought(web("a")))
        store.collected(RUN, brought(quiet("b")))
        run = store.run(RUN)
        assert store.host_result(run, "a").status == "changed"
        assert store.host_result(run, "b").status == "failed", "the control: it failed at a resource, and that is known"


def test_many_hosts_at_once_become_few_transactions(tmp_path):
    path = tmp_path / "holdfast.db"

    async def keep_all(store: Store) -> None:
        await asyncio.gather(*(store.kept(RUN, quiet(f"h{n}")) for n in range(500)))

    with Store.open(path) as store:
        begin(store, tuple(f"h{n}" for n in range(500)))
        commits: list[object] = []
        from sqlalchemy import event
        event.listen(store._database._engine, "commit", commits.append)
        asyncio.run(keep_all(store))
        assert len(commits) < 250
        assert store.run(RUN).counts == {"ok": 500}


def test_one_result_that_cannot_be_kept_spoils_no_other(tmp_path):
    with Store.open(tmp_path / "holdfast.db") as store:
        begin(store, ("a",))
        good, bad = store.keep(RUN, quiet("a")), store.keep("no-such-run", quiet("a"))
        good.result()
        with pytest.raises(Problems, match="FOREIGN KEY"):
            bad.result()
        assert store.run(RUN).counts == {"ok": 1}


def test_two_controllers_use_one_store_from_its_first_moment(tmp_path):
    path = tmp_path / ".holdfast" / "holdfast.db"
    stores = [Store.open(path) for _ in range(4)]
    for number, store in enumerate(stores):
        begin(store, (f"h{number}",), new_run_id(STARTED))
    for number, store in enumerate(stores):
        store.keep(store.runs()[0].id, quiet(f"h{number}")).result()
        assert len(store.runs()) == 4
    for store in stores:
        store.close()


def test_a_run_is_found_by_part_of_its_id_or_as_the_last_one(store_at):
    with Store.open(store_at) as store:
        for run, at in (("20261124-041500-ab12", 1.0), ("20261124-051500-cd34", 2.0), ("20261125-041500-ef56", 3.0)):
            begin(store, ("a",), run, at)
        assert [run.id[-4:] for run in store.runs()] == ["ef56", "cd34", "ab12"]
        assert [run.id[-4:] for run in store.runs(limit=1)] == ["ef56"]
        assert store.run("cd34").id == "20261124-051500-cd34"
        assert store.run("20261125").id == store.run("last").id == "20261125-041500-ef56"
        begin(store, ("a",), "20261125-051500-aa11", 4.0, mode="plan")
        begin(store, ("a",), "20261125-061500-bb22", 5.0, document="run: uptime")
        begin(store, ("a",), "20261125-071500-cc33", 6.0, who="enforce nightly by root@ops")
        assert (store.run("last").id[-4:], store.run("last", applied=True).id[-4:]) == ("cc33", "ef56")
        with pytest.raises(Problems) as several:
            store.run("20261124")
        assert several.value.problems[0].mend == "say more of it: 20261124-051500-cd34, 20261124-041500-ab12"
        with pytest.raises(Problems, match="there is no run `2026%`"):
            store.run("2026%")
        with pytest.raises(Problems, match="has no host `b`"):
            store.host_result(store.run("last"), "b")


def test_facts_are_found_while_they_are_young(store_at):
    import time
    now = time.time()
    with Store.open(store_at) as store:
        store.keep_facts({"a": {"os": "old"}, "b": {"os": "debian"}}, now - 100).result()
        store.keep_facts({"a": {"os": "debian", "motd": "Zürich \0 \ud800"}}, now).result()
        assert store.facts(["a", "b", "c"], 50) == {"a": {"os": "debian", "motd": "Zürich \0 \ud800"}}
        assert store.facts(["a", "b", "c"], 500).keys() == {"a", "b"}


def test_what_hosts_say_is_kept_whatever_bytes_it_has(store_at):
    strange = HostResult("web001", "failed", (Result("file: /\udcff", None, Event(
        0, "failed", message="a\0b \udce4", fields=(("x", "\0", ["\udce4"]),), diffs=(("x", "-\0\n+ü\n"),))),), "z\0")
    with Store.open(store_at) as store:
        begin(store)
        store.keep(RUN, strange).result()
        found = store.host_result(store.run(RUN), "web001")
        assert (found.message, found.results[0].event.message) == ("z␀", "a␀b ?")
        assert found.results[0].event.fields == (("x", "\0", ["\udce4"]),)


def test_a_secret_that_is_masked_at_its_source_is_nowhere_in_the_files(tmp_path):
    canary = "kanarienvogel-7f3a"
    redactor = Redactor({"password": canary})

    def leaky(mask) -> HostResult:
        return HostResult("web001", "changed", (Result("command: x", None, Event(
            0, "changed", message=mask(f"said {canary}"), fields=(("password", None, mask(canary)),),
            diffs=(("f", mask(f"+{canary}\n")),), outputs={"stdout": mask(canary)})),), message=mask(canary))

    for name, mask in (("masked", redactor.text), ("control", str)):
        with Store.open(tmp_path / name / "holdfast.db") as store:
            begin(store)
            store.keep(RUN, leaky(mask)).result()
            found = canary.encode() in files_of(tmp_path / name)
            assert found is (name == "control")


@pytest.mark.parametrize(("content", "what", "mend"), [
    (b"this is not a database, whatever its name says" * 30, "is damaged", "move it aside"),
    (b"SQLite format 3\0" + b"\xff" * 4000, "is damaged", "move it aside"),
])
def test_a_damaged_store_is_named_with_its_mend(tmp_path, content, what, mend):
    path = tmp_path / "holdfast.db"
    path.write_bytes(content)
    with Store.open(path) as store:
        with pytest.raises(Problems, match=what) as raised:
            store.ready()
        assert mend in raised.value.problems[0].mend
        with pytest.raises(Problems, match=what):
            begin(store)
    assert path.read_bytes() == content


def test_a_store_of_a_newer_holdfast_is_left_alone(tmp_path):
    path = tmp_path / "holdfast.db"
    with Store.open(path) as store:
        begin(store)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with Store.open(path) as store, pytest.raises(Problems, match="written by a newer Holdfast"):
        store.ready()


def test_a_store_that_cannot_be_made_says_why(tmp_path):
    (tmp_path / "file").touch()
    with Store.open(tmp_path / "file" / "holdfast.db") as store, pytest.raises(Problems, match="cannot be opened"):
        store.ready()


@pytest.mark.parametrize("url", ["mysql://x/y", "://", "nonsense://"])
def test_an_unknown_kind_of_store_is_refused(url):
    with Store.open(url) as store, pytest.raises(Problems, match="not one of a database"):
        store.ready()


@pytest.mark.parametrize(("url", "shown"), [
    ("postgresql://ann:geheim@127.0.0.1:1/x", "postgresql://ann:«password»@127.0.0.1:1/x"),
    ("postgresql://ann:ge:he%40im@127.0.0.1:1/x", "postgresql://ann:«password»@127.0.0.1:1/x"),
    ("postgresql://ann:ge/heim@127.0.0.1:1/x", "postgresql://ann:«password»@127.0.0.1:1/x"),
    ("postgresql://ann@127.0.0.1:1/x?password=geheim", "postgresql://ann@127.0.0.1:1/x?password=«password»"),
    ("postgresql://ann@127.0.0.1:1/x", "postgresql://ann@127.0.0.1:1/x"),
])
def test_the_password_of_an_unreachable_store_is_not_shown(url, shown):
    with Store.open(url) as store, pytest.raises(Problems) as raised:
        store.ready()
    assert f"the store {shown} cannot be used" in raised.value.problems[0].what
    assert not re.search("geheim|he@im|heim", str(raised.value.problems))


def test_an_interrupted_run_keeps_who_was_never_touched(tmp_path):
    *_, done = happenings((quiet("a"), broken("b"), HostResult("c", "untouched")), stopped="error budget spent")
    with Store.open(tmp_path / "holdfast.db") as store:
        begin(store, ("a", "b", "c"))
        store.keep(RUN, *done.results[:2]).result()
        store.end_run(done, STARTED + 9).result()
        run = store.run(RUN)
        assert (run.status, run.stopped) == ("stopped", "error budget spent")
        assert run.counts == {"ok": 1, "failed": 1, "untouched": 1}


def test_ids_sort_by_time_and_are_easy_to_type():
    ids = [new_run_id(STARTED + step) for step in (0, 1, 61, 86400)]
    assert ids == sorted(ids)
    assert all(re.fullmatch(r"\d{8}-\d{6}-[a-z2-9]{4}", run) for run in ids)
    assert ids[0].startswith("20261124-041500-")


def test_the_command_keeps_runs_where_the_environment_says(store_at, tmp_path):
    host = f"{{channel: local, folder: {tmp_path}/s}}"
    for name, text in (("inventory/hosts.yml", f"inventory: x\nhosts:\n  here: {host}\n"),
                       ("playbooks/x.yml", f"state: x\ntargets: all\nresources:\n  - file: {tmp_path}/motd\n")):
        (tmp_path / "site" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "site" / name).write_text(text)
    environment = {**os.environ, "HOLDFAST_STORE": store_at}
    holdfast = [str(Path(sys.executable).parent / "holdfast"), "-C", str(tmp_path / "site")]
    applied = subprocess.run([*holdfast, "apply"], env=environment, capture_output=True, text=True, check=False)
    assert (applied.returncode, applied.stderr) == (0, "")
    listed = subprocess.run([*holdfast, "runs", "list"], env=environment, capture_output=True, text=True, check=False)
    assert "1 changed" in listed.stdout
    assert not (tmp_path / "site" / ".holdfast").exists()


def test_how_an_agent_stands_is_kept_with_the_time_since_when(store_at):
    def told(present, healthy, version=""):
        store.keep("r1", agents=[AgentState("a", "probe", "present", present, healthy, version)]).result()
        return store.agents(["a", "b"])

    with Store.open(store_at) as store:
        assert store.agents(["a"]) == ()
        first, = told(True, True, "1.2")
        assert (first.present, first.healthy, first.version) == (True, True, "1.2")
        assert first.since == first.asked
        again, = told(True, True, "1.2")
        assert again.since == first.since < again.asked, "it stands as it stood"
        unhealthy, = told(True, False, "1.2")
        assert unhealthy.since > first.since
        away, = told(None, None)
        assert (away.present, away.version, away.asked) == (None, "1.2", unhealthy.asked), "what was known last"
        assert away.since > unhealthy.since
        upgraded, = told(True, True, "1.3")
        assert (upgraded.version, upgraded.since) == ("1.3", upgraded.asked)
        untold, = told(True, True)
        assert (untold.version, untold.since) == ("1.3", upgraded.since), "a plan does not always tell which it is"
        gone, = told(False, None)
        assert (gone.version, gone.since) == ("", gone.asked)
