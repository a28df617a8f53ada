"""Hands mail to a relay over SMTP on long-lived connections: the Mailer of publishers with a relay of their own.

It repeats nothing that may have been handed over and judges no answer: an Outcome goes back. Signing and building are
`render`'s business.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from queue import SimpleQueue

from syndication.adapters.smtp.lane import Lane
from syndication.adapters.smtp.pool import Pool
from syndication.adapters.smtp.relay import ANSWER_TIME, BACK_OFF, IDLE_TIME, MESSAGE_TIME, Relay, Tls
from syndication.adapters.smtp.supply import Supply
from syndication.core.model import Outcome
from syndication.ports import Intent, Mail, Pace, Quota

__all__ = ["Relay", "SmtpMailer", "Tls"]


class SmtpMailer:
    """A Mailer on up to `connections` connections, which stay open between calls. A forked child opens its own."""

    def __init__(
        self,
        *,
        host: str,
        port: int = 25,
        tls: str = "none",
        user: str | None = None,
        password: str | None = None,
        hello: str = "localhost",
        timeout: timedelta = ANSWER_TIME,
        total: timedelta = MESSAGE_TIME,
        connections: int = 1,
        messages_per_connection: int = 100,
        idle: timedelta = IDLE_TIME,
        back_off: timedelta = BACK_OFF,
        ca_file: str | None = None,
    ) -> None:
        """See Relay for what the words mean. Raises Permanent."""
        self.relay = Relay(
            host=host,
            port=port,
            tls=Tls(tls),
            user=user,
            password=password,
            hello=hello,
            timeout=timeout,
            total=total,
            connections=connections,
            messages_per_connection=messages_per_connection,
            idle=idle,
            back_off=back_off,
            ca_file=ca_file,
        )
        self._pool = Pool(self.relay)

    def carry(
        self, mails: Iterable[Mail], intent: Intent, *, pace: Pace | None = None
    ) -> Iterator[tuple[Mail, Outcome]]:
        """As the port says. With more than one connection `mails` and `intent` are used from other threads, `mails` by
        one at a time; no connection goes on to its next final dot before the last Outcome over it was taken.

        What `mails` or `intent` raise is raised here, after every mail that was drawn has its Outcome."""
        width = self._pool.width
        supply = Supply(mails, total=self.relay.total, pace=pace, lanes=width)
        lanes = [Lane(number, supply, self._pool, intent) for number in range(width)]
        yield from lanes[0].run() if width == 1 else _side_by_side(lanes, supply)
        if supply.failure is not None:
            raise supply.failure

    def send(self, mail: Mail) -> Outcome:
        """Hand over a single mail."""
        ((_, outcome),) = self.carry((mail,), lambda _: True)
        return outcome

    def quota(self) -> Quota | None:
        """A relay of one's own names none."""
        return None

    def close(self) -> None:
        """Say goodbye and let go of the connections."""
        self._pool.close()


@dataclass(frozen=True, slots=True)
class _Told:
    mail: Mail
    outcome: Outcome
    taken: SimpleQueue[None]  # where the lane waits until somebody has taken it


def _side_by_side(lanes: Sequence[Lane], supply: Supply) -> Iterator[tuple[Mail, Outcome]]:
    """What the lanes tell, each running in a thread of its own."""
    told: SimpleQueue[_Told | None] = SimpleQueue()  # None: a lane has ended
    waits = [SimpleQueue[None]() for _ in lanes]
    threads = [
        threading.Thread(target=_run, args=(lane, supply, told, taken), daemon=True)
        for lane, taken in zip(lanes, waits, strict=True)
    ]
    for thread in threads:
        thread.start()
    try:
        running = len(lanes)
        while running:
            item = told.get()
            if item is None:
                running -= 1
            else:
                yield item.mail, item.outcome
                item.taken.put(None)
    finally:  # also when the caller goes away in the midst of it
        supply.abandon()
        for lane, taken in zip(lanes, waits, strict=True):
            lane.hang_up()
            taken.put(None)
        for thread in threads:
            thread.join()


def _run(lane: Lane, supply: Supply, told: SimpleQueue[_Told | None], taken: SimpleQueue[None]) -> None:
    try:
        with closing(lane.run()) as results:
            for mail, outcome in results:
                told.put(_Told(mail, outcome, taken))
                taken.get()
                if supply.abandoned:
                    break
    except BaseException as failure:  # noqa: BLE001 - whatever it is, it is raised where somebody waits
        supply.fail(failure)
    finally:
        told.put(None)
