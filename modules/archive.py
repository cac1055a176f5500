"""archive: what is in an archive stands below a directory."""
from __future__ import annotations

import re
from typing import Any, ClassVar, Dict, List, Optional, Sequence, Tuple

from holdfast_host import (
    ALLOWED,
    Blob,
    Change,
    Declared,
    Failed,
    Field,
    Identity,
    Outputs,
    Record,
    Refused,
    Resource,
    Stale,
    arg,
    attributes,
    checks,
    files,
    regular,
    sources,
)
from holdfast_host.files import DIRECTORY, FileState

FORM = 1  # of the record
SHOWN = 5  # paths that a report names one by one


class Kept(Record):
    """What a run has written down of an archive that it unpacked. checksum: what it is known by; strip: how many parts
    were taken away; made: whether the directory was made for it; below: as `unpacking.Unpacked`, in order; version: of
    what is in it, as declared then, "": nobody said."""

    checksum: str
    strip: int
    made: bool
    below: Tuple[Tuple[Any, ...], ...]
    version: str = ""


class Observed(Record):
    """folder: the directory. checksum: of an archive on the host; "": there is none, or it is known without looking.
    kept: what is written down; None: nothing is. off: paths that are not as they were unpacked. uid, gid: the declared
    owner and group; -1: whoever. is_created: whether `creates` is there."""

    folder: regular.Observed
    checksum: str = ""
    kept: Optional[Kept] = None
    record: str = ""
    off: Tuple[str, ...] = ()
    is_created: bool = False
    fresh: Optional[FileState] = None


def _file(path: str) -> None:
    checks.absolute(path)
    _kind(path)


def _url(text: str) -> None:
    sources.url(text)
    _kind(text.partition("?")[0])


def _kind(name: str) -> None:
    other = re.search(r"\.(rar|7z|deb|rpm|apk|exe|msi|iso|dmg|zst|lz4|Z)\Z", name)
    if other is not None:
        package = other.group(1) in ("deb", "rpm", "apk")
        raise Refused("", "`%s` is neither a tar nor a zip" % name, "a `package` comes from a `package_repository`"
                      if package else "pack it as .tar.gz, .tar.xz or .zip")


