"""holdfast sign: a project is signed, for hosts that pull it."""
from __future__ import annotations

from argparse import ArgumentParser, Namespace

from holdfast.cli.api import GetApi
from holdfast.cli.console import Console


def add(parser: ArgumentParser) -> None:
    """Declares the options."""
    parser.description = ("Write a list of all files of the project folder (holdfast.manifest) and its signature, so "
                          "that hosts which pull the folder, or an archive of it, can tell that nothing was changed "
                          "and that it is not an older one. What hosts pull by git is signed by git: `git commit -S`.")
    parser.epilog = """\
examples:
  holdfast sign --key ~/.ssh/id_ed25519
  holdfast sign --key release.key --archive site.tar.gz"""
    parser.add_argument("--key", metavar="FILE", required=True,
                        help="a private SSH key, or the public one of a key that an agent holds")
    parser.add_argument("--archive", metavar="FILE", default="", help="make an archive of it too, as in site.tar.gz")


def run(args: Namespace, console: Console, api: GetApi) -> int:
    """Carries it out."""
    import time
    from pathlib import Path

    from holdfast.pulling import archiving, manifest

    api().load(args.folder, inventory=[], set={}).validate((), "")  # what is refused here would be so on each host
    folder = Path(args.folder)
    made = manifest.sign(folder, Path(args.key), manifest.next_revision(folder, time.time()))
    if args.archive:
        archiving.write(folder, made, Path(args.archive))
    said = f"signed {len(made.files)} files as revision {made.revision}"
    console.results([said + (f", in {args.archive}" if args.archive else "")],
                    [{"event": "signed", "revision": made.revision, "files": len(made.files), "archive": args.archive}])
    return 0
