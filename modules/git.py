"""git: a clone of a repository is at a branch, a tag or a commit."""
from __future__ import annotations

import os
import re
from typing import ClassVar, Dict, List, Optional, Sequence, Tuple

from holdfast_host import (
    Change,
    Declared,
    Failed,
    Field,
    Identity,
    Record,
    Refused,
    Resource,
    Stale,
    arg,
    attributes,
    checks,
    files,
    process,
    regular,
)
from holdfast_host.files import DIRECTORY, FileState

COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
PAGE = re.compile(r"(https?://(?:github|gitlab)\.com/[^/]+/[^/]+)/(?:-/)?(?:tree|blob|commit|releases)/(.*)")
BRANCH, TAG = "refs/heads/", "refs/tags/"
PLACED = "refs/holdfast/"  # where a clone keeps the commit it was brought to, so that it is not taken for somebody's
SHOWN = 5  # changed files that a report names


def _repo(text: str) -> None:
    checks.one_line(text)
    if not text.strip() or text.startswith("-"):
        raise Refused("", "`%s` is not a repository" % text, "as https://example.org/app.git, git@example.org:app.git")
    if re.match(r"\w+://[^/]*:[^/]*@", text):
        raise Refused("", "holds a password, which git would keep in the clone", "use an ssh `key`")
    if re.search(r"\s", text):
        raise Refused("", "`%s` holds blanks" % text, "write the address alone, as https://example.org/app.git")
    page = PAGE.match(text)
    if page is not None:
        raise Refused("", "`%s` is the address of a page" % text, "write %s, and `revision: %s`" % page.groups())


def _revision(text: str) -> None:
    if re.match(r"[0-9a-f]{7,39}\Z", text) and not text.isdecimal():
        raise Refused("", "`%s` is a part of a commit's name" % text, "write all 40 digits of it")
    whole = re.match(r"(?:(?:refs/)?remotes/)?origin/(.+)", text)
    if whole is not None:
        raise Refused("", "`%s` is how a clone calls it" % text, "write `%s`, as the repository does" % whole.group(1))
    if not re.match(r"[A-Za-z0-9_][A-Za-z0-9_./+@-]*\Z", text) or ".." in text or text.endswith(("/", ".lock", ".")):
        raise Refused("", "`%s` is not a branch, tag or commit" % text, "as main, v1.2.0 or a commit's 40 digits")


def _private(path: str) -> None:
    checks.absolute(path)
    if path.endswith(".pub"):
        raise Refused("", "`%s` is a public key, which opens nothing" % path, "write %s" % path[:-4])


class Observed(Record):
    """folder: what stands at the path. fresh: what a new directory would be there. fault: why it is no clone of ours.
    head: the commit that is checked out; "": none. branch: "": none. repo: where it was cloned from. dirty: files that
    are changed and not committed; own: whether there are commits that the repository has not. target: the commit that
    is declared; "": the repository has no such thing. ref: its whole name there. modules: submodules that are off."""

    folder: Optional[FileState]
    fresh: Optional[FileState] = None
    owner: Optional[str] = None
    fault: str = ""
    head: str = ""
    branch: str = ""
    repo: str = ""
    dirty: Tuple[str, ...] = ()
    own: bool = False
    target: str = ""
    ref: str = ""
    modules: Tuple[str, ...] = ()


