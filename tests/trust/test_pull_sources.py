"""What a host pulls from: real git over SSH and HTTPS, archives over HTTPS, with servers that are not who they should
be, send elsewhere, never end, or hold too much."""
from __future__ import annotations

import functools
import http.server
import os
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme

from holdfast.problems import Problems
from holdfast.pulling import archiving, copies, git, manifest
from holdfast.pulling.fetching import Ready, Rules, ready
from holdfast.pulling.keeping import Kept
from holdfast.pulling.model import source

GIT = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "a",
       "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}


class Origin:
    """A repository whose commits are signed, and an archive of it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.key = folder / "site.git", folder / "key"
        self.trust = folder / "trusted"
        for name in ("key", "stranger"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
        self.trust.write_text(f"ops {(folder / 'key.pub').read_text()}")
        self.folder.mkdir()
        self.git("init", "-q", "-b", "main")
        self.commit("one")

    def git(self, *words: str, key: str = "key") -> str:
        return subprocess.run(["git", "-C", self.folder, "-c", "gpg.format=ssh", "-c",
                               f"user.signingKey={self.key.with_name(key)}", *words], env=GIT, check=True,
                              capture_output=True, text=True).stdout.strip()

    def commit(self, what: str, sign: str = "-S") -> str:
        (self.folder / "what").write_text(what)
        self.git("add", "-A")
        self.git("commit", "-q", sign, "-m", what[:20].strip("\0") or "nothing")
        return self.git("rev-parse", "HEAD")

    def archive(self, path: Path, revision: int = 1) -> None:
        archiving.write(self.folder, manifest.sign(self.folder, self.key, revision), path)


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    return Origin(tmp_path)


@dataclass
class Puller:
    """A host's side."""

    state: Path
    trust: Path

    def pull(self, text: str, **rules: bool) -> Ready:
        found = source(text)
        kept = Kept(self.state, found)
        with kept.alone():
            return ready(found, kept, Rules(self.trust, **rules))

    def refused(self, text: str, why: str, **rules: bool) -> str:
        with pytest.raises(Problems, match=why) as caught:
            self.pull(text, **rules)
        return str(caught.value)


@pytest.fixture
def puller(tmp_path: Path, origin: Origin) -> Puller:
    return Puller(tmp_path / "state", origin.trust)


# -- HTTPS ---------------------------------------------------------------------------------------------------------


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files; repositories, by git's own program, below /git/; and what a server may do to its clients."""

    def do_GET(self) -> None:
        web.logins.append(self.headers.get("Authorization") or "")
        path = self.path.partition("?")[0]
        if path.startswith("/git/"):
            self.give_git()
        elif path.startswith("/to/"):  # /to/https/…: over there, at the rest of the path
            scheme, _, rest = self.path.removeprefix("/to/").partition("/")
            self.send_response(302)
            self.send_header("Location", f"{scheme}://{web.address(scheme)}/{rest}")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif path == "/endless.tar.gz":
            self.send_response(200)
            self.end_headers()
            self.give_ever(b"\0" * 65536, 0.0)
        elif path == "/slow.tar.gz":
            self.send_response(200)
            self.end_headers()
            self.give_ever(b"\0", 0.05)
        elif path == "/cut.tar.gz":
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"\0" * 50)
        else:
            super().do_GET()

    def do_POST(self) -> None:
        self.give_git()

    def give_ever(self, piece: bytes, pause_s: float) -> None:
        last = time.monotonic() + 10
        try:
            while time.monotonic() < last:
                self.wfile.write(piece)
                time.sleep(pause_s)
        except OSError:
            pass

    def give_git(self) -> None:
        path, _, query = self.path.removeprefix("/git").partition("?")
        around = {"GIT_PROJECT_ROOT": str(self.directory), "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": path,
                  "QUERY_STRING": query, "REQUEST_METHOD": self.command, "REMOTE_ADDR": "127.0.0.1",
                  "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                  "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                  "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""), "PATH": os.environ["PATH"],
                  "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        said = subprocess.run(["git", "http-backend"], input=body, env=around, capture_output=True, check=True).stdout
        head, _, rest = said.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self.send_response(int(fields.pop("Status", "200").split()[0]))
        for name, value in fields.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        self.wfile.write(rest)

    def log_message(self, format: str, *args: object) -> None:
        pass


@dataclass
class Web:
    """The same contents over TLS, by an authority that is known, and without."""

    ports: dict[str, int] = field(default_factory=dict)
    logins: list[str] = field(default_factory=list)

    def address(self, scheme: str) -> str:
        return f"{'localhost' if scheme == 'https' else '127.0.0.1'}:{self.ports[scheme]}"


web = Web()


@pytest.fixture
def https(tmp_path: Path, origin: Origin, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """HOST:PORT."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    for variable in ("SSL_CERT_FILE", "GIT_SSL_CAINFO"):
        monkeypatch.setenv(variable, str(tmp_path / "ca.pem"))
    monkeypatch.setenv("HOME", str(tmp_path))
    servers = []
    web.logins.clear()
    for scheme in ("https", "http"):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(tmp_path)))
        server.daemon_threads = True
        if scheme == "https":
            server.socket = context.wrap_socket(server.socket, server_side=True)
        web.ports[scheme] = server.server_port
        servers.append(server)
        threading.Thread(target=functools.partial(server.serve_forever, 0.05)).start()
    yield web.address("https")
    for server in servers:
        server.shutdown()
        server.server_close()


def distrust(tmp_path: Path) -> None:
    """The server's authority is not known any more."""
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "ca.pem"))


