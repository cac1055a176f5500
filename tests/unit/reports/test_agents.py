"""How agents stand, for people."""
from __future__ import annotations

from datetime import UTC

from holdfast.agents.model import AgentState
from holdfast.reports.agents import agents_table
from holdfast.reports.style import Style


def test_what_is_told_of_an_agent_has_the_time_at_which_it_was_so() -> None:
    well = AgentState("h1", "exporter", "present", present=True, healthy=True, version="1.5", since=0.0, asked=60.0)
    head, line = agents_table([well], Style(False), UTC)
    assert head.split()[-2:] == ["since", "asked"]
    assert line.endswith("1970-01-01 00:00:00 UTC  1970-01-01 00:01:00 UTC")
