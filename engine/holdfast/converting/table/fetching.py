"""Modules that bring files, archives, working copies and Python packages to a host."""
from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from holdfast.converting.model import Cannot, Resource
from holdfast.converting.options import (
    AHEAD,
    LOST,
    NAME,
    NOTES,
    Entry,
    Module,
    boolean,
    cannot,
    integer,
    lost,
    many,
    mode,
    no_matter,
    path,
    text,
    to,
)
from holdfast.converting.table.files import into
from holdfast.documents.model import is_template

UNVERIFIED = ("nobody checks what comes from {}: with `checksum:` in place of `unverified: true` only what is meant is "
              "taken")
_CACHE = "/var/cache"  # where an archive stays that is fetched without a checksum


def _fetched(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    checksum = str(ours.get("checksum", ""))
    if "://" in checksum or (checksum and not checksum.startswith(("sha256:", "sha384:", "sha512:"))):
        raise Cannot("`checksum` is no sha256, sha384 or sha512 that stands there")
    if not checksum:
        ours["unverified"] = True
        ours[NOTES] = [UNVERIFIED.format(theirs.get("url", "there"))]
        if boolean(theirs.get("force", False)) is not False:
            ours[LOST] = ["`force`: a file that is there is left as it is, and not fetched in each run"]
    return into(ours, {**theirs, "src": str(theirs.get("url", "")).partition("?")[0]})


def _clone(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    ours.setdefault("submodules", True)
    if ours.get("revision") == "HEAD":
        del ours["revision"]
    asks = [word for word in ("accept_hostkey", "accept_newhostkey") if boolean(theirs.get(word, False)) is not False]
    if asks and not str(theirs.get("repo", "")).startswith(("http:", "https:")):
        ours[NOTES] = [f"no server's key is taken blindly (`{asks[0]}`): name it in `known_hosts`"]
    return ours


def _unpacked(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """Where the archive comes from: the controller, the host or an address."""
    source = str(theirs.get("src", ""))
    ours.pop("source", None)
    if ours.get("path") == "/":
        raise Cannot("it is unpacked over the whole system: an `archive` has a directory")
    _extra(ours, theirs)
    if not source:
        raise Cannot("it has no `src`")
    if "://" in source:
        _from_address(ours, source, theirs)
    elif boolean(theirs.get("remote_src", not boolean(theirs.get("copy", True)))) is True:
        ours["file"] = path(source)
    else:
        ours["source"] = source
    ours.setdefault(NOTES, []).append("what was unpacked and is changed later is put back; the next version of the "
                                      "archive takes away what it no longer has")
    if not {"owner", "group"} <= set(ours) and not source.endswith(".zip"):
        ours[NOTES].append("files belong to who applies (root), not to the owners whom the archive names: say `owner` "
                           "and `group`")
    return ours


def _extra(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    """Of the options for tar only `--strip-components` has a like."""
    given = theirs.get("extra_opts") or []
    words = " ".join(map(str, given if isinstance(given, list) else [given])).replace("=", " ").split()
    while words:
        word, *words = words
        if word == "--strip-components" and words and words[0].isdigit():
            ours["strip"], words = int(words[0]), words[1:]
        else:
            raise Cannot(f"`{word}` of `extra_opts` has no like")


def _from_address(ours: dict[str, Any], source: str, theirs: dict[str, Any]) -> None:
    """An `archive` of an address has a checksum; what has none is fetched ahead of it."""
    ours.pop("verify", None)
    name = source.partition("?")[0].rpartition("/")[2]
    if not name or (is_template(source) and not re.fullmatch(r"[^{}]*(\{\{[^{}]*\}\}[^{}]*)*", name)):
        raise Cannot("how the archive is called is not said by its address")
    kept = f"{_CACHE}/{name}"
    verify = boolean(theirs.get("validate_certs", True))
    ours[AHEAD] = Resource("download", kept, {"url": source, "unverified": True,
                                              **({"verify": verify} if verify is not True else {})})
    ours[NOTES] = [UNVERIFIED.format(source) + f"; the archive stays as {kept}: with a `checksum` give the `archive` "
                   "the `url` itself"]
    ours["file"] = kept


def _python(given: Any) -> Any:
    """`pip3` as the Python it is of; or the environment that a `pip` is in."""
    found = re.fullmatch(r"(?:/usr(?:/local)?/bin/)?pip(\d[\d.]*)?", str(given))
    if found is None:
        raise Cannot(f"`executable: {given}`: say the environment that it is in, `virtualenv`")
    return f"python{found[1] or '3'}"


def _packages(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    version = theirs.get("version")
    if version is not None:
        if len(ours.get("packages", [])) != 1:
            raise Cannot("`version` is of one package")
        ours["packages"] = [f"{ours['packages'][0]}=={version}"]
    extra = str(theirs.get("extra_args", "")).replace("=", " ").split()
    if extra[:1] in (["--index-url"], ["-i"]) and len(extra) == 2:
        ours["index_url"] = extra[1]
    elif extra not in ([], ["--upgrade"], ["-U"]):
        raise Cannot(f"`extra_args: {theirs['extra_args']}` has no like")
    if extra in (["--upgrade"], ["-U"]):
        ours["state"] = "latest"
    if ours.get("state") == "present":
        del ours["state"]
    command = str(theirs.get("virtualenv_command", ""))
    if command and not re.fullmatch(r"\S*(virtualenv|pyvenv|venv)|\S*python[\d.]*\s+-m\s+(venv|virtualenv)", command):
        raise Cannot(f"`virtualenv_command: {command}` has no like")
    if found := re.fullmatch(r"(\S*python[\d.]*)\s+-m\s+\S+", command):
        ours.setdefault("python", found[1])
    if "virtualenv" not in ours:
        ours[NOTES] = ["a Python that the system's packages look after (Debian 12 and newer) is refused: say a "
                       "`virtualenv`"]
    return ours


MODULES: Mapping[str, Entry] = {
    "get_url": Module("download", {
        "url": to("url", text), "dest": to(NAME, path), "checksum": to("checksum", text), "owner": to("owner", text),
        "group": to("group", text), "mode": to("mode", mode), "headers": to("headers"), "force": no_matter(),
        "timeout": to("timeout_s", integer), "validate_certs": to("verify", boolean), "backup": no_matter(False),
        "url_username": to("username", text), "url_password": to("password", text),
        "username": to("username", text), "password": to("password", text), "use_proxy": no_matter(True),
        "force_basic_auth": no_matter()}, shape=_fetched),
    "git": Module("git", {
        "repo": to("repo", text), "name": to("repo", text), "dest": to(NAME, path), "version": to("revision", text),
        "depth": to("depth", integer), "recursive": to("submodules", boolean), "update": to("update", boolean),
        "force": to("force", boolean), "key_file": to("key", text), "remote": no_matter("origin"),
        "clone": no_matter(True), "bare": no_matter(False), "track_submodules": no_matter(False),
        "single_branch": no_matter(), "accept_hostkey": no_matter(), "accept_newhostkey": no_matter()},
        shape=_clone),
    "unarchive": Module("archive", {
        "src": to("source"), "dest": to("path", path), "creates": to("creates", text), "owner": to("owner", text),
        "group": to("group", text), "remote_src": no_matter(), "copy": no_matter(), "extra_opts": no_matter(),
        "keep_newer": no_matter(False), "list_files": no_matter(), "validate_certs": no_matter(),
        "mode": lost("`mode`: files have the permissions that the archive gives them"),
        **dict.fromkeys(("exclude", "include"), cannot("an archive is unpacked whole"))}, shape=_unpacked),
    "pip": Module("pip", {
        "name": to("packages", many), "requirements": to("requirements", text), "virtualenv": to("virtualenv", path),
        "virtualenv_python": to("python", text), "executable": to("python", _python), "version": no_matter(),
        "state": to("state", words={"present": "present", "latest": "latest", "absent": "absent"}),
        "extra_args": no_matter(), "virtualenv_command": no_matter(), "virtualenv_site_packages": no_matter(False),
        "umask": no_matter("0022", "022"), "editable": no_matter(False),
        "chdir": cannot("pip is started in no folder of its own: write the whole path of `requirements`"),
        "break_system_packages": cannot("a Python that the system's packages look after is left to them: say a "
                                        "`virtualenv`")}, shape=_packages),
}
