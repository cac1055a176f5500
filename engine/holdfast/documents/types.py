"""Resource types: found in the project's `modules/` and in the built-in library, and imported when they are used."""
from __future__ import annotations

import importlib.util
import re
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from holdfast import library
from holdfast.problems import Place, Problem, Problems
from holdfast_host.resource import Resource, type_name

PACKAGE = "holdfast_modules"  # what the files of all folders are modules of, here and on hosts
_CLASS = re.compile(r"^class ([A-Z]\w*)\(([^)]*)\)\s*:", re.MULTILINE)
_RESOURCE = re.compile(r"\bResource\b")


@dataclass(frozen=True, slots=True)
class _Source:
    path: Path
    class_name: str
    line: int


class Types(Mapping[str, type[Resource] | Problem]):
    """All resource types by their names. Making it reads the files; a type is imported when it is asked for.

    A value is the type, or a Problem that says why its file cannot be imported.
    """

    def __init__(self, folders: Sequence[Path] | None = None) -> None:
        """folders: the project's own first, the built-in library's last; None: the built-in alone. Raises Problems
        when two files or two types have one name."""
        self._found: dict[str, _Source] = {}
        self._files: dict[str, Path] = {}
        self._imported: dict[Path, ModuleType | Problem] = {}
        problems: list[Problem] = []
        for folder in reversed(folders if folders is not None else [library.root() / "modules"]):
            for path in sorted(folder.glob("*.py")):
                problems += self._scan(path)
        if problems:
            raise Problems(problems)

    def _scan(self, path: Path) -> list[Problem]:
        if path.name in self._files and path.name != "__init__.py":
            return [Problem(f"the built-in library has a file {path.name} too", Place(str(path)), "rename this one",
                            (("the other one", Place(str(self._files[path.name]))),))]
        self._files[path.name] = path
        text = path.read_text("utf-8", "replace")
        problems = []
        for found in _CLASS.finditer(text):
            if not _RESOURCE.search(found[2]):
                continue
            source = _Source(path, found[1], text.count("\n", 0, found.start()) + 1)
            name = _type_name(found[1])
            if name in self._found:
                problems.append(Problem(f"there is a resource type `{name}` already",
                                        Place(str(path), source.line, 7, len(found[1])), "give this one another name",
                                        (("the other one", self.place(name)),)))
            self._found.setdefault(name, source)
        return problems

    def __getitem__(self, name: str) -> type[Resource] | Problem:
        source = self._found[name]
        module = self._module(source.path)
        if isinstance(module, Problem):
            return module
        found: type[Resource] = getattr(module, source.class_name)
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._found

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._found))

    def __len__(self) -> int:
        return len(self._found)

    def need(self, name: str) -> type[Resource]:
        """The type of this name. Raises Problems when its file cannot be imported, KeyError when there is none."""
        found = self[name]
        if isinstance(found, Problem):
            raise Problems([found])
        return found

    def place(self, name: str) -> Place:
        """Where a type is declared."""
        source = self._found[name]
        return Place(str(source.path), source.line, 7, len(source.class_name))

    def module_of(self, name: str) -> str:
        """The module that has the type, on the controller and on hosts: `holdfast_modules.file`."""
        return f"{PACKAGE}.{self._found[name].path.stem}"

    def sources(self) -> dict[str, bytes]:
        """All files by their names without `.py`, for the archive that goes to hosts."""
        return {path.stem: path.read_bytes() for _, path in sorted(self._files.items()) if path.stem != "__init__"}

    def _module(self, path: Path) -> ModuleType | Problem:
        if path not in self._imported:
            self._imported[path] = _import(path, [str(one.parent) for one in self._files.values()])
        return self._imported[path]


def _import(path: Path, folders: Sequence[str]) -> ModuleType | Problem:
    package = sys.modules.setdefault(PACKAGE, ModuleType(PACKAGE))
    package.__path__ = list(dict.fromkeys(folders))
    name = f"{PACKAGE}.{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None  # the file's name ends in .py
    module = importlib.util.module_from_spec(spec)
    before = sys.modules.get(name)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # anything may go wrong in a user's file; it is reported at its place
        if before is not None:
            sys.modules[name] = before
        else:
            del sys.modules[name]
        return _import_problem(path, error)
    return module


def _import_problem(path: Path, error: Exception) -> Problem:
    line = error.lineno or 0 if isinstance(error, SyntaxError) else 0
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename == str(path):
            line = frame.lineno or 0
    said = error.msg if isinstance(error, SyntaxError) else f"{type(error).__name__}: {error}"
    return Problem(f"this resource type cannot be imported: {said}", Place(str(path), line, 1 if line else 0))


def _type_name(class_name: str) -> str:
    return type_name(type(class_name, (), {}))