class Archive(Resource):
    """What is in an archive stands below a directory: tar, plain or by gzip, bzip2 or xz, and zip.

    What was unpacked is written down on the host: a file that is changed or removed later is seen, and put back; files
    that a new version of the archive no longer holds are removed; what others put there stays. Before anything is
    written all of the archive is looked at: one that holds absolute paths, `..`, links that lead out, devices or pipes
    is refused. Permissions are the archive's, without setuid, setgid and the right of others to write.
    """

    gives: ClassVar[Tuple[str, ...]] = ("version",)
    told_in_state: ClassVar[Tuple[str, ...]] = ("version",)
    named: ClassVar[str] = "name"
    barrier: ClassVar[bool] = True
    example: ClassVar[str] = """
        - archive: app
          path: /opt/app
          url: https://example.org/app-1.2.0.tar.gz
          checksum: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
          strip: 1
          owner: app
        - archive: theme
          path: /srv/www/theme
          source: files/theme.zip
        - archive: data
          path: /srv/data
          file: /var/cache/data.tar.xz
          creates: /srv/data/index.db
    """

    name: str = arg(doc="What finds the record of it again; a version in it would make it another archive.",
                    check=checks.one_line)
    path: str = arg(doc="The directory. It is made if only it is missing.", check=checks.absolute)
    source: Optional[Blob] = arg(None, controller="file", doc="The archive on the controller; a relative path starts "
                                 "at the document's folder.")
    file: Optional[str] = arg(None, check=_file, doc="The archive on the host.")
    url: Optional[str] = arg(None, check=_url, secret=ALLOWED, doc="The address of the archive, http or https. "
                             "For one that needs a password or a proxy use `download` and `file`.")
    checksum: Optional[str] = arg(None, check=sources.checksum, doc="With `url`: what the archive is known by: "
                                  "`sha256:` and 64 hex digits; sha384 and sha512 too.")
    version: Optional[str] = arg(None, check=sources.version, doc="The version of what is in it: it is kept on the "
                                 "host, and reports tell of it.")
    strip: int = arg(0, doc="How many of the first parts are taken away from each path in it.")
    creates: Optional[str] = arg(None, check=checks.absolute, doc="A path: when it is there nothing is "
                                 "unpacked, whatever else is or is not there.")
    owner: Optional[str] = arg(None, check=checks.owner, doc="The user all of it belongs to, by name or number; "
                               "without it, the user who applies.")
    group: Optional[str] = arg(None, check=checks.owner, doc="The group all of it belongs to, by name or number.")
    state: str = arg("present", choices=("present", "absent"), doc="`absent` removes what was unpacked, and leaves "
                     "what others put there.")

    def check(self) -> None:
        given = [name for name in ("source", "file", "url") if getattr(self, name) is not None]
        if self.state == "absent":
            for name in (*given, "creates", "checksum", "version"):
                if getattr(self, name) is not None:
                    raise Refused(name, "is given for what is to be absent", "remove it, or `state: absent`")
            return
        if not given:
            raise Refused("source", "is missing", "add `source:`, `file:` or `url:`, where the archive is")
        if len(given) > 1:
            raise Refused(given[1], "and `%s` are both given" % given[0], "remove one of them")
        if self.url is not None and self.checksum is None:
            raise Refused("checksum", "is missing: whoever has the server would have the host",
                          "add `checksum: sha256:…`")
        if self.url is None and self.checksum is not None:
            raise Refused("checksum", "is for a `url`", "remove it")
        if not 0 <= self.strip <= 50:
            raise Refused("strip", "is a number from 0 to 50, not %d" % self.strip, "write a number in that range")
        if self.path == "/":
            raise Refused("path", "/ is the whole system", "name a directory")

    def provides(self) -> Sequence[Identity]:
        return (("archive", "%s: %s" % (self.path, self.name)),)

    def wants(self) -> Sequence[Identity]:
        file = (("path", self.file),) if self.file else ()
        return (("path", self.path), *regular.wants(self.path, self.owner, self.group), *file)

    def observe(self) -> Observed:
        record = _record(self.path, self.name)
        folder = regular.observe(self.path, self.owner, self.group, follow=True, content=False)
        if self.creates is not None and files.look(files.real(self.creates)) is not None:
            return Observed(folder, record=record, is_created=True)
        kept = _read(record)
        is_there = folder.state is not None and folder.state.kind == DIRECTORY
        checksum = "sha256:%s" % (files.sha256(self.file) or "") if self.file else ""
        off = self._off(folder, kept) if kept and is_there and self.state == "present" else ()
        return Observed(folder, checksum, kept, record, off, False, files.fresh(folder.path, DIRECTORY))

    def diff(self, observed: Observed) -> Optional[Change]:
        if observed.is_created:
            return None
        if self.state == "absent":
            return self._removal(observed)
        state, kept = observed.folder.state, observed.kept
        if state is not None and state.kind != DIRECTORY:
            raise Refused("path", "%s is no directory" % self.path, "name another path")
        if self.file is not None and observed.checksum == "sha256:":
            raise Refused("file", "%s does not exist" % self.file, "declare it as a `download` or a `file`")
        if state is None and observed.fresh is None:
            raise regular.no_folder(self.path)
        wanted = self.wanted(observed)
        is_same = kept and (kept.checksum, kept.strip, kept.version) == (wanted, self.strip, self.version or "")
        if state is not None and is_same and not observed.off:
            return None
        if self.source is not None:
            self.source.data()  # it is needed: all that are can be asked for together
        return self._unpacking(observed, wanted)

    def _unpacking(self, observed: Observed, wanted: str) -> Change:
        state, kept = observed.folder.state, observed.kept
        fields: List[Field] = []
        if state is None or kept is None or kept.checksum != wanted:
            fields.append(Field("archive", kept.checksum if kept and state else None, wanted))
        if state and kept and kept.strip != self.strip:
            fields.append(Field("strip", kept.strip, self.strip))
        version = kept.version if kept and state else ""
        if version != (self.version or ""):
            fields.insert(0, Field("version", version or None, self.version))
        if state is not None and kept is None and self._overwrites(observed):
            fields.append(Field("below", "what others put there", "stays, but for what the archive holds too"))
        if observed.off and not fields:
            fields.append(Field("below", "not as unpacked: " + _some(observed.off), "as in the archive"))
        planned: Dict[str, Optional[FileState]] = {}
        if state is None and observed.fresh is not None:
            planned[observed.folder.path] = attributes.dressed(observed.fresh, observed.folder.owner,
                                                               observed.folder.group, None)
            fields += attributes.differences(None, planned[observed.folder.path])
        return Change("create" if state is None or kept is None else "update", tuple(fields), planned, observed)

    def _removal(self, observed: Observed) -> Optional[Change]:
        if observed.kept is None:
            return None
        return Change("delete", (Field("archive", observed.kept.checksum, None),), {}, observed)

    def undo(self, observed: Observed, change: Change) -> Optional[Sequence[Declared]]:
        if change.action == "create" and observed.kept is None and not self._overwrites(observed):
            back: Sequence[Declared] = (("archive", {"name": self.name, "path": self.path, "state": "absent"}),)
            return back
        raise Failed("the files that it replaced or removed are not kept")

    def converge(self, change: Change) -> None:
        observed: Observed = change.payload
        from holdfast_host import unpacking

        folder, kept = observed.folder.path, observed.kept
        if self.state == "absent":
            if kept is not None:
                unpacking.remove(folder, [row[0] for row in kept.below])
                if kept.made and not files.names_in(folder) and files.look(folder) is not None:
                    files.remove(folder, lambda: True)
                files.remove(observed.record, lambda: True)
            return
        planned = change.files.get(folder)
        with _Opened(self, observed) as archive:
            unpacking.look_for_room(archive, folder)
            if planned is not None:
                files.make_directory(folder, planned, lambda: files.look(folder) is None)
            elif files.look(folder) != observed.folder.state:
                raise Stale("%s was changed by someone else meanwhile" % folder)
            self._written(archive, observed, planned is not None or (kept is not None and kept.made))

    def _written(self, archive: Any, observed: Observed, made: bool) -> None:
        """Unpacks, removes what only an earlier archive held, and writes it down. What is about to be written is
        written down first, so that a run that is interrupted leaves nothing that nobody knows of."""
        from holdfast_host import unpacking

        folder, kept = observed.folder.path, observed.kept
        paths = {entry.path for entry in archive.entries}
        old = [row for row in (kept.below if kept else ()) if row[0] not in paths]
        begun = [_row(unpacking.Unpacked(entry.path, entry.kind, -1)) for entry in archive.entries]
        _keep(observed.record, Kept("", self.strip, made, (*begun, *old), kept.version if kept else ""))
        uid, gid = self._ids(observed)
        unpacked = unpacking.unpack(archive, folder, uid, gid)
        unpacking.remove(folder, [row[0] for row in old])
        _keep(observed.record, Kept(self.wanted(observed), self.strip, made, tuple(map(_row, unpacked)),
                                    self.version or ""))

    def outputs(self, observed: Observed) -> Outputs:
        return {"version": observed.kept.version or None if observed.kept else None}

    # -- helpers -----------------------------------------------------------------------------------------------------

    def wanted(self, observed: Observed) -> str:
        """What the declared archive is known by."""
        if self.source is not None:
            return "sha256:" + self.source.sha256
        return self.checksum or observed.checksum

    def _ids(self, observed: Observed) -> Tuple[int, int]:
        owner, group = observed.folder.owner, observed.folder.group
        return files.user_id(owner) if owner else -1, files.group_id(group) if group else -1

    def _off(self, folder: regular.Observed, kept: Kept) -> Tuple[str, ...]:
        from holdfast_host import unpacking

        try:
            owner = files.user_id(folder.owner) if folder.owner else None
            group = files.group_id(folder.group) if folder.group else None
        except Failed:  # not there yet: a plan in which it is made first
            owner = group = -1
        return tuple(unpacking.differing(folder.path, [unpacking.Unpacked(*row) for row in kept.below], owner, group,
                                         files.sha256))

    def _overwrites(self, observed: Observed) -> bool:  # whether something stands where it is to be unpacked to
        return observed.folder.state is not None and bool(files.names_in(observed.folder.path))


