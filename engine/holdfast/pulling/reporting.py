"""What a pull has come to, for whom it concerns: a file, and a webhook that is told again and again until it hears."""
from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from holdfast.enforcement.sending import ONE_S, Undelivered, post
from holdfast.executor.model import HostResult
from holdfast.problems import Problem, Problems
from holdfast.threads import started

MOST_KEPT = 500  # reports that wait for their webhook; the oldest ones go first
TRIES_AT_ONCE = 20


def report(host: str, source: str, began: float, **more: Any) -> dict[str, Any]:
    """began: seconds since the epoch."""
    return {"event": "pulled", "host": host, "from": source, "began": began,
            "seconds": round(time.time() - began, 3), **{name: value for name, value in more.items() if value}}


def of_result(result: HostResult) -> dict[str, Any]:
    """What became of this host, for a report."""
    counts = Counter(one.status for one in result.results)
    failed = [{"id": one.id, "message": one.event.message} for one in result.results
              if one.status in ("failed", "timed_out")]
    changed = [{"id": one.id, "action": one.event.action} for one in result.changes]
    return {"status": result.status, "counts": dict(counts), "message": result.message, "failed": failed,
            "changed": changed}


def write(found: Mapping[str, Any], path: Path) -> None:
    """The newest report, as a file that is replaced whole. Raises Problems."""
    new = path.with_name(path.name + ".new")
    try:
        new.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
        new.replace(path)
    except OSError as error:
        raise Problems([Problem(f"the report {path} cannot be written: {error.strerror}", None,
                                "name a file in a folder that exists")]) from None


def send(found: Mapping[str, Any], address: str, key: str, spool: Path) -> str:
    """Puts it with those that wait, and sends them in their order; why that did not go to the end, or ""."""
    spool.mkdir(mode=0o700, exist_ok=True)
    name = f"{time.time_ns():020d}-{os.getpid()}.json"
    (spool / f".{name}").write_text(json.dumps(found), "utf-8")
    (spool / f".{name}").replace(spool / name)
    waiting = sorted(spool.glob("[0-9]*.json"))
    for path in waiting[:-MOST_KEPT]:
        path.unlink()
    for path in waiting[-MOST_KEPT:][:TRIES_AT_ONCE]:
        try:
            started(partial(post, address, path.read_bytes(), key), "holdfast-report").result(ONE_S)
        except TimeoutError:
            return f"{address} took longer than {ONE_S:g} s"
        except Undelivered as error:
            return str(error)
        path.unlink()
    return ""
