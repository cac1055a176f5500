"""Templates of playbooks as syntax: they are read, and not rendered. Anybody may have written them."""
from __future__ import annotations

from typing import Any

import jinja2
from jinja2 import meta, nodes

from holdfast.compiler.filters import FILTERS, TESTS


@jinja2.pass_context
def _as_it_is(_: object, value: Any) -> Any:
    """With it nothing that is constant is worked out while templates are looked at: `9 ** (9 ** 9)` or a pattern would
    take for ever."""
    return value


ENVIRONMENT = jinja2.Environment(trim_blocks=True, keep_trailing_newline=True,  # noqa: S701  # no page is rendered
                                 optimized=False, finalize=_as_it_is,
                                 extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"])
ENVIRONMENT.filters |= FILTERS
ENVIRONMENT.tests |= TESTS

# Of these alone nothing is made that is larger or takes longer than what is written.
_COMPARING = (nodes.Const, nodes.List, nodes.Tuple, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not,
              nodes.Test)
_TESTS = frozenset({"version", "version_compare", "in", "eq", "ne", "equalto", "true", "false"})


def parsed(written: str) -> nodes.Template:
    """Raises jinja2.TemplateError."""
    return ENVIRONMENT.parse(written)


def undeclared(tree: nodes.Template) -> set[str]:
    """The names that a template reads and does not set."""
    seeking = meta.TrackingCodeGenerator(ENVIRONMENT)
    seeking.optimizer = None  # as `_as_it_is`; Jinja2's own function has one whatever the environment says
    seeking.visit(tree)
    return seeking.undeclared_identifiers


def constant(condition: str) -> bool | None:
    """What a condition of comparisons gives on every host; None: that hangs on something, or is not to be seen. Raises
    jinja2.TemplateError."""
    parts = parsed("{{ " + condition + " }}").find_all((nodes.Expr, nodes.Helper))
    if not all(isinstance(part, _COMPARING) and getattr(part, "name", "in") in _TESTS for part in parts):
        return None
    try:
        found = ENVIRONMENT.compile_expression(condition)()
    except Exception:  # whatever comparisons and tests raise of values that do not fit
        return None
    return found if isinstance(found, bool) else None
