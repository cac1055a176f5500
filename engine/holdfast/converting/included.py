"""Which files of variables `include_vars` means: one that is named, or the first that there is for a host's system. The
files that are there say for which systems they are; of others Ansible finds none."""
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from holdfast.converting import facts, nodes
from holdfast.converting.loops import has_loop
from holdfast.converting.model import Cannot, Task
from holdfast.trees.tree import Node

_FIRST = re.compile(r"\{\{\s*(?:lookup|query)\(\s*['\"](?:ansible\.builtin\.)?first_found['\"]\s*,\s*(\w+)\s*\)"
                    r"\s*\}\}\Z")
_PART = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_FACT = re.compile(r"(?:ansible_|ansible_facts\.|ansible_facts\[['\"])"
                   r"(os_family|distribution_major_version|distribution_version|distribution_release|distribution)"
                   r"(?:['\"]\])?(\.split\(['\"]\.['\"]\)\[0\])?"
                   r"((?:\s*\|\s*(?:lower|title|default\([^()]*\)))*)\s*\Z")
_SHAPES = {"distribution_release": r"[a-z]+"}
_VERSION = r"\d[\d.]*"


@dataclass(frozen=True, slots=True)
class File:
    """A file, and the conditions under which it is the one that is meant, when none before it is."""

    path: Path
    when: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A name as an expression; facts: what its groups are, with the filters."""

    expression: re.Pattern[str]
    facts: Sequence[tuple[str, str]]


def files(task: Task) -> tuple[list[list[File]], list[str], list[str]]:
    """What is included, one after the other: of each the first file counts whose conditions hold. Further the
    conditions of the task without those that a file be there; and names of files that are for systems which are not
    known here. Raises Cannot."""
    if "dir" in task.arguments:
        raise Cannot("there is no file that it names, but a folder: name its files, a task each")
    unlike = set(task.arguments) - {"file", "name"}
    if unlike:
        raise Cannot(f"`{min(unlike)}` of `include_vars` has no like")
    if task.free and "=" in task.free.split()[0]:
        raise Cannot("`include_vars` has a file")
    named = task.free or (str(task.arguments["file"].value) if "file" in task.arguments else "")
    own = {word: str(node.value) for word, node in task.vars.items() if node.kind == "text"}
    written = re.fullmatch(r"\{\{\s*(\w+)\s*\}\}", named.strip())
    asked = [str(node.value) for node in task.when]
    if written and written[1] in own:
        asked = [one for one in asked if not re.fullmatch(rf"{written[1]}\s+is\s+(file|exists)", one.strip())]
        named = own[written[1]]
    wanted = [[(name, folders) for name, folders in one] for one in _wanted(task, named)]
    if has_loop(task):
        asked = [one for one in asked if not re.fullmatch(r"item\s+is\s+(file|exists)", one.strip())]
    unknown: list[str] = []
    found = [[file for name, folders in one for file in _found(name, folders, task, unknown)] for one in wanted]
    if not any(found):
        raise Cannot(f"there is no file `{named}` here")
    return [one for one in found if one], asked, unknown


def may_be_none(task: Task) -> bool:
    """Does it go on when there is no file for a host?"""
    words = [node for word, node in task.keywords.items() if word.startswith("with_")]
    return re.search(r"'(skip|errors)'", str([node.plain() for node in (*words, *task.vars.values())])) is not None


def _wanted(task: Task, named: str) -> Iterator[list[tuple[str, list[str]]]]:
    """The names that are tried, with the folders in which they are."""
    loops = [word for word in task.keywords if word == "loop" or word.startswith("with_")]
    first = _FIRST.match(named.strip())
    if loops and loops[0].removeprefix("with_").removeprefix("ansible.builtin.") == "first_found":
        if not re.fullmatch(r"\{\{\s*item\s*\}\}", named.strip()):
            raise Cannot("which file is meant is decided by a template")
        yield _first(task.keywords[loops[0]].plain())
    elif loops:
        for one in nodes.listed(task.keywords[loops[0]]) if loops[0] in ("loop", "with_items") else ():
            if one.kind != "text" or "item" not in named:
                break
            yield [(str(one.value).join(re.split(r"\{\{\s*item\s*\}\}", named)), [""])]
        else:
            return
        raise Cannot("which files are meant is decided by a loop")
    elif first is not None:
        if first[1] not in task.vars:
            raise Cannot("which file is meant is decided by a template")
        yield _first(task.vars[first[1]].plain())
    else:
        yield [(named, [""])]


def _first(given: Any) -> list[tuple[str, list[str]]]:
    """What `first_found` is given: names, or mappings of `files` and `paths`."""
    made: list[tuple[str, list[str]]] = []
    for one in given if isinstance(given, list) else [given]:
        said = one if isinstance(one, dict) else {"files": [one]}
        named, folders = (part if isinstance(part, list) else [part] for part in (
            said.get("files"), said.get("paths") or [""]))
        if set(said) - {"files", "paths", "skip", "errors"} or not all(isinstance(name, str) for name in named):
            raise Cannot("which file is meant is decided by a template")
        made += [(str(name), [str(folder) for folder in folders]) for name in named]
    return made


def _found(name: str, folders: Sequence[str], task: Task, unknown: list[str]) -> Iterator[File]:
    """The files that a name can mean, of the first folder in which there are any."""
    place = Path(task.place.file).parent
    bases = [place, place / "vars", place.parent / "vars", place.parent]
    if task.role is not None:
        bases = [task.role / "vars", task.role, *bases]
    for folder in folders:
        whole = re.sub(r"\{\{\s*(role_path|playbook_dir)\s*\}\}/?", "", f"{folder}/{name}" if folder else name)
        inner, _, last = whole.rpartition("/")
        if "{{" in inner:
            raise Cannot("which file is meant is decided by a template")
        pattern = _pattern(last)
        for base in bases:
            there = sorted((base / inner).iterdir()) if (base / inner).is_dir() else []
            hits = [(file, hit) for file in there if file.is_file() and (
                hit := pattern.expression.fullmatch(file.name))]
            unknown += _unknown(pattern, there) if hits else []
            for file, hit in hits:
                asked = _asked(pattern, hit)
                if "" not in asked:
                    yield File(file, tuple(asked))
            if hits:
                return


def _pattern(name: str) -> _Pattern:
    """A name with facts in it, as an expression that finds the files. Raises Cannot."""
    made, at, found = "", 0, []
    for part in _PART.finditer(name):
        made += re.escape(name[at:part.start()])
        at = part.end()
        for word in re.split(r"\s+[+~]\s+", part[1].strip()):
            literal = re.fullmatch(r"'([^']*)'|\"([^\"]*)\"", word)
            fact = _FACT.match(word)
            if literal:
                made += re.escape(literal[1] or literal[2] or "")
                continue
            if fact is None:
                raise Cannot("which file is meant is decided by a template")
            whole = "distribution_major_version" if fact[2] and fact[1] == "distribution_version" else fact[1]
            found.append((whole, fact[3]))
            made += f"({_words(whole, fact[3]) or _SHAPES.get(whole, _VERSION)})"
    return _Pattern(re.compile(made + re.escape(name[at:])), found)


def _turned(fact: str, filters: str) -> dict[str, str]:
    """Ansible's words for systems as they stand in the names of files."""
    turn = str.lower if "lower" in filters else str.title if "title" in filters else str
    known = facts.COMPARED.get(f"ansible_{fact}")
    return {turn(word): word for word in (*facts.ELSEWHERE, *known[1])} if known is not None else {}


