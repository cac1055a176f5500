"""holdfast inventory: hosts, groups, and what an expression selects."""
from __future__ import annotations

from argparse import ArgumentParser, Namespace

from holdfast.cli.api import Contents, GetApi
from holdfast.cli.console import Console
from holdfast.cli.options import Expression, add_action, add_targets


def add(parser: ArgumentParser) -> None:
    """Declares the options."""
    parser.description = ("Hosts, their groups, tags and variables, and what a target expression selects. "
                          "`--list` and `--host NAME` answer as an inventory script of Ansible does.")
    parser.epilog = """\
examples:
  holdfast inventory list
  holdfast inventory list -t 'role=web and not env=prod'
  holdfast inventory show web01
  holdfast inventory tree
  holdfast inventory select 'group:db'             one name a line; ends with 2 when it selects nothing
  holdfast -i hosts.ini inventory list --format ansible    as `ansible-inventory --list`"""
    script = parser.add_argument_group("as an inventory script")
    script.add_argument("--list", action="store_true", dest="script_list", help="the same as list --format ansible")
    script.add_argument("--host", metavar="NAME", dest="script_host", help="the variables of one host, as JSON")
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    listing = add_action(actions, "list", "all hosts, or those of -t")
    listing.add_argument("--format", choices=("table", "json", "ansible"), default="table",
                         help="a table, an object a line, or what Ansible's inventories give (default: table)")
    add_targets(listing)
    show = add_action(actions, "show", "one host: groups, tags, variables and where each was written")
    show.add_argument("host", metavar="HOST", help="its name")
    add_action(actions, "tree", "groups and their hosts")
    select = add_action(actions, "select", "the names that an expression selects, one a line")
    select.add_argument("targets", metavar="EXPRESSION", action=Expression, help="as for -t")


def run(args: Namespace, console: Console, api: GetApi) -> int:
    """Carries it out."""
    from holdfast.cli.loading import load_contents
    from holdfast.problems import Problem, Problems
    from holdfast.reports import hosts

    if args.action is None and not args.script_list and args.script_host is None:
        raise Problems([Problem("inventory: what of it?", None, "list, show HOST, tree or select EXPRESSION")])
    project = load_contents(args, api)
    if args.script_list or args.script_host is not None or getattr(args, "format", "") == "ansible":
        _as_script(project, args.script_host, console)
        return 0
    inventory = project.inventory
    console.warnings(inventory.warnings)
    if args.action == "tree":
        console.results(hosts.tree(inventory, console.style), map(hosts.group_object, inventory.groups.values()))
    elif args.action == "show":
        host = hosts.find(inventory, args.host)
        console.results(hosts.host_lines(host, console.style), [hosts.host_object(host)])
    else:
        names = project.select(args.targets) if args.targets else tuple(inventory.hosts)
        found = [inventory.hosts[name] for name in names]
        console.json = console.json or getattr(args, "format", "") == "json"
        shown = hosts.hosts_table(found, console.style) if args.action == "list" else list(names)
        console.results(shown, map(hosts.host_object, found))
    return 0


def _as_script(project: Contents, host: str | None, console: Console) -> None:
    """What Ansible expects of an executable inventory."""
    import json

    console.lines([json.dumps(project.ansible_inventory(host), indent=4, sort_keys=True)])
