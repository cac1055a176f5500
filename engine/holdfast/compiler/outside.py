"""What templates and secrets take from outside: files of the controller, environment variables, programs."""
from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from holdfast.compiler.faults import Fault, Misused
from holdfast.compiler.secret import SecretText
from holdfast.compiler.sources import Sources
from holdfast.problems import Place, Problem
from holdfast_host.redact import SHORTEST
from holdfast_host.values import did_you_mean


class Outside:
    """root: the project's folder. What is asked for twice is fetched once."""

    def __init__(self, sources: Sources, root: Path) -> None:
        self.sources, self.root = sources, root
        self._found: dict[tuple[str, str, Path], Path] = {}
        self._secrets: dict[tuple[str, str, str], SecretText | Fault] = {}

    def find(self, name: str, kind: str, folder: Path) -> Path:
        """A file of the controller: beside the document, or in `files/` or `templates/` (kind) there or in the
        project. Raises Misused, naming where it was looked for."""
        key = (name, kind, folder)
        if key not in self._found:
            self._found[key] = self._searched(name, kind, folder)
        return self._found[key]

    def _searched(self, name: str, kind: str, folder: Path) -> Path:
        path = Path(name)
        tried = [path] if path.is_absolute() else [
            folder / path, folder / kind / path, self.root / kind / path, self.root / path]
        for one in dict.fromkeys(tried):
            if self.sources.is_file(one):
                return one
        raise self._not_found(name, list(dict.fromkeys(tried)))

    def _not_found(self, name: str, tried: Sequence[Path]) -> Misused:
        if not name:
            return Misused("the name of a file is empty", "name a file of the controller")
        if "://" in name:
            return Misused(f"`{name}` is a URL: files of the controller are read, and nothing is fetched",
                           "put the file beside the document", name)
        folder = next((one for one in tried if self.sources.names(one) is not None), None)
        if folder is not None:
            return Misused(f"`{name}` is a folder: {folder}", "name the files in it, each in a resource of its own",
                           name)
        odd = self._odd(tried)
        if odd is not None:
            return Misused(f"`{name}` is no file but a pipe, a device or a link to nothing: {odd}", "name a file", name)
        there = [other for one in tried for other in self.sources.names(one.parent) or ()]
        near = did_you_mean(Path(name).name, there)
        looked = "looked for " + ", ".join(map(str, tried))
        return Misused(f"there is no file `{name}`", f"{near} {looked}" if near.startswith("did") else looked, name)

    def _odd(self, tried: Sequence[Path]) -> Path | None:
        """What is there, and is neither a file nor a folder."""
        return next((one for one in tried if one.name in (self.sources.names(one.parent) or ())
                     and self.sources.names(one) is None), None)

    def read(self, path: Path) -> bytes:
        """A file's content. Raises Misused."""
        try:
            return self.sources.read(path)
        except OSError as error:
            raise Misused(f"{path} cannot be read: {error.strerror}", "look at its path and permissions") from None

    def lookup(self, what: str, names: Sequence[str], folder: Path) -> str:
        """Raises Misused."""
        name = what.rpartition(".")[2]
        if name == "file" and len(names) == 1:
            found = self.find(names[0], "files", folder)
            return self.read(found).decode("utf-8", "surrogateescape").rstrip()
        if name == "env" and len(names) == 1:
            return self.sources.environment(names[0]) or ""
        if name in ("file", "env"):
            raise Misused(f"the lookup `{name}` takes one name", "for several write several lookups", "lookup")
        raise Misused(f"there is no lookup `{what}`",
                      "there are `file` and `env`; what a command prints is `{secret: NAME, command: …}`", what)

    def secret(self, name: str, how: str, text: str, folder: Path, place: Place) -> SecretText:
        """The value of a secret. Raises Fault."""
        key = (how, text, str(folder) if how == "file" else "")
        if key not in self._secrets:
            try:
                self._secrets[key] = SecretText(self._value(how, text, folder), name)
            except Misused as error:
                self._secrets[key] = Fault([Problem(f"secret `{name}`: {error.what}", place, error.mend)])
        found = self._secrets[key]
        if isinstance(found, Fault):
            raise found
        return found if found.name == name else SecretText(str.__str__(found), name)

    def values(self) -> dict[str, str]:
        """All secrets that were read by now: values by names, with a number where a name stands for several."""
        found: dict[str, str] = {}
        for one in self._secrets.values():
            if isinstance(one, SecretText):
                value = str.__str__(one)
                name = one.name if found.get(one.name, value) == value else f"{one.name} {len(found)}"
                found[name] = value
        return found

    def _value(self, how: str, text: str, folder: Path) -> str:
        if how == "file":
            value = self._of_file(text, folder)
        else:
            value = self._of_environment(text) if how == "env" else self._of_command(text)
        value = value.removesuffix("\n").removesuffix("\r")
        if len(value) < SHORTEST:
            raise Misused(f"it has less than {SHORTEST} characters",
                          "it could not be masked in reports; use a longer one")
        return value

    def _of_environment(self, name: str) -> str:
        found = self.sources.environment(name)
        if found is None:
            raise Misused(f"the environment variable {name} is not set", f"export {name}=…")
        return found

    def _of_file(self, name: str, folder: Path) -> str:
        tried = list(dict.fromkeys((folder / name, self.root / name)))
        found = next(filter(self.sources.is_file, tried), None)
        try:
            return self.read(found or tried[0]).decode("utf-8", "surrogateescape")  # a pipe is no file, and is read
        except Misused as error:
            raise error if found or self._odd(tried) else self._not_found(name, tried) from None

    def _of_command(self, command: str) -> str:
        try:
            return self.sources.output(command)
        except OSError as error:
            raise Misused(f"its command failed: {error.strerror}", f"try it by hand: {command}") from None
