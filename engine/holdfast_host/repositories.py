"""A repository as a package manager is told of it: a file of the manager's own form, beside a file with the keys."""
from __future__ import annotations

from typing import Callable, Tuple

from .record import Record


class Source(Record):
    """What such a file says. signed_by: the keyring's path; "": the manager's own. trusted: no signature is asked for.
    types, suites, components and architectures: apt's alone."""

    types: Tuple[str, ...]
    uris: Tuple[str, ...]
    suites: Tuple[str, ...]
    components: Tuple[str, ...] = ()
    architectures: Tuple[str, ...] = ()
    signed_by: str = ""
    trusted: bool = False
    enabled: bool = True


class Form(Record):
    """One manager's form. text: the file's content, of a name, what it says and a remark. has_lists: whether the
    manager has fetched from it. fetch: does so, for this one alone, waiting for locks so many seconds; raises Failed
    when not all of it comes, or is not signed as it should be. key: a keyring without armor as the manager reads it."""

    folder: str
    suffix: str
    keys: str
    key_suffix: str
    text: Callable[[str, Source, str], bytes]
    has_lists: Callable[[str, Source], bool]
    fetch: Callable[[str, Source, float], None]
    key: Callable[[bytes], bytes]

    def place(self, name: str) -> str:
        """The file of a repository."""
        return "%s/%s%s" % (self.folder, name, self.suffix)

    def keyring(self, name: str) -> str:
        """Where its keys go, when they are given."""
        return "%s/%s%s" % (self.keys, name, self.key_suffix)


def form(provider: str) -> Form:
    """Of a package manager that has repositories which `package_repository` knows."""
    if provider == "apt":
        from . import apt_source

        return apt_source.FORM
    from . import yum_source

    return yum_source.FORMS[provider]
