"""A regular file with a declared content, owner, group and mode: what `file`, `template` and others do alike."""
from __future__ import annotations

import contextlib
import hashlib
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple, Union

from . import attributes, files
from .errors import Failed, Refused
from .files import DIRECTORY, FILE, LINK, FileState
from .record import Record, with_fields
from .resource import Change, Declared, Field, Identity
from .values import Blob

SHOWN = 1024 * 1024  # bytes; the content of a larger file is compared by its hash and not shown

Content = Union[bytes, Blob, None]
Validate = Union[str, Callable[[str], None], None]


class Observed(Record):
    """What stands at a path. path: the file that counts, links followed if asked for. data: the content, of a file of
    up to SHOWN bytes; sha256: of a larger one. fresh: what a new file would be there, None: there is no directory for
    it (only looked for when nothing is at the path). owner, group: the declared ones as the host spells them."""

    path: str
    state: Optional[FileState]
    data: Optional[bytes] = None
    sha256: str = ""
    fresh: Optional[FileState] = None
    owner: Optional[str] = None
    group: Optional[str] = None
    is_empty: bool = True  # of a directory that stands in the way


class Deed(Record):
    """What `converge` needs. data: the new content, None: it stays. backup: the name to keep the old content under."""

    observed: Observed
    after: Optional[FileState]
    data: Optional[bytes] = None
    backup: str = ""


def observe(path: str, owner: Optional[str], group: Optional[str], *, follow: bool, content: bool,
            shown: int = SHOWN) -> Observed:
    """What is at the path; also what is in the file, if `content`: all of it up to `shown` bytes, else its hash."""
    state = files.look(path)
    if state is not None and state.kind == LINK and follow:
        path = files.real(path)
        state = files.look(path)
    owner = owner and files.owner_as_shown(owner)
    group = group and files.group_as_shown(group)
    if state is None or state.kind != FILE:
        is_empty = state is None or state.kind != DIRECTORY or not files.names_in(path)
        return Observed(path, state, None, "", files.fresh(path, FILE), owner, group, is_empty)
    if not content:
        return Observed(path, state, None, "", None, owner, group, True)
    if state.size > shown:
        return Observed(path, state, None, files.sha256(path) or "", None, owner, group, True)
    return Observed(path, state, files.read(path, shown), "", None, owner, group, True)


def present(observed: Observed, content: Content, mode: Optional[str], *, force: bool = False,
            backup: bool = False) -> Optional[Change]:
    """The change that makes the file so; None: it is. content None: whatever it is; a new file is empty.

    Pure. Raises NeedBlob before anything else when the content is needed and has not come, so that the contents of all
    files can be asked for together.
    """
    before = observed.state
    is_file = before is not None and before.kind == FILE
    data = None if is_file and _is_same(observed, content) else \
        content.data() if isinstance(content, Blob) else content or b""
    after = to_be(observed, mode, force=force)
    if data is None and after is before:
        return None
    return _change(observed, after, data, backup and is_file and data is not None)


def to_be(observed: Observed, mode: Optional[str], *, force: bool = False) -> FileState:
    """The state that the file is to have, its content aside. Raises Refused where no file can be."""
    before = observed.state
    is_file = before is not None and before.kind == FILE
    if before is not None and not is_file:
        _in_the_way(observed, before, force)
    start = before if is_file else observed.fresh
    if start is None:
        raise no_folder(observed.path)
    return attributes.dressed(start, observed.owner, observed.group, mode)


def _is_same(observed: Observed, content: Content) -> bool:
    if content is None:
        return True
    if isinstance(content, bytes):
        return observed.data == content if observed.data is not None else _hash(content) == observed.sha256
    if observed.state is None or observed.state.size != content.size:
        return False
    return content.sha256 == (observed.sha256 or _hash(observed.data or b""))


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _change(observed: Observed, after: FileState, data: Optional[bytes], backup: bool) -> Change:
    before = observed.state
    fields: Tuple[Field, ...] = ()
    planned: Dict[str, Optional[FileState]] = {}
    kept = ""
    if before is not None and before.kind != FILE:
        fields += (Field("kind", before.kind, FILE),)
        before = None
    if data is not None:
        fields += (Field("content", *_shown(observed, before, data)),)
        after = with_fields(after, size=len(data), data=data)
    else:
        after = with_fields(after, data=after.data if observed.data is None else observed.data)
    if backup and before is not None:
        kept = "%s.%s~" % (observed.path, (observed.sha256 or _hash(observed.data or b""))[:8])
        fields += (Field("backup", None, kept),)
        planned[kept] = with_fields(before, data=observed.data)
    planned[observed.path] = after
    fields += attributes.differences(before, after)
    return Change("create" if observed.state is None else "update", fields, planned,
                  Deed(observed, after, data, kept))


def _shown(observed: Observed, before: Optional[FileState], data: bytes) -> Tuple[Any, Any]:
    """Both contents as bytes, or as size and hash when the old one was too large to be kept."""
    if before is not None and observed.data is None:
        return ("%d bytes (SHA-256 %s…)" % (before.size, observed.sha256[:12]),
                "%d bytes (SHA-256 %s…)" % (len(data), _hash(data)[:12]))
    return (None if before is None else observed.data), data


def absent(observed: Observed) -> Optional[Change]:
    """The change that removes a file or a link; None: there is nothing."""
    before = observed.state
    if before is None:
        return None
    if before.kind == DIRECTORY:
        raise Refused("path", "%s is a directory" % observed.path,
                      "remove it with `directory: %s` and `state: absent`" % observed.path)
    fields: Tuple[Field, ...] = ()
    if before.kind == LINK:
        fields = (Field("to", before.target, None),)
    elif observed.data is not None:
        fields = (Field("content", observed.data, None),)
    return Change("delete", fields + attributes.differences(before, None), {observed.path: None},
                  Deed(observed, None))


