"""What group_vars/ and host_vars/ beside an inventory say, by Ansible's rules."""
from __future__ import annotations

import os
from collections.abc import Iterable

from holdfast.inventory.ansible_yaml import BYTES, load_document, variables_of
from holdfast.inventory.model import Layer
from holdfast.problems import Place, Problem
from holdfast.trees.tree import decode

_ENDINGS = ("", ".yml", ".yaml", ".json")


class VariableFiles:
    """The variable files beside the sources. folders: where group_vars/ and host_vars/ are looked for, lowest first.
    problems, warnings: what was wrong, or odd, in files that were asked for. read: these files."""

    def __init__(self, folders: Iterable[str]) -> None:
        self.folders = tuple(folders)
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self.read: list[str] = []
        self._names: dict[str, frozenset[str]] = {}

    def __call__(self, kind: str, name: str) -> tuple[Layer, ...]:
        """A layer for each folder, empty if there is no file. kind: group_vars or host_vars."""
        if name.startswith("/") or ".." in name.split("/"):
            return ({},) * len(self.folders)
        return tuple(self._layer(os.path.join(folder, kind), name) for folder in self.folders)

    def _layer(self, folder: str, name: str) -> Layer:
        names = self._names_in(folder)
        if not names:
            return {}
        for ending in _ENDINGS:
            path = os.path.join(folder, name + ending)
            if (name.partition("/")[0] if "/" in name else name + ending) in names and os.path.exists(path):
                paths = self._files_in(path, ()) if os.path.isdir(path) else [path]
                merged: Layer = {}
                for each in paths:
                    merged = {**merged, **self._file(each)}
                return merged
        return {}

    def _names_in(self, folder: str) -> frozenset[str]:
        if folder not in self._names:
            try:
                self._names[folder] = frozenset(os.listdir(folder))
            except OSError:
                self._names[folder] = frozenset()
        return self._names[folder]

    def _file(self, path: str) -> Layer:
        self.read.append(path)
        if not os.path.isfile(path):
            return self._refuse("this is no file", path, "move it away")
        try:
            with open(path, "rb") as file:
                data = file.read(BYTES + 1)
        except OSError as error:
            return self._refuse(f"cannot be read: {error.strerror}", path, "check its permissions")
        if len(data) > BYTES:
            return self._refuse(f"the file is larger than {BYTES // 2**20} MiB", path, "split it into several")
        text, problems = decode(data, path)
        self.problems += problems
        if problems:
            return {}
        document, problems = load_document(text, path, self.warnings)
        self.problems += problems
        if document is None or not (document.value or document.kind == "mapping"):
            return {}
        if document.kind != "mapping":
            if not problems:
                self.problems.append(Problem("the variables in this file are no mapping", document.place,
                                             "write `name: value`, without `-`"))
            return {}
        return variables_of(document)

    def _files_in(self, folder: str, around: tuple[str, ...]) -> list[str]:
        """The variable files in a folder and the folders in it, in the order in which they count. around: the folders
        that it is in."""
        real = os.path.realpath(folder)
        if real in around:
            self._refuse("this folder holds itself", folder, "remove the symbolic link")
            return []
        try:
            names = sorted(os.listdir(folder))
        except OSError as error:
            self._refuse(f"cannot be read: {error.strerror}", folder, "check its permissions")
            return []
        found = []
        for name in names:
            path = os.path.join(folder, name)
            ending = os.path.splitext(name)[1]
            if name.startswith(".") or name.endswith("~"):
                continue
            if os.path.isdir(path):
                found += self._files_in(path, (*around, real)) if not ending else []
            elif os.path.isfile(path) and ending in _ENDINGS:
                found.append(path)
        return found

    def _refuse(self, what: str, path: str, mend: str) -> Layer:
        self.problems.append(Problem(what, Place(path), mend))
        return {}
