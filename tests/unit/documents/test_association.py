"""Associations: what is refused, with its place; when rounds are due."""
from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import holdfast
from holdfast.documents.association import Association
from holdfast.documents.loading import load_text
from holdfast.documents.schedules import Schedule
from holdfast.documents.types import Types
from holdfast.problems import Problems

TYPES = Types()
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(("text", "line", "what"), [
    ("documents: base\n", 1, "one of `every` and `cron`"),
    ("documents: base\nevery: 30m\ncron: '0 3 * * *'\n", 1, "one of `every` and `cron`"),
    ("documents: base\nevery: 30\n", 3, "a duration"),
    ("documents: base\ncron: '0 25 * * *'\n", 3, "no cron expression"),
    ("documents: base\ncron: '0 3 * *'\n", 3, "4 parts"),
    ("documents: base\ncron: '0 0 30 2 *'\n", 3, "no cron expression"),
    ("documents: base\ncron: '0 3 * * *'\ntime_zone: Europe/Berln\n", 4, "no time zone"),
    ("documents: base\nevery: 5m\ntime_zone: UTC\n", 4, "goes with `cron`"),
    ("documents: base\nevery: 5m\nsplay: 5m\n", 4, "splay"),
    ("documents: base\ncron: '*/5 8-9 * * *'\nsplay: 5m\n", 4, "splay"),
    ("documents: base\nevery: 5m\naction: repair\n", 4, "reapply or report"),
    ("documents: base\nevery: 5m\nhooks:\n  - webhook: https://x\n    email: a@b\n", 5, "one of `command`"),
    ("documents: base\nevery: 5m\nhooks:\n  - command: x\n    server: mail:25\n", 6, "goes with `email`"),
    ("documents: base\nevery: 5m\nhooks:\n  - command: \"x 'y\"\n", 5, "quote"),
    ("documents: base\nevery: 5m\nhooks:\n  - command: x\n    on: [drfit]\n", 6, "`on`"),
    ("documents: base\nevery: 5m\nhooks:\n  - webhook: https://x\n    secret: {scret: k, env: K}\n", 6, "no secret"),
    ("documents: base\nevery: 5m\nhooks:\n  - webhook: https://x\n    user: me\n", 6, "goes with `email`"),
    ("documents: base\nevery: 5m\nhooks:\n  - email: a@b\n    user: me\n    tls: starttls\n", 6, "needs `user` and"),
    ("documents: base\nevery: 5m\nhooks:\n  - email: a@b\n    password: open\n", 6, "a secret"),
    ("documents: base\nevery: 5m\nhooks:\n  - email: a@b\n    tls: starttsl\n", 6, "starttls"),
    ("documents: base\nevery: 5m\nhooks:\n  - email: a@b\n    server: mail:25\n    user: me\n"
     "    password: {secret: p, env: P}\n", 7, "all can read it"),
    ("every: 5m\n", 1, "`documents` is missing"),
    ("documents: base\nevery: 5m\ntargets: \"{{ x }}\"\n", 4, "no template"),
])
def test_what_is_wrong_is_refused_at_its_place(text: str, line: int, what: str) -> None:
    _, problems = load_text("association: a\n" + text, "a.yml", TYPES)
    assert [problem.place.line for problem in problems if problem.place and what in problem.what] == [line], problems
    assert all(problem.mend for problem in problems)


def test_what_is_right_is_taken() -> None:
    text = ("association: a\ndocuments: [b, c]\ntargets: [role=web, db1]\ncron: '30 3 * * mon-fri'\n"
            "time_zone: Europe/Berlin\nsplay: 90s\naction: report\ndamping: {repairs: 5, within: 2h}\nhooks:\n"
            "  - webhook: https://x\n    secret: {secret: k, env: K}\n    on: [failed]\n")
    (found,), problems = load_text(text, "a.yml", TYPES)
    assert isinstance(found, Association) and not problems
    assert [use.document for use in found.documents] == ["b", "c"] and found.expression == "(role=web) or (db1)"
    assert found.schedule == Schedule(0.0, "30 3 * * mon-fri", "Europe/Berlin", 90.0)
    assert (found.damping.repairs, found.damping.within_s, found.hooks[0].on) == (5, 7200.0, ("failed",))


