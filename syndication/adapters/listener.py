"""Listens by SMTP or LMTP for mail that comes back, and answers that it was taken only after somebody has taken it.

It takes mail for addresses it is told to expect, one recipient at a time, relays nothing and understands nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from enum import Enum
from typing import Any

import structlog
from aiosmtpd.controller import Controller
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from syndication.ports import Arrived, Permanent, Transient

log = structlog.get_logger()
logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd would log addresses

LARGEST = 10 * 1024 * 1024  # octets of a mail
CONNECTIONS = 20
AT_ONCE = 4  # mails that are taken at the same time
_NULL = "<>"  # how aiosmtpd gives the null sender
_SLACK = 64 * 1024  # octets of commands and dots around a mail


class Answer(Enum):
    """What the far side is told."""

    TAKEN = "250 2.0.0 taken"
    NOT_HERE = "550 5.1.1 no such address here"
    ONE_BY_ONE = "452 4.5.3 one recipient at a time, please"
    LATER = "451 4.3.0 not now; try again later"
    REFUSED = "554 5.6.0 cannot be taken"


class Listener:
    """Takes mail until it is stopped. `take` runs in a thread and returns once what the mail says is stored.

    What it raises becomes 451, so that the far side keeps the mail and comes again; Permanent becomes 554."""

    def __init__(
        self,
        *,
        take: Callable[[Arrived], object],
        expects: Callable[[str], bool],
        host: str = "127.0.0.1",
        port: int = 0,
        protocol: str = "smtp",
        name: str = "localhost",
        timeout: timedelta = timedelta(seconds=60),
        taking: timedelta = timedelta(seconds=40),
    ) -> None:
        """`timeout` is how long a command of the far side, or a whole mail, may be on its way; `taking` how long it
        may take us to take it. Port 0 is any free one."""
        self.port = port
        self._host, self._lmtp, self._name, self._timeout = host, protocol == "lmtp", name, timeout.total_seconds()
        self._desk = _Desk(take, expects, taking.total_seconds())
        self._controller: _Controller | None = None

    def start(self) -> int:
        """The port it listens on, once it does. Raises OSError when it cannot."""
        controller = _Controller(self._desk, hostname=self._host, port=self.port)
        controller.speaks = self._speaks
        controller.start()
        self._controller, self.port = controller, controller.port
        return self.port

    def stop(self) -> None:
        """Hang up on everybody; a mail that was not answered yet comes again."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None
        self._desk.workers.shutdown(wait=True, cancel_futures=True)

    def _speaks(self, loop: asyncio.AbstractEventLoop) -> SMTP:
        return (_Lmtp if self._lmtp else _Smtp)(
            self._desk,
            hostname=self._name,
            ident="mail that comes back",
            data_size_limit=LARGEST,
            enable_SMTPUTF8=True,  # reports about others than ASCII addresses travel so (RFC 6533)
            timeout=self._timeout,
            loop=loop,
        )


class _Controller(Controller):
    speaks: Callable[[asyncio.AbstractEventLoop], SMTP]

    def factory(self) -> SMTP:
        return self.speaks(self.loop)

    def _create_server(self) -> Awaitable[asyncio.AbstractServer]:
        made: Awaitable[asyncio.AbstractServer] = super()._create_server()

        async def noted() -> asyncio.AbstractServer:
            server = await made
            assert isinstance(server, asyncio.Server)
            self.port = int(server.sockets[0].getsockname()[1])
            return server

        return noted()


# --- limits that the protocol's implementation lacks -----------------------------------------


class _Guarded:
    """Counts connections and what each sends: aiosmtpd keeps a line that never ends in memory."""

    event_handler: _Desk
    octets = 0

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.event_handler.connections += 1
        super().connection_made(transport)  # type: ignore[misc]  # of SMTP, its other half
        if self.event_handler.connections > CONNECTIONS:
            transport.write(b"421 4.3.2 too many connections\r\n")
            transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        self.event_handler.connections -= 1
        super().connection_lost(error)  # type: ignore[misc]

    def rest(self, seconds: float) -> None:
        """Let the clock for the far side begin anew: it has done its part."""
        self._reset_timeout(seconds)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self.octets += len(data)
        if self.octets <= LARGEST + _SLACK:
            super().data_received(data)  # type: ignore[misc]
        else:
            self.transport.abort()  # type: ignore[attr-defined]


class _Smtp(_Guarded, SMTP):  # type: ignore[misc]  # aiosmtpd ships no types
    pass


class _Lmtp(_Guarded, LMTP):  # type: ignore[misc]
    pass


# --- what is done with mail ------------------------------------------------------------------


class _Desk:
    """The names of its methods are aiosmtpd's."""

    def __init__(self, take: Callable[[Arrived], object], expects: Callable[[str], bool], timeout: float) -> None:
        self._take, self._expects, self._timeout = take, expects, timeout
        self.connections = 0
        self.workers = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="listener")

    async def handle_MAIL(  # noqa: N802
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        server.octets = 0
        envelope.mail_from = address
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not self._expects(address):
            return Answer.NOT_HERE.value
        if envelope.rcpt_tos:
            return Answer.ONE_BY_ONE.value
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        server.octets = 0
        server.rest(self._timeout + 10)
        sender = "" if envelope.mail_from == _NULL else envelope.mail_from
        arrived = Arrived(message=envelope.content, sender=sender, recipients=tuple(envelope.rcpt_tos))
        taking = asyncio.get_running_loop().run_in_executor(self.workers, self._take, arrived)
        try:
            await asyncio.wait_for(taking, self._timeout)
        except Permanent:
            return Answer.REFUSED.value
        except (Transient, TimeoutError) as error:
            log.warning("mail not taken now", why=type(error).__name__)
            return Answer.LATER.value
        except Exception as error:  # noqa: BLE001 - whatever it is, the far side keeps the mail
            log.error("mail not taken", why=type(error).__name__)
            return Answer.LATER.value
        return Answer.TAKEN.value

    async def handle_exception(self, error: Exception) -> str:
        """What broke in the conversation itself; aiosmtpd would tell the far side about our code."""
        log.error("conversation broke", why=type(error).__name__)
        return Answer.LATER.value
