"""Reading inventories: which kind a source is, and everything that is wrong in all of them at once."""
from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from holdfast.inventory import tags
from holdfast.inventory.ansible_ini import decode_ini, read_ini
from holdfast.inventory.ansible_toml import read_toml
from holdfast.inventory.ansible_yaml import BYTES, load_document, read_groups
from holdfast.inventory.builder import Builder
from holdfast.inventory.hostpattern import Wrong, split_port
from holdfast.inventory.misread import misread
from holdfast.inventory.model import Inventory, Variable
from holdfast.inventory.native import looks_native, misspelt, read_native
from holdfast.inventory.varsfiles import VariableFiles
from holdfast.problems import Place, Problem, Problems
from holdfast.trees import tree

# Files in an inventory folder that are no inventories, as Ansible has it.
_IGNORED = re.compile(
    r"^\.|^(host_vars|group_vars|vars_plugins)$|(\.(pyc|pyo|swp|bak|rpm|md|txt|rst|orig|cfg|retry)|~)$")
_YAML_ENDINGS = ("", ".yml", ".yaml", ".json")
_INI_SECTION = re.compile(r"^\s*\[[^\[\]]+\]\s*(#.*)?$", re.MULTILINE)


def find(folder: str | Path) -> tuple[Path, ...]:
    """The inventory of a project: `inventory/` (or a file of that name) in its folder. Raises Problems."""
    path = Path(folder) / "inventory"
    if path.exists():
        return (path,)
    raise Problems([Problem("there is no inventory here", Place(str(path)),
                            "make the folder `inventory` (`holdfast init` does), or name one with -i")])


def load(paths: Sequence[str | Path], *, env: Mapping[str, str] | None = None, script_s: float = 60.0) -> Inventory:
    """The hosts, groups, tags and variables that the sources give together; of equal rank, the later one counts.

    paths: folders, files and programs, or "host1,host2". env: the environment of programs; None: ours. script_s: how
    long one call of a program may take, in seconds. Raises Problems: everything that is wrong in all sources.
    """
    reader = _Reader(env, script_s)
    for path in paths:
        reader.source(str(path), named=True)
    files = VariableFiles(_folders([str(path) for path in paths]))
    inventory = reader.builder.finish(files, tuple(reader.read))
    problems = [*reader.builder.problems, *files.problems, *_tag_problems(inventory)]
    if problems:
        raise Problems(problems)
    return Inventory(inventory.hosts, inventory.groups, (*reader.read, *files.read),
                     tuple(sorted({*reader.builder.warnings, *files.warnings}, key=_where)))


def _where(problem: Problem) -> tuple[Place, str]:
    return problem.place or Place(""), problem.what


def _folders(paths: Sequence[str]) -> list[str]:
    """Where group_vars/ and host_vars/ are, each once, at its last place: what is said last counts."""
    folders: dict[str, str] = {}
    for path in paths:
        if "," in path and not os.path.exists(path):
            continue
        folder = path if os.path.isdir(path) else os.path.dirname(path)
        real = os.path.realpath(folder or ".")
        folders.pop(real, None)
        folders[real] = folder
    return list(folders.values())


def _tag_problems(inventory: Inventory) -> Iterator[Problem]:
    seen: set[int] = set()
    for host in inventory.hosts.values():
        for layer in host.layers:
            variable: Variable | None = layer.get(tags.VARIABLE)
            if variable is not None and id(variable) not in seen:
                seen.add(id(variable))
                yield from tags.faults(variable)


