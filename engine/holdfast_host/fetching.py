"""Fetching a file over HTTP, beside the place where it is to stand: it goes on where an earlier attempt ended.

What has come is kept in a file that only this user can read, named after the checksum that it is to have; nothing of it
counts before all of it is there. Credentials and other headers of the user go to the origin that was named and to no
other; https never leads to http.
"""
from __future__ import annotations

import hashlib
import http.client
import os
import random
import re
import ssl
import stat
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import suppress
from typing import IO, Any, Dict, Optional, Tuple

from .errors import Failed
from .sources import Source

BLOCK = 1 << 16
ATTEMPTS = 5
PAUSE_S, LONGEST_PAUSE_S = 0.5, 15.0
REDIRECTS = 10
_PASSING = (408, 425, 429, 500, 502, 503, 504)  # a server that may answer otherwise in a moment


def fetch(source: Source, part: str) -> str:
    """Brings the content to the path `part`, on which an earlier attempt may have left a beginning; returns its
    checksum, in SHA-256 where none was given.

    Raises Failed when it cannot be had, or is not what was declared. What has come of it stays for the next attempt,
    unless it is known to be wrong, or nothing would tell what it is.
    """
    try:
        return _fetched(source, part)
    except Failed:
        with suppress(OSError):
            now = os.lstat(part)
            if _is_ours(now) and (now.st_size == 0 or not source.checksum):
                os.unlink(part)
        raise


def _fetched(source: Source, part: str) -> str:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            digest, resumed = _attempt(source, part)
        except _Passing as passing:
            if attempt == ATTEMPTS:
                raise Failed("cannot fetch %s: %s" % (source.url, passing)) from None
            time.sleep(min(PAUSE_S * 2 ** attempt, LONGEST_PAUSE_S) * random.uniform(0.5, 1.0))  # noqa: S311
            continue
        if source.checksum in ("", digest):
            return digest
        os.unlink(part)
        if not resumed:  # else what was there before may have been of another file
            raise Failed("%s is not what was declared: its checksum is %s, not %s" % (
                source.url, digest, source.checksum))
    raise Failed("cannot fetch %s: its content changes while it is fetched" % source.url)


class _Passing(Exception):
    """It may go better in a moment."""


def _attempt(source: Source, part: str) -> Tuple[str, bool]:
    """(the checksum of the whole, whether a beginning was there)."""
    algorithm = source.checksum.partition(":")[0] or "sha256"
    digest = hashlib.new(algorithm)
    with _opened(part) as stream:
        if not source.checksum:
            stream.truncate(0)  # nothing would tell whether the beginning belongs to this
        start = _taken(stream, digest)
        if start and "%s:%s" % (algorithm, digest.hexdigest()) == source.checksum:
            return source.checksum, True
        with _answer(source, start) as answer:
            if start and answer.status != 206:
                stream.seek(0)
                stream.truncate(0)
                start, digest = 0, hashlib.new(algorithm)
            _copy(answer, stream, digest)
        stream.flush()
        os.fsync(stream.fileno())
    return "%s:%s" % (algorithm, digest.hexdigest()), start > 0


def _opened(part: str) -> IO[bytes]:
    """The file for what comes, at its beginning. One that is another's, or has a second name, is not used."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        fd = os.open(part, flags, 0o600)
    except OSError as error:
        raise Failed("cannot write %s: %s" % (part, error.strerror)) from None
    now = os.fstat(fd)
    if not _is_ours(now):
        os.close(fd)
        raise Failed("%s is in the way: it is not ours" % part)
    return os.fdopen(fd, "r+b")


def _is_ours(now: os.stat_result) -> bool:
    return stat.S_ISREG(now.st_mode) and now.st_uid == os.geteuid() and now.st_nlink == 1 and not now.st_mode & 0o077


def _taken(stream: IO[bytes], digest: Any) -> int:
    """How much is there already, in bytes."""
    size = 0
    while True:
        data = stream.read(BLOCK)
        if not data:
            return size
        digest.update(data)
        size += len(data)


def _answer(source: Source, start: int) -> Any:
    """The server's answer, from byte `start` on or from the beginning. Raises _Passing or Failed."""
    headers = {"User-Agent": "holdfast", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = "bytes=%d-" % start
    request = urllib.request.Request(source.url, headers={**source.headers, **headers})  # noqa: S310  # http(s) only
    try:
        answer = _opener(source).open(request, timeout=source.timeout_s)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416 and start:  # there is no more than we have, or it is another file
            return _answer(source, 0)
        if error.code in _PASSING:
            raise _Passing("the server answers %d %s" % (error.code, error.reason)) from None
        raise Failed("cannot fetch %s: the server answers %d %s" % (source.url, error.code, error.reason)) from None
    except urllib.error.URLError as error:
        if isinstance(error.reason, ssl.SSLError):
            raise Failed("cannot fetch %s: %s" % (source.url, error.reason)) from None
        raise _Passing(str(error.reason)) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _Passing(str(error) or type(error).__name__) from None
    if start and answer.status == 206:
        match = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
        if match is None or int(match.group(1)) != start:
            answer.close()
            return _answer(source, 0)
    return answer


def _copy(answer: Any, stream: IO[bytes], digest: Any) -> None:
    """Writes all that comes. Raises _Passing when it ends too early, Failed when the disk has no room for it."""
    expected = answer.headers.get("Content-Length", "")
    room = os.fstatvfs(stream.fileno())
    if expected.isdecimal() and int(expected) > room.f_bavail * room.f_frsize:
        raise Failed("there is no space on the device for %s bytes" % expected)
    came = 0
    while True:
        try:
            data = answer.read(BLOCK)
        except (OSError, http.client.HTTPException) as error:
            stream.flush()
            raise _Passing(str(error) or type(error).__name__) from None
        if not data:
            break
        came += len(data)
        digest.update(data)
        try:
            stream.write(data)
        except OSError as error:
            raise Failed("cannot write what comes: %s" % error.strerror) from None
    if expected.isdecimal() and came < int(expected):
        stream.flush()
        raise _Passing("the connection ended after %d of %s bytes" % (came, expected))


def _opener(source: Source) -> urllib.request.OpenerDirector:
    if source.verify:
        context = ssl.create_default_context(cafile=source.ca or None)
    else:
        context = ssl._create_unverified_context()  # noqa: S323  # asked for plainly
    proxies: Optional[Dict[str, str]] = {"http": source.proxy, "https": source.proxy} if source.proxy else None
    return urllib.request.build_opener(urllib.request.ProxyHandler(proxies),
                                       urllib.request.HTTPSHandler(context=context), _Redirects(source))


class _Redirects(urllib.request.HTTPRedirectHandler):
    max_redirections = REDIRECTS

    def __init__(self, source: Source) -> None:
        self.source = source

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        """The request that a redirection leads to. Raises Failed for one that leads where nobody meant to go."""
        old, new = urllib.parse.urlsplit(req.full_url), urllib.parse.urlsplit(newurl)
        if new.scheme not in ("http", "https") or (old.scheme == "https" and new.scheme == "http"):
            raise Failed("cannot fetch %s: it leads to %s, which is less safe" % (self.source.url, new.scheme))
        following = super().redirect_request(req, fp, code, msg, headers, newurl)
        if following is not None and _origin(old) != _origin(new):
            for name in self.source.headers:
                following.remove_header(name.capitalize())
        return following


def _origin(parts: urllib.parse.SplitResult) -> Tuple[str, Optional[str], int]:
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
