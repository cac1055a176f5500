"""Taking secrets out of text: the value itself and the forms in which tools print it."""
from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping

SHORTEST = 4  # characters; a shorter secret would mask half of every report, so it is refused where it enters


def forms(value: str) -> List[str]:
    """The value, and its base64, URL, JSON and repr spellings."""
    import base64
    import json
    import urllib.parse

    data = value.encode("utf-8", "surrogateescape")
    found = [value, urllib.parse.quote(data, safe=""), urllib.parse.quote_plus(data), json.dumps(value)[1:-1],
             json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1], data.hex()]
    for shift in range(3):  # inside a longer base64 text the value starts at one of three offsets
        whole = base64.b64encode(b"\0" * shift + data).decode("ascii")
        core = whole[(0, 2, 3)[shift]:len(whole) - (0, 3, 2)[(len(data) + shift) % 3]]
        found += [core, core.replace("+", "-").replace("/", "_")]
    found += [line for line in value.splitlines() if len(line) >= SHORTEST]
    return [form for form in dict.fromkeys(found) if len(form) >= SHORTEST]


class Redactor:
    """Masks secrets in text. secrets: name -> value; an occurrence becomes `«name»`."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._names: Dict[str, str] = {}
        for name, value in secrets.items():
            for form in forms(value):
                self._names.setdefault(form, name)
        longest_first = sorted(self._names, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def text(self, text: str) -> str:
        """The text without secrets."""
        if self._pattern is None or not text:
            return text
        return self._pattern.sub(lambda match: "«%s»" % self._names[match.group()], text)

    def value(self, value: Any) -> Any:
        """A JSON value without secrets, keys of objects included."""
        if self._pattern is None:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, bytes):
            return self.text(value.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
        if isinstance(value, dict):
            return {self.text(str(key)): self.value(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(item) for item in value]
        return value