def _in_the_way(observed: Observed, state: FileState, force: bool) -> None:
    """Refuses to put a file where something else stands, unless that may go."""
    if state.kind == DIRECTORY and force and not observed.is_empty:
        raise Refused("path", "%s is a directory with something in it" % observed.path,
                      "remove it first: `directory: %s` with `state: absent` and `force: true`" % observed.path)
    if force:
        return
    if state.kind == LINK:
        raise Refused("path", "%s is a link to %s" % (observed.path, state.target),
                      "say `follow: true` to write what it leads to, or `force: true` to put a file in its place")
    what = "a directory" if state.kind == DIRECTORY else "not a regular file"
    raise Refused("path", "%s is %s" % (observed.path, what), "say `force: true` to put a file in its place")


def no_folder(path: str) -> Refused:
    """There is no directory for a path to be in."""
    folder = path.rpartition("/")[0] or "/"
    return Refused("path", "its directory %s does not exist" % folder, "declare `directory: %s`" % folder)


def wants(path: str, owner: Optional[str] = None, group: Optional[str] = None) -> Tuple[Identity, ...]:
    """The directories above a path, and the owner and group it is to have."""
    found = tuple(("path", parent) for parent in files.parents(path))
    if owner:
        found += (("user", owner),)
    if group:
        found += (("group", group),)
    return found


def converge(change: Change, validate: Validate = None, folder_owner: Optional[str] = None) -> None:
    """Carries out a change that `present` or `absent` has made. validate: a command line as `checks.command_on_file`
    takes it, or what `files.swap` calls; folder_owner: see there."""
    deed: Deed = change.payload
    observed, after, before = deed.observed, deed.after, deed.observed.state
    path = observed.path
    if after is None:
        files.remove(path, lambda: _is_still(observed))
    elif deed.data is None and before is not None:
        files.dress(path, before, after)
    else:
        _write(deed, after, validate, folder_owner)


def _write(deed: Deed, after: FileState, validate: Validate, folder_owner: Optional[str]) -> None:
    observed, path = deed.observed, deed.observed.path
    if observed.state is not None and observed.state.kind == DIRECTORY:
        files.remove(path, lambda: _is_still(observed))
        observed = with_fields(observed, state=None)
    made = bool(deed.backup) and files.look(deed.backup) is None
    if made:
        files.keep_copy(path, deed.backup)
    try:
        files.swap(path, deed.data or b"", lambda: _is_still(observed), mode=after.mode, owner=after.owner,
                   group=after.group, validate=checker(validate), folder_owner=folder_owner)
    except BaseException:
        if made:
            files.remove(deed.backup, lambda: True)
        raise


@contextlib.contextmanager
def tentatively(changes: Sequence[Change], told: Callable[[], None] = lambda: None,
                validate: Validate = None) -> Iterator[None]:
    """Carries out changes of files, then what stands in the block: should any of it fail, the files are again as they
    were. For files that say at the next boot what is to be so now as well.

    told: called whenever the files have changed; validate: as `converge` has it. The changes are those of `present` and
    `absent` on what was observed with its content.
    """
    done: List[Change] = []
    try:
        for change in changes:
            converge(change, validate)
            done.append(change)
        if done:
            told()
        yield
    except Failed:
        for change in reversed(done):
            _take_back(change)
        if done:
            told()
        raise


def _take_back(change: Change) -> None:
    """Puts back what `converge` has replaced, unless somebody has changed it since."""
    deed: Deed = change.payload
    before, path = deed.observed.state, deed.observed.path
    now = observe(path, None, None, follow=False, content=True, shown=files.LIMIT)
    if (now.state is None) != (deed.after is None) or (deed.data is not None and now.data != deed.data):
        return
    if before is None:
        files.remove(path, lambda: _is_still(now))
    elif deed.observed.data is not None:
        files.swap(path, deed.observed.data, lambda: _is_still(now), mode=before.mode, owner=before.owner,
                   group=before.group)


def undo(observed: Observed) -> Optional[Sequence[Declared]]:
    """Declarations that put back what was observed at a path, content included. Reads a content that was not kept."""
    before, path = observed.state, observed.path
    if before is None:
        return (("file", {"path": path, "state": "absent"}),)
    return put_back(path, before)


def put_back(path: str, before: FileState) -> Optional[Sequence[Declared]]:
    """Declarations of what stands at a path, in the place of whatever will stand there; None: it is of no kind that
    can be declared."""
    dress = {"owner": before.owner, "group": before.group, "mode": before.mode}
    if before.kind == FILE:
        data = files.read(path)
        return None if data is None else (("file", {"path": path, "source": Blob.of(data), "force": True, **dress}),)
    if before.kind == LINK:
        who = {"owner": before.owner, "group": before.group}
        return (("link", {"path": path, "to": before.target, "force": True, **who}),)
    if before.kind == DIRECTORY:
        return (("directory", {"path": path, "force": True, **dress}),)
    return None


def _is_still(observed: Observed) -> bool:
    """Whether the path is as it was observed, its content included."""
    now = files.look(observed.path)
    if now != observed.state or now is None or now.kind != FILE:
        return now == observed.state
    if observed.data is not None:
        return files.read(observed.path) == observed.data
    return files.sha256(observed.path) == observed.sha256


def checker(validate: Validate) -> Optional[Callable[[str], None]]:
    """What `files.swap` calls with the temporary file, for a command line as `checks.command_on_file` takes it."""
    if not isinstance(validate, str):
        return validate

    def run(path: str) -> None:
        import shlex

        from . import process

        words = [word.replace("%s", path) for word in shlex.split(validate)]
        process.run(words).must("the new content did not pass `validate`, nothing was written")

    return run
