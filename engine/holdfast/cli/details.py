"""Where the details of a defect are written, so that a user never sees a traceback."""
from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

from holdfast_host.redact import Redactor

NAME = "errors.log"


def keep_details(text: str, folder: str, secrets: Mapping[str, str]) -> str:
    """Adds the text to the project's errors.log, or to that of the user when there is no project; returns the path.
    Only its owner reads it; secrets are masked."""
    masked = Redactor(secrets).text(text)
    stamp = time.strftime("%Y-%m-%d %H:%M:%S %z")
    for place in (Path(folder) / ".holdfast", Path.home() / ".local" / "state" / "holdfast"):
        try:
            if place.name != ".holdfast":
                place.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = place / NAME
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            with open(descriptor, "a", encoding="utf-8", errors="backslashreplace") as stream:
                stream.write(f"== {stamp}\n{masked.rstrip()}\n")
        except OSError:
            continue
        return str(path)
    return ""
