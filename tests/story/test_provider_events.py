"""What Amazon SES tells of a morning's mails, by queue, in any order and any number of times: the same end."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndication import dispatch, feedback, listening
from syndication.adapters.memory import MemoryStore
from syndication.adapters.ses import SesMailer
from syndication.adapters.ses.queue import EventQueue, drain_events
from syndication.core import links
from syndication.core.model import Channel, Consent, Delivery, DeliveryState, Subscription, SubscriptionState
from syndication.core.model import Choices as ReaderChoices
from syndication.ports import Store
from syndication.sandbox.ses import Habits, Rule, StandIn, Wrong, accepted, records
from syndication.sandbox.ses.records import Taken
from tests.contract.amazon import account
from tests.factories import KEYS
from tests.story.paper import FEED, TUESDAY, Paper, at, make_paper, rss, story

S = DeliveryState
SIMULATOR = "simulator.amazonses.com"


def subscribe(paper: Paper, address: str) -> Subscription:
    return paper.store.subscribe(
        address=address,
        key=links.address_key(address, KEYS),
        edition_id="daily",
        choices=ReaderChoices(),
        consent=Consent(at=at(TUESDAY, "01:00"), how="표본 신청서", text_version="sample-1"),
        language="ko",
    )


def deliveries(paper: Paper) -> Mapping[str, Delivery]:
    """By the reader's name before the @."""
    found = paper.store.deliveries(paper.frozen_on().id, Channel.EMAIL)
    readers = {d.id: paper.store.subscription(d.subscription_id or 0) for d in found}
    return {reader.address.partition("@")[0]: d for d in found if (reader := readers[d.id]) is not None}


def is_suppressed(paper: Paper, address: str) -> bool:
    return paper.store.suppressed(links.address_key(address, KEYS))


# --- a morning through SES -------------------------------------------------------------------


@contextmanager
def through_ses(paper: Paper, folder: Path, *rules: Rule, **habits: Any) -> Iterator[EventQueue]:
    """The paper's mails go through a stand-in for SES; its events are to be had from the queue."""
    stand_in = StandIn(folder / "ses", habits=Habits(per_second=1000, **habits), rules=rules)
    stand_in.start()
    mailer = SesMailer(account(stand_in.url), at_once=1)
    paper.ports = replace(paper.ports, mailer=mailer)
    queue = EventQueue(account(stand_in.url), stand_in.queue_url, aside=folder / "aside")
    try:
        yield queue
    finally:
        queue.close()
        mailer.close()
        stand_in.stop()


def listen(paper: Paper, queue: EventQueue) -> Mapping[str, int]:
    return drain_events(
        queue,
        partial(listening.read, paper.ports, paper.setup),
        partial(feedback.apply_all, paper.ports, paper.setup),
        budget=timedelta(seconds=20),
        wait=timedelta(0),
    )


NAMES = ("success", "bounce", "complaint", "policy", "full", "reject", "late-bounce", "suppressionlist")


@pytest.mark.parametrize("habits", [{}, {"repeats": 3, "seed": 7}, {"enveloped": True, "seed": 8}])
def test_after_the_events_every_reader_stands_where_the_mail_does(paper: Paper, tmp_path: Path, habits: dict[str, Any]):
    for name in NAMES:
        subscribe(paper, f"{name}@{SIMULATOR}")
    with through_ses(paper, tmp_path, **habits) as queue:
        issue = paper.morning()
        assert issue is not None
        counts = listen(paper, queue)
        assert set(counts) == {"applied"}
    found = deliveries(paper)
    assert {name for name in NAMES if found[name].state is S.ACCEPTED} == set(NAMES) - {"reject"}
    assert found["reject"].state is S.FAILED
    gone = {name for name in NAMES if is_suppressed(paper, f"{name}@{SIMULATOR}")}
    assert gone == {"bounce", "complaint", "late-bounce", "suppressionlist"}
    balance = paper.store.balance(issue.id, Channel.EMAIL)
    assert (balance.bounced, balance.complained, balance.closes) == (5, 1, True)


def test_a_mail_whose_answer_was_lost_is_settled_by_its_event_and_is_not_sent_again(paper: Paper, tmp_path: Path):
    for n in range(6):
        subscribe(paper, f"success+{n}@{SIMULATOR}")
    rules = (Rule(wrong=Wrong.CUT_AFTER, first=2, times=1), Rule(wrong=Wrong.NO_ID, first=4, times=1))
    with through_ses(paper, tmp_path, *rules) as queue:
        paper.morning()
        assert sorted(d.state for d in deliveries(paper).values()) == [S.ACCEPTED] * 4 + [S.UNCERTAIN] * 2
        listen(paper, queue)
        paper.drain()
    assert {d.state for d in deliveries(paper).values()} == {S.ACCEPTED}
    assert len(accepted(tmp_path / "ses")) == 6


def test_a_throttled_mail_waits_and_fails_nobody(paper: Paper, tmp_path: Path):
    for n in range(4):
        subscribe(paper, f"success+{n}@{SIMULATOR}")
    with through_ses(paper, tmp_path, Rule(wrong=Wrong.THROTTLE, first=2, times=1)):
        paper.morning()
    states = sorted(d.state for d in deliveries(paper).values())
    assert states == [S.ACCEPTED] + [S.WAITING] * 3


