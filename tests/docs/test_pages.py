"""What the documentation says holds: its examples load, its commands exist, its links lead somewhere."""
from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from holdfast.cli.parser import parse
from holdfast.documents.loading import read_documents
from holdfast.documents.types import Types
from holdfast.inventory.sources import load
from holdfast.problems import Problems, explain
from holdfast.testing.reading import read_tests
from tests.docs.generated import PAGES as GENERATED
from tests.docs.generated import REFERENCE
from tests.docs.pages import PAGES, ROOT, Block, anchors, blocks, commands, links, name_of

EXAMPLES = [block for block in blocks() if block.language == "yaml"]
PYTHON = [block for block in blocks() if block.language == "python"]


def problems_of(block: Block, folder: Path) -> list[str]:
    """Whole documents, inventories, or only some resources."""
    text = block.text
    if text.lstrip().startswith("- "):
        text = "state: example\nresources:\n" + textwrap.indent(text, "  ")
    file = folder / "example.yml"
    file.write_text(text)
    if text.startswith("inventory:"):
        try:
            load([file])
        except Problems as problems:
            return [explain(problem) for problem in problems.problems]
        return []
    if "\ntest:" in "\n" + text:
        return problems_of_test(file)
    _, found = read_documents([file], Types())
    return [explain(problem) for problem in found]


def problems_of_test(file: Path) -> list[str]:
    """The files that an example names are not here."""
    try:
        read_tests(file.parent, [str(file)])
    except Problems as problems:
        return [explain(problem) for problem in problems.problems if not problem.what.startswith("there is no `")]
    return []


@pytest.mark.parametrize("block", EXAMPLES, ids=str)
def test_example_loads(block: Block, tmp_path: Path) -> None:
    assert problems_of(block, tmp_path) == []


def test_wrong_examples_would_be_found(tmp_path: Path) -> None:
    assert len(EXAMPLES) > 15
    for wrong in ("- file: /etc/motd\n  contnt: x\n", "state: x\ntargets: all\n",
                  "inventory: x\nhosts: {a: {tag: b}}\n"):
        assert problems_of(Block("", 1, "yaml", wrong), tmp_path)


@pytest.mark.parametrize("block", PYTHON, ids=str)
def test_python_compiles(block: Block) -> None:
    compile(block.text, str(block), "exec")


@pytest.mark.parametrize(("place", "arguments"), list(commands()))
def test_command_exists(place: str, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    words = [word for word in arguments if word not in ("…", "[…]")]
    try:
        code = 0 if parse(words)[1].command else 2
    except SystemExit as end:
        code = int(end.code or 0)
    assert code == 0, f"{place}: holdfast {' '.join(words)}\n{capsys.readouterr().err}"


def test_unknown_options_would_be_found() -> None:
    assert len(list(commands())) > 60
    with pytest.raises(SystemExit):
        parse(["plan", "--limit", "web1"])


@pytest.mark.parametrize(("page", "target"), list(links()), ids=lambda value: str(value).removeprefix(f"{ROOT}/"))
def test_link_leads_somewhere(page: Path, target: str) -> None:
    file, _, anchor = target.partition("#")
    there = (page.parent / file).resolve() if file else page
    assert there.exists(), f"{page.relative_to(ROOT)}: {target}"
    assert not anchor or anchor in anchors(there), f"{page.relative_to(ROOT)}: {target}"


def test_every_page_of_docs_is_in_its_index() -> None:
    index = ROOT / "docs" / "README.md"
    linked = {(page.parent / target.partition("#")[0]).resolve() for page, target in links() if page == index}
    pages = [page for page in PAGES if ROOT / "docs" in page.parents and page not in {index, *linked}]
    assert [name_of(page) for page in pages if page.name != "benchmarks.md"] == []  # that one comes with `make bench`


@pytest.mark.parametrize("name", GENERATED)
def test_generated_page_is_up_to_date(name: str) -> None:
    assert (REFERENCE / name).read_text("utf-8") == GENERATED[name](), "run python -m tests.docs.generated"
