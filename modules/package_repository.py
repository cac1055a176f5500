"""package_repository: a repository of packages, with the key that signs it, is known to a host, or is not."""
from __future__ import annotations

import hashlib
import re
from typing import ClassVar, Dict, List, Optional, Sequence, Tuple

from holdfast_host import (
    Blob,
    Change,
    Declared,
    Failed,
    Field,
    Identity,
    Record,
    Refused,
    Resource,
    TimedOut,
    arg,
    checks,
    files,
    openpgp,
    packages,
    process,
    regular,
    repositories,
)
from holdfast_host import repository_checks as rules
from holdfast_host.record import with_fields

MODE = "0644"
KEYS = ("key", "key_source", "key_url", "keyring")
FETCH_S = 30  # seconds that a key's server may take


class Observed(Record):
    """sources, ring: what stands at the two paths. has_keyring: the keyring that is named is there. has_lists: the
    package manager has fetched from it. fetched: what the key's address gave, None: it was not asked; trouble: why it
    gave nothing."""

    sources: regular.Observed
    ring: regular.Observed
    has_manager: bool = True
    has_keyring: bool = True
    has_folder: bool = True
    has_lists: bool = True
    fetched: Optional[bytes] = None
    trouble: str = ""


class Deed(Record):
    """What `converge` needs. ring, sources: the changes of the two files, None: it stays; fetches: its lists, after.
    makes_folder: the one for keys, where it is not there."""

    ring: Optional[Change]
    sources: Optional[Change]
    fetches: bool
    makes_folder: str


