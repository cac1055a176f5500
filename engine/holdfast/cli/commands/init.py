"""holdfast init: a project folder to begin with."""
from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from holdfast.cli.api import GetApi
from holdfast.cli.console import Console

FILES = {
    ".gitignore": ".holdfast/\n",
    "inventory/hosts.yml": """\
# Hosts, their tags and variables. `holdfast inventory list` shows them. Ansible's inventories are read as they are.
inventory: site
hosts:
  here:
    channel: local
    tags: {env: dev}
""",
    "playbooks/quickstart.yml": """\
# What hosts should be. `holdfast plan` shows what it would change, `holdfast apply` changes it.
state: quickstart
targets: env=dev
vars:
  greeting: kept by Holdfast
resources:
  - directory: /tmp/holdfast-quickstart
  - file: /tmp/holdfast-quickstart/hello
    content: |
      {{ inventory_hostname }}: {{ greeting }}
""",
    "tests/quickstart.yml": """\
# `holdfast test` (as root, on Linux) tries the documents on throwaway hosts: applies, applies again, breaks, heals.
test: quickstart
documents: [playbooks/quickstart.yml]
hosts:
  here: {tags: {env: dev}}
witnesses: [test_quickstart.py]
""",
    "tests/test_quickstart.py": """\
# What testinfra sees afterwards. It knows nothing of Holdfast.
def test_greeting(host):
    assert host.file("/tmp/holdfast-quickstart/hello").contains("kept by Holdfast")
""",
    "modules/README.md": """\
Your own resource types, one Python file each. They work like the built-in ones; `holdfast doc` lists them.
""",
}


def add(parser: ArgumentParser) -> None:
    """Declares the options."""
    parser.description = ("Make a project folder: inventory/, playbooks/quickstart.yml, tests/, modules/ and "
                          ".gitignore. What is there already is never overwritten.")
    parser.epilog = """\
examples:
  holdfast init site && cd site && holdfast plan"""
    parser.add_argument("path", metavar="FOLDER", nargs="?", help="the folder (default: that of -C)")


def run(args: Namespace, console: Console, api: GetApi) -> int:
    """Carries it out."""
    from holdfast.problems import Place, Problem, Problems

    folder = Path(args.path or args.folder)
    there = [folder / name for name in FILES if (folder / name).exists()]
    if there:
        raise Problems([Problem("is there already", Place(str(path)), "name another folder, or move it aside")
                        for path in there])
    try:
        for name, content in FILES.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as stream:
                stream.write(content)
    except OSError as error:
        raise Problems([Problem(f"cannot be made: {error.strerror}", Place(str(error.filename or folder)),
                                "name a folder that you may write to")]) from error
    lines = [f"made {folder / name}" for name in FILES]
    inside = "" if folder == Path() else f"cd {folder} && "
    console.results([*lines, f"next: {inside}holdfast plan"],
                    [{"event": "made", "file": str(folder / name)} for name in FILES])
    return 0
