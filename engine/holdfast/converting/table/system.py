"""Modules for services and settings of a host."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from holdfast.converting import keyvalues
from holdfast.converting.model import Cannot
from holdfast.converting.options import (
    NAME,
    Entry,
    Module,
    Option,
    boolean,
    cannot,
    chosen,
    integer,
    lost,
    many,
    no_matter,
    path,
    text,
    to,
)

RESTARTS = {"restarted": "restart", "reloaded": "reload-or-restart"}
TOLD = str({**RESTARTS, "started": "start", "stopped": "stop"})  # what a handler does whose state a template decides


def _service(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    if theirs.get("state") in RESTARTS:
        raise Cannot("it restarts or reloads in every run: here what has changed tells the service (`notify`, `watch`)")
    if not set(ours) & {"running", "enabled", "masked"}:
        raise Cannot("it only lets systemd read its files again: `systemd_unit` does that by itself")
    return ours


def _sysctl(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    if boolean(theirs.get("reload", True)) is False and boolean(theirs.get("sysctl_set", False)) is False:
        ours["runtime"] = False
    if "path" in ours and not str(ours["path"]).startswith("/etc/sysctl.d/"):
        raise Cannot("settings are kept in a file in /etc/sysctl.d here")
    if ours.get("state") == "absent":
        ours.pop("value", None)
    return ours


def _waited(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    if "port" not in ours and "path" not in ours:
        raise Cannot("it only waits: here what is waited for is named")
    if "path" in ours:
        ours.pop("host", None)
    return ours


_SERVICE: Mapping[str, Option] = {
    "name": to(NAME, text), "service": to(NAME, text), "unit": to(NAME, text),
    "state": to("running", chosen({"started": True, "running": True, "stopped": False, **dict.fromkeys(RESTARTS)})),
    "enabled": to("enabled", boolean), "masked": to("masked", boolean),
    "daemon_reload": lost("`daemon_reload`: a unit file that is a `systemd_unit` is read by itself"),
    "daemon-reload": lost("`daemon_reload`: a unit file that is a `systemd_unit` is read by itself"),
    "daemon_reexec": no_matter(False), "no_block": no_matter(), "sleep": no_matter(), "use": no_matter(),
    "force": no_matter(False), "scope": no_matter("system"),
    "pattern": cannot("how a process is found is asked of systemd only"),
    "arguments": cannot("a service is not started with arguments"), "args": cannot("a service is not started with "
                                                                                  "arguments"),
    "runlevel": cannot("there are no runlevels"),
}

def _limit(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    kinds = {"soft": ("soft",), "hard": ("hard",), "-": ("soft", "hard")}.get(str(theirs.get("limit_type")), ())
    if not kinds or "value" not in theirs:
        raise Cannot("`limit_type` and `value` are not said")
    return {**ours, **dict.fromkeys(kinds, text(theirs["value"]))}


def _locale(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    names = ours[NAME] if isinstance(ours.get(NAME), list) else [ours.get(NAME)]
    if len(names) != 1:
        raise Cannot("it makes several locales: write a task each, or a loop")
    if ours.get("state") == "present":
        del ours["state"]
    return {**ours, NAME: names[0]}


def _alternative(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    state = ours.pop("state", "selected")
    if state == "auto":
        ours["path"] = "auto"
    elif state == "absent":
        return {**{word: ours[word] for word in (NAME, "path") if word in ours}, "state": "absent"}
    if ours.get("priority") is not None and "link" not in ours:
        del ours["priority"]  # it is of one that is not known yet
    return ours


def _loaded(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """`persistent`: at each boot, too. Without it Ansible loads it now, and that is all."""
    persistent = str(theirs.get("persistent", "disabled"))
    if ours.get("state") == "loaded":
        del ours["state"]
        if persistent == "disabled":
            ours["boot"] = False
    elif persistent == "disabled":
        ours["boot"] = False
    pairs = keyvalues.pairs(str(theirs["params"])) if theirs.get("params") else {}
    return {**ours, **({"options": pairs} if pairs else {})}


_BOOTED = ("msg", "test_command", "connect_timeout", "pre_reboot_delay", "post_reboot_delay", "search_paths")

MODULES: Mapping[str, Entry] = {
    "mount": Module("mount", {
        "path": to(NAME, path), "name": to(NAME, path), "src": to("source", text), "fstype": to("kind", text),
        "opts": to("options", many), "passno": to("check_order", integer), "dump": to("dump", boolean),
        "state": to("state", words={"mounted": "mounted", "present": "present", "unmounted": "unmounted"}),
        "boot": no_matter(True), "fstab": no_matter("/etc/fstab"), "backup": no_matter(False)}),
    "pam_limits": Module("limits", {
        "domain": to("domain", text), "limit_item": to("item", text), "limit_type": no_matter(), "value": no_matter(),
        "comment": no_matter(), "backup": no_matter(False), "use_max": no_matter(False), "use_min": no_matter(False),
        "dest": cannot("limits are kept in /etc/security/limits.d")}, shape=_limit),
    "alternatives": Module("alternatives", {
        "name": to(NAME, text), "path": to("path", text), "link": to("link", path), "priority": to("priority", integer),
        "state": to("state", words={word: word for word in ("selected", "auto", "absent")}),
        "subcommands": cannot("a group's other links cannot be said"),
        "family": cannot("families are of Red Hat's alternatives")}, shape=_alternative),
    "modprobe": Module("kernel_module", {
        "name": to(NAME, text), "params": no_matter(), "persistent": no_matter("disabled", "present", "absent"),
        "state": to("state", words={"present": "loaded", "absent": "absent"})}, {"state": "loaded"}, shape=_loaded),
    "kernel_blacklist": Module("kernel_module", {
        "name": to(NAME, text), "state": to("state", words={"present": "blacklisted"}), "blacklist_file": no_matter()},
        {"state": "blacklisted"}),
    "locale_gen": Module("locale", {
        "name": to(NAME, many), "state": to("state", words={"present": "present", "absent": "absent"})}, shape=_locale),
    "reboot": Module("reboot", {"reboot_timeout": to("timeout_s", integer), **dict.fromkeys(_BOOTED, no_matter())}),
    **dict.fromkeys(("service", "systemd", "systemd_service", "sysvinit"), Module("service", _SERVICE, shape=_service)),
    "hostname": Module("hostname", {"name": to(NAME, text), "use": no_matter()}),
    "timezone": Module("timezone", {"name": to(NAME, text), "hwclock": cannot("the hardware clock cannot be said")}),
    "sysctl": Module("sysctl", {
        "name": to(NAME, text), "key": to(NAME, text), "value": to("value", text), "val": to("value", text),
        "state": to("state", words={"present": "present", "absent": "absent"}), "reload": no_matter(),
        "sysctl_set": no_matter(), "sysctl_file": to("path", path), "ignoreerrors": no_matter(False),
    }, shape=_sysctl),
    "wait_for": Module("wait_for", {
        "port": to("port", integer), "host": to("host", text), "path": to("path", path),
        "timeout": to("timeout_s", integer),
        "state": to("state", words={"started": "present", "present": "present", "stopped": "absent",
                                    "absent": "absent"}),
        **dict.fromkeys(("delay", "connect_timeout", "sleep", "msg"), no_matter()),
        "search_regex": cannot("what a port or file says is not looked for: `http_check` has `contains`"),
        "active_connection_states": cannot("connections are not counted"),
        "exclude_hosts": cannot("connections are not counted"),
    }, shape=_waited),
    "uri": Module("http_check", {
        "url": to(NAME, text), "method": no_matter("GET", "HEAD"), "status_code": to("status", many),
        "headers": to("headers"), "validate_certs": to("verify", boolean), "timeout": to("request_s", integer),
        "return_content": no_matter(), "follow_redirects": no_matter("safe", "all", "yes", True),
        **dict.fromkeys(("body", "body_format", "dest", "creates", "removes", "src", "user", "password", "url_username",
                         "url_password", "force_basic_auth", "client_cert", "client_key", "ca_path", "unix_socket"),
                        cannot("`http_check` only asks whether an address answers")),
    }),
}
