"""Ansible's modules as data: how each option becomes an argument of a type, and what has no like."""
from __future__ import annotations

from collections.abc import Mapping

from holdfast.converting.options import Entry
from holdfast.converting.table import (
    accounts,
    commands,
    contents,
    databases,
    fetching,
    files,
    packages,
    repositories,
    security,
    system,
    unlike,
)

MODULES: Mapping[str, Entry] = {
    **unlike.MODULES, **files.MODULES, **contents.MODULES, **packages.MODULES, **accounts.MODULES, **system.MODULES,
    **commands.MODULES, **fetching.MODULES, **repositories.MODULES, **databases.MODULES, **security.MODULES,
}
