"""What is refused of a `rollout`, with its place and mend."""
from __future__ import annotations

import pytest

import holdfast

DOCUMENT = "state: s\ntargets: all\nrollout: {}\nresources:\n  - file: /x\n    content: x\n"


@pytest.mark.parametrize(("written", "what"), [
    ("{pause: 5m}", "`pause` stands between batches, and there is only one"),
    ("{batches: [1, 2], pause: 5}", "`pause` is a duration, not the number 5"),
    ("{batches: [1, 2], health_check: {}}", "a health check is one of `command` and `http`"),
    ("{batches: [1, 2], health_check: {command: a, http: 'http://b'}}",
     "a health check is one of `command` and `http`"),
    ("{batches: [1, 2], health_check: {command: \"a 'b\"}}", "this is not a command line: a quote does not end"),
    ("{batches: [1, 2], health_check: {http: 'ftp://b'}}", "`http` is an address, not `ftp://b`"),
    ("{batches: [1, 2], health_check: {comand: a}}", "unknown key `comand` in `health_check`"),
])
def test_refused_with_its_place(tmp_path, written, what):
    (tmp_path / "inventory.yml").write_text("inventory: i\nhosts: {a: {channel: local}}\n")
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "playbooks" / "s.yml").write_text(DOCUMENT.replace("{}", written))
    with pytest.raises(holdfast.Problems) as raised:
        holdfast.load(tmp_path, inventory=[tmp_path / "inventory.yml"]).validate()
    problem = raised.value.problems[0]
    assert problem.what == what and problem.place is not None and problem.place.line == 3


def test_a_good_one_passes(tmp_path):
    """The control."""
    (tmp_path / "inventory.yml").write_text("inventory: i\nhosts: {a: {channel: local}}\n")
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "playbooks" / "s.yml").write_text(DOCUMENT.replace(
        "{}", "{batches: [1, 10%], pause: 5m, health_check: {http: 'https://b/c', within: 1m, every: 5s}}"))
    assert holdfast.load(tmp_path, inventory=[tmp_path / "inventory.yml"]).validate().hosts == ("a",)
