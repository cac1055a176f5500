"""Modules for users, groups and what they may do."""
from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from holdfast.converting.model import Cannot
from holdfast.converting.options import (
    NAME,
    STATE,
    Entry,
    Module,
    boolean,
    cannot,
    integer,
    many,
    no_matter,
    path,
    text,
    to,
)
from holdfast.documents.model import is_template


def _expires(given: Any) -> Any:
    """Seconds since 1970 as a day; negative: never."""
    try:
        seconds = float(given)
    except (TypeError, ValueError):
        raise Cannot("`expires` is no number") from None
    return "never" if seconds < 0 else datetime.datetime.fromtimestamp(seconds, datetime.UTC).date().isoformat()


def _user(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """What is not said is another thing here for `append` and `create_home`."""
    if ours.get("state") == "absent":
        return {word: ours[word] for word in (NAME, "state", "remove_home") if word in ours}
    ours.pop("state", None)
    ours.pop("remove_home", None)
    if "groups" in ours:
        ours["append"] = boolean(theirs.get("append", False))
    ours.setdefault("create_home", True)
    return ours


def _key(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    key = str(ours.get("key", ""))
    if key.startswith(("http:", "https:")):
        raise Cannot("a key is not fetched from an address: put it into a file beside the document")
    if key.startswith("file:"):
        raise Cannot("a key is not read from a file of the host")
    if ours.get("state") == "present":
        del ours["state"]
    return ours


def _job(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    if boolean(theirs.get("env", False)) is not False:
        raise Cannot("a variable for all lines of a crontab: `env` of the cron that needs it says it here")
    if ours.get("state") == "absent":
        return {word: ours[word] for word in (NAME, "state", "user", "file") if word in ours}
    ours.pop("state", None)
    special = theirs.get("special_time")
    parts = [str(theirs.get(word, theirs.get(other, "*"))) for word, other in (
        ("minute", "minute"), ("hour", "hour"), ("day", "dom"), ("month", "month"), ("weekday", "dow"))]
    ours["schedule"] = "@" + {"annually": "yearly"}.get(str(special), str(special)) if special else " ".join(parts)
    if is_template(ours["schedule"]) and special:
        raise Cannot("`special_time` is a template")
    if "/" in str(ours.get("file", "")):
        raise Cannot("a `cron_file` outside /etc/cron.d cannot be said")
    return ours


_WHEN = dict.fromkeys(("minute", "hour", "day", "dom", "month", "weekday", "dow", "special_time"), no_matter())

MODULES: Mapping[str, Entry] = {
    "user": Module("user", {
        "name": to(NAME, text), "user": to(NAME, text), "state": STATE, "uid": to("uid", integer),
        "group": to("group", text), "groups": to("groups", many), "append": no_matter(), "home": to("home", path),
        "create_home": to("create_home", boolean), "createhome": to("create_home", boolean),
        "move_home": to("move_home", boolean), "shell": to("shell", text), "comment": to("comment", text),
        "system": to("system", boolean), "password": to("password_hash", text),
        "update_password": to("update_password", text), "password_lock": to("locked", boolean),
        "expires": to("expires", _expires), "remove": to("remove_home", boolean), "force": no_matter(False),
        "local": no_matter(False), "non_unique": no_matter(False), "generate_ssh_key": no_matter(False),
        "skeleton": cannot("a home is made from /etc/skel"),
        "umask": cannot("`umask` cannot be said"),
    }, shape=_user),
    "group": Module("group", {
        "name": to(NAME, text), "state": STATE,
        "gid": to("gid", integer), "system": to("system", boolean), "local": no_matter(False),
        "non_unique": no_matter(False)}),
    "authorized_key": Module("authorized_key", {
        "user": to("user", text), "key": to("key", text), "state": to("state", text),
        "exclusive": to("exclusive", boolean), "path": to("path", path), "key_options": to("options", text),
        "comment": to("comment", text), "manage_dir": no_matter(True), "validate_certs": no_matter(),
        "follow": no_matter(False),
    }, shape=_key),
    "cron": Module("cron", {
        **_WHEN, "name": to(NAME, text), "job": to("command", text), "value": to("command", text),
        "state": STATE, "user": to("user", text), "cron_file": to("file", text),
        "disabled": to("disabled", boolean), "env": no_matter(), "backup": no_matter(False),
        "insertafter": cannot("lines of a crontab are not put in an order"),
        "insertbefore": cannot("lines of a crontab are not put in an order"),
    }, shape=_job),
}
