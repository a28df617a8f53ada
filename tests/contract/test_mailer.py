"""What every Mailer promises: the one in memory and the one over SMTP are held by the same laws."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import pytest

from syndication.adapters.memory import MemoryMailer
from syndication.core.model import Outcome, Verdict
from syndication.ports import HELD_BACK, Mail, Mailer
from tests.contract.relay import PIPELINING, Talk, allow, mails, relay

REFUSED = "reader-2@example.com"


@dataclass
class House:
    """A Mailer for whom one reader is unknown, and what it has handed over."""

    mailer: Mailer
    handed_over: Callable[[], list[bytes]]


def strict(talk: Talk) -> None:
    talk.welcome()
    unknown = False
    while (command := talk.hear()) != "QUIT":
        unknown = REFUSED in command if command.startswith("RCPT") else unknown
        if command.startswith("RCPT") and unknown:
            talk.say("550 5.1.1 no such user")
        elif command == "DATA" and not unknown:
            talk.say("354 go on")
            talk.data()
            talk.say("250 2.0.0 Ok")
        else:
            talk.say("503 5.5.1 what" if command == "DATA" else "250 2.0.0 Ok")


WAYS: Mapping[str, dict[str, object]] = {
    f"{connections}-{'pipelining' if offers else 'lockstep'}": {"connections": connections, "offers": offers}
    for connections, offers in product((1, 3), ((), PIPELINING))
}


@pytest.fixture(params=["memory", *WAYS])
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    if request.param == "memory":
        refused = Outcome(verdict=Verdict.REFUSED, code="5.1.1", suppress=True)
        mailer = MemoryMailer(answers={REFUSED: refused})
        yield House(mailer, lambda: [mail.message for mail in mailer.sent])
    else:
        with relay(strict, **WAYS[request.param]) as (over_smtp, server):
            yield House(over_smtp, lambda: server.stored)


def test_every_mail_gets_its_own_outcome_once(house: House):
    letters = mails(5)
    told = {mail.delivery_id: outcome for mail, outcome in house.mailer.carry(iter(letters), allow)}
    assert sorted(told) == [1, 2, 3, 4, 5]
    assert {number for number, outcome in told.items() if outcome.verdict is Verdict.ACCEPTED} == {1, 3, 4, 5}
    assert (told[2].verdict, told[2].code, told[2].suppress) == (Verdict.REFUSED, "5.1.1", True)
    assert sorted(house.handed_over()) == [mail.message for mail in letters if mail.delivery_id != 2]


def test_a_mail_without_leave_is_held_back_and_nothing_of_it_is_handed_over(house: House):
    letters = mails(5)
    told = {mail.delivery_id: out for mail, out in house.mailer.carry(letters, lambda mail: mail.delivery_id < 4)}
    assert told[4] is told[5] is HELD_BACK
    assert sorted(house.handed_over()) == [letters[0].message, letters[2].message]


def test_a_mail_is_told_before_more_than_the_next_ones_are_drawn(house: House):
    drawn: list[int] = []

    def some() -> Iterator[Mail]:
        for mail in mails(30):
            drawn.append(mail.delivery_id)
            yield mail

    for told, _ in enumerate(house.mailer.carry(some(), allow), start=1):
        assert len(drawn) <= told + 2 * 3  # at most one travelling and one ahead for each connection


def test_what_drawing_raises_comes_back_after_the_outcomes_of_all_that_was_drawn(house: House):
    def some() -> Iterator[Mail]:
        yield from mails(1)
        raise RuntimeError("the database is away")

    told: list[Verdict] = []
    with pytest.raises(RuntimeError, match="database"):
        told.extend(outcome.verdict for _, outcome in house.mailer.carry(some(), allow))
    assert told == [Verdict.ACCEPTED]


def test_when_asking_for_leave_breaks_nothing_more_is_handed_over(house: House):
    def ask(mail: Mail) -> bool:
        raise RuntimeError("the journal is full")

    told: list[Outcome] = []
    with pytest.raises(RuntimeError, match="journal"):
        told.extend(outcome for _, outcome in house.mailer.carry(mails(20), ask))
    assert 1 <= len(told) <= 6
    assert house.handed_over() == []


def test_nothing_to_carry_is_nothing_told(house: House):
    assert list(house.mailer.carry([], allow)) == []


def test_a_mailer_can_be_used_again_after_a_caller_went_away(house: House):
    results = house.mailer.carry(mails(20), allow)
    next(results)
    del results
    assert [outcome.verdict for _, outcome in house.mailer.carry(mails(1), allow)] == [Verdict.ACCEPTED]
    house.mailer.close()
