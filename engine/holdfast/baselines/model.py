"""What is reported of a control."""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from holdfast.documents.model import Control

PASS, FAIL, EXCEPTED, NOT_APPLICABLE, NOT_KNOWN = "pass", "fail", "excepted", "not_applicable", "not_known"
STATUSES = (PASS, FAIL, EXCEPTED, NOT_APPLICABLE, NOT_KNOWN)


@dataclass(frozen=True, slots=True)
class ControlResult:
    """How a control of a baseline stands on a host. status: a word of STATUSES; why: what is wrong, who excepted it, or
    why it is not known."""

    host: str
    baseline: str
    control: Control
    status: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """counts: controls by status. percent: of those that are asked for, how many pass, rounded down; None: none is
    asked for. What is not known does not pass."""

    counts: Counter[str]

    @property
    def percent(self) -> int | None:
        asked = self.counts[PASS] + self.counts[FAIL] + self.counts[NOT_KNOWN]
        return self.counts[PASS] * 100 // asked if asked else None


def score(results: Iterable[ControlResult]) -> Score:
    """Of whatever hosts."""
    return Score(Counter(one.status for one in results))
