"""holdfast graph: the task graph of a host."""
from __future__ import annotations

from argparse import ArgumentParser, Namespace

from holdfast.cli.api import GetApi
from holdfast.cli.console import Console

FORMATS = ("text", "mermaid", "dot", "svg")


def add(parser: ArgumentParser) -> None:
    """Declares the options."""
    parser.description = ("Show what is carried out on a host, in which order, what needs what, and what is notified. "
                          "No host is contacted; facts are those that were gathered last.")
    parser.epilog = """\
examples:
  holdfast graph web01
  holdfast graph web01 --format mermaid
  holdfast graph web01 --format svg > web01.svg    needs the program dot of Graphviz"""
    parser.add_argument("host", metavar="HOST", help="its name")
    parser.add_argument("documents", metavar="FILE", nargs="*", default=[],
                        help="documents (default: all of playbooks/)")
    parser.add_argument("--format", choices=FORMATS, default="text", help="default: text; dot is Graphviz's language")


def run(args: Namespace, console: Console, api: GetApi) -> int:
    """Carries it out."""
    from holdfast.cli.loading import load_contents
    from holdfast.reports import graphs

    with load_contents(args, api) as project:
        found = project.graph(args.host, args.documents)
    if console.json:
        for thing in graphs.objects(found):
            console.object(thing)
    elif args.format == "svg":
        console.lines(svg("\n".join(graphs.dot(found))).splitlines())
    else:
        shown = {"text": graphs.text, "mermaid": graphs.mermaid, "dot": graphs.dot}[args.format]
        console.lines(shown(found))
    return 0


def svg(drawing: str) -> str:
    """What Graphviz draws. Raises Problems."""
    import subprocess

    from holdfast.problems import Problem, Problems

    try:
        return subprocess.run(["dot", "-Tsvg"], input=drawing, capture_output=True, text=True, check=True,
                              timeout=60).stdout
    except FileNotFoundError:
        raise Problems([Problem("Graphviz is not installed here, and draws the SVG", None,
                                "apt-get install graphviz; or take --format mermaid")]) from None
    except subprocess.SubprocessError as error:
        raise Problems([Problem(f"Graphviz could not draw it: {error}", None, "take --format mermaid")]) from None