class _Opened:
    """The archive of a resource, from wherever it comes, open while the block runs."""

    def __init__(self, resource: Archive, observed: Observed) -> None:
        self.resource, self.observed = resource, observed
        self.path, self.is_ours, self.archive = resource.file or "", False, None  # type: Tuple[str, bool, Any]

    def __enter__(self) -> Any:
        from holdfast_host import fetching, unpacking

        resource = self.resource
        _make_folder(self.observed.record)
        if resource.file is None:
            beside = self.observed.record
            checksum = self.resource.wanted(self.observed)
            self.path, self.is_ours = sources.part_of(beside, checksum), True
            if resource.url is not None:
                fetching.fetch(sources.Source(resource.url, checksum), self.path)
            elif resource.source is not None:
                files.swap(self.path, resource.source.data(), lambda: True, mode="0600")
        elif files.sha256(resource.file) != self.observed.checksum[len("sha256:"):]:
            raise Stale("%s was changed by someone else meanwhile" % resource.file)
        self.archive = unpacking.Archive(self.path, resource.strip)
        return self.archive

    def __exit__(self, *_: object) -> None:
        if self.archive is not None:
            self.archive.close()
        if self.is_ours:
            sources.drop_parts(self.observed.record)


def _record(path: str, name: str) -> str:
    """Where it is written down what was unpacked to a path under a name."""
    import hashlib
    import os

    folder = "/var/lib/holdfast" if os.geteuid() == 0 else os.path.expanduser("~/.local/state/holdfast")
    return "%s/unpacked/%s.json" % (folder, hashlib.sha256(("%s\0%s" % (path, name)).encode(
        "utf-8", "surrogateescape")).hexdigest()[:32])


