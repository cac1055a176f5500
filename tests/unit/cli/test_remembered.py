"""What `explain` says of a host that it has explained before: without the compiler, and only while nothing has changed
that it was read from."""
from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import holdfast
from holdfast.cli import remembered
from holdfast.cli.main import main
from tests.unit.cli.standin import Pipe

FILES = {
    "inventory/hosts.yml": "inventory: x\nhosts:\n  web1: {channel: local, vars: {site: one}}\n",
    "playbooks/site.yml": """\
state: web
targets: all
vars:
  token: {secret: token, file: ../token}
  word: {secret: word, env: REMEMBERED_WORD}
resources:
  - template: /etc/site.conf
    source: site.j2
  - file: /etc/token
    content: "{{ site }} {{ token }} {{ word }}"
    mode: "0600"
  - file: /etc/system
    content: "{{ facts.os.name }}"
""",
    "playbooks/templates/site.j2": "{{ site }} on {{ inventory_hostname }}\n",
    "token": "kanarienvogel\n",
}
ASKED = ("explain", "web1", "file: /etc/token")
ASKED_OF_FACTS = ("explain", "web1", "file: /etc/system")
PROGRAM = ("import sys; from holdfast.cli.main import main\n"
           "code = main(sys.argv[1:], sys.stdout, sys.stderr)\n"
           "print('loaded:', *[name for name in ('jinja2', 'yaml', 'sqlalchemy') if name in sys.modules])\n"
           "sys.exit(code)")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "site"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("REMEMBERED_WORD", "nachtigall")
    with holdfast.load(folder) as project:
        project.store.keep_facts({"web1": {"os": {"name": "debian"}}}, 1_700_000_000.0).result()
    settled()
    return folder


def settled() -> None:
    """What was written a moment ago is not trusted to show its next change."""
    time.sleep(0.06)


def said(*words: str) -> str:
    out, err = Pipe(), io.StringIO()
    code = main(words, out, err)
    return out.getvalue() if code == 0 else f"{code}: {err.getvalue()}"


