"""How the options of Ansible's modules are said in the table: what an option becomes, and which values have no like."""
from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from holdfast.converting.model import Cannot
from holdfast.documents.model import is_template
from holdfast.trees.tree import Node

NAME = "name of the resource"  # what an option may become, beside an argument
LOST = "what of it is not in the document"  # stands among our arguments for remarks
NOTES = "what to know of it"  # stands among our arguments for notes
BEHIND = "whose the file is"  # stands among our arguments for owner, group and mode of the file that is edited
AHEAD = "what is ahead of it"  # stands among our arguments for a resource that this one needs
# Options, of whatever module, that may be given a list or a mapping.
MANY = frozenset({"name", "pkg", "package", "groups", "key", "argv", "headers", "status_code", "opts", "values", "that",
                  "uris", "suites", "components", "types", "architectures", "commands", "extra_opts", "requirements",
                  "search_paths", "exclude", "include", "subcommands", "content", "block"})
_DIGITS = 4  # of a mode
_TRUE = frozenset({"yes", "on", "true", "1", "y", "t"})
_FALSE = frozenset({"no", "off", "false", "0", "n", "f"})


@dataclass(frozen=True)
class Option:
    """to: our argument, or NAME; "": it is left out. value: makes our value of the node's. words: the only values that
    have a like, and their likes. same: the only values with which it makes no difference (left out). why: why it has
    no like. lost, note: said when it is given."""

    to: str = ""
    value: Callable[[Any], Any] | None = None
    words: Mapping[Any, Any] | None = None
    same: tuple[Any, ...] | None = None
    why: str = ""
    lost: str = ""
    note: str = ""


@dataclass(frozen=True)
class Module:
    """A module and the resource type it becomes. fixed: arguments that are always given. shape: what the options
    together become; takes our arguments and theirs (plain), and gives our arguments. named: what the resource is
    called when no option says it."""

    type: str
    options: Mapping[str, Option]
    fixed: Mapping[str, Any] = field(default_factory=dict)
    shape: Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]] | None = None


@dataclass(frozen=True)
class Choice:
    """A module that is several of our types, by the value of an option. by: a Module, or why it has no like."""

    option: str
    default: str
    by: Mapping[str, Module | str]


AS_IS = Module("ansible_module", {})  # a module that is carried out as Ansible has it

Entry = Module | Choice | str  # a text: why the module has no like


def to(argument: str, value: Callable[[Any], Any] | None = None, words: Mapping[Any, Any] | None = None, *,
       lost: str = "", note: str = "") -> Option:
    """It becomes this argument."""
    return Option(argument, value, words, lost=lost, note=note)


def no_matter(*values: Any, note: str = "") -> Option:
    """It is left out: with these values (none: with any) it makes no difference."""
    return Option(same=values or None, note=note)


def cannot(why: str) -> Option:
    """There is no like."""
    return Option(why=why)


def lost(why: str) -> Option:
    """It is left out, and that is said."""
    return Option(lost=why)


STATE = to("state", words={"present": "present", "absent": "absent"})


# -- values ------------------------------------------------------------------------------------------------------------


def boolean(given: Any) -> Any:
    """What Ansible takes for true or false. Raises Cannot."""
    if isinstance(given, bool) or (isinstance(given, str) and is_template(given)):
        return given
    word = str(given).lower()
    if word not in _TRUE | _FALSE:
        raise Cannot(f"`{given}` is neither true nor false")
    return word in _TRUE


def whole(given: str) -> str:
    """The expression of a text that is one, `{{ … }}`. Raises Cannot."""
    found = re.fullmatch(r"\s*\{\{((?:(?!\}\}|\{\{).)*)\}\}\s*", given, re.DOTALL)
    if found is None:
        raise Cannot(f"`{given}` is decided by more than one expression")
    return found[1].strip()


def chosen(words: Mapping[str, Any]) -> Callable[[Any], Any]:
    """A word as its like; of a template the like of what it gives. Raises Cannot."""
    def value(given: Any) -> Any:
        if not (isinstance(given, str) and is_template(given)):
            if given not in words:
                raise Cannot(f"`{given}` has no like")
            return words[given]
        expression, known = whole(given), {word: like for word, like in words.items() if like is not None}
        name = re.fullmatch(r"(\w+)\s*\|\s*(?:default|d)\(\s*omit\s*\)", expression)
        if name is not None:
            return f"{{{{ {_shown(known)}[{name[1]}] if {name[1]} is defined else omit }}}}"
        return f"{{{{ {_shown(known)}[{expression}] }}}}"
    return value


