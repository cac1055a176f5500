"""Finding resource types on the host: files of the package `holdfast_modules`, imported when a graph names them."""
from __future__ import annotations

import importlib
import os
import re
import sys
from typing import Dict, Type

from .errors import Failed
from .resource import Resource, type_name

_found: Dict[str, Type[Resource]] = {}


def resource_type(name: str) -> Type[Resource]:
    """The class of a type. Raises Failed when this host was not sent it, or its file does not load."""
    if name not in _found:
        _load(name)
    return _found[name]


def _load(name: str) -> None:
    for folder in sys.path:
        place = os.path.join(folder, "holdfast_modules")
        if not os.path.isdir(place):
            continue
        for stem in _candidates(place, name):
            try:
                module = importlib.import_module("holdfast_modules." + stem)
            except Exception as error:  # a user's own code: whatever it raises is the report
                what = "type %s does not load on this host: %s: %s" % (name, type(error).__name__, error)
                raise Failed(what) from None
            for value in vars(module).values():
                if isinstance(value, type) and issubclass(value, Resource) and value.__module__ == module.__name__:
                    _found.setdefault(type_name(value), value)
            if name in _found:
                return
    raise Failed("there is no resource type %s on this host" % name)


def _candidates(place: str, name: str) -> "list[str]":
    """The file named after the type first; else the files that hold a class of its name."""
    if os.path.exists(os.path.join(place, name + ".py")):
        return [name]
    pattern = re.compile(rb"^class %s\(" % name.title().replace("_", "").encode(), re.M)
    stems = []
    for file in sorted(os.listdir(place)):
        if file.endswith(".py"):
            with open(os.path.join(place, file), "rb") as stream:
                if pattern.search(stream.read()):
                    stems.append(file[:-3])
    return stems
