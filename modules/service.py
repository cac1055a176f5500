"""service: a systemd unit runs or not, and starts at boot or not."""
from __future__ import annotations

import time
from typing import Any, ClassVar, Dict, FrozenSet, List, Optional, Sequence, Tuple

from holdfast_host import (
    Change,
    Declared,
    Failed,
    Field,
    Identity,
    Record,
    Refused,
    Resource,
    arg,
    checks,
    process,
    systemd,
)

SETTLE_S = 0.5  # how long a unit that does not say itself when it is ready is watched after its start
UP = ("active", "reloading", "refreshing")
DOWN = ("inactive", "failed")
UNREADY_KINDS = ("simple", "exec", "idle")  # systemd calls these started without waiting for a word of theirs
NOT_OURS = {
    "static": ("is static: it has no [Install] section, others start it", "enable what starts it, or leave it out"),
    "indirect": ("is indirect: to enable it means to enable others", "enable those that its `Also=` names"),
    "generated": ("is made by a generator at boot", "change what it is made from, or leave it out"),
    "transient": ("is transient: it is gone after a boot", "write a `systemd_unit`"),
    "alias": ("is another unit's alias", "name that one"),
    "bad": ("has a unit file that systemd cannot read", "mend the file"),
}
# The order in which systemctl is called, and the word for each step of a change.
AFTER = {"stop": ("active", "inactive"), "disable": ("file_state", "disabled")}  # what a plan can say of later
STEPS = ("unmask", "enable", "disable", "disable --runtime", "stop", "mask", "start")


class Observed(Record):
    """enabled: whether it starts at boot; None when that cannot be said of it, or was not asked."""

    unit: systemd.Unit
    enabled: Optional[bool] = None


