"""Files that mean harm, or that nobody has thought of: an error that is declared, in bounded time and memory."""
from __future__ import annotations

import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

import holdfast

HEAD = "state: site\ntargets: all\n"
MOST_HELD = 128 * 2**20  # bytes: more than all that is read of one file, less than any of these would be


def project(folder: Path, document: str) -> None:
    hosts = "inventory: fleet\nhosts: {web1: {}}\n"
    for name, text in (("inventory/hosts.yml", hosts), ("playbooks/site.yml", document)):
        (folder / name).parent.mkdir()
        (folder / name).write_text(text, "utf-8")


def told(folder: Path, documents: tuple[str, ...] = ()) -> list[str]:
    with pytest.raises(holdfast.Problems) as refused:
        holdfast.load(folder).validate(documents)
    return [one.what for one in refused.value.problems]


def told_sparingly(folder: Path, documents: tuple[str, ...] = ()) -> list[str]:
    """The same, held to how much memory it takes."""
    tracemalloc.start()
    try:
        found = told(folder, documents)
        assert tracemalloc.get_traced_memory()[1] < MOST_HELD
    finally:
        tracemalloc.stop()
    return found


def test_a_gigabyte_of_nothing_is_not_read(tmp_path: Path) -> None:
    project(tmp_path, HEAD + "resources: [{package: nginx}]\n")
    with (tmp_path / "playbooks/big.yml").open("wb") as file:
        file.truncate(2**30)
    assert told_sparingly(tmp_path) == ["the file is larger than 4 MiB"]


def test_a_device_without_an_end_is_not_read_to_it(tmp_path: Path) -> None:
    project(tmp_path, HEAD + "resources: [{package: nginx}]\n")
    assert told_sparingly(tmp_path, ("/dev/zero",)) == ["the file is larger than 4 MiB"]


@pytest.mark.parametrize(("source", "prepare", "says"), [
    ("file: /dev/zero", lambda _: None, "/dev/zero cannot be read: it is larger than 64 MiB"),
    ("file: pipe", lambda folder: os.mkfifo(folder / "playbooks/pipe"), "it is a pipe, and nobody has written a text"),
    ("command: 'yes'", lambda _: None, "its command failed: it printed more than 16 MiB"),
])
def test_a_secret_without_an_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str,
                                            prepare: Callable[[Path], None], says: str) -> None:
    monkeypatch.setattr("holdfast.compiler.sources.PATIENCE_S", 0.5)
    reader = "resources: [{file: /etc/x, content: '{{ p }}'}]\n"
    project(tmp_path, HEAD + f"vars: {{p: {{secret: p, {source}}}}}\n" + reader)
    prepare(tmp_path)
    (what,) = told_sparingly(tmp_path)
    assert says in what


def test_a_pipe_is_no_template(tmp_path: Path) -> None:
    project(tmp_path, HEAD + "resources: [{template: /etc/x, source: x.j2}]\n")
    os.mkfifo(tmp_path / "playbooks/x.j2")
    (what,) = told(tmp_path)
    assert what.startswith("`x.j2` is no file but a pipe")


def chain(length: int, uses: int) -> str:
    """Documents that use the next one so often."""
    return "".join(f"---\nstate: d{i}\nresources: [{', '.join([f'use: d{i + 1}'] * uses)}]\n" for i in range(length)) \
        + f"---\nstate: d{length}\nresources: [{{package: nginx}}]\n"


def test_documents_that_use_one_another_without_measure_are_refused(tmp_path: Path) -> None:
    project(tmp_path, HEAD + "resources: [{use: d0}]\n" + chain(60, 1))
    assert told(tmp_path) == ["more than 50 documents use one another in a row"]


def test_documents_that_multiply_are_refused(tmp_path: Path) -> None:
    project(tmp_path, HEAD + "resources: [{use: d0}]\n" + chain(24, 2))
    assert told(tmp_path) == ["documents are used more than 50000 times"]


def test_thousands_of_wrong_keys_are_told_soon(tmp_path: Path) -> None:
    project(tmp_path, HEAD + "".join(f"k{i}: 1\n" for i in range(5_000)) + "resources: [{package: nginx}]\n")
    found = told(tmp_path)
    assert found[0] == "unknown key `k0` in a state document"
    assert len(found) >= 100
