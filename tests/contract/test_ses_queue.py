"""The event queue: a record is deleted only when it was taken in, and what cannot be is set aside, not lost."""

from __future__ import annotations

import json
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syndication.adapters.ses import queue as queues
from syndication.adapters.ses.queue import EventQueue, drain_events
from syndication.adapters.ses.topic import confirm
from syndication.core.model import Event, EventKind
from syndication.core.provider_events import Unreadable, read
from syndication.ports import Permanent, Transient
from syndication.sandbox.ses import Habits, StandIn
from tests.contract.amazon import account, mail
from tests.contract.endpoint import closed_port

NOW = datetime(2026, 1, 20, tzinfo=UTC)
BUDGET = timedelta(seconds=5)
SHORT = timedelta(0)


@contextmanager
def a_queue(
    folder: Path, *, topic: str | None = None, habits: Habits | None = None
) -> Iterator[tuple[EventQueue, StandIn]]:
    stand_in = StandIn(folder / "ses", habits=habits)
    stand_in.start()
    made = EventQueue(account(stand_in.url), stand_in.queue_url, aside=folder / "aside", topic=topic)
    try:
        yield made, stand_in
    finally:
        made.close()
        stand_in.stop()


def send(stand_in: StandIn, count: int = 1) -> None:
    ses = account(stand_in.url).client("sesv2")
    for n in range(1, count + 1):
        one = mail(n)
        ses.send_email(
            FromEmailAddress=one.sender,
            Destination={"ToAddresses": [one.recipient]},
            Content={"Raw": {"Data": one.message}},
            EmailTags=[{"Name": "delivery", "Value": str(n)}],
        )


def heard(text: str) -> tuple[Event, ...]:
    return read(text, now=NOW).events


@pytest.mark.parametrize("enveloped", [False, True])
def test_every_record_is_taken_in_once_bare_or_from_its_envelope_and_then_is_gone(tmp_path: Path, enveloped: bool):
    taken: list[Event] = []
    with a_queue(tmp_path, habits=Habits(enveloped=enveloped)) as (queue, stand_in):
        send(stand_in, 12)
        assert drain_events(queue, heard, taken.extend, budget=BUDGET, wait=SHORT) == {"applied": 24}
        assert len(stand_in.desk.queue) == 0
    assert sorted(event.delivery_id or 0 for event in taken) == sorted([*range(1, 13)] * 2)


def test_what_could_not_be_taken_in_for_now_is_not_deleted_and_ends_the_stretch(tmp_path: Path):
    asked = []

    def apply(events: Sequence[Event]) -> None:
        asked.append(events)
        raise Transient("the database is away")

    with a_queue(tmp_path) as (queue, stand_in):
        send(stand_in, 8)
        assert drain_events(queue, heard, apply, budget=BUDGET, wait=SHORT) == {"put off": 10}
        assert len(stand_in.desk.queue) == 16
    assert len(asked) == 1
    assert not (tmp_path / "aside").exists()


def test_what_cannot_be_read_for_now_is_put_off_and_what_came_before_it_is_not(tmp_path: Path):
    taken: list[Event] = []

    def away(text: str) -> tuple[Event, ...]:
        if "Delivery" in text:
            raise Transient("the database is away")
        return heard(text)

    with a_queue(tmp_path) as (queue, stand_in):
        send(stand_in, 1)
        assert drain_events(queue, away, taken.extend, budget=BUDGET, wait=SHORT) == {"applied": 1, "put off": 1}
        assert len(stand_in.desk.queue) == 1
    assert len(taken) == 1


def test_a_record_that_breaks_something_of_ours_comes_again_and_stops_no_other(tmp_path: Path):
    taken: list[Event] = []

    def apply(events: Sequence[Event]) -> None:
        if any(event.kind is EventKind.DELIVERED for event in events):
            raise RuntimeError("a bug")
        taken.extend(events)

    with a_queue(tmp_path) as (queue, stand_in):
        send(stand_in, 3)
        assert drain_events(queue, heard, apply, budget=BUDGET, wait=SHORT) == {"applied": 3, "failed": 3}
        assert len(stand_in.desk.queue) == 3
    assert len(taken) == 3


