"""A Partner's endpoint on loopback, with HTTP or without any, and a sample push: for tests of webhooks."""

from __future__ import annotations

import base64
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from syndication.ports import Push

NEW = "whsec_" + base64.b64encode(b"a throw-away sample secret 1 ...").decode()
OLD = "whsec_" + base64.b64encode(b"a throw-away sample secret 0 ...").decode()
BODY = '{"type":"article.published","timestamp":"2026-01-19T18:00:00Z","data":{"title":"표본"}}'.encode()
QUICK = timedelta(seconds=1)

Reply = Callable[[BaseHTTPRequestHandler], None]


def push(url: str, **values: object) -> Push:
    words: dict[str, object] = {
        "partner_id": "portal",
        "key": "push-1",
        "url": url,
        "secrets": (NEW,),
        "body": BODY,
        "content_type": "application/json; charset=utf-8",
        "at": datetime.now(UTC),
        "sequence": 7,
        "loopback": True,
        **values,
    }
    return Push(**words)  # type: ignore[arg-type]


@dataclass
class Endpoint:
    """A Partner's endpoint: what it was sent and where it listens."""

    url: str = ""
    reply: Reply = lambda _: None
    taken: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    def answers(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> str:
        def reply(request: BaseHTTPRequestHandler) -> None:
            request.send_response_only(status)
            for name, value in ({"Content-Length": str(len(body))} | (headers or {})).items():
                request.send_header(name, value)
            request.end_headers()
            request.wfile.write(body)

        self.reply = reply
        return self.url


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[Endpoint]:
    told = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            told.taken.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            try:
                told.reply(self)
            except OSError:
                pass

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    told.url = f"http{'s' if tls else ''}://127.0.0.1:{server.server_address[1]}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield told
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serving() as told:
        yield told


@contextmanager
def raw(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that does with each connection as told, without any HTTP of its own."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(5)

    def run() -> None:
        try:
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(5)
                talk(connection)
        except OSError:
            pass

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/hook"
    finally:
        listener.close()
        thread.join(6)


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
