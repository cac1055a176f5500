"""What a user can see of `git`: real repositories and real clones."""
import os
import subprocess

import pytest

from holdfast_host import Failed, Refused
from modules.git import Git
from tests.unit.modules.settling import needs_root, settle, shown


@pytest.fixture(autouse=True)
def _plain(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    (tmp_path / "home/.gitconfig").write_text(
        "[user]\nname = t\nemail = t@example.org\n[init]\ndefaultBranch = main\n[protocol \"file\"]\nallow = always\n")


def git(where, *words):
    return subprocess.run(["git", "-C", where, *words], check=True, capture_output=True, text=True).stdout.strip()


def commit(where, name, text):
    (where / name).write_text(text)
    git(where, "add", name)
    git(where, "commit", "-qm", text)
    return git(where, "rev-parse", "HEAD")


@pytest.fixture
def repo(tmp_path):
    folder = tmp_path / "repo"
    folder.mkdir()
    git(folder, "init", "-q")
    commit(folder, "a", "one")
    git(folder, "tag", "-a", "v1", "-m", "v1")
    commit(folder, "a", "two")
    return folder


def clone(tmp_path, repo, **arguments):
    return Git(path=str(tmp_path / "c"), repo=f"file://{repo}", **arguments)


def test_clone_follows_its_branch(tmp_path, repo):
    change = settle(clone(tmp_path, repo))
    assert (change.action, (tmp_path / "c/a").read_text()) == ("create", "two")
    assert git(tmp_path / "c", "symbolic-ref", "--short", "HEAD") == "main"
    assert settle(clone(tmp_path, repo)) is None
    third = commit(repo, "a", "three")
    assert shown(settle(clone(tmp_path, repo)))["commit"][1] == third
    assert (tmp_path / "c/a").read_text() == "three"
    commit(repo, "a", "four")
    assert settle(clone(tmp_path, repo, update=False)) is None
    git(repo, "reset", "-q", "--hard", "HEAD~2")
    settle(clone(tmp_path, repo))
    assert (tmp_path / "c/a").read_text() == "two", "a branch that was pushed by force is followed too"


@pytest.mark.parametrize("depth", [None, 1])
def test_clone_is_at_a_tag_or_a_commit_and_moves_between_them(tmp_path, repo, depth):
    settle(clone(tmp_path, repo, revision="v1", depth=depth))
    assert (tmp_path / "c/a").read_text() == "one"
    head = git(repo, "rev-parse", "HEAD")
    settle(clone(tmp_path, repo, revision=head, depth=depth))
    assert (tmp_path / "c/a").read_text() == "two"
    settle(clone(tmp_path, repo, revision="main", depth=depth))
    settle(clone(tmp_path, repo, revision=git(repo, "rev-parse", "HEAD~1"), depth=depth))
    assert (tmp_path / "c/a").read_text() == "one"


def test_depth_keeps_the_history_short(tmp_path, repo):
    settle(clone(tmp_path, repo, depth=1))
    assert git(tmp_path / "c", "rev-list", "--count", "HEAD") == "1"
    commit(repo, "a", "three")
    settle(clone(tmp_path, repo, depth=1))
    assert (tmp_path / "c/a").read_text() == "three"


def test_work_of_others_is_never_overwritten(tmp_path, repo):
    settle(clone(tmp_path, repo))
    (tmp_path / "c/a").write_text("mine")
    one = clone(tmp_path, repo)
    with pytest.raises(Refused, match="not committed: a"):
        one.diff(one.observe())
    commit(repo, "a", "three")
    with pytest.raises(Refused, match="not committed"):
        one.diff(one.observe())
    assert (tmp_path / "c/a").read_text() == "mine"
    git(tmp_path / "c", "commit", "-qam", "mine")
    with pytest.raises(Refused, match="commits that its repository has not"):
        one.diff(one.observe())
    settle(clone(tmp_path, repo, force=True))
    assert (tmp_path / "c/a").read_text() == "three"
    (tmp_path / "c/new").write_text("not tracked")
    commit(repo, "new", "theirs")
    with pytest.raises(Failed, match="would be overwritten"):
        one.converge(one.diff(one.observe()))
    assert (tmp_path / "c/new").read_text() == "not tracked"


def test_interrupted_clone_goes_on(tmp_path, repo):
    (tmp_path / "c").mkdir()
    git(tmp_path / "c", "init", "-q")
    (tmp_path / "c/a").write_text("half")
    settle(clone(tmp_path, repo))
    assert (tmp_path / "c/a").read_text() == "two"


def test_another_repository_takes_its_place(tmp_path, repo):
    settle(clone(tmp_path, repo))
    other = tmp_path / "other"
    git(tmp_path, "clone", "-q", str(repo), str(other))
    commit(other, "a", "other")
    one = Git(path=str(tmp_path / "c"), repo=f"file://{other}")
    assert set(shown(settle(one))) == {"commit", "repo"}
    assert (tmp_path / "c/a").read_text() == "other"


def test_submodules_are_checked_out_and_put_back(tmp_path, repo):
    inner = tmp_path / "inner"
    inner.mkdir()
    git(inner, "init", "-q")
    commit(inner, "i", "inner")
    git(repo, "submodule", "--quiet", "add", f"file://{inner}", "sub")
    git(repo, "commit", "-qm", "sub")
    settle(clone(tmp_path, repo, submodules=True))
    assert (tmp_path / "c/sub/i").read_text() == "inner"
    git(tmp_path / "c", "submodule", "--quiet", "deinit", "-f", "sub")
    assert "submodules" in shown(settle(clone(tmp_path, repo, submodules=True)))
    assert (tmp_path / "c/sub/i").read_text() == "inner"


def test_what_cannot_be_had_is_told(tmp_path, repo):
    for one, what in ((clone(tmp_path, repo, revision="none"), "has no branch or tag `none`"),
                      (Git(path=str(repo.parent), repo=f"file://{repo}"), "is no clone, and not empty")):
        with pytest.raises(Refused, match=what):
            one.diff(one.observe())
    with pytest.raises(Failed, match="cannot ask"):
        clone(tmp_path, tmp_path / "none").observe()
    git(repo, "branch", "v1")
    with pytest.raises(Refused, match="a branch and a tag"):
        clone(tmp_path, repo, revision="v1").observe()
    settle(clone(tmp_path, repo, revision="refs/tags/v1"))


@needs_root
def test_a_clone_of_another_user_is_told_with_that_user(tmp_path, repo):
    clone = Git(path=str(tmp_path / "clone"), repo=str(repo))
    settle(clone)
    for path in [tmp_path / "clone", tmp_path / "clone/.git"]:
        os.chown(path, 65534, -1)
    with pytest.raises(Refused, match="as whom git is to run: `user: nobody`"):
        clone.diff(clone.observe())
    (tmp_path / "empty").mkdir()
    os.chown(tmp_path / "empty", 65534, -1)
    fresh = Git(path=str(tmp_path / "empty"), repo=str(repo))
    with pytest.raises(Refused, match=r"belongs to nobody.* `user: nobody`"):
        fresh.diff(fresh.observe())


@pytest.mark.parametrize(("arguments", "what"), [
    ({"repo": "--upload-pack=x"}, "is not a repository"), ({"repo": "https://a:b@x/y"}, "holds a password"),
    ({"revision": "abcdef1"}, "all 40 digits"), ({"revision": "-x"}, "is not a branch"), ({"depth": 0}, "`depth`"),
])
def test_what_is_no_repository_or_revision_is_refused(arguments, what):
    with pytest.raises(Refused, match=what):
        Git(**{"path": "/f", "repo": "https://x/y", **arguments})


def test_clone_goes_but_not_with_somebody_s_work_in_it(tmp_path, repo):
    settle(clone(tmp_path, repo))
    gone = clone(tmp_path, repo, state="absent")
    (tmp_path / "c/new").write_text("mine")
    with pytest.raises(Refused, match="not committed: new"):
        gone.diff(gone.observe())
    commit(tmp_path / "c", "new", "mine")
    git(tmp_path / "c", "checkout", "-q", "-b", "side")
    git(tmp_path / "c", "branch", "-f", "main", "origin/main")
    git(tmp_path / "c", "checkout", "-q", "main")
    with pytest.raises(Refused, match="commits that its repository has not"):
        gone.diff(gone.observe())
    git(tmp_path / "c", "branch", "-D", "side")
    change = settle(gone)
    assert not (tmp_path / "c").exists()
    assert gone.undo(change.payload, change)[0][1]["revision"] == git(repo, "rev-parse", "HEAD")
    assert settle(gone) is None


def test_way_back_of_a_clone_takes_no_work_with_it(tmp_path, repo):
    one = clone(tmp_path, repo)
    observed = one.observe()
    change = one.diff(observed)
    back = one.undo(observed, change)
    one.converge(change)
    (tmp_path / "c/a").write_text("mine")
    (name, arguments), = back
    assert name == "git"
    undone = Git(**arguments)
    with pytest.raises(Refused, match="not committed: a"):
        undone.diff(undone.observe())
    git(tmp_path / "c", "checkout", "-q", "a")
    settle(Git(**arguments))
    assert not (tmp_path / "c").exists()
