"""Files of tasks that are called after the system of a host: `include_tasks: "{{ ansible_os_family }}.yml"`."""
from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from holdfast.converting import facts
from holdfast.converting.model import Task
from holdfast.trees.tree import Node

_FACT = re.compile(r"\{\{\s*(?:ansible_|ansible_facts\.|ansible_facts\[['\"])(os_family|distribution)(?:['\"]\])?\s*"
                   r"(\|\s*lower\s*)?\}\}")

_IS = re.compile(r"\(?\s*ansible_(?:facts)?[\w.\[\]'\"]*\s*==\s*(['\"])(\w[\w-]*)\1\s*\)?\Z")


def elsewhere(condition: str) -> str:
    """The system that a condition asks for, of those on which there is no Holdfast; "": it asks for something else."""
    found = _IS.match(condition.strip())
    return found[2] if found and found[2] in facts.ELSEWHERE else ""


def files_by_system(named: str, find: Callable[[str], Path | None]) -> tuple[str, Mapping[str, Path], list[Path]]:
    """The fact that a file is called after, and the files by Ansible's words for systems; those of systems that are
    none here. "": it is called after something else, or there is none. find: where a file of a name is."""
    found = _FACT.search(named)
    if found is None or "{{" in named.replace(found[0], ""):
        return "", {}, []
    fact = f"ansible_{found[1]}"

    def of(word: str) -> Path | None:
        return find(named.replace(found[0], word.lower() if found[2] else word))

    known = {word: path for word in facts.COMPARED[fact][1] if (path := of(word)) is not None}
    return (fact if known else ""), known, [path for word in sorted(facts.ELSEWHERE) if (path := of(word)) is not None]


def condition(fact: str, word: str, like: Node) -> Node:
    """That a host has this system."""
    return Node(f"{fact} == '{word}'", like.place, "double", "text", like.source)


def one_of(task: Task, fact: str, words: Mapping[str, Path], like: Node) -> Task:
    """What takes in the files, as the claim that the host is one of them: of another one Ansible finds no file."""
    listed = ", ".join(f"'{word}'" for word in words)
    return replace(task, name=task.label, module="assert", free="", arguments={
        "that": Node(f"{fact} in [{listed}]", like.place, "double", "text", like.source)})
