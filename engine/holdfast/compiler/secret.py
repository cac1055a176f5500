"""Secrets on the controller: marked where they enter, followed through templates, and taken out of what is sent.

A rendered text holds a secret's value; `seal` replaces it by a reference before the text leaves the compiler. So a
graph, its JSON and the contents of files never hold one. What a filter makes of a secret is a secret too.
"""
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from holdfast.compiler.faults import KnownLater, Misused
from holdfast_host.redact import SHORTEST
from holdfast_host.values import Join, SecretRef, describe

Secrets = dict[str, str]  # value -> name


class SecretText(str):
    """The value of a secret. It shows itself nowhere by accident; a part of it is a secret too."""

    name: str

    def __new__(cls, value: str, name: str) -> SecretText:
        made = super().__new__(cls, value)
        made.name = name
        return made

    def __repr__(self) -> str:
        return f"«{self.name}»"

    def __getitem__(self, index: Any) -> SecretText:
        part = super().__getitem__(index)
        refuse_short(part, self.name)
        return SecretText(part, f"{self.name}[…]")

    def __iter__(self) -> Iterator[str]:
        raise Misused(f"the secret `{self.name}` is taken apart", "use it whole")


def refuse_short(value: str, name: str) -> None:
    """Raises Misused for a value that could not be masked in reports."""
    if len(value) < SHORTEST:
        raise Misused(f"what is made of the secret `{name}` is shorter than {SHORTEST} characters",
                      "it could not be masked in reports; use a longer one")


@lru_cache(maxsize=1024)
def _pattern(values: frozenset[str]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(value) for value in sorted(values, key=len, reverse=True)))


def holds(value: Any, secrets: Mapping[str, str]) -> str:
    """The name of a secret that is in a value, however deep; "": there is none."""
    if isinstance(value, str):
        if isinstance(value, SecretText):
            return value.name
        found = _pattern(frozenset(secrets)).search(value) if secrets else None
        return secrets[found[0]] if found else ""
    if isinstance(value, Mapping):
        return next(filter(None, (holds(inner, secrets) for pair in value.items() for inner in pair)), "")
    if isinstance(value, (list, tuple)):
        return next(filter(None, (holds(inner, secrets) for inner in value)), "")
    return ""


def shown(value: Any) -> str:
    """A value in an error message."""
    return f"the secret `{value.name}`" if isinstance(value, SecretText) else describe(value)


def refuse_shown(error: Exception, arguments: Any, how: str, secrets: Mapping[str, str]) -> None:
    """Raises Misused in place of what a filter or method says of a secret, as it may say its value."""
    name = holds(arguments, secrets) if secrets and not isinstance(error, KnownLater) else ""
    if name:
        raise Misused(f"`{how}` cannot work on the secret `{name}`", "look at what it is, or use it as it is",
                      how) from None


def derive(made: Any, arguments: Any, how: str, secrets: Secrets) -> None:
    """Remembers what a filter or method made of a secret as a secret too. how: its name."""
    name = holds(arguments, secrets)
    if not name:
        return
    for text in made if isinstance(made, (list, tuple)) else (made,):
        if isinstance(text, str) and not holds(text, secrets):
            refuse_short(text, name)
            secrets[str(text)] = f"{name}|{how}"


def seal(value: Any, secrets: Mapping[str, str]) -> Any:
    """The value with references in place of secrets."""
    if not secrets:
        return value
    if isinstance(value, str):
        return _sealed_text(value, secrets)
    if isinstance(value, Join):
        parts: list[Any] = []
        for part in value.parts:
            sealed = _sealed_text(part, secrets) if isinstance(part, str) else part
            parts += sealed.parts if isinstance(sealed, Join) else [sealed]
        return Join(tuple(parts))
    if isinstance(value, Mapping):
        return {key: seal(inner, secrets) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(seal(inner, secrets) for inner in value)
    return value


def _sealed_text(text: str, secrets: Mapping[str, str]) -> str | SecretRef | Join:
    parts: list[str | SecretRef] = []
    end = 0
    for found in _pattern(frozenset(secrets)).finditer(text):
        if found.start() > end:
            parts.append(str.__getitem__(text, slice(end, found.start())))
        parts.append(SecretRef(secrets[found[0]]))
        end = found.end()
    if not parts and isinstance(text, SecretText):
        raise Misused(f"a part of the secret `{text.name}` is used in a way that cannot be followed", "use it whole")
    if not parts:
        return str(text)
    if end < len(text):
        parts.append(str.__getitem__(text, slice(end, None)))
    return parts[0] if len(parts) == 1 and isinstance(parts[0], SecretRef) else Join(tuple(parts))
