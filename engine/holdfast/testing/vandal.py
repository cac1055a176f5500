"""Breaking hosts on purpose: what is done to a resource so that it is not as declared any more."""
from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from holdfast_host.graph import Node
from holdfast_host.values import from_wire

Args = Mapping[str, Any]
SPARED = frozenset({"ssh", "sshd", "ssh.service", "sshd.service"})  # without it the host could not be asked


@dataclass(frozen=True, slots=True)
class Vandalism:
    """id: of the resource; command: of a shell on its host."""

    id: str
    command: str


def vandalism(nodes: Iterable[Node]) -> Iterator[Vandalism]:
    """What to do to those of which it is known what to do. One deed a file: what two resources keep is broken once."""
    seen: set[str] = set()
    for node in nodes:
        args = {name: value for name, value in from_wire(node.args).items() if isinstance(value, str | bool)}
        has = {*node.args}
        command = _command(node.type, args, has) if args.get("state", "present") == "present" else None
        place = str(args.get("path", node.id))
        if command and place not in seen:
            seen.add(place)
            yield Vandalism(node.id, command)


def _command(type_: str, args: Args, has: set[str]) -> str | None:
    path, name = shlex.quote(str(args.get("path", ""))), str(args.get("name", ""))
    if type_ in ("file", "template") and has & {"content", "source"}:
        return f"echo vandal >> {path}"
    if type_ in ("file", "template", "directory") and "mode" in args:
        return f"chmod {'0701' if str(args['mode'])[-3:] != '701' else '0700'} {path}"
    if type_ == "link":
        return f"rm -f {path}"
    if type_ == "line" and args.get("text"):
        rest = f"grep -vxF -e {shlex.quote(str(args['text']))} {path} > /tmp/vandal"
        return f"{rest}; cat /tmp/vandal > {path}; rm /tmp/vandal"
    if type_ == "systemd_unit" and has & {"content", "source", "template"} and "drop_in" not in has:
        return f"echo '# vandal' >> {shlex.quote('/etc/systemd/system/' + name)}"
    if type_ == "service" and name not in SPARED and args.get("running") is True:
        return f"systemctl stop {shlex.quote(name)}"
    if type_ == "service" and name not in SPARED and args.get("enabled") is True:
        return f"systemctl disable {shlex.quote(name)}"
    return None