def test_an_account_that_may_not_send_holds_the_issue_and_fails_nobody(paper: Paper, tmp_path: Path):
    for n in range(4):
        subscribe(paper, f"success+{n}@{SIMULATOR}")
    with through_ses(paper, tmp_path, Rule(wrong=Wrong.ERROR, code="SendingPausedException")):
        issue = paper.morning()
    assert issue is not None
    assert paper.frozen_on().held
    assert {d.state for d in deliveries(paper).values()} == {S.WAITING}


# --- any order, any number of times ----------------------------------------------------------


def one_mail(store: Store, recipient: str) -> tuple[Paper, Subscription, Taken]:
    """A paper whose one mail was taken by SES, as its records tell of it."""
    paper = make_paper(store)
    paper.setup = replace(paper.setup, editions={"daily": replace(paper.edition, stations=())})
    paper.serve(FEED, rss(story(1)))
    reader = subscribe(paper, recipient)
    paper.morning()
    taken = Taken(
        message_id="0102-sample",
        sender="morning@garam.example",
        recipient=recipient,
        tags={"delivery": str(paper.delivery_of(reader).id)},
        configuration_set="digest",
        message=paper.mailer.sent[0].message,
        at=paper.clock.now(),
    )
    return paper, reader, taken


def end(recipient: str, told: Sequence[str]) -> tuple[Any, ...]:
    """Where the mail and its reader stand after records came in this order."""
    paper, reader, _ = one_mail(MemoryStore(), recipient)
    for text in told:
        listening.take(paper.ports, paper.setup, text)
    delivery, after = paper.delivery_of(reader), paper.store.subscription(reader.id)
    assert after is not None
    balance = paper.store.balance(delivery.issue_id or 0, Channel.EMAIL)
    events = sorted((e.id, e.delivery_id) for e in paper.store.events(delivery.id))
    return (
        *(delivery.state, delivery.reason, delivery.settled_at, balance),
        *(after.state, is_suppressed(paper, recipient), events),
    )


WORDS = ("send", "delivery", "delay", "bounce", "policy", "full", "complaint", "reject")


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=5, unique=True), st.data())
def test_any_order_and_repetition_of_a_mails_records_ends_alike(words: list[str], data: st.DataObject):
    recipient = f"reader@{SIMULATOR}"
    _, _, taken = one_mail(MemoryStore(), recipient)
    plain = [records.record(taken, word) for word in words]
    both = plain + [records.of_identity(record) for record in plain]  # with tags, and from the identity without
    texts = [json.dumps(record) for record in both]
    repeated = texts + data.draw(st.lists(st.sampled_from(texts), max_size=5))
    assert end(recipient, data.draw(st.permutations(repeated))) == end(recipient, texts)


# --- what is not ours ------------------------------------------------------------------------


def test_news_with_the_number_of_a_mail_to_somebody_else_move_nothing(store: Store):
    paper, reader, taken = one_mail(store, "reader-1@example.com")
    before = paper.delivery_of(reader)
    for word in WORDS:
        record = records.record(replace(taken, recipient="stranger@example.com"), word)
        listening.take(paper.ports, paper.setup, json.dumps(record))
    assert paper.delivery_of(reader) == before
    assert not is_suppressed(paper, "reader-1@example.com")
    assert not is_suppressed(paper, "stranger@example.com")
    assert paper.store.events(before.id) == []


def test_a_number_that_no_mail_has_yet_is_not_remembered_for_the_one_that_will(store: Store):
    paper, reader, taken = one_mail(store, "reader-1@example.com")
    later = replace(taken, tags={"delivery": str(paper.delivery_of(reader).id + 1)})
    for word in WORDS:
        listening.take(paper.ports, paper.setup, json.dumps(records.record(later, word)))
    assert paper.store.events(paper.delivery_of(reader).id + 1) == []


def test_feedback_without_tags_finds_its_mail_by_the_receipt_or_by_where_bounces_go(store: Store):
    paper, reader, taken = one_mail(store, "reader-1@example.com")
    delivery = paper.delivery_of(reader)
    by_receipt = records.of_identity(records.record(replace(taken, message_id=delivery.receipt or "x"), "delivery"))
    paper.setup = replace(paper.setup, bounce_domain="bounce.garam.example")
    sender = links.bounce_address(delivery.id, reader.address, "bounce.garam.example", KEYS)
    by_sender = records.of_identity(records.record(replace(taken, sender=sender), "bounce"))
    for record in (by_receipt, by_sender):
        listening.take(paper.ports, paper.setup, json.dumps(record))
    expected = 1 + (delivery.receipt is not None)
    assert len(paper.store.events(delivery.id)) == expected
    assert is_suppressed(paper, reader.address)


def test_a_complaint_ends_the_subscription_and_what_still_waits(store: Store):
    paper, reader, taken = one_mail(store, "reader-1@example.com")
    listening.take(paper.ports, paper.setup, json.dumps(records.record(taken, "complaint")))
    after = paper.store.subscription(reader.id)
    assert after is not None
    assert after.state is SubscriptionState.ENDED
    dispatch.reclaim(paper.ports, paper.setup)
    assert paper.balances_close(paper.frozen_on())
