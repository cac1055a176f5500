"""What editors know of documents: a JSON Schema of their structure and of the declared arguments of types.

It says what can be said of a value by itself. What has to be looked up (names of documents, variables, rules between
arguments) is left to `holdfast validate`. Whatever `validate` accepts, the schema accepts.
"""
from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from holdfast.documents import keys, schemas
from holdfast.documents.model import PARAMETER_KINDS
from holdfast.documents.types import Types
from holdfast.problems import Problem
from holdfast_host import checks
from holdfast_host.resource import NEVER, Arg, Resource

Json = dict[str, Any]

DRAFT = "http://json-schema.org/draft-07/schema#"  # the one that editors know best
_TYPES = {"string": "string", "dict": "object", "list": "array", "integer": "integer", "number": "number",
          "boolean": "boolean"}
_PATTERNS = {"duration": r"^(?=.)(\d+d)?(\d+h)?(\d+m)?(\d+(\.\d+)?s)?$", "share": r"^\d+%?$"}
_KINDS: Mapping[str, Json] = {
    "str": {"type": ["string", "integer"]}, "int": {"type": "integer"}, "float": {"type": "number"},
    "bool": {"type": "boolean"}, "Blob": {"type": "string"},
    "Tuple[str, ...]": {"type": "array", "items": {"type": ["string", "integer"]}},
    "Dict[str, str]": {"type": "object", "additionalProperties": {"type": ["string", "integer"]}}, "Any": {},
}
_NAME: Json = {"anyOf": [{"type": ["string", "number"]}, {"type": "array", "items": {"type": ["string", "number"]},
                                                          "minItems": 1}]}
_REFERENCE: Json = {"type": "object", "minProperties": 1, "additionalProperties": _NAME}
_NESTED: Mapping[str, Mapping[str, str]] = {
    "rollout": keys.ROLLOUT, "health_check": keys.HEALTH_CHECK, "damping": keys.DAMPING, "hook": keys.HOOK}
_ITEM_OF = {"hooks": "hook"}
_WORDS = ("state", "agent", "baseline", "association")
_TEMPLATE: Json = {"type": "string", "pattern": r"\{[{%#]"}


def schema(types: Types) -> Json:
    """For documents of all kinds, with these resource types. Types that cannot be imported take any argument."""
    resources = {**{name: _resource(name, types[name]) for name in types}, "use": _use()}
    return {
        "$schema": DRAFT, "title": "Holdfast documents", "type": "object", **_by_kind(),
        "definitions": {
            "state": _document(schemas.STATE, keys.STATE), "agent": _document(schemas.AGENT, keys.AGENT),
            "association": _mapping(schemas.ASSOCIATION, keys.ASSOCIATION),
            "baseline": _baseline(),
            "resources": {"type": "array", "items": _one_of(resources)}, "types": resources,
            "secret": _mapping(schemas.SECRET, keys.SECRET), "template": _TEMPLATE,
            "references": {"anyOf": [_REFERENCE, {"type": "array", "items": _REFERENCE, "minItems": 1},
                                     {"type": "null"}]}},
    }


def _by_kind() -> Json:
    """A document is of the kind that it names; what names none is to name one."""
    words = {word: {"type": "string", "description": keys.KINDS[word]} for word in _WORDS}
    found: Json = {"properties": words, "required": ["state"]}
    for word in _WORDS:
        found = {"if": _has(word), "then": {"$ref": f"#/definitions/{word}"}, "else": found}
    return found


def _baseline() -> Json:
    control = {"title": "control", **_document(schemas.CONTROL, keys.CONTROL)}
    exception = {"title": "exception", **_mapping(schemas.CONTROL_EXCEPTION, keys.CONTROL_EXCEPTION)}
    return _document(schemas.BASELINE, keys.BASELINE, {"controls": {"type": "array", "items": control},
                                                       "exceptions": {"type": "array", "items": exception}})


def _has(name: str) -> Json:
    """What is no mapping yet has nothing: then an editor offers what there may be, and not what each of them takes."""
    return {"type": "object", "required": [name]}


def _document(rules: schemas.Rules, docs: Mapping[str, str], more: Mapping[str, Json] | None = None) -> Json:
    """What declares resources. Its lists of resources are those whose rule says so. more: for keys that are lists of
    something else."""
    listed = {word: {"$ref": "#/definitions/resources"} for word, rule in rules.items()
              if rule.get("meta") == schemas.RESOURCES["meta"]}
    parameters: Json = {"type": "object", "additionalProperties": _parameter()}
    return _mapping(rules, docs, {"parameters": parameters, **listed, **(more or {})})


def _one_of(resources: Mapping[str, Json]) -> Json:
    """A resource is of the type that it names; what names none is held against the names of types. The name of a type
    may be an argument of another one (`user` of `authorized_key`): beside that one it is an argument."""
    named = [{"if": _names(name, resources), "then": {"$ref": f"#/definitions/types/{name}"}} for name in resources]
    names = {name: kind["properties"][name] for name, kind in resources.items()}
    common = _properties(schemas.COMMON, keys.COMMON, _references())
    return {"type": "object", "if": {"anyOf": [_has(name) for name in resources]}, "then": {"allOf": named},
            "else": {"properties": {**names, **common}, "additionalProperties": False, "minProperties": 1}}


