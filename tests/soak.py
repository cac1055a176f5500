"""`python -m tests.soak`: five hosts are sabotaged at random for a while, and `holdfast enforce` alone keeps them.

The saboteur runs shell commands on hosts past network and sshd, and knows nothing of Holdfast but where a repair has to
be over before the same thing may be broken again. At the end every sabotage has to have been told as drift once and
healed within one period and the time of a round, nothing else may have been told, and the process may not have grown.
"""
from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from tests.lab import Lab

HOLDFAST = str(Path(sys.executable).parent / "holdfast")
PERIOD_S = 20.0
ROUND_S = 20.0  # a round on a machine that also boots the hosts
GROWTH = 1.1  # of resident memory, from the second fifth of the time to the last
DOCUMENT = f"""\
state: kept
targets: all
resources:
  - package: curl
  - package: nginx
  - service: nginx
    running: true
    enabled: true
  - directory: /srv/app
    mode: "0750"
  - file: /srv/app/app.conf
    content: "level = 1\\n"
    mode: "0640"
  - file: /etc/motd
    content: "kept by Holdfast on {{{{ host.name }}}}\\n"
  - line: hosts.allow
    path: /etc/hosts.allow
    text: "sshd: ALL"
    create: true
  - link: /srv/current
    to: /srv/app
  - cron: sweep
    command: /usr/bin/true
    minute: "0"
    hour: "3"
  - user: worker
    shell: /usr/sbin/nologin
---
association: keep
documents: kept
every: {PERIOD_S:g}s
damping: {{repairs: 1000, within: 1d}}
"""


@dataclass(frozen=True, slots=True)
class Deed:
    """What is done, and to which resource; others that are bound to differ with it."""

    resource: str
    command: str
    with_it: tuple[str, ...] = ()


DEEDS = (
    Deed("service: nginx", "systemctl stop nginx"),
    Deed("service: nginx", "systemctl disable nginx"),
    Deed("directory: /srv/app", "chmod 0777 /srv/app"),
    Deed("file: /srv/app/app.conf", "echo level = 9 > /srv/app/app.conf"),
    Deed("file: /srv/app/app.conf", "chmod 0666 /srv/app/app.conf"),
    Deed("file: /srv/app/app.conf", "rm /srv/app/app.conf"),
    Deed("file: /etc/motd", "echo intruder >> /etc/motd"),
    Deed("file: /etc/motd", "rm /etc/motd"),
    Deed("line: hosts.allow", "rm /etc/hosts.allow"),
    Deed("link: /srv/current", "ln -sfn /tmp /srv/current"),
    Deed("link: /srv/current", "rm /srv/current"),
    Deed("user: worker", "usermod -s /bin/bash worker"),
    Deed("package: curl", "apt-get remove -y curl"),
    Deed("package: nginx", "apt-get remove -y nginx", ("service: nginx",)),
)


@dataclass
class Log:
    """What was done, and what was told. Times in seconds since the epoch."""

    began: float = field(default_factory=time.time)
    began: float = field(default_factory=time.time)
    done: list[tuple[float, str, Deed]] = field(default_factory=list)
    told: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)  # KiB, at equal distances

    def of(self, event: str) -> Iterator[tuple[float, str, str]]:
        """Events of this name: when, host, resource."""
        for when, thing in list(self.told):
            if thing.get("event") == event:
                yield when, thing["host"], thing.get("resource", "")


