"""holdfast test: documents on throwaway hosts."""
from __future__ import annotations

from argparse import ArgumentParser, Namespace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.cli import exits
from holdfast.cli.api import GetApi
from holdfast.cli.console import Console

if TYPE_CHECKING:
    from holdfast.testing.model import CaseResult, Step

PAINT = {"passed": "good", "failed": "bad", "skipped": "faint"}
SHOWN = 6  # lines of what went well


def add(parser: ArgumentParser) -> None:
    """Declares the options."""
    parser.description = ("Try documents on throwaway Debian hosts of this machine (Linux, as root): apply, apply "
                          "again (must change nothing), break, see the drift, heal; then your own testinfra files "
                          "look. No host of the inventory is contacted.")
    parser.epilog = """\
examples:
  holdfast test                            every test in tests/
  holdfast test tests/web.yml --keep       leave the hosts up, to look around
  holdfast test --junit results.xml        for CI

docs/how-to/test-documents.md says how tests are written."""
    parser.add_argument("tests", metavar="TEST", nargs="*", help="files and folders with tests (default: tests/)")
    parser.add_argument("--junit", metavar="FILE", default="", help="write the results as JUnit's XML too")
    parser.add_argument("--keep", action="store_true", help="leave the hosts up, and say how to log in")


def run(args: Namespace, console: Console, api: GetApi) -> int:
    """Carries it out."""
    from holdfast.problems import Place, Problem, Problems
    from holdfast.testing import junit, running, witness
    from holdfast.testing.lab.errors import LabError
    from holdfast.testing.reading import read_tests

    folder, settings = Path(args.folder), dict(args.set)
    tests = read_tests(folder, args.tests)
    lacking = [problem for test in tests if test.witnesses for problem in witness.missing(test.place)]
    if lacking:
        raise Problems(lacking[:1])
    declared = {test.name: running.refuse(test, folder, args.inventory, settings) for test in tests}
    results: list[CaseResult] = []
    try:
        for test in tests:
            console.results([f"{test.name} ({test.place})"], [])
            tested, ssh_config = running.run_test(test, folder, declared[test.name], settings,
                                                  partial(_tell, console, test.name),
                                                  keep=args.keep)
            results.append(tested)
            if ssh_config:
                console.note(f"the hosts are still up: ssh -F {ssh_config} {test.hosts[0].name}")
        if args.junit:
            junit.write(results, args.junit)
    except LabError as error:
        raise Problems([Problem(f"no throwaway hosts here: {error}", None, "it needs Linux, and root")]) from error
    except OSError as error:
        raise Problems([Problem(f"cannot be written: {error.strerror}", Place(args.junit))]) from error
    failed = [one.test for one in results if not one.is_passed]
    console.results(["", f"{len(results) - len(failed)} of {len(results)} tests passed"
                     + (f"; failed: {', '.join(failed)}" if failed else "")],
                    [{"event": "tested", "passed": len(results) - len(failed), "failed": failed}])
    return exits.FAILED if failed else exits.OK


def _tell(console: Console, test: str, step: Step) -> None:
    head = f"  {console.style.paint(f'{step.outcome:8}', PAINT[step.outcome])}{step.name} ({step.seconds:.1f} s)"
    shown = step.details if step.outcome == "failed" or console.verbose else step.details[:SHOWN]
    more = len(step.details) - len(shown)
    console.results([head, *(f"            {line}" for line in shown),
                     *([f"            and {more} more (-v shows them)"] if more else [])],
                    [{"event": "step", "test": test, "step": step.name, "outcome": step.outcome,
                      "seconds": round(step.seconds, 3), "details": list(step.details)}])
