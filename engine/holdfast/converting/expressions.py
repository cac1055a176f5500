"""Templates and conditions of playbooks as documents have them: facts get their names here, and what has no like in
Holdfast (a filter, a lookup, a result of a task) is told."""
from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jinja2
from jinja2 import nodes

from holdfast.converting import facts
from holdfast.converting.model import Cannot
from holdfast.converting.syntax import ENVIRONMENT, parsed, undeclared
from holdfast.documents.model import is_template

_OF_RESULTS = frozenset({"failed", "failure", "succeeded", "success", "changed", "change", "skipped", "skip"})
_OUTPUTS = {"stdout": "stdout", "stderr": "stderr", "rc": "code"}
_LOOKUPS = ("file", "env")
_VERSION = "ansible_distribution_version"  # of Debian it is more than what os-release says; its first part is not
_CHANGES = frozenset({"append", "extend", "insert", "remove", "pop", "clear", "update", "setdefault", "popitem", "sort",
                      "reverse"})

Token = tuple[str, str]  # kind and text


@dataclass
class Names:
    """What names mean in one place. renamed: a loop's own names. refused: names that cannot be read, with the reason.
    outputs: results of tasks that a document can pass on. read: all names that were met; guarded: those of which
    `is defined` or `default` is asked."""

    renamed: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    outputs: frozenset[str] = frozenset()
    read: set[str] = field(default_factory=set)
    guarded: set[str] = field(default_factory=set)


def value(given: Any, names: Names) -> Any:
    """Plain data with all templates in it translated. Raises Cannot."""
    if isinstance(given, str):
        return text(given, names)
    if isinstance(given, dict):
        return {text(key, names) if isinstance(key, str) else key: value(one, names) for key, one in given.items()}
    if isinstance(given, list):
        return [value(one, names) for one in given]
    return given


def condition(written: str, names: Names) -> str:
    """An expression without braces. Raises Cannot."""
    whole = re.fullmatch(r"\{\{(.*)\}\}", written.strip(), re.DOTALL)
    bare = whole[1].strip() if whole and "{{" not in whole[1] else written.strip()
    if is_template(bare):
        raise Cannot(f"the condition `{_short(written)}` has braces within")
    made = text("{{ " + bare + " }}", names, outputs=False)
    return made[3:-3].strip()


def text(written: str, names: Names, *, outputs: bool = True) -> str:
    """A text, perhaps with templates in it; also a whole template file. Raises Cannot."""
    if not is_template(written):
        return written
    _parsed(written)  # before the tokens: its faults say more
    try:
        tokens = [(kind, part) for _, kind, part in ENVIRONMENT.lex(written)]
    except jinja2.TemplateSyntaxError as error:
        raise Cannot(f"`{_short(written)}` is no template: {error.message}") from None
    made = "".join(part for _, part in _renamed(tokens, names, outputs))
    made = written if made == "".join(part for _, part in tokens) else made
    _look(_parsed(made), names)
    return made


def is_one_expression(written: str) -> bool:
    """Is it `{{ … }}` and nothing else, which gives a value of any kind?"""
    body = _parsed(written).body
    return len(body) == 1 and isinstance(body[0], nodes.Output) and len(body[0].nodes) == 1


def _parsed(written: str) -> nodes.Template:
    try:
        return parsed(written)
    except jinja2.TemplateSyntaxError as error:
        raise Cannot(f"`{_short(written)}` is no template: {error.message}") from None


def _short(written: str) -> str:
    line = " ".join(written.split())
    return line if len(line) <= 60 else line[:57] + "…"


# -- names, in the tokens --------------------------------------------------------------------------------------------


def _renamed(tokens: list[Token], names: Names, outputs: bool) -> list[Token]:
    made: list[Token] = []
    at = 0
    while at < len(tokens):
        kind, part = tokens[at]
        if kind != "name" or not _is_variable(tokens, at):
            made.append((kind, part))
            at += 1
            continue
        name, end = _whole_name(tokens, at)
        at = end
        if name in facts.COMPARED:
            at, replaced = _comparison(tokens, end, name)
            made += replaced
        elif name in facts.RENAMED:
            made.append(("name", facts.RENAMED[name]))
            at = _without_default(tokens, end) if name in facts.ALWAYS else end
        elif name == _VERSION and "".join(part for _, part in tokens[end:end + 8]) in (
                ".split('.')[0]", '.split(".")[0]'):
            made.append(("name", facts.RENAMED["ansible_distribution_major_version"]))
            at = end + 8
        elif part in names.outputs:
            at, replaced = _output(tokens, end, part, outputs)
            made += replaced
        else:
            made.append(("name", names.renamed.get(part, part)))
    return made


