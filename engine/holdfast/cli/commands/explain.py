"""holdfast explain: where each value of a resource comes from."""
from __future__ import annotations

from argparse import ArgumentParser, Namespace

from holdfast.cli.api import GetApi
from holdfast.cli.console import Console


def add(parser: ArgumentParser) -> None:
    """Declares the options."""
    parser.description = ("Show where each value of a resource on a host comes from: file and line, the names that it "
                          "reads, what gives them their values, and all that this overrides. No host is contacted; "
                          "facts are those that were gathered last.")
    parser.epilog = """\
examples:
  holdfast explain web01 'file: /etc/motd'
  holdfast explain web01 'service: nginx' playbooks/webs.yml"""
    parser.add_argument("host", metavar="HOST", help="its name")
    parser.add_argument("resource", metavar="RESOURCE", help="type and name, as plans show it: 'file: /etc/motd'")
    parser.add_argument("documents", metavar="FILE", nargs="*", help="documents (default: all of playbooks/)")


def run(args: Namespace, console: Console, api: GetApi) -> int:
    """Carries it out."""
    from holdfast.cli.loading import load_contents
    from holdfast.reports.explained import explained_lines, explained_object

    with load_contents(args, api) as project:
        found = project.explain(args.host, args.resource, args.documents)
    console.results(explained_lines(found, console.style), [explained_object(found)])
    return 0
