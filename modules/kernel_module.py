"""kernel_module: a module of the kernel is loaded, now and at boot, with its options, or never is."""
from __future__ import annotations

import os
import re
from typing import ClassVar, Dict, List, Mapping, Optional, Sequence, Tuple

from holdfast_host import Change, Declared, Field, Identity, Record, Refused, Resource, arg, files, process, regular

AT_BOOT, OPTIONS = "/etc/modules-load.d/%s.conf", "/etc/modprobe.d/%s.conf"
TRUTHS = {"Y": "1", "N": "0", "y": "1", "n": "0"}


def _name(name: str) -> None:
    if not re.match(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}\Z", name):
        raise Refused("", "`%s` is not a module's name" % name, "as lsmod prints it: br_netfilter")


def _options(given: Mapping[str, str]) -> None:
    for name, value in given.items():
        if not re.match(r"[A-Za-z0-9_]+\Z", name) or re.search(r"[\s\"'#\\]", value) or not value:
            raise Refused("", "`%s=%s` is not an option of a module" % (name, value), "as modinfo lists it, no blanks")


class Observed(Record):
    """at_boot, options: the files that hold them. is_loaded: also when it is part of the kernel (is_builtin). known:
    this kernel has a module of the name. parameters: what counts now of the declared options. container: the kernel is
    another machine's."""

    at_boot: regular.Observed
    options: regular.Observed
    is_loaded: bool = False
    is_builtin: bool = False
    known: bool = False
    parameters: Dict[str, str] = {}
    container: str = ""


