"""Modules that make package repositories and their keys known."""
from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from holdfast.converting.model import Cannot
from holdfast.converting.options import NAME, NOTES, Entry, Module, boolean, cannot, many, no_matter, text, to
from holdfast.documents.model import is_template

_LINE = re.compile(r"(deb|deb-src)\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)((?:\s+\S+)*)\s*\Z")
_FINGERPRINT = ("no key is trusted blindly here: declare a `package_repository` with {}`key_url` and the "
                "`fingerprints` of the key (`gpg --show-keys`)")
# Where the archives of the distributions themselves are, and the keyrings that they come with.
_OFFICIAL = {
    r"https?://([\w.-]+\.)?(debian\.org|deb\.debian\.org)/": "/usr/share/keyrings/debian-archive-keyring.gpg",
    r"https?://([\w.-]+\.)?ubuntu\.com/": "/usr/share/keyrings/ubuntu-archive-keyring.gpg"}


def _line(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """A line of sources.list."""
    repo = str(theirs.get("repo", "")).strip()
    if theirs.get("state", "present") != "present":
        raise Cannot("what Ansible has written into /etc/apt/sources.list.d is removed as a `file`")
    if repo.startswith("ppa:"):
        raise Cannot("a PPA is no address: " + _FINGERPRINT.format("its `uris`, `suites` and `components`, "))
    found = _LINE.match(repo)
    if found is None:
        raise Cannot("which repository is meant is decided by a template" if is_template(repo) else
                     "`repo` is no line as apt has it")
    kind, options, uri, suite, components = found.groups()
    ours |= {"uris": [uri], "suites": [suite]} | ({"components": components.split()} if components.split() else {})
    if kind != "deb":
        ours["types"] = [kind]
    for one in (options or "").split():
        word, _, given = one.partition("=")
        if word not in _OPTIONS:
            raise Cannot(f"`{word}` of a repository has no like")
        ours[_OPTIONS[word]] = {"signed-by": given, "trusted": given == "yes"}.get(word, given.split(","))
    official = next((ring for pattern, ring in _OFFICIAL.items() if re.match(pattern, uri)), None)
    if official and "keyring" not in ours:
        ours["keyring"] = official
    if "keyring" not in ours and "trusted" not in ours:
        said = f"`uris: [{uri}]`, `suites: [{suite}]`, `components: [{', '.join(components.split())}]`, "
        raise Cannot(_FINGERPRINT.format(said))
    ours[NAME] = _named(theirs.get("filename"), uri, suite)
    ours[NOTES] = [f"the file is /etc/apt/sources.list.d/{ours[NAME]}.sources: where Ansible has written one that ends "
                   "in .list, remove that one"]
    return ours


_OPTIONS = {"signed-by": "keyring", "arch": "architectures", "trusted": "trusted"}


def _named(given: Any, uri: str, suite: str) -> str:
    host = re.sub(r"^\w+://", "", uri).strip("/")
    made = re.sub(r"[^\w{}. -]+", "_", f"{host}_{suite}").replace(" ", "")
    return str(given).removesuffix(".list") if given else made


def _deb822(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    if ours.get("state") == "present":
        del ours["state"]
    signed = str(theirs.get("signed_by", ""))
    if ours.get("state") == "absent":
        return {word: ours[word] for word in (NAME, "state")}
    if "BEGIN PGP" in signed:
        ours["key"] = signed
    elif "://" in signed:
        raise Cannot(_FINGERPRINT.format("what is said here, "))
    elif signed:
        ours["keyring"] = signed
    for word in ("types", "components"):
        if ours.get(word) in (["deb"], []):
            del ours[word]
    if not signed and boolean(theirs.get("trusted", False)) is False:
        raise Cannot("it names no key: " + _FINGERPRINT.format("what is said here, "))
    return ours


MODULES: Mapping[str, Entry] = {
    "apt_repository": Module("package_repository", {
        "repo": no_matter(), "filename": no_matter(), "state": no_matter(), "update_cache": no_matter(),
        "update-cache": no_matter(), "mode": no_matter(), "install_python_apt": no_matter(),
        "validate_certs": no_matter(), "update_cache_retries": no_matter(),
        "update_cache_retry_max_delay": no_matter(), "codename": cannot("`codename` is for a PPA")}, shape=_line),
    "apt_key": "the key of a repository is said with it, and counts for it alone: " + _FINGERPRINT.format(""),
    "deb822_repository": Module("package_repository", {
        "name": to(NAME, text), "uris": to("uris", many), "suites": to("suites", many),
        "components": to("components", many), "types": to("types", many), "architectures": to("architectures", many),
        "signed_by": no_matter(), "enabled": to("enabled", boolean), "trusted": to("trusted", boolean),
        "state": to("state", words={"present": "present", "absent": "absent"}), "mode": no_matter(),
        "install_python_debian": no_matter(), "allow_insecure": no_matter(False), "allow_weak": no_matter(False),
        "allow_downgrade_to_insecure": no_matter(False)}, shape=_deb822),
}
