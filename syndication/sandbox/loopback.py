"""What the three stand-ins share: files that appear whole, an HTTP server on loopback, an end on SIGTERM.

It knows nothing of mail, feeds or webhooks.
"""

from __future__ import annotations

import os
import signal
import socketserver
import sys
import tempfile
import threading
from collections.abc import Mapping
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

HOST = "127.0.0.1"
NAME_MAX = 200  # of 255 octets that file systems allow

_PATIENCE = timedelta(milliseconds=800)
_POLL = 0.05


def file_name(words: str) -> str:
    """A name for one folder or file made of foreign words: no separators, no leading dot, not too long.

    Different words may share a name only where they are longer than a name can be."""
    safe = quote(words, safe="@+=_- ,~")
    safe = f"%2E{safe[1:]}" if safe.startswith(".") else safe
    return safe[:NAME_MAX] or "%00"


def write_whole(path: Path, octets: bytes) -> None:
    """Put a file in place so that a reader sees all of it or none of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    number, draft = tempfile.mkstemp(dir=path.parent, prefix=".draft-")
    try:
        with os.fdopen(number, "wb") as file:
            file.write(octets)
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def append_line(path: Path, line: str) -> None:
    """Append one line in a single write: lines of several threads never mix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    number = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(number, f"{line}\n".encode())
    finally:
        os.close(number)


class HttpServer:
    """An HTTP server on 127.0.0.1 in threads of its own. Port 0 takes a free one; `port` says which."""

    def __init__(self, handler: type[BaseHTTPRequestHandler], port: int = 0) -> None:
        self._handler = handler
        self._server: _Server | None = None
        self.port = port

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def start(self) -> int:
        self._server = _Server((HOST, self.port), self._handler)
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, args=(_POLL,), daemon=True).start()
        return self.port

    def stop(self) -> None:
        """Stop listening; answers under way are not waited for."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def server_bind(self) -> None:
        socketserver.TCPServer.server_bind(self)  # HTTPServer would ask the resolver for its own name
        self.server_name, self.server_port = HOST, int(self.server_address[1])

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that hung up is no news."""


class QuietHandler(BaseHTTPRequestHandler):
    """A request handler that keeps connections open, gives up on slow callers and writes no log."""

    protocol_version = "HTTP/1.1"
    server_version = "sandbox"
    sys_version = ""
    timeout = 10
    wbufsize = -1  # head and body leave together
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:
        pass

    def reply(
        self,
        status: int,
        body: bytes = b"",
        content_type: str = "text/plain; charset=utf-8",
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """One answer with its length."""
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD" and status != 304:
            self.wfile.write(body)


class Service(Protocol):
    def start(self) -> int:
        """Listen; returns the port. Raises OSError."""
        ...

    def stop(self) -> None: ...


def run(service: Service) -> int:
    """Start, print `ready <port>`, stop on SIGTERM or SIGINT within a second. Returns the exit status."""
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    try:
        port = service.start()
    except OSError as error:
        print(f"cannot listen on {HOST}: {error.strerror or error}", file=sys.stderr)
        return 1
    print(f"ready {port}", flush=True)
    told.wait()
    last = threading.Thread(target=service.stop, daemon=True)
    last.start()
    last.join(_PATIENCE.total_seconds())
    return 0