def test_git_over_https(origin: Origin, puller: Puller, https: str, tmp_path: Path) -> None:
    at = f"git+https://{https}/git/site.git#main"
    first = puller.pull(at)
    assert first.is_new and first.signer == "ops" and (first.folder / "what").read_text() == "one"
    second = origin.commit("two")
    assert puller.pull(at).revision == second and not puller.pull(at).is_new
    origin.commit("three", sign="--no-gpg-sign")
    puller.refused(at, "is not signed")
    plain = f"git+https://{https}/to/http/git/site.git#main"
    assert subprocess.run(["git", "ls-remote", plain.removeprefix("git+").partition("#")[0]], env={**GIT, **os.environ},
                          capture_output=True, check=False).returncode == 0, "the control: git itself would go there"
    assert 'Protocol "http" not supported or disabled' in puller.refused(plain, "cannot be fetched")
    origin.git("reset", "-q", "--hard", second)
    distrust(tmp_path)
    kept = puller.pull(at)
    assert "certificate" in kept.offline and kept.revision == second, "the last good copy, and why"
    assert "certificate" in puller.refused(at.replace("#main", ""), "cannot be fetched"), "nothing was pulled before"


def test_archives_over_https(origin: Origin, puller: Puller, https: str, tmp_path: Path,
                             monkeypatch: pytest.MonkeyPatch) -> None:
    origin.archive(tmp_path / "site.tar.gz")
    (tmp_path / ".netrc").write_text("machine localhost login ops password pass-of-archive\n")
    (tmp_path / ".netrc").chmod(0o600)
    assert puller.pull(f"https://{https}/to/https/site.tar.gz").signer == "ops"
    assert web.logins[0].startswith("Basic ") and web.logins[1] == "", "who is sent on brings no login along"
    assert "only https" in puller.refused(f"https://{https}/to/http/site.tar.gz", "it sends on to http://")
    assert len(web.logins) == 3, "and nobody went there"
    puller.refused(f"https://{https}/cut.tar.gz", "cut off after 50 of 100 bytes")
    monkeypatch.setattr(manifest, "MOST_BYTES", 1 << 20)
    puller.refused(f"https://{https}/endless.tar.gz", "larger than 1 MiB")
    monkeypatch.setattr(copies, "WHOLE_S", 0.5)
    began = time.monotonic()
    puller.refused(f"https://{https}/slow.tar.gz", "takes too long")
    assert time.monotonic() - began < 5
    monkeypatch.undo()
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    distrust(tmp_path)
    puller.refused(f"https://{https}/site.tar.gz", "CERTIFICATE_VERIFY_FAILED")


@pytest.mark.parametrize("text", [
    "git+https://me:pass-in-address@git.example.org/site.git", "https://pass-in-address@files.example.org/site.tar.gz",
    "git+ssh://git:pass-in-address@git.example.org/site.git"])
def test_a_password_in_an_address_is_refused_and_not_repeated(text: str, puller: Puller) -> None:
    assert "pass-in-address" not in puller.refused(text, "a login stands in an address")


def test_what_git_brings_is_bounded(origin: Origin, puller: Puller, monkeypatch: pytest.MonkeyPatch) -> None:
    at = f"git+file://{origin.folder}"
    monkeypatch.setattr(git, "MOST_BYTES", 1 << 20)
    origin.commit("\0" * (8 << 20))  # small as git keeps it, large when it is unpacked
    puller.refused(at, "is larger than 1 MiB: .*File too large")
    assert list(puller.state.glob("*/copy-*")) == []
    (origin.folder / "random").write_bytes(os.urandom(4 << 20))
    origin.commit("large")
    puller.refused(at, "cannot be fetched: .*")
    monkeypatch.undo()
    assert puller.pull(at).is_new, "the control: nothing else was wrong"


