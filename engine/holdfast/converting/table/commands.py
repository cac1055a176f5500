"""Modules that run programs."""
from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from holdfast.converting.keyvalues import unquoted, words
from holdfast.converting.model import Cannot
from holdfast.converting.options import NAME, Entry, Module, Option, boolean, cannot, no_matter, path, text, to
from holdfast.documents.model import is_template

FREE = "free form"  # stands among their options for what a command runs


def _guards(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    for word in ("creates", "removes"):
        guard = str(ours.get(word, "/"))
        if re.search(r"[*?\[]", guard) and not is_template(guard):
            raise Cannot(f"`{word}` is a pattern: a guard is one path here; say it as `unless:`")
        if not guard.startswith(("/", "{{")):
            if "cwd" not in ours:
                raise Cannot(f"`{word}` is no absolute path")
            ours[word] = f"{str(ours['cwd']).rstrip('/')}/{guard}"
    if "stdin" in ours and boolean(theirs.get("stdin_add_newline", True)) is True:
        ours["stdin"] += "\n"
    return ours


def _command(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    ours = _guards(ours, theirs)
    if "argv" in ours:
        ours[NAME] = " ".join(map(str, ours["argv"]))
        given = ours["argv"]
    else:
        ours[NAME] = " ".join(str(ours.get(NAME, "")).split("\n")).strip()
        given = [ours[NAME]]
    if not ours[NAME]:
        raise Cannot("what is run is not said")
    outside = [re.sub(r"\{\{.*?\}\}|'[^']*'", "", str(one), flags=re.DOTALL) for one in given]
    if any(re.search(r"\$\w|\$\{|(?:^|\s)~", one) for one in outside):
        raise Cannot("`$NAME` and `~` in it are expanded by Ansible: write what is meant")
    return ours


def _shell(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    ours = _guards(ours, theirs)
    line = str(ours.get(NAME, "")).strip()
    if not line:
        raise Cannot("what is run is not said")
    ours[NAME] = line
    shell = theirs.get("executable")
    if shell and shell != "/bin/sh":
        ours["argv"] = [str(shell), "-c", line]
    else:
        ours["shell"] = True
    return ours


_RUN: Mapping[str, Option] = {
    FREE: to(NAME, text), "cmd": to(NAME, text), "chdir": to("cwd", path), "creates": to("creates", text),
    "removes": to("removes", text), "stdin": to("stdin", text), "stdin_add_newline": no_matter(), "warn": no_matter(),
    "strip_empty_ends": no_matter(), "executable": no_matter(),
}

def _script(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    ours = _guards(ours, theirs)
    given = words(str(ours.pop(NAME, "")))
    if not given:
        raise Cannot("what is run is not said")
    args = {"args": [unquoted(one) for one in given[1:]]} if given[1:] else {}
    return {**ours, "source": unquoted(given[0]), **args}


MODULES: Mapping[str, Entry] = {
    "script": Module("script", {
        FREE: to(NAME, text), "cmd": to(NAME, text), "chdir": to("cwd", path), "creates": to("creates", text),
        "removes": to("removes", text), "executable": to("interpreter", text)}, shape=_script),
    "command": Module("command", {
        **_RUN, "argv": to("argv"), "executable": cannot("a `shell` has `executable`"),
        "expand_argument_vars": no_matter()}, shape=_command),
    "shell": Module("command", _RUN, shape=_shell),
    "raw": Module("command", {FREE: to(NAME, text), "executable": no_matter()}, shape=_shell),
}

# Programs that only look, so that a plan may run them.
_LOOKERS = re.compile(r"""(?:/\S*/)?(?:
    cat|stat|ls|grep|egrep|test|\[|id|getent|which|uname|hostname|date|whoami|head|tail|readlink|realpath|du|df|dpkg-query
    |lsb_release|nproc|arch|printenv
    |dpkg\s+(?:-l|-s|-L|--print-architecture|--list|--status)
    |systemctl\s+(?:is-\w+|show|status|cat|list-\S+)
    |apt-cache\s+(?:policy|show|search)
    |git\s+(?:rev-parse|describe|status|log|show)
    |rpm\s+-q\S*
    |\S+\s+--version
    )(?:\s|$)""", re.VERBOSE)


def only_looks(line: str, is_shell: bool) -> bool:
    """Is this known to change nothing?"""
    line = re.sub(r"\s*(?:[12]?>\s*/dev/null|2>&1)", "", line)
    if is_shell and re.search(r"[>;&`]|\$\(|\|", line):
        return False
    return bool(_LOOKERS.match(line)) and not re.match(r"(?:\S*/)?(?:date|hostname)\s+\S*[^+\s-]", line)
