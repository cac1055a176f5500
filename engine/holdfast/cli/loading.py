"""The project of the global options."""
from __future__ import annotations

import os
import sys
from argparse import Namespace
from typing import Any

from holdfast.cli.api import Contents, GetApi, Project
from holdfast.cli.console import Console
from holdfast.problems import Problem, Problems

STORE_VARIABLE = "HOLDFAST_STORE"  # not an option: a URL may hold a password, and command lines are seen by all


def load_contents(args: Namespace, api: GetApi) -> Contents:
    """What needs no host: it loads little. Raises Problems."""
    return api().load_contents(args.folder, **_options(args))


def load_project(args: Namespace, console: Console, api: GetApi) -> Project:
    """With the login options that were given. Raises Problems."""
    how = _options(args)
    for name in ("user", "key", "install_python"):
        if getattr(args, name, None):
            how[name] = getattr(args, name)
    if getattr(args, "ask_become_password", False):
        how["become_password"] = console.secrets["become password"] = _asked("become password")
    project = api().load(args.folder, **how)
    console.secrets.update(project.secrets)
    return project


def _asked(name: str) -> str:
    """What the user types unseen or, where there is no terminal, the first line of standard input. Raises Problems."""
    import getpass
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            said = getpass.getpass(f"{name}: ")
    except getpass.GetPassWarning:  # there is no terminal
        said = sys.stdin.readline().rstrip("\n")
    except EOFError:
        said = ""
    if not said:
        raise Problems([Problem(f"no {name} was given", None, "type it, or give it as a line of standard input")])
    return said


def _options(args: Namespace) -> dict[str, Any]:
    how: dict[str, Any] = {"inventory": args.inventory, "set": dict(args.set)}
    if os.environ.get(STORE_VARIABLE):
        how["store"] = os.environ[STORE_VARIABLE]
    return how
