"""What stands in the YAML of playbooks, as lists, mappings and texts."""
from __future__ import annotations

from pathlib import Path

from holdfast.problems import Place, Problem, Problems
from holdfast.trees.tree import Node, decode, load_all


def listed(node: Node | None) -> tuple[Node, ...]:
    """What a list holds, or the one that stands alone."""
    if node is None or node.kind == "null":
        return ()
    return node.elements() if node.kind == "list" else (node,)


def mapping(node: Node | None) -> dict[str, Node]:
    """The pairs of a mapping; of a list of mappings those of all."""
    if node is None:
        return {}
    return {str(key.value): value for one in listed(node) for key, value in one.items()}


def texts(node: Node | None) -> list[str]:
    """Texts of a list, or the one."""
    return [said(one) for one in listed(node)]


def said(node: Node) -> str:
    """What a text says; of a list or a mapping how it would be written in one line."""
    return str(node.plain()) if node.kind in ("list", "mapping") else str(node.value)


def read(path: Path) -> list[Node]:
    """The documents of a file. Raises Problems."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Problems([Problem(f"cannot be read: {error.strerror}", Place(str(path)),
                                "name a playbook, or the folder of a role")]) from None
    text, problems = decode(data, str(path))
    nodes, more = load_all(text, str(path), rules="ansible") if not problems else ([], [])
    if problems or more:
        raise Problems([*problems, *more])
    return [node for node in nodes if node.kind != "null"]


def main(folder: Path, part: str = "main") -> Node | None:
    """What stands in the main file of a part of a role, or in another one; None: there is none. Raises Problems."""
    for name in (f"{part}.yml", f"{part}.yaml", part):
        if (folder / name).is_file():
            return next(iter(read(folder / name)), None)
    return None


def comments(node: Node) -> tuple[str, ...]:
    """The lines of comments right above."""
    found: list[str] = []
    line = node.place.line - 2
    while 0 <= line < len(node.source) and node.source[line].strip().startswith("#"):
        found.insert(0, node.source[line].strip())
        line -= 1
    return tuple(found)
