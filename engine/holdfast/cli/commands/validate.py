"""holdfast validate: are documents and inventory right?"""
from __future__ import annotations

from argparse import ArgumentParser, Namespace

from holdfast.cli.api import GetApi
from holdfast.cli.console import Console
from holdfast.cli.options import add_targets


def add(parser: ArgumentParser) -> None:
    """Declares the options."""
    parser.description = ("Check documents and inventory as plan and apply do before they touch a host: syntax, "
                          "arguments, variables, templates, order, targets. All faults are shown at once, each with "
                          "its place and how to mend it.")
    parser.epilog = """\
examples:
  holdfast validate
  holdfast validate playbooks/webs.yml -t env=prod"""
    parser.add_argument("documents", metavar="FILE", nargs="*", help="documents (default: all of playbooks/)")
    add_targets(parser)


def run(args: Namespace, console: Console, api: GetApi) -> int:
    """Carries it out."""
    from holdfast.cli.loading import load_contents
    from holdfast.reports.words import many

    project = load_contents(args, api)
    checked = project.validate(args.documents, args.targets)
    console.warnings(project.inventory.warnings)
    console.results([f"{many(len(checked.documents), 'document')} for {many(len(checked.hosts), 'host')}: no problems"],
                    [{"event": "validated", "documents": list(checked.documents), "hosts": list(checked.hosts)}])
    return 0
