"""One repository as dnf and zypper have it: its .repo file, and the lists that are fetched from it."""
from __future__ import annotations

import os

from . import files, openpgp, process, provider_dnf, provider_zypper
from .repositories import Form, Source

KEYS = "/etc/pki/rpm-gpg"


def _text(name: str, source: Source, remark: str, *more: str) -> bytes:
    """See dnf.conf(5), section Repo Options. Signatures are asked for unless it is said otherwise."""
    rows = ["# " + remark, "[%s]" % name, "name=" + name, "baseurl=" + "\n        ".join(source.uris),
            "enabled=%d" % source.enabled, "gpgcheck=%d" % (not source.trusted), *more]
    if source.signed_by:
        rows.append("gpgkey=file://" + source.signed_by)
    return ("\n".join(rows) + "\n").encode("utf-8", "surrogateescape")


def _armored(ring: bytes) -> bytes:
    """Each key by itself: rpm reads one of a block."""
    return b"".join(openpgp.armored(key.data) for key in openpgp.keys(ring))


def _dnf_text(name: str, source: Source, remark: str) -> bytes:
    return _text(name, source, remark, "skip_if_unavailable=0")


def _dnf_has_lists(name: str, source: Source) -> bool:
    return not source.enabled or any(
        folder.rpartition("-")[0] == name and os.path.exists(os.path.join(cache, folder, "repodata/repomd.xml"))
        for cache in provider_dnf.CACHES for folder in files.names_in(cache))


def _dnf_fetch(name: str, source: Source, wait_s: float) -> None:
    provider_dnf.run(["--disablerepo=*", "--enablerepo=" + name, "makecache", "--refresh"], wait_s)


def _zypper_text(name: str, source: Source, remark: str) -> bytes:
    return _text(name, source, remark, "autorefresh=1")


def _zypper_has_lists(name: str, source: Source) -> bool:
    return not source.enabled or os.path.exists(os.path.join(provider_zypper.CACHE, name, "repodata/repomd.xml"))


def _zypper_fetch(name: str, source: Source, wait_s: float) -> None:
    """The keys are made rpm's own before: zypper would ask whether to trust them."""
    if source.signed_by:
        process.run(["rpm", "--import", source.signed_by]).must("rpm does not take the key")
    provider_zypper.run(["refresh", "--force", name], wait_s)


FORMS = {
    "dnf": Form("/etc/yum.repos.d", ".repo", KEYS, ".asc", _dnf_text, _dnf_has_lists, _dnf_fetch, _armored),
    "zypper": Form("/etc/zypp/repos.d", ".repo", KEYS, ".asc", _zypper_text, _zypper_has_lists, _zypper_fetch,
                   _armored),
}
