"""A lab: some real Debian hosts on one bridge, brought up and taken down together."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from . import base, guardian, identity, network, paths, requirements
from .base import Base
from .cgroup import Group
from .errors import LabError, LabNotRunning
from .host import LabHost
from .mounts import unmount_below
from .state import Owner, State

DISK_MIB = 2048

log = logging.getLogger("holdfast.lab")


class Lab:
    """A running lab. `Lab.up` makes one, `Lab.attach` finds one; as a context manager it is taken down at the end."""

    def __init__(self, state: State) -> None:
        self.name = state.name
        self.subnet = state.subnet
        self.folder = paths.runtime() / state.name
        self.owner = state.owner
        addresses = {name: network.address(state.subnet, number) for number, name in enumerate(state.hosts)}
        image = Base(state.digest, paths.cache() / state.digest)
        self.hosts: dict[str, LabHost] = {
            name: LabHost(
                name=name,
                address=addresses[name],
                lab=state.name,
                number=number,
                folder=self.folder,
                base=image,
                disk_mib=state.disk_mib,
                addresses=addresses,
                tags=state.tags.get(name, {}),
            )
            for number, name in enumerate(state.hosts)
        }

    @classmethod
    def up(
        cls,
        name: str = "lab",
        hosts: int | Iterable[str] = 3,
        *,
        tags: Mapping[str, Mapping[str, str]] | None = None,
        owner: int | None = None,
        reuse: bool = False,
        disk_mib: int = DISK_MIB,
    ) -> Lab:
        """Bring a lab up and wait until every host is; a number makes h1, h2 and so on.

        What an earlier lab of this name left is removed first; with `reuse` a whole one that has just these hosts, on
        the current base, is kept: hosts that are off are started, the rest stays as it is. `owner` is a process id:
        when that process ends, the lab does. `tags` are by host name. `disk_mib` bounds what each host can write, in
        MiB of memory used as it is written.

        Raises LabUnavailable where this machine cannot, BootFailed when a host does not come up, LabError for names
        that cannot be.
        """
        names = _names(hosts)
        paths.checked_name(name)
        requirements.ensure()
        labels = {host: dict(pairs) for host, pairs in (tags or {}).items()}
        if unknown := labels.keys() - set(names):
            raise LabError(f"tags for hosts that the lab will not have: {', '.join(sorted(unknown))}")
        with paths.lab_lock(name):
            if reuse and (running := _reused(name, names, labels)) is not None:
                return running
            sweep(but=name)
            tear_down(name)
            return cls._make(name, names, labels, owner, disk_mib)

    @classmethod
    def _make(
        cls, name: str, names: tuple[str, ...], tags: dict[str, dict[str, str]], owner: int | None, disk_mib: int
    ) -> Lab:
        began = time.monotonic()
        image = base.ready()
        folder = paths.runtime() / name
        folder.mkdir(parents=True, mode=0o755)
        kept_by = None if owner is None else Owner.of(owner)
        with paths.locked(paths.runtime() / ".network.lock"):
            subnet = network.free_subnet(name)
            state = State(name, subnet, image.digest, disk_mib, names, tags, kept_by, complete=False)
            state.save(folder)  # first, so that whatever is made from now on is found by `sweep`
            network.make_bridge(name, subnet)
        try:
            if kept_by is not None:
                guardian.watch(name)
            lab = cls(state)
            lab._prepare()
            lab.each(LabHost.reset)
        except BaseException:
            keep_consoles(folder)
            tear_down(name)
            raise
        replace(state, complete=True).save(folder)
        log.info("lab %s: %d hosts are up; it took %.1f s", name, len(names), time.monotonic() - began)
        return lab

    @classmethod
    def attach(cls, name: str = "lab") -> Lab:
        """A lab that is up. Raises LabNotRunning when there is none of this name."""
        state = State.load(paths.runtime() / paths.checked_name(name))
        if not state.complete:
            raise LabNotRunning(f"the lab {name} is not whole; bring it up again")
        return cls(state)

    def down(self) -> None:
        """Take it down and leave nothing; may be called again."""
        bring_down(self.name)

    def __enter__(self) -> Lab:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.down()

    @property
    def key(self) -> Path:
        """The private key that lets `root`, `ops` and `deploy` in on every host."""
        return self.folder / "key"

    @property
    def known_hosts(self) -> Path:
        """The host keys of all hosts, by address and name; right before they have booted, and after a reset."""
        return self.folder / "known_hosts"

    @property
    def ssh_config(self) -> Path:
        """For `ssh -F`: every host by name or address, as root, verified."""
        return self.folder / "ssh_config"

    def inventory(self) -> str:
        """All hosts with their addresses, keys and tags, as YAML in Holdfast's own form."""
        from .inventory import native

        return native(self)

    def each(self, verb: Callable[[LabHost], None], names: Iterable[str] | None = None) -> None:
        """Do something to all hosts (or the named ones) at once: `lab.each(LabHost.reset)`. Raises the first error."""
        chosen = [self.hosts[name] for name in (self.hosts if names is None else names)]
        with ThreadPoolExecutor(max_workers=min(len(chosen), 8) or 1) as pool:
            list(pool.map(verb, chosen))

    def _prepare(self) -> None:
        """Keys, known_hosts and cables: all that has to be there before a host boots."""
        (self.folder / "keys").mkdir(mode=0o700)
        identity.make_key(self.key, f"holdfast-lab {self.name}")
        lines = []
        for host in self.hosts.values():
            (self.folder / "hosts" / host.name).mkdir(parents=True)
            network.connect(self.name, host.name, host.number, self.subnet)
            public = identity.make_key(host.host_key, host.name)
            lines.append(identity.known_host(host.name, host.address, public))
        self.known_hosts.write_text("".join(lines))
        addresses = {host.name: host.address for host in self.hosts.values()}
        self.ssh_config.write_text(identity.ssh_config(self.key, self.known_hosts, addresses))


