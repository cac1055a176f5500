"""The check between two batches: one that hangs is ended, with all that it has begun."""
from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.documents.model import HealthCheck
from holdfast.executor.health import trouble


def asked(check: HealthCheck, folder: Path) -> str:
    began = time.monotonic()
    said = asyncio.run(trouble(check, folder, {}))
    assert time.monotonic() - began < 5
    return said


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


def test_a_command_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    """The child holds the output open: to wait for its end would take as long as it does."""
    script = "sleep 300 & echo $! > child; wait"
    check = HealthCheck(("sh", "-c", script), within_s=0.5, every_s=1)
    assert asked(check, tmp_path) == "sh took longer than 0.5 s"
    child = Path("/proc", (tmp_path / "child").read_text().strip())
    until = time.monotonic() + 5
    while child.exists() and "\nState:\tZ" not in (child / "status").read_text():
        assert time.monotonic() < until, "it lives on"
        time.sleep(0.02)


def test_an_address_that_hangs_is_given_up(tmp_path: Path, silent: str) -> None:
    assert "0.3 s" in asked(HealthCheck(http=silent, within_s=0.3, every_s=1), tmp_path) or \
        "timed out" in asked(HealthCheck(http=silent, within_s=0.3, every_s=1), tmp_path)


def test_who_stops_the_run_does_not_wait_for_an_address(tmp_path: Path, silent: str) -> None:
    async def stopped() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await trouble(HealthCheck(http=silent), tmp_path, {})

    began = time.monotonic()
    asyncio.run(stopped())
    assert time.monotonic() - began < 5