def _words(fact: str, filters: str) -> str:
    return "|".join(map(re.escape, sorted(_turned(fact, filters), key=len, reverse=True)))


def _unknown(pattern: _Pattern, there: Sequence[Path]) -> Iterator[str]:
    """Files that are called after a distribution that is not known here."""
    if [fact for fact, _ in pattern.facts] != ["distribution"]:
        return
    known = {*_turned("distribution", ""), *_turned("os_family", "")}
    any_word = re.compile(pattern.expression.pattern.replace(f"({_words(*pattern.facts[0])})", r"([A-Z][A-Za-z]+)"))
    for file in there:
        found = any_word.fullmatch(file.name)
        if found and found[1] not in known:
            yield file.name


def _asked(pattern: _Pattern, hit: re.Match[str]) -> list[str]:
    """The conditions under which a file is meant; one that is "": no host has it. Raises Cannot."""
    asked: list[str] = []
    words: dict[str, str] = {}
    for (fact, filters), word in zip(pattern.facts, hit.groups(), strict=True):
        if fact in ("os_family", "distribution"):
            words[fact] = theirs = _turned(fact, filters)[word]
            asked.append("" if theirs in facts.ELSEWHERE else f"ansible_{fact} == '{theirs}'")
        elif fact == "distribution_version":
            asked += [*_of_debian(word, words), f"facts.os.version == '{word}'"]
        else:
            asked.append(f"ansible_{fact} == '{word}'")
    return asked


def _of_debian(version: str, words: Mapping[str, str]) -> list[str]:
    """Debian's version is 12.5 to Ansible, and 12 to os-release: what to ask beside it. Raises Cannot."""
    name = words.get("distribution") or ("" if words.get("os_family", "Debian") == "Debian" else "another")
    if name in ("", "Debian") and "." in version:
        raise Cannot("which of its files is for which release of Debian is not known here")
    return [""] if name == "Debian" else [] if name else ["ansible_distribution != 'Debian'"]


def read(file: Path, task: Task) -> dict[str, Node]:
    """The variables of a file; with `name` in a mapping of that name."""
    if "name" in task.arguments:
        return {str(task.arguments["name"].value): document for document in nodes.read(file)}
    return {word: node for document in nodes.read(file) for word, node in nodes.mapping(document).items()}
