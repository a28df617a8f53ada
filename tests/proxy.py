"""A TCP proxy on loopback that passes on, delays, resets, swallows or cuts what goes through it.

It understands nothing of what it carries. In tests it runs in a thread; `python -m tests.proxy` gives it a process.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import struct
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

HOST = "127.0.0.1"
_ARRIVING = 0.05  # seconds that the far end gets to read what came before a reset
_T = TypeVar("_T")
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: an aborted connection is reset, not ended


@dataclass(eq=False)
class _Link:
    """One connection through the proxy."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter | None = None
    swallowing: bool = False
    sent: int = 0  # octets from the client so far
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def reset(self) -> None:
        for writer in (self.client, self.server):
            if writer is not None:
                raw = writer.get_extra_info("socket")
                if raw is not None and raw.fileno() >= 0:
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                writer.transport.abort()
        for task in self.tasks:
            task.cancel()


class Proxy:
    """Passes everything on until told otherwise. Any thread may tell it, and on return it is so."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self.connections = 0  # that clients made
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._links: set[_Link] = set()
        self._served: set[asyncio.Task[None]] = set()
        self._delay = 0.0
        self._down = False
        self._swallow_new = False
        self._cut_after: int | None = None

    def start(self) -> int:
        """The port it listens on."""
        self._thread.start()
        server = self._run(asyncio.start_server(self._accept, HOST, 0))
        self.port = int(server.sockets[0].getsockname()[1])
        return self.port

    def stop(self) -> None:
        self.down()
        self._run(self._all_served())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    # --- what happens on the way ---

    def pass_on(self) -> None:
        """Let everything through again; what was swallowed stays so."""

        def change() -> None:
            self._delay, self._down, self._swallow_new, self._cut_after = 0.0, False, False, None

        self._do(change)

    def delay(self, round_trip: timedelta) -> None:
        """Hold every octet back for half of `round_trip`, in both directions."""

        def change() -> None:
            self._delay = round_trip.total_seconds() / 2

        self._do(change)

    def down(self) -> None:
        """Reset all connections, and new ones as soon as they are made."""

        def change() -> None:
            self._down = True
            self._reset_all()

        self._do(change)

    def blackhole(self, *, new: bool = True) -> None:
        """Swallow everything without a word on open connections; on new ones, too, unless `new` is false."""

        def change() -> None:
            self._swallow_new = new
            for link in self._links:
                link.swallowing = True

        self._do(change)

    def cut_after(self, octets: int) -> None:
        """Reset a connection once so many octets came from its client since it began; none beyond them arrives."""

        def change() -> None:
            self._cut_after = octets

        self._do(change)

    # --- the inside, in the loop's own thread ---

    def _do(self, change: Callable[[], None]) -> None:
        async def doing() -> None:
            change()

        self._run(doing())

    def _run(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def _reset_all(self) -> None:
        for link in tuple(self._links):
            link.reset()

    async def _all_served(self) -> None:
        if self._served:
            await asyncio.wait(self._served, timeout=5)

    async def _accept(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        if task is not None:
            self._served.add(task)
            task.add_done_callback(self._served.discard)
        link = _Link(client, swallowing=self._swallow_new)
        self._links.add(link)
        try:
            await self._connect(link, reader)
        finally:
            self._links.discard(link)
            link.reset() if self._down else client.close()

    async def _connect(self, link: _Link, reader: asyncio.StreamReader) -> None:
        if self._down:
            return link.reset()
        try:
            answers, link.server = await asyncio.open_connection(HOST, self.target)
        except OSError:
            return link.reset()
        link.tasks = [
            asyncio.create_task(self._pass(link, reader, link.server, counted=True)),
            asyncio.create_task(self._pass(link, answers, link.client, counted=False)),
        ]
        await asyncio.gather(*link.tasks, return_exceptions=True)
        link.server.close()
        return None

    async def _pass(
        self, link: _Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, counted: bool
    ) -> None:
        """Read at once, write when its time has come: what is on the way does not hold up what follows."""
        way: asyncio.Queue[tuple[float, bytes | None]] = asyncio.Queue()
        arrivals = asyncio.create_task(self._deliver(way, writer))
        try:
            while octets := await reader.read(1 << 18):
                if not link.swallowing:
                    passed = self._counted(link, octets) if counted else octets
                    way.put_nowait((self._loop.time() + self._delay, passed))
            if not link.swallowing:  # else the far end never learns that this one has left
                way.put_nowait((self._loop.time() + self._delay, None))
                await arrivals
        except OSError:
            link.reset()
        finally:
            arrivals.cancel()

    def _counted(self, link: _Link, octets: bytes) -> bytes:
        """What of it may still pass. Where that is not all, the connection is reset once it has arrived."""
        link.sent += len(octets)
        beyond = 0 if self._cut_after is None else max(0, link.sent - self._cut_after)
        if beyond:
            link.swallowing = True
            self._loop.call_later(self._delay + _ARRIVING, link.reset)
        return octets[: max(0, len(octets) - beyond)]

    async def _deliver(self, way: asyncio.Queue[tuple[float, bytes | None]], writer: asyncio.StreamWriter) -> None:
        while True:
            due, octets = await way.get()
            if (left := due - self._loop.time()) > 0:
                await asyncio.sleep(left)
            if octets is None:
                return writer.write_eof()
            writer.write(octets)
            await writer.drain()


@contextmanager
def proxy(target: int) -> Iterator[Proxy]:
    """A running proxy before a port of this machine."""
    running = Proxy(target)
    running.start()
    try:
        yield running
    finally:
        running.stop()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.proxy", description=__doc__)
    parser.add_argument("--target", type=int, required=True)
    parser.add_argument("--round-trip", type=float, default=0.0, help="seconds")
    asked = parser.parse_args(arguments)
    running = Proxy(asked.target)
    print(running.start(), flush=True)
    running.delay(timedelta(seconds=asked.round_trip))
    sys.stdin.read()  # until whoever started it lets go
    running.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
