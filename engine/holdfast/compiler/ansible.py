"""Ansible's modules as contents for hosts: the module with all of `module_utils` that it imports, as one archive.

Nothing of Ansible is imported or run here: its files are found and read, so this hangs on no internal function of it.
The archive begins with what says which module it holds; modules/ansible_module.py carries it out.
"""
from __future__ import annotations

import ast
import functools
import importlib.util
import io
import os
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from holdfast.compiler.faults import Misused
from holdfast_host.values import did_you_mean

BUILT_IN = ("ansible.builtin.", "ansible.legacy.")
ENTRY = "holdfast_entry"  # the file of the archive that names the module to run
_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*){0,3}\Z")
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same files make the same archive, at any time

# Modules of which a part runs on the controller, and what stands in their place.
INSTEAD: Mapping[str, str] = {
    "copy": "use the type `file`", "template": "use the type `template`", "script": "use the type `script`",
    "shell": "use the type `command` with `shell: true`", "raw": "use the type `command` with `shell: true`",
    "package": "use the type `package`, or name the module of the host: `apt`, `dnf5`",
    "service": "use the type `service`, or name the module of the host: `systemd`, `sysvinit`",
    "reboot": "a restart is no state; see the type `reboot` if there is one",
    "assert": "use the type `assert`", "fail": "use the type `assert`",
    "debug": "leave it out", "pause": "use the type `wait_for`", "wait_for_connection": "leave it out",
    "set_fact": "put it into `vars`", "include_vars": "put them into `vars`", "set_stats": "leave it out",
    "add_host": "hosts are in the inventory", "group_by": "targets select by facts",
    "fetch": "what a host has is not brought to the controller",
    "gather_facts": "facts are gathered when a document uses them", "async_status": "leave it out",
    "validate_argument_spec": "a document has `parameters`", "dnf": "name the module of the host: `dnf5`",
}
# Those that do as well without it, on these terms: an argument, the value it has to have, and the mend.
ALONE: Mapping[str, tuple[str, object, str] | None] = {
    "command": None, "uri": ("src", None, "leave `src` out: a file of the controller is not sent"),
    "assemble": ("remote_src", True, "write `remote_src: true`: only files of the host are put together"),
    "unarchive": ("remote_src", True, "use the type `archive`, or write `remote_src: true`: only an archive that the "
                                      "host has, or fetches, is unpacked"),
}


@dataclass(frozen=True, slots=True)
class Found:
    """A module. name: as Python knows it; file: where it is."""

    name: str
    file: Path


class Modules:
    """root: of the project; its `collections/` are looked into first. Made once, as archives are kept."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._archives: dict[str, bytes] = {}
        self._needed: dict[Found, Sequence[Found]] = {}

    def archive(self, name: str) -> bytes:
        """The archive for a module. Raises Misused, with the mend."""
        if name not in self._archives:
            self._archives[name] = self._archive(self.find(name))
        return self._archives[name]

    def find(self, name: str) -> Found:
        """Where a module is. Raises Misused when there is none that can be carried out on a host alone."""
        if not _NAME.match(name):
            raise Misused(f"`{name}` is no module's name", "as in `lineinfile` or `community.general.ini_file`", name)
        short = name
        for prefix in BUILT_IN:
            short = short.removeprefix(prefix)
        core = _core()
        if "." not in short:
            if short in INSTEAD:
                raise Misused(f"a part of the module `{name}` runs on the controller", INSTEAD[short], name)
            file = core / "modules" / f"{short}.py"
            if file.is_file():
                return _usable(Found(f"ansible.modules.{short}", file), name)
            raise _unknown(short, core)
        space, collection, *rest = short.split(".")
        for place in self._places():
            folder = place / "ansible_collections" / space / collection / "plugins"
            file = folder / "modules" / f"{rest[-1]}.py" if len(rest) == 1 else folder
            if file.is_file():
                if (folder / "action" / file.name).is_file():
                    raise Misused(f"a part of the module `{name}` runs on the controller", "there is no way without it",
                                  name)
                return _usable(Found(f"ansible_collections.{space}.{collection}.plugins.modules.{rest[0]}", file), name)
        raise Misused(f"there is no module `{name}` here", f"install its collection: ansible-galaxy collection install "
                      f"{space}.{collection} -p collections", name)

    def renamed(self, name: str) -> str:
        """The name that ansible-core has given to a module since."""
        try:
            return _moved(name.removeprefix(BUILT_IN[0]).removeprefix(BUILT_IN[1]), _core()) or name
        except Misused:
            return name

    def _archive(self, found: Found) -> bytes:
        files: dict[str, bytes] = {ENTRY: found.name.encode()}
        waiting = [found]
        _add(files, found.name.replace(".", "/") + ".py", found.file)
        core = _core()
        inner = core / "module_utils" / "_internal"  # some of it is imported by names that are made at run time
        waiting += [Found(_dotted(path, core.parent), path) for path in sorted(inner.rglob("*.py"))]
        waiting += [Found(f"ansible.module_utils.{word}", core / "module_utils" / f"{word}.py") for word in ("basic",)]
        seen: set[str] = set()
        while waiting:
            one = waiting.pop()
            if one.name in seen:
                continue
            seen.add(one.name)
            path = "/".join(one.name.split(".")) + ("/__init__.py" if one.file.name == "__init__.py" else ".py")
            _add(files, path, one.file)
            waiting += self._needs(one)
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
            for path, content in sorted(files.items()):
                archive.writestr(zipfile.ZipInfo(path, _EPOCH), content, zipfile.ZIP_DEFLATED)
        return data.getvalue()

    def _needs(self, one: Found) -> Sequence[Found]:
        """What a file imports. It is looked for once: modules have most of it in common."""
        if one not in self._needed:
            stat, places = one.file.stat(), self._places()
            self._needed[one] = [found for wanted in _imports(one, stat.st_mtime_ns, stat.st_size)
                                 for found in _located(wanted, places)]
        return self._needed[one]

    def _places(self) -> Sequence[Path]:
        """Folders in which `ansible` and `ansible_collections` are looked for."""
        home = Path(os.environ.get("ANSIBLE_HOME", "~/.ansible")).expanduser()
        return (self.root / "collections", home / "collections", Path("/usr/share/ansible/collections"),
                _core().parent)


def _core() -> Path:
    """The folder of ansible-core. Raises Misused."""
    spec = importlib.util.find_spec("ansible")
    if spec is None or not spec.submodule_search_locations:
        raise Misused("Ansible is not installed beside Holdfast", "pip install ansible-core")
    return Path(next(iter(spec.submodule_search_locations)))


def _moved(name: str, core: Path) -> str:
    """The collection's module that a name without one stands for now; "": there is none."""
    return str((_routed(core).get(name) or {}).get("redirect") or "")


