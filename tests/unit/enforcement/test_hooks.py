"""Who is told: in order, again until it arrives, signed; and what Prometheus reads."""
from __future__ import annotations

import asyncio
import hashlib
import hmac
import http.server
import json
import os
import signal
import socket
import ssl
import threading
import time
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from prometheus_client import generate_latest

from holdfast.documents.association import Association
from holdfast.documents.loading import load_text
from holdfast.documents.types import Types
from holdfast.enforcement import hooks
from holdfast.enforcement.announcing import digest
from holdfast.enforcement.metrics import LOOPBACK, Metrics, serve
from holdfast.problems import Problems
from holdfast.store import Store, enforced

EVENT = {"event": "drift", "association": "k", "host": "web1", "resource": "file: /x"}


def association(text: str) -> Association:
    (found,), problems = load_text(f"association: k\ndocuments: base\nevery: 5m\nhooks:\n{text}", "a.yml", Types())
    assert isinstance(found, Association) and not problems, problems
    return found


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store.db") as opened:
        yield opened


def wait_for(store: Store, kept: Association, *hosts: str) -> None:
    store.write({"deliver": [{
        "association": "k", "hook": digest(hook), "tries": 0, "next_try": 0.0,
        "event": {"delivery": f"of-{host}", **EVENT, "host": host}} for host in hosts for hook in kept.hooks]}).result()


async def told(store: Store, kept: Association, folder: Path, note: Callable[[str], Any] = print) -> None:
    postman = hooks.Postman(store, folder, note, lambda _: True)
    postman.associations = {"k": kept}
    await postman.work(until_told=True)


