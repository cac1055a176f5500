"""A project that tells recorded runs and keeps them in a real store, so that commands can be tried without hosts."""
from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from holdfast.agents.model import AgentState
from holdfast.cli.main import main
from holdfast.executor.model import Happening, HostDone, HostResult, RunDone, RunStarted
from holdfast.inventory.listing import inventory_list
from holdfast.inventory.model import Group, Host, Inventory, Variable
from holdfast.plan import Drift, Standing, drift_of
from holdfast.problems import Place, Problem, Problems
from holdfast.store import Store
from holdfast_host.resource import Resource, arg
from tests.unit.examples import THREE, happenings

CANARY = "kanarienvogel-7f3a"


class Motd(Resource):
    """The message of the day. Shown at login."""

    example = """
        - motd: welcome
          text: hello
    """
    text: str = arg(doc="The whole text.", secret="allowed")
    state: str = arg(default="present", choices=("present", "absent"), doc="Whether there is one.")


class Stop:
    def __init__(self) -> None:
        self.requests = 0
        self.asked = asyncio.Event()

    def request(self, why: str) -> None:
        self.requests += 1
        self.asked.set()


def inventory() -> Inventory:
    place = Place("inventory/hosts.yml", 3, 5)
    port = {"http_port": Variable(8080, place)}
    return Inventory({"web001": Host("web001", ("web",), {"env": "prod", "role": "web"}, (port,), place),
                      "web002": Host("web002", ("web",), {"env": "dev", "role": "web"}, (port,), place),
                      "db1": Host("db1", (), {}, (), place)},
                     {"all": Group("all", ("db1",), ("web",)), "web": Group("web", ("web001", "web002"))})


class Project:
    def __init__(self, api: Standin, folder: str, how: dict[str, Any]) -> None:
        self._api, self._store, self.folder, self.how = api, None, folder, how
        self.inventory, self.secrets = inventory(), {"api key": CANARY}

    @property
    def store(self) -> Store:
        if self._store is None:
            self._store = Store.open(Path(self.folder) / ".holdfast" / "holdfast.db")
        return self._store

    def __enter__(self) -> Project:
        return self

    def __exit__(self, *_: object) -> None:
        if self._store is not None:
            self._store.close()

    def validate(self, documents: Any, targets: str) -> Any:
        return type("Checked", (), {"documents": documents or ["playbooks/webs.yml"], "hosts": self.select(targets)})

    def select(self, targets: str) -> tuple[str, ...]:
        if targets == "nobody":
            raise Problems([Problem("`nobody` selects no host", None, "see `holdfast inventory list`")])
        return tuple(name for name in self.inventory.hosts if targets in ("", "all") or name.startswith(targets))

    def ansible_inventory(self, host: str | None = None) -> dict[str, Any]:
        listed = inventory_list(self.inventory)
        return listed if host is None else listed["_meta"]["hostvars"][host]

    async def run_async(self, **asked: Any) -> RunDone:
        self._api.asked = asked
        return await self._tell(asked["emit"], asked["stop"], asked["mode"])

    def standing(self, done: RunDone) -> Standing:
        return Standing()

    def agents(self, targets: str) -> tuple[AgentState, ...]:
        return self.store.agents(self.select(targets))

    def drift_seen(self, done: RunDone) -> Drift:
        return drift_of(done, self.store.drift_since([one.host for one in done.results]))

    async def command_async(self, command: Any, **asked: Any) -> RunDone:
        self._api.asked = {"command": command, **asked}
        return await self._tell(asked["emit"], asked["stop"], "apply")

    async def facts_async(self, **asked: Any) -> RunDone:
        self._api.asked = asked
        return await self._tell(asked["emit"], asked["stop"], "plan")

    async def _tell(self, emit: Callable[[Happening], None], stop: Stop, mode: str) -> RunDone:
        if isinstance(self._api.tells, BaseException):
            raise self._api.tells
        for happening in self._api.tells or happenings(self._api.results, mode):
            await self._api.between(happening, stop)
            if isinstance(happening, RunStarted):
                self.store.begin_run(happening, ["playbooks/webs.yml"], "").result()
            elif isinstance(happening, HostDone):
                await self.store.kept("20261124-041500-ab12", happening.result)
            elif isinstance(happening, RunDone):
                self.store.end_run(happening, 1_795_493_712.5).result()
            emit(happening)
        return happening


class Standin:
    """What the package `holdfast` gives. results: what comes of a run; tells: all that happens, or what is raised."""

    Stop = Stop

    def __init__(self, results: tuple[HostResult, ...] = THREE, tells: Any = None) -> None:
        self.results, self.tells = results, tells
        self.asked: dict[str, Any] = {}
        self.loaded: dict[str, Any] = {}

    async def between(self, happening: Happening, stop: Stop) -> None:
        """For tests that want something to happen in the middle."""

    def load(self, folder: str, **how: Any) -> Project:
        self.loaded = how
        return Project(self, folder, how)

    load_contents = load

    def types(self, folder: str) -> dict[str, Any]:
        return {"motd": Motd, "broken": Problem("this resource type cannot be imported", Place("modules/broken.py", 3))}

    def kinds(self) -> dict[str, str]:
        return {"state": "What hosts should be."}

    def schema(self, folder: str) -> dict[str, Any]:
        return {"type": "object"}


class Said:
    """What a command printed and how it ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    def __iter__(self) -> Iterator[Any]:
        return iter((self.code, self.out, self.err))


class Tty(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class Pipe(io.StringIO):
    encoding = "utf-8"


def holdfast(folder: Path, *argv: str, api: Standin | None = None, out: io.StringIO | None = None) -> Said:
    """Calls the command in that folder."""
    api = api or Standin()
    out, err = out or Pipe(), Pipe()
    code = main(["-C", str(folder), *argv], out, err, lambda: api)
    return Said(code, out.getvalue(), err.getvalue())