def _next(tokens: list[Token], at: int, step: int = 1) -> int:
    """The place of the next token that is no blank; -1: there is none."""
    at += step
    while 0 <= at < len(tokens) and tokens[at][0] == "whitespace":
        at += step
    return at if 0 <= at < len(tokens) else -1


def _is_variable(tokens: list[Token], at: int) -> bool:
    before, after = _next(tokens, at, -1), _next(tokens, at)
    if before >= 0 and tokens[before] in (("operator", "."), ("operator", "|"), ("name", "is")):
        return False
    if before >= 0 and tokens[before] == ("name", "not"):
        further = _next(tokens, before, -1)
        if further >= 0 and tokens[further] == ("name", "is"):
            return False
    return not (after >= 0 and tokens[after] == ("operator", "=") and tokens[max(before, 0)][1] in ("(", ","))


def _whole_name(tokens: list[Token], at: int) -> tuple[str, int]:
    """A fact with its path, as it is called in `facts`, and where it ends. `ansible_facts.x` is `ansible_x`."""
    name, end = tokens[at][1], at + 1
    if name == "ansible_facts":
        step, after = _step(tokens, end)
        if step:
            name, end = (step if step.startswith("ansible_") else f"ansible_{step}"), after
    if any(known.startswith(name + ".") for known in facts.RENAMED):
        step, after = _step(tokens, end)
        if f"{name}.{step}" in facts.RENAMED:
            return f"{name}.{step}", after
    if name not in (*facts.RENAMED, *facts.COMPARED, _VERSION) and tokens[at][1] == "ansible_facts":
        raise Cannot(f"the fact `{name}` has no like here")
    return name, end


def _without_default(tokens: list[Token], end: int) -> int:
    """Where it goes on behind `| default(ansible_…)`: a fact that is always there needs none."""
    at, parts = end - 1, []
    for _ in range(5):
        at = _next(tokens, at)
        parts.append(tokens[at][1] if at >= 0 else "")
    is_default = parts[:3] in (["|", "default", "("], ["|", "d", "("]) and parts[4] == ")"
    return at + 1 if is_default and parts[3].startswith("ansible_") and parts[3] not in facts.RENAMED else end


def _step(tokens: list[Token], at: int) -> tuple[str, int]:
    """`.word` or `['word']` at this place, and where it ends; "": there is neither."""
    if at + 1 < len(tokens) and tokens[at] == ("operator", ".") and tokens[at + 1][0] == "name":
        return tokens[at + 1][1], at + 2
    if at + 2 < len(tokens) and tokens[at] == ("operator", "[") and tokens[at + 1][0] == "string" \
            and tokens[at + 2] == ("operator", "]"):
        return tokens[at + 1][1][1:-1], at + 3
    return "", at


def _comparison(tokens: list[Token], at: int, was: str) -> tuple[int, list[Token]]:
    """`ansible_os_family == 'Debian'`, `… in ['Debian', 'RedHat']`, also with `| lower`: name and words of here. What
    is done with it otherwise is done with Ansible's word."""
    name = facts.COMPARED[was][0]
    here, lowers = _next(tokens, at - 1), False
    if here >= 0 and tokens[here] == ("operator", "|"):
        lowers, here = tokens[_next(tokens, here)] == ("name", "lower"), _next(tokens, _next(tokens, here))
        if not lowers:
            return at, [("name", was)]
    made: list[Token] = [("name", name), ("whitespace", " ")]
    while here >= 0 and tokens[here] in (("name", "in"), ("name", "not")):
        made += [tokens[here], ("whitespace", " ")]
        here = _next(tokens, here)
    is_in = made[-2] == ("name", "in")
    if not is_in and here >= 0 and tokens[here] in (("operator", "=="), ("operator", "!=")) and len(made) == 2:
        made += [tokens[here], ("whitespace", " ")]
        here = _next(tokens, here)
    if len(made) == 2 or here < 0 or not (tokens[here][1] in ("[", "(") if is_in else tokens[here][0] == "string"):
        return at, [("name", was)]
    depth = 0
    while here >= 0:
        kind, part = tokens[here]
        if kind == "string":
            made.append((kind, f"'{_word(part, was, lowers)}'"))
        elif part in ("[", "(", "]", ")", ","):
            depth += {"[": 1, "(": 1, "]": -1, ")": -1}.get(part, 0)
            made += [(kind, part), *([("whitespace", " ")] if part == "," else [])]
        else:
            return at, [("name", was)]
        after = _next(tokens, here)
        if not depth:
            is_more = after >= 0 and tokens[after] in (("operator", "~"), ("operator", "+"), ("operator", "|"),
                                                       ("operator", "."), ("operator", "["))
            return (at, [("name", was)]) if is_more else (here + 1, made)
        here = after
    return len(tokens), made


