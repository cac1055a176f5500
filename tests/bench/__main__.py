"""`python -m tests.bench`: Holdfast, its peers and the floors, on the same hosts and the same work, in one run."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.bench import (
    ansible,
    compiling,
    crowd,
    distance,
    explaining,
    floor,
    growth,
    holdfast,
    mitogen,
    pyinfra,
    report,
    salt_ssh,
)
from tests.bench.figures import Target
from tests.bench.measure import Bench
from tests.bench.rounds import Rounds
from tests.bench.tool import CannotMeasure, Fleet, Node, Tool
from tests.lab import Lab, LabUnavailable

PEERS: dict[str, Callable[[Fleet, Path], Tool]] = {
    "ansible": ansible.tool,
    "mitogen": mitogen.tool,
    "pyinfra": pyinfra.tool,
    "salt-ssh": salt_ssh.tool,
}


def main(words: list[str]) -> int:
    """0: every tool took part and did what it should. 1: some did not, see the output. 69: no lab on this machine."""
    options = parser().parse_args(words)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended all the same
    try:
        with (
            tempfile.TemporaryDirectory(prefix="holdfast-bench-") as home,
            Lab.up(f"bench-{os.getpid()}", options.hosts, owner=os.getpid()) as lab,
            Bench(Path(home)) as bench,
        ):
            return measure(options, lab, bench)
    except LabUnavailable as error:
        print(f"no lab on this machine: {error}", file=sys.stderr)
        return 69


def measure(options: argparse.Namespace, lab: Lab, bench: Bench) -> int:
    """Everything, and after each round the report of what is there so far."""
    fleet = Fleet(tuple(Node(host.name, host.address) for host in lab.hosts.values()), lab.key, lab.known_hosts)
    rounds = Rounds(bench, lab, list(lab.hosts.values()), say)
    tools = []
    makers = {holdfast.NAME: holdfast.tool, **{name: PEERS[name] for name in options.peers}}
    for name, make in makers.items():
        folder = bench.home / name
        folder.mkdir()
        try:
            tools.append(make(fleet, folder))
        except CannotMeasure as reason:
            rounds.results.missing.append(str(reason))
            say(str(reason))
    (bench.home / "floor").mkdir()
    tools[1:1] = floor.tools(fleet, bench.home / "floor")  # beside Holdfast, which is held against them
    able = rounds.rehearse(tools)
    compiled = None if options.short else compiling.measured(bench)
    sizes = [] if options.short else by_size(bench, fleet, rounds.results.missing)
    for number in range(options.runs):
        rounds.play(able, number)
        text = report.page(rounds.results, tools, compiled, sizes, len(fleet.nodes))
        options.out.write_text(text)
    print(text)
    return 0 if rounds.results.is_sound else 1


def by_size(bench: Bench, fleet: Fleet, missing: list[str]) -> list[Target]:
    """What long lines and many hosts cost Holdfast; what cannot be measured is added to `missing`."""
    found: list[Target] = []
    parts: tuple[Callable[[], list[Target]], ...] = (
        lambda: [distance.measured(bench, fleet, say)],
        lambda: growth.measured(bench, say),
        lambda: [crowd.measured(bench, say)],
        lambda: explaining.measured(bench, say),
    )
    for part in parts:
        try:
            found += part()
        except CannotMeasure as reason:
            missing.append(str(reason))
            say(str(reason))
    return found


def say(line: str) -> None:
    """How it goes, on stderr."""
    print(line.rstrip(), file=sys.stderr, flush=True)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    made.add_argument("--hosts", type=_positive, default=10, help="how many lab hosts (default: %(default)s)")
    made.add_argument("--runs", type=_positive, default=5, help="rounds; slow peers take part in the first few only")
    names = ",".join(PEERS)
    made.add_argument("--peers", type=_peers, default=list(PEERS), help=f"with commas, or none (default: {names})")
    made.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"), help="the report (default: %(default)s)")
    made.add_argument("--short", action="store_true", help="leave out the compiler alone, long lines and many hosts")
    return made


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("is at least 1")
    return number


def _peers(text: str) -> list[str]:
    names = [] if text == "none" else text.split(",")
    for name in names:
        if name not in PEERS:
            raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(PEERS)}, none")
    return names


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
