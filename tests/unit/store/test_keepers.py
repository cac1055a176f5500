"""One process keeps an association, and another takes its place when it has ended: in both databases."""
from __future__ import annotations

import subprocess
import sys

import pytest

from holdfast.store import Store, keepers
from holdfast.store.life import SILENT_AFTER_S, Controller, this_controller

AFAR = Controller("far/pid:[1]", "boot-of-far", 77, "123")


class Puppet:
    """Whoever asks the store is this process, at this time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.process, self.now = this_controller(), 1000.0
        monkeypatch.setattr(keepers, "this_controller", lambda: self.process)
        monkeypatch.setattr(keepers, "_now", lambda _: self.now)


@pytest.fixture
def puppet(monkeypatch: pytest.MonkeyPatch) -> Puppet:
    return Puppet(monkeypatch)


def test_another_machine_stands_by_until_the_keeper_has_been_silent(store_at: str, puppet: Puppet) -> None:
    with Store.open(store_at) as store:
        mine = store.keep_association("web", "ada@near")
        assert mine.is_this_process and store.keeps("web") and (mine.who, mine.since) == ("ada@near", 1000.0)
        puppet.process, puppet.now = AFAR, 1000 + SILENT_AFTER_S - 1
        assert store.alter(lambda one: keepers.take(one, "web", "bob@far")) == mine, "it may live"
        assert store.alter(lambda one: keepers.sign(one, ["web"])) == set(), "who keeps nothing signs nothing"
        puppet.now += 2
        assert store.ask(keepers.holders)[0].is_over
        taken = store.alter(lambda one: keepers.take(one, "web", "bob@far"))
        assert (taken.who, taken.since) == ("bob@far", puppet.now)
        puppet.process = this_controller()
        assert store.alter(lambda one: keepers.sign(one, ["web"])) == set(), "who woke up late has lost it"
        store.let_go(["web"])
        assert [one.who for one in store.ask(keepers.holders)] == ["bob@far"], "and cannot give it away"
        puppet.process = AFAR
        store.alter(lambda one: keepers.let_go(one, ["web"]))
        assert store.ask(keepers.holders) == ()


def test_a_keeper_that_signs_keeps(store_at: str, puppet: Puppet) -> None:
    with Store.open(store_at) as store:
        store.keep_association("web", "ada@near")
        for _ in range(3):
            puppet.now += SILENT_AFTER_S - 1
            assert store.alter(lambda one: keepers.sign(one, ["web", "other"])) == {"web"}
            puppet.process = AFAR
            assert store.alter(lambda one: keepers.take(one, "web", "bob@far")).who == "ada@near"
            puppet.process = this_controller()


def test_a_process_of_this_machine_that_has_ended_is_no_keeper_any_more(store_at: str, puppet: Puppet) -> None:
    me = this_controller()
    with subprocess.Popen(["true"]) as ended:
        ended.wait()
    with Store.open(store_at) as store:
        puppet.process = Controller(me.machine, me.boot, ended.pid, "1")
        store.alter(lambda one: keepers.take(one, "web", "eve@near"))
        puppet.process = Controller(me.machine, "another boot", me.pid, me.born)
        assert store.alter(lambda one: keepers.take(one, "web", "namesake@near")).who == "eve@near", \
            "a machine of the same name cannot see that"
        puppet.process = me
        assert store.keep_association("web", "ada@near").is_this_process


def test_who_has_not_signed_in_time_does_not_believe_to_keep_it(
        store_at: str, puppet: Puppet, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [5.0]
    monkeypatch.setattr("holdfast.store.store.since_boot", lambda: clock[0])
    with Store.open(store_at) as store:
        assert not store.keeps("web")
        store.keep_association("web", "ada@near")
        clock[0] += 49
        assert store.keeps("web")
        clock[0] += 2
        assert not store.keeps("web"), "ten seconds before another one may take it"


def test_of_many_that_ask_at_once_one_keeps_it(store_at: str) -> None:
    with Store.open(store_at) as store:
        store.ready()
    code = ("import sys; from holdfast.store import Store\n"
            "with Store.open(sys.argv[1]) as store:\n"
            "    store.ready(); print(flush=True); input()\n"
            "    print(store.keep_association('web', 'x').is_this_process, flush=True); input()\n")
    asking = [subprocess.Popen([sys.executable, "-c", code, store_at], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               text=True) for _ in range(4)]
    for _ in range(2):
        said = []
        for one in asking:
            assert one.stdin and one.stdout
            said.append(one.stdout.readline().strip())
        for one in asking:
            assert one.stdin
            one.stdin.write("\n")
            one.stdin.flush()
    for one in asking:
        one.communicate(timeout=30)
    assert sorted(said) == ["False", "False", "False", "True"]
