"""The lab's command line: parse, call, print."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys

from .errors import LabError, LabUnavailable
from .host import LabHost
from .lab import Lab, bring_down, running, sweep

UNAVAILABLE = 69
"""The exit code where this machine cannot run a lab (EX_UNAVAILABLE), for scripts that then do without."""


def main(words: list[str]) -> int:
    """Run one command; the exit code is 0, 1 for an error, 69 where this machine cannot run a lab."""
    logging.basicConfig(format="%(message)s", level=logging.INFO, stream=sys.stderr)
    options = _parser().parse_args(words)
    try:
        code: int = options.verb(options)
    except LabUnavailable as error:
        print(f"no lab on this machine: {error}", file=sys.stderr)
        return UNAVAILABLE
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    return code


def up(options: argparse.Namespace) -> int:
    """Bring a lab up and say where it is."""
    hosts: int | list[str] = int(options.hosts) if options.hosts.isdigit() else options.hosts.split(",")
    tags = {name: dict(pair.split("=", 1) for pair in pairs.split(",")) for name, _, pairs in options.tag}
    return _show(Lab.up(options.name, hosts, tags=tags, reuse=not options.fresh), as_json=False)


def down(options: argparse.Namespace) -> int:
    """Take a lab down; with --all every lab of this machine."""
    for name in running() if options.all else [options.name]:
        bring_down(name)
    return 0


def status(options: argparse.Namespace) -> int:
    """Show the hosts of one lab."""
    sweep()
    return _show(Lab.attach(options.name), options.json)


def show_inventory(options: argparse.Namespace) -> int:
    """Print the inventory."""
    print(Lab.attach(options.name).inventory(), end="")
    return 0


def shell(options: argparse.Namespace) -> int:
    """Become ssh to a host."""
    lab = Lab.attach(options.name)
    _host(lab, options.host)
    os.execvp("ssh", ["ssh", "-F", str(lab.ssh_config), options.host, *options.command])


def reset(options: argparse.Namespace) -> int:
    """Put hosts back to the base; all of them when none is named."""
    lab = Lab.attach(options.name)
    for name in options.host:
        _host(lab, name)
    lab.each(LabHost.reset, options.host or None)
    return 0


def _host(lab: Lab, name: str) -> LabHost:
    if name not in lab.hosts:
        raise LabError(f"lab {lab.name} has no host {name}; it has {', '.join(lab.hosts)}")
    return lab.hosts[name]


def _show(lab: Lab, as_json: bool) -> int:
    rows = [
        {"name": host.name, "address": host.address, "port": host.port, "status": host.status(), "pid": host.pid}
        for host in lab.hosts.values()
    ]
    if as_json:
        files = {"key": lab.key, "known_hosts": lab.known_hosts, "ssh_config": lab.ssh_config}
        print(json.dumps({"lab": lab.name, "hosts": rows, **{key: str(path) for key, path in files.items()}}, indent=2))
        return 0
    for row in rows:
        print(f"{row['name']:16} {row['address']:16} {row['status']}")
    print(f"ssh -F {lab.ssh_config} {rows[0]['name']}")
    return 0


def _tag(text: str) -> tuple[str, str, str]:
    name, colon, pairs = text.partition(":")
    if not colon or not all("=" in pair for pair in pairs.split(",")):
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:KEY=VALUE[,KEY=VALUE]")
    return name, colon, pairs


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description=__doc__)
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    def verb(name: str, action: object, text: str) -> argparse.ArgumentParser:
        one = verbs.add_parser(name, help=text, description=text)
        one.add_argument("--name", default="lab", help="which lab (default: %(default)s)")
        one.set_defaults(verb=action)
        return one

    one = verb("up", up, "bring a lab up, or keep the running one if it has these hosts")
    one.add_argument("--hosts", default="3", help="how many, or names with commas (default: %(default)s)")
    one.add_argument("--tag", type=_tag, action="append", default=[], metavar="HOST:KEY=VALUE,…", help="tags of a host")
    one.add_argument("--fresh", action="store_true", help="never keep a running one")
    one = verb("down", down, "take a lab down; nothing is left of it")
    one.add_argument("--all", action="store_true", help="every lab of this machine")
    one = verb("status", status, "show the hosts of a lab")
    one.add_argument("--json", action="store_true", help="for programs")
    verb("inventory", show_inventory, "print the inventory, as Holdfast reads it")
    one = verb("shell", shell, "log in to a host as root, or run a command there")
    one.add_argument("host")
    one.add_argument("command", nargs=argparse.REMAINDER)
    one = verb("reset", reset, "put hosts back to the base image")
    one.add_argument("host", nargs="*", help="which (default: all)")
    return parser
