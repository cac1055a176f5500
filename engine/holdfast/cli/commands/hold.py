"""holdfast hold: one drift is accepted for a time."""
from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any

from holdfast.cli.api import GetApi
from holdfast.cli.console import Console


def add(parser: ArgumentParser) -> None:
    """Declares the options."""
    parser.usage = ("holdfast hold HOST RESOURCE --until TIME --owner NAME --why TEXT\n"
                    "       holdfast hold list\n       holdfast hold release HOST RESOURCE")
    parser.description = ("Accept one drift for a time: an emergency fix is not reverted, neither by `enforce` nor by "
                          "`apply`, and `plan` and `drift` say who holds it, until when and why.\n\n"
                          "`release` ends a hold before its time, and a fight: what was left alone because it drifts "
                          "again and again.")
    parser.epilog = """\
examples:
  holdfast hold web1 'file: /etc/nginx/nginx.conf' --until 12h --owner ada --why 'INC-4711: larger buffers'
  holdfast hold web1 'service: nginx' --until 2026-12-01T08:00 --owner ada --why 'migration'
  holdfast hold list
  holdfast hold release web1 'service: nginx'"""
    parser.add_argument("words", metavar="HOST RESOURCE", nargs="+",
                        help="a host and a resource of it, as `type: name`; or `list`; or `release HOST RESOURCE`")
    parser.add_argument("--until", metavar="TIME", default="",
                        help="how long: 12h, 3d; or a day or a moment: 2026-12-01, 2026-12-01T08:00 (local time)")
    parser.add_argument("--owner", metavar="NAME", default="", help="who answers for it")
    parser.add_argument("--why", metavar="TEXT", default="", help="the reason, as in a ticket's number")


def run(args: Namespace, console: Console, api: GetApi) -> int:
    """Carries it out."""
    from holdfast.cli.loading import load_project
    from holdfast.enforcement import holding
    from holdfast.problems import Problem, Problems

    with load_project(args, console, api) as loaded:
        project: Any = loaded
        words = args.words
        if words == ["list"]:
            _list(project, console)
        elif words[0] == "release" and len(words) == 3:
            said = holding.release(project, words[1], words[2])
            console.results([said], [{"event": "released", "host": words[1], "resource": words[2], "what": said}])
        elif len(words) == 2:
            from holdfast.reports.holding import held_words

            hold = holding.hold(project, words[0], words[1], args.until, args.owner, args.why)
            console.results([f"{hold.host}: {hold.id}: {held_words(hold)}"], [holding.hold_object(hold)])
        else:
            raise Problems([Problem("a host and a resource are needed", None,
                                    "as in `holdfast hold web1 'service: nginx' --until 12h --owner ada --why …`")])
    return 0


def _list(project: Any, console: Console) -> None:
    from holdfast.enforcement import holding
    from holdfast.enforcement.events import episode
    from holdfast.reports.holding import holds_lines

    holds, fights = holding.held(project)
    console.results(holds_lines(holds, fights, console.style),
                    [*map(holding.hold_object, holds), *map(episode, fights)])