def main(words: Sequence[str]) -> int:
    """Soaks; 0 when all held."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description="Sabotage, and enforcement alone.")
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--hosts", type=int, default=5)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args(words)
    print(f"seed {options.seed}, {options.hosts} hosts, {options.minutes:g} minutes, a round every {PERIOD_S:g} s")
    log = Log()
    with tempfile.TemporaryDirectory() as folder, Lab.up(f"soak{os.getpid()}", options.hosts, owner=os.getpid()) as lab:
        site = Path(folder)
        (site / "playbooks").mkdir()
        (site / "playbooks" / "kept.yml").write_text(DOCUMENT)
        (site / "inventory.yml").write_text(lab.inventory())
        subprocess.run([HOLDFAST, "-i", "inventory.yml", "apply"], cwd=site, check=True, stdout=subprocess.DEVNULL)
        with enforcing(site, log) as process:
            time.sleep(PERIOD_S)  # the first round finds all in state
            sabotage(lab, log, process.pid, options.minutes * 60, random.Random(options.seed))
            time.sleep(2 * PERIOD_S + ROUND_S)
    return judged(log)


@contextmanager
def enforcing(site: Path, log: Log) -> Iterator[subprocess.Popen[str]]:
    """`holdfast enforce` goes on meanwhile; what it tells goes to the log."""
    with subprocess.Popen([HOLDFAST, "-i", "inventory.yml", "enforce", "--json"], cwd=site, text=True,
                          stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        listening = threading.Thread(target=_listen, args=(process.stdout, log))
        listening.start()
        try:
            yield process
        finally:
            process.terminate()
            listening.join()


def _listen(stream: IO[str], log: Log) -> None:
    for line in stream:
        log.told.append((time.time(), json.loads(line)))


def sabotage(lab: Lab, log: Log, pid: int, seconds: float, chance: random.Random) -> None:
    """Every few seconds something that is whole."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(chance.uniform(2, 6))
        log.memory.append(_resident_kib(pid))
        broken = Counter((host, one) for _, host, deed in log.done for one in (deed.resource, *deed.with_it))
        broken.subtract(Counter((host, one) for _, host, one in log.of("healed")))
        host, deed = chance.choice(list(lab.hosts)), chance.choice(DEEDS)
        if any(broken[host, one] > 0 for one in (deed.resource, *deed.with_it, *_above(deed))):
            continue
        log.done.append((time.time(), host, deed))
        lab.hosts[host].run(deed.command, timeout_s=120)


def _above(deed: Deed) -> tuple[str, ...]:
    """What would take this along if it is broken itself."""
    return tuple(one.resource for one in DEEDS if deed.resource in one.with_it)


def _resident_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


def judged(log: Log) -> int:
    """Says what came of it; 0 when every sabotage was found and healed in time, once, and nothing was invented."""
    faults: list[str] = []
    drifts, healed = list(log.of("drift")), list(log.of("healed"))
    expected: Counter[tuple[str, str]] = Counter()
    late = []
    for when, host, deed in log.done:
        for resource in (deed.resource, *deed.with_it):
            expected[host, resource] += 1
            end = next((at for at, *thing in healed if thing == [host, resource] and at > when), None)
            if end is None:
                faults.append(f"never healed: {resource} on {host} ({deed.command}, {when - log.began:.0f} s after the "
                              f"start; the last word came after {log.told[-1][0] - log.began:.0f} s)")
            else:
                late.append(end - when)
    told = Counter((host, resource) for _, host, resource in drifts)
    faults += [f"told {told[one]} times, done {expected[one]} times: {one[1]} on {one[0]}"
               for one in {*told, *expected} if told[one] != expected[one]]
    faults += [f"told after {when - log.began:.0f} s: {thing}" for when, thing in log.told
               if thing.get("event") in ("failed", "fight", "refused", "noticed")]
    fifth = max(1, len(log.memory) // 5)
    early, last = _mean(log.memory[fifth:2 * fifth]), _mean(log.memory[-fifth:])
    if last > early * GROWTH:
        faults.append(f"memory grew from {early:.0f} to {last:.0f} KiB")
    if late and max(late) > PERIOD_S + ROUND_S:
        faults.append(f"the slowest was healed after {max(late):.1f} s")
    print(f"{len(log.done)} sabotages, {len(drifts)} told, {len(healed)} healed; after {_mean(late):.1f} s in the "
          f"mean, {max(late, default=0):.1f} s at most;")
    print(f"memory {early / 1024:.1f} MiB early, {last / 1024:.1f} MiB at the end")
    print(*faults, sep="\n")
    return 1 if faults or not log.done else 0


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