class PackageRepository(Resource):
    """A repository is known to the package manager with the key that signs it, and its package lists are fetched; or it
    is not known.

    For apt it is /etc/apt/sources.list.d/NAME.sources, and the key goes to /etc/apt/keyrings/NAME.gpg and counts for
    this repository alone. For dnf and zypper it is NAME.repo in /etc/yum.repos.d or /etc/zypp/repos.d, and the key goes
    to /etc/pki/rpm-gpg/NAME.asc, from where rpm takes it for all repositories, and keeps it. The key is held against
    its fingerprints before anything is written. When the lists then cannot be fetched, or a signature of theirs is
    wrong, both files are put back as they were. A `package` that is declared after it waits for it. A key that the host
    has fetched once is not fetched again while its fingerprint is the declared one.
    """

    name: str = arg(doc="What the repository is called on the host; its files bear that name.", check=rules.name)
    state: str = arg("present", choices=("present", "absent"), doc="Whether it is known. `absent` removes its file and "
                     "its key; packages that came from it stay.")
    provider: str = arg("apt", choices=("apt", "dnf", "zypper"), doc="Whose repository it is: each has its own. apk's "
                        "keys are no OpenPGP, and /etc/apk/repositories is a `file`.")
    uris: Tuple[str, ...] = arg((), check=rules.uris, doc="Where it is: [https://packages.example.org/debian].")
    suites: Tuple[str, ...] = arg((), check=rules.words, doc="[bookworm]; a path that ends in / for a flat repository: "
                                  "[./]. As the next three it is apt's alone.")
    components: Tuple[str, ...] = arg((), check=rules.words, doc="[main]; none for a flat repository.")
    types: Tuple[str, ...] = arg(("deb",), check=rules.types, doc="deb: packages, deb-src: their sources.")
    architectures: Tuple[str, ...] = arg((), check=rules.words, doc="Only these: [amd64]. Default: all that "
                                         "the host has.")
    key: Optional[str] = arg(None, check=rules.key, doc="The public key that signs it, as the armored text that begins "
                             "with BEGIN PGP PUBLIC KEY BLOCK.")
    key_source: Optional[Blob] = arg(None, controller="file", doc="A file on the controller with the public key, "
                                     "armored or not; a relative path starts at the document's folder.")
    key_url: Optional[str] = arg(None, check=rules.url, doc="Where the host is to fetch the public key, if it does not "
                                 "have it; with `fingerprints` or `key_sha256`.")
    key_sha256: Optional[str] = arg(None, check=rules.sha256, doc="The SHA-256 of what `key_url` gives.")
    fingerprints: Tuple[str, ...] = arg((), check=rules.fingerprints, doc="The fingerprints of all keys that are "
                                        "given, 40 digits each, blanks allowed. A key that has another is refused.")
    keyring: Optional[str] = arg(None, check=checks.absolute, doc="A keyring that is on the host already, in place of "
                                 "a key: /usr/share/keyrings/debian-archive-keyring.gpg.")
    trusted: bool = arg(False, doc="Take packages without any signature (gpgcheck=0): whoever can write to the "
                        "repository is root on the host. Never over plain http.")
    enabled: bool = arg(True, doc="false: its file is there, and is passed over.")
    lock_wait_s: int = arg(300, check=rules.seconds, doc="How many seconds to wait while another program holds the "
                           "package manager's lock.")

    named: ClassVar[str] = "name"
    sways: ClassVar[str] = "package_lists"
    example: ClassVar[str] = """
        - package_repository: postgresql
          uris: [https://apt.postgresql.org/pub/repos/apt]
          suites: [bookworm-pgdg]
          components: [main]
          key_url: https://www.postgresql.org/media/keys/ACCC4CF8.asc
          fingerprints: [B97B 0AFC AA1A 47F0 44F2  44A0 7FCC 7D46 ACCC 4CF8]
        - package: postgresql-16
    """

    def check(self) -> None:
        if self.state == "absent":
            given = [name for name, declared in self._args_.items() if getattr(self, name) != declared.default
                     and name not in ("name", "state", "provider", "lock_wait_s")]
            if given:
                raise Refused(given[0], "is given for a repository that is to be absent", "remove it")
            return
        needed = ("uris", "suites", "types") if self.provider == "apt" else ("uris",)
        for name in needed:
            if not getattr(self, name):
                raise Refused(name, "is missing" if name not in ("types",) else "is empty", "add `%s: […]`%s" % (
                    name, "; a repository of rpm packages has none: say whose it is, `provider: dnf`"
                    if name == "suites" else ""))
        if self.provider == "apt":
            self._check_components()
        for name in ("suites", "components", "types", "architectures"):
            if self.provider != "apt" and getattr(self, name) != self._args_[name].default:
                raise Refused(name, "says nothing to %s, whose repositories have none" % self.provider, "leave it out")
        self._check_key()

    def _check_components(self) -> None:
        flat = [suite for suite in self.suites if suite.endswith("/")]
        if flat and (self.components or len(flat) < len(self.suites)):
            raise Refused("components" if self.components else "suites", "does not go with `%s`, a flat repository" %
                          flat[0], "declare it as a repository of its own")
        if not flat and not self.components:
            raise Refused("components", "is missing", "add `components: [main]`")

    def _check_key(self) -> None:
        given = [name for name in KEYS if getattr(self, name) is not None]
        if len(given) > 1:
            raise Refused(given[1], "is given besides `%s`" % given[0], "give one of %s" % ", ".join(
                "`%s`" % name for name in KEYS))
        if self.key_url is not None and not self.fingerprints and self.key_sha256 is None:
            raise Refused("key_url", "is trusted blindly", "add `fingerprints` of the key, or its `key_sha256`")
        if self.key_sha256 is not None and self.key_url is None:
            raise Refused("key_sha256", "goes with `key_url`", "leave it out")
        if self.fingerprints and given in ([], ["keyring"]):
            raise Refused("fingerprints", "goes with a key", "give `key`, `key_source` or `key_url`")
        if self.keyring == self._form().keyring(self.name):
            raise Refused("keyring", "is where a key goes that is given here", "give it as `key` or `key_source`")
        if self.trusted and given:
            raise Refused("trusted", "makes `%s` worth nothing" % given[0], "leave one of them out")
        plain = [uri for uri in self.uris if re.split(r"[+:]", uri.partition(":")[0])[-1] in ("http", "ftp")]
        if plain and not given:
            raise Refused("uris", "`%s` is plain http, and no key is given: whoever is on the way is root on the host" %
                          plain[0], "give a key, or a `keyring` that is on the host")
        if self.key is not None:
            openpgp.keyring("key", self.key.encode("utf-8", "surrogateescape"), self.fingerprints)

    def provides(self) -> Sequence[Identity]:
        form = self._form()
        return (("package_lists", "host"), ("path", form.place(self.name)), ("path", form.keyring(self.name)))

    def wants(self) -> Sequence[Identity]:
        if self.state == "absent":
            return ()
        has_tls = any("https" in uri for uri in (*self.uris, self.key_url or ""))
        return (*([("package", "ca-certificates")] if has_tls else []),
                *([("path", self.keyring)] if self.keyring else []))

    # -- looking -----------------------------------------------------------------------------------------------------

    def observe(self) -> Observed:
        form = self._form()
        sources, ring = (regular.observe(path, "root", "root", follow=False, content=True)
                         for path in (form.place(self.name), form.keyring(self.name)))
        if self.state == "absent":
            return Observed(sources, ring)
        fetched, trouble = None, ""
        if self.key_url is not None and not self._has_key(sources, ring):
            fetched, trouble = _fetched(self.key_url)
        return Observed(
            sources, ring, process.which(packages.PROGRAMS[self.provider]) is not None,
            self.keyring is None or files.look(files.real(self.keyring)) is not None,
            files.look(form.keys) is not None, form.has_lists(self.name, self._source()), fetched, trouble)

    def _has_key(self, sources: regular.Observed, ring: regular.Observed) -> bool:
        """Whether the key that is to be fetched is there."""
        if ring.data is None:
            return False
        if self.key_sha256 is not None and self._remark(ring.data).encode() not in (sources.data or b""):
            return False
        try:
            return ring.data == self._form().key(openpgp.keyring("key_url", ring.data, self.fingerprints))
        except Refused:
            return False

    # -- deciding ----------------------------------------------------------------------------------------------------

    def diff(self, observed: Observed) -> Optional[Change]:
        if self.state == "absent":
            return _change("delete", regular.absent(observed.ring), regular.absent(observed.sources))
        if not observed.has_manager:
            raise Refused("provider", "this host has no %s" % self.provider, "say whose repository it is, and on "
                          "which hosts: `when: facts.os.family == \"debian\"`")
        if not observed.has_keyring:
            raise Refused("keyring", "there is no %s on this host" % self.keyring,
                          "name one that is there, or give a key")
        ring = self._keys(observed)
        seen = observed.ring
        if not observed.has_folder:
            seen = with_fields(seen, fresh=files.FileState(files.FILE))
        key = regular.absent(seen) if ring is None else regular.present(seen, ring, MODE)
        text = self._form().text(self.name, self._source(), self._remark(ring))
        sources = regular.present(observed.sources, text, MODE)
        action = "create" if observed.sources.state is None else "update"
        folder = self._form().keys if ring is not None and not observed.has_folder else ""
        return _change(action, key, sources, self.enabled, not observed.has_lists, folder)

    def _keys(self, observed: Observed) -> Optional[bytes]:
        """What the file with the keys is to hold; None: none is given."""
        ring = self._ring(observed)
        return ring if ring is None else self._form().key(ring)

    def _ring(self, observed: Observed) -> Optional[bytes]:
        """What the keyring is to hold; None: none is given. Raises Refused for a key that is not the declared one."""
        if self.key is not None:
            return openpgp.keyring("key", self.key.encode("utf-8", "surrogateescape"), self.fingerprints)
        if self.key_source is not None:
            return openpgp.keyring("key_source", self.key_source.data(), self.fingerprints)
        if self.key_url is None:
            return None
        if observed.trouble:
            raise Refused("key_url", "%s gives no key: %s" % (self.key_url, observed.trouble), "see that this host "
                          "reaches it, or give the key as `key_source`")
        if observed.fetched is None:
            return openpgp.dearmored(observed.ring.data) if observed.ring.data is not None else None
        found = hashlib.sha256(observed.fetched).hexdigest()
        if self.key_sha256 not in (None, found):
            raise Refused("key_sha256", "%s gives something else, of SHA-256 %s" % (self.key_url, found),
                          "ask its owner which is right, by another way")
        return openpgp.keyring("key_url", observed.fetched, self.fingerprints)

    def _form(self) -> repositories.Form:
        return repositories.form(self.provider)

    def _source(self) -> repositories.Source:
        own = self._form().keyring(self.name) if any((self.key, self.key_source, self.key_url)) else ""
        return repositories.Source(self.types, self.uris, self.suites, self.components, self.architectures,
                                   self.keyring or own, self.trusted, self.enabled)

    def _remark(self, ring: Optional[bytes]) -> str:
        if self.key_sha256 is None:
            return "written by Holdfast"
        return "written by Holdfast; the key of SHA-256 %s is kept as %s" % (
            self.key_sha256, hashlib.sha256(ring or b"").hexdigest())

    # -- doing -------------------------------------------------------------------------------------------------------

    def undo(self, observed: Observed, change: Change) -> Optional[Sequence[Declared]]:
        deed: Deed = change.payload
        if change.action == "create":
            made = [("directory", {"path": deed.makes_folder, "state": "absent"})] if deed.makes_folder else []
            own = {} if self.provider == "apt" else {"provider": self.provider}
            return (("package_repository", {"name": self.name, **own, "state": "absent"}), *made)
        back: List[Declared] = []
        for changed, seen in ((deed.ring, observed.ring), (deed.sources, observed.sources)):
            if changed is not None:
                back += regular.undo(seen) or ()
        return back

    def converge(self, change: Change) -> None:
        deed: Deed = change.payload
        if deed.makes_folder:
            state = files.FileState(files.DIRECTORY, "0755")
            files.make_directory(deed.makes_folder, state, lambda: files.look(deed.makes_folder) is None)
        changed = [one for one in (deed.ring, deed.sources) if one is not None]
        for one in reversed(changed) if change.action == "delete" else changed:
            regular.converge(one)
        if not deed.fetches:
            return
        try:
            self._form().fetch(self.name, self._source(), self.lock_wait_s)
        except (Failed, TimedOut) as error:
            for one in reversed(changed):
                _put_back(one.payload.observed)
            raise Failed("%s does not take this repository; its files are as they were before" % self.provider,
                         str(error)) from None


