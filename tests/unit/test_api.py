"""`import holdfast`: what it offers, and that it does what the command does."""
from __future__ import annotations

import asyncio
import gc
import json
import re
from collections import Counter
from pathlib import Path

import pytest

import holdfast
from holdfast.enforcement.keeping import Keeper
from holdfast.problems import Problems


def test_the_public_names_are_these():
    assert sorted(holdfast.__all__) == holdfast.__all__, "in order"
    assert set(holdfast.__all__) == {
        "Checked", "Contents", "Difference", "Drift", "HostResult", "Mode", "Place", "Plan", "Problem", "Problems",
        "Project", "Result", "RunDone", "Stop", "kinds", "load", "load_contents", "schema", "types"}
    for name in holdfast.__all__:
        assert getattr(holdfast, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'loud'"):
        _ = holdfast.loud


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A project whose one host is this machine."""
    folder = tmp_path / "site"
    (folder / "inventory").mkdir(parents=True)
    (folder / "inventory" / "hosts.yml").write_text(
        f"inventory: site\nhosts:\n  here:\n    channel: local\n    folder: {tmp_path}/state\n"
        "    tags: {role: web, env: dev}\n")
    (folder / "playbooks").mkdir()
    (folder / "playbooks" / "webs.yml").write_text(
        f"state: webs\ntargets: all\nresources:\n  - file: {folder}/motd\n    content: kept\n    mode: '0644'\n")
    return folder


def test_a_plan_is_made_looked_at_and_applied(site):
    with holdfast.load(site) as project:
        plan = project.plan(targets="role=web")
        (host,) = plan.hosts
        assert (host.host, host.status, [str(one) for one in host.changes]) == (
            "here", "pending", [f"file: {site}/motd: create"])
        assert not (site / "motd").exists()
        done = plan.apply(at_once=10, error_budget=0)
        assert (site / "motd").read_text() == "kept"
        (one,) = done.results[0].results
        assert (one.status, one.took_s >= 0, project.store.run(done.run).mode) == ("changed", True, "apply")


def test_each_of_several_failures_says_its_mend(site):
    (site / "playbooks" / "webs.yml").write_text(
        f"state: webs\ntargets: all\nresources:\n  - file: {site}/a\n    owner: nobody-here\n  - file: {site}/b\n"
        "    group: no-such-group\n")
    with holdfast.load(site) as project:
        (done,) = project.apply().results
    assert [one.event.mend for one in done.results] == [
        "declare `user: nobody-here` too", "declare `group: no-such-group` too"]


def test_a_plan_knows_that_an_owner_is_not_there(site):
    document, owned = site / "playbooks" / "webs.yml", f"  - file: {site}/a\n    owner: nobody-here\n"
    head, command = "state: webs\ntargets: all\nresources:\n", "  - command: adduser-of-ours\n    always: true\n"
    with holdfast.load(site) as project:
        document.write_text(head + owned)
        (host,) = project.plan().hosts
        assert [(one.status, one.event.mend) for one in host.results] == [
            ("failed", "declare `user: nobody-here` too")]
        document.write_text(head + command + owned)
        (host,) = project.plan().hosts
        assert [one.status for one in host.results] == ["pending", "pending"]
        assert host.results[1].event.message == (
            "there is no user nobody-here on this host; it fails unless command: adduser-of-ours changes that")


def test_a_plan_that_is_out_of_date_is_not_carried_out(site):
    with holdfast.load(site) as project:
        plan = project.plan(site / "playbooks" / "webs.yml")
        (site / "motd").write_text("mine")
        assert plan.apply().counts() == {"refused": 1}
        assert (site / "motd").read_text() == "mine"
        document = site / "playbooks" / "webs.yml"
        document.write_text(document.read_text().replace("kept", "other"))
        with pytest.raises(Problems, match="the documents have changed since the plan"):
            plan.apply()


@pytest.mark.parametrize(("wrong", "says"), [
    ({"batches": (1, 0)}, "`batches` cannot be 0"), ({"batches": ("ten",)}, "'ten'"), ({"at_once": 0}, "`at_once`"),
    ({"error_budget": "200%"}, "'200%'"), ({"error_budget": -1}, "-1"), ({"host_s": 0}, "`host_s`"),
    ({"run_s": "1h"}, "`run_s` cannot be '1h'"), ({"batches": "10%"}, "`batches`"),
])
def test_a_rollout_that_cannot_be_is_refused_before_a_host_is_touched(site, wrong, says):
    with holdfast.load(site) as project:
        with pytest.raises(Problems, match=re.escape(says)):
            project.apply(**wrong)
        with pytest.raises(Problems, match=re.escape(says)):
            project.command(["true"], rollout=wrong)
        with pytest.raises(Problems, match="the command is empty"):
            project.command([])
        assert project.store.runs(3) == ()


def test_a_plan_that_cannot_be_kept_is_not_made(site, tmp_path):
    with holdfast.load(site) as project:
        for path in (tmp_path / "no" / "x.plan", tmp_path):
            with pytest.raises(Problems, match="the plan cannot be kept") as refused:
                asyncio.run(project.run_async(mode="plan", rollout={}, emit=print, stop=holdfast.Stop(), save=path))
            assert refused.value.problems[0].place.file == str(path)
        assert project.store.runs(3) == ()


def test_one_inventory_needs_no_brackets(site):
    with holdfast.load(site, inventory=site / "inventory") as project:
        assert project.select() == ("here",)


def test_drift_as_json(site):
    with holdfast.load(site) as project:
        assert project.apply().counts() == {"changed": 1}
        assert json.loads(project.drift().to_json())["drifted"] == []
        (site / "motd").chmod(0o600)
        drift = project.drift()
        (found,) = json.loads(drift.to_json())["drifted"]
        assert (found["host"], found["fields"]) == ("here", [{"name": "mode", "before": "0600", "after": "0644"}])
        assert found["first_seen"] == drift.differences[0].first_seen
        assert json.loads(drift.to_json())["hosts"][0]["status"] == "pending"
        assert [run.mode for run in project.store.runs(3)] == ["drift", "drift", "apply"]


def test_a_misspelt_fact_in_targets_is_refused_without_asking_a_host(site):
    with holdfast.load(site) as project:
        for targets, mend in (("facts.os.familly=debian", "did you mean `family`?"), ("facts.os=x", "facts.os.family"),
                              ("group:db or facts.selinux", "known: all")):
            with pytest.raises(holdfast.Problems) as caught:
                project.plan(targets=targets)
            assert mend in caught.value.problems[0].mend
        assert project.store.runs(3) == ()


def test_a_host_that_its_facts_rule_out_is_not_called_in_state_without_a_word(site):
    (site / "inventory" / "more.yml").write_text("inventory: more\nhosts: {there: {channel: local}}\n")
    with holdfast.load(site) as project:
        ruled_out = project.plan(targets="facts.os.family=none-such").hosts
        assert {host.host: host.message for host in ruled_out} == {
            "here": "by its facts nothing is declared for it", "there": "by its facts nothing is declared for it"}
        plan = project.plan(targets="facts.os.family!=none-such")
        assert [host.message for host in plan.hosts] == ["", ""]
        assert plan.apply(at_once=1).counts() == {"changed": 1, "refused": 1}  # they share the file


def test_runs_are_kept_where_the_store_is_named(site, tmp_path):
    with holdfast.load(site, store=str(tmp_path / "elsewhere.db")) as project:
        done = project.apply()
    assert not (site / ".holdfast").exists()
    with holdfast.load(site, store=str(tmp_path / "elsewhere.db")) as project:
        assert project.store.run("last").id == done.run


def test_what_is_wrong_is_raised_with_its_place_and_mend(site):
    (site / "playbooks" / "webs.yml").write_text("state: webs\ntargets: all\nresources:\n  - file: /x\n    onwer: me\n")
    with holdfast.load(site) as project, pytest.raises(holdfast.Problems) as raised:
        project.plan()
    (problem,) = raised.value.problems
    assert (problem.place.line, problem.mend) == (5, "did you mean `owner`?")


def test_the_ten_lines_of_the_docs_run(site, monkeypatch, capsys):
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "python.md").read_text("utf-8")
    code = re.search(r"```python\n(.*?)```", page, re.DOTALL)[1]
    assert len(code.splitlines()) <= 12
    monkeypatch.chdir(site.parent)
    exec(compile(code, "python.md", "exec"), {})
    assert "here\n  pending\n  file: " in capsys.readouterr().out


def alive() -> Counter[str]:
    """Our objects that are not let go of, by class."""
    gc.collect()
    return Counter(type(one).__qualname__ for one in gc.get_objects()
                   if str(type(one).__module__).startswith("holdfast"))


@pytest.mark.parametrize("what", ["runs", "rounds"])
def test_a_project_that_lives_long_does_not_grow(site, what):
    (site / "playbooks" / "keep.yml").write_text(
        "association: keep\ndocuments: webs\nevery: 1h\ndamping: {repairs: 999}\n")
    counts = []

    async def live(project):  # in one loop, as whoever lives long
        for number in range(6):
            (site / "motd").write_text(f"{number}")
            if what == "rounds":
                await Keeper(project, (), lambda _: None, holdfast.Stop()).once()
            else:
                project.standing(await project.run_async(mode="apply", rollout={}, emit=lambda _: None,
                                                         stop=holdfast.Stop()))
                await project.drift_async()
            assert (site / "motd").read_text() == "kept"
            counts.append(alive())

    with holdfast.load(site) as project:
        asyncio.run(live(project))
    assert counts[1]["Project"] == 1, "the control: what lives is seen"
    left = {name: more for name, more in (counts[5] - counts[1]).items() if more >= 4}
    assert not left, "each of four runs more has left something behind"


def test_the_graph_of_a_host_is_made_for_it_alone(tmp_path):
    """A thousand others would take a thousand times as long; what is wrong on one of them is theirs."""
    (tmp_path / "inventory").mkdir()
    (tmp_path / "inventory" / "hosts.yml").write_text(
        "inventory: two\nhosts:\n  ada: {vars: {text: x}}\n  bob: {}\n")
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "playbooks" / "site.yml").write_text(
        "state: site\ntargets: all\nresources:\n  - file: /etc/motd\n    content: \"{{ text }}\"\n")
    with holdfast.load_contents(tmp_path) as project:
        assert [node.id for node in project.graph("ada").nodes] == ["file: /etc/motd"]
        with pytest.raises(Problems, match="text"):
            project.graph("bob")
