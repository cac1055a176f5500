"""What people get wrong: each mistake is found before any host is contacted, once, at its place, with the mend.

The mistakes are data, in mistakes/*.yml. A case writes a small project, ⟦…⟧ around what the caret has to mark:

    site: all of playbooks/site.yml; or `body`, all but its first two lines; or `resources`, only what is below that key
    hosts: inventory/hosts.yml instead of the usual one; files: further ones; settings: --set; targets: -t
    says, mend: parts of what is said of each mark, in their order; at: the places, where marks cannot say them
"""
from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

import holdfast

MARK = re.compile("⟦(.*?)⟧", re.DOTALL)
HEAD = "state: site\ntargets: all\n"
HOSTS = """\
inventory: fleet
vars: {domain: example.org, port: 8080, debug: false, packages: [nginx, curl]}
hosts:
  web1: {tags: {role: web, env: prod}}
  web2: {tags: {role: web, env: dev}, vars: {port: 8081}}
  db1: {tags: {role: db, env: prod}}
groups:
  webs: {hosts: [web1, web2]}
  dbs: {hosts: [db1]}
"""
CASES = [(path.stem, case) for path in sorted(Path(__file__).with_name("mistakes").glob("*.yml"))
         for case in yaml.safe_load(path.read_text("utf-8"))]
RIGHT = yaml.safe_load(Path(__file__).with_name("right.yml").read_text("utf-8"))


@dataclass
class Written:
    """Files of a project, and the places that were marked in them."""

    folder: Path
    places: list[str] = field(default_factory=list)

    def write(self, name: str, text: str) -> None:
        plain, end = "", 0
        for found in MARK.finditer(text):
            plain += text[end:found.start()]
            self.places.append(f"{name}:{plain.count(chr(10)) + 1}:{len(plain) - plain.rfind(chr(10))}")
            plain += found[1]
            end = found.end()
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(plain + text[end:], "utf-8")


def site(case: dict[str, Any]) -> str:
    if "resources" in case:
        return HEAD + "resources:\n" + "".join(f"  {line}\n" for line in case["resources"].splitlines())
    return str(case["site"] if "site" in case else HEAD + case["body"])


def written(case: dict[str, Any], folder: Path) -> Written:
    made = Written(folder)
    made.write("playbooks/site.yml", site(case))
    made.write("inventory/hosts.yml", case.get("hosts", HOSTS))
    for name, text in case.get("files", {}).items():
        made.write(name, text)
    return made


def listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def problems(case: dict[str, Any], folder: Path) -> list[tuple[str, str, str]]:
    """Place, what and mend of all that is found."""
    try:
        holdfast.load(folder, set=case.get("settings", {})).validate(targets=case.get("targets", ""))
    except holdfast.Problems as found:
        return [(str(one.place or "").removeprefix(f"{folder}/"), one.what, one.mend) for one in found.problems]
    return []


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{name}: {case['mistake']}") for name, case in CASES])
def test_mistake_is_found_at_its_place_with_its_mend(tmp_path: Path, case: dict[str, Any]) -> None:
    made = written(case, tmp_path)
    found = problems(case, tmp_path)
    assert sorted(place for place, _, _ in found) == sorted(listed(case["at"]) if "at" in case else made.places), found
    order = listed(case["at"]) if "at" in case else made.places
    found.sort(key=lambda one: order.index(one[0]))
    for (place, what, mend), says, mends in zip(found, listed(case["says"]), listed(case["mend"]), strict=True):
        assert says in what, (place, what)
        assert mends in mend, (place, mend)
        assert mend, "no mend"


def test_a_right_document_has_no_problem(tmp_path: Path) -> None:
    written({"resources": "- file: /etc/motd\n  content: '{{ domain }}:{{ port }}'\n  mode: \"0644\""}, tmp_path)
    assert not problems({}, tmp_path)


@pytest.mark.parametrize("case", [pytest.param(case, id=case["right"]) for case in RIGHT])
def test_what_is_right_is_not_refused(tmp_path: Path, case: dict[str, Any]) -> None:
    written(case, tmp_path)
    assert not problems(case, tmp_path)


def test_what_windows_writes_is_read_and_lines_are_counted(tmp_path: Path) -> None:
    case = {"resources": "- file: /etc/motd\n  content: x\n- pakage: nginx\n"}
    written(case, tmp_path)
    path = tmp_path / "playbooks" / "site.yml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert [place for place, _, _ in problems({}, tmp_path)] == ["playbooks/site.yml:6:5"]


def test_corpus_is_large_and_its_cases_are_different() -> None:
    assert len({(site(case), case.get("hosts"), str(case.get("files")), str(case.get("settings")), case.get("targets"))
                for _, case in CASES}) == len(CASES) >= 150
