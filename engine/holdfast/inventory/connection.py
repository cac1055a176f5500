"""The way to a host, from its variables: those that Ansible has for it, and Holdfast's own."""
from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from holdfast.channels.model import BECOME_METHODS, Become, Connection
from holdfast.inventory.keys import HOST_KEYS
from holdfast.inventory.sshoptions import SshOptions, read_ssh_options
from holdfast.problems import Place, Problem, Problems
from holdfast_host import Refused, checks
from holdfast_host.values import did_you_mean

T = TypeVar("T")

# Each setting with the variables that give it. More than one may be set if all say the same.
_NAMES: dict[str, tuple[str, ...]] = {
    "address": ("ansible_host", "ansible_ssh_host"),
    "port": ("ansible_port", "ansible_ssh_port"),
    "user": ("ansible_user", "ansible_ssh_user"),
    "key": ("ansible_ssh_private_key_file", "ansible_private_key_file"),
    "password": ("ansible_password", "ansible_ssh_pass", "ansible_ssh_password"),
    "channel": ("ansible_connection",),
    "python": ("ansible_python_interpreter",),
    "connect_s": ("holdfast_connect_s", "ansible_ssh_timeout", "ansible_timeout"),
    "alive_s": ("holdfast_alive_s",),
    "known_hosts": ("holdfast_known_hosts",),
    "host_keys": ("holdfast_host_keys",),
    "jump": ("holdfast_jump",),
    "ssh_config": ("holdfast_ssh_config",),
    "folder": ("holdfast_folder",),
    "install_python": ("holdfast_install_python",),
    "become": ("ansible_become",),
    "become_user": ("ansible_become_user", "ansible_sudo_user"),
    "become_method": ("ansible_become_method",),
    "become_password": ("ansible_become_password", "ansible_become_pass", "ansible_sudo_pass"),
}
_OPTIONS = ("ansible_ssh_args", "ansible_ssh_common_args", "ansible_ssh_extra_args")
_VERIFY = ("ansible_host_key_checking", "ansible_ssh_host_key_checking")

_CHANNELS = {"ssh": "ssh", "smart": "ssh", "paramiko": "ssh", "paramiko_ssh": "ssh", "local": "local", "winrm": "winrm"}
_TRUE = frozenset({"yes", "on", "true", "1", "y", "t"})
_FALSE = frozenset({"no", "off", "false", "0", "n", "f"})
_JUMP = re.compile(r"(?:[^@\s]+@)?(?:\[[0-9A-Fa-f:.%]+\]|[^\s:@/\[\]]+)(?::[0-9]{1,5})?\Z")
SETTINGS = frozenset(name for names in _NAMES.values() for name in names) | {*_OPTIONS, *_VERIFY}
_OWN = frozenset(name for name in SETTINGS if name.startswith("holdfast_")) | {"holdfast_tags"}


def connection_of(host: str, variables: Mapping[str, Any], places: Mapping[str, Place] | None = None) -> Connection:
    """How to reach the host. Raises Problems: each names its variable.

    variables: plain data, rendered. places: where each was written, for the Problems. Variables of other tools'
    connections that do not change which host is reached, or who is let in, have no effect.
    """
    reader = _Reader(host, variables, places or {})
    connection = reader.connection()
    if reader.problems:
        raise Problems(reader.problems)
    return connection


