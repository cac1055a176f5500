"""Files to documents: all of them, and everything that is wrong in any of them."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from holdfast import library
from holdfast.documents import agents as _agents  # noqa: F401  # makes the kind known
from holdfast.documents import baselines as _baselines  # noqa: F401  # makes the kind known
from holdfast.documents import kinds
from holdfast.documents.association import Association
from holdfast.documents.model import Document, State, Use
from holdfast.documents.types import Types
from holdfast.problems import Place, Problem, Problems
from holdfast.trees.tree import BYTES, decode, load_all, too_large
from holdfast_host.values import did_you_mean

DEEPEST = 50  # documents that use one another in a row
SUFFIXES = (".yml", ".yaml")
Found = tuple[dict[str, Document], list[Problem]]


def load_documents(paths: Sequence[Path], types: Types, libraries: Sequence[Path] = ()) -> dict[str, Document]:
    """As `read_documents`, for those who need nothing but documents. Raises Problems."""
    documents, problems = read_documents(paths, types, libraries)
    if problems:
        raise Problems(problems)
    return documents


def read_documents(paths: Sequence[Path], types: Types, libraries: Sequence[Path] = ()) -> Found:
    """All documents of the files and folders, by name, and those of libraries that they use; and all that is wrong.

    A folder stands for all *.yml and *.yaml below it. libraries: folders in which used documents are looked for, in
    this order, before the library that comes with Holdfast; of those only what is used has to be right.
    """
    problems: list[Problem] = []
    documents: dict[str, Document] = {}
    elsewhere: list[str] = []  # names of documents in libraries
    for path in paths:
        if not path.exists():
            problems.append(Problem("there is no such file or folder", Place(str(path)), _instead_of(path, libraries)))
    _read(files_of(paths), types, documents, problems)
    for folder in (*libraries, library.root() / "playbooks"):
        if _missing(documents):
            own: dict[str, Document] = {}
            own_problems: list[Problem] = []
            _read(files_of([folder]), types, own, own_problems)
            problems += _add_used(documents, own, own_problems)
            elsewhere += own
    problems += [
        Problem(f"there is no document `{use.document}`", use.name.place,
                did_you_mean(use.document, [*documents, *elsewhere]))
        for use in _missing(documents)]
    problems += [
        Problem(f"`{use.document}` is a {documents[use.document].kind}, and `{use.key.value}` takes a state",
                use.name.place,
                "name a document that begins with `state:`", (("it is here", documents[use.document].place),))
        for document in documents.values() for use in _uses(document)
        if use.document in documents and not isinstance(documents[use.document], State)]
    problems += _recursions(documents)
    return documents, list(dict.fromkeys(problems))


def load_text(text: str, file: str, types: Types) -> tuple[list[Document], list[Problem]]:
    """The documents of one file's text."""
    nodes, problems = load_all(text, file, rules="strict")
    unread = {_begin(problem) for problem in problems}  # what would be said of these values is a consequence
    documents = []
    for node in nodes:
        if node.kind == "null":
            continue
        document, found = kinds.load(node, types)
        problems += [problem for problem in found if _begin(problem) not in unread]
        if document is not None:
            documents.append(document)
    return documents, problems


def _begin(problem: Problem) -> tuple[int, int]:
    return (problem.place.line, problem.place.column) if problem.place else (0, 0)


def files_of(paths: Iterable[Path]) -> Iterator[Path]:
    """The files, and those that may hold documents in the folders."""
    for path in paths:
        if path.is_dir():
            yield from sorted(inner for inner in path.rglob("*") if inner.suffix in SUFFIXES and inner.is_file()
                              and not any(part.startswith(".") for part in inner.relative_to(path).parts))
        elif path.exists():
            yield path


