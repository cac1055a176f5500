"""holdfast explain: where each value of a resource comes from."""
from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from holdfast.cli.api import GetApi
from holdfast.cli.console import Console
from holdfast.cli.loading import STORE_VARIABLE, load_contents
from holdfast.cli.remembered import Question, listening

if TYPE_CHECKING:
    from holdfast.compiler.explaining import Explanation


def add(parser: ArgumentParser) -> None:
    """Declares the options."""
    parser.description = ("Show where each value of a resource on a host comes from: file and line, the names that it "
                          "reads, what gives them their values, and all that this overrides. No host is contacted; "
                          "facts are those that were gathered last. What is said of a host is kept in .holdfast/said/, "
                          "and said again from there until something changes of what it was read from.")
    parser.epilog = """\
examples:
  holdfast explain web01 'file: /etc/motd'
  holdfast explain web01 'service: nginx' playbooks/webs.yml"""
    parser.add_argument("host", metavar="HOST", help="its name")
    parser.add_argument("resource", metavar="RESOURCE", help="type and name, as plans show it: 'file: /etc/motd'")
    parser.add_argument("documents", metavar="FILE", nargs="*", default=[],
                        help="documents (default: all of playbooks/)")


def run(args: Namespace, console: Console, api: GetApi) -> int:
    """Carries it out."""
    asked = sorted((name, value) for name, value in vars(args).items() if name != "resource")
    question = Question(args.folder, asked, console.style)
    before = question.answer(args.resource)
    if before is not None:
        console.finished(before)
        return 0
    with listening() as heard:
        found = _found(args, console, api)
    console.finished(found[args.resource])
    if "://" not in os.environ.get(STORE_VARIABLE, ""):  # what PostgreSQL says is not heard
        question.keep(heard, found)
    return 0


def _found(args: Namespace, console: Console, api: GetApi) -> dict[str, str]:
    """By resource of the host what is to be printed of it. Raises Problems when there is no such resource."""
    from holdfast.reports.explained import explained_lines, explained_object

    def text(one: Explanation) -> str:
        if not console.json:
            return "\n".join(explained_lines(one, console.style))
        from holdfast.reports.objects import line  # brings asyncio

        return line(explained_object(one))

    with load_contents(args, api) as project:
        explanations = project.explanations(args.host, args.documents)
        explanations.of(args.resource)
        return {id: text(explanations.of(id)) for id in explanations.ids}
