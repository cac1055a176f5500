"""A file that has no name anywhere, for what a program is to read by a path and nothing is to be left of."""
from __future__ import annotations

import os
from contextlib import contextmanager
from typing import Iterator

from .errors import Failed
from .writing import reason, write_all


@contextmanager
def file(data: bytes) -> Iterator[str]:
    """The path at which programs that are started meanwhile find this content. It lies in memory and in no folder, and
    is gone with the last of them, whatever becomes of us. Raises Failed where the kernel has no such files."""
    try:
        fd = os.memfd_create("holdfast", 0)  # type: ignore[attr-defined,unused-ignore]  # 0: they inherit it
    except (AttributeError, OSError) as error:
        why = reason(error) if isinstance(error, OSError) else "it is older than Linux 3.17"
        raise Failed("this host's kernel keeps no file in memory: %s" % why) from None
    try:
        write_all(fd, data)
        yield "/proc/self/fd/%d" % fd
    finally:
        os.close(fd)