class KernelModule(Resource):
    """A module of the kernel is loaded, now and at each boot, with its options; or it is not; or nobody can load it.

    It has files of its own in /etc/modules-load.d and /etc/modprobe.d. A container has the kernel of its machine: there
    nothing can be loaded or unloaded, which is said; with `now: false` the files are written all the same.
    """

    named: ClassVar[str] = "name"
    example: ClassVar[str] = """
        - kernel_module: br_netfilter
        - kernel_module: bonding
          options: {mode: "1", miimon: "100"}
        - kernel_module: usb-storage
          state: blacklisted
    """

    name: str = arg(doc="The module; - and _ are one.", check=_name)
    options: Dict[str, str] = arg({}, check=_options, doc="Options that it is loaded with.")
    now: bool = arg(True, doc="Load or unload it now, too; false: what counts at the next boot only.")
    boot: bool = arg(True, doc="At each boot, too; false: now only, and no file is touched.")
    state: str = arg("loaded", choices=("loaded", "absent", "blacklisted"), doc="loaded; absent: not loaded, though "
                     "others may load it; blacklisted: nobody can load it.")

    def check(self) -> None:
        if self.state != "loaded" and self.options:
            raise Refused("options", "are for a module that is loaded", "leave them out")
        if not self.boot and (not self.now or self.options or self.state == "blacklisted"):
            raise Refused("boot", "is false, and then there is no place for that", "leave it out")

    @property
    def plain(self) -> str:
        return self.name.replace("-", "_")

    def provides(self) -> Sequence[Identity]:
        paths = (("path", AT_BOOT % self.plain), ("path", OPTIONS % self.plain)) if self.boot else ()
        return (("kernel_module", self.plain), *paths)

    def wants(self) -> Sequence[Identity]:
        return (("package", "kmod"), *regular.wants(AT_BOOT % self.plain), *regular.wants(OPTIONS % self.plain))

    # -- looking -----------------------------------------------------------------------------------------------------

    def observe(self) -> Observed:
        at_boot, options = (regular.observe(path % self.plain, "root", "root", follow=False, content=True)
                            for path in (AT_BOOT, OPTIONS))
        if not self.now:
            return Observed(at_boot, options)
        place = "/sys/module/" + self.plain
        loaded = _loaded()
        builtin = self.plain not in loaded and (os.path.exists(place) or self.plain in _builtin())
        parameters = {name: (files.read("%s/parameters/%s" % (place, name)) or b"").decode("utf-8", "replace").strip()
                      for name in self.options if os.path.exists("%s/parameters/%s" % (place, name))}
        return Observed(at_boot, options, builtin or self.plain in loaded, builtin, _is_known(self.plain), parameters,
                        _container())

    # -- deciding ----------------------------------------------------------------------------------------------------

    def diff(self, observed: Observed) -> Optional[Change]:
        steps, fields = self._steps(observed) if self.now else ((), ())
        parts: List[Change] = []
        for file, text in ((observed.at_boot, self._boot_text()), (observed.options, self._options_text())):
            part = (regular.present(file, text, "0644") if text else regular.absent(file)) if self.boot else None
            if part is not None:
                parts.append(part)
                where = "at boot" if file is observed.at_boot else "modprobe"
                fields = (*fields, *(Field("%s: %s" % (where, field.name), field.before, field.after)
                                     for field in part.fields))
        if not fields:
            return None
        ahead = {path: state for part in parts for path, state in part.files.items()}
        return Change({"loaded": "load", "absent": "unload"}.get(self.state, "blacklist"), fields, ahead,
                      (tuple(parts), steps))

    def _boot_text(self) -> bytes:
        return (self.plain + "\n").encode() if self.state == "loaded" else b""

    def _options_text(self) -> bytes:
        if self.state == "blacklisted":
            return ("blacklist %s\ninstall %s /bin/false\n" % (self.plain, self.plain)).encode()
        words = " ".join("%s=%s" % item for item in self.options.items())
        return ("options %s %s\n" % (self.plain, words)).encode() if words else b""

    def _steps(self, observed: Observed) -> Tuple[Tuple[str, ...], Tuple[Field, ...]]:
        """What modprobe is to do now. Raises Refused where that cannot be."""
        steps: Tuple[str, ...] = ()
        fields: Tuple[Field, ...] = ()
        if self.state != "loaded":
            if observed.is_builtin:
                raise Refused("name", "%s is part of this kernel, it cannot be unloaded" % self.plain, "leave it")
            if observed.is_loaded:
                steps, fields = ("-r",), (Field("loaded", True, False),)
        elif not observed.is_loaded:
            steps, fields = ("",), (Field("loaded", False, True),)
        else:
            fields = tuple(Field("option " + name, now, self.options[name])
                           for name, now in observed.parameters.items() if _same(now) != _same(self.options[name]))
            steps = ("-r", "") if fields else ()
            if fields and observed.is_builtin:
                raise Refused("options", "%s is part of this kernel" % self.plain, "give its options at boot")
        if steps and observed.container:
            raise Refused("now", "this host is a container (%s): its kernel is its machine's, and modules cannot be "
                          "loaded or unloaded here" % observed.container,
                          "declare it on that machine, or say `now: false`")
        if steps and steps[-1] == "" and not observed.known:
            raise Refused("name", "this host's kernel has no module %s" % self.plain, "install the package that has it")
        return steps, fields

    # -- doing -------------------------------------------------------------------------------------------------------

    def undo(self, observed: Observed, change: Change) -> Optional[Sequence[Declared]]:
        parts, steps = change.payload
        if steps == ("-r", ""):
            return None  # the options that it had are not all known
        back: List[Declared] = []
        for part in parts:
            before = regular.undo(part.payload.observed)
            if before is None:
                return None
            back += before
        if steps:
            state = "loaded" if observed.is_loaded else "absent"
            back.append(("kernel_module", {"name": self.name, "boot": False, "state": state}))
        return back

    def converge(self, change: Change) -> None:
        parts, steps = change.payload
        with regular.tentatively(parts):
            for step in steps:
                words = ["modprobe", *([step] if step else []), "--", self.plain]
                process.run(words).must("cannot %s %s" % ("unload" if step else "load", self.plain))


# -- pure helpers, and looking -----------------------------------------------------------------------------------------


def _loaded() -> Sequence[str]:
    try:
        with open("/proc/modules", encoding="ascii", errors="replace") as stream:
            return [line.partition(" ")[0] for line in stream]
    except OSError:
        return ()


def _builtin() -> Sequence[str]:
    data = files.read("/lib/modules/%s/modules.builtin" % os.uname().release) or b""
    return [line.rpartition("/")[2].partition(".ko")[0].replace("-", "_")
            for line in data.decode("utf-8", "replace").splitlines()]


def _is_known(name: str) -> bool:
    return process.which("modprobe") is not None and process.run(["modprobe", "-n", "-q", "--", name]).code == 0


def _container() -> str:
    """What kind of container this is, as systemd calls it; "": none."""
    if process.which("systemd-detect-virt") is None:
        return ""
    done = process.run(["systemd-detect-virt", "--container"])
    return done.stdout.strip() if done.code == 0 else ""


def _same(value: str) -> str:
    return TRUTHS.get(value, value)
