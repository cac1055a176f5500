"""Holdfast: declare in YAML what hosts should be, apply it, keep it so. What is listed here is the Python API."""
from holdfast.executor.model import HostResult, Mode, Result, RunDone
from holdfast.executor.stop import Stop
from holdfast.problems import Place, Problem, Problems
from holdfast.project import Checked, Project, kinds, load, types

__all__ = [
    "Checked", "HostResult", "Mode", "Place", "Problem", "Problems", "Project", "Result", "RunDone", "Stop", "kinds",
    "load", "types",
]
