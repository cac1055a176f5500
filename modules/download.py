"""download: a file that is fetched from an address, known by its checksum."""
from __future__ import annotations

from typing import ClassVar, Dict, Optional, Sequence

from holdfast_host import (
    ALLOWED,
    ALWAYS,
    Change,
    Declared,
    Field,
    Identity,
    Record,
    Refused,
    Resource,
    arg,
    attributes,
    checks,
    files,
    regular,
    sources,
)
from holdfast_host.ahead import UNKNOWN
from holdfast_host.files import FILE, FileState
from holdfast_host.record import with_fields


class Observed(Record):
    """file: what stands at the path. checksum: of its content, as it is declared; "": it was not looked at."""

    file: regular.Observed
    checksum: str = ""


class Deed(Record):
    """What `converge` needs. after: what the file is to be."""

    observed: Observed
    after: FileState


class Download(Resource):
    """A file that is fetched from an address when it is not there, or has another checksum than the one declared.

    It takes its place at one moment, when all of it has come and its checksum is right. What had come when a run was
    interrupted is kept beside it, and the next run goes on from there. Redirections are followed, up to ten; https
    never leads to http, and headers and passwords go to no other server than the one that is named.
    """

    named: ClassVar[str] = "path"
    example: ClassVar[str] = """
        - download: /opt/app/app-1.2.0.tar.gz
          url: https://example.org/releases/app-1.2.0.tar.gz
          checksum: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
        - download: /usr/local/share/geo.db
          url: https://example.org/latest/geo.db
          unverified: true
          mode: "0640"
          group: adm
    """

    path: str = arg(doc="The file.", check=checks.absolute)
    url: str = arg(doc="Where it is fetched from, http or https.", check=sources.url, secret=ALLOWED)
    checksum: Optional[str] = arg(None, check=sources.checksum, doc="What its content is known by: `sha256:` and 64 "
                                  "hex digits; sha384 and sha512 too.")
    unverified: bool = arg(False, doc="Take what comes, without a checksum. A file that is there is then left as it "
                           "is, whatever is in it.")
    owner: Optional[str] = arg(None, check=checks.owner, doc="The user it belongs to, by name or number.")
    group: Optional[str] = arg(None, check=checks.owner, doc="The group it belongs to, by name or number.")
    mode: Optional[str] = arg(None, check=checks.permissions, doc='Permissions: four octal digits in quotes ("0640") '
                              'or letters as chmod takes them ("u=rw,g=r,o="). A new file is 0644.')
    headers: Dict[str, str] = arg({}, secret=ALLOWED, doc="Headers of the request.")
    username: Optional[str] = arg(None, check=checks.one_line, doc="With `password`: who asks, by HTTP's basic "
                                  "authentication.")
    password: Optional[str] = arg(None, check=checks.one_line, secret=ALWAYS, doc="The password.")
    proxy: Optional[str] = arg(None, check=sources.url, doc="The address of a proxy; without it, what the environment "
                               "of the host says (http_proxy, https_proxy, no_proxy).")
    verify: bool = arg(True, doc="Check the certificate of https.")
    ca: Optional[str] = arg(None, check=checks.absolute, doc="A file on the host with the certificates to be trusted, "
                            "in place of the host's own.")
    timeout_s: float = arg(30.0, check=checks.seconds, doc="How many seconds the server may be silent.")
    force: bool = arg(False, doc="Put the file in the place of a link or of an empty directory.")

    def check(self) -> None:
        if self.checksum is None and not self.unverified:
            raise Refused("checksum", "is missing: whoever has the server would have the host",
                          "add `checksum: sha256:…`, or say plainly `unverified: true`")
        if self.checksum is not None and self.unverified:
            raise Refused("unverified", "and `checksum` are both given", "remove one of them")
        if (self.username is None) != (self.password is None):
            missing = "password" if self.password is None else "username"
            raise Refused(missing, "is missing", "add it")
        if self.ca is not None and not self.verify:
            raise Refused("ca", "is given, and nothing is to be verified", "remove it, or `verify: false`")

    def provides(self) -> Sequence[Identity]:
        return (("path", self.path),)

    def wants(self) -> Sequence[Identity]:
        ca = (("path", self.ca),) if self.ca else ()
        return (*regular.wants(self.path, self.owner, self.group), *ca)

    def observe(self) -> Observed:
        found = regular.observe(self.path, self.owner, self.group, follow=False, content=False)
        if self.checksum is None or found.state is None or found.state.kind != FILE:
            return Observed(found)
        return Observed(found, self._digest(self.checksum.partition(":")[0]))

    def diff(self, observed: Observed) -> Optional[Change]:
        before = observed.file.state
        after = regular.to_be(observed.file, self.mode, force=self.force)
        if before is not None and before.kind == FILE and (self.checksum is None or observed.checksum == self.checksum):
            return regular.present(observed.file, None, self.mode)
        after = with_fields(after, size=UNKNOWN)
        fields: Sequence[Field] = (Field("content", observed.checksum or None, self.checksum or "whatever comes"),)
        if before is not None and before.kind != FILE:
            fields, before = (Field("kind", before.kind, FILE), *fields), None
        return Change("update" if observed.file.state else "create", (*fields, *attributes.differences(before, after)),
                      {self.path: after}, Deed(observed, after))

    def undo(self, observed: Observed, change: Change) -> Optional[Sequence[Declared]]:
        return regular.undo(observed.file)

    def converge(self, change: Change) -> None:
        if not isinstance(change.payload, Deed):
            regular.converge(change)
            return
        from holdfast_host import fetching

        deed: Deed = change.payload
        part = sources.part_of(self.path, self.checksum or "")
        fetching.fetch(self.source(), part)
        state = deed.observed.file.state
        if state is not None and state.kind == files.DIRECTORY:
            files.remove(self.path, lambda: files.look(self.path) == state)
            state = None
        files.place(part, self.path, lambda: self._is_still(deed.observed, state), mode=deed.after.mode,
                    owner=deed.after.owner, group=deed.after.group)
        sources.drop_parts(self.path)

    def source(self) -> sources.Source:
        """What is asked for, and how."""
        headers = dict(self.headers)
        if self.username is not None:
            import base64

            plain = "%s:%s" % (self.username, self.password)
            headers["Authorization"] = "Basic " + base64.b64encode(plain.encode()).decode()
        return sources.Source(self.url, self.checksum or "", headers, self.proxy or "", self.verify, self.ca or "",
                               self.timeout_s)

    def _digest(self, algorithm: str) -> str:
        return "%s:%s" % (algorithm, files.digest(self.path, algorithm) or "")

    def _is_still(self, observed: Observed, state: Optional[FileState]) -> bool:
        if files.look(self.path) != state:
            return False
        return not observed.checksum or state is None or self._digest(
            observed.checksum.partition(":")[0]) == observed.checksum
