"""Filters and tests that documents have beside Jinja2's own; named and working as Ansible's where those exist.

`docs/reference/filters.md` lists them; a test compares the two.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from holdfast.compiler.filters import conditions, data, encoding, hashes, network, text

FILTERS: dict[str, Callable[..., Any]] = {
    **data.FILTERS, **text.FILTERS, **encoding.FILTERS, **hashes.FILTERS, **network.FILTERS}
TESTS: dict[str, Callable[..., Any]] = conditions.TESTS
