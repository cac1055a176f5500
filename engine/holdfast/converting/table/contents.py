"""Modules that edit parts of files."""
from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from holdfast.converting.model import Cannot
from holdfast.converting.options import (
    AS_IS,
    BEHIND,
    LOST,
    STATE,
    Entry,
    Module,
    Option,
    boolean,
    cannot,
    exact,
    many,
    mode,
    no_matter,
    on_file,
    path,
    text,
    to,
)
from holdfast.documents.model import is_template

_PATHS = {word: to("path", path) for word in ("path", "dest", "destfile")}
_ATTRIBUTES: Mapping[str, Option] = dict.fromkeys(("owner", "group", "mode"), no_matter())
_EDITED: Mapping[str, Option] = {
    **_PATHS, **_ATTRIBUTES, "state": STATE, "create": to("create", boolean),
    "backup": to("backup", boolean), "validate": to("validate", on_file), "unsafe_writes": no_matter(False),
    "encoding": no_matter("utf-8"),
    "others": cannot("`others` cannot be said"),
}
_PLACES: Mapping[str, Option] = {"insertafter": to("after"), "insertbefore": to("before")}
_FIRST = ("`insertbefore`: where it finds several lines, what is new goes ahead of the first here, and ahead of the "
          "last in Ansible: a narrower expression finds one")


def _attributed(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    """Whose the file is, is said of the file."""
    given = {word: (mode if word == "mode" else text)(theirs[word]) for word in _ATTRIBUTES if word in theirs}
    if given:
        ours[BEHIND] = given


def _places(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """The ends of a file are other words here."""
    _attributed(ours, theirs)
    if ours.get("after") == "EOF":
        del ours["after"]
    if ours.get("before") in ("BOF", "EOF"):
        ours["before"] = "TOP"
        if theirs.get("insertbefore") == "EOF":
            raise Cannot("`insertbefore: EOF` says two things")
    elif "before" in ours:
        ours[LOST] = [_FIRST]
    if ours.get("state") == "absent":
        for word in ("after", "before", "create", LOST):
            ours.pop(word, None)
    elif ours.get("state") == "present":
        del ours["state"]
    return ours


def _line(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    ours = _places(ours, theirs)
    match, line = ours.get("match"), ours.get("text")
    if ours.get("state") == "absent":
        if match is not None:
            ours.pop("text", None)
        return ours
    if line is None:
        raise Cannot("it has no `line`")
    if match is not None and (is_template(match) or is_template(line)):
        ours["match"] = f"(?:{match})|^{_escaped(str(line))}$"
    elif match is not None:
        try:
            finds_itself = re.search(match, line)
        except re.error as error:
            raise Cannot(f"`regexp` is no regular expression: {error}") from None
        if not finds_itself:  # Ansible then looks for the line itself too, so that it is added only once
            ours["match"] = f"(?:{match})|^{re.escape(line)}$"
    return ours


def _escaped(line: str) -> str:
    """A line with templates in it as a regular expression that finds just it."""
    if "{%" in line or "{#" in line:
        raise Cannot("whether `regexp` finds the `line` is decided by a template")
    return re.sub(r"\{\{(.*?)\}\}|((?:(?!\{\{).)+)", lambda part: (
        "{{ (" + part[1].strip() + ") | regex_escape }}" if part[1] is not None else re.escape(part[2])), line)


def _block(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    ours = _places(ours, theirs)
    if ours.get("state") != "absent" and not ours.get("content"):
        ours.pop("content", None)
        ours["state"] = "absent"  # an empty block is removed
    if ours.get("state") == "absent":
        ours.pop("content", None)
    if "comment" in ours and str(ours["comment"]).count("{mark}") == 1:
        before, _, behind = str(ours["comment"]).partition("{mark}")
        ours["comment"] = f"{before}{{mark}}" + (behind if not behind.strip().isascii() or _closes(behind) else "")
        if ours["comment"] == "# {mark}":
            del ours["comment"]
    return ours


def _closes(behind: str) -> bool:
    """Does the end of a marker close a comment, as `-->` does? Its words are the block's name here."""
    return bool(re.search(r"(-->|\*/|%>|#}|\]\])\s*\Z", behind))


def _option(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    _attributed(ours, theirs)
    if ours.get("state", "present") == "present":
        ours.pop("state", None)
        if boolean(theirs.get("allow_no_value", False)) is True and theirs.get("value") is None:
            ours.pop("value", None)
            ours["bare"] = True
        elif "value" not in ours and "values" not in ours:
            raise Cannot("it has no `value`")
    else:
        ours.pop("value", None)
    ours.setdefault("create", True)
    if ours.get("state") == "absent":
        ours.pop("create")
    return ours


MODULES: Mapping[str, Entry] = {
    "lineinfile": Module("line", {
        **_EDITED, **_PLACES, "name": to("path", path), "line": to("text", text), "value": to("text", text),
        "regexp": to("match", text), "regex": to("match", text), "search_string": to("match", exact),
        "backrefs": no_matter(False), "firstmatch": no_matter(False),
    }, shape=_line),
    "blockinfile": Module("block", {
        **_EDITED, **_PLACES, "name": to("path", path), "block": to("content", text), "content": to("content", text),
        "marker": to("comment", text, note="the marks around the block are Holdfast's: where Ansible has put the block "
                                           "already, remove that one"),
        "marker_begin": cannot("marks are Holdfast's own"), "marker_end": cannot("marks are Holdfast's own"),
        "append_newline": no_matter(False), "prepend_newline": no_matter(False),
    }, shape=_block),
    "ini_file": Module("ini", {
        **_EDITED, "section": to("section", text), "option": to("option", text), "value": to("value", text),
        "values": to("values", many), "allow_no_value": no_matter(), "exclusive": no_matter(True),
        "no_extra_spaces": to("separator", words={True: "="}), "ignore_spaces": no_matter(),
        "modify_inactive_option": no_matter(True), "follow": no_matter(),
        "section_has_values": cannot("`section_has_values` cannot be said"),
    }, shape=_option),
    "replace": AS_IS,
}
