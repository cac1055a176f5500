"""Values as they travel: JSON, with three marks of our own (output, secret, blob), and their conversion to arguments.

On the wire a mark is an object with one key that starts with `$`; a user's object of that look is wrapped in `$plain`.
    {"$output": [id, key]}   known only on the host while the graph runs
    {"$join": [part, …]}     text put together from texts and marks
    {"$secret": name}        sent apart from the graph, never stored
    {"$blob": [sha256, size]}  the content of a file
"""
from __future__ import annotations

import hashlib
import re
from typing import Any, Callable, Dict, Iterable, List, Mapping, Tuple

from .errors import Failed, NeedBlob, Refused
from .record import Record

EXPRESSION = re.compile(r"[=!<>]=|[<>|]|\b(?:and|or|not|in|is)\b")
MARKS = ("$output", "$join", "$secret", "$blob", "$plain")


class Later:
    """A value that is not known yet where it stands; what is known of it is checked when it is."""


class Output(Later, Record):
    """A value that the resource `id` gives under `key` once it has been carried out."""

    id: str
    key: str


class SecretRef(Later, Record):
    """The secret of this name."""

    name: str


class Join(Later, Record):
    """Text put together from parts: str, Output, SecretRef."""

    parts: Tuple[Any, ...]


class Blob(Record):
    """The content of a file, known by its SHA-256 (lower-case hex) and size in bytes."""

    sha256: str
    size: int

    def data(self) -> bytes:
        """The content. Raises NeedBlob when it has not come yet."""
        held = _held.get(self.sha256)
        if held is None:
            raise NeedBlob(self.sha256)
        return held

    @staticmethod
    def of(data: bytes) -> "Blob":
        """The blob of a content that is at hand; it is held."""
        name = hashlib.sha256(data).hexdigest()
        _held[name] = data
        return Blob(name, len(data))

    @staticmethod
    def hold(sha256: str, data: bytes) -> None:
        """A content has come; the caller has checked its hash."""
        _held[sha256] = data

    @staticmethod
    def is_held(sha256: str) -> bool:
        return sha256 in _held

    @staticmethod
    def held_bytes() -> int:
        """How much is held, in bytes."""
        return sum(map(len, _held.values()))


_held: Dict[str, bytes] = {}  # what has come to this host in this process, by SHA-256


# -- kinds of arguments: the annotation's text is the kind --------------------------------------------------------


