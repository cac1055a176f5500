"""Which documents a command is about: those that were named, or all of the project's own that say for whom they are."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from holdfast.documents.loading import files_of, read_documents
from holdfast.documents.model import Document, State, Use
from holdfast.documents.types import Types
from holdfast.problems import Place, Problem, Problems


def read(folder: Path, paths: Sequence[str | Path], types: Types) -> tuple[dict[str, Document], list[Problem]]:
    """The documents of these files and folders, (): of playbooks/ in the project's folder, and those that they use; and
    what is wrong with them. Raises Problems when there is nothing to read."""
    own = folder / "playbooks"
    if not paths and not own.is_dir():
        around = next((one for one in folder.resolve().parents if (one / "playbooks").is_dir()), None)
        mend = f"the project is in {around}: go there, or say -C {around}" if around else \
            "make the folder `playbooks` (`holdfast init` does), or name files"
        raise Problems([Problem("there are no documents here", Place(str(own)), mend)])
    chosen = [Path(path) for path in paths] or [own]
    return read_documents(chosen, types, [own] if own.is_dir() else [])


def named(folder: Path, documents: Mapping[str, Document], problems: Sequence[Problem], paths: Sequence[str | Path],
          has_targets: bool) -> tuple[str, ...]:
    """The documents to apply: those with targets; in files that were named and with `-t` also those without, unless
    another document uses them. With problems in their files it may be that none can be read. Raises Problems."""
    states = own_states(folder, documents, paths)
    used = {part.document for one in documents.values() if isinstance(one, State)
            for part in one.resources if isinstance(part, Use)}
    found = [one for one in states if one.targets or (paths and has_targets and one.name not in used)]
    if found:
        return tuple(one.name for one in found)
    if problems:
        raise Problems(problems)
    where = Place(str(paths[0]) if paths else str(folder / "playbooks"))
    if not documents:
        raise Problems([Problem("there is no document in here", where, "begin one with `state: NAME`")])
    raise Problems([Problem("no document here says which hosts it is for", where,
                            "add `targets:` to one, or name its file and give -t")])


def own_states(folder: Path, documents: Mapping[str, Document], paths: Sequence[str | Path]) -> list[State]:
    """The state documents in these files, (): in playbooks/; without those of libraries."""
    files = {str(path) for path in files_of([Path(path) for path in paths])} if paths else set[str]()
    own = str(folder / "playbooks")
    return [one for one in documents.values() if isinstance(one, State)
            and (one.place.file in files if paths else one.place.file.startswith(own))]