def bring_down(name: str) -> None:
    """Take down the lab of this name, or what is left of one; nothing happens where there is none."""
    with paths.lab_lock(paths.checked_name(name)):
        tear_down(name)


def tear_down(name: str) -> None:
    """Remove all that a lab of this name has or had: processes, mounts, network, files. The caller holds its lock."""
    folder = paths.runtime() / name
    group = Group(name)
    group.kill()
    unmount_below(folder)
    network.remove(name)
    group.remove()
    shutil.rmtree(folder, ignore_errors=True)


def running() -> list[str]:
    """The names of all labs that have a state, whole or not."""
    folder = paths.runtime()
    return sorted(path.parent.name for path in folder.glob("*/state.json"))


def sweep(but: str = "") -> None:
    """Tear down every lab whose owner has ended without doing so, except the one named `but`.

    One that another process is busy with is left to it; one that cannot be removed is logged, and keeps nobody waiting.
    """
    for name in running():
        if name == but:
            continue
        with paths.lab_lock(name, wait=False) as is_ours:
            try:
                owner = State.load(paths.runtime() / name).owner
                if is_ours and owner is not None and not owner.is_alive():
                    log.info("removing lab %s: its owner, process %d, has ended", name, owner.pid)
                    tear_down(name)
            except LabNotRunning:
                continue
            except LabError as error:
                log.warning("lab %s, left by a process that has ended, could not be removed: %s", name, error)


def keep_consoles(folder: Path) -> None:
    """Log the end of every console, before a lab that did not come up is removed."""
    for console in sorted(folder.glob("hosts/*/console.log")):
        log.warning("%s:\n%s", console, console.read_text(errors="replace")[-1000:])


def _reused(name: str, hosts: tuple[str, ...], tags: dict[str, dict[str, str]]) -> Lab | None:
    """The lab of this name with all hosts on, and now with these tags; None when another has to be made."""
    folder = paths.runtime() / name
    try:
        state = State.load(folder)
        if not state.complete or state.hosts != hosts or state.digest != base.current().digest:
            return None
        state = replace(state, tags=tags or state.tags)
        lab = Lab(state)
        lab.each(LabHost.recover)
    except LabNotRunning:
        return None
    except (LabError, OSError) as error:
        log.info("lab %s is not whole any more (%s): making it anew", name, error)
        return None
    state.save(folder)
    return lab


def _names(hosts: int | Iterable[str]) -> tuple[str, ...]:
    names = tuple(f"h{number}" for number in range(1, hosts + 1)) if isinstance(hosts, int) else tuple(hosts)
    for name in names:
        paths.checked_name(name)
    if not 0 < len(names) <= network.MOST_HOSTS or len(set(names)) != len(names):
        raise LabError(f"a lab has 1 to {network.MOST_HOSTS} hosts with different names, not {list(names)}")
    return names
