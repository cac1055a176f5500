"""What is reported of an agent."""
from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AgentState:
    """How an agent stands on a host. wanted: present or absent, "": not known. present, healthy: None: not known;
    healthy is None also where the agent is not to be there, and as `present` where nothing tells of it. version: that
    is installed, "": not known or none. why: what is wrong, or why it is not known. since: when it was first seen to
    stand so; asked: when that was last told by the host; seconds since the epoch, None: never."""

    host: str
    agent: str
    wanted: str
    present: bool | None
    healthy: bool | None
    version: str = ""
    why: str = ""
    since: float | None = None
    asked: float | None = None

    @property
    def is_well(self) -> bool:
        """Is all of it known to be as it is wanted?"""
        stands = self.present is False if self.wanted == "absent" else self.present is True and self.healthy is True
        return stands and not self.why