def loaded(*words: str) -> tuple[str, list[str]]:
    """What a process says, and what of the compiler it has loaded for it."""
    done = subprocess.run([sys.executable, "-c", PROGRAM, *words], capture_output=True, text=True, check=False,
                          env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    *lines, last = done.stdout.splitlines()
    return "\n".join(lines) + done.stderr, last.split()[1:]


@pytest.mark.usefixtures("site")
def test_a_host_that_was_explained_before_needs_no_compiler() -> None:
    first, needed = loaded(*ASKED)
    assert "jinja2" in needed, "the control"
    assert loaded(*ASKED) == (first, [])
    template, needed = loaded("explain", "web1", "template: /etc/site.conf")
    assert "site = one" in template and needed == [], "of any of its resources"
    assert loaded(*ASKED_OF_FACTS)[1] == []
    assert "did you mean" in loaded("explain", "web1", "file: /etc/tokem")[0]


def test_what_is_kept_is_for_its_owner_and_holds_no_secret(site: Path) -> None:
    said(*ASKED)
    kept, = (site / ".holdfast" / "said").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    text = kept.read_text()
    assert "«token»" in text.encode().decode("unicode_escape") and "/etc/site.conf" in text, "the control"
    assert "kanarienvogel" not in text and "nachtigall" not in text


def keep_facts(site: Path) -> None:
    with holdfast.load(site) as project:
        project.store.keep_facts({"web1": {"os": {"name": "ubuntu"}}}, 1_700_000_001.0).result()


def edit(name: str, old: str, new: str) -> Callable[[Path], None]:
    return lambda site: (site / name).write_text((site / name).read_text().replace(old, new)) and None


def put(name: str, text: str) -> Callable[[Path], None]:
    def write(site: Path) -> None:
        (site / name).parent.mkdir(exist_ok=True)
        (site / name).write_text(text)
    return write


def older(site: Path) -> None:
    """Other words of the same length, with the old time on them."""
    path = site / "inventory" / "hosts.yml"
    before = path.stat()
    path.write_text(path.read_text().replace("one", "two"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def swapped(site: Path) -> None:
    """Another folder in the place of one."""
    (site / "playbooks").rename(site.parent / "playbooks.old")
    shutil.copytree(site.parent / "playbooks.old", site / "playbooks")
    edit("playbooks/site.yml", "{{ site }} {{", "{{ site }}! {{")(site)


CHANGES: dict[str, tuple[tuple[str, ...], Callable[[Path], None]]] = {
    "a document": (ASKED, edit("playbooks/site.yml", "{{ site }} {{", "{{ site }}, {{")),
    "a line above it": (ASKED, edit("playbooks/site.yml", "vars:\n", "# more\nvars:\n")),
    "the inventory": (ASKED, edit("inventory/hosts.yml", "one", "another")),
    "the inventory, under its old time": (ASKED, older),
    "variables that were not there": (ASKED, put("inventory/host_vars/web1.yml", "site: two\n")),
    "a template": (("explain", "web1", "template: /etc/site.conf"),
                   edit("playbooks/templates/site.j2", " on", "{{ x }}")),
    "a template that is found first": (("explain", "web1", "template: /etc/site.conf"),
                                       put("playbooks/site.j2", "{{ group_names }}\n")),
    "a document more": (ASKED, put("playbooks/more.yml", "state: more\ntargets: all\nresources:\n"
                                   "  - file: /etc/token\n    content: x\n")),
    "a secret that is gone": (ASKED, lambda site: (site / "token").unlink()),
    "a type of one's own": (ASKED, put("modules/file.py", "raise SystemExit\n")),
    "facts": (ASKED_OF_FACTS, keep_facts),
    "the folder": (ASKED, swapped),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_has_changed_is_said(change: str, site: Path) -> None:
    asked, done = CHANGES[change]
    before = said(*asked)
    assert said(*asked) == before
    assert list((site / ".holdfast" / "said").iterdir()), "the control: it is kept"
    done(site)
    after = said(*asked)
    assert after != before
    shutil.rmtree(site / ".holdfast" / "said")
    assert said(*asked) == after


@pytest.mark.usefixtures("site")
def test_another_way_of_asking_is_another_question(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = said(*ASKED)
    ways = [said(*ASKED, *more) for more in (("--json",), ("--color", "always"), ("--set", "site=x"))]
    assert len({plain, *ways}) == 4
    assert [plain, *ways] == [said(*ASKED, *more) for more in (
        (), ("--json",), ("--color", "always"), ("--set", "site=x"))]
    monkeypatch.delenv("REMEMBERED_WORD")
    assert "REMEMBERED_WORD" in said(*ASKED)


def test_what_a_program_says_is_asked_anew(site: Path) -> None:
    (site / "inventory" / "hosts.yml").unlink()
    program = site / "inventory" / "hosts"
    program.write_text("#!/bin/sh\ncat ../hosts.json\n")
    program.chmod(0o755)
    for where in (site, site.parent, site / "inventory"):
        (where / "hosts.json").write_text(
            '{"_meta": {"hostvars": {"web1": {"site": "one", "ansible_connection": "local"}}}, "all": ["web1"]}')
    (site / "inventory" / "hosts.json").unlink()
    settled()
    assert "one" in said(*ASKED)
    assert not (site / ".holdfast" / "said").exists()


def test_what_was_written_a_moment_ago_is_not_kept(site: Path) -> None:
    edit("playbooks/site.yml", "state: web", "state: wob")(site)
    said(*ASKED)
    assert not (site / ".holdfast" / "said").exists()
    settled()
    said(*ASKED)
    assert (site / ".holdfast" / "said").exists(), "the control"


@pytest.mark.parametrize("text", ["", "{", "[]\n", '{"key": "x"}\n', "\x00\xff"])
def test_what_is_kept_and_broken_is_found_anew(text: str, site: Path) -> None:
    right = said(*ASKED)
    kept, = (site / ".holdfast" / "said").iterdir()
    kept.write_bytes(text.encode("latin-1"))
    assert said(*ASKED) == right
    whole = kept.read_text()
    kept.write_text(whole[:len(whole) // 2])
    assert said(*ASKED) == right
    kept.write_text(whole.splitlines()[0] + "\n")
    assert said(*ASKED) == right


def test_no_more_than_a_hundred_are_kept(site: Path) -> None:
    said(*ASKED)
    folder = site / ".holdfast" / "said"
    for number in range(120):
        (folder / f"{number:032}.jsonl").write_text("{}\n")
        os.utime(folder / f"{number:032}.jsonl", (number, number))
    (folder / "new-x1").write_text("of one that was killed")
    os.utime(folder / "new-x1", (0, 0))
    (folder / "mine").write_text("not ours")
    os.utime(folder / "mine", (0, 0))
    right = said(*ASKED, "--json")
    assert len(list(folder.iterdir())) == 101
    assert not (folder / f"{20:032}.jsonl").exists() and (folder / f"{119:032}.jsonl").exists()
    assert (folder / "mine").exists() and not (folder / "new-x1").exists()
    assert said(*ASKED, "--json") == right


def test_what_cannot_be_kept_whole_is_not_kept(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    right = said(*ASKED)
    shutil.rmtree(site / ".holdfast" / "said")
    with monkeypatch.context() as patch:
        patch.setattr(remembered.os, "replace", full)
        assert said(*ASKED) == right
    assert list((site / ".holdfast" / "said").iterdir()) == []
    said(*ASKED)
    assert len(list((site / ".holdfast" / "said").iterdir())) == 1, "the control"


def test_a_folder_that_leads_elsewhere_is_not_used(site: Path, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (site / ".holdfast" / "said").symlink_to(tmp_path / "home")
    settled()
    said(*ASKED)
    said(*ASKED)
    assert list((tmp_path / "home").iterdir()) == []
