"""holdfast doc: resource types and kinds of documents."""
from __future__ import annotations

from argparse import ArgumentParser, Namespace

from holdfast.cli.api import GetApi
from holdfast.cli.console import Console


def add(parser: ArgumentParser) -> None:
    """Declares the options."""
    parser.description = "Resource types and kinds of documents: arguments with their types, defaults and an example."
    parser.epilog = """\
examples:
  holdfast doc                                     all types and kinds
  holdfast doc file
  holdfast doc state                               a kind of document"""
    parser.add_argument("name", metavar="NAME", nargs="?", help="a resource type or a kind (default: list them)")


def run(args: Namespace, console: Console, api: GetApi) -> int:
    """Carries it out."""
    from holdfast.problems import Problem, Problems
    from holdfast.reports import types

    known, kinds = api().types(args.folder), api().kinds()
    if args.name is None:
        console.results(types.listing(known, kinds, console.style), types.objects(known, kinds))
    elif args.name in known:
        found = known[args.name]
        if isinstance(found, Problem):
            raise Problems([found])
        console.results(types.type_lines(found, console.style), [types.type_object(found)])
    elif args.name in kinds:
        console.results(types.kind_lines(args.name, kinds[args.name], console.style),
                        [types.kind_object(args.name, kinds[args.name])])
    else:
        from holdfast_host.values import did_you_mean

        raise Problems([Problem(f"there is no resource type or kind of document `{args.name}`", None,
                                did_you_mean(args.name, [*known, *kinds]))])
    return 0