def _shown(words: Mapping[str, Any]) -> str:
    """A mapping within a template."""
    return json.dumps(words).replace('"', "'")


def text(given: Any) -> Any:
    """A number or boolean as the text that Ansible makes of it."""
    if isinstance(given, (list, dict)):
        raise Cannot("it is a list or a mapping where a text belongs")
    return given if isinstance(given, str) else str(given)


def integer(given: Any) -> Any:
    """A whole number. Raises Cannot."""
    if isinstance(given, str) and is_template(given):
        return given
    try:
        return int(given)
    except (TypeError, ValueError):
        raise Cannot(f"`{given}` is no whole number") from None


def many(given: Any) -> Any:
    """A list, also one that is written with commas."""
    if isinstance(given, list) or (isinstance(given, str) and is_template(given)):
        return given
    return [part.strip() for part in str(given).split(",") if part.strip()]


def mode(given: Any) -> Any:
    """Permissions as text: four digits or letters. A number that is octal in the file comes as that text already."""
    if isinstance(given, int) and not isinstance(given, bool):
        raise Cannot(f"`mode: {given}` is a decimal number to Ansible, {given:o} in octal: write it in quotes")
    shown = str(given)
    return shown.lstrip("0").zfill(4) if re.fullmatch(r"0*[0-7]{1,4}", shown) else shown


def of_kind(given: Any, value: Callable[[Any], Any] | None, known: Mapping[str, Any]) -> Any:
    """A variable whose text Ansible reads as a number, a mode or a boolean, with the filter that does so. known: the
    values of variables."""
    if value is many and isinstance(given, str) and is_template(given):
        return _listed(given, known)
    name = re.fullmatch(r"\{\{\s*(\w+)\s*\}\}", given) if isinstance(given, str) else None
    shown = known.get(name[1]) if name else None
    if name is not None and value is text and isinstance(shown, (int, float)):
        return "{{ " + name[1] + " | string }}"
    if name is None or not isinstance(shown, str) or is_template(shown):
        return given
    if value is integer and re.fullmatch(r"\d+", shown):
        return "{{ " + name[1] + " | int }}"
    if value is boolean and shown.lower() in _TRUE | _FALSE:
        return "{{ " + name[1] + " | bool }}"
    if value is mode and re.fullmatch(r"0*[0-7]{1,4}", shown) and len(shown) != _DIGITS:
        return "{{ '%04d' | format(" + name[1] + " | int) }}"
    return given


def _listed(given: str, known: Mapping[str, Any]) -> Any:
    """A template where a list belongs: Ansible takes a text for one, with commas."""
    whole = re.fullmatch(r"\s*\{\{((?:(?!\}\}|\{\{).)*)\}\}\s*", given, re.DOTALL)
    if whole is None:
        parts = re.split(r",(?![^{]*\}\})", given)
        if any(part.count("{{") != part.count("}}") for part in parts) or ("{%" in given and len(parts) > 1):
            raise Cannot("how many it is of is decided by a template")
        return [part.strip() for part in parts if part.strip()]
    name = whole[1].strip()
    value = known.get(name)
    if isinstance(value, list):
        return given
    if isinstance(value, str) and not is_template(value) and "," not in value:
        return [given]
    bare = name if re.fullmatch(r"[\w.]+", name) else f"({name})"
    return "{{ " + f"{bare}.split(',') if {bare} is string else {bare}" + " }}"


def path(given: Any) -> Any:
    """A path in its shortest form."""
    shown = str(given)
    if shown.startswith("~") or "/~" in shown:
        raise Cannot("`~` in a path is expanded by Ansible: write the path that is meant")
    if is_template(shown):
        return shown.rstrip("/") if not shown.endswith("}}/") else shown[:-1]
    parts = [part for part in shown.split("/") if part not in ("", ".")]
    return "/" + "/".join(parts) if shown.startswith("/") else shown


def exact(given: Any) -> Any:
    """A text as a regular expression that finds just it."""
    if is_template(str(given)):
        raise Cannot("a template cannot be searched for as plain text")
    return re.escape(str(given))


def on_file(given: Any) -> Any:
    """A command that is given a file as %s."""
    return str(given)


def plain(node: Node) -> Any:
    """A node's value; a number that is written as octal stays what is written."""
    if node.kind == "number" and re.fullmatch(r"0o?[0-7]+", node.written):
        return node.written.lstrip("0o").zfill(_DIGITS)
    return node.plain()


def quoted(word: Any) -> str:
    """A word of a command line; a template stays one."""
    return str(word) if is_template(str(word)) else shlex.quote(str(word))
