"""What of a fetched copy is refused, and that nothing of it is kept then."""
from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from holdfast.problems import Problems
from holdfast.pulling import manifest
from holdfast.pulling.fetching import Ready, ready, rules
from holdfast.pulling.keeping import Kept
from holdfast.pulling.model import Source


class Pull:
    """A signed project, and a host that has pulled it once."""

    def __init__(self, folder: Path) -> None:
        self.site, self.key, self.trust = folder / "site", folder / "key", folder / "trusted"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.key], check=True)
        self.trust.write_text(f"ops {(folder / 'key.pub').read_text()}")
        self.site.mkdir()
        self.source = Source("folder", str(self.site))
        self.kept = Kept(folder / "state", self.source)
        self.kept.folder.mkdir(parents=True)
        self.release("one", 7)

    def release(self, text: str, revision: int) -> None:
        (self.site / "file").write_text(text)
        manifest.sign(self.site, self.key, revision)

    def again(self) -> Ready:
        return ready(self.source, self.kept, rules(self.trust, allows_unsigned=False, allows_older=False))

    @property
    def copy(self) -> Path:
        """The last good one."""
        good = self.kept.good()
        assert good is not None
        return self.kept.path(good)


@pytest.fixture
def pull(tmp_path: Path) -> Pull:
    made = Pull(tmp_path)
    assert made.again().revision == "7"
    return made


def listed_anew(pull: Pull) -> None:
    """What the list says is right; only its signature is of another list."""
    (pull.site / "file").write_text("mine")
    (pull.site / manifest.NAME).write_bytes(manifest.of_folder(pull.site, 8).to_bytes())


def another_of_that_number(pull: Pull) -> None:
    pull.release("two", 7)


def copy_that_was_changed(pull: Pull) -> None:
    (pull.copy / "file").write_text("mine")
    shutil.rmtree(pull.site)


def copy_that_was_changed_and_signed(pull: Pull) -> None:
    (pull.copy / "file").write_text("mine")
    manifest.sign(pull.copy, pull.key, 7)
    shutil.rmtree(pull.site)


def signers_of_anybody(pull: Pull) -> None:
    pull.trust.chmod(0o666)


@pytest.mark.parametrize(("deed", "why"), [
    (listed_anew, "is not by a key in"), (another_of_that_number, "is another one than that 7"),
    (copy_that_was_changed, "is not what was signed: file"),
    (copy_that_was_changed_and_signed, "was changed here since it was fetched"),
    (signers_of_anybody, "others may change who is trusted"),
])
def test_what_is_refused(pull: Pull, deed: Callable[[Pull], None], why: str) -> None:
    before = pull.kept.good()
    deed(pull)
    with pytest.raises(Problems, match=why):
        pull.again()
    assert pull.kept.good() == before
    assert len(list(pull.kept.folder.glob("copy-*"))) == 1, "what was refused is not kept"


def test_the_control_what_is_newer_and_signed_is_taken_and_then_stays_without_the_source(pull: Pull) -> None:
    pull.release("two", 8)
    assert pull.again().is_new and (pull.copy / "file").read_text() == "two"
    shutil.rmtree(pull.site)
    again = pull.again()
    assert again.offline and (again.folder / "file").read_text() == "two"