class _Reader:
    """Reads the variables of one host. One use."""

    def __init__(self, host: str, variables: Mapping[str, Any], places: Mapping[str, Place]) -> None:
        self.host, self.variables, self.places = host, variables, places
        self.problems: list[Problem] = []

    def connection(self) -> Connection:
        for name in self.variables:
            if name.startswith("holdfast_") and name not in _OWN:
                self.refuse(name, "is no variable of Holdfast's", did_you_mean(name, sorted(_OWN)))
        for name in _VERIFY:
            if self.variables.get(name) is not None and not self.boolean(name, self.variables[name]):
                self.refuse(name, "turns off the check of host keys; Holdfast always checks them",
                            "take it out, and let `ssh-keyscan` add the keys to known_hosts, or trust those of new "
                            "hosts on first use with `holdfast_host_keys: accept-new`")
        options = self.ssh_options()
        return Connection(
            host=self.host,
            channel=self.one("channel", self.channel, None) or "ssh",
            address=self.one("address", self.address, options.address) or self.host,
            port=self.one("port", self.port, options.port),
            user=self.one("user", self.login, options.user),
            key=self.one("key", self.text, options.key),
            password=self.one("password", self.secret, None),
            known_hosts=self.one("known_hosts", self.text, options.known_hosts),
            host_keys=self.one("host_keys", self.host_keys, options.host_keys),
            jump=self.one("jump", self.jumps, self.jumps("ProxyJump", options.jump)) or (),
            ssh_config=self.one("ssh_config", self.text, options.ssh_config),
            become=self.become(),
            python=self.one("python", self.python, None) or "",
            folder=self.one("folder", self.folder, None) or "",
            installs_python=self.one("install_python", self.boolean, None) or False,
            connect_s=self.one("connect_s", self.seconds, options.connect_s) or 10.0,
            alive_s=self.one("alive_s", self.seconds, options.alive_s) or 15.0,
        )

    def one(self, setting: str, read: Callable[[str, Any], T | None], otherwise: T | None) -> T | None:
        """What the variables of a setting say. Two that differ are refused; none of them: otherwise."""
        given = [name for name in _NAMES[setting] if self.variables.get(name) is not None]
        values = [read(name, self.variables[name]) for name in given]
        if any(value != values[0] for value in values):
            self.refuse(given[-1], f"and `{given[0]}` say different things", "keep one of the two")
        return values[0] if values else otherwise

    def ssh_options(self) -> SshOptions:
        found = SshOptions()
        for name in _OPTIONS:
            value = self.variables.get(name)
            if value is not None and isinstance(self.text(name, value, empty=True), str):
                found, faults = read_ssh_options(value, found)
                for what, mend in faults:
                    self.refuse(name, what, mend)
        return found

    def become(self) -> Become | None:
        wanted = self.one("become", self.boolean, None)
        method = self.one("become_method", self.text, None) or "sudo"
        user = self.one("become_user", self.text, None) or "root"
        password = self.one("become_password", self.secret, None)
        if not wanted:
            return None
        method = re.sub(r"^(ansible\.builtin|community\.general)\.", "", method)
        if method not in BECOME_METHODS:
            self.refuse("ansible_become_method", f"is `{method}`; Holdfast can use {', '.join(BECOME_METHODS)}",
                        "write sudo")
        return Become(user, method, password)

    # -- kinds of values; each refuses what is none, and then gives None ---------------------------------------------

    def text(self, name: str, value: Any, *, empty: bool = False) -> str | None:
        if isinstance(value, str) and (value or empty) and not re.search(r"[\x00-\x1f\x7f]", value):
            return str(value)
        self.refuse(name, "is empty or holds a control character" if isinstance(value, str) else "is not text",
                    "write a text in quotes")
        return None

    def address(self, name: str, value: Any) -> str | None:
        text = self.text(name, value)
        if text is None or "{" in text:
            return text
        try:
            checks.address(text)
        except Refused as refused:
            self.refuse(name, f"is `{text}`, which is no name or address of a host", refused.mend)
        return text

    def login(self, name: str, value: Any) -> str | None:
        text = self.text(name, value)
        if text is not None and re.search(r"[:/\s]", text):
            self.refuse(name, "has more in it than a name", "write the name alone; a password stands in `password`")
        return text

    def secret(self, name: str, value: Any) -> str | None:
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)  # a password of digits, which Ansible takes as well
        if value == "":
            return None  # as Ansible has it: written down, and left empty
        if isinstance(value, str) and not re.search(r"[\x00\r\n]", value):
            return str(value)
        self.refuse(name, "is no password: it is not text, or of more than one line", "write it in quotes")
        return None

    def port(self, name: str, value: Any) -> int | None:
        if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 6:
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 65536:
            return value
        self.refuse(name, "is no port", "write a number from 1 to 65535")
        return None

    def seconds(self, name: str, value: Any) -> float | None:
        try:
            number = float(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else 0.0
        except ValueError:
            number = 0.0
        if 0 < number < 1e6:
            return number
        self.refuse(name, "is no time", "write a number of seconds, such as 10")
        return None

    def boolean(self, name: str, value: Any) -> bool | None:
        if isinstance(value, bool):
            return value
        word = str(value).lower()
        if isinstance(value, (int, str)) and word in _TRUE | _FALSE:
            return word in _TRUE
        self.refuse(name, "is neither true nor false", "write true or false")
        return None

    def channel(self, name: str, value: Any) -> str | None:
        plugin = self.text(name, value)
        if plugin is None:
            return None
        for prefix in ("ansible.builtin.", "ansible.legacy.", "ansible.netcommon.", "ansible.windows."):
            plugin = plugin.removeprefix(prefix)
        if plugin in _CHANNELS:
            return _CHANNELS[plugin]
        self.refuse(name, f"is `{plugin}`, a way to hosts that Holdfast does not have",
                    "write ssh or local; what is in a container is reached by ssh, or from its own host")
        return None

    def python(self, name: str, value: Any) -> str | None:
        path = self.text(name, value)
        if path is None or path.startswith("auto"):
            return None  # auto, auto_silent and the like: the runner looks itself
        if found := re.fullmatch(r"(?:/usr/bin/env\s+)?([\w.-]+)|(/\S+)", path):
            return found[1] or found[2]
        self.refuse(name, "is neither a path nor the name of a program", "write a path such as /usr/bin/python3")
        return None

    def host_keys(self, name: str, value: Any) -> str | None:
        if value in HOST_KEYS:
            return str(value)
        self.refuse(name, f"is none of {', '.join(HOST_KEYS)}", did_you_mean(str(value), HOST_KEYS))
        return None

    def folder(self, name: str, value: Any) -> str | None:
        path = self.text(name, value)
        if path is None or path.startswith(("/", "~/")):
            return path
        self.refuse(name, "is no absolute path", "write one that starts with /")
        return None

    def jumps(self, name: str, value: Any) -> tuple[str, ...] | None:
        """One host, several with commas between, or a list."""
        given = value.split(",") if isinstance(value, str) else value if isinstance(value, (list, tuple)) else (value,)
        hosts = tuple(each.strip() if isinstance(each, str) else "" for each in given)
        for each, host in zip(given, hosts, strict=True):
            if not _JUMP.match(host):
                self.refuse(name, f"has `{each}` for a host to go through", "write user@host:port, or a list of them")
                return None
        return hosts

    def refuse(self, name: str, what: str, mend: str) -> None:
        self.problems.append(Problem(f"{self.host}: `{name}` {what}", self.places.get(name), mend))