@functools.lru_cache(maxsize=1)
def _routed(core: Path) -> Mapping[str, Mapping[str, object]]:
    try:
        routing = (core / "config" / "ansible_builtin_runtime.yml").read_bytes()
    except OSError:
        return {}
    found = yaml.safe_load(routing) or {}
    return found.get("plugin_routing", {}).get("modules", {})  # type: ignore[no-any-return]


def _unknown(name: str, core: Path) -> Misused:
    moved = _moved(name, core)
    known = [path.stem for path in (core / "modules").glob("*.py") if path.stem != "__init__"]
    return Misused(f"there is no module `{name}` in ansible-core",
                   f"it is `{moved}` now" if moved else did_you_mean(name, known), name)


def _usable(found: Found, name: str) -> Found:
    text = found.file.read_text("utf-8", "replace")
    if "ansible.module_utils" not in text and "module_utils." not in text:
        raise Misused(f"the module `{name}` is not written for Ansible's module_utils", "it cannot be used", name)
    return found


def _add(files: dict[str, bytes], path: str, file: Path) -> None:
    """Adds a file, and empty ones that make packages of the folders above it."""
    files[path] = file.read_bytes()
    for parent in Path(path).parents:
        if str(parent) != ".":
            files.setdefault(f"{parent}/__init__.py", b"")


def _dotted(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@functools.lru_cache(maxsize=4096)
def _imports(one: Found, _mtime_ns: int, _size: int) -> Sequence[str]:
    """What a file imports, with what might be a module in it: of `from a import b` both a and a.b. Kept, as it takes
    long, until the file is another."""
    package = one.name.split(".") if one.file.name == "__init__.py" else one.name.split(".")[:-1]
    found: dict[str, None] = {}
    for node in ast.walk(ast.parse(one.file.read_bytes())):
        if isinstance(node, ast.Import):
            found |= dict.fromkeys(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[:len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found |= dict.fromkeys([base, *(f"{base}.{alias.name}" for alias in node.names)])
    return tuple(found)


def _located(name: str, places: Sequence[Path]) -> Iterator[Found]:
    """The files of a module of `module_utils` or of a collection, those of its packages too."""
    parts = name.split(".")
    if parts[:2] != ["ansible", "module_utils"] and not (parts[0] == "ansible_collections" and len(parts) > 4):
        return
    for place in places:
        path = place.joinpath(*parts)
        for file in (path.with_suffix(".py"), path / "__init__.py"):
            if file.is_file():
                yield Found(name, file)
                for depth in range(2, len(parts)):
                    above = place.joinpath(*parts[:depth]) / "__init__.py"
                    if above.is_file():
                        yield Found(".".join(parts[:depth]), above)
                return
