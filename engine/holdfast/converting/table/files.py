"""Modules that make whole files, directories and links."""
from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from holdfast.converting.model import Cannot
from holdfast.converting.options import (
    AS_IS,
    LOST,
    NAME,
    Choice,
    Entry,
    Module,
    Option,
    boolean,
    cannot,
    mode,
    no_matter,
    on_file,
    path,
    text,
    to,
)

_SELINUX = cannot("a SELinux label cannot be said; a file keeps the one it has")
ATTRIBUTES: Mapping[str, Option] = {
    "owner": to("owner", text), "group": to("group", text), "mode": to("mode", mode),
    **dict.fromkeys(("seuser", "serole", "setype", "selevel"), _SELINUX),
    "attributes": cannot("file attributes (chattr) cannot be said"),
    "unsafe_writes": no_matter(False),
}
_WRITTEN: Mapping[str, Option] = {
    **ATTRIBUTES, "validate": to("validate", on_file), "backup": to("backup", boolean), "force": to("replace", boolean),
    "follow": to("follow", boolean), "directory_mode": no_matter(),  # of folders of files, which are not taken
    "decrypt": no_matter(),
}

# Directories that every host has: what is copied there goes into them.
_DIRECTORIES = frozenset({
    "/tmp", "/var/tmp",  # noqa: S108  # names to compare with
    "/", "/bin", "/boot", "/etc", "/etc/apt/apt.conf.d", "/etc/apt/keyrings", "/etc/apt/preferences.d",
    "/etc/apt/sources.list.d", "/etc/apt/trusted.gpg.d", "/etc/cron.d", "/etc/cron.daily", "/etc/cron.hourly",
    "/etc/cron.weekly", "/etc/default", "/etc/init.d", "/etc/logrotate.d", "/etc/modprobe.d", "/etc/modules-load.d",
    "/etc/profile.d", "/etc/security/limits.d", "/etc/ssh", "/etc/ssl/certs", "/etc/sudoers.d", "/etc/sysctl.d",
    "/etc/systemd/system", "/home", "/lib", "/lib/systemd/system", "/media", "/mnt", "/opt", "/root", "/sbin", "/srv",
    "/usr", "/usr/bin", "/usr/lib", "/usr/lib/systemd/system", "/usr/local", "/usr/local/bin", "/usr/local/etc",
    "/usr/local/lib", "/usr/local/sbin", "/usr/sbin", "/usr/share", "/var", "/var/lib", "/var/log", "/var/www"})


def into(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """A `dest` that is a directory is followed by the file's own name."""
    dest, source = str(theirs.get("dest", theirs.get("path", ""))), str(theirs.get("src", ""))
    if ours.get("mode") == "preserve":
        raise Cannot("`mode: preserve` takes the mode of the file here: say it")
    if dest.endswith("/") or dest.rstrip("/") in _DIRECTORIES:
        last = source.rpartition("/")[2]
        whole = re.fullmatch(r"\{\{([^{}]*)\}\}", source)
        if whole:
            last = "{{ (" + whole[1].strip() + ") | basename }}"
        elif not source or source.count("{{") != last.count("{{") or "{%" in source:
            raise Cannot(f"{dest} is a directory, and how the file in it is called is not said")
        ours[NAME] = f"{dest.rstrip('/')}/{last}"
    return ours


def _copied(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    if "content" in theirs and not isinstance(theirs["content"], (str, int, float)):
        raise Cannot("`content` is no text")
    if str(theirs.get("content", "")).startswith("#jinja2:"):
        raise Cannot("the first line of its `content` says how it is filled in: put it into a `template`")
    if ("content" in theirs) == ("src" in theirs):
        raise Cannot("it needs one of `src` and `content`")
    return into(ours, theirs)


def _recursive(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """With `recurse`, Ansible gives files the mode of directories."""
    if ours.get("recurse") and "mode" in ours:
        ours["file_mode"] = ours["mode"]
    return ours


def _linked(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """Unless told not to, Ansible gives owner, group and mode to what the link leads to; a link has no mode."""
    given = [word for word in ("owner", "group", "mode") if word in theirs]
    if boolean(theirs.get("follow", True)) is False:
        return {**ours, **{word: text(theirs[word]) for word in given if word != "mode"}}
    if given:
        said = ", ".join(f"`{word}`" for word in given)
        ours[LOST] = [f"{said}: Ansible gives that to what the link leads to: say it there"]
    return ours


def _removed(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    if str(theirs.get("path", theirs.get("dest", ""))).endswith("/"):
        raise Cannot("it removes a directory with all that is in it: say so with `directory`, `state: absent` and "
                     "`force: true`, if that is meant")
    return ours


_PATH = {word: to(NAME, path) for word in ("path", "dest", "name")}
_STATE = {"state": no_matter(), "access_time_format": no_matter(), "modification_time_format": no_matter()}


# What is removed is a directory, as another task says.
EMPTIED = Module("directory", {**_PATH, **_STATE, **{word: no_matter() for word in ATTRIBUTES}, "force": no_matter(),
                               "follow": no_matter()}, {"state": "absent", "force": True})

MODULES: Mapping[str, Entry] = {
    "copy": Module("file", {
        **_WRITTEN, "dest": to(NAME, path), "src": to("source"), "content": to("content", text),
        "remote_src": no_matter(False), "local_follow": no_matter(True),
        "checksum": cannot("a checksum is not asked for"),
    }, shape=_copied),
    "template": Module("template", {
        **_WRITTEN, "dest": to(NAME, path), "src": to("source"), "trim_blocks": no_matter(True),
        "lstrip_blocks": no_matter(False), "newline_sequence": no_matter("\n"), "output_encoding": no_matter("utf-8"),
        **dict.fromkeys(("block_start_string", "block_end_string", "variable_start_string", "variable_end_string",
                         "comment_start_string", "comment_end_string"),
                        cannot("templates have their usual marks here")),
    }, shape=into),
    "file": Choice("state", "file", {
        "directory": Module("directory", {
            **_PATH, **ATTRIBUTES, **_STATE, "recurse": to("recurse", boolean), "follow": to("follow", boolean),
            "force": no_matter(False)}, shape=_recursive),
        "link": Module("link", {
            **_PATH, **_STATE, "src": to("to"), "force": to("force", boolean), "owner": no_matter(),
            "group": no_matter(), "follow": no_matter(True, False), "mode": no_matter()}, shape=_linked),
        "absent": Module("file", {
            **_PATH, **_STATE, **{word: no_matter() for word in ATTRIBUTES}, "force": no_matter(),
            "follow": no_matter()}, {"state": "absent"}, shape=_removed),
        "touch": Module("file", {
            **_PATH, **ATTRIBUTES, **_STATE, "follow": to("follow", boolean),
            "access_time": no_matter("preserve"), "modification_time": no_matter("preserve")}),
        "file": AS_IS,  # it has to be there already, and whether it is a file or a directory is not said
        "hard": "there are no hard links here",
    }),
}