class Git(Resource):
    """A clone of a repository is at a branch, a tag or a commit. A branch is followed: when the repository has moved,
    so does the clone.

    What somebody has changed in the clone and not committed, or committed and not pushed, is never overwritten, unless
    `force` says so: the resource fails and names it. SSH host keys are always verified.
    """

    named: ClassVar[str] = "path"
    barrier: ClassVar[bool] = True
    gives: ClassVar[Tuple[str, ...]] = ("commit",)
    example: ClassVar[str] = """
        - git: /srv/app
          repo: https://example.org/app.git
          revision: v1.2.0
          depth: 1
        - git: /srv/site
          repo: git@example.org:site.git
          revision: main
          user: deploy
          key: /home/deploy/.ssh/id_ed25519
          known_hosts: /etc/ssh/ssh_known_hosts
          submodules: true
        - git: /srv/old
          repo: https://example.org/old.git
          state: absent
    """

    path: str = arg(doc="The directory of the clone.", check=checks.absolute)
    repo: str = arg(doc="Where it is cloned from.", check=_repo)
    revision: Optional[str] = arg(None, check=_revision, doc="A branch, a tag, or a commit's 40 digits. Without it the "
                                  "branch that the repository itself names.")
    depth: Optional[int] = arg(None, doc="Fetch only so many commits of the history.")
    submodules: bool = arg(False, doc="Check out its submodules, too.")
    user: Optional[str] = arg(None, check=checks.account, doc="As whom git runs, to whom the clone belongs; default: "
                              "the user who applies.")
    key: Optional[str] = arg(None, check=_private, doc="A file on the host with the ssh key to use.")
    known_hosts: Optional[str] = arg(None, check=checks.absolute, doc="A file on the host with the ssh host keys that "
                                     "are right, in place of the user's.")
    update: bool = arg(True, doc="Follow a branch or tag that moves; false: only a clone that is not there is made.")
    force: bool = arg(False, doc="Throw away what somebody has changed or committed in the clone.")
    state: str = arg("present", choices=("present", "absent"), doc="`absent` removes the clone, but none that holds "
                     "changes, new files or commits of somebody's, unless `force` says so.")

    def check(self) -> None:
        if self.depth is not None and self.depth < 1:
            raise Refused("depth", "is a number of commits, not %d" % self.depth, "leave it out for all of them")
        if self.path == "/":
            raise Refused("path", "/ is the whole system", "name a directory")

    def provides(self) -> Sequence[Identity]:
        return (("path", self.path),)

    def wants(self) -> Sequence[Identity]:
        given = tuple(("path", path) for path in (self.key, self.known_hosts) if path)
        return (("package", "git"), *regular.wants(self.path, self.user), *given)

    # -- looking -----------------------------------------------------------------------------------------------------

    def observe(self) -> Observed:
        folder = files.look(files.real(self.path))
        if self.state == "absent" and (folder is None or (folder.kind == DIRECTORY and not files.names_in(self.path))):
            return Observed(None)
        if process.which("git") is None:
            raise Refused("", "git is not installed on this host", "declare `package: git`")
        owner = self.user and files.owner_as_shown(self.user)
        fresh = files.fresh(self.path, DIRECTORY)
        if folder is not None and folder.kind != DIRECTORY:
            return Observed(folder, fresh, owner, "is no directory")
        names = files.names_in(self.path) if folder is not None else []
        if names and ".git" not in names:
            return Observed(folder, fresh, owner, "is no clone, and not empty")
        if self.state == "absent":
            return self._left(folder)
        if not names:
            ref, target = self._remote()
            return Observed(folder, fresh, owner, "", target=target, ref=ref)
        return self._clone(folder, fresh, owner)

    def _clone(self, folder: Optional[FileState], fresh: Optional[FileState], owner: Optional[str]) -> Observed:
        inside = self._git("rev-parse", "--is-inside-work-tree")
        if inside.code != 0:
            return Observed(folder, fresh, owner, "cannot be read as a clone: %s" % inside.said(300))
        head = self._said("rev-parse", "--verify", "-q", "HEAD")
        repo = self._said("config", "--get", "remote.origin.url")
        branch = self._said("symbolic-ref", "-q", "--short", "HEAD") if head else ""
        if head and (not self.update or (self.revision == head and COMMIT.match(head))):
            ref, target = "", head
        else:
            ref, target = self._remote()
        dirty = self._said("status", "--porcelain", "--untracked-files=no", "--ignore-submodules=all") if head else ""
        own = bool(head and head != target and self._said(
            "rev-list", "-1", "HEAD", "--not", "--remotes", "--tags", "--glob=%s*" % PLACED, "--", default="unknown"))
        modules = self._said("submodule", "status", "--recursive") if self.submodules and head else ""
        off = tuple(row[1:].split()[1] for row in modules.splitlines() if row[:1] in "-+U" and len(row.split()) > 1)
        return Observed(folder, fresh, owner, "", head, branch, repo, tuple(row[3:] for row in dirty.splitlines()), own,
                        target, ref, off)

    def _left(self, folder: Optional[FileState]) -> Observed:
        """A clone that is to go: new files in it count as somebody's, and so do commits of all branches and stashes."""
        status = self._git("status", "--porcelain")
        if status.code != 0:
            return Observed(folder, fault="cannot be read as a clone: %s" % status.said(300))
        own = self._said("rev-list", "-1", "HEAD", "--all", "--not", "--remotes", "--tags", "--glob=%s*" % PLACED, "--",
                         default="")
        return Observed(folder, head=self._said("rev-parse", "--verify", "-q", "HEAD"), own=bool(own),
                        branch=self._said("symbolic-ref", "-q", "--short", "HEAD"), dirty=tuple(
                            row[3:] for row in status.stdout.splitlines()),
                        repo=self._said("config", "--get", "remote.origin.url"))

    def _remote(self) -> Tuple[str, str]:
        """(the whole name of what is declared, its commit), as the repository has it; "" twice: it has none."""
        if self.revision is not None and COMMIT.match(self.revision):
            return "", self.revision
        name = self.revision or "HEAD"
        asked = [name] if name == "HEAD" or name.startswith("refs/") else [BRANCH + name, TAG + name]
        done = process.run(["git", "ls-remote", "--symref", "--", self.repo, *asked, *(one + "^{}" for one in asked)],
                           env=self._env(), user=self.user)
        done.must("cannot ask %s" % self.repo)
        rows = [row.split("\t") for row in done.stdout.splitlines() if "\t" in row]
        leads = {ref: word[5:] for word, ref in rows if word.startswith("ref: ")}
        found: Dict[str, str] = {}
        for commit, ref in rows:
            if not commit.startswith("ref: "):
                found[ref[:-3] if ref.endswith("^{}") else ref] = commit  # a tag's commit comes behind the tag
        there = [ref for ref in asked if ref in found]
        if len(there) > 1:
            raise Refused("revision", "%s is a branch and a tag there" % name, "write %s%s or %s%s" % (
                BRANCH, name, TAG, name))
        return (leads.get(there[0], there[0]), found[there[0]]) if there else ("", "")

    # -- deciding ----------------------------------------------------------------------------------------------------

    def diff(self, observed: Observed) -> Optional[Change]:
        if observed.fault:
            whose = observed.folder.owner if observed.folder and "dubious ownership" in observed.fault else ""
            raise Refused("path", "%s %s" % (self.path, observed.fault), "say as whom git is to run: `user: %s`" % whose
                          if whose else "move it away, or name another path")
        if self.state == "absent":
            return self._removal(observed)
        if observed.folder is None and observed.fresh is None:
            raise regular.no_folder(self.path)
        mine = observed.owner or files.owner_name(os.geteuid())
        if not observed.head and observed.folder is not None and observed.folder.owner != mine:
            raise Refused("user", "%s belongs to %s, and git works only in what is its user's own" % (
                self.path, observed.folder.owner), "say as whom it is to run: `user: %s`" % observed.folder.owner)
        if not observed.target:
            raise Refused("revision", "%s has no branch or tag `%s`" % (self.repo, self.revision or "HEAD"),
                          "see `git ls-remote`")
        if not self.force:
            self._must_be_clean(observed)
        fields = self._fields(observed)
        if not fields:
            return None
        planned: Dict[str, Optional[FileState]] = {}
        if observed.folder is None and observed.fresh is not None:
            planned[self.path] = attributes.dressed(observed.fresh, observed.owner, None, None)
        return Change("update" if observed.head else "create", tuple(fields), planned, observed)

    def _fields(self, observed: Observed) -> List[Field]:
        fields: List[Field] = []
        if observed.head != observed.target:
            fields.append(Field("commit", observed.head or None, observed.target))
        if observed.repo != self.repo:
            fields.append(Field("repo", observed.repo or None, self.repo))
        if observed.head == observed.target and self.branch(observed) not in ("", observed.branch):
            fields.append(Field("branch", observed.branch or None, self.branch(observed)))
        if observed.dirty:
            fields.append(Field("changed", ", ".join(observed.dirty[:SHOWN]), None))
        if observed.modules:
            off = "not as committed: " + ", ".join(observed.modules[:SHOWN])
            fields.append(Field("submodules", off, "as committed"))
        return fields

    def _removal(self, observed: Observed) -> Optional[Change]:
        if observed.folder is None:
            return None
        if not self.force:
            self._must_be_clean(observed)
        fields = (Field("repo", observed.repo or None, None), Field("commit", observed.head or None, None))
        return Change("delete", fields, {self.path: None}, observed)

    def _must_be_clean(self, observed: Observed) -> None:
        mend = "commit and push it or throw it away, or say `force: true`"
        if observed.dirty:
            raise Refused("path", "%s has changes that are not committed: %s" % (
                self.path, ", ".join(observed.dirty[:SHOWN])), mend)
        if observed.own:
            raise Refused("path", "%s has commits that its repository has not" % self.path, mend)

    def branch(self, observed: Observed) -> str:
        """The branch that is to be checked out; "": none, for a tag or a commit."""
        return observed.ref[len(BRANCH):] if observed.ref.startswith(BRANCH) else ""

    def undo(self, observed: Observed, change: Change) -> Optional[Sequence[Declared]]:
        if observed.dirty or observed.own:
            raise Failed("what was changed in the clone is not kept")
        clone = {"path": self.path, "repo": observed.repo or self.repo, **({"user": self.user} if self.user else {})}
        if not observed.head and self.state == "present":
            empty = () if observed.folder is None else regular.put_back(self.path, observed.folder) or ()
            return (("git", {**clone, "state": "absent"}), *empty)
        return (("git", {**clone, "revision": observed.head or None}),)

    # -- doing -------------------------------------------------------------------------------------------------------

    def converge(self, change: Change) -> None:
        observed: Observed = change.payload
        if self.state == "absent":
            if self.observe() != observed:
                raise Stale("%s was changed by someone else meanwhile" % self.path)
            files.remove_tree(files.real(self.path), lambda: True)
            return
        planned = change.files.get(self.path)
        if planned is not None:
            files.make_directory(self.path, planned, lambda: files.look(self.path) is None)
        if not observed.head:
            self._must("init", "-q")
        self._must("config", "remote.origin.url", self.repo)
        self._must("config", "--replace-all", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*")
        if self._git("cat-file", "-e", observed.target + "^{commit}").code != 0 or observed.head != observed.target:
            self._fetch(observed)
        branch = self.branch(observed)
        force = ["-f"] if self.force or not observed.head else []  # without a commit there is nobody's work in it
        if branch:
            self._must("checkout", "-q", *force, "-B", branch, observed.target)
            self._must("config", "branch.%s.remote" % branch, "origin")
            self._must("config", "branch.%s.merge" % branch, observed.ref)
        else:
            self._must("checkout", "-q", *force, "--detach", observed.target)
        self._must("update-ref", PLACED + "commit", observed.target)
        if self.submodules:
            depth = ["--depth", str(self.depth)] if self.depth else []
            self._must("submodule", "sync", "-q", "--recursive")
            force = ["--force"] if self.force else []
            self._must("submodule", "update", "-q", "--init", "--recursive", *force, *depth)

    def _fetch(self, observed: Observed) -> None:
        """Brings the commit. A server may refuse to give one by its name alone: then all branches are fetched."""
        depth = ["--depth", str(self.depth)] if self.depth else []
        if observed.ref.startswith(BRANCH):
            what = "+%s:refs/remotes/origin/%s" % (observed.ref, self.branch(observed))
        elif observed.ref.startswith("refs/"):
            what = "+%s:%s" % (observed.ref, observed.ref)
        else:
            what = observed.target
        done = self._git("fetch", "-q", "--no-tags", *depth, "origin", what)
        if done.code != 0 and what == observed.target:
            done = self._git("fetch", "-q", "--tags", "--force", "origin")
        done.must("cannot fetch from %s" % self.repo)
        if self._git("cat-file", "-e", observed.target + "^{commit}").code != 0:
            if observed.ref:
                raise Stale("%s of %s was moved meanwhile" % (observed.ref, self.repo))
            raise Failed("%s has no commit %s" % (self.repo, observed.target))

    def outputs(self, observed: Observed) -> Dict[str, str]:
        return {"commit": observed.head}

    def _git(self, *words: str) -> process.Finished:
        return process.run(["git", "-C", self.path, *words], env=self._env(), user=self.user)

    def _must(self, *words: str) -> None:
        self._git(*words).must("cannot bring %s to where it is to be" % self.path)

    def _said(self, *words: str, default: str = "") -> str:
        """What git prints; `default` when it fails."""
        done = self._git(*words)
        return done.stdout.rstrip("\n") if done.code == 0 else default

    def _env(self) -> Dict[str, str]:
        import shlex

        ssh = ["ssh", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes"]
        if self.key:
            ssh += ["-i", self.key, "-o", "IdentitiesOnly=yes"]
        if self.known_hosts:
            ssh += ["-o", "UserKnownHostsFile=%s" % self.known_hosts]
        return {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0",
                "GIT_SSH_COMMAND": " ".join(map(shlex.quote, ssh))}
