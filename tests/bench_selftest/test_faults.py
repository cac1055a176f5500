"""A tool that says it failed, or that it changed what it should not, is believed: excerpts of real output."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.bench import ansible, pyinfra, salt_ssh
from tests.bench.tool import Phase

RECAP = """
PLAY RECAP *********************************************************************
h1                         : ok=5    changed={}    unreachable={}    failed=0    skipped=0    rescued=0    ignored=0
h2                         : ok=5    changed=0    unreachable=0    failed=0    skipped=0    rescued=0    ignored=0
"""
TOTAL = "    key1 = value1             2       -         -       2\n    Grand total               {}         \n"
DETECTED = "    Operation                 Change   Conditional Change   \n"


def states(*, changed: int = 0, failed: int = 0) -> str:
    all_states = {
        f"state {n}": {"result": n >= failed, "changes": {"diff": "new"} if n < changed else {}, "comment": ""}
        for n in range(96)
    }
    return json.dumps({"h1": all_states, "h2": all_states})


def detected(change: str) -> str:
    return DETECTED + "".join(f"    key{n} = value{n}          {change}        -            \n" for n in range(96))


@pytest.mark.parametrize(
    ("judge", "phase", "output", "said"),
    [
        (ansible.fault, Phase.NOOP, RECAP.format(0, 0), ""),
        (ansible.fault, Phase.NOOP, RECAP.format(1, 0), "changed=1"),
        (ansible.fault, Phase.NOOP, RECAP.format(0, 1), "unreachable=1"),
        (ansible.fault, Phase.FIRST, RECAP.format(3, 0), "h2: it says changed=0"),
        (ansible.fault, Phase.NOOP, "nothing", "names 0 hosts"),
        (pyinfra.fault, Phase.NOOP, TOTAL.format("192     -       -         192"), ""),
        (pyinfra.fault, Phase.NOOP, TOTAL.format("192     2       -         190"), "2 changed"),
        (pyinfra.fault, Phase.FIRST, TOTAL.format("192     180     -         12"), ""),
        (pyinfra.fault, Phase.FIRST, TOTAL.format("192     -       -         192"), "0 changed"),
        (pyinfra.fault, Phase.FIRST, TOTAL.format("192     180     1         11"), "1 failed"),
        (pyinfra.fault, Phase.NOOP, "", "no total"),
        (pyinfra.fault, Phase.PLAN, detected("-"), ""),
        (pyinfra.fault, Phase.PLAN, detected("1"), "96 operations would change"),
        (pyinfra.fault, Phase.PLAN, DETECTED, "names 0 operations"),
        (salt_ssh.fault, Phase.NOOP, states(), ""),
        (salt_ssh.fault, Phase.NOOP, "[WARNING ] old\n" + states(), ""),
        (salt_ssh.fault, Phase.NOOP, states(changed=1), "1 states changed"),
        (salt_ssh.fault, Phase.FIRST, states(changed=90), ""),
        (salt_ssh.fault, Phase.FIRST, states(changed=89), "89 states changed"),
        (salt_ssh.fault, Phase.FIRST, states(changed=90, failed=1), "1 states failed"),
        (salt_ssh.fault, Phase.NOOP, '{"h1": "Permission denied", "h2": {}}', "no states were run"),
        (salt_ssh.fault, Phase.NOOP, "Traceback", "not JSON"),
    ],
)
def test_words_of_peers(judge: Callable[[Phase, str, int], str], phase: Phase, output: str, said: str) -> None:
    fault = judge(phase, output, 2)
    assert said in fault
    assert bool(fault) == bool(said)
