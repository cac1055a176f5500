"""The connection keys of the native form, and the variables in which they are kept: Ansible's where it has one."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from holdfast.inventory.hostpattern import Wrong
from holdfast.inventory.model import Variable
from holdfast.trees.tree import Node
from holdfast_host.values import did_you_mean

CHANNELS = ("ssh", "local", "winrm")
HOST_KEYS = ("strict", "accept-new")
_BECOME = {"user": "ansible_become_user", "method": "ansible_become_method", "password": "ansible_become_password"}
_VARIABLES = {
    "address": "ansible_host", "port": "ansible_port", "user": "ansible_user", "key": "ansible_ssh_private_key_file",
    "known_hosts": "holdfast_known_hosts", "password": "ansible_password", "channel": "ansible_connection",
    "jump": "holdfast_jump", "python": "ansible_python_interpreter", "become": "ansible_become",
    "ssh_config": "holdfast_ssh_config", "folder": "holdfast_folder", "connect_s": "holdfast_connect_s",
    "alive_s": "holdfast_alive_s", "host_keys": "holdfast_host_keys",
    "install_python": "holdfast_install_python",
}
CONNECTION = tuple(_VARIABLES)


def meant(word: str, known: tuple[str, ...]) -> str:
    """The mend for an unknown key: Ansible's variables of a connection, and its keyword, are keys here."""
    plain = word.replace("_ssh_", "_")
    here = "channel" if word == "connection" else next(
        (key for key, variable in _VARIABLES.items() if plain == variable.replace("_ssh_", "_")), "")
    if here in known:
        return f"Ansible's `{word}` is `{here}` here"
    return did_you_mean(word, known)


def connection_variables(key: str, value: Node) -> dict[str, Variable]:
    """The variables that a connection key sets. Values that are templates are checked later, by connection_of. Raises
    Wrong."""
    if key == "become":
        return _become(value)
    if not _is_template(value):
        _CHECKS.get(key, _text)(key, value)
    return {_VARIABLES[key]: Variable(value.plain(), value.place)}


def _become(value: Node) -> dict[str, Variable]:
    """`true`, `false`, a user, or {user, method, password}."""
    yes = Variable(True, value.place)
    if value.kind == "boolean":
        return {"ansible_become": Variable(value.value, value.place)}
    if str(value.value).lower() in ("yes", "no", "true", "false"):
        raise Wrong(f"`become` is a user, and `{value.value}` is none", "write true or false, without quotes")
    if value.kind == "text" and value.value:
        return {"ansible_become": yes, "ansible_become_user": Variable(value.value, value.place)}
    if value.kind != "mapping":
        raise Wrong("`become` says how to become another user", "write true, a user, or {user: …, password: …}")
    found = {"ansible_become": yes}
    for name, inner in value.items():
        if name.value not in _BECOME:
            raise Wrong(f"unknown key `{name.value}` in `become`", did_you_mean(str(name.value), _BECOME))
        if name.value == "password":
            _secret("become.password", inner)
        else:
            _text(f"become.{name.value}", inner)
        found[_BECOME[str(name.value)]] = Variable(inner.plain(), inner.place)
    return found


def _is_template(value: Node) -> bool:
    return isinstance(value.value, str) and "{{" in value.value


def _text(key: str, value: Node) -> None:
    if value.kind != "text" or not value.value:
        shown = value.written or value.value
        raise Wrong(f"`{key}` is not text", f'write "{shown}" in quotes' if value.kind == "number" else "write a text")


def _address(key: str, value: Node) -> None:
    _text(key, value)
    text = str(value.value)
    user, at, _ = text.rpartition("@")
    if at:
        raise Wrong(f"`{key}` has a user in it", f"write `user: {user}` beside it")
    host, colon, port = text.partition(":")
    if colon and port.isdecimal() and ":" not in port:
        raise Wrong(f"`{key}` has a port in it", f"write `{key}: {host}` and `port: {port}`")


def _port(key: str, value: Node) -> None:
    if not isinstance(value.value, int) or isinstance(value.value, bool) or not 0 < value.value < 65536:
        raise Wrong(f"`{key}` is no port", "write a number from 1 to 65535, without quotes")


def _seconds(key: str, value: Node) -> None:
    if not isinstance(value.value, (int, float)) or isinstance(value.value, bool) or value.value <= 0:
        raise Wrong(f"`{key}` is no time", "write a number of seconds, such as 10")


def _channel(key: str, value: Node) -> None:
    if value.value not in CHANNELS:
        raise Wrong(f"`{value.value}` is no channel", did_you_mean(str(value.value), CHANNELS))


def _boolean(key: str, value: Node) -> None:
    if value.kind != "boolean":
        raise Wrong(f"`{key}` is neither true nor false", "write true or false")


def _host_keys(key: str, value: Node) -> None:
    if value.value not in HOST_KEYS:
        raise Wrong(f"`{key}` is none of {', '.join(HOST_KEYS)}", did_you_mean(str(value.value), HOST_KEYS))


def _jump(key: str, value: Node) -> None:
    for each in value.elements() if value.kind == "list" else (value,):
        _text(key, each)


def _secret(key: str, value: Node) -> None:
    """Text, or {secret: …}, which the compiler reads."""
    if value.kind == "mapping" and value.get("secret") is not None:
        return
    _text(key, value)


_CHECKS: dict[str, Callable[[str, Node], Any]] = {
    "address": _address,
    "port": _port, "connect_s": _seconds, "alive_s": _seconds, "channel": _channel, "jump": _jump, "password": _secret,
    "host_keys": _host_keys, "install_python": _boolean,
}
