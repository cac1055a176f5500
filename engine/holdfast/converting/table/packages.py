"""Modules that install packages."""
from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from holdfast.converting.model import Cannot
from holdfast.converting.options import NAME, NOTES, Entry, Module, boolean, cannot, integer, many, no_matter, text, to
from holdfast.documents.model import is_template

_FRESH_S = 3600
_STATES = {"present": "present", "installed": "present", "latest": "latest", "absent": "absent", "removed": "absent"}
_ONLY_LISTS = ("it only fetches package lists: a `package` does when it needs them, and `refresh_s` says how old they "
               "may be")


def _apt(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    names = ours.get(NAME)
    if not names:
        raise Cannot(_ONLY_LISTS)
    updates = boolean(theirs.get("update_cache", theirs.get("update-cache", False)))
    if isinstance(updates, str):
        raise Cannot("whether package lists are fetched is decided by a template")
    if ours.get("state", "present") in ("present", "latest") and (updates or "cache_valid_time" in theirs):
        ours["refresh_s"] = integer(theirs.get("cache_valid_time", 0))
        if ours["refresh_s"] == 0 and ours.get("state") == "latest":
            ours |= {"refresh_s": _FRESH_S, NOTES: ["package lists are taken that are no older than an hour, else each "
                                                    "run would fetch them and be told as a change"]}
    if boolean(theirs.get("purge", False)) is True and ours.get("state") == "absent":
        ours["state"] = "purged"
    if ours.get("state") not in ("absent", "purged"):
        ours.pop("autoremove", None)
    return _versions(ours)


def _versions(ours: dict[str, Any]) -> dict[str, Any]:
    if not ours.get(NAME):
        raise Cannot("it names no package")
    names = ours[NAME] if isinstance(ours[NAME], list) else [ours[NAME]]
    for name in names:
        if not isinstance(name, str):
            raise Cannot("a package's name is no text")
        if "=" in name and not is_template(name):
            if len(names) > 1:
                raise Cannot("several packages of which one has a version: say the versions in a task each")
            ours[NAME], ours["version"] = name.split("=", 1)
        if name.startswith(("http:", "https:", "/", "@")) or "*" in ours[NAME] or name.endswith((".deb", "^")):
            raise Cannot(f"`{name}` is no package's name")
    if ours.get("state") == "present":
        del ours["state"]
    return ours


def _rpm(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """Names may hold a version, an architecture, a group or a pattern, which are said in other ways here."""
    names = ours.get(NAME)
    for name in names if isinstance(names, list) else [names]:
        if re.search(r"-\d|\.(?:x86_64|i686|noarch|aarch64|rpm)\Z|[@<>=:~]", str(name)) and not is_template(str(name)):
            raise Cannot(f"`{name}` may hold more than a name: write a `package` with `version` and "
                         f"`provider: {ours['provider']}`")
    if ours.get("state") not in ("absent",):
        ours.pop("autoremove", None)
    return _versions(ours)


def _zypper(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """Without recommended packages, unless it is told otherwise."""
    if ours.get("state") != "absent" and boolean(theirs.get("disable_recommends", True)) is True:
        ours["recommends"] = False
    return _rpm(ours, theirs)


_NAMES = {word: to(NAME, many) for word in ("name", "pkg", "package")}

MODULES: Mapping[str, Entry] = {
    "apt": Module("package", {
        **_NAMES, "state": to("state", words=_STATES), "update_cache": no_matter(), "update-cache": no_matter(),
        "cache_valid_time": no_matter(), "purge": no_matter(), "autoremove": to("autoremove", boolean),
        "install_recommends": to("recommends", boolean), "install-recommends": to("recommends", boolean),
        "force_apt_get": no_matter(), "allow_downgrade": to("allow_downgrade", boolean),
        "lock_timeout": to("lock_wait_s", integer), "policy_rc_d": cannot("`policy_rc_d` cannot be said"),
        "autoclean": no_matter(False), "clean": no_matter(False), "only_upgrade": no_matter(False),
        "fail_on_autoremove": no_matter(False), "dpkg_options": no_matter("force-confdef,force-confold"),
        "update_cache_retries": no_matter(), "update_cache_retry_max_delay": no_matter(), "force": no_matter(False),
        "allow_unauthenticated": no_matter(False), "allow_change_held_packages": no_matter(False),
        "auto_install_module_deps": no_matter(),
        "deb": cannot("a package that is a file or at an address is not installed here"),
        "upgrade": cannot("all packages are not upgraded here: a `package` has `state: latest`"),
        "default_release": cannot("`default_release` cannot be said: pin it in /etc/apt/preferences.d"),
    }, shape=_apt),
    "package": Module("package", {**_NAMES, "state": to("state", words=_STATES), "use": no_matter(),
                                  "allow_downgrade": to("allow_downgrade", boolean)},
                      shape=lambda ours, _: _versions(ours)),
    "dpkg_selections": Module("package_hold", {
        "name": to(NAME, text), "selection": to("state", words={"hold": "present", "install": "absent"})}),
    **dict.fromkeys(("yum", "dnf", "dnf5"), Module("package", {
        **_NAMES, "state": to("state", words=_STATES), "update_cache": no_matter(), "use_backend": no_matter(),
        "autoremove": to("autoremove", boolean), "allow_downgrade": to("allow_downgrade", boolean),
        "install_weak_deps": to("recommends", boolean), "lock_timeout": to("lock_wait_s", integer),
        "update_only": no_matter(False), "disable_gpg_check": no_matter(False), "validate_certs": no_matter(),
        "allowerasing": no_matter(False), "nobest": no_matter(False),
        **dict.fromkeys(("enablerepo", "disablerepo", "disable_excludes", "exclude", "security", "bugfix", "list",
                         "installroot", "releasever", "download_only"),
                        cannot("which repositories and updates count is the host's own setting here"))},
        {"provider": "dnf"}, shape=_rpm)),
    "zypper": Module("package", {
        **_NAMES, "state": to("state", words=_STATES), "update_cache": no_matter(), "type": no_matter("package"),
        "disable_recommends": no_matter(True, False), "disable_gpg_check": no_matter(False),
        "auto_import_keys": no_matter(False), "force": no_matter(False), "force_resolution": no_matter(False),
        "oldpackage": to("allow_downgrade", boolean), "allow_vendor_change": no_matter(False),
        "replacefiles": no_matter(False), "clean_deps": to("autoremove", boolean), "simple_errors": no_matter(),
        "quiet": no_matter()}, {"provider": "zypper"}, shape=_zypper),
    "apk": Module("package", {
        **_NAMES, "state": to("state", words=_STATES), "update_cache": no_matter(), "available": no_matter(False),
        "no_cache": no_matter(False)}, {"provider": "apk"}, shape=_rpm),
}
