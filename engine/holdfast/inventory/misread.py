"""What a file is that was read as an INI inventory in vain: then one fault says it, and not one for each line."""
from __future__ import annotations

import os

from holdfast.inventory.ansible_yaml import PLUGIN, load_document
from holdfast.problems import Place, Problem


def misread(text: str, file: str) -> Problem | None:
    """The one fault of a file that is a program, a playbook, or YAML under another name; None: it is none of these."""
    if text.startswith("#!"):
        return Problem("this looks like a program, but it is not executable",
                       Place(file, 1, 1, len(text.split("\n", 1)[0])),
                       f"run `chmod +x {os.path.basename(file)}`, or move it out of the inventory")
    document, problems = load_document(text, file, [])
    if document is None or problems:
        return None
    if document.kind == "list" and document.style == "block":
        return Problem("this is a list, as a playbook is: an inventory is a mapping, with `all:` or a group first",
                       document.place, "move it out of the inventory; documents are named after `plan` and `apply`")
    if document.kind != "mapping":
        return None
    if (plugin := document.get("plugin")) is not None and plugin.value:
        return Problem(PLUGIN[0], plugin.place, PLUGIN[1])
    return Problem("this is YAML, and the name of the file does not say so", document.place,
                   "name it so that it ends in .yml")