@pytest.mark.parametrize(("server", "tls"), [
    ("", "none"), ("mail:25", "none"), ("mail:587", "starttls"), ("mail:465", "implicit"),
    ("mail:25\n    tls: starttls", "starttls")])
def test_how_a_mail_server_is_spoken_to(server: str, tls: str) -> None:
    said = f"    server: {server}\n" if server else ""
    (found,), problems = load_text(f"association: a\ndocuments: b\nevery: 5m\nhooks:\n  - email: a@b\n{said}", "a.yml",
                                   TYPES)
    assert isinstance(found, Association) and not problems and found.hooks[0].tls == tls


def at(*when: int, fold: int = 0) -> float:
    return datetime(*when, tzinfo=BERLIN, fold=fold).timestamp()  # type: ignore[misc,arg-type]  # year, month, day …


@pytest.mark.parametrize(("cron", "before", "due"), [
    ("30 3 * * *", at(2026, 11, 24, 3, 29), at(2026, 11, 24, 3, 30)),
    ("30 3 * * *", at(2026, 11, 24, 3, 30), at(2026, 11, 25, 3, 30)),
    ("30 2 * * *", at(2026, 3, 28, 12), at(2026, 3, 29, 3)),  # half past two is skipped by the clocks that day
    ("30 2 * * *", at(2026, 10, 25, 2, 30), at(2026, 10, 26, 2, 30)),  # and comes twice that day
    ("30 2 * * *", at(2026, 10, 25, 2, 15, fold=1), at(2026, 10, 26, 2, 30)),  # asked in the hour's second coming
    ("*/20 * * * *", at(2026, 10, 25, 2, 15, fold=1), at(2026, 10, 25, 2, 20, fold=1)),
    ("0 0 29 2 *", at(2026, 1, 1), at(2028, 2, 29)),
    ("0 9 * * fri", at(2026, 11, 24), at(2026, 11, 27, 9)),
])
def test_a_round_is_due_by_the_clock_of_its_time_zone(cron: str, before: float, due: float) -> None:
    found = Schedule(0.0, cron, "Europe/Berlin").after(before)
    assert found == due, datetime.fromtimestamp(found, UTC)


def test_a_splay_is_shorter_than_the_time_between_two_rounds() -> None:
    text = "association: a\ndocuments: base\ncron: '*/5 8-9 * * *'\nsplay: 4m59s\n"
    (found,), problems = load_text(text, "a.yml", TYPES)
    assert isinstance(found, Association) and not problems and found.schedule.splay_s == 299.0


def test_what_an_association_keeps_is_validated_where_it_is_for(tmp_path: Path) -> None:
    (tmp_path / "inventory").mkdir()
    (tmp_path / "inventory" / "h.yml").write_text("inventory: x\nhosts: {a: {tags: {role: web}}, b: {}}\n")
    (tmp_path / "playbooks").mkdir()
    document = "state: base\nresources:\n  - file: /x\n    content: '{{ word }}'\n---\n"
    keeps = "association: k\ndocuments: base\nevery: 5m\ntargets: "
    for targets, line, what in (("group:nope", 9, "no group"), ("role=web", 4, "word"), ("role=wb", 9, "no host")):
        (tmp_path / "playbooks" / "a.yml").write_text(document + keeps + targets + "\n")
        with pytest.raises(Problems) as found, holdfast.load(tmp_path) as project:
            project.validate()
        assert any(one.place and one.place.line == line and what in one.what for one in found.value.problems), targets
    (tmp_path / "playbooks" / "a.yml").write_text(document.replace("{{ word }}", "w") + keeps + "role=web\n")
    with holdfast.load(tmp_path) as project:
        checked = project.validate()
    assert checked.documents == ("base", "k") and checked.hosts == ("a",)
