"""Files of the controller that a playbook names: they are copied beside the document."""
from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from holdfast.converting.expressions import Names, text
from holdfast.converting.model import Cannot
from holdfast.documents.model import is_template

_LOCAL = re.compile(r"\{\{\s*(role_path|playbook_dir)\s*\}\}/+")


@dataclass(frozen=True)
class Beside:
    """folders: where Ansible looks for files, in this order. inside: the folder among `files` and `templates` in which
    they are called so here: of a role's, as two roles may have files of one name."""

    folders: tuple[Path, ...]
    inside: str = ""

    def of_role(self, role: Path | None) -> Beside:
        """For a task of a role."""
        return self if role is None else Beside((role, role / "tasks", *self.folders), f"{role.name}/")

    def local(self, name: str) -> str:
        """A path without `{{ role_path }}/` or `{{ playbook_dir }}/` ahead of it, where files are looked for anyway."""
        return _LOCAL.sub("", name) if self.inside or not name.lstrip("{ ").startswith("role") else name

    def file(self, name: str) -> tuple[str, bytes]:
        """How a file is called beside the document, and its content. Raises Cannot."""
        path = self._found(name, "files")
        return f"files/{self.inside}{_safe(name)}", _read(path)

    def template(self, name: str, names: Names) -> tuple[str, bytes]:
        """The same of a template, whose expressions are translated; what it reads is added to the names. Raises
        Cannot."""
        path = self._found(name, "templates")
        try:
            written = _read(path).decode()
        except UnicodeDecodeError:
            raise Cannot(f"the template {name} is not UTF-8") from None
        written = _without_header(name, written)
        try:
            made = text(written, names)
        except Cannot as cannot:
            raise Cannot(f"in the template {name}: {cannot.why}") from None
        for word in ("{% include", "{%- include", "{% import", "{% from", "{% extends"):
            if word in made:
                raise Cannot(f"the template {name} takes in others")
        return f"templates/{self.inside}{_safe(name)}", made.encode()

    def glob(self, patterns: Sequence[str]) -> list[str]:
        """The files that patterns name now, as they are named here. Raises Cannot."""
        made: list[str] = []
        for pattern in patterns:
            if is_template(pattern) or pattern.startswith(("/", "~")):
                raise Cannot(f"which files `{pattern}` means is decided by a template, or outside of the playbook")
            found = next(filter(None, (sorted(one for one in folder.glob(inner) if one.is_file())
                                       for folder in self.folders for inner in (f"files/{pattern}", pattern))), [])
            if not found:
                raise Cannot(f"there is no file `{pattern}` here")
            made += [f"{pattern.rpartition('/')[0]}/{one.name}".lstrip("/") for one in found]
        return made

    def _found(self, name: str, kind: str) -> Path:
        if is_template(name):
            raise Cannot(f"which file is meant is decided by a template: `{name}`")
        if name.startswith("~"):
            raise Cannot(f"{name} is in a home: put the file beside the document")
        tried = [Path(name)] if name.startswith("/") else [
            folder / inner for folder in self.folders for inner in (f"{kind}/{name}", name)]
        for path in tried:
            if path.is_file():
                return path
            if path.is_dir():
                raise Cannot(f"{name} is a folder: name the files in it, each in a resource of its own")
        raise Cannot(f"there is no file `{name}` here")


def _without_header(name: str, written: str) -> str:
    """A template without the settings that its first line may hold (`#jinja2: lstrip_blocks: True`), which Ansible
    does not write out. Raises Cannot when they have no like."""
    if not written.startswith("#jinja2:"):
        return written
    header, _, rest = written.partition("\n")
    for pair in header.removeprefix("#jinja2:").split(","):
        word, _, given = (part.strip() for part in pair.partition(":"))
        if (word, given) == ("lstrip_blocks", "True") and not re.search(r"\{%[-+]?\s*raw\b", rest):
            rest = re.sub(r"^[ \t]+(?=\{[%#](?!\+))", "", rest, flags=re.MULTILINE)
        elif (word, given) not in (("trim_blocks", "True"), ("lstrip_blocks", "False")):
            raise Cannot(f"the first line of the template {name} says `{word}: {given}`, which has no like")
    return rest


def _safe(name: str) -> str:
    """The name without what leads elsewhere."""
    parts = [part for part in Path(name).parts if part not in ("/", "..", ".")]
    return "/".join(parts[1:] if len(parts) > 1 and parts[0] in ("files", "templates") else parts)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Cannot(f"{path} cannot be read: {error.strerror}") from None
