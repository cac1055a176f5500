"""Holdfast: declare in YAML what hosts should be, apply it, keep it so. What is listed here is the Python API.

A name is imported when it is used first: the command line passes through this package, and most commands need little
of it.
"""
from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from holdfast.contents import Checked, Contents, kinds, load_contents, schema, types
    from holdfast.executor.model import HostResult, Mode, Result, RunDone
    from holdfast.executor.stop import Stop
    from holdfast.plan import Difference, Drift, Plan
    from holdfast.problems import Place, Problem, Problems
    from holdfast.project import Project, load

__all__ = [
    "Checked", "Contents", "Difference", "Drift", "HostResult", "Mode", "Place", "Plan", "Problem", "Problems",
    "Project", "Result", "RunDone", "Stop", "kinds", "load", "load_contents", "schema", "types",
]
_HOMES = {
    "contents": ("Checked", "Contents", "kinds", "load_contents", "schema", "types"),
    "executor.model": ("HostResult", "Mode", "Result", "RunDone"),
    "executor.stop": ("Stop",),
    "plan": ("Difference", "Drift", "Plan"),
    "problems": ("Place", "Problem", "Problems"),
    "project": ("Project", "load"),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            found = getattr(import_module(f"holdfast.{home}"), name)
            globals()[name] = found
            return found
    raise AttributeError(f"module 'holdfast' has no attribute {name!r}")
