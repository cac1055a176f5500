"""The configuration of sshd as sshd reads it: one text of all files, and what it comes to for one connection."""
from __future__ import annotations

import os
import re
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from . import files, process
from .errors import Failed
from .record import Record

MAIN, FOLDER = "/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d"
DEPTH = 16  # how deep sshd itself follows Include
# Keywords of which each line counts. Of all others the first does.
REPEATED = frozenset(("port", "listenaddress", "hostkey", "hostcertificate", "acceptenv", "setenv", "subsystem",
                      "allowusers", "denyusers", "allowgroups", "denygroups", "permitopen", "permitlisten"))

Effective = Mapping[str, Sequence[str]]  # keyword in small letters -> its values


class Line(Record):
    """One line of the configuration, and where it stands."""

    text: str
    path: str
    number: int

    def words(self) -> Tuple[str, str]:
        """(keyword in small letters, the rest); two times "" for a comment or an empty line."""
        return split(self.text)


def split(text: str) -> Tuple[str, str]:
    """(keyword in small letters, the rest) of a line as sshd takes it."""
    match = re.match(r"\s*\"?([A-Za-z0-9]+)\"?(?:\s*=\s*|\s+)(.*?)\s*\Z", text)
    return (match.group(1).lower(), match.group(2)) if match else ("", "")


def lines(replaced: Mapping[str, Optional[bytes]] = {}) -> List[Line]:
    """All lines in the order in which sshd reads them, Include followed. replaced: contents that count in place of
    what is in those files; None: the file is not there. Raises Failed when there is no configuration at all."""
    data = replaced.get(MAIN, files.read(MAIN))
    if data is None:
        raise Failed("%s does not exist" % MAIN)
    return _lines(MAIN, data, replaced, 0)


def _lines(path: str, data: bytes, replaced: Mapping[str, Optional[bytes]], depth: int) -> List[Line]:
    found: List[Line] = []
    block = ""
    for number, text in enumerate(data.decode("utf-8", "surrogateescape").split("\n"), 1):
        keyword, rest = split(text)
        if keyword == "match":
            block = text
        if keyword != "include" or depth >= DEPTH:
            found.append(Line(text, path, number))
            continue
        for included in _included(rest, replaced):
            content = replaced.get(included, files.read(included))
            inner = _lines(included, content or b"", replaced, depth + 1)
            found += inner
            if any(line.words()[0] == "match" for line in inner):  # a block ends with the file that it stands in
                found.append(Line(block or "Match all", path, number))
    return found


def _included(patterns: str, replaced: Mapping[str, Optional[bytes]]) -> List[str]:
    """The files that an Include names, in sshd's order."""
    import fnmatch
    import shlex

    found: List[str] = []
    for pattern in shlex.split(patterns, comments=True):
        whole = pattern if pattern.startswith("/") else os.path.join(os.path.dirname(MAIN), pattern)
        folder, name = os.path.split(whole)
        there = {os.path.join(folder, one) for one in _names(folder)} | {
            path for path, data in replaced.items() if data is not None and os.path.dirname(path) == folder}
        gone = {path for path, data in replaced.items() if data is None}
        found += sorted(path for path in there - gone
                        if fnmatch.fnmatchcase(os.path.basename(path), name)
                        and not (os.path.basename(path).startswith(".") and not name.startswith(".")))
    return found


def _names(folder: str) -> Sequence[str]:
    state = files.look(folder)
    return files.names_in(folder) if state is not None and state.kind == files.DIRECTORY else ()


def first_to_say(config: Sequence[Line], keyword: str) -> Optional[Line]:
    """The line that decides a setting, outside of Match blocks; None: nobody says it."""
    is_in_block = False
    for line in config:
        found, rest = line.words()
        if found == "match":
            is_in_block = rest.strip().lower() != "all"
        elif found == keyword.lower() and not is_in_block:
            return line
    return None


def effective(config: Sequence[Line], connection: Sequence[str] = ()) -> Effective:
    """What sshd makes of it: all settings with their values, for a connection as `sshd -C` takes it. Nothing is
    written for this. Raises Failed with sshd's words, each at the file and line that they mean."""
    program = process.which("sshd")
    if program is None:
        raise Failed("sshd is not installed on this host")
    text = "\n".join(line.text for line in config) + "\n"
    spec = ["-C", ",".join(connection)] if connection else []
    done = process.run([program, "-T", "-f", "/dev/stdin", *spec], timeout_s=30,
                       stdin=text.encode("utf-8", "surrogateescape"))
    if done.code != 0:
        raise Failed("sshd does not take this configuration", placed(done.stderr or done.stdout, config))
    return parse(done.stdout)


def parse(text: str) -> Dict[str, List[str]]:
    """What `sshd -T` prints."""
    found: Dict[str, List[str]] = {}
    for row in text.splitlines():
        keyword, _, value = row.partition(" ")
        found.setdefault(keyword, []).append(value)
    return found


def placed(said: str, config: Sequence[Line]) -> str:
    """sshd's complaints of the text that it was given, with the places of the files that it was made of."""

    def place(match: "re.Match[str]") -> str:
        number = int(match.group(1))
        if not 0 < number <= len(config):
            return match.group(0)
        return "%s line %d" % (config[number - 1].path, config[number - 1].number)

    rows = re.sub(r"/dev/stdin:? line (\d+)", place, said).splitlines()
    return "\n".join(row for row in rows if not row.startswith("/dev/stdin: terminating"))
