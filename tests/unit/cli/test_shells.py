"""Tab in the shells themselves, on a terminal: what is typed is completed on the line."""
from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).parent / "holdfast"
SHELLS = {  # how each starts without what a user has set up, and how it learns to complete
    "bash": (["bash", "--norc", "--noprofile", "-i"], "source <(holdfast completion bash)"),
    "zsh": (["zsh", "-f", "-i"], "autoload -Uz compinit; compinit -u -D; source <(holdfast completion zsh)"),
    "fish": (["fish", "--no-config", "-i"], "holdfast completion fish | source"),
}
TYPED = [("holdfast pl", "an"), ("holdfast apply --err", "or-budget"), ("holdfast inventory show d", "b1"),
         ("holdfast plan -t role=w", "eb"), ("holdfast plan -t group:f", "ront"),
         ("holdfast plan playbooks/si", "te.yml"),
         ("holdfast plan -t 'role=web and group:f", "ront"), ("holdfast plan -t \"role=db or role=w", "eb"),
         ("holdfast doc templ", "ate"), ("holdfast completion fi", "sh")]
PAINT = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()=>].?|\x1b\][^\x07]*\x07")
LONGEST_S = 60.0


class Terminal:
    """A shell that believes that somebody types."""

    def __init__(self, argv: list[str], folder: Path) -> None:
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:  # the shell
            os.chdir(folder)
            os.environ.update(PATH=f"{PROGRAM.parent}:{os.environ['PATH']}", TERM="xterm", HOME=str(folder),
                              PYTHONWARNINGS="ignore")
            os.execvp(argv[0], argv)

    def type(self, text: str) -> None:
        os.write(self.descriptor, text.encode())

    def shows(self, text: str) -> str:
        """Waits until the text is on the screen; gives what came, without colours."""
        came, until = "", time.monotonic() + LONGEST_S
        while text not in PAINT.sub("", came) and time.monotonic() < until:
            if select.select([self.descriptor], [], [], 0.5)[0]:
                came += os.read(self.descriptor, 65536).decode("utf-8", "replace")
        return PAINT.sub("", came)


@contextlib.contextmanager
def terminal(shell: str, folder: Path) -> Iterator[Terminal]:
    """With completion, and ready."""
    argv, learn = SHELLS[shell]
    opened = Terminal(argv, folder)
    try:
        opened.type(f"{learn}; echo rea''dy\n")
        assert "ready" in opened.shows("ready")
        yield opened
    finally:
        os.close(opened.descriptor)
        with contextlib.suppress(ProcessLookupError):
            os.kill(opened.pid, signal.SIGKILL)
        os.waitpid(opened.pid, 0)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    (folder / "inventory").mkdir()
    (folder / "inventory" / "hosts.yml").write_text(
        "inventory: x\nhosts:\n  web[1:2]: {tags: {role: web}}\n  db1: {tags: {role: db}}\n"
        "groups:\n  front: {hosts: 'web*'}\n")
    (folder / "playbooks").mkdir()
    (folder / "playbooks" / "site.yml").write_text("state: site\nresources: []\n")
    return folder


@pytest.mark.parametrize("shell", SHELLS)
def test_tab_completes_the_line(shell: str, site: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} here")
    with terminal(shell, site) as opened:
        for typed, rest in TYPED:
            opened.type(f"{typed}\t")
            assert typed + rest in opened.shows(typed + rest).replace("\a", "")
            opened.type("\x15")  # the line is forgotten