def _word(quoted: str, was: str, lowers: bool) -> str:
    """A system's word in quotes as it is here. Raises Cannot."""
    word = quoted[1:-1]
    if lowers:
        known = (*facts.COMPARED[was][1], *facts.ELSEWHERE)
        found = facts.word_of(was, next((one for one in known if one.lower() == word), ""))
    else:
        found = facts.word_of(was, word)
    if found is None:
        raise Cannot(f"what `{was}` calls {quoted} is not known here by another name")
    return found


def _output(tokens: list[Token], at: int, name: str, allowed: bool) -> tuple[int, list[Token]]:
    step, end = _step(tokens, at)
    after = _next(tokens, end - 1)
    is_passed_on = after >= 0 and tokens[after][0] in ("variable_end",)
    if not allowed or step not in _OUTPUTS or not is_passed_on:
        raise Cannot(f"`{name}` is what an earlier task found out: here it is known on the host only, and can be "
                     "passed on, but not be tested or worked on")
    return end, [("name", name), ("operator", "."), ("name", _OUTPUTS[step])]


# -- what is in it, in the tree ----------------------------------------------------------------------------------------


def _look(tree: nodes.Template, names: Names) -> None:
    for kind, look in _LOOKS.items():
        for node in tree.find_all(kind):
            look(node, names)
    own = {name.name for name in tree.find_all(nodes.Name) if name.ctx != "load"}  # also where only a branch sets them
    for name in sorted(undeclared(tree) - own):
        if name in names.refused and name not in names.outputs:
            raise Cannot(names.refused[name])
        if name in facts.OWN or (
                name.startswith("ansible_") and name not in facts.SAME and name not in facts.WORDS):
            raise Cannot(f"`{name}` has no like here")
        if name not in ENVIRONMENT.globals and name != "lookup":
            names.read.add(name)


def _filter(node: Any, names: Names) -> None:
    if node.name in _OF_RESULTS:
        raise Cannot(f"`{node.name}` asks what an earlier task did: here `notify` and `watch` pass that on")
    if node.name not in ENVIRONMENT.filters:
        raise Cannot(f"there is no filter `{node.name}` here")
    given = {one.key for one in node.kwargs}
    if node.name == "password_hash" and "salt" not in given and len(node.args) < 2:
        raise Cannot("`password_hash` needs a salt here, else the password would be another one in every run")
    if node.name in ("default", "d") and isinstance(node.node, nodes.Name):
        names.guarded.add(node.node.name)


def _test(node: Any, names: Names) -> None:
    if node.name in _OF_RESULTS:
        raise Cannot(f"`is {node.name}` asks what an earlier task did: here `notify` and `watch` pass that on")
    if node.name not in ENVIRONMENT.tests:
        raise Cannot(f"there is no test `{node.name}` here")
    if node.name in ("defined", "undefined") and isinstance(node.node, nodes.Name):
        names.guarded.add(node.node.name)


def _call(node: Any, _: Names) -> None:
    if isinstance(node.node, nodes.Getattr) and node.node.attr in _CHANGES:
        raise Cannot(f"`{node.node.attr}` would change a value: make a new one, as `list + [x]` does")
    if not isinstance(node.node, nodes.Name) or node.node.name in ENVIRONMENT.globals:
        return
    if node.node.name != "lookup":
        raise Cannot(f"there is no function `{node.node.name}` here")
    what = node.args[0] if node.args else None
    if not isinstance(what, nodes.Const) or str(what.value).rpartition(".")[2] not in _LOOKUPS or node.kwargs \
            or len(node.args) != 2:
        raise Cannot(f"there is no lookup `{what.value if isinstance(what, nodes.Const) else '…'}` of this form here; "
                     "there are `file` and `env`, each of one name")


def _constant(node: Any, _: Names) -> None:
    if isinstance(node.value, str) and node.value.startswith("ansible_"):
        raise Cannot(f"`{node.value}` has no like here")


def _of_other(node: Any, names: Names) -> None:
    """`hostvars[…]['name']`: of another host, but of the same playbook."""
    of = node.node
    if not isinstance(of, (nodes.Getitem, nodes.Getattr)) or not isinstance(of.node, nodes.Name) \
            or of.node.name != "hostvars":
        return
    name = node.attr if isinstance(node, nodes.Getattr) else getattr(node.arg, "value", None)
    if isinstance(name, str) and name in names.refused:
        raise Cannot(names.refused[name])


_LOOKS: Mapping[type[nodes.Node], Callable[[Any, Names], None]] = {
    nodes.Filter: _filter, nodes.Test: _test, nodes.Call: _call, nodes.Const: _constant,
    nodes.Getitem: _of_other, nodes.Getattr: _of_other}
