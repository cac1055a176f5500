"""Whether a controller still lives decides whether its run may be shown as running."""
from __future__ import annotations

from dataclasses import replace

import pytest

from holdfast.store.life import SILENT_AFTER_S, is_alive, this_controller


@pytest.mark.parametrize(("changes", "silent_s", "alive"), [
    ({}, 9999, True),  # this process: seen to live, whatever it wrote
    ({"born": "1"}, 0, False),  # its number was given to another process
    ({"pid": 2**22 + 1}, 0, False),
    ({"boot": "before"}, 0, False),
    ({"machine": "elsewhere/pid:[1]"}, SILENT_AFTER_S - 1, True),
    ({"machine": "elsewhere/pid:[1]"}, SILENT_AFTER_S + 1, False),
])
def test_who_lives(changes, silent_s, alive):
    assert is_alive(replace(this_controller(), **changes), 1000.0, 1000.0 + silent_s) is alive
