"""The Mailer in memory: mail goes nowhere and can be looked at.

It keeps no pace and has no connections to lose.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from syndication.core.model import Outcome, Verdict
from syndication.ports import HELD_BACK, Intent, Mail, Pace, Quota

ACCEPTED = Outcome(verdict=Verdict.ACCEPTED)


@dataclass(slots=True)
class MemoryMailer:
    """Accepts every mail, but answers as scripted for the addresses in `answers`."""

    sent: list[Mail] = field(default_factory=list)
    answers: Mapping[str, Outcome] = field(default_factory=dict)
    allowance: Quota | None = None
    paces: list[Pace | None] = field(default_factory=list)  # that were asked for

    def carry(
        self, mails: Iterable[Mail], intent: Intent, *, pace: Pace | None = None
    ) -> Iterator[tuple[Mail, Outcome]]:
        """As the port says; the next mail is drawn before the last one's Outcome is told, as real ones do."""
        self.paces.append(pace)
        round_ = _Round(mails, intent)
        mail = round_.draw()
        while mail is not None:
            following = round_.draw()
            yield mail, round_.stopped(mail) or self.send(mail)
            mail = following
        if round_.failure is not None:
            raise round_.failure

    def send(self, mail: Mail) -> Outcome:
        """Hand over one mail."""
        outcome = self.answers.get(mail.recipient, ACCEPTED)
        if outcome.verdict in (Verdict.ACCEPTED, Verdict.UNCERTAIN):
            self.sent.append(mail)
        return outcome

    def quota(self) -> Quota | None:
        return self.allowance

    def close(self) -> None:
        """There is no connection."""


class _Round:
    """One call: what breaks on the caller's side is kept until every mail that was drawn has its Outcome."""

    def __init__(self, mails: Iterable[Mail], intent: Intent) -> None:
        self._mails = iter(mails)
        self._intent = intent
        self._halted = False
        self.failure: Exception | None = None

    def draw(self) -> Mail | None:
        if self.failure is not None:
            return None
        try:
            return next(self._mails, None)
        except Exception as error:  # noqa: BLE001 - it is the caller's own and goes back there
            self.failure = error
            return None

    def stopped(self, mail: Mail) -> Outcome | None:
        """The Outcome of a mail that is not to be handed over."""
        try:
            return None if not self._halted and self._intent(mail) else HELD_BACK
        except Exception as error:  # noqa: BLE001 - as above
            self.failure, self._halted = error, True
            return HELD_BACK