class Service(Resource):
    """A systemd service, socket, timer or other unit runs or not, and starts at boot or not.

    It counts as running when it is active; a `Type=oneshot` that does not remain, also when it has ended well since
    the host was booted.
    """

    name: str = arg(doc="The unit: `nginx`, `nginx.service`, `backup.timer`, `worker@2`.", check=checks.unit_word)
    running: Optional[bool] = arg(default=None, doc="Whether it runs; without it, it is left as it is.")
    enabled: Optional[bool] = arg(default=None, doc="Whether it starts at boot; without it, it is left as it is.")
    masked: Optional[bool] = arg(default=None, doc="Whether nobody can start it, not even by hand.")
    on_notify: str = arg(default="restart", choices=("restart", "reload", "reload-or-restart"), doc="What a "
                         "notification does to it while it runs; one that does not run stays so.")

    named: ClassVar[str] = "name"
    refreshes: ClassVar[str] = "restart"
    example: ClassVar[str] = """
        - service: nginx
          running: true
          enabled: true
          on_notify: reload
    """

    def check(self) -> None:
        if "@." in self.unit_name:
            raise Refused("name", "`%s` is a template, not a unit" % self.name, "name an instance: `%s`" %
                          self.unit_name.replace("@.", "@NAME."))
        for name in ("running", "enabled"):
            if self.masked and getattr(self, name):
                raise Refused(name, "cannot be: the unit is to be masked", "leave `masked` out")

    @property
    def unit_name(self) -> str:
        return systemd.full_name(self.name)

    def provides(self) -> Sequence[Identity]:
        return (("service", self.unit_name[:-8] if self.unit_name.endswith(".service") else self.unit_name),)

    def wants(self) -> Sequence[Identity]:
        stem, _, suffix = self.unit_name.rpartition(".")
        template = stem.partition("@")[0]
        found = [("package", template), ("unit", self.unit_name)]
        return tuple(found + ([("unit", "%s@.%s" % (template, suffix))] if "@" in stem else []))

    # -- looking -----------------------------------------------------------------------------------------------------

    def observe(self) -> Observed:
        observed: Observed = self.observe_many([self])[0]
        return observed

    @classmethod
    def observe_many(cls, resources: Sequence[Any]) -> List[Any]:
        """A glance at all; only those that do not plainly stand as wanted are asked about in full."""
        systemd.must_be_here()
        names = list(dict.fromkeys(resource.unit_name for resource in resources))
        glances, wanted = systemd.glance(names), systemd.wanted_at_boot()
        plain = [resource._plain(glances.get(resource.unit_name), wanted) for resource in resources]
        doubtful = [resource.unit_name for number, resource in enumerate(resources) if plain[number] is None]
        units = systemd.show(list(dict.fromkeys(doubtful))) if doubtful else {}
        full = {name: Observed(unit, _is_enabled(unit, wanted)) for name, unit in units.items()}
        return [plain[number] or full[resource.unit_name] for number, resource in enumerate(resources)]

    def _plain(self, unit: Optional[systemd.Unit], wanted: FrozenSet[str]) -> Optional[Observed]:
        """The observation, if a glance is enough to see that nothing is to be done."""
        if unit is None or unit.load != "loaded" or self.enabled is False or self.masked:
            return None
        if self.enabled and unit.id not in wanted:
            return None
        if self.running is not None and unit.active not in (UP if self.running else DOWN):
            return None
        return Observed(unit, unit.id in wanted or None)

    # -- deciding ----------------------------------------------------------------------------------------------------

    def diff(self, observed: Observed) -> Optional[Change]:
        unit = observed.unit
        if unit.load == "not-found" and not self.masked:
            if self.running or self.enabled:
                raise Refused("name", "there is no unit %s on this host" % self.unit_name, "install its package, or "
                              "declare it as a `systemd_unit`, before this")
            return None
        if unit.load in ("error", "bad-setting"):
            raise Refused("name", "systemd cannot load %s: %s" % (self.unit_name, unit.load_error or unit.load),
                          "mend its file; `systemd-analyze verify %s` tells more" % self.unit_name)
        if self.on_notify == "reload" and not unit.can_reload and unit.kind and unit.load == "loaded":
            raise Refused("on_notify", "%s cannot reload" % self.unit_name, "write `restart`")
        found = [*self._mask_steps(unit), *self._boot_steps(observed), *self._run_steps(unit)]
        if not found:
            return None
        fields = tuple(field for _, field in found)
        steps = tuple(step for step, _ in found)
        verbs = [step for step in STEPS if step in steps]
        later = {key: value for step, (key, value) in AFTER.items() if step in steps}
        return Change(" and ".join(verb.partition(" ")[0] for verb in verbs), fields, payload=(unit.id, steps),
                      later={("unit", unit.id): later} if later else {})

    def is_provisional(self, observed: Observed) -> bool:
        return observed.unit.load == "not-found"  # a package may start and enable what it brings

    def _mask_steps(self, unit: systemd.Unit) -> List[Tuple[str, Field]]:
        is_masked = unit.load == "masked"
        if is_masked and self.masked is None and (self.running or self.enabled):
            raise Refused("masked", "%s is masked on this host" % self.unit_name, "say `masked: false` to unmask it")
        if self.masked is None or self.masked == is_masked:
            return []
        return [("mask" if self.masked else "unmask", Field("masked", is_masked, self.masked))]

    def _boot_steps(self, observed: Observed) -> List[Tuple[str, Field]]:
        unit, enabled = observed.unit, observed.enabled
        if self.enabled is None or self.enabled == enabled or (unit.load != "loaded" and not self.enabled):
            return []
        if enabled is None and unit.load == "loaded":
            if not self.enabled:
                return []
            what, mend = NOT_OURS.get(unit.file_state, ("has no unit file, so it cannot be enabled", "leave it out"))
            raise Refused("enabled", "%s %s" % (self.unit_name, what), mend)
        step = "enable" if self.enabled else \
            "disable --runtime" if unit.file_state.endswith("-runtime") else "disable"
        return [(step, Field("enabled", enabled, self.enabled))]

    def _run_steps(self, unit: systemd.Unit) -> List[Tuple[str, Field]]:
        if self.running is None:
            return []
        if self.running:
            done_well = unit.kind == "oneshot" and not unit.remains and unit.has_run and unit.result == "success" \
                and unit.active == "inactive"
            return [] if unit.active in UP or done_well else [("start", Field("running", _stands(unit), True))]
        return [] if unit.active in DOWN else [("stop", Field("running", _stands(unit), False))]

    # -- doing -------------------------------------------------------------------------------------------------------

    def undo(self, observed: Observed, change: Change) -> Optional[Sequence[Declared]]:
        before = {field.name: field.before is True for field in change.fields}  # a unit that had failed is put down
        return (("service", {"name": self.name, "on_notify": self.on_notify, **before}),)

    def converge(self, change: Change) -> None:
        self.converge_many([(self, change)])

    @staticmethod
    def converge_many(changes: Sequence[Tuple[Any, Change]]) -> None:
        """One call of systemctl for each kind of step, with all units that need it."""
        together: Dict[str, List[str]] = {}
        for resource, change in changes:
            name, steps = change.payload
            for step in steps:
                together.setdefault(step, []).append(resource.unit_name if step.endswith("mask") else name)
        if "start" in together and any(systemd.outdated(together["start"])):
            systemd.systemctl("daemon-reload")
        for step in STEPS:
            if step not in together:
                continue
            names = list(dict.fromkeys(together[step]))
            if step == "start":
                started(names, "start")
            else:
                systemd.systemctl(*step.split(), "--", *names)

    def needs_refresh(self, change: Optional[Change]) -> bool:
        return change is None or not {"start", "stop"} & set(change.payload[1])

    def refresh(self) -> None:
        """Restarts or reloads it, if it runs; systemd knows its files as they are by then."""
        name = self.unit_name
        if systemd.outdated([name])[0]:
            systemd.systemctl("daemon-reload")
        unit = systemd.show([name])[name]
        if unit.active not in UP and unit.active != "activating":
            return
        if self.on_notify == "reload" and not unit.can_reload:
            raise Failed("%s cannot reload: write `on_notify: restart`" % name)
        started([name], self.on_notify)


