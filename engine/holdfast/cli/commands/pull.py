"""holdfast pull: this host fetches a project, verifies it, and applies what it says of this host."""
from __future__ import annotations

import os
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdfast.cli import exits
from holdfast.cli.api import Emit, GetApi, Stop
from holdfast.cli.console import Console
from holdfast.cli.options import duration

if TYPE_CHECKING:
    from holdfast.executor.model import RunDone
    from holdfast.pulling.fetching import Ready

TRUST = "/etc/holdfast/trusted_keys"
KEY_VARIABLE = "HOLDFAST_REPORT_KEY"  # not an option: command lines are seen by all


def add(parser: ArgumentParser) -> None:
    """Declares the options."""
    parser.description = ("Fetch a project, verify who signed it, and make this host what it says. Nothing is applied "
                          "when the signature is missing or wrong, or when it is older than what was pulled before. "
                          "When the source cannot be reached, the last good copy is applied again.")
    parser.epilog = """\
examples:
  holdfast pull --from git+https://git.example.org/site.git#main
  holdfast pull --from https://files.example.org/site.tar.gz --trust /etc/holdfast/trusted_keys
  holdfast pull --from /srv/site --host web1 --plan
  holdfast pull --from git+ssh://git@git.example.org/site.git --install-timer 30m --splay 10m"""
    parser.add_argument("--from", metavar="SOURCE", dest="source", required=True,
                        help="git+ssh://…, git+https://… (with #BRANCH), https://….tar.gz, or a folder")
    parser.add_argument("--host", metavar="NAME", default="",
                        help="which host of the inventory this is (default: by this machine's name)")
    parser.add_argument("--plan", action="store_true", help="only show what it would change")
    parser.add_argument("--trust", metavar="FILE", default=TRUST,
                        help=f"who may sign: lines as `NAME ssh-ed25519 AAAA…` (default: {TRUST})")
    parser.add_argument("--allow-unsigned", action="store_true",
                        help="take what nobody signed; never what is signed wrongly")
    parser.add_argument("--allow-older", action="store_true", help="go back to an older revision, if there is one now")
    parser.add_argument("--state", metavar="FOLDER", default="",
                        help="where copies and runs are kept (default: /var/lib/holdfast-pull as root)")
    report = parser.add_argument_group("reports")
    report.add_argument("--report", metavar="FILE", default="", help="keep what it has come to in this file, as JSON")
    report.add_argument("--report-to", metavar="URL", default="",
                        help=f"send it there too, again and again until it arrives; ${KEY_VARIABLE} signs it")
    timer = parser.add_argument_group("by itself")
    timer.add_argument("--install-timer", metavar="TIME", type=duration, default=0.0,
                       help="do not pull now: let a systemd timer do it, every so often, as in 30m")
    timer.add_argument("--splay", metavar="TIME", type=duration, default=0.0,
                       help="each host at a time of its own within this, as in 10m")


def run(args: Namespace, console: Console, api: GetApi) -> int:
    """Carries it out."""
    from holdfast.problems import Problem, Problems
    from holdfast.pulling.keeping import Kept
    from holdfast.pulling.model import source

    found = source(args.source)
    if args.report_to and not args.report_to.startswith(("https://", "http://")):
        raise Problems([Problem(f"`{args.report_to}` is no address of a webhook", None, "write https://…")])
    if args.install_timer:
        return _install(args, console)
    kept = Kept(Path(args.state or _state()), found)
    with kept.alone():
        return _Pull(args, console, api, kept).go()