class _Reader:
    """Reads sources into one builder. read: the files."""

    def __init__(self, env: Mapping[str, str] | None, script_s: float) -> None:
        self.env, self.script_s = env, script_s
        self.builder = Builder()
        self.read: list[str] = []
        self.inside: list[str] = []  # the folders around what is being read

    def source(self, path: str, *, named: bool = False) -> None:
        """named: by the user, not found in a folder."""
        if named and "," in path and not os.path.exists(path):
            self.host_list(path)
        elif os.path.isdir(path):
            self.folder(path)
        elif not os.path.exists(path):
            self.builder.refuse("there is no such inventory", Place(path),
                                "correct the path, or end a list of hosts with a comma: -i host1,")
        elif named or os.path.isfile(path):  # who names a pipe means it: -i <(program)
            self.read.append(path)
            self.file(path)
        else:
            self.builder.refuse("this is neither a file nor a folder", Place(path), "move it out of the inventory")

    def folder(self, path: str) -> None:
        """What is in a folder and the folders in it, by name."""
        real = os.path.realpath(path)
        if real in self.inside:
            self.builder.refuse("this folder holds itself", Place(path), "remove the symbolic link")
            return
        try:
            names = sorted(os.listdir(path), key=os.fsencode)
        except OSError as error:
            self.builder.refuse(f"cannot be read: {error.strerror}", Place(path), "check its permissions")
            return
        self.inside.append(real)
        for name in names:
            if not _IGNORED.search(name):
                self.source(os.path.join(path, name))
        self.inside.pop()

    def host_list(self, text: str) -> None:
        for part in filter(None, (part.strip() for part in text.split(","))):
            name, port = split_port(part) if "[" not in split_port(part)[0] else (part, None)
            if name not in self.builder.hosts:
                try:
                    self.builder.add_host(name, "ungrouped", port, Place(text))
                except Wrong as wrong:
                    self.builder.refuse(wrong.what, None, wrong.mend)

    def file(self, path: str) -> None:
        if os.access(path, os.X_OK):
            from holdfast.inventory.script import NoProgram, Script, read_script  # noqa: PLC0415  # brings subprocess

            try:
                read_script(self.builder, Script(path, self.script_s, self.env))
            except NoProgram:
                pass
            else:
                return
        try:
            with open(path, "rb") as file:
                data = file.read(BYTES + 1)
        except OSError as error:
            self.builder.refuse(f"cannot be read: {error.strerror}", Place(path), "check its permissions")
            return
        if len(data) > BYTES:
            self.builder.refuse(f"the file is larger than {BYTES // 2**20} MiB", Place(path), "split it into several")
            return
        self.text(path, data)

    def text(self, path: str, data: bytes) -> None:
        """A file that is no program: native, YAML, TOML or INI."""
        ending = os.path.splitext(path)[1]
        text, problems = tree.decode(data, path)
        if not problems and ending == ".toml":
            read_toml(self.builder, text, path)
        elif not problems and looks_native(text):
            read_native(self.builder, text, path)
        elif not problems and ending in _YAML_ENDINGS and (wrong := misspelt(text, path)) is not None:
            self.builder.problems.append(wrong)
        elif problems or ending not in _YAML_ENDINGS or not self.is_yaml(path, text, ending):
            self.ini(path, data)

    def is_yaml(self, path: str, text: str, ending: str) -> bool:
        """Reads the file if it is YAML. It is, if it is a mapping, or if it is neither and looks more like YAML."""
        doubled: list[Problem] = []
        document, problems = load_document(text, path, doubled)
        if problems and not ending and _INI_SECTION.search(text):
            return False  # a line such as `h x="{'a': 1}"` alone would be a mapping
        if document is not None and document.kind == "mapping":
            self.builder.problems += problems
            self.builder.warnings += doubled
            if not problems:
                read_groups(self.builder, document)
            return True
        if document is None and not problems:
            return True  # nothing in it
        if text.startswith("$ANSIBLE_VAULT;") or (ending and problems and not _INI_SECTION.search(text)):
            self.builder.problems += problems
            return True
        return False

    def ini(self, path: str, data: bytes) -> None:
        text, wrong = decode_ini(data, path)
        if wrong is not None:
            self.builder.refuse("a byte that is not UTF-8", wrong, "save the file as UTF-8")
            return
        before = len(self.builder.problems)
        read_ini(self.builder, text, path)
        if len(self.builder.problems) > before and (other := misread(text, path)) is not None:
            self.builder.problems[before:] = [other]
