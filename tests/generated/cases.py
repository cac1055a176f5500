"""Pairs of a host's state and a document, made from a number: the same number gives the same pair."""
from __future__ import annotations

import os
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

NAMES = ("a", "b", "c")
CONTENTS = ("", "one\n", "one\ntwo\n", "one\ntwo", "x = 1\ny = 2\n", "ä\n", "one\r\ntwo\r\n")
MODES = ("0644", "0600", "0755", "0400", "u=rw,go=", "a+x", "g-w")
NOBODY = "nobody-here"  # there is no such user
OWNERS = (None,) * 6 + ("nobody", "root", "65534") * 2 + (NOBODY,)

Step = tuple[str, str, Any]  # what is done to a path before: make, its path, and with what
Resource = dict[str, Any]


@dataclass(frozen=True)
class Pair:
    """before: how the host is made; resources: what is declared. Paths stand below a folder that is theirs alone."""

    before: tuple[Step, ...]
    resources: tuple[Resource, ...]

    def document(self) -> str:
        """As a user would write it."""
        return yaml.safe_dump({"state": "generated", "targets": "all", "resources": list(self.resources)},
                              sort_keys=False, allow_unicode=True)


def pair(number: int, root: str) -> Pair:
    """root: an absolute path."""
    chance = random.Random(number)
    paths = [f"{root}/{one}" for one in NAMES]
    paths += [f"{root}/{one}/{other}" for one in NAMES[:2] for other in NAMES[:2]]
    before = tuple(_step(chance, path, paths) for path in paths if chance.random() < 0.5)
    resources: list[Resource] = []
    taken: set[str] = set()
    for _ in range(chance.randint(1, 8)):
        made = _resource(chance, [path for path in paths if path not in taken] or paths, paths, len(resources))
        path = made.get("path") or next(iter(made.values()))
        if next(iter(made)) != "command":
            taken.add(str(path))
        _related(chance, made, resources)
        if made.get("owner") == NOBODY and any("command" in one or "script" in one for one in resources):
            del made["owner"]  # a command may make that user: then it is not known whether there will be one
        resources.append(made)
    return Pair(before, tuple(resources))


def _step(chance: random.Random, path: str, paths: list[str]) -> Step:
    what = chance.choice(("file", "file", "directory", "directory", "link", "dressed"))
    return what, path, {"file": chance.choice(CONTENTS), "directory": None, "link": chance.choice(paths),
                        "dressed": chance.choice((0o600, 0o666, 0o4755))}[what]


def make(before: tuple[Step, ...]) -> None:
    """Makes a host so; what cannot be made (below a file, say) is left out."""
    for what, path, value in before:
        try:
            if what == "directory":
                os.mkdir(path)
            elif what == "link":
                os.symlink(value, path)
            elif what == "file":
                Path(path).write_bytes(value.encode())
            else:
                Path(path).write_bytes(b"dressed\n")
                os.chmod(path, value)
                os.chown(path, 65534, 65534)
        except OSError:
            continue


def _resource(chance: random.Random, free: list[str], paths: list[str], number: int) -> Resource:
    kind = chance.choice(("file", "file", "file", "directory", "directory", "link", "line", "command", "command"))
    path = chance.choice(free)
    return {"file": _file, "directory": _directory, "link": _link, "line": _line,
            "command": _command}[kind](chance, path, paths, number)


def _dress(chance: random.Random, made: Resource) -> Resource:
    owner = chance.choice(OWNERS)
    if owner:
        made["owner"] = owner
    if chance.random() < 0.3:
        made["mode"] = chance.choice(MODES)
    return made


def _flags(chance: random.Random, made: Resource, *names: str) -> Resource:
    return {**made, **{name: True for name in names if chance.random() < 0.3}}


def _file(chance: random.Random, path: str, _: list[str], __: int) -> Resource:
    if chance.random() < 0.2:
        return {"file": path, "state": "absent"}
    made = _dress(chance, {"file": path})
    if chance.random() < 0.8:
        made["content"] = chance.choice(CONTENTS[1:])
    return _flags(chance, made, "force", "backup", "follow")


def _directory(chance: random.Random, path: str, _: list[str], __: int) -> Resource:
    if chance.random() < 0.25:
        return _flags(chance, {"directory": path, "state": "absent"}, "force")
    return _flags(chance, _dress(chance, {"directory": path}), "force", "recurse")


def _link(chance: random.Random, path: str, paths: list[str], _: int) -> Resource:
    if chance.random() < 0.2:
        return {"link": path, "state": "absent"}
    owner = chance.choice(OWNERS)
    made = {"link": path, "to": chance.choice(paths), **({"owner": owner} if owner else {})}
    return _flags(chance, made, "force")


def _line(chance: random.Random, path: str, _: list[str], number: int) -> Resource:
    made: Resource = {"line": f"line {number}", "path": path}
    if chance.random() < 0.3:
        return {**made, "match": chance.choice(("^one$", "^x")), "state": "absent"}
    made["text"] = chance.choice(("one", "x = 3", "new"))
    if made["text"] == "x = 3":
        made["match"] = "^x = "
    return _flags(chance, made, "create", "backup")


def _command(chance: random.Random, path: str, paths: list[str], number: int) -> Resource:
    """Each command does its work once, however often it is asked, and none fails: no plan could foretell that."""
    name = f"{os.path.dirname(paths[0])}/made.{number}"
    return chance.choice((
        {"command": f"touch {name}", "creates": name},
        {"command": f"rm -rf {path}", "removes": path},
        {"command": f"echo done > {name}", "shell": True, "unless": f"test -s {name}"},
        {"command": f"echo told >> {name}", "shell": True, "on_notify": True},
        {"command": f"echo told >> {name}", "shell": True, "on_notify": True},
        {"command": f"cat {path}", "read_only": True, "success": [0, 1]},
        {"script": f"make {number}", "interpreter": "sh", "content": f"touch {name}", "creates": name},
    ))


def _related(chance: random.Random, made: Resource, earlier: list[Resource]) -> None:
    """Relations to what stands before: `requires`, and `notify` of those that can be."""
    if not earlier:
        return
    other = chance.choice(earlier)
    type_, name = next(iter(other.items()))
    if chance.random() < 0.2:
        made["requires"] = {type_: name}
    told = [one for one in earlier if one.get("on_notify")]
    if made.get("on_notify"):
        other.setdefault("notify", {"command": made["command"]})
    elif told and chance.random() < 0.3:
        made["notify"] = {"command": chance.choice(told)["command"]}
