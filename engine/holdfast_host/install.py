"""Unpacks the runner on a host that lacks it; sent by the controller when `boot.py` asks for it.

The archive is zlib over JSON, {"folder/file.py": source}: small, and nothing in it can name a path elsewhere. What is
unpacked becomes visible in one rename, complete and synced, so that two first contacts at a time do no harm and a
power cut leaves either all of it or none.
"""
from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import time
import zlib
from typing import Callable

LIMIT = 64 * 1024 * 1024  # bytes of the archive, unpacked
KEPT = 3  # versions, this one included
USED_S = 3600  # a version that was started within so many seconds stays: it may be running


def install(state: str, sha256: str, read: Callable[[], bytes]) -> None:
    """Raises OSError, or ValueError when the archive is not what its name says."""
    unpack = zlib.decompressobj()
    try:
        data = unpack.decompress(read(), LIMIT)
    except zlib.error as error:
        raise ValueError("the archive of the runner does not unpack: %s" % error) from None
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ValueError("the archive of the runner came damaged")
    before = os.umask(0o077)
    try:
        runners = os.path.join(state, "runner")
        os.makedirs(runners, 0o700, exist_ok=True)
        _place(runners, sha256, json.loads(data))
        _prune(runners, sha256)
    finally:
        os.umask(before)


def _place(runners: str, sha256: str, files: "dict[str, str]") -> None:
    new = os.path.join(runners, "new-%d-%s" % (os.getpid(), os.urandom(4).hex()))
    home = os.path.join(runners, sha256)
    try:
        os.mkdir(new)
        for name, source in files.items():
            if not re.match(r"[a-z_]+/\w+\.py\Z", name):
                raise ValueError("the archive of the runner holds a strange name")
            folder = os.path.join(new, os.path.dirname(name))
            if not os.path.isdir(folder):
                os.mkdir(folder)
            _write(os.path.join(new, name), source.encode("utf-8", "surrogateescape"))
        _write(os.path.join(new, "complete"), b"")
        for folder in {os.path.dirname(name) for name in files} | {""}:
            _sync(os.path.join(new, folder))
        if os.path.isdir(home) and not os.path.exists(os.path.join(home, "complete")):
            os.rename(home, new + "-spoiled")  # something took files out of it
        try:
            os.rename(new, home)
        except OSError:
            if not os.path.exists(os.path.join(home, "complete")):
                raise
        _sync(runners)  # (else somebody else was faster with the same content)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _prune(runners: str, sha256: str) -> None:
    """Old versions go, by when they were last started; so does what an interrupted install left."""
    used = {}
    for name in os.listdir(runners):
        path = os.path.join(runners, name)
        try:
            used[path] = os.stat(path if name.startswith("new-") else os.path.join(path, "complete")).st_mtime
        except OSError:
            used[path] = 0.0
    versions = sorted((path for path in used if not os.path.basename(path).startswith("new-")), key=lambda p: -used[p])
    stays = {os.path.join(runners, sha256), *versions[:KEPT]}
    for path, last in used.items():
        if path not in stays and last < time.time() - USED_S:
            shutil.rmtree(path, ignore_errors=True)


def _write(path: str, data: bytes) -> None:
    with open(path, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _sync(folder: str) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
