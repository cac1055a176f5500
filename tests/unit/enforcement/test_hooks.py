"""Who is told: in order, again until it arrives, signed; and what Prometheus reads."""
from __future__ import annotations

import asyncio
import hashlib
import hmac
import http.server
import json
import socket
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
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
    store.write({"deliver": [{"association": "k", "hook": digest(hook), "event": {**EVENT, "host": host}, "tries": 0,
                              "next_try": 0.0} for host in hosts for hook in kept.hooks]}).result()


async def told(store: Store, kept: Association, folder: Path) -> None:
    postman = hooks.Postman(store, folder, print, lambda _: True)
    postman.associations = {"k": kept}
    await postman.work(until_told=True)


class Listener(http.server.BaseHTTPRequestHandler):
    answers: ClassVar[list[int]] = []
    heard: ClassVar[list[tuple[bytes, str]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.heard.append((body, self.headers.get("X-Holdfast-Signature", "")))
        self.send_response(self.answers.pop(0) if self.answers else 204)
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
    assert len({json.loads(body)["delivery"] for body, _ in Listener.heard}) == 2, "told again under the same number"
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


def test_mail_arrives(store: Store, tmp_path: Path) -> None:
    mails: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 test\r\n")
        while line := await reader.readline():
            word = line[:4].upper()
            if word == b"DATA":
                writer.write(b"354 go on\r\n")
                mails.append((await reader.readuntil(b"\r\n.\r\n")).decode())
            writer.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")
            if word == b"QUIT":
                break
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        kept = association("  - email: ops@example.org\n    from: holdfast@example.org\n"
                           f"    server: 127.0.0.1:{port}\n")
        wait_for(store, kept, "web1\r\nBcc: x@y")
        await told(store, kept, tmp_path)
        server.close()
        await server.wait_closed()

    asyncio.run(run())
    (mail,) = mails
    assert "To: ops@example.org" in mail and "Subject: [holdfast] drift: file: /x on web1 Bcc: x@y" in mail
    assert "\nBcc" not in mail, "what a host says is no header"


def test_metrics_tell_how_hosts_stand(store: Store) -> None:
    stands = {"association": "k", "asked": 20.0, "good": 15.0, "since": 20.0, "message": "", "told": ""}
    store.write({"kept": [{**stands, "host": "a", "status": "good"}, {**stands, "host": "b", "status": "unreachable"},
                          {**stands, "association": "old", "host": "c", "status": "good"}]}).result()
    metrics = Metrics(store, lambda: {"k": 99.0}, lambda: {"k"}, lambda: 0.0)
    lines = generate_latest(metrics.registry).decode().splitlines()
    assert 'holdfast_host_status{association="k",host="a",status="good"} 1.0' in lines
    assert 'holdfast_host_status{association="k",host="b",status="good"} 0.0' in lines
    assert 'holdfast_host_status{association="k",host="b",status="unreachable"} 1.0' in lines
    assert 'holdfast_round_due_seconds{association="k"} 99.0' in lines and not any('"old"' in line for line in lines)
    with socket.socket() as free:
        free.bind((LOOPBACK, 0))
        port = free.getsockname()[1]
    end = serve(metrics, port)
    with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/metrics", timeout=30) as answer:
        assert b'host="b",status="unreachable"} 1.0' in answer.read()
    with pytest.raises(Problems, match="cannot be used"):
        serve(metrics, port)
    end()
