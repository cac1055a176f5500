"""Frozen records: what dataclasses give, without what they cost.

`import dataclasses` pulls in `inspect` and compiles three methods for each class: 10 ms and more on every host in
every run, which is more than checking a hundred resources takes. A class that derives from `Record` declares its
fields as a dataclass does and is frozen, comparable and printable; that is all it does.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Type, TypeVar

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_: object) -> Any:
        return lambda cls: cls


MISSING: Any = object()
R = TypeVar("R", bound="Record")


class Slot:
    """A field that says more than a default; see `resource.arg`."""

    default: object = MISSING


@dataclass_transform(frozen_default=True, kw_only_default=False)
class Record:
    """Base of frozen records. Fields are the annotations that are not ClassVar, in order, inherited ones first.

    Raises TypeError for an unknown, doubled or missing field, AttributeError when a field is assigned later.
    """

    _fields_: Dict[str, object] = {}  # name -> default or MISSING
    _annotations_: Dict[str, str] = {}

    def __init_subclass__(cls) -> None:
        fields, annotations = dict(cls._fields_), dict(cls._annotations_)
        for name, annotation in cls.__dict__.get("__annotations__", {}).items():
            text = _spelled(annotation)
            if text.startswith("ClassVar") or name.startswith("_"):
                continue
            value = cls.__dict__.get(name, MISSING)
            fields[name] = value.default if isinstance(value, Slot) else value
            annotations[name] = text
        cls._fields_, cls._annotations_ = fields, annotations

    def __init__(self, *args: object, **kwargs: object) -> None:
        fields = self._fields_
        if not kwargs and len(args) == len(fields):  # the way of records that are made by the hundred
            self.__dict__.update(zip(fields, args))
            return
        if len(args) > len(fields):
            raise TypeError("%s takes %d fields" % (type(self).__name__, len(fields)))
        values = dict(zip(fields, args))
        for name, value in kwargs.items():
            if name not in fields or name in values:
                raise TypeError("%s: unknown or doubled field %r" % (type(self).__name__, name))
            values[name] = value
        for name, default in fields.items():
            if name not in values:
                if default is MISSING:
                    raise TypeError("%s: field %r is missing" % (type(self).__name__, name))
                values[name] = default
        self.__dict__.update(values)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("%s is frozen" % type(self).__name__)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((type(self), tuple(self.__dict__.values())))

    def __repr__(self) -> str:
        return "%s(%s)" % (type(self).__name__, ", ".join("%s=%r" % item for item in self.__dict__.items()))


def _spelled(annotation: object) -> str:
    """An annotation's text, whether or not its module delays annotations."""
    if isinstance(annotation, type) and not hasattr(annotation, "__args__"):
        return annotation.__name__
    return str(annotation).replace("typing.", "")


def fields_of(record: Record) -> Dict[str, Any]:
    """The fields of a record by name, in order."""
    return {name: record.__dict__[name] for name in record._fields_}


def with_fields(record: R, **changes: object) -> R:
    """The same record with some fields replaced."""
    cls: Type[R] = type(record)
    return cls(**{**fields_of(record), **changes})



