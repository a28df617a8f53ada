"""The way of mails over one connection at a time: draw, announce, send, ask for leave, end, tell.

It judges nothing itself; it decides only which connection a message goes over, and that no message goes over twice.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

from syndication.adapters.smtp.letter import Letter
from syndication.adapters.smtp.pool import Pool
from syndication.adapters.smtp.session import Session
from syndication.adapters.smtp.supply import Supply, Unfit
from syndication.adapters.smtp.transaction import Transaction
from syndication.core.model import Outcome
from syndication.ports import HELD_BACK, Intent, Mail


class Lane:
    """One of the connections that carry the mails of a call side by side."""

    def __init__(self, number: int, supply: Supply, pool: Pool, intent: Intent) -> None:
        self._number = number
        self._supply = supply
        self._pool = pool
        self._intent = intent
        self._session: Session | None = None
        self._drawn: Letter | Unfit | None = None  # ahead, while the last one travels
        self._announced: Transaction | None = None  # of the one drawn ahead, when its envelope travels already
        self._conversing = False
        self._retired = False

    def run(self) -> Generator[tuple[Mail, Outcome], None, None]:
        """Carry mails until none is left for this lane."""
        try:
            while (drawn := self._draw()) is not None:
                if not isinstance(drawn, Letter):
                    yield drawn
                elif (outcome := self._carry(drawn)) is not None:
                    self._pool.note(outcome)
                    yield drawn.mail, outcome
        finally:
            self._leave()

    def hang_up(self) -> None:
        """Break off; for another thread, when nobody waits for Outcomes any more."""
        session = self._session
        if session is not None:
            session.wire.hang_up()

    # --- one mail ---

    def _draw(self) -> Letter | Unfit | None:
        drawn, self._drawn = self._drawn, None
        if drawn is not None or self._retired:
            return drawn
        return self._supply.draw(self._number, width=self._pool.width)

    def _carry(self, letter: Letter) -> Outcome | None:
        """The Outcome of a letter; None when it is carried once more, or by another lane."""
        if self._supply.halted and self._announced is None:
            return HELD_BACK
        transaction, self._announced = self._announced, None
        if transaction is None:
            session = self._connect(letter)
            if not isinstance(session, Session):
                return session
            no_room = session.no_room(letter.size)
            if no_room is not None:
                return no_room
            transaction = Transaction(session, letter)
            outcome = transaction.announce() or self._converse(transaction)
        else:
            outcome = self._converse(transaction)
        if not transaction.session.usable:
            self._drop()
        if transaction.unheard:  # on a fresh connection it never is: nothing goes a third way
            self._drawn = replace(letter, again=True)
            return None
        return outcome

    def _converse(self, transaction: Transaction) -> Outcome:
        self._conversing = True
        outcome = transaction.admitted() or transaction.body()
        if outcome is None:
            following = self._draw_ahead(transaction.session)
            outcome = self._finish(transaction, following)
        if outcome is None:
            self._announced = following
            outcome = transaction.verdict(following)
        self._conversing = False
        return outcome

    def _finish(self, transaction: Transaction, following: Transaction | None) -> Outcome | None:
        try:
            return transaction.finish(self._allowed, following)
        except Exception as failure:  # noqa: BLE001 - the caller's own; it is raised there once all is settled
            self._supply.fail(failure)
            self._supply.halt()
            return HELD_BACK

    def _allowed(self, mail: Mail) -> bool:
        return not self._supply.halted and self._intent(mail)

    def _draw_ahead(self, session: Session) -> Transaction | None:
        """Draw the next mail; returns its transaction if its envelope can travel with this one's final dot."""
        self._drawn = drawn = self._supply.draw_ahead(width=self._pool.width)
        if not isinstance(drawn, Letter) or not session.pipelining or session.about_to_be_full:
            return None
        return None if session.no_room(drawn.size) else Transaction(session, drawn)

    # --- connections ---

    def _connect(self, letter: Letter) -> Session | Outcome | None:
        """A connection for a letter, or its Outcome; None when another lane has taken it over."""
        if self._session is not None:
            if self._session.fit(letter.until):
                return self._session
            self._session.leave()
            self._drop()
        self._supply.connected(self._number, whether=True)
        taken = self._pool.take(letter.until, fresh=letter.again)
        if isinstance(taken, Session):
            self._session = taken
        elif self._supply.give_back(self._number, letter):
            self._pool.note(taken)
            self._retired = True
            return None
        return taken

    def _drop(self) -> None:
        """Let go of a connection that is of no use any more. What was announced over it was not handed over."""
        if self._announced is not None:
            self._drawn = replace(self._announced.letter, again=True)
            self._announced = None
        if self._session is not None:
            self._session.drop()
            self._session = None
        self._supply.connected(self._number, whether=False)

    def _leave(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            if self._conversing or self._announced is not None:  # broken off in the midst of it
                session.drop()
            self._pool.give(session)
