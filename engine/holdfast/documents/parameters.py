"""Typed parameters: their declarations, and whether a value fits one."""
from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from holdfast.documents import schemas, structure
from holdfast.documents.model import PARAMETER_KINDS, Entry, Parameter, ParameterKind, holds_secret, holds_template
from holdfast.problems import Problem
from holdfast.trees.tree import Node
from holdfast_host import Refused, checks
from holdfast_host.values import describe, did_you_mean

_WORDS = {"integer": "a whole number", "text": "text", "boolean": "true or false", "number": "a number",
          "list": "a list", "mapping": "a mapping", "secret": "a secret"}


# Names of types in other tools and languages.
_OTHER_NAMES = {
    **dict.fromkeys(("str", "string"), "text"), **dict.fromkeys(("float", "double"), "number"),
    **dict.fromkeys(("int", "long"), "integer"), **dict.fromkeys(("bool", "flag"), "boolean"),
    **dict.fromkeys(("array", "tuple", "stringlist", "set"), "list"),
    **dict.fromkeys(("dict", "map", "object", "stringmap", "hash"), "mapping"),
    **dict.fromkeys(("password", "securestring"), "secret"),
}


def parameter(entry: Entry) -> tuple[Parameter | None, list[Problem]]:
    """`port: {type: integer, default: 80}`, or `port: integer`."""
    node, name = entry.value, str(entry.key.value)
    if node.kind == "text":
        kind = _kind(str(node.value))
        if kind is None:
            return None, [Problem(f"`{node.value}` is no type of parameter", node.place,
                                  _meant(str(node.value)))]
        return Parameter(name, kind, entry.key.place), []
    if node.kind != "mapping":
        return None, [Problem(f"a parameter is a type, not {describe(node.plain())}", node.place,
                              f"write `{name}: integer` or `{name}: {{type: integer, default: 80}}`")]
    problems = structure.check(node, schemas.PARAMETER, f"parameter `{name}`")
    plain = node.plain()
    kind_node = node.get("type")
    problems = [replace(one, mend=_meant(str(plain["type"]))) if kind_node is not None and kind_node.kind == "text"
                and one.place == kind_node.place else one for one in problems]
    kind = _kind(plain.get("type"))
    if problems or kind is None:
        return None, problems
    made = Parameter(name, kind, entry.key.place, node.get("default"), tuple(plain.get("choices", ())),
                     plain.get("pattern", ""), plain.get("min"), plain.get("max"), plain.get("doc", ""))
    return made, _own_problems(made, node)


def _meant(word: str) -> str:
    """The mend for a type of parameter that there is none of."""
    near, other = did_you_mean(word, PARAMETER_KINDS), _OTHER_NAMES.get(word.lower())
    return f"write `{other}`" if other and not near.startswith("did") else near


def _kind(word: object) -> ParameterKind | None:
    return next((kind for kind in PARAMETER_KINDS if kind == word), None)


def _own_problems(made: Parameter, node: Node) -> list[Problem]:
    """Does the declaration agree with itself?"""
    if made.minimum is not None and made.maximum is not None and made.minimum > made.maximum:
        most = node.get("max")
        return [Problem(f"`max` is less than `min` of parameter `{made.name}`: no value fits",
                        most.place if most else made.place, f"write {made.minimum:g} or more")]
    if made.pattern:
        try:
            checks.regex(made.pattern)
        except Refused as refused:
            pattern = node.get("pattern")
            return [Problem(f"`pattern` {refused.what}", pattern.place if pattern else None, refused.mend)]
    if made.default is not None and not holds_template(made.default) and not holds_secret(made.default):
        fault = misfit(made, made.default.plain())
        if fault:
            return [Problem(f"the default of parameter `{made.name}` {fault[0]}", made.default.place, fault[1])]
    return []


def misfit(parameter: Parameter, value: Any) -> tuple[str, str] | None:
    """What is wrong with a value for this parameter, and the mend; None: it fits. Values of kind secret always do."""
    kind = parameter.kind
    fits = {
        "integer": isinstance(value, int) and not isinstance(value, bool),
        "number": isinstance(value, (int, float)) and not isinstance(value, bool),
        "boolean": isinstance(value, bool), "text": isinstance(value, str), "secret": isinstance(value, str),
        "list": isinstance(value, (list, tuple)), "mapping": isinstance(value, dict),
    }[kind]
    if not fits:
        mend = {"text": f'put it in quotes: "{value}"', "integer": "write it without quotes, or use `| int`",
                "boolean": "write true or false, or use `| bool`", "list": f"write [{value}]"}.get(kind, "")
        return f"is {_WORDS[kind]}, not {describe(value)}", mend if not isinstance(value, (list, dict)) else ""
    if kind == "secret":
        return None
    if parameter.choices and value not in parameter.choices:
        words = [str(choice) for choice in parameter.choices]
        return f"is {' or '.join(words)}, not {describe(value)}", did_you_mean(str(value), words)
    if parameter.pattern and isinstance(value, str) and not re.fullmatch(parameter.pattern, value):
        return f"does not match `{parameter.pattern}`: {describe(value)}", "the whole text has to match"
    size = len(value) if isinstance(value, (str, list, tuple, dict)) else value
    unit = {"text": " characters", "list": " items", "mapping": " keys"}.get(kind, "")
    if parameter.minimum is not None and size < parameter.minimum:
        return f"is at least {parameter.minimum:g}{unit}, not {size}", "the document that is used sets this bound"
    if parameter.maximum is not None and size > parameter.maximum:
        return f"is at most {parameter.maximum:g}{unit}, not {size}", "the document that is used sets this bound"
    return None