def started(names: Sequence[str], verb: str) -> None:
    """Starts or restarts units and sees that they stay up. Raises Failed with the end of the journal of each that does
    not."""
    # systemd counts from 0 when somebody starts a unit; a reload goes on counting
    counts = {name: unit.restarts if "reload" in verb else 0 for name, unit in systemd.show(names).items()}
    done = process.run(["systemctl", "--no-ask-password", verb, "--", *names])
    after = _settled(names, counts)
    fallen = [name for name in names if not _is_fine(after[name], counts[name])]
    if not fallen:
        done.must("systemctl %s" % verb)
        return
    told = ["%s is %s (%s)\n%s" % (name, after[name].active, after[name].result or after[name].sub,
                                   systemd.last_words(name)) for name in fallen]
    if done.code:
        told.insert(0, done.said())
    raise Failed("%s did not %s" % (", ".join(fallen), "stay up" if done.code == 0 else verb), "\n".join(told))


def _settled(names: Sequence[str], counts: Dict[str, int]) -> Dict[str, systemd.Unit]:
    """How they stand after the moment in which a program with a wrong configuration ends again."""
    units = systemd.show(names)
    until = time.monotonic() + SETTLE_S
    while any(unit.kind in UNREADY_KINDS for unit in units.values()) and time.monotonic() < until:
        time.sleep(0.1)
        glances = systemd.glance(names) or systemd.show(names)
        if any(unit.active not in UP for unit in glances.values()):
            units = systemd.show(names)
            if not all(_is_fine(unit, counts[name]) for name, unit in units.items()):
                return units
    return systemd.show(names)


def _is_fine(unit: systemd.Unit, restarts: int) -> bool:
    if unit.active in UP:
        return unit.restarts <= restarts
    return unit.kind == "oneshot" and unit.active == "inactive" and unit.result == "success"


def _stands(unit: systemd.Unit) -> Any:
    """false, or what else is to be said of a unit that is neither up nor plainly down."""
    return True if unit.active in UP else False if unit.active == "inactive" else unit.active


def _is_enabled(unit: systemd.Unit, wanted: FrozenSet[str]) -> Optional[bool]:
    """Whether a target of /etc wants it. None: that cannot be said of it, as it is static, generated or not there."""
    if unit.id in wanted:
        return True
    state = unit.file_state
    if state == "enabled":
        state = systemd.is_enabled_now(unit.id)  # by an alias; or its link was removed by hand
        return state == "enabled"
    if state == "generated" and unit.source.startswith("/etc/init.d/"):
        return _is_enabled_script(unit.source.rpartition("/")[2])
    return False if state in ("disabled", "enabled-runtime", "linked", "linked-runtime") else None


def _is_enabled_script(name: str) -> bool:
    """Whether the links of SysV start a script, as update-rc.d makes them."""
    import glob

    return bool(glob.glob("/etc/rc[2345].d/S??%s" % glob.escape(name)))