def _read(path: str) -> Optional[Kept]:
    """What is written down; None: nothing, or nothing that can be read."""
    import json

    data = files.read(path)
    try:
        told = json.loads(data) if data else {}
        if told.get("form") != FORM:
            return None
        return Kept(told["checksum"], told["strip"], told["made"], tuple(tuple(row) for row in told["below"]),
                    str(told.get("version", "")))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _make_folder(record: str) -> None:
    """Makes the directory that records are kept in."""
    import os

    folder = os.path.dirname(record)
    who = files.owner_name(os.geteuid()), files.group_name(os.getegid())
    for missing in (os.path.dirname(folder), folder):
        if files.look(missing) is None:
            files.make_directory(missing, FileState(DIRECTORY, "0700", *who), lambda: True)


def _keep(path: str, kept: Kept) -> None:
    import json

    told = {"form": FORM, "checksum": kept.checksum, "strip": kept.strip, "made": kept.made, "below": kept.below,
            "version": kept.version}
    files.swap(path, json.dumps(told).encode(), lambda: True, mode="0600")


def _row(one: Any) -> Tuple[Any, ...]:
    from holdfast_host.record import fields_of

    return tuple(fields_of(one).values())


def _some(paths: Sequence[str]) -> str:
    more = len(paths) - SHOWN
    return ", ".join(paths[:SHOWN]) + (" and %d more" % more if more > 0 else "")