def _text(name: str, value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise Refused(name, "is text, not %s" % describe(value), _quoted(value))


def _integer(name: str, value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise Refused(name, "is a whole number, not %s" % describe(value), "write %d" % value
                  if isinstance(value, float) and value.is_integer() else _unquoted(value, "int"))


def _number(name: str, value: object) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    raise Refused(name, "is a number, not %s" % describe(value), _unquoted(value, "float"))


def _unquoted(value: object, name: str) -> str:
    if isinstance(value, str) and re.match(r"\s*\d+\s*[A-Za-z%]", value):
        return "write a number alone, in the unit that the argument has"
    return "write it without quotes, or use `| %s`" % name


def _boolean(name: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and EXPRESSION.search(value):
        raise Refused(name, "is true or false, not %s" % describe(value), 'an expression stands in "{{ … }}"')
    raise Refused(name, "is true or false, not %s" % describe(value), "write it without quotes: %s" % value
                  if value in ("true", "false") else "write true or false, or use `| bool`")


def _text_of(name: str, whole: str, item: object) -> str:
    try:
        return _text(name, item)
    except Refused as refused:
        raise Refused(name, "is a %s of texts, and holds %s" % (whole, describe(item)), _glued(item) or refused.mend) \
            from None


def _glued(item: object) -> str:
    """The mend for a text that YAML takes for a mapping, as it has `: ` in it; "": it does not look so."""
    if isinstance(item, Mapping) and len(item) == 1:
        (key, value), = item.items()
        if isinstance(key, str) and isinstance(value, str):
            return 'a text that holds `: ` needs quotes: "%s: %s"' % (key, value)
    return ""


def _texts(name: str, value: object) -> Tuple[Any, ...]:
    if isinstance(value, (list, tuple)):
        return tuple(item if isinstance(item, Later) else _text_of(name, "list", item) for item in value)
    raise Refused(name, "is a list, not %s" % describe(value),
                  "write [%s]" % ", ".join(str(value).replace(",", " ").split())
                  if isinstance(value, (str, int)) else "write the elements in brackets: [a, b]")


def _text_map(name: str, value: object) -> Dict[str, Any]:
    if isinstance(value, Mapping):
        return {str(key): item if isinstance(item, Later) else _text_of(name, "mapping", item)
                for key, item in value.items()}
    raise Refused(name, "is a mapping, not %s" % describe(value), "write {NAME: value}")


def _blob(name: str, value: object) -> Blob:
    if isinstance(value, Blob):
        return value
    if isinstance(value, str):  # content that held a secret or an output, put together on the host
        return Blob.of(value.encode("utf-8", "surrogateescape"))
    raise Refused(name, "is the path of a file on the controller, not %s" % describe(value))


KINDS: Dict[str, Callable[[str, object], object]] = {
    "str": _text, "int": _integer, "float": _number, "bool": _boolean, "Blob": _blob,
    "Tuple[str, ...]": _texts, "Dict[str, str]": _text_map, "Any": lambda _, value: value,
}


def convert(name: str, kind: str, value: object) -> object:
    """The value as an argument of this kind, immutable where it can be. Raises Refused; Later values pass."""
    if isinstance(value, Later):
        return value
    if kind.startswith("Optional["):
        if value is None:
            return None
        kind = kind[len("Optional["):-1]
    return KINDS[kind](name, value)


def describe(value: object) -> str:
    """A value in an error message: what it is, and its text if that is short."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "`%s`" % str(value).lower()
    if isinstance(value, (int, float)):
        return "the number %s" % value
    if isinstance(value, str):
        return "`%s`" % (value if len(value) <= 40 else value[:37] + "…")
    if isinstance(value, (list, tuple)):
        return "a list"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, Blob):
        return "a file"
    return type(value).__name__


def _quoted(value: object) -> str:
    if isinstance(value, bool):
        return 'put it in quotes: "%s"' % str(value).lower()
    if isinstance(value, float):
        return 'put it in quotes: "%s"' % value
    if isinstance(value, (list, tuple)):
        return "write one text, without brackets" if len(value) == 1 else "write one text, or use `| join(' ')`"
    if isinstance(value, Mapping) and len(value) == 1 and set(value) <= {"env", "file", "command"}:
        return "a secret has a name: `{secret: NAME, %s: …}`" % next(iter(value))
    if isinstance(value, Mapping) and next(iter(value), "") == "secret":
        return "a secret comes from one of env, file, command: `{secret: NAME, env: …}`"
    return "of a mapping `| to_json` or `| to_nice_yaml` makes text" if isinstance(value, Mapping) else "write a text"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """'did you mean `owner`?' for the nearest known word, or a list of the known ones when none is near."""
    import difflib  # only when something is wrong

    words = list(known)
    wrong = word.lower()
    for near in difflib.get_close_matches(wrong, [w.lower() for w in words], 3, 0.6):
        # people get the first letter right, or nearly all others: `absent` is not a slip for `present`
        match = difflib.SequenceMatcher(None, near, wrong)
        shared = match.find_longest_match(0, len(near), 0, len(wrong)).size
        if near[:1] == wrong[:1] or match.ratio() >= 0.75 or shared > 4:
            return "did you mean `%s`?" % next(w for w in words if w.lower() == near)
    return "known: %s" % ", ".join(words) if 0 < len(words) <= 30 else ""


# -- to and from the wire -----------------------------------------------------------------------------------------


def to_wire(value: Any) -> Any:
    """JSON for a value with marks."""
    if isinstance(value, Output):
        return {"$output": [value.id, value.key]}
    if isinstance(value, SecretRef):
        return {"$secret": value.name}
    if isinstance(value, Join):
        return {"$join": [to_wire(part) for part in value.parts]}
    if isinstance(value, Blob):
        return {"$blob": [value.sha256, value.size]}
    if isinstance(value, Mapping):
        plain = {str(key): to_wire(item) for key, item in value.items()}
        return {"$plain": plain} if len(plain) == 1 and next(iter(plain)).startswith("$") else plain
    if isinstance(value, (list, tuple)):
        return [to_wire(item) for item in value]
    return value


def from_wire(value: Any) -> Any:
    """The value that `to_wire` was given, lists as lists. Raises ValueError for a mark that is not well formed."""
    if isinstance(value, list):
        return [from_wire(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        (mark, inner), = value.items()
        if mark in MARKS:
            return _from_mark(mark, inner)
    return {key: from_wire(item) for key, item in value.items()}


def _from_mark(mark: str, inner: Any) -> Any:
    if mark == "$plain" and isinstance(inner, dict):
        return {key: from_wire(item) for key, item in inner.items()}
    if mark == "$secret" and isinstance(inner, str):
        return SecretRef(inner)
    if mark == "$join" and isinstance(inner, list):
        return Join(tuple(from_wire(part) for part in inner))
    if mark == "$output" and _is_pair(inner, str):
        return Output(inner[0], inner[1])
    if mark == "$blob" and _is_pair(inner, int) and re.match(r"[0-9a-f]{64}\Z", inner[0]):
        return Blob(inner[0], inner[1])
    raise ValueError("%s is not well formed" % mark)


def _is_pair(inner: Any, second: type) -> bool:
    return isinstance(inner, list) and len(inner) == 2 and isinstance(inner[0], str) and isinstance(inner[1], second)


def resolve(value: Any, outputs: Mapping[str, Mapping[str, Any]], secrets: Mapping[str, str]) -> Any:
    """The value with all marks but Blob replaced. Raises Failed when an output is not there."""
    if isinstance(value, Output):
        given = outputs.get(value.id)
        if given is None or value.key not in given:
            raise Failed("%s gave no `%s`: it has not run" % (value.id, value.key) if given is None else
                         "%s has no output `%s` (it has: %s)" % (value.id, value.key, ", ".join(given) or "none"))
        return given[value.key]
    if isinstance(value, SecretRef):
        return secrets[value.name]
    if isinstance(value, Join):
        return "".join(_spelled(resolve(part, outputs, secrets)) for part in value.parts)
    if isinstance(value, dict):
        return {key: resolve(item, outputs, secrets) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [resolve(item, outputs, secrets) for item in value]
    return value


def _spelled(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)


def references(value: Any) -> List[Output]:
    """All outputs that a value refers to."""
    found: List[Output] = []
    if isinstance(value, Output):
        found.append(value)
    elif isinstance(value, Join):
        found += [part for part in value.parts if isinstance(part, Output)]
    elif isinstance(value, Mapping):
        for item in value.values():
            found += references(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            found += references(item)
    return found


def secret_names(value: Any) -> List[str]:
    """The names of all secrets that a value refers to."""
    if isinstance(value, SecretRef):
        return [value.name]
    parts: Iterable[Any] = ()
    if isinstance(value, Join):
        parts = value.parts
    elif isinstance(value, Mapping):
        parts = value.values()
    elif isinstance(value, (list, tuple)):
        parts = value
    return [name for part in parts for name in secret_names(part)]




