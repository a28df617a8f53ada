"""Several connections side by side: what they share, when there are fewer of them, and how a call ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest

from syndication.adapters.smtp.pool import WIDEN_AFTER
from syndication.core.model import Outcome, Reach, Verdict
from syndication.ports import Mail
from tests.contract.relay import PIPELINING, Given, Talk, allow, mails
from tests.contract.relay import relay as scripted


@pytest.fixture(params=[(), PIPELINING], ids=["lockstep", "pipelining"])
def relay(request: pytest.FixtureRequest) -> Given:
    return partial(scripted, offers=request.param, connections=4)


class Crowd:
    """A relay that counts who is there at once, and has room for so many."""

    def __init__(self, room: int = 100, *, takes: float = 0.0) -> None:
        self.room, self.takes = room, takes
        self.here = self.most = 0
        self.lock = threading.Lock()

    def __call__(self, talk: Talk) -> None:
        with self.lock:
            admitted = self.here < self.room
            self.here += admitted
            self.most = max(self.most, self.here)
        if not admitted:
            talk.say("421 4.7.0 too many connections from you")
            return
        try:
            self.serve(talk)
        finally:
            with self.lock:
                self.here -= 1

    def serve(self, talk: Talk) -> None:
        talk.welcome()
        while (command := talk.hear()) != "QUIT":
            if command == "DATA":
                talk.say("354 go on")
                talk.data()
                time.sleep(self.takes)
            talk.say("250 ok")

    def measured(self) -> int:
        """How many were here at once since the last look."""
        with self.lock:
            most, self.most = self.most, self.here
            return most


def verdicts(told: list[tuple[Mail, Outcome]]) -> dict[int, Verdict]:
    assert len({mail.delivery_id for mail, _ in told}) == len(told)
    return {mail.delivery_id: outcome.verdict for mail, outcome in told}


def all_accepted(count: int) -> dict[int, Verdict]:
    return dict.fromkeys(range(1, count + 1), Verdict.ACCEPTED)


# --- side by side ----------------------------------------------------------------------------


def test_mails_are_shared_out_and_each_is_handed_over_once(relay: Given):
    crowd = Crowd(takes=0.01)
    letters = mails(40)
    with relay(crowd) as (mailer, server):
        assert verdicts(list(mailer.carry(iter(letters), allow))) == all_accepted(40)
        assert sorted(server.stored) == sorted(mail.message for mail in letters)
        assert crowd.most == 4
        assert min(len(talk.stored) for talk in server.talks) >= 5


def test_connections_stay_open_between_calls(relay: Given):
    with relay(Crowd(takes=0.01)) as (mailer, server):
        for _ in range(3):
            list(mailer.carry(mails(20), allow))
        assert len(server.talks) <= 4


def test_fewer_mails_than_connections_need_no_more_connections(relay: Given):
    with relay(Crowd(takes=0.05)) as (mailer, server):
        assert verdicts(list(mailer.carry(mails(2), allow))) == all_accepted(2)
        assert len(server.talks) <= 2


def test_mails_are_drawn_one_at_a_time(relay: Given):
    drawing = threading.Lock()

    def some() -> Iterator[Mail]:
        for mail in mails(30):
            assert drawing.acquire(blocking=False)
            time.sleep(0.001)
            drawing.release()
            yield mail

    with relay(Talk.serve) as (mailer, _):
        assert verdicts(list(mailer.carry(some(), allow))) == all_accepted(30)


def test_no_connection_goes_on_to_its_next_final_dot_before_its_last_outcome_was_taken(relay: Given):
    with relay(Talk.serve) as (mailer, server):
        told = 0
        for _ in mailer.carry(mails(20), allow):
            told += 1
            time.sleep(0.01)
            assert len(server.stored) <= told - 1 + 4
        assert told == 20


def test_what_breaks_on_one_connection_does_not_touch_the_others(relay: Given):
    def script(talk: Talk) -> None:
        if talk.number != 2:
            return talk.serve()
        talk.welcome()
        talk.take()
        talk.envelope()
        talk.data()
        return talk.cut(hard=True)

    letters = mails(40)
    with relay(script) as (mailer, server):
        told = verdicts(list(mailer.carry(letters, slowly)))
        assert sorted(server.stored) == sorted(mail.message for mail in letters)
        assert list(told.values()).count(Verdict.UNCERTAIN) == 1
        assert list(told.values()).count(Verdict.ACCEPTED) == 39


def slowly(_: Mail) -> bool:
    time.sleep(0.002)
    return True


# --- fewer of them ---------------------------------------------------------------------------


@pytest.mark.parametrize("room", [1, 2, 3])
def test_a_relay_with_room_for_fewer_connections_defers_no_mail(relay: Given, room: int):
    letters = mails(60)
    with relay(Crowd(room, takes=0.002)) as (mailer, server):
        assert verdicts(list(mailer.carry(letters, allow))) == all_accepted(60)
        assert sorted(server.stored) == sorted(mail.message for mail in letters)
        assert len(server.talks) <= 4


def test_after_refused_connections_fewer_are_tried_and_after_long_peace_more_again(relay: Given):
    crowd = Crowd(1)
    with relay(crowd, back_off=timedelta(milliseconds=1), messages_per_connection=10_000) as (mailer, server):
        list(mailer.carry(mails(30), slowly))
        crowd.room, refused = 100, len(server.talks) - 1
        assert refused >= 1
        crowd.measured()
        list(mailer.carry(mails(20), slowly))
        narrow = crowd.measured()
        assert narrow <= 2
        for _ in range(4):
            list(mailer.carry(mails(WIDEN_AFTER), allow))
        list(mailer.carry(mails(40), slowly))
        assert crowd.measured() == 4


def test_a_relay_in_trouble_is_spared_half_the_connections(relay: Given):
    class Troubled(Crowd):
        trouble = True

        def serve(self, talk: Talk) -> None:
            talk.welcome()
            while (command := talk.hear()) != "QUIT":
                if command == "DATA":
                    talk.say("354 go on")
                    talk.data()
                    time.sleep(0.01)
                    with self.lock:
                        answer, self.trouble = ("451 4.3.0 no disk" if self.trouble else "250 ok"), False
                    talk.say(answer)
                else:
                    talk.say("250 ok")

    with relay(Troubled()) as (mailer, _):
        told = list(mailer.carry(mails(60), allow))
        assert [outcome.reach for _, outcome in told].count(Reach.TRANSPORT) == 1
        assert mailer._pool.width == 2


def test_where_no_connection_is_to_be_had_every_mail_that_was_drawn_is_deferred_once(relay: Given):
    with relay(Crowd(0)) as (mailer, server):
        told = list(mailer.carry(mails(30), allow))
        assert verdicts(told) == dict.fromkeys(range(1, 31), Verdict.DEFERRED)
        assert {outcome.reach for _, outcome in told} == {Reach.TRANSPORT}
        assert len(server.talks) <= 4


def test_when_the_last_connection_dies_nothing_is_left_without_an_outcome(relay: Given):
    """Some connections are refused from the start; the one that was not dies in the midst of its work."""

    def script(talk: Talk) -> None:
        if talk.number > 1:
            talk.say("421 4.7.0 too many connections from you")
            return
        talk.welcome()
        for _ in range(10):
            talk.take()
        talk.hear()
        talk.cut(hard=True)

    with relay(script) as (mailer, server):
        told = verdicts(list(mailer.carry(mails(30), slowly)))
        assert sorted(told) == list(range(1, 31))
        assert list(told.values()).count(Verdict.ACCEPTED) == len(server.stored) == 10
        assert list(told.values()).count(Verdict.DEFERRED) == 20


# --- how a call ends -------------------------------------------------------------------------


def test_a_caller_who_goes_away_is_not_kept_waiting_and_no_further_dot_is_sent(relay: Given):
    gone = threading.Event()
    asked: list[bool] = []

    def stalls_at_the_second(talk: Talk) -> None:
        talk.welcome()
        while True:
            talk.envelope()
            talk.data()
            if len(talk.stored) == 2 and not gone.is_set():
                return talk.stall()
            talk.say("250 ok")

    def ask(_: Mail) -> bool:
        asked.append(gone.is_set())
        return True

    with relay(stalls_at_the_second) as (mailer, _):
        results = mailer.carry(mails(40), ask)
        for _ in range(3):
            next(results)
        began = time.monotonic()
        results.close()
        gone.set()
        assert time.monotonic() - began < 4  # less than the time-out of an answer
        time.sleep(0.1)
        assert not any(asked)
        assert len(asked) <= 8
        assert set(verdicts(list(mailer.carry(mails(5), allow))).values()) == {Verdict.ACCEPTED}


def test_what_drawing_raises_is_raised_here_once_every_mail_has_its_outcome(relay: Given):
    def some() -> Iterator[Mail]:
        yield from mails(10)
        raise RuntimeError("the database is away")

    told: list[tuple[Mail, Outcome]] = []
    with relay(Talk.serve) as (mailer, _):
        with pytest.raises(RuntimeError, match="database"):
            told.extend(mailer.carry(some(), allow))
        assert verdicts(told) == all_accepted(10)


def test_what_asking_for_leave_raises_is_raised_here_and_nothing_more_is_handed_over(relay: Given):
    def ask(mail: Mail) -> bool:
        if mail.delivery_id == 7:
            raise RuntimeError("the journal is full")
        return True

    told: list[tuple[Mail, Outcome]] = []
    with relay(Talk.serve) as (mailer, server):
        with pytest.raises(RuntimeError, match="journal"):
            told.extend(mailer.carry(mails(60), ask))
        outcomes = verdicts(told)
        assert sorted(outcomes) == list(range(1, len(told) + 1))
        assert list(outcomes.values()).count(Verdict.ACCEPTED) == len(server.stored)


def test_once_asking_for_leave_broke_on_one_connection_none_is_asked_for_on_the_others():
    met, broken = threading.Event(), threading.Event()

    def script(talk: Talk) -> None:
        talk.welcome()
        second = "+2@" in talk.hear()
        talk.say("250 ok")
        talk.hear()
        talk.say("250 ok")
        talk.hear()
        if second:
            met.set()
            broken.wait(5)
            time.sleep(0.1)
        met.wait(5)
        talk.say("354 go on")
        talk.data()
        talk.say("250 ok")

    asked: list[int] = []

    def ask(mail: Mail) -> bool:
        asked.append(mail.delivery_id)
        broken.set()
        raise RuntimeError("the journal is full")

    told: list[tuple[Mail, Outcome]] = []
    with scripted(script, connections=2) as (mailer, server):
        with pytest.raises(RuntimeError, match="journal"):
            told.extend(mailer.carry(mails(2), ask))
        assert verdicts(told) == {1: Verdict.DEFERRED, 2: Verdict.DEFERRED}
        assert (asked, server.stored) == ([1], [])
