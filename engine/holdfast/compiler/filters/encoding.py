"""JSON, YAML, base64, URLs."""
from __future__ import annotations

import base64
import binascii
import json
import urllib.parse
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import yaml
from jinja2.runtime import Undefined

from holdfast.compiler.faults import Misused

LONGEST_YAML = 1_000_000  # characters
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def plain(value: Any) -> Any:
    """A value as json and yaml know it: exact str, dict, list."""
    if isinstance(value, Undefined):
        str(value)  # raises with its name
    if isinstance(value, str):
        return str.__str__(value) if type(value) is str else str.__getitem__(value, slice(None))
    if isinstance(value, Mapping):
        return {plain(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, bytes):
        return [plain(inner) for inner in value]
    return value


def to_json(value: Any, **options: Any) -> str:
    """JSON in one line. Options as of Python's json.dumps."""
    return _dumped(value, options)


def tojson(value: Any, indent: int | None = None) -> str:
    """JSON that may stand in HTML: keys sorted; <, >, & and ' as escapes. Jinja2's own."""
    text = _dumped(value, {"indent": indent, "sort_keys": True})
    for character in "<>&'":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def to_nice_json(value: Any, indent: int = 4, sort_keys: bool = True, **options: Any) -> str:
    """JSON for people."""
    return _dumped(value, {"indent": indent, "sort_keys": sort_keys, "separators": (",", ": "), **options})


def _dumped(value: Any, options: dict[str, Any]) -> str:
    try:
        return json.dumps(plain(value), **options)
    except (TypeError, ValueError) as error:
        raise Misused(f"this cannot be written as JSON: {error}",
                      "texts, numbers, lists and mappings can; options are those of Python's json.dumps") from None


def from_json(text: Any) -> Any:
    """The value that JSON text stands for."""
    try:
        return json.loads(text)
    except (TypeError, ValueError) as error:
        raise Misused(f"this is not JSON: {error}", "look at the text, or use `from_yaml`") from None


def to_yaml(value: Any, default_flow_style: bool | None = None, sort_keys: bool = True, **options: Any) -> str:
    """YAML, short."""
    text: str = yaml.safe_dump(plain(value), allow_unicode=True, default_flow_style=default_flow_style,
                               sort_keys=sort_keys, **options)
    return text.removesuffix("...\n") if not isinstance(value, (Mapping, list, tuple)) else text


def to_nice_yaml(value: Any, indent: int = 4, sort_keys: bool = True, **options: Any) -> str:
    """YAML for people."""
    return to_yaml(value, default_flow_style=False, indent=indent, sort_keys=sort_keys, **options)


def _short(text: Any) -> Any:
    if isinstance(text, str) and len(text) > LONGEST_YAML:
        raise Misused(f"`from_yaml` takes texts of at most {LONGEST_YAML} characters", "use JSON for what is larger")
    return text


def from_yaml(text: Any) -> Any:
    """The value that YAML text stands for; what is no text stays what it is."""
    if not isinstance(text, str):
        return text
    try:
        return yaml.load(_short(text), Loader=_LOADER)  # noqa: S506  # it is a safe one
    except yaml.YAMLError as error:
        raise Misused(f"this is not YAML: {getattr(error, 'problem', error)}", "look at the text") from None


def from_yaml_all(text: Any) -> list[Any]:
    """The values of a YAML text with several documents."""
    try:
        return list(yaml.load_all(_short(text), Loader=_LOADER))  # it is a safe one
    except yaml.YAMLError as error:
        raise Misused(f"this is not YAML: {getattr(error, 'problem', error)}", "look at the text") from None


def b64encode(value: Any, encoding: str = "utf-8") -> str:
    """Base64 of the text."""
    return base64.b64encode(str(value).encode(encoding, "surrogateescape")).decode("ascii")


def b64decode(value: Any, encoding: str = "utf-8") -> str:
    """The text that base64 stands for."""
    try:
        return base64.b64decode(str(value), validate=True).decode(encoding, "surrogateescape")
    except (binascii.Error, ValueError) as error:
        raise Misused(f"this is not base64: {error}", "look where the text comes from") from None


def urlencode(value: Any) -> str:
    """Text for a URL; of a mapping its query."""
    if isinstance(value, Mapping):
        return urllib.parse.urlencode(plain(value))
    return urllib.parse.quote(str(value), safe="/")


def urldecode(value: Any) -> str:
    """The text that URL-encoded text stands for."""
    return urllib.parse.unquote_plus(str(value))


def urlsplit(value: Any, part: str = "") -> Any:
    """The parts of a URL, or one of them: scheme, netloc, hostname, port, path, query, fragment, username, password."""
    found = urllib.parse.urlsplit(str(value))
    parts = {name: getattr(found, name) for name in ("scheme", "netloc", "hostname", "port", "path", "query",
                                                     "fragment", "username", "password")}
    if part and part not in parts:
        raise Misused(f"a URL has no part `{part}`", ", ".join(parts))
    return parts[part] if part else parts


FILTERS: dict[str, Callable[..., Any]] = {
    "to_json": to_json, "tojson": tojson, "to_nice_json": to_nice_json, "from_json": from_json, "to_yaml": to_yaml,
    "to_nice_yaml": to_nice_yaml, "from_yaml": from_yaml, "from_yaml_all": from_yaml_all, "b64encode": b64encode,
    "b64decode": b64decode, "urlencode": urlencode, "urldecode": urldecode, "urlsplit": urlsplit,
}
