"""A real web server on loopback that does what a test tells it to."""
from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from typing import Any

Handle = Callable[[BaseHTTPRequestHandler], None]


def answer(asked: BaseHTTPRequestHandler, data: bytes, status: int = 200, headers: Mapping[str, str] = {},
           promised: int | None = None) -> None:
    """Answers with this; `promised` bytes are announced and the connection ends after `data`."""
    asked.send_response(status)
    for name, value in {"Content-Length": str(len(data) if promised is None else promised), **headers}.items():
        asked.send_header(name, value)
    asked.end_headers()
    asked.wfile.write(data)
    asked.close_connection = True


def ranged(asked: BaseHTTPRequestHandler, data: bytes) -> None:
    """Answers as a server does that can begin in the middle."""
    start = int(asked.headers.get("Range", "bytes=0-")[6:-1])
    if start >= len(data) > 0:
        return answer(asked, b"", 416)
    if not start:
        return answer(asked, data)
    return answer(asked, data[start:], 206, {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"})


class Server:
    """url: its address without a slash at the end; asked: (path, headers) of each request."""

    def __init__(self, url: str) -> None:
        self.url, self.asked = url, list[tuple[str, dict[str, str]]]()


@contextmanager
def serving(handle: Handle, tls: SSLContext | None = None) -> Iterator[Server]:
    """Serves on a free port of loopback while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            handle(self)

        def log_message(self, *_: Any) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            pass  # a client that does not trust us goes away in the middle

    http = Quiet(("127.0.0.1", 0), Handler)
    if tls is not None:
        http.socket = tls.wrap_socket(http.socket, server_side=True)
    served = Server(f"{'https' if tls else 'http'}://127.0.0.1:{http.server_port}")
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield served
    finally:
        http.shutdown()
        http.server_close()
        thread.join()
