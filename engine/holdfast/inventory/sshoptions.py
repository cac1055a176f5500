"""Options of the ssh program that inventories carry, as far as they say how a host is reached."""
from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, replace
from typing import Any

_CONFIG = "write it in an ssh configuration file, and name that as `ssh_config` (holdfast_ssh_config)"
_VERIFIED = ("take it out, and let `ssh-keyscan` add the keys to known_hosts, or trust those of new hosts on first use "
             "with StrictHostKeyChecking=accept-new")
_HOST_KEYS = {"yes": "strict", "true": "strict", "ask": "strict", "accept-new": "accept-new"}

# Flags and options that neither change which host is reached nor who is let in.
_IDLE_FLAGS = frozenset("46ACTakqtvxNn")
_IDLE_OPTIONS = frozenset({
    "addkeystoagent", "batchmode", "checkhostip", "compression", "compressionlevel", "connectionattempts",
    "controlmaster", "controlpath", "controlpersist", "forwardagent", "forwardx11", "gssapiauthentication",
    "gssapidelegatecredentials", "hashknownhosts", "identitiesonly", "ipqos", "kbdinteractiveauthentication",
    "loglevel", "numberofpasswordprompts", "passwordauthentication", "preferredauthentications", "pubkeyauthentication",
    "requesttty", "sendenv", "serveralivecountmax", "tcpkeepalive", "updatehostkeys", "visualhostkey",
})
_LETTERS = {"J": "proxyjump", "p": "port", "l": "user", "i": "identityfile", "F": "configfile"}
_PROXY = re.compile(r"(?:\S*/)?ssh\b")


@dataclass(frozen=True, slots=True)
class SshOptions:
    """What the options say; None: nothing."""

    address: str | None = None
    port: int | None = None
    user: str | None = None
    key: str | None = None
    known_hosts: str | None = None
    host_keys: str | None = None
    ssh_config: str | None = None
    connect_s: float | None = None
    alive_s: float | None = None
    jump: tuple[str, ...] = ()


Faults = list[tuple[str, str]]  # what, mend


def read_ssh_options(text: str, before: SshOptions) -> tuple[SshOptions, Faults]:
    """The options in a text such as `-J bastion -o Port=2222`, over those from before; and what is wrong in it."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        return before, [(f"cannot be split into words: {str(error).lower()}", "close the quote")]
    found, faults = before, Faults()
    while words:
        word = words.pop(0)
        name, value = _option(word, words)
        if name in _IDLE_OPTIONS or not name:
            continue
        if value is None:
            faults.append((f"has `{word}`, which Holdfast does not know", _CONFIG))
            continue
        found, fault = _apply(found, name, value)
        if fault is not None:
            faults.append(fault)
    return found, faults


def _option(word: str, rest: list[str]) -> tuple[str, str | None]:
    """The lowercase name and the value of an option; "" for flags without effect; value None: it is not known."""
    if not word.startswith("-") or len(word) < 2:
        return word, None
    letter, value = word[1], word[2:]
    if letter in _IDLE_FLAGS and set(value) <= _IDLE_FLAGS:
        return "", None
    if letter == "o" or letter in _LETTERS:
        value = value or (rest.pop(0) if rest else "")
        if letter != "o":
            return _LETTERS[letter], value
        name, _, setting = re.sub(r"\s*=\s*|\s+", "=", value.strip(), count=1).partition("=")
        return name.lower(), setting.strip().strip('"')
    return word, None


_NUMBERS = {"port": "port", "connecttimeout": "connect_s", "serveraliveinterval": "alive_s"}
_TEXTS = {"user": "user", "hostname": "address", "identityfile": "key", "configfile": "ssh_config"}


def _apply(found: SshOptions, name: str, value: str) -> tuple[SshOptions, tuple[str, str] | None]:
    change: dict[str, Any] = {}
    if name == "stricthostkeychecking":
        if value.lower() not in _HOST_KEYS:
            return found, (f"has StrictHostKeyChecking={value}; Holdfast always checks host keys", _VERIFIED)
        change = {"host_keys": _HOST_KEYS[value.lower()]}
    elif name in ("userknownhostsfile", "globalknownhostsfile"):
        if value in ("/dev/null", "none"):
            return found, ("forgets host keys; Holdfast always checks them", _VERIFIED)
        change = {"known_hosts": value.split(maxsplit=1)[0] if value else ""}
    elif name == "proxycommand":
        return _proxy_command(found, value)
    elif name == "proxyjump":
        change = {"jump": () if value.lower() == "none" else tuple(value.split(",")) if value else ""}
    elif name in _NUMBERS:
        if not value.isascii() or not value.isdecimal() or not 0 < int(value[:9]) < 65536:
            return found, (f"has `{value}` for {name}", "write a number")
        change = {_NUMBERS[name]: int(value) if name == "port" else float(value)}
    elif name in _TEXTS:
        change = {_TEXTS[name]: value}
    else:
        return found, (f"has the option {name}, which Holdfast does not know", _CONFIG)
    if "" in change.values():
        return found, (f"has {name} without a value", "write one after it")
    return replace(found, **change), None


def _proxy_command(found: SshOptions, command: str) -> tuple[SshOptions, tuple[str, str] | None]:
    """`ssh -W %h:%p [-q] [-p PORT] [-l USER] HOST` is a jump. Other programs are for ssh_config."""
    fault = f"has the ProxyCommand `{command}`, which is no plain jump", f"write `-J user@host:port`; or {_CONFIG}"
    if command.lower() == "none":
        return found, None
    try:
        words = shlex.split(command)[1:] if _PROXY.match(command) else []
    except ValueError:
        words = []
    hosts, user, port = [], "", ""
    while words:
        word = words.pop(0)
        if not word.startswith("-"):
            hosts.append(word)
        elif word[:2] == "-W" or (word == "-o" and words and words[0].lower().startswith("batchmode")):
            words = words[1:] if len(word) == 2 else words
        elif word[:2] in ("-l", "-p"):
            value = word[2:] or (words.pop(0) if words else "")
            user, port = (value, port) if word[1] == "l" else (user, value)
        elif not set(word[1:]) <= _IDLE_FLAGS:
            return found, fault
    if len(hosts) != 1 or "%" in hosts[0]:
        return found, fault
    jump = (f"{user}@{hosts[0]}" if user else hosts[0]) + (f":{port}" if port else "")
    return replace(found, jump=(jump,)), None