class Listener(http.server.BaseHTTPRequestHandler):
    answers: ClassVar[list[int]] = []
    heard: ClassVar[list[tuple[bytes, str]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.heard.append((body, self.headers.get("X-Holdfast-Signature", "")))
        self.send_response(self.answers.pop(0) if self.answers else 204)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        Listener.answers, Listener.heard = [], []
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_a_webhook_is_told_in_order_signed_and_again_when_it_did_not_hear(
        store: Store, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_KEY", "key-of-the-hook")
    monkeypatch.setattr(hooks, "FIRST_S", 0.0)
    kept = association(f"  - webhook: {address}\n    secret: {{secret: key, env: HOOK_KEY}}\n")
    wait_for(store, kept, "web1", "web2")
    Listener.answers[:] = [500, 503]
    asyncio.run(told(store, kept, tmp_path))
    assert [json.loads(body)["host"] for body, _ in Listener.heard] == ["web1", "web1", "web1", "web2"]
    assert len({json.loads(body)["delivery"] for body, _ in Listener.heard}) == 2, "told again under the same name"
    for body, signature in Listener.heard:
        assert signature == "sha256=" + hmac.new(b"key-of-the-hook", body, hashlib.sha256).hexdigest()
    assert store.ask(enforced.waiting) == ()
    assert b"key-of-the-hook" not in b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())


def test_one_hook_that_is_deaf_holds_up_no_other(store: Store, tmp_path: Path) -> None:
    kept = association("  - command: sh -c 'exit 3'\n  - command: sh -c 'cat >> told; echo $HOLDFAST_HOST >> told'\n")
    wait_for(store, kept, "web1", "web2")
    asyncio.run(told(store, kept, tmp_path))
    said = (tmp_path / "told").read_text()
    assert said.index('"host": "web1"') < said.index('"host": "web2"') and said.endswith("web2\n")
    (left,) = store.ask(enforced.waiting)
    assert (left.tries, left.event["host"]) == (1, "web1") and left.next_try > 0
    asyncio.run(told(store, association("  - command: 'true'\n"), tmp_path))
    assert {one.event["host"] for one in store.ask(enforced.waiting)} <= {"web1", "web2"}


class Mailbox:
    """A mail server's."""

    def __init__(self) -> None:
        self.mails: list[str] = []
        self.logins: list[tuple[bytes, bytes]] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append(envelope.content.decode())
        return "250 OK"

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, login: Any) -> AuthResult:
        self.logins.append((login.login, login.password))
        if (login.login, login.password) == (b"holdfast", b"pass-of-mail-1"):
            return AuthResult(success=True, handled=False)
        answer = f"535 5.7.8 Authentication fails: {login.password.decode()} is wrong"
        return AuthResult(success=False, handled=False, message=answer)


@dataclass
class MailServer:
    """Starts a real mail server; gives its HOST:PORT. authority: who has signed its certificate."""

    box: Mailbox
    authority: trustme.CA
    running: list[Controller]

    def start(self, tls: str) -> str:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert("localhost").configure_cert(context)
        how: dict[str, Any] = {"none": {}, "starttls": {"tls_context": context, "require_starttls": True},
                               "implicit": {"ssl_context": context, "auth_require_tls": False}}[tls]
        login = {"authenticator": self.box.authenticate, "auth_required": True} if tls != "none" else {}
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.running.append(Controller(self.box, "127.0.0.1", port, **how, **login))
        self.running[-1].start()
        return f"localhost:{port}"


@pytest.fixture
def mail_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    made = MailServer(Mailbox(), trustme.CA(), [])
    made.authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    (tmp_path / "password").write_text("pass-of-mail-1\n")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with warnings.catch_warnings():  # of aiosmtpd, of logins without STARTTLS
        warnings.simplefilter("ignore")
        yield made
        for one in made.running:
            one.stop()


LOGIN = "    user: holdfast\n    password: {secret: mail, file: password}\n"


@pytest.mark.parametrize("tls", ["none", "starttls", "implicit"])
def test_mail_arrives(store: Store, tmp_path: Path, mail_server: MailServer, tls: str) -> None:
    login = f"    tls: {tls}\n{LOGIN}" if tls != "none" else ""
    kept = association(f"  - email: ops@example.org\n    from: holdfast@example.org\n"
                       f"    server: {mail_server.start(tls)}\n{login}")
    wait_for(store, kept, "web1\r\nBcc: x@y")
    asyncio.run(told(store, kept, tmp_path))
    (mail,) = mail_server.box.mails
    assert "To: ops@example.org" in mail and "Subject: [holdfast] drift: file: /x on web1 Bcc: x@y" in mail
    assert "\nBcc" not in mail, "what a host says is no header"
    assert mail_server.box.logins == ([] if tls == "none" else [(b"holdfast", b"pass-of-mail-1")])
    assert store.ask(enforced.waiting) == ()
    assert b"pass-of-mail-1" not in (tmp_path / "store.db").read_bytes()


def test_no_password_is_sent_where_it_could_be_read_or_to_who_is_not_known(
        store: Store, tmp_path: Path, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "MOST_TRIES", 1)
    said: list[str] = []

    def mail_by(server: str, tls: str) -> str:
        kept = association(f"  - email: ops@example.org\n    server: {server}\n    tls: {tls}\n{LOGIN}")
        wait_for(store, kept, "web1")
        asyncio.run(told(store, kept, tmp_path, said.append))
        return said[-1]

    assert "STARTTLS" in mail_by(mail_server.start("none"), "starttls")
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    for tls in ("starttls", "implicit"):
        assert "CERTIFICATE_VERIFY_FAILED" in mail_by(mail_server.start(tls), tls)
    assert mail_server.box.logins == []
    mail_server.authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    (tmp_path / "password").write_text("wrong-pass-2\n")
    assert "Authentication fails: «mail» is wrong" in mail_by(mail_server.start("starttls"), "starttls")
    assert set(mail_server.box.logins) == {(b"holdfast", b"wrong-pass-2")}, "the control: what is sent is seen"
    assert mail_server.box.mails == [] and "wrong-pass-2" not in "".join(said)
    (tmp_path / "password").unlink()
    assert "password" in mail_by("localhost:1", "starttls"), "a secret that is missing is named"


def test_a_webhook_that_answers_for_ever_holds_nobody_up(
        store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte comes in time, the end never does."""
    monkeypatch.setattr(hooks, "ONE_S", 0.5)
    met: list[socket.socket] = []

    def drip(listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                met.append(listening.accept()[0])
                for _ in range(40):
                    met[-1].sendall(b"H")
                    time.sleep(0.05)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=drip, args=(listening,), daemon=True).start()
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        kept = association(f"  - webhook: {address}\n  - command: sh -c 'cat > told'\n")
        wait_for(store, kept, "web1")
        began = time.monotonic()

        async def both() -> None:
            postman = hooks.Postman(store, tmp_path, print, lambda _: True)
            postman.associations, postman.known = {"k": kept}, frozenset({"k"})
            for tries in (1, 2, 3):
                await postman.work(until_told=True)
                (waiting,) = store.ask(enforced.waiting)
                assert waiting.tries == tries
                store.write({"again": [{"number_": waiting.number, "tries_": tries, "next_try_": 0.0}]}).result()

        asyncio.run(both())
        assert time.monotonic() - began < 10 and (tmp_path / "told").exists()
        assert len(met) == 1, "a try that hangs is not joined by others"
        for one in met:
            one.close()


def is_there(group: int) -> bool:
    with suppress(ProcessLookupError):
        os.killpg(group, 0)
        return True
    return False


def test_hooks_that_hang_or_answer_nonsense_hinder_no_other_and_are_named(
        store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that is to be told arrives while the others are still being tried."""
    monkeypatch.setattr(hooks, "ONE_S", 5.0)

    def answer(listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                with listening.accept()[0] as met:
                    met.sendall(b"SSH-2.0-nonsense\r\n\r\n")
                    met.recv(65536)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=answer, args=(listening,), daemon=True).start()
        kept = association("  - command: sh -c 'echo $$ > hangs; sleep 999 & wait'\n"
                           f"  - webhook: http://127.0.0.1:{listening.getsockname()[1]}/\n"
                           "  - command: sh -c 'cat >> told; sleep 999 & echo $! >> left'\n")
        wait_for(store, kept, "web1", "web2", "web3")
        said: list[str] = []

        async def live() -> None:
            postman = hooks.Postman(store, tmp_path, said.append, lambda _: True)
            postman.associations, postman.known = {"k": kept}, frozenset({"k"})
            working = asyncio.create_task(postman.work())
            async with asyncio.timeout(30):
                while len(store.ask(enforced.waiting)) == 3 or not (tmp_path / "hangs").exists():  # noqa: ASYNC110  # nobody tells
                    await asyncio.sleep(0.05)
            assert not working.done()
            working.cancel()
            await asyncio.wait([working])

        asyncio.run(live())
    assert (tmp_path / "told").read_text().count('"event": "drift"') == 3, "each once: what a command leaves is its own"
    assert sorted(one.event["host"] for one in store.ask(enforced.waiting)) == ["web1"] * 2
    assert len(said) == 1 and "does not hear, and is tried again: http://127.0.0.1" in said[0], said
    group = int((tmp_path / "hangs").read_text())
    while is_there(group):  # dead, and gone as soon as somebody has waited for them
        time.sleep(0.05)
    for left in (tmp_path / "left").read_text().split():
        os.kill(int(left), signal.SIGKILL)


def test_what_a_clock_that_was_set_back_would_put_off_is_told(store: Store, tmp_path: Path) -> None:
    kept = association("  - command: sh -c 'cat >> told'\n")
    wait_for(store, kept, "web1")
    (waiting,) = store.ask(enforced.waiting)
    for next_try in (time.time() + 600.0, time.time() + 86_400.0):
        assert not (tmp_path / "told").exists()
        store.write({"again": [{"number_": waiting.number, "tries_": 1, "next_try_": next_try}]}).result()
        asyncio.run(told(store, kept, tmp_path))
    assert (tmp_path / "told").exists()


def test_a_webhook_that_sends_elsewhere_has_not_heard(store: Store, address: str, tmp_path: Path,
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "MOST_TRIES", 1)
    kept, said = association(f"  - webhook: {address}\n"), []
    wait_for(store, kept, "web1")
    Listener.answers[:] = [302]
    asyncio.run(told(store, kept, tmp_path, said.append))
    assert said == [f"a hook of k was not told of drift: {address} answers with 302"] and len(Listener.heard) == 1


def test_what_waits_for_another_keepers_hooks_is_left_to_it(store: Store, tmp_path: Path) -> None:
    kept = association("  - command: sh -c 'cat >> told'\n")
    wait_for(store, kept, "web1")
    postman = hooks.Postman(store, tmp_path, print, lambda _: False)
    postman.associations, postman.known = {}, frozenset({"k"})
    asyncio.run(postman.work(until_told=True))
    assert len(store.ask(enforced.waiting)) == 1 and not (tmp_path / "told").exists()
    postman.known = frozenset({"other"})  # nothing declares it any more
    asyncio.run(postman.work(until_told=True))
    assert store.ask(enforced.waiting) == () and not (tmp_path / "told").exists()


def test_metrics_tell_how_hosts_stand(store: Store) -> None:
    stands = {"association": "k", "asked": 20.0, "good": 15.0, "since": 20.0, "message": "", "told": ""}
    store.write({"kept": [{**stands, "host": "a", "status": "good"}, {**stands, "host": "b", "status": "unreachable"},
                          {**stands, "association": "old", "host": "c", "status": "good"}]}).result()
    clock = [20.0 + 300.0 + 299.0]  # every five minutes, and five more
    kept = {"k": association("  - command: x\n")}
    metrics = Metrics(store, lambda: {"k": 99.0}, lambda: kept, lambda: clock[0])

    def lines() -> list[str]:
        return generate_latest(metrics.registry).decode().splitlines()

    assert 'holdfast_host_status{association="k",host="a",status="good"} 1.0' in lines()
    assert 'holdfast_host_status{association="k",host="b",status="good"} 0.0' in lines()
    assert 'holdfast_host_status{association="k",host="b",status="unreachable"} 1.0' in lines()
    assert 'holdfast_round_due_seconds{association="k"} 99.0' in lines()
    assert not any('"old"' in line for line in lines())
    clock[0] += 2.0  # nobody has asked
    assert 'holdfast_host_status{association="k",host="a",status="good"} 0.0' in lines()
    assert 'holdfast_host_status{association="k",host="a",status="unknown"} 1.0' in lines()
    assert 'holdfast_host_good_seconds{association="k",host="a"} 15.0' in lines()
    clock[0] = 20.0  # the control: asked just now
    assert 'holdfast_host_status{association="k",host="a",status="good"} 1.0' in lines()
    clock[0] -= 301.0  # it was asked by a clock that was wrong
    assert 'holdfast_host_status{association="k",host="a",status="good"} 0.0' in lines()
    clock[0] = 20.0 + 300.0 + 301.0
    with socket.socket() as free:
        free.bind((LOOPBACK, 0))
        port = free.getsockname()[1]
    end = serve(metrics, port)
    with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/metrics", timeout=30) as answer:
        assert b'host="b",status="unknown"} 1.0' in answer.read()
    with pytest.raises(Problems, match="cannot be used"):
        serve(metrics, port)
    end()
