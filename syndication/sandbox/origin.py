"""A loopback web server of a folder: the feeds and pages that rehearsals collect, and a stand-in for weather services.

It lists nothing, writes nothing and serves nothing outside its folder but made-up weather.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path, PurePosixPath
from urllib.parse import parse_qsl, unquote, urlsplit

from syndication.sandbox import skies
from syndication.sandbox.loopback import HttpServer, QuietHandler, run
from syndication.sandbox.portal import clock_of, real_time

TYPES = {
    ".txt": "text/plain; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".htm": "text/html; charset=utf-8",
    ".xml": "application/rss+xml; charset=utf-8",
    ".rss": "application/rss+xml; charset=utf-8",
    ".atom": "application/atom+xml; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
}


class Origin(HttpServer):
    """Serves `folder` until stopped, and answers as weather services do. `now` is whose weather it makes up."""

    def __init__(self, folder: Path, port: int = 0, *, now: Callable[[], datetime] = real_time) -> None:
        values = {"folder": folder.resolve(), "now": staticmethod(now)}
        super().__init__(type("Handler", (_Handler,), values), port)


class _Handler(QuietHandler):
    folder: Path
    now: Callable[[], datetime]

    def do_GET(self) -> None:  # noqa: N802 - the base class calls it by this name
        asked = urlsplit(self.path)
        said = skies.answer(asked.path, dict(parse_qsl(asked.query)), self.now())
        if said is not None:
            self.reply(said.status, said.body, said.content_type, headers=said.headers)
            return
        path = self._file()
        try:
            body = path.read_bytes() if path else None
            changed_at = datetime.fromtimestamp(int(path.stat().st_mtime), UTC) if path else None
        except OSError:
            body = changed_at = None
        if path is None or body is None or changed_at is None:
            self.reply(404, "여기에는 아무것도 없습니다.\n".encode())
            return
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        stamps = {"ETag": tag, "Last-Modified": format_datetime(changed_at, usegmt=True), "Cache-Control": "no-cache"}
        if self._known(tag, changed_at):
            self.reply(304, headers=stamps)
        else:
            self.reply(200, body, TYPES.get(path.suffix.lower(), "application/octet-stream"), headers=stamps)

    do_HEAD = do_GET  # noqa: N815 - the base class calls it by this name

    def _file(self) -> Path | None:
        """The file a request names, if it lies within the folder."""
        parts = PurePosixPath(unquote(urlsplit(self.path).path).lstrip("/")).parts
        if not parts or any(part.startswith(".") or "\0" in part or "\\" in part for part in parts):
            return None
        path = self.folder.joinpath(*parts).resolve()
        return path if path.is_relative_to(self.folder) and path.is_file() else None

    def _known(self, tag: str, changed_at: datetime) -> bool:
        """Whether the caller has these very bytes (RFC 9110 section 13.2.2: the tag counts before the date)."""
        tags = self.headers.get("If-None-Match")
        if tags is not None:
            named = {word.strip().removeprefix("W/") for word in tags.split(",")}
            return tag in named or "*" in named
        try:
            since = parsedate_to_datetime(self.headers.get("If-Modified-Since", ""))
        except ValueError:
            return False
        return changed_at <= (since if since.tzinfo else since.replace(tzinfo=UTC))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m syndication.sandbox.origin", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--clock", type=Path, help="file that says by how many seconds the clock is shifted")
    asked = parser.parse_args(arguments)
    return run(Origin(asked.folder, asked.port, now=real_time if asked.clock is None else clock_of(asked.clock)))


if __name__ == "__main__":
    sys.exit(main())