def _read(files: Iterable[Path], types: Types, documents: dict[str, Document], problems: list[Problem]) -> None:
    for path in dict.fromkeys(files):
        try:
            with path.open("rb") as file:
                data = file.read(BYTES + 1)  # of a device there may be no end
        except OSError as error:
            problems.append(Problem(f"cannot be read: {error.strerror}", Place(str(path)), "look at its permissions"))
            continue
        if len(data) > BYTES:
            problems.append(too_large(str(path), BYTES))
            continue
        text, found = decode(data, str(path))
        problems += found
        if found:
            continue
        loaded, found = load_text(text, str(path), types)
        problems += found
        for document in loaded:
            other = documents.setdefault(document.name, document)
            if other is not document:
                problems.append(Problem(f"there is a document `{document.name}` already", document.place,
                                        "give one of the two another name", (("the other one", other.place),)))


def _instead_of(path: Path, folders: Sequence[Path]) -> str:
    """The mend for a file that is not there: one with a like name, or what may have been meant instead."""
    from difflib import get_close_matches  # noqa: PLC0415  # only when something is wrong

    beside = [one for folder in (*folders, path.parent) for one in folder.glob("*")]
    there = {one.stem: one for one in beside if one.suffix in SUFFIXES and one.is_file()}
    near = get_close_matches(path.stem, there, 1)
    if near:
        return f"did you mean `{there[near[0]]}`?"
    return f"documents are files; hosts are chosen with -t: -t {path}" if not path.suffix and len(path.parts) == 1 \
        else "look at the spelling"


def _uses(document: Document) -> Iterator[Use]:
    if isinstance(document, State):
        yield from (resource for resource in document.resources if isinstance(resource, Use))
    if isinstance(document, Association):
        yield from document.documents


def _missing(documents: dict[str, Document]) -> list[Use]:
    return [use for document in documents.values() for use in _uses(document) if use.document not in documents]


def _add_used(documents: dict[str, Document], own: dict[str, Document], own_problems: list[Problem]) -> list[Problem]:
    """Takes what is used from the library, and of its faults those in the files that were taken."""
    waiting = [use.document for use in _missing(documents)]
    files = set()
    while waiting:
        name = waiting.pop()
        if name in own and name not in documents:
            documents[name] = own[name]
            files.add(own[name].place.file)
            waiting += [use.document for use in _uses(own[name])]
    return [problem for problem in own_problems if problem.place and problem.place.file in files]


def concerning(names: Iterable[str], documents: Mapping[str, Document], problems: Sequence[Problem]) -> list[Problem]:
    """Of these problems those in the files of the named documents and of what they use; all of them where such a
    document is missing, as any may be the reason."""
    waiting, seen, files = [*names], set[str](), set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if name not in documents:
            return list(problems)
        files.add(documents[name].place.file)
        waiting += [use.document for use in _uses(documents[name])]
    return [one for one in problems if one.place is None
            or not files.isdisjoint([one.place.file, *(place.file for _, place in one.also)])]


def _recursions(documents: dict[str, Document]) -> list[Problem]:
    """Documents that use themselves, over whatever others. Each cycle is reported once."""
    problems: list[Problem] = []
    depths: dict[str, int] = {}  # how many documents use one another below each

    def visit(document: Document, path: list[tuple[str, Use]]) -> int:
        names = [name for name, _ in path]
        if document.name in names:
            cycle = path[names.index(document.name):]
            problems.append(Problem(
                f"`{document.name}` uses itself: {' -> '.join([name for name, _ in cycle] + [document.name])}",
                cycle[-1][1].name.place, "take one of these out",
                tuple((f"`{name}` uses `{use.document}`", use.name.place) for name, use in cycle[:-1])))
            return 0
        if document.name in depths:
            return depths[document.name]
        depth = 0
        for use in _uses(document):
            if isinstance(documents.get(use.document), State):  # else that is told already
                depth = max(depth, 1 + (visit(documents[use.document], [*path, (document.name, use)])
                                        if len(path) < DEEPEST else 0))
        depths[document.name] = depth
        return depth

    for document in documents.values():
        if visit(document, []) > DEEPEST - 1:
            problems.append(Problem(f"more than {DEEPEST} documents use one another in a row", document.place,
                                    "let it use some of them itself"))
            break  # those that use it do so as well
    return problems
