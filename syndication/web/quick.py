"""A shortcut for uvicorn: what is at hand is answered as soon as its request was read, without a task of its own.

It answers nothing that `Feeds` would not answer alike; everything else goes the ordinary way.
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import unquote

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from syndication.ports import Transient
from syndication.web.feeds import OURS, Feeds

_OURS = tuple(path.encode() for path in OURS)


@lru_cache(maxsize=16)
def _opening(status: int, *headers: tuple[bytes, bytes]) -> bytes:
    """The status line and uvicorn's own headers: Date, another one each second."""
    return STATUS_LINE[status] + b"".join(b"%b: %b\r\n" % each for each in headers)


class Quick(HttpToolsProtocol):
    """uvicorn --http syndication.web.quick:Quick"""

    answered = False  # whether the request being read has its answer already

    def on_message_begin(self) -> None:
        self.answered = False
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        if not self._answers_at_once():
            self._unset_keepalive_if_required()  # an answer at once in the same segment has set it
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if not self.answered:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if not self.answered:
            super().on_message_complete()

    def _answers_at_once(self) -> bool:
        if not self.url.startswith(_OURS) or not self._is_plain():
            return False
        path = self.url.partition(b"?")[0].decode("latin-1")
        try:
            reply = self.app.at_once(unquote(path) if "%" in path else path, self.headers)
        except Transient:
            return False
        if reply is None:
            return False
        self.answered = True
        head = _opening(reply.status, *self.server_state.default_headers) + reply.lines
        if reply.body:
            self.transport.writelines((head, reply.body))  # in one call to the system, and nothing is copied
        else:
            self.transport.write(head)
        self.on_response_complete()
        return True

    def _is_plain(self) -> bool:
        """Whether this is a GET over a connection that goes on, with nothing before it that waits to be answered."""
        return (
            isinstance(self.app, Feeds)
            and self.parser.get_method() == b"GET"
            and self.parser.get_http_version() == "1.1"
            and self.parser.should_keep_alive()
            and not self.parser.should_upgrade()
            and (self.cycle is None or self.cycle.response_complete)
            and not self.flow.write_paused
            and self.limit_concurrency is None
            and not self.access_log
            and not self.root_path
        )
