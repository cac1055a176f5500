"""A host pulls its project: what is verified, what is refused, what happens without the source, and after a kill."""
from __future__ import annotations

import functools
import http.server
import json
import os
import ssl
import subprocess
import tarfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.trust.site import HOLDFAST, Said, Site

GIT = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "a",
       "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}


class Puller:
    """A host's side: its state, whom it trusts, and the file that it is to have. Its source is beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.site = folder, Site(folder / "site")
        self.target, self.key = folder / "target", folder / "key"
        self.site.folder.mkdir()
        for key in (self.key, folder / "stranger"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        self.trust = folder / "trusted"
        self.trust.write_text(f"ops {(folder / 'key.pub').read_text()}")
        self.site.write(f"""\
            inventory: site
            hosts:
              me: {{address: 203.0.113.9, vars: {{holdfast_folder: {folder}/runner}}}}
              other: {{address: 203.0.113.10}}
            """, "inventory/hosts.yml")
        self.say("one")

    def say(self, what: str) -> None:
        """The project declares this content."""
        self.site.write(f"""\
            state: here
            targets: me or other
            resources:
              - file: {self.target}
                content: "{what}\\n"
              - command: sh -c 'sleep 1; touch {self.target}.{what}'
                creates: {self.target}.{what}
            """)

    def sign(self, key: str = "key", *words: str) -> None:
        done = self.site.run("sign", "--key", str(self.folder / key), *words)
        assert done.code == 0, done.text

    def pull(self, *words: str, source: str = "") -> Said:
        return self.site.run(*self.words(*words, source=source))

    def words(self, *words: str, source: str = "") -> list[str]:
        return ["pull", "--from", source or str(self.site.folder), "--host", "me", "--trust", str(self.trust),
                "--state", str(self.folder / "state"), "--report", str(self.folder / "report.json"), *words]

    def has(self) -> str:
        return self.target.read_text().strip() if self.target.exists() else ""

    def report(self) -> dict[str, object]:
        found: dict[str, object] = json.loads((self.folder / "report.json").read_text())
        return found

    def git(self, *words: str) -> str:
        return subprocess.run(["git", "-C", self.site.folder, "-c", "gpg.format=ssh", *words], env=GIT, check=True,
                              capture_output=True, text=True).stdout

    def commit(self, what: str, key: str = "key") -> None:
        self.say(what)
        signing = ["-c", f"user.signingKey={self.folder / key}", "commit", "-S"] if key else ["commit", "--no-gpg-sign"]
        self.git("add", "-A")
        self.git(*signing, "-q", "-m", what)


@pytest.fixture
def puller(tmp_path: Path) -> Puller:
    return Puller(tmp_path)


def refused(said: Said, why: str, puller: Puller, has: str) -> None:
    assert said.code == 2 and why in said.text, said.text
    assert puller.has() == has and puller.report()["status"] == "refused"


def test_a_folder_is_applied_when_its_signature_is_right_and_it_is_not_older(puller: Puller) -> None:
    refused(puller.pull(), "not signed", puller, "")
    puller.sign("stranger")
    refused(puller.pull(), "is not by a key in", puller, "")
    refused(puller.pull("--allow-unsigned"), "is not by a key in", puller, "")
    puller.sign()
    done = puller.pull()
    assert done.code == 0 and puller.has() == "one" and "signed by ops" in done.text, done.text
    assert puller.report()["status"] == "changed" and puller.report()["host"] == "me"
    (how,) = [line.partition(": ")[2] for line in done.text.splitlines() if line.startswith("in full: ")]
    shown = subprocess.run(["sh", "-c", f"PATH={Path(HOLDFAST).parent}:$PATH; {how}"], cwd=puller.folder, check=False,
                           capture_output=True, text=True)
    assert f"file: {puller.target}" in shown.stdout, "what it says to look at can be looked at"
    older = {path: (puller.site.folder / path).read_bytes()
             for path in ("holdfast.manifest", "holdfast.manifest.sig", "playbooks/site.yml")}

    puller.say("two")
    refused(puller.pull(), "is not what was signed: playbooks/site.yml", puller, "one")
    puller.sign()
    (puller.site.folder / "modules").mkdir()
    (puller.site.folder / "modules" / "extra.py").write_text("")  # nobody signed that it is there
    refused(puller.pull(), "modules/extra.py", puller, "one")
    (puller.site.folder / "modules" / "extra.py").unlink()
    (puller.site.folder / "inventory" / "hosts.yml").chmod(0o755)  # nobody signed that it is a program
    refused(puller.pull(), "inventory/hosts.yml", puller, "one")
    (puller.site.folder / "inventory" / "hosts.yml").chmod(0o644)
    assert puller.pull().code == 0 and puller.has() == "two"

    for path, data in older.items():
        (puller.site.folder / path).write_bytes(data)
    refused(puller.pull(), "is older than", puller, "two")
    assert puller.pull("--allow-older").code == 0 and puller.has() == "one"


def test_git_is_applied_by_its_signed_commits_and_offline_from_the_last_good_copy(puller: Puller) -> None:
    source = f"git+file://{puller.site.folder}#main"
    puller.git("init", "-q", "-b", "main")
    puller.commit("one", key="")
    refused(puller.pull(source=source), "is not signed", puller, "")
    puller.commit("two", key="stranger")
    refused(puller.pull(source=source), "is not by a key in", puller, "")
    puller.commit("three")
    assert puller.pull(source=source).code == 0 and puller.has() == "three"
    puller.commit("four")
    assert puller.pull(source=source).code == 0 and puller.has() == "four"
    puller.git("reset", "-q", "--hard", "HEAD~1")
    refused(puller.pull(source=source), "does not come after", puller, "four")

    puller.target.write_text("by hand\n")
    puller.site.folder.rename(puller.folder / "away")
    puller.site.folder.mkdir()
    offline = puller.pull(source=source)
    assert offline.code == 0 and puller.has() == "four" and puller.report()["offline"], offline.text
    puller.trust.write_text("")  # the key is trusted no more
    puller.target.write_text("by hand\n")
    refused(puller.pull(source=source), "is not by a key in", puller, "by hand")


def test_killed_anywhere_the_next_pull_makes_it_whole(puller: Puller) -> None:
    for number, delay in enumerate((0.3, 0.8, 1.6, 2.4)):
        puller.say(f"v{number}")
        puller.sign()
        pulling = puller.site.start(*puller.words())
        time.sleep(delay)
        pulling.kill()
        pulling.communicate()
        again = puller.pull()
        for _ in range(10):  # what it had in hand its runner finishes first
            if puller.report()["status"] != "refused":
                break
            time.sleep(0.5)
            again = puller.pull()
        assert again.code == 0 and puller.has() == f"v{number}", again.text
        assert puller.pull("--plan", "--json").hosts() == {"me": "ok"}
    assert len(list(puller.folder.glob("state/*/copy-*"))) <= 2, "copies do not pile up"


@pytest.fixture
def listener() -> Iterator[tuple[str, list[dict[str, object]]]]:
    """A webhook that hears when it is told to."""
    heard: list[dict[str, object]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.append({**json.loads(body), "signature": self.headers.get("X-Holdfast-Signature")})
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/", heard
        server.shutdown()
        thread.join()


def test_reports_arrive_later_when_nobody_heard_them(
        puller: Puller, listener: tuple[str, list[dict[str, object]]]) -> None:
    address, heard = listener
    puller.sign()
    unheard = puller.pull("--report-to", "http://127.0.0.1:9/")
    assert unheard.code == 0 and "waits for the next pull" in unheard.text
    words = puller.words("--report-to", address)
    assert puller.site.run(*words, HOLDFAST_REPORT_KEY="hook-key-1").code == 0
    assert [one["status"] for one in heard] == ["changed", "ok"] and str(heard[0]["signature"]).startswith("sha256=")


@pytest.fixture
def files(tmp_path: Path) -> Iterator[str]:
    """A web server over TLS that gives what is in `www`; its certificate is in `tls.pem`."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost", "-keyout", tmp_path / "tls.key", "-out",
                    tmp_path / "tls.pem"], check=True, capture_output=True)
    (tmp_path / "www").mkdir()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "tls.pem", tmp_path / "tls.key")

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    give = functools.partial(Handler, directory=str(tmp_path / "www"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), give) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"https://localhost:{server.server_port}/site.tar.gz"
        server.shutdown()
        thread.join()


def test_an_archive_is_applied_as_it_was_signed(puller: Puller, files: str) -> None:
    archive = puller.folder / "www" / "site.tar.gz"
    puller.sign("key", "--archive", str(archive))
    words = puller.words(source=files)
    assert puller.site.run(*words).code == 2, "the server's certificate is by nobody who is known"
    known = {"SSL_CERT_FILE": str(puller.folder / "tls.pem")}
    done = puller.site.run(*words, **known)
    assert done.code == 0 and puller.has() == "one", done.text

    with tarfile.open(archive, "w:gz") as made:  # somebody puts a link into it that leads outside
        made.add(puller.site.folder, ".", filter=lambda one: None if ".holdfast/" in one.name else one)
        link = tarfile.TarInfo("modules")
        link.type, link.linkname = tarfile.SYMTYPE, "/tmp"
        made.addfile(link)
    refused(puller.site.run(*words, **known), "is no regular file", puller, "one")
    archive.write_bytes(b"\0" * 100)
    refused(puller.site.run(*words, **known), "is no archive", puller, "one")
    archive.unlink()
    assert "last good copy" in puller.site.run(*words, **known).text and puller.has() == "one"
