"""Cerberus's findings as Problems: at the place of the thing, in our words, with the mend.

A rule may carry `meta: {is, mend}`: what the value has to be, and what to write.
"""
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cerberus import Validator, errors

from holdfast.documents.durations import seconds
from holdfast.documents.habits import document_key
from holdfast.problems import Place, Problem
from holdfast.trees.tree import Node
from holdfast_host.values import describe, did_you_mean

Schema = Mapping[str, Any]

_WORDS = {"string": "text", "dict": "a mapping", "list": "a list", "integer": "a whole number", "number": "a number",
          "boolean": "true or false"}


MOST_FAULTS = 300  # that are told of one mapping: Cerberus sorts them anew with each


class _Checker(Validator):  # type: ignore[misc]  # Cerberus has no type hints
    def _error(self, *args: Any) -> None:
        if len(self._errors) < MOST_FAULTS:
            super()._error(*args)

    def _check_with_duration(self, field: str, value: object) -> None:
        if isinstance(value, str) and seconds(value) is None:
            self._error(field, "duration")

    def _check_with_batch(self, field: str, value: object) -> None:
        """A share, and not of nobody."""
        if str(value).rstrip("%") == "0":
            self._error(field, "share")
        else:
            self._check_with_share(field, value)

    def _check_with_share(self, field: str, value: object) -> None:
        """A number of hosts, or "10%"."""
        digits = value[:-1] if isinstance(value, str) and value.endswith("%") else str(value)
        if not digits.isdecimal() or (isinstance(value, str) and int(digits) > 100):
            self._error(field, "share")


_prepared: dict[int, tuple[Schema, Schema]] = {}
"""By its identity a schema, held so that no other can have that, and what Cerberus makes of it. That takes longer than
to check most documents; a checker is made for each, as it holds what it has found."""


def check(node: Node, schema: Schema, what: str) -> list[Problem]:
    """Everything in the node that is not as the schema says. what: the name of the thing, for messages.

    The schema is not to be changed afterwards.
    """
    if node.kind != "mapping":
        return [Problem(f"{what} is a mapping, not {describe(node.plain())}", node.place, "write `key: value` lines")]
    if id(schema) not in _prepared:
        _prepared[id(schema)] = schema, _Checker(schema).schema
    checker = _Checker(_prepared[id(schema)][1])
    if checker.validate(node.plain(), normalize=False):
        return []
    found = list(_leaves(checker._errors))
    misspelt = {error.document_path[:-1] for error in found if error.code == errors.UNKNOWN_FIELD.code}
    return list(dict.fromkeys(  # what is missing where a key is unknown has most likely that other name
        _problem(error, node, schema, what) for error in found
        if error.code != errors.REQUIRED_FIELD.code or error.document_path[:-1] not in misspelt))


def _leaves(found: Sequence[Any]) -> Iterator[Any]:
    for error in found:
        if error.is_group_error:
            yield from _leaves(error.child_errors)
        else:
            yield error


def _problem(error: Any, node: Node, schema: Schema, what: str) -> Problem:
    path = tuple(error.document_path)
    key, place = path[-1] if path else what, _place(node, path)
    inside = f"`{path[-2]}`" if len(path) > 1 and isinstance(path[-2], str) else what
    if error.code == errors.UNKNOWN_FIELD.code:
        key_node = _walk(node, path[:-1]).key(str(key))
        known = [str(word) for word in _rules_at(schema, path[:-1])]
        mend = document_key(str(key), known) if len(path) == 1 else did_you_mean(str(key), known)
        return Problem(f"unknown key `{key}` in {inside}", key_node.place if key_node else place, mend)
    if error.code == errors.REQUIRED_FIELD.code:
        return Problem(f"`{key}` is missing in {inside}", _walk(node, path[:-1]).place, f"add `{key}: …`")
    if isinstance(key, int) and "keysrules" not in error.schema_path:
        key = next((str(part) for part in reversed(path) if isinstance(part, str)), what)
    if "keysrules" in error.schema_path:
        key_node = next((one for one, _ in _walk(node, path[:-1]).items() if one.value == key), None)
        meta = _meta(schema, error.schema_path)
        return Problem(f"the key `{key}` is not {meta.get('is', 'allowed')}", key_node.place if key_node else place,
                       _as_word(str(key)) or meta.get("mend", ""))
    rules = _rules_at(schema, path[:-1]).get(key, {})
    first = next(iter(_walk(node, path).items()), None)
    if error.code == errors.BAD_TYPE.code and first is not None and str(first[0].value).startswith("-"):
        return Problem(f"`{key}` is a list, and this is no element of one", place,
                       f"a space after the dash is missing: `- {str(first[0].value)[1:]}: …`")
    return _wrong_value(error, str(key), place, _meta(schema, error.schema_path) or rules.get("meta", {}))


def _as_word(key: str) -> str:
    """`my-port` -> write `my_port`; "": letters and digits alone make no name of it."""
    word = re.sub(r"\W+", "_", key).strip("_")
    return f"write `{word}`: letters, digits and _" if word not in ("", key) and not word[0].isdecimal() else ""


def _wrong_value(error: Any, key: str, place: Place, meta: Mapping[str, str]) -> Problem:
    mend = meta.get("mend", "")
    wanted = meta.get("is", "")
    if error.code == errors.BAD_TYPE.code and not wanted:
        kinds = error.constraint if isinstance(error.constraint, (list, tuple)) else [error.constraint]
        wanted = " or ".join(_WORDS[kind] for kind in kinds)
    elif error.code == errors.UNALLOWED_VALUE.code:
        wanted = " or ".join(map(str, error.constraint))
        mend = did_you_mean(str(error.value), map(str, error.constraint))
    elif error.code == errors.EMPTY_NOT_ALLOWED.code:
        return Problem(f"`{key}` is empty", place, mend or "write a value, or leave the key out")
    elif error.code == errors.MIN_VALUE.code:
        wanted, mend = wanted or f"at least {error.constraint}", mend or f"write {error.constraint} or more"
    return Problem(f"`{key}` is {wanted}, not {describe(error.value)}", place, mend or f"write {wanted}")


def _walk(node: Node, path: Sequence[Any]) -> Node:
    for step in path:
        inner = node.elements()[step] if isinstance(step, int) and node.kind == "list" else next(
            (value for key, value in node.items() if key.value == step), None)
        if inner is None:
            return node
        node = inner
    return node


def _place(node: Node, path: Sequence[Any]) -> Place:
    """A value's place; a key's if the key itself is wrong."""
    return _walk(node, path).place


def _rules_at(schema: Schema, path: Sequence[Any]) -> Schema:
    """The schema of the mapping at this path."""
    here: Any = {"schema": schema}
    for step in path:
        inner = here.get("schema", {})
        here = inner if isinstance(step, int) else inner.get(step, here.get("valuesrules", {}))
    return here.get("schema", {}) if isinstance(here, Mapping) else {}


def _meta(schema: Any, path: Sequence[Any]) -> Mapping[str, str]:
    """The `meta` nearest above the rule that failed."""
    meta: Mapping[str, str] = {}
    for step in path:
        if not isinstance(schema, Mapping) or step not in schema:
            break
        if step == "schema" and schema.get("type") == "dict":
            meta = {}  # that of the whole says nothing of what is in it
        schema = schema[step]
        if isinstance(schema, Mapping) and isinstance(schema.get("meta"), Mapping) and "is" in schema["meta"]:
            meta = schema["meta"]
    return meta
