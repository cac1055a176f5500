"""docs/benchmarks.md, from what was measured."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from tests.bench import crowd, distance, figures, floor, growth, holdfast, work
from tests.bench.figures import Field, Figure, Target
from tests.bench.measure import SETTLE_S, Measured
from tests.bench.rounds import Results
from tests.bench.tool import Phase, Tool

_PAGE = Path(__file__).with_name("page.md.j2")

_COSTS: tuple[tuple[str, Field], ...] = (
    ("controller CPU s", lambda measured: measured.controller_cpu_s),
    ("all hosts' CPU s", lambda measured: measured.hosts_cpu_s),
    ("controller MiB", lambda measured: measured.memory_mib),
    ("largest process MiB", lambda measured: measured.largest_mib),
    ("packets, one host", lambda measured: measured.packets),
    ("KiB, one host", lambda measured: measured.octets / 1024),
)


def page(
    results: Results, tools: Sequence[Tool], compiled: Measured | None, sizes: Sequence[Target], hosts: int
) -> str:
    """The whole page, in Markdown. sizes: what long lines and many hosts gave."""
    peers = [tool for tool in tools if not tool.is_floor]
    room = Environment(undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True)
    return room.from_string(_PAGE.read_text()).render(
        machine=machine(),
        hosts=hosts,
        versions=_versions(tools),
        work=work,
        settle_s=SETTLE_S,
        observe_all=floor.OBSERVE_ALL,
        faults=_faults(results, compiled),
        targets=_targets([*figures.targets(results, compiled), *sizes]),
        distance=distance,
        growth=growth,
        crowd=crowd,
        times=_times(results, peers),
        costs=_costs(results, peers),
        ratios=_ratios(results, peers),
        floors=_floors(results, [tool for tool in tools if tool.is_floor]),
        compiled="" if compiled is None or compiled.code else compiled.output.strip(),
    )


def machine() -> str:
    """Cores, memory and kernel of this machine, in words."""
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    return f"{os.cpu_count()} cores, {memory_gib:.0f} GiB of memory, Linux {platform.release().split('-')[0]}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def number(value: float | None) -> str:
    """Three digits that mean something; a dash where nothing was measured."""
    if value is None:
        return "–"
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def cell(found: Figure | None) -> str:
    """Median (least, number of runs)."""
    return "–" if found is None else f"{number(found.median)} ({number(found.least)}, {found.runs})"


def _versions(tools: Sequence[Tool]) -> str:
    return "; ".join(dict.fromkeys(tool.version for tool in tools))


def _targets(targets: Sequence[Target]) -> str:
    rows = []
    for target in targets:
        bound = f"{'at least' if target.is_least else 'at most'} {target.limit:g} {target.unit}"
        rows.append((target.what, bound, number(target.found), target.verdict))
    return table(("what", "to reach", "found", ""), rows)


def _times(results: Results, tools: Sequence[Tool]) -> str:
    rows = []
    for tool in tools:
        cells = [cell(figures.figure(results, tool.name, phase, lambda measured: measured.wall_s)) for phase in Phase]
        rows.append((tool.name, *cells))
    return table(("tool", *Phase), rows)


def _costs(results: Results, tools: Sequence[Tool]) -> str:
    rehearsed = {one.tool: one for one in results.rehearsals if not one.fault}
    rows = []
    for tool in tools:
        cells = []
        for _, field in _COSTS:
            found = figures.figure(results, tool.name, Phase.NOOP, field)
            cells.append(number(None if found is None else found.median))
        one = rehearsed.get(tool.name)
        cells.append("–" if one is None else f"{one.sessions} in {one.logins}")
        rows.append((tool.name, *cells))
    return table(("tool", *(title for title, _ in _COSTS), "SSH sessions in log-ins, one host"), rows)


def _ratios(results: Results, tools: Sequence[Tool]) -> str:
    own = {phase: figures.wall(results, holdfast.NAME, phase) for phase in Phase}
    rows = []
    for name in (*(tool.name for tool in tools if tool.name != holdfast.NAME), floor.OBSERVE_ALL):
        cells = [number(figures.ratio(figures.wall(results, name, phase), own[phase])) for phase in Phase]
        rows.append((name, *cells))
    return table(("tool", *Phase), rows)


def _floors(results: Results, floors: Sequence[Tool]) -> str:
    rows = []
    for tool in floors:
        for phase, hosts in ((Phase.NOOP, "all hosts"), (Phase.ONE, "one host")):
            found = figures.figure(results, tool.name, phase, lambda measured: measured.wall_s)
            if phase not in tool.commands:
                continue
            where = hosts if Phase.ONE in tool.commands else "none"
            cpu = (
                figures.figure(results, tool.name, phase, lambda measured: measured.controller_cpu_s),
                figures.figure(results, tool.name, phase, lambda measured: measured.hosts_cpu_s),
            )
            rows.append((tool.name, where, cell(found), *(number(one.median if one else None) for one in cpu)))
    return table(("floor", "hosts", "wall s", "controller CPU s", "hosts' CPU s"), rows)


def _faults(results: Results, compiled: Measured | None) -> list[str]:
    lines = [*results.missing]
    lines += [f"{one.tool}, rehearsal: {one.fault}" for one in results.rehearsals if one.fault]
    lines += [f"{one.tool}, {one.phase}: {one.fault}" for one in results.samples if one.fault]
    if compiled is not None and compiled.code:
        lines.append(f"the compiler alone: exit code {compiled.code}: {compiled.output.strip()[-300:]}")
    return lines
