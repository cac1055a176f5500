"""What plan, apply and drift have in common: they differ in the mode and in what is printed at the end."""
from __future__ import annotations

from argparse import Namespace

from holdfast.cli.api import Emit, GetApi, Stop
from holdfast.cli.console import Console
from holdfast.cli.loading import load_project
from holdfast.cli.options import rollout
from holdfast.cli.running import Start, carry_out, code_of
from holdfast.executor.model import Asked, Mode, RunDone
from holdfast.plan import Standing
from holdfast.problems import Place, Problem, Problems
from holdfast.reports.agents import agent_object, agents_seen
from holdfast.reports.controls import control_lines, control_objects
from holdfast.reports.objects import drifted_object, of_run
from holdfast.reports.plans import UNSEEN, Since, changes
from holdfast.reports.summary import summary
from holdfast.reports.undone import stays

NOTHING = Standing()


def run_states(args: Namespace, console: Console, api: GetApi, mode: Asked, drift: bool = False,
               save: str = "") -> int:
    """Runs the documents, then prints what differs and the summary. save: where a plan is kept."""
    with load_project(args, console, api) as project:
        async def start(emit: Emit, stop: Stop) -> RunDone:
            return await project.run_async(mode=mode, documents=args.documents, targets=args.targets,
                                           rollout=rollout(args), emit=emit, stop=stop, kept_facts_s=args.kept_facts,
                                           save=save, confirm_s=getattr(args, "confirm", None))

        done, interrupted = carry_out(args, console, api, project, start, drift=drift)
        since = {(one.host, one.result.id): one.first_seen for one in project.drift_seen(done).differences} if drift \
            else UNSEEN
        standing = project.standing(done)
    if save:
        console.note(f"kept in {save}; to do just this: holdfast apply {save}")
    return _told(args, console, done, mode, interrupted, drift, since, standing)


def apply_saved(args: Namespace, console: Console, api: GetApi) -> int:
    """Does what a saved plan has shown."""
    path, *more = args.documents
    given = [*more, *_given(args)]
    if given:
        raise Problems([Problem(f"a saved plan stands alone: {', '.join(given)} cannot be added to it",
                                Place(path), "plan anew with what you want, and `--out`")])
    with load_project(args, console, api) as project:
        async def start(emit: Emit, stop: Stop) -> RunDone:
            return await project.apply_saved_async(path, rollout=rollout(args), emit=emit, stop=stop,
                                                   confirm_s=args.confirm)

        done, interrupted = carry_out(args, console, api, project, start)
        standing = project.standing(done)
    return _told(args, console, done, "saved plan", interrupted, standing=standing)


def resume(args: Namespace, console: Console, api: GetApi) -> int:
    """Takes up a run where it ended."""
    given = [*args.documents, *_given(args)]
    if given:
        raise Problems([Problem(f"--resume takes all from the run itself: {', '.join(given)} cannot be added", None,
                                "leave it out; or apply anew: what is in state already is left alone")])
    with load_project(args, console, api) as project:
        async def start(emit: Emit, stop: Stop) -> RunDone:
            return await project.resume_async(args.resume, rollout=rollout(args), emit=emit, stop=stop,
                                              confirm_s=args.confirm)

        done, interrupted = carry_out(args, console, api, project, start)
        standing = project.standing(done)
    if not done.results:
        console.note(f"run {done.run} is whole: nothing is left to do")
        return code_of(done, args, interrupted)
    return _told(args, console, done, "apply", interrupted, standing=standing)


def undo(args: Namespace, console: Console, api: GetApi) -> int:
    """Shows what it would change to go back to what was before a run, asks, and does it."""
    args.diff = True
    with load_project(args, console, api) as project:
        wanted = project.store.run(args.run, applied=True).id  # `last` might be another one when it has been shown

        def starting(mode: Mode) -> Start:
            async def start(emit: Emit, stop: Stop) -> RunDone:
                return await project.undo_async(wanted, mode=mode, targets=args.targets, resources=args.resource,
                                                rollout=rollout(args), emit=emit, stop=stop)
            return start

        done, interrupted = carry_out(args, console, api, project, starting("plan"))
        if not console.json:
            console.lines(spaced(stays(done.results, console.style)))
        code = _told(args, console, done, "undo", interrupted)
        if not any(one.status == "pending" for one in done.results) or interrupted:
            return code
        if not args.yes and not console.asks("go back to this?"):
            return code
        args.diff = False  # it has just been shown
        done, interrupted = carry_out(args, console, api, project, starting("apply"))
    return _told(args, console, done, "undone", interrupted)


def _given(args: Namespace) -> list[str]:
    """The options that say what is to be done, not how."""
    return [name for name, value in (("-t", args.targets), ("-i", args.inventory), ("--set", args.set),
                                     ("--kept-facts", args.kept_facts)) if value]


def _told(args: Namespace, console: Console, done: RunDone, mode: str, interrupted: bool, drift: bool = False,
          since: Since = UNSEEN, standing: Standing = NOTHING) -> int:
    if console.json:
        for one in (*map(agent_object, standing.agents), *control_objects(standing.controls)):
            console.object(of_run(done.run, one))
        for (host, id_), first in since.items():
            console.object(of_run(done.run, drifted_object(host, id_, first)))
    else:
        if mode not in ("apply", "undone") or args.diff:
            console.lines(spaced(changes(done.results, console.style, args.diff, since,
                                         everything=console.verbose > 0)))
        console.lines(spaced(agents_seen(standing.agents, console.style)))
        console.lines(spaced(control_lines(standing.controls, standing.remarks, console.style, console.verbose > 0)))
        console.lines(summary(done, mode, console.style, drift))
    return code_of(done, args, interrupted)


def spaced(lines: list[str]) -> list[str]:
    """Set off from what stands around them."""
    return ["", *lines, ""] if lines else []