# -- helpers -----------------------------------------------------------------------------------------------------------


def _change(action: str, ring: Optional[Change], sources: Optional[Change], enabled: bool = False,
            lacks_lists: bool = False, makes_folder: str = "") -> Optional[Change]:
    """Both files' changes as one; None: both are as declared, and so are the lists."""
    fields: List[Field] = []
    planned: Dict[str, Optional[files.FileState]] = {}
    if makes_folder:
        planned[makes_folder] = files.FileState(files.DIRECTORY, "0755")
    for change, word in ((ring, "key"), (sources, "sources")):
        if change is None:
            continue
        planned.update(change.files)
        for field in change.fields:
            shown = field
            if field.name == "content" and word == "key":
                shown = Field(word, openpgp.told(field.before), openpgp.told(field.after))
            elif field.name == "content":
                shown = Field(word, field.before, field.after)
            elif action == "update":
                shown = Field("%s of %s" % (field.name, word), field.before, field.after)
            else:
                continue  # both are root's, for all to read
            fields.append(shown)
    if lacks_lists:
        fields.append(Field("lists", "not fetched", "fetched"))
    if not fields:
        return None
    return Change(action, tuple(fields), planned, Deed(ring, sources, enabled, makes_folder))


def _put_back(before: regular.Observed) -> None:
    """A file as it was observed."""
    if before.state is None:
        files.remove(before.path, lambda: True)
    else:
        files.swap(before.path, before.data or b"", lambda: True, mode=before.state.mode, owner=before.state.owner,
                   group=before.state.group)


def _fetched(url: str) -> Tuple[Optional[bytes], str]:
    """What an address gives, and why it gives nothing."""
    import urllib.error
    import urllib.request

    request = urllib.request.Request(url, headers={"User-Agent": "holdfast"})  # noqa: S310  # http(s) only
    try:
        with urllib.request.urlopen(request, timeout=FETCH_S) as answer:  # noqa: S310
            return answer.read(openpgp.LIMIT + 1), ""
    except urllib.error.HTTPError as error:
        return None, "the server answers %d %s" % (error.code, error.reason)
    except urllib.error.URLError as error:
        return None, str(error.reason)
    except (OSError, ValueError) as error:
        return None, str(error) or type(error).__name__
