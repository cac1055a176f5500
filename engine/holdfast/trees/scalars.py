"""What a plain YAML scalar means: strictly, as YAML 1.2 without its traps, or as Ansible reads YAML 1.1."""
from __future__ import annotations

import datetime
import math
import re
from functools import lru_cache
from typing import Any

import yaml
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver

Scalar = str | int | float | bool | None

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_OLD_BOOLEANS = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}
_MAYBE_NUMBER = frozenset("+-.0123456789")
_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_HEX = re.compile(r"0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_ZERO_LOST = re.compile(r"[-+]?[0-9]+\.[0-9]+0\Z")
_OCTAL = re.compile(r"[-+]?0(o[0-7]+|[0-9]+)\Z")
_UNDERSCORES = re.compile(r"[-+]?[0-9][0-9_]*_[0-9_]*(\.[0-9_]*)?\Z")
_SEXAGESIMAL = re.compile(r"[-+]?[1-9][0-9]*(:[0-5]?[0-9])+(\.[0-9]*)?\Z")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)\Z|\.(nan|NaN|NAN)\Z")
# What nobody sees and nobody types on purpose outside quotes: blanks of no width, and marks that turn letters round.
_HIDDEN = re.compile("[\u200b\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
LONGEST_INT = 14_000  # bits; longer ones have more digits than Python prints
_LONGEST = 300  # digits; nobody writes longer numbers on purpose, and Python refuses to read those over 4300


class Unsafe(str):
    """Text that is never a template, whatever is in it: what Ansible inventories mark as `!unsafe`."""

    __slots__ = ()


class Vaulted(str):
    """Text that ansible-vault has encrypted. It is kept as it is, so that it can be listed; who uses it is told no."""

    __slots__ = ()


class Unclear(Exception):
    """A scalar that readers of YAML do not agree on: what is wrong, and what to write instead."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(what)
        self.what, self.mend = what, mend


def hidden(text: str) -> int | None:
    """Where a plain scalar holds a character that nobody sees: of no width, or a blank other than a space at its start
    or end, which YAML takes for a part of the text. None: it holds none."""
    found = _HIDDEN.search(text)
    if found is not None:
        return found.start()
    if text == text.strip():
        return None
    return 0 if text != text.lstrip() else len(text.rstrip())


def strict(text: str) -> Scalar:
    """The value of a plain scalar by the core schema of YAML 1.2. Raises Unclear where YAML 1.1 would read another."""
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if text.lower() in _OLD_BOOLEANS:
        meant = _OLD_BOOLEANS[text.lower()]
        raise Unclear(f"`{text}` is a boolean to some readers of YAML and text to others",
                      f'write {meant}, or "{text}" in quotes for the text')
    return _strict_number(text) if text[0] in _MAYBE_NUMBER else text


def _strict_number(text: str) -> Scalar:
    if len(text) > _LONGEST:
        return text
    if _INT.match(text):
        return int(text)
    if _OCTAL.match(text):
        raise Unclear(f"`{text}` is an octal number to some readers of YAML, decimal to others",
                      f'write "{text}" in quotes, as for a file mode')
    if _UNDERSCORES.match(text):
        raise Unclear(f"`{text}` is a number to some readers of YAML and text to others",
                      f'write {text.replace("_", "")}, or "{text}" in quotes for the text')
    if _SEXAGESIMAL.match(text):
        raise Unclear(f"`{text}` is a number in base 60 to some readers of YAML", f'write "{text}" in quotes')
    if _NOT_FINITE.match(text):
        raise Unclear(f"`{text}` is no number that JSON can carry", f'write "{text}" in quotes for the text')
    if _HEX.match(text):
        return int(text, 16)
    if _FLOAT.match(text):
        number = float(text)
        if math.isinf(number):
            raise Unclear(f"`{text}` is larger than a floating-point number can be", "write it in quotes for the text")
        if _ZERO_LOST.match(text):
            raise Unclear(f"`{text}` is the number {number} to YAML, without the zero at its end",
                          f'write "{text}" in quotes for a version, {number} for the number')
        return number
    return text


_resolver: Any = Resolver()
_constructor = SafeConstructor()
_READERS = {"bool": _constructor.construct_yaml_bool, "int": _constructor.construct_yaml_int,
            "float": _constructor.construct_yaml_float, "timestamp": _constructor.construct_yaml_timestamp}


@lru_cache(maxsize=8192)
def ansible(text: str) -> Scalar:
    """The value of a plain scalar as Ansible reads it: YAML 1.1 by PyYAML's rules; dates become ISO text."""
    tag: str = _resolver.resolve(yaml.ScalarNode, text, (True, False))
    return tagged(tag.rpartition(":")[2], text)


def tagged(kind: str, text: str) -> Scalar:
    """A scalar with a tag of YAML's own: str, null, bool, int, float, timestamp. Raises Unclear if it is none."""
    if kind == "null":
        return None
    if kind not in _READERS:
        return text
    try:
        value = _READERS[kind](yaml.ScalarNode(f"tag:yaml.org,2002:{kind}", text))
    except (ValueError, KeyError, AttributeError, TypeError, OverflowError, IndexError) as error:
        raise Unclear(f"`{text[:60]}` is no {kind}", "write it in quotes for the text") from error
    if isinstance(value, int) and value.bit_length() > LONGEST_INT:
        raise Unclear(f"`{text[:60]}` is longer than any number that can be printed", "write it in quotes for the text")
    if isinstance(value, datetime.date):
        return value.isoformat()
    assert value is None or isinstance(value, (str, int, float))
    return value