def test_a_record_that_failed_often_is_set_aside_with_all_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(queues, "RECEIVES_MAX", 2)
    monkeypatch.setattr(queues, "HIDDEN", timedelta(0))

    def broken(text: str) -> tuple[Event, ...]:
        raise RuntimeError("a bug")

    with a_queue(tmp_path) as (queue, stand_in):
        stand_in.desk.queue.put('{"x": 1}', NOW)
        counts = drain_events(queue, broken, list, budget=BUDGET, wait=SHORT)
        assert counts == {"failed": 1, "set aside": 1}
        assert len(stand_in.desk.queue) == 0
    (kept,) = (tmp_path / "aside").glob("*.json")
    assert json.loads(kept.read_text())["body"] == '{"x": 1}'


@pytest.mark.parametrize("poison", ["", "{", "[]", "null", json.dumps({"Type": "Notification"}), "\x00"])
def test_what_will_never_be_readable_is_set_aside_at_once_and_readable_by_nobody_else(tmp_path: Path, poison: str):
    def strict(text: str) -> tuple[Event, ...]:
        if not read(text, now=NOW).message_id:
            raise Unreadable("nothing in it")
        return heard(text)

    with a_queue(tmp_path) as (queue, stand_in):
        stand_in.desk.queue.put(poison, NOW)
        send(stand_in, 1)
        counts = drain_events(queue, strict, list, budget=BUDGET, wait=SHORT)
        assert counts == {"applied": 2, "set aside": 1}
        assert len(stand_in.desk.queue) == 0
    (kept,) = (tmp_path / "aside").glob("*.json")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert json.loads(kept.read_text())["body"] == poison


def test_an_envelope_of_a_strangers_topic_is_not_opened(tmp_path: Path):
    taken: list[Event] = []
    topic = "arn:aws:sns:ap-northeast-2:111111111111:ours"
    with a_queue(tmp_path, topic=topic, habits=Habits(enveloped=True)) as (queue, stand_in):
        send(stand_in, 1)
        assert drain_events(queue, heard, taken.extend, budget=BUDGET, wait=SHORT) == {"set aside": 2}
    assert taken == []


def test_an_empty_queue_is_waited_for_and_the_budget_is_kept(tmp_path: Path):
    with a_queue(tmp_path) as (queue, _):
        began = time.monotonic()
        assert drain_events(queue, heard, list, budget=timedelta(seconds=1.5)) == {}
        assert 0.5 < time.monotonic() - began < 4


def test_a_queue_that_does_not_answer_or_does_not_exist_is_a_passing_trouble(tmp_path: Path):
    nowhere = f"http://127.0.0.1:{closed_port()}"
    with pytest.raises(Transient):
        EventQueue(account(nowhere), f"{nowhere}/0/events", aside=tmp_path).receive(wait=SHORT)
    with a_queue(tmp_path) as (_, stand_in), pytest.raises(Transient, match="QueueDoesNotExist"):
        EventQueue(account(stand_in.url), f"{stand_in.url}/0/other", aside=tmp_path).receive(wait=SHORT)


@pytest.mark.parametrize(
    "url",
    [
        "https://sqs.evil.example/000000000000/events",
        "http://sqs.ap-northeast-2.amazonaws.com/000000000000/events",
        "https://sqs.ap-northeast-2.amazonaws.com.evil.example/000000000000/events",
        "https://sqs.ap-northeast-2.amazonaws.com/../x",
        "http://127.0.0.1:1/000000000000/events",
    ],
)
def test_an_address_that_is_no_queue_of_sqs_is_refused(tmp_path: Path, url: str):
    with pytest.raises(Permanent):
        EventQueue(account(None), url, aside=tmp_path)


def test_a_subscription_is_confirmed_by_a_call(tmp_path: Path):
    with a_queue(tmp_path) as (_, stand_in):
        topic = stand_in.desk.topic
        topic.tokens.add("given")
        confirm(account(stand_in.url), topic.arn, "given")
        assert stand_in.desk.counts["confirmed"] == 1
        with pytest.raises(Permanent, match="InvalidParameter"):
            confirm(account(stand_in.url), topic.arn, "guessed")
        with pytest.raises(Permanent):
            confirm(account(stand_in.url), "arn:aws:sqs:x", "given")
    with pytest.raises(Transient):
        confirm(account(f"http://127.0.0.1:{closed_port()}"), topic.arn, "given")