def test_links_in_git_stay_inside(origin: Origin, puller: Puller) -> None:
    at = f"git+file://{origin.folder}"
    (origin.folder / "same").symlink_to("what")
    origin.commit("two")
    assert (puller.pull(at).folder / "same").read_text() == "two"
    (origin.folder / "out").symlink_to("../../../etc/passwd")
    origin.commit("three")
    puller.refused(at, "a link out that leads out of it")


def test_signed_tags(origin: Origin, puller: Puller) -> None:
    at = f"git+file://{origin.folder}#release"
    commit = origin.commit("two", sign="--no-gpg-sign")
    origin.git("tag", "-a", "-m", "not signed", "release")
    puller.refused(at, "tag release is not signed")
    origin.git("tag", "-f", "-s", "-m", "by a stranger", "release", key="stranger")
    puller.refused(at, "signature of tag .* is not by a key")
    origin.git("tag", "-s", "-m", "signed as another", "old")
    origin.git("update-ref", "refs/tags/release", origin.git("rev-parse", "refs/tags/old"))
    puller.refused(at, "was signed under another name")
    origin.git("tag", "-f", "-s", "-m", "signed", "release")
    assert (puller.pull(at).revision, puller.pull(at).signer) == (commit, "ops")
    origin.folder.rename(origin.folder.with_name("away"))
    again = puller.pull(at)
    assert again.offline and again.signer == "ops" and (again.folder / "what").read_text() == "two"
    origin.trust.write_text("")
    puller.refused(at, "signature of tag .* is not by a key")
    origin.trust.write_text(f"ops {origin.key.with_suffix('.pub').read_text()}")
    origin.folder.with_name("away").rename(origin.folder)
    origin.git("reset", "-q", "--hard", "HEAD~1")
    origin.git("tag", "-f", "-s", "-m", "back", "release")
    puller.refused(at, "does not come after")
    assert puller.pull(at, allows_older=True).folder.joinpath("what").read_text() == "one"


# -- SSH -----------------------------------------------------------------------------------------------------------


class Server:
    """An SSH server that has a new host key whenever it is started; its port stays."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, "0"
        self.process: subprocess.Popen[str] | None = None
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "user"], check=True)

    def start(self) -> str:
        """Its line in known_hosts."""
        self.end()
        key = self.folder / "host_key"
        key.unlink(missing_ok=True)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        self.process = subprocess.Popen([sys.executable, "-m", "tests.trust.gitserver", str(key),
                                         str(self.folder / "user.pub"), self.port], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        self.port = self.process.stdout.readline().strip()
        return f"[127.0.0.1]:{self.port} {key.with_suffix('.pub').read_text()}"

    def end(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate()


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """How ssh is set up here would take any host key."""
    (tmp_path / "ssh_config").write_text(
        f"Host *\n  IdentityFile {tmp_path}/user\n  IdentitiesOnly yes\n  UserKnownHostsFile {tmp_path}/known_hosts\n"
        "  GlobalKnownHostsFile none\n  StrictHostKeyChecking accept-new\n")
    monkeypatch.setenv("GIT_SSH_COMMAND", f"ssh -F {tmp_path}/ssh_config")
    made = Server(tmp_path)
    yield made
    made.end()


def test_git_over_ssh_knows_its_server(origin: Origin, puller: Puller, server: Server, tmp_path: Path) -> None:
    known, line = tmp_path / "known_hosts", server.start()
    at = f"git+ssh://git@127.0.0.1:{server.port}{origin.folder}#main"
    assert "Host key verification failed" in puller.refused(at, "cannot be fetched")
    assert not known.exists(), "it is not taken unseen, whatever ssh is set to"
    known.write_text(line)
    first = puller.pull(at)
    assert first.is_new and first.signer == "ops" and (first.folder / "what").read_text() == "one"
    second = origin.commit("two")
    assert puller.pull(at).revision == second
    server.start()  # another server in its place
    origin.commit("three")
    assert "Host key verification failed" in puller.pull(at).offline, "the last good copy, and why"
    known.write_text(server.start())
    assert puller.pull(at).revision == origin.git("rev-parse", "HEAD"), "the control"
    (tmp_path / "user").unlink()
    assert "Permission denied" in puller.pull(at).offline


def test_patience_with_git_ends(puller: Puller, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "hangs").write_text("#!/bin/sh\nexec sleep 60\n")
    (tmp_path / "hangs").chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(tmp_path / "hangs"))
    monkeypatch.setattr(git, "PATIENCE_S", 0.5)
    puller.refused("git+ssh://git@127.0.0.1/site.git", "git took longer than 0.5 s")
