"""What a plan cannot know yet, and of whom that hangs: read from the course of a run."""
from __future__ import annotations

from typing import List, Optional, Sequence, Set

from . import files, library
from .course import WAITING, Course
from .errors import Failed
from .graph import PENDING, UNKNOWN
from .resource import Change


def acts_before(course: Course, number: int) -> List[str]:
    """What a plan waits for: the pending ones that this node needs, or else all pending ones before it."""
    needed = needed_before(course, number)
    return needed or [step.node.id for step in course.steps[:number] if step.status in WAITING][-3:]


def needed_before(course: Course, number: int) -> List[str]:
    """The pending ones that this node needs, over others too."""
    return [course.steps[i].node.id for i in ancestors(course, number) if course.steps[i].status in WAITING]


def is_awaited(course: Course, number: int) -> bool:
    """Whether pending ones before this node are to bring what it wants: that it lacks something yet is no news."""
    wanted = set(course.make(number).wants())
    return bool(needed_before(course, number)) or any(
        step.status in WAITING and step.resource is not None and not wanted.isdisjoint(step.resource.provides())
        for step in course.steps[:number])


def was_foreseen(course: Course, number: int, planned: Sequence[str]) -> bool:
    """Whether a plan could tell what this node does: nothing before it acts on it in a way that no plan foresees.
    planned: how the nodes before it stood in the plan."""
    for step, status in zip(course.steps, planned):
        cls = library.resource_type(step.node.type)
        if status == UNKNOWN or (status == PENDING and (cls.barrier or wants_of(course, number, cls.sways))):
            return False
    return True


def ancestors(course: Course, number: int) -> List[int]:
    """The numbers of all that this node needs, over others too."""
    found: Set[int] = set()
    ahead = list(course.steps[number].node.needs)
    while ahead:
        i = ahead.pop()
        if i not in found:
            found.add(i)
            ahead += course.steps[i].node.needs
    return sorted(found)


def may_act_on(course: Course, number: int, change: Change) -> List[str]:
    """Planned resources before this one that may do of themselves what it is to do, or undo what it was seen with:
    commands and packages that it needs, or that may bring the file that it would make; and what removes something
    that it wants."""
    resource = course.make(number)
    needed, wanted = set(ancestors(course, number)), set(resource.wants())
    makes_file = change.action == "create" and any(kind == "path" for kind, _ in resource.provides())
    found = []
    for i, step in enumerate(course.steps[:number]):
        if step.status not in WAITING:
            continue
        cls = library.resource_type(step.node.type)
        removes = step.resource is not None and step.resource.is_removal() and not wanted.isdisjoint(
            step.resource.provides())
        if (cls.barrier and (makes_file or i in needed)) or removes or wants_of(course, number, cls.sways) \
                or resource.blind:
            found.append(step.node.id)
    return found[-3:]


def wants_of(course: Course, number: int, kind: str) -> bool:
    """Whether it wants anything of this kind."""
    return bool(kind) and any(wanted == kind for wanted, _ in course.make(number).wants())


def barriers_before(course: Course, number: int) -> List[str]:
    """The pending ones before it of which nobody knows what else they do."""
    return [step.node.id for step in course.steps[:number]
            if step.status in WAITING and library.resource_type(step.node.type).barrier]


def lacking_account(course: Course, number: int, change: Change) -> Optional[Failed]:
    """What apply fails with: a user or group that a path is to get, and that is neither there nor planned."""
    waiting = [*(step for step in course.steps[:number] if step.status in WAITING), course.steps[number]]
    coming = {name for step in waiting if step.resource is not None for kind, name in step.resource.provides()
              if kind in ("user", "group")}
    for state in change.files.values():
        try:
            for name, find in ((state.owner, files.user_id), (state.group, files.group_id)) if state else ():
                if name not in coming:
                    find(name)
        except Failed as failed:
            return failed
    return None
