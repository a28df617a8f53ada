"""What SesMailer promises, against the stand-in on loopback: taking, asking, pacing, and what the account allows."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from syndication.adapters.ses import SesMailer
from syndication.adapters.ses.line import Line
from syndication.core.model import EventKind, Outcome, Verdict
from syndication.ports import HELD_BACK, Mail, Pace, Permanent, Transient
from syndication.sandbox.ses import Habits, Rule, Wrong, accepted, calls
from tests.contract.amazon import account, carry, mail, mails, send, standing_in
from tests.contract.endpoint import closed_port

# --- the ordinary way ------------------------------------------------------------------------


def test_an_accepted_mail_is_taken_once_and_its_receipt_is_the_providers_id(tmp_path: Path):
    with standing_in(tmp_path) as (mailer, stand_in):
        outcome = send(mailer, mail(1))
        (call,) = calls(tmp_path)
        assert (outcome.verdict, outcome.receipt) == (Verdict.ACCEPTED, call.message_id)
        assert stand_in.desk.taken[call.message_id].message == mail(1).message


def test_the_envelope_is_the_mails_and_the_delivery_is_a_tag_whatever_else_is(tmp_path: Path):
    with standing_in(tmp_path) as (mailer, stand_in):
        send(mailer, mail(7, "Reader-1@example.com", tags={"epoch": "2"}))
        (taken,) = stand_in.desk.taken.values()
        assert (taken.sender, taken.recipient) == ("b+token@bounce.garam.example", "Reader-1@example.com")
        assert taken.tags == {"delivery": "7", "epoch": "2"}
        assert taken.configuration_set == "digest"


def test_a_mail_of_no_delivery_carries_no_tag_of_one(tmp_path: Path):
    with standing_in(tmp_path) as (mailer, stand_in):
        send(mailer, mail(0, tags={}))
        (taken,) = stand_in.desk.taken.values()
        assert taken.tags == {}


def test_every_mail_gets_its_outcome_and_as_many_calls_as_set_are_under_way_at_once(tmp_path: Path):
    rules = [Rule(wrong=Wrong.LATE, seconds=0.2)]
    with standing_in(tmp_path, *rules, at_once=8) as (mailer, _):
        began = time.monotonic()
        told = carry(mailer, *mails(16))
        assert {outcome.verdict for outcome in told.values()} == {Verdict.ACCEPTED}
        assert sorted(told) == list(range(1, 17))
        assert time.monotonic() - began < 16 * 0.2 * 0.6


def test_the_next_mail_is_drawn_while_the_last_travels_and_no_more_than_one_waits(tmp_path: Path):
    drawn: list[float] = []

    def draw() -> Iterator[Mail]:
        for one in mails(4):
            drawn.append(time.monotonic())
            yield one

    with standing_in(tmp_path, Rule(wrong=Wrong.LATE, first=2, seconds=0.8), at_once=1) as (mailer, _):
        send(mailer, mail(0))  # the client is made
        began = time.monotonic()
        assert len(list(mailer.carry(draw(), lambda _: True))) == 4
    assert drawn[1] - began < 0.8 < drawn[2] - began


def test_outcomes_come_as_soon_as_they_are_known_in_any_order(tmp_path: Path):
    with standing_in(tmp_path, Rule(wrong=Wrong.LATE, seconds=1.0, times=1), at_once=2) as (mailer, _):
        began, at = time.monotonic(), {}
        for one, _ in mailer.carry(mails(4), lambda _: True):
            at[one.delivery_id] = time.monotonic() - began
        assert sorted(at.values())[2] < 1.0 <= max(at.values())


def test_no_call_is_ever_repeated_by_the_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "5")
    monkeypatch.setenv("AWS_RETRY_MODE", "adaptive")
    for wrong in (Wrong.THROTTLE, Wrong.STATUS, Wrong.CUT_BEFORE, Wrong.CUT_AFTER, Wrong.STATUS_AFTER):
        folder = tmp_path / wrong.value
        with standing_in(folder, Rule(wrong=wrong)) as (mailer, _):
            send(mailer, mail(1))
        assert len(calls(folder)) == 1


def test_no_variable_of_the_environment_sends_mail_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    elsewhere = f"http://127.0.0.1:{closed_port()}"
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SESV2", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, elsewhere)
    with standing_in(tmp_path) as (mailer, _):
        assert send(mailer, mail(1)).verdict is Verdict.ACCEPTED
    client = account(None).client("sesv2")
    assert client.meta.endpoint_url == "https://email.ap-northeast-2.amazonaws.com"


def test_a_forked_child_makes_connections_and_threads_of_its_own(tmp_path: Path):
    with standing_in(tmp_path) as (mailer, _):
        send(mailer, mail(1))
        child = os.fork()
        if child == 0:
            os._exit(0 if send(mailer, mail(2)).verdict is Verdict.ACCEPTED else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert send(mailer, mail(3)).verdict is Verdict.ACCEPTED
    assert sorted(call.tags["delivery"] for call in accepted(tmp_path)) == ["1", "2", "3"]


def test_after_it_was_closed_the_mailer_opens_anew(tmp_path: Path):
    with standing_in(tmp_path) as (mailer, _):
        send(mailer, mail(1))
        mailer.close()
        assert send(mailer, mail(2)).verdict is Verdict.ACCEPTED


def test_old_connections_are_put_away_before_a_message_is_risked_on_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("syndication.adapters.ses.wires.IDLE", timedelta(milliseconds=50))
    with standing_in(tmp_path, at_once=1) as (mailer, _):
        send(mailer, mail(1))
        time.sleep(0.1)
        assert send(mailer, mail(2)).verdict is Verdict.ACCEPTED


def test_nothing_is_logged_that_a_message_holds(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.DEBUG), standing_in(tmp_path, Rule(wrong=Wrong.CUT_AFTER, first=2)) as (mailer, _):
        send(mailer, mail(1))
        send(mailer, mail(2))
    assert "example.com" not in caplog.text
    assert "AKSAMPLE" not in caplog.text


# --- the intent ------------------------------------------------------------------------------


def test_nothing_is_handed_over_where_the_intent_is_refused(tmp_path: Path):
    with standing_in(tmp_path) as (mailer, _):
        told = {m.delivery_id: o for m, o in mailer.carry(mails(6), lambda m: m.delivery_id % 2 == 0)}
    assert [n for n, outcome in told.items() if outcome is HELD_BACK] == sorted(n for n in told if n % 2)
    assert sorted(call.tags["delivery"] for call in accepted(tmp_path)) == ["2", "4", "6"]


def test_intents_are_asked_one_at_a_time_and_each_before_its_call(tmp_path: Path):
    inside, most, asked = 0, 0, []

    def intent(one: Mail) -> bool:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        time.sleep(0.01)
        asked.append((one.delivery_id, {call.tags["delivery"] for call in accepted(tmp_path)}))
        inside -= 1
        return True

    with standing_in(tmp_path, at_once=6) as (mailer, _):
        assert len(list(mailer.carry(mails(12), intent))) == 12
    assert most == 1
    assert all(str(number) not in there for number, there in asked)


def test_an_intent_that_breaks_hands_nothing_more_over_and_is_raised_when_all_have_their_outcomes(tmp_path: Path):
    def intent(_: Mail) -> bool:
        raise Transient("disk full")

    told: list[tuple[Mail, Outcome]] = []
    with standing_in(tmp_path) as (mailer, _), pytest.raises(Transient, match="disk full"):
        told.extend(mailer.carry(mails(6), intent))
    assert told
    assert all(outcome is HELD_BACK for _, outcome in told)
    assert calls(tmp_path) == []


def test_what_was_drawn_before_the_source_broke_still_gets_its_outcome(tmp_path: Path):
    def draw() -> Iterator[Mail]:
        yield from mails(3)
        raise RuntimeError("broken")

    told = []
    with standing_in(tmp_path) as (mailer, _), pytest.raises(RuntimeError, match="broken"):
        told.extend(mailer.carry(draw(), lambda _: True))
    assert len(told) == 3


def test_a_slice_that_is_let_go_sends_nothing_that_had_not_begun(tmp_path: Path):
    with standing_in(tmp_path, at_once=1) as (mailer, _):
        slice_ = mailer.carry(mails(20), lambda _: True, pace=Pace(start=timedelta(), every=timedelta(seconds=0.1)))
        next(slice_)
        slice_.close()  # type: ignore[attr-defined]
        time.sleep(0.5)
        assert len(accepted(tmp_path)) <= 2


# --- pace ------------------------------------------------------------------------------------


def times(pace: Pace, count: int, folder: Path, *, at_once: int = 8, **values: object) -> tuple[float, list[float]]:
    asked: list[float] = []

    def intent(_: Mail) -> bool:
        asked.append(time.monotonic())
        return True

    with standing_in(folder, at_once=at_once, habits=Habits(per_second=1000)) as (mailer, _):
        send(mailer, mail(0))  # the client is made
        began = time.monotonic()
        list(mailer.carry(mails(count), intent, pace=pace))
    return began, asked


def test_no_call_is_made_before_its_place_in_line_nor_close_to_the_one_before(tmp_path: Path):
    pace = Pace(start=timedelta(seconds=0.2), every=timedelta(seconds=0.03))
    began, asked = times(pace, 20, tmp_path)
    assert all(at - began >= 0.2 + n * 0.03 - 0.002 for n, at in enumerate(asked))
    assert all(b - a >= 0.03 / 2 - 0.003 for a, b in pairwise(asked))
    assert asked[-1] - began < 0.2 + 20 * 0.03 + 0.5


def test_who_fell_behind_leaves_at_half_the_distance_at_least_and_gives_up_places_long_passed(
    monkeypatch: pytest.MonkeyPatch,
):
    every = 0.01
    queue = Line(Pace(start=timedelta(), every=timedelta(seconds=every)))
    went = []
    for n in range(40):
        if n == 10:
            time.sleep(0.2)  # twenty places pass
        if queue.step_up():
            went.append((n, time.monotonic()))
    gaps = [b[1] - a[1] for a, b in pairwise(went)]
    assert min(gaps) >= every / 2 - 0.001
    missed = sorted(set(range(40)) - {n for n, _ in went})
    assert missed == list(range(missed[0], missed[-1] + 1))
    assert 10 <= len(missed) <= 25


def test_the_first_place_is_used_however_late_so_that_a_slow_machine_gets_on():
    queue = Line(Pace(start=timedelta(), every=timedelta(seconds=0.001)))
    time.sleep(0.2)
    assert queue.step_up()
    assert not queue.step_up()


def test_a_line_that_begins_late_as_usual_is_moved_as_a_whole_and_one_later_than_usual_only_by_a_little():
    every = timedelta(milliseconds=10)
    usual, sudden = (
        Line(Pace(start=timedelta(), every=every), usual=timedelta(seconds=0.2)),
        Line(Pace(start=timedelta(), every=every)),
    )
    time.sleep(0.2)
    assert all(usual.step_up() for _ in range(10))
    assert usual.began_late >= timedelta(seconds=0.2)
    assert sum(sudden.step_up() for _ in range(20)) < 12


def test_threads_that_wake_together_still_leave_one_by_one():
    queue, went = Line(Pace(start=timedelta(seconds=0.05), every=timedelta(seconds=0.01))), []
    threads = [threading.Thread(target=lambda: went.append((queue.step_up(), time.monotonic()))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    at = sorted(when for used, when in went if used)
    assert min(b - a for a, b in pairwise(at)) >= 0.01 / 2 - 0.002


def test_after_a_throttled_call_nothing_more_of_the_slice_goes_out(tmp_path: Path):
    with standing_in(tmp_path, Rule(wrong=Wrong.THROTTLE, first=3, times=1), at_once=1) as (mailer, _):
        told = carry(mailer, *mails(8))
    assert [told[n].verdict for n in (1, 2, 3)] == [Verdict.ACCEPTED, Verdict.ACCEPTED, Verdict.DEFERRED]
    assert {n for n in told if told[n] is HELD_BACK} == {4, 5, 6, 7, 8}
    assert len(calls(tmp_path)) == 3


# --- the account -----------------------------------------------------------------------------


def test_the_quota_is_the_accounts_and_is_asked_for_once_a_minute_at_most(tmp_path: Path):
    with standing_in(tmp_path, habits=Habits(per_second=14, per_day=50_000)) as (mailer, stand_in):
        told = mailer.quota()
        assert told is not None
        assert (told.per_second, told.per_day, told.sent_last_day) == (14.0, 50_000, 0)
        send(mailer, mail(1))
        stand_in.stop()
        assert mailer.quota() == told


def test_an_account_without_end_to_its_day_has_a_number_all_the_same(tmp_path: Path):
    with standing_in(tmp_path, habits=Habits(per_day=-1)) as (mailer, _):
        told = mailer.quota()
        assert told is not None
        assert told.per_day > 10**9


@pytest.mark.parametrize("habits", [Habits(watchword="other"), Habits(per_second=0), Habits(per_second=float("inf"))])
def test_a_quota_that_is_not_told_or_makes_no_sense_is_a_passing_trouble(tmp_path: Path, habits: Habits):
    with standing_in(tmp_path, habits=habits) as (mailer, _), pytest.raises(Transient):
        mailer.quota()


def test_a_provider_that_cannot_be_reached_tells_no_quota():
    mailer = SesMailer(account(f"http://127.0.0.1:{closed_port()}"))
    with pytest.raises(Transient):
        mailer.quota()


def test_insights_tell_what_became_of_a_message_and_nothing_where_they_may_not_be_asked(tmp_path: Path):
    with standing_in(tmp_path) as (mailer, _):
        outcome = send(mailer, mail(5, "bounce@simulator.amazonses.com"))
        told = mailer.insight(outcome.receipt or "")
        assert [(e.kind, e.delivery_id, e.suppress) for e in told] == [
            (EventKind.SENT, 5, False),
            (EventKind.BOUNCED, 5, True),
        ]
        assert mailer.insight("0102-unknown") == ()
    with standing_in(tmp_path, habits=Habits(insightful=False)) as (mailer, _):
        assert mailer.insight("0102-unknown") == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"region": "Seoul"},
        {"region": "ap-northeast-2.evil.example"},
        {"configuration_set": "a b"},
        {"endpoint": "https://email.evil.example"},
        {"endpoint": "http://10.0.0.1:80"},
        {"endpoint": "http://127.0.0.1.evil.example:80"},
        {"endpoint": "http://user@127.0.0.1:80"},
        {"access_key": None},
    ],
)
def test_an_account_that_cannot_work_or_would_send_elsewhere_is_refused(wrong: dict[str, str | None]):
    with pytest.raises(Permanent):
        account(**{"url": None} | wrong) if "endpoint" not in wrong else account(wrong["endpoint"])


def test_keys_are_never_shown():
    assert "AKSAMPLE" not in repr(account(None))
    assert json.dumps(repr(account(None))).count("sample") == 0
