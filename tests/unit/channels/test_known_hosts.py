"""known_hosts files that many write to."""
from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import asyncssh
import pytest

from holdfast.channels.known_hosts import KnownHosts

WRITERS, HOSTS = 4, 40


def key() -> asyncssh.SSHKey:
    return asyncssh.generate_private_key("ssh-ed25519").convert_to_public()


def learn(file: Path, writer: int, data: list[bytes]) -> list[bool]:
    known = KnownHosts([file])
    keys = [asyncssh.import_public_key(line) for line in data]
    return [known.learn(f"w{writer}-{number}", 22, key) for number, key in enumerate(keys)]


def test_no_line_is_lost_when_many_write(tmp_path: Path) -> None:
    file = tmp_path / "known"
    file.write_text("# a file that ends without a line end")
    lines = [[key().export_public_key() for _ in range(HOSTS)] for _ in range(WRITERS)]
    with ProcessPoolExecutor(WRITERS, mp_context=get_context("spawn")) as pool:
        kept = [pool.submit(learn, file, writer, lines[writer]) for writer in range(WRITERS)]
        assert all(all(one.result()) for one in kept)
    now = KnownHosts([file])
    for writer in range(WRITERS):
        for number, line in enumerate(lines[writer]):
            keys, _, _ = now.match(f"w{writer}-{number}", "", None)
            assert [one.public_data for one in keys] == [asyncssh.import_public_key(line).public_data]
    assert len(file.read_text().splitlines()) == WRITERS * HOSTS + 1


@pytest.mark.parametrize("port", [22, 2222])
def test_what_another_program_wrote_meanwhile_counts(tmp_path: Path, port: int) -> None:
    """The same key is not written twice; another one is not added to it."""
    file = tmp_path / "known"
    ours, theirs = KnownHosts([file]), KnownHosts([file])
    first, second = key(), key()
    assert theirs.learn("h", port, first)
    assert ours.learn("h", port, first) and not ours.learn("h", port, second)
    assert len(file.read_text().splitlines()) == 1
    assert ours.match("h", "", port)[0] == [first]
