"""holdfast schema: what editors need to complete, check and explain documents."""
from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace

from holdfast.cli.api import GetApi
from holdfast.cli.console import Console


def add(parser: ArgumentParser) -> None:
    """Declares the options."""
    parser.description = ("Print a JSON Schema of documents, made from the resource types, those of modules/ included: "
                          "for completion, errors and help in any editor with a YAML language server.")
    parser.epilog = """\
examples:
  holdfast schema > .holdfast/schema.json          then name it in the editor's settings"""


def run(args: Namespace, console: Console, api: GetApi) -> int:
    """Carries it out."""
    schema = api().schema(args.folder)
    console.results(json.dumps(schema, indent=2, ensure_ascii=False).splitlines(), [schema])
    return 0