def _names(name: str, resources: Mapping[str, Json]) -> Json:
    taking = [{"required": [other]} for other, kind in resources.items()
              if other != name and name in kind["properties"]]
    return {**_has(name), "not": {"anyOf": taking}} if taking else _has(name)


def _resource(name: str, found: type[Resource] | Problem) -> Json:
    common = _properties(schemas.COMMON, keys.COMMON, _references())
    if isinstance(found, Problem):
        return {"type": "object", "required": [name], "description": found.what, "properties": {name: _NAME, **common}}
    doc = inspect.getdoc(found) or ""
    arguments = {argument.name: _argument(argument) for argument in found._args_.values()}
    needed = [argument.name for argument in found._args_.values() if argument.required and argument.name != found.named]
    return {"type": "object", "title": name, "description": doc, "required": [name, *needed],
            "additionalProperties": False,
            "properties": {**common, **arguments, name: {**_NAME, "description": doc}}}


def _argument(declared: Arg) -> Json:
    kind = declared.kind
    is_optional = kind.startswith("Optional[")
    value = dict(_KINDS[kind[len("Optional["):-1] if is_optional else kind])
    if declared.check in (checks.mode, checks.permissions):
        value = {"type": "string"}  # 0644 without quotes is another number to each reader of YAML
    if declared.choices:
        value = {"enum": list(declared.choices)}
    if not value:
        return {"description": declared.doc}
    ways: list[Json] = [value, {"$ref": "#/definitions/template"}]
    if declared.secret != NEVER:
        ways.append({"$ref": "#/definitions/secret"})
    if kind.endswith(("Tuple[str, ...]", "Tuple[str, ...]]", "Dict[str, str]", "Dict[str, str]]")):
        ways[0] = _loosened(value)
    if is_optional:
        ways.append({"type": "null"})
    made: Json = {"anyOf": ways, "description": declared.doc}
    if not declared.required and declared.default is not None:
        made["default"] = declared.default if not isinstance(declared.default, tuple) else list(declared.default)
    return made


def _loosened(value: Json) -> Json:
    """A list or mapping of texts: each of them may be a secret."""
    inner = "items" if value["type"] == "array" else "additionalProperties"
    return {**value, inner: {"anyOf": [value[inner], {"$ref": "#/definitions/secret"}]}}


def _use() -> Json:
    made = _mapping({"use": {"type": "string", "required": True, "regex": schemas.NAME}, **schemas.USE},
                    {"use": keys.KINDS["use"], **keys.USE}, _references())
    return {"type": "object", "title": "use", "description": keys.KINDS["use"], **made}


def _parameter() -> Json:
    whole = _mapping(schemas.PARAMETER, keys.PARAMETER)
    return {"anyOf": [{"enum": list(PARAMETER_KINDS)}, whole]}


def _references() -> Json:
    return {word: {"$ref": "#/definitions/references"} for word in ("requires", "notify", "watch")}


# -- Cerberus's rules as JSON Schema ----------------------------------------------------------------------------------


def _mapping(rules: schemas.Rules, docs: Mapping[str, str], instead: Mapping[str, Json] | None = None) -> Json:
    """instead: for keys of which the rules do not say all."""
    made: Json = {"type": "object", "additionalProperties": False, "properties": _properties(rules, docs, instead)}
    needed = [word for word, rule in rules.items() if rule.get("required")]
    return {**made, "required": needed} if needed else made


def _properties(rules: schemas.Rules, docs: Mapping[str, str], instead: Mapping[str, Json] | None = None) -> Json:
    replaced = instead or {}
    return {word: {**(replaced[word] if word in replaced else _rule(word, rule)), "description": docs[word]}
            for word, rule in rules.items()}


def _rule(word: str, rule: schemas.Rules) -> Json:
    if word in _NESTED:
        return _mapping(rule["schema"], _NESTED[word])
    made: Json = {}
    if "type" in rule:
        words = [rule["type"]] if isinstance(rule["type"], str) else rule["type"]
        found = [_TYPES[one] for one in words]
        made["type"] = found[0] if len(found) == 1 else found
    if "regex" in rule:
        made["pattern"] = f"^(?:{rule['regex']})$"
    if rule.get("check_with") in _PATTERNS:
        made["pattern"] = _PATTERNS[rule["check_with"]]
    if "allowed" in rule:
        made["enum"] = rule["allowed"]
    if "min" in rule:
        made["minimum"] = rule["min"]
    if rule.get("empty") is False:
        made.update(minLength=1, minItems=1)
    if "keysrules" in rule:
        made["propertyNames"] = _rule(word, rule["keysrules"])
    if "schema" in rule:
        made["items"] = _rule(_ITEM_OF.get(word, word), rule["schema"])
    return made
