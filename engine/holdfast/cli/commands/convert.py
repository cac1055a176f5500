"""holdfast convert: an Ansible playbook or role as a document."""
from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from holdfast.cli.api import GetApi
from holdfast.cli.console import Console


def add(parser: ArgumentParser) -> None:
    """Declares the options."""
    parser.description = ("Turn an Ansible playbook, or the folder of a role, into a document. What has no like is "
                          "left out and named, in a comment at its place and in a table on standard error, with file "
                          "and line; nothing is guessed. The document is printed, or with --to written with the files "
                          "and templates that it uses. No host is touched.")
    parser.epilog = """\
examples:
  holdfast convert site.yml
  holdfast convert site.yml --to playbooks
  holdfast -i hosts.ini convert roles/nginx --to playbooks"""
    parser.add_argument("playbook", metavar="PLAYBOOK", help="a playbook, or the folder of a role")
    parser.add_argument("--to", metavar="FOLDER", help="write it there, with its files and templates; what is there "
                        "already is never overwritten")


def run(args: Namespace, console: Console, api: GetApi) -> int:
    """Carries it out."""
    from holdfast.cli.loading import load_contents
    from holdfast.reports import converted

    path = Path(args.playbook)
    made = load_contents(args, api).convert(args.playbook)
    written = _written(made.text, dict(made.files), Path(args.to), path.stem) if args.to else []
    if console.json:
        for thing in converted.objects(made, written):
            console.object(thing)
        return 0
    for line in converted.summary(made, console.err_style):
        console.note(line)
    console.lines([f"made {name}" for name in written] if args.to else made.text.splitlines())
    return 0


def _written(text: str, files: dict[str, bytes], folder: Path, name: str) -> list[str]:
    """The files that were made. Raises Problems."""
    from holdfast.problems import Place, Problem, Problems

    wanted = {folder / f"{name}.yml": text.encode(), **{folder / inner: content for inner, content in files.items()}}
    there = [path for path, content in wanted.items() if path.exists() and (
        path.name == f"{name}.yml" or path.read_bytes() != content)]
    if there:
        raise Problems([Problem("is there already", Place(str(path)), "name another folder, or move it aside")
                        for path in there])
    try:
        for path, content in wanted.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    except OSError as error:
        raise Problems([Problem(f"cannot be written: {error.strerror}", Place(str(error.filename or folder)),
                                "name a folder that you may write to")]) from error
    return list(map(str, wanted))
