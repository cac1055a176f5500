"""holdfast completion: what makes Tab work in a shell."""
from __future__ import annotations

from argparse import ArgumentParser, Namespace

from holdfast.cli.api import GetApi
from holdfast.cli.console import Console


def add(parser: ArgumentParser) -> None:
    """Declares the options."""
    parser.description = ("Print what makes a shell complete commands, options, hosts, tags, groups, documents and "
                          "runs. The names are those of the project folder at hand.")
    parser.epilog = """\
examples:
  source <(holdfast completion bash)               in ~/.bashrc
  source <(holdfast completion zsh)                in ~/.zshrc, after compinit
  holdfast completion fish | source                in ~/.config/fish/config.fish"""
    parser.add_argument("shell", choices=("bash", "zsh", "fish"), metavar="bash|zsh|fish", help="which shell")


def run(args: Namespace, console: Console, api: GetApi) -> int:
    """Carries it out."""
    from holdfast.cli.completion import script

    code = script(args.shell)
    console.results(code.splitlines(), [{"event": "completion", "shell": args.shell, "script": code}])
    return 0