class _Pull:
    """One pull, and what is reported of it."""

    def __init__(self, args: Namespace, console: Console, api: GetApi, kept: Any) -> None:
        from holdfast.pulling.model import source

        self._args, self._console, self._api, self._kept = args, console, api, kept
        self._source, self._began, self._host = source(args.source), time.time(), args.host or os.uname().nodename
        self._about: dict[str, Any] = {}

    def go(self) -> int:
        """Fetches, applies, reports. Raises Problems after they have been reported."""
        from holdfast.problems import Problems
        from holdfast.pulling.reporting import of_result

        try:
            copy = self._fetched()
            done, interrupted = self._applied(copy)
        except Problems as problems:
            self._report(status="refused", message=str(problems))
            raise
        for result in done.results:
            self._report(run=done.run, **of_result(result))
        return exits.of_run(done, False, interrupted)

    def _fetched(self) -> Ready:
        from holdfast.pulling.fetching import ready, rules

        args = self._args
        copy = ready(self._source, self._kept, rules(Path(args.trust), args.allow_unsigned, args.allow_older))
        self._about = {"revision": copy.revision, "signer": copy.signer, "offline": copy.offline}
        by = f"signed by {copy.signer}" if copy.signer else "signed by nobody"
        self._console.note(f"{self._source.shown}: revision {copy.revision or 'without a number'}, {by}"
                           + ("" if copy.is_new else ", as before"))
        if copy.offline:
            self._console.note(f"the last good copy is used, for {copy.offline}", "bad")
        return copy

    def _applied(self, copy: Ready) -> tuple[RunDone, bool]:
        from holdfast.cli.running import carry_out
        from holdfast.pulling.here import this_host
        from holdfast.reports.summary import summary

        how: dict[str, Any] = {"is_here": True, "store": str(self._kept.folder / "holdfast.db")}
        mode: Any = "plan" if self._args.plan else "apply"
        with self._api().load(str(copy.folder), inventory=[], set=dict(self._args.set), **how) as project:
            self._host = this_host(project.inventory, self._args.host)

            async def start(emit: Emit, stop: Stop) -> RunDone:
                return await project.run_async(mode=mode, documents=(), targets=self._host, rollout={}, emit=emit,
                                               stop=stop, kept_facts_s=0.0, save="", confirm_s=None)

            done, interrupted = carry_out(self._args, self._console, self._api, project, start)
        if not self._console.json:
            self._console.lines(summary(done, mode, self._console.style, store=how["store"]))
        return done, interrupted

    def _report(self, **more: Any) -> None:
        from holdfast.pulling.reporting import report, send, write
        from holdfast_host.redact import Redactor

        redactor = Redactor(self._console.secrets)
        found = {name: redactor.text(value) if isinstance(value, str) else value for name, value in
                 report(self._host, self._source.shown, self._began, **self._about, **more).items()}
        if self._console.json:
            self._console.object(found)
        if self._args.report:
            write(found, Path(self._args.report))
        if self._args.report_to:
            wrong = send(found, self._args.report_to, os.environ.get(KEY_VARIABLE, ""), self._kept.folder / "reports")
            if wrong:
                self._console.note(f"the report waits for the next pull: {wrong}", "bad")


def _install(args: Namespace, console: Console) -> int:
    from holdfast.problems import Problem, Problems
    from holdfast.pulling.model import source
    from holdfast.pulling.units import FOLDER, install, units

    if args.set or args.allow_older:
        raise Problems([Problem(f"a timer keeps no {'--set' if args.set else '--allow-older'}", None,
                                "write it into the inventory, as a variable" if args.set else
                                "pull once with it, without --install-timer")])
    found = source(args.source)
    words = ["pull", "--from", found.address if found.kind == "folder" else args.source,
             "--trust", str(Path(args.trust).resolve())]
    for option, value in (("--state", args.state), ("--report", args.report)):
        words += [option, str(Path(value).resolve())] if value else []
    for option, value in (("--host", args.host), ("--report-to", args.report_to)):
        words += [option, value] if value else []
    words += ["--allow-unsigned"] if args.allow_unsigned else []
    words += ["--plan"] if args.plan else []
    made = units(words, args.install_timer, args.splay)
    install(made)
    console.results([f"made {FOLDER / name}" for name in made],
                    [{"event": "made", "file": str(FOLDER / name)} for name in made])
    return exits.OK


def _state() -> str:
    if os.geteuid() == 0:
        return "/var/lib/holdfast-pull"
    return str(Path.home() / ".local" / "state" / "holdfast-pull")
