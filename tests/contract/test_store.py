"""Laws of the Store that hold for every kind of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from syndication.core import audience, links
from syndication.core.model import (
    Block,
    Cadence,
    Channel,
    Choices,
    DeliveryState,
    Event,
    EventKind,
    FirstPoll,
    Forecast,
    Issue,
    IssueState,
    Observation,
    Origin,
    Outcome,
    Recipe,
    UncertainPolicy,
    Verdict,
    WeatherReading,
)
from syndication.ports import Permanent, Store
from tests import factories
from tests.conftest import run_leases_out
from tests.factories import EDITION, MORNING, ON, SOURCE

EARLIER = MORNING - timedelta(hours=3)
LEASE = timedelta(seconds=60)
ATTEMPT = timedelta(seconds=10)
ACCEPTED = Outcome(verdict=Verdict.ACCEPTED, receipt="250 ok")


# --- intake ----------------------------------------------------------------------------------


def test_a_source_is_polled_by_one_worker_at_a_time(store: Store) -> None:
    store.register_sources([SOURCE], EARLIER)
    assert store.take_source("garam", EARLIER, EARLIER + timedelta(minutes=5)) is not None
    assert store.take_source("garam", EARLIER, EARLIER + timedelta(minutes=5)) is None
    assert store.take_source("garam", EARLIER + timedelta(minutes=6), MORNING) is not None, "its holder was lost"


def test_a_source_is_not_due_before_its_next_check(store: Store) -> None:
    store.register_sources([SOURCE], EARLIER)
    state = store.take_source("garam", EARLIER, MORNING)
    assert state is not None
    store.settle_source(replace(state, next_check_at=MORNING, etag='"1"', last_ok_at=EARLIER))
    store.register_sources([SOURCE], MORNING + timedelta(days=1))
    assert store.take_source("garam", EARLIER, MORNING) is None
    taken = store.take_source("garam", MORNING, MORNING + timedelta(hours=1))
    assert taken is not None
    assert (taken.etag, taken.last_ok_at) == ('"1"', EARLIER)


def test_an_article_seen_again_is_known_and_changed_is_a_revision(store: Store) -> None:
    first = store.store_articles(SOURCE, [factories.found(1)], EARLIER, domain="garam.example", baseline=False)
    again = store.store_articles(SOURCE, [factories.found(1)], MORNING, domain="garam.example", baseline=False)
    changed = store.store_articles(
        SOURCE, [factories.found(1, title="고친 제목")], MORNING, domain="garam.example", baseline=False
    )
    assert (first.new, again.known, changed.revised) == (1, 1, 1)


def test_an_article_keeps_its_uri_over_revisions(store: Store) -> None:
    (before,) = factories.stored(store, 1)
    store.store_articles(SOURCE, [factories.found(1, title="고침")], MORNING, domain="other.example", baseline=False)
    after = store.article_at(before.id, 2)
    assert after is not None
    assert after.uri == before.uri == links.article_uri("garam.example", EARLIER, before.id)
    assert after.content.title == "고침"


def test_the_newest_revision_before_the_cut_off_is_eligible(store: Store) -> None:
    factories.stored(store, 1)
    for title, at in (("두 번째", EARLIER + timedelta(minutes=1)), ("너무 늦음", MORNING + timedelta(minutes=1))):
        store.store_articles(SOURCE, [factories.found(1, title=title)], at, domain="garam.example", baseline=False)
    (article,) = store.eligible(EDITION, Cadence.DAILY, cut_off_at=MORNING, since=EARLIER)
    assert (article.revision, article.content.title) == (2, "두 번째")


def test_what_stood_there_at_a_baseline_poll_is_never_eligible(store: Store) -> None:
    assert SOURCE.first_poll is FirstPoll.BASELINE
    store.store_articles(SOURCE, [factories.found(1)], EARLIER, domain="garam.example", baseline=True)
    store.store_articles(SOURCE, [factories.found(1, title="새 제목")], EARLIER, domain="g.example", baseline=False)
    assert not store.eligible(EDITION, Cadence.DAILY, cut_off_at=MORNING, since=EARLIER)


def test_an_edition_takes_its_own_sources_only(store: Store) -> None:
    factories.stored(store, 1)
    other = replace(EDITION, sources=("elsewhere",))
    assert not store.eligible(other, Cadence.DAILY, cut_off_at=MORNING, since=EARLIER)


def test_articles_are_counted_by_the_source_that_brought_them(store: Store) -> None:
    assert dict(store.articles_by_source()) == {}
    factories.stored(store, 1, 2)
    assert dict(store.articles_by_source()) == {"garam": 2}


def test_a_thousand_articles_come_back_as_they_were(store: Store) -> None:
    numbers = range(1200)
    articles = factories.stored(store, *numbers, published_on=date(2026, 1, 19), bylines=("표본기자",))
    assert [a.content for a in articles] == [
        factories.content(n, published_on=date(2026, 1, 19), bylines=("표본기자",)) for n in numbers
    ]


def reading(on: date | None, *temperatures: float | None, at: timedelta = timedelta(0)) -> WeatherReading:
    seen = tuple(
        Observation(
            station="서울",
            station_id="108",
            condition=None,
            temperature=t,
            observed_at=None,
            origin=Origin.WIDGET,
            attribution="기상청",
        )
        for t in temperatures
    )
    told = (Forecast(place="서울", on=ON, low=-9.0, origin=Origin.WIDGET),)
    return WeatherReading(
        origin=Origin.WIDGET, source_id="garam", fetched_at=EARLIER + at, on=on, observations=seen, forecasts=told
    )


def test_weather_comes_back_as_it_was_with_the_unknown_unknown(store: Store) -> None:
    there = reading(ON, -9.0, None)
    store.store_weather(there)
    assert list(store.weather_since(EARLIER)) == [there]
    assert not store.weather_since(EARLIER + timedelta(seconds=1))


def test_the_same_reading_again_is_one_reading_seen_later(store: Store) -> None:
    store.store_weather(reading(ON, 1.0))
    store.store_weather(reading(ON, 1.0, at=timedelta(minutes=5)))
    assert [r.fetched_at for r in store.weather_since(EARLIER)] == [EARLIER + timedelta(minutes=5)]


def test_a_widget_that_stood_still_is_known_by_its_other_dates(store: Store) -> None:
    store.store_weather(reading(ON - timedelta(days=1), 1.0))
    store.store_weather(reading(ON, 1.0))
    store.store_weather(reading(ON - timedelta(days=2), 2.0))
    assert list(store.widget_dates(reading(ON, 1.0))) == [ON - timedelta(days=1)]


# --- newsroom --------------------------------------------------------------------------------


def test_an_issue_is_frozen_once_per_date(store: Store) -> None:
    articles = factories.stored(store, 1, 2)
    blocks = {"ko": [Block(key="head", html="<p>", text="가")]}
    first = store.freeze(factories.frozen(articles[0]), blocks)
    again = store.freeze(factories.frozen(articles[1]), {"ko": [Block(key="head", html="other", text="다른")]})
    assert again == first
    assert first.content.items[0].article == articles[0]
    assert dict(store.blocks(first.id, 1, "ko")) == {"head": blocks["ko"][0]}


def test_an_article_is_in_one_issue_only(store: Store) -> None:
    articles = factories.stored(store, 1, 2)
    store.freeze(factories.frozen(articles[0]), {})
    left = store.eligible(EDITION, Cadence.DAILY, cut_off_at=MORNING, since=EARLIER)
    assert [a.id for a in left] == [articles[1].id]
    with pytest.raises(Exception, match=r"(?i)unique|one Issue"):
        store.freeze(factories.frozen(articles[0], on=ON + timedelta(days=1)), {})


def test_a_missed_day_moves_nothing(store: Store) -> None:
    articles = factories.stored(store, 1)
    store.freeze(factories.frozen(state=IssueState.MISSED), {})
    assert store.last_cut_off("daily", Cadence.DAILY) is None
    last = store.last_issue("daily", Cadence.DAILY)
    assert last is not None
    assert last.state is IssueState.MISSED
    assert list(store.eligible(EDITION, Cadence.DAILY, cut_off_at=MORNING, since=EARLIER)) == articles


def test_an_edition_is_adopted_once(store: Store) -> None:
    store.register_editions([EDITION], EARLIER)
    store.register_editions([EDITION], MORNING)
    assert store.adopted_at("daily") == EARLIER


# --- readership ------------------------------------------------------------------------------


def end(store: Store, subscription_id: int) -> bool:
    event = Event(
        id=f"ended:{subscription_id}", kind=EventKind.ENDED, at=MORNING, cause="one", subscription_id=subscription_id
    )
    return store.end_subscription(event)


def test_subscribing_twice_is_one_subscription_with_the_newest_choices(store: Store) -> None:
    first = factories.subscribe(store, 1, stations=("서울",))
    again = factories.subscribe(store, 1, stations=("부산",))
    assert again.id == first.id
    assert again.choices == Choices(stations=("부산",))
    assert len(store.subscriptions("daily")) == 1


def test_leaving_twice_is_leaving_once(store: Store) -> None:
    reader = factories.subscribe(store)
    assert end(store, reader.id)
    assert not end(store, reader.id)


def test_coming_back_makes_older_links_void(store: Store) -> None:
    reader = factories.subscribe(store)
    end(store, reader.id)
    assert factories.subscribe(store).epoch == reader.epoch + 1


def test_a_suppressed_address_cannot_subscribe(store: Store) -> None:
    key = links.address_key("READER-1@example.com", factories.KEYS)
    store.suppress(key, reason="complaint", event=Event(id="c", kind=EventKind.COMPLAINED, at=MORNING, cause="x"))
    with pytest.raises(Permanent):
        factories.subscribe(store, 1)


def test_an_event_known_twice_counts_once(store: Store) -> None:
    event = Event(id="e1", kind=EventKind.DELIVERED, at=MORNING, cause="provider")
    assert store.record(event)
    assert not store.record(event)


def test_a_new_address_key_makes_no_reader_twice_and_frees_nobody_suppressed(store: Store) -> None:
    reader, gone = factories.subscribe(store, 1), factories.subscribe(store, 2)
    old = links.address_key("reader-2@example.com", factories.KEYS)
    event = Event(id="c", kind=EventKind.COMPLAINED, at=MORNING, cause="complaint")
    store.suppress(old, reason="complaint", event=event)
    newer = links.Keys(current="k2", secrets={"k2": b"another throw-away secret", **factories.KEYS.secrets})
    assert store.rekey(newer) == 2
    assert store.rekey(newer) == 0
    for n, there in ((1, reader), (2, gone)):
        assert [s.id for s in store.find_subscriptions(links.address_key(f"reader-{n}@example.com", newer))] == [
            there.id
        ]
    assert store.suppressed(old)
    assert store.suppressed(links.address_key("Reader-2@EXAMPLE.com", newer))
    assert not store.suppressed(links.address_key("reader-1@example.com", newer))


# --- outbox ----------------------------------------------------------------------------------


def issued(store: Store, readers: int = 3) -> Issue:
    for n in range(1, readers + 1):
        factories.subscribe(store, n)
    return store.freeze(factories.frozen(*factories.stored(store, 1)), {})


def fan_out(store: Store, issue: Issue, *, allowed: frozenset[str] | None = None, chunk: int = 2) -> None:
    after: int | None = 0
    while after is not None:
        recipes: dict[str, tuple[Recipe | None, str | None]] = {}
        for key, (choices, _) in store.distinct_choices(issue).items():
            made = audience.recipe(choices, issue.content, EDITION)
            recipes[key] = (made, None if made else audience.NO_STORY)
        after = store.fan_out_email(issue, recipes, MORNING, after=after, limit=chunk, allowed=allowed)


def push(store: Store, issue: Issue, *things: str) -> int:
    return store.fan_out_to(
        channel=Channel.PARTNER,
        things=[(thing, "partner:portal") for thing in things],
        issue=issue,
        now=MORNING,
        not_before=MORNING,
        expires_at=issue.expires_at,
    )


def test_every_reader_has_one_delivery_however_often_it_is_fanned_out(store: Store) -> None:
    issue = issued(store, readers=5)
    for chunk in (2, 3, 1):
        fan_out(store, issue, chunk=chunk)
    assert len(store.deliveries(issue.id, Channel.EMAIL)) == 5
    balance = store.balance(issue.id, Channel.EMAIL)
    assert (balance.audience, balance.waiting, balance.closes) == (5, 5, True)
    assert store.fanned_out(issue.id) == {Channel.EMAIL}


def test_who_subscribes_after_the_issue_was_frozen_waits_for_the_next(store: Store) -> None:
    issue = issued(store, readers=1)
    late = replace(issue, frozen_at=MORNING - timedelta(days=30))
    fan_out(store, late)
    assert not store.deliveries(issue.id)


def test_suppressed_excluded_and_rehearsed_readers_are_counted_with_their_reason(store: Store) -> None:
    issue = issued(store, readers=2)
    factories.subscribe(store, 3, sections=("문화",))
    suppressed = links.address_key("reader-2@example.com", factories.KEYS)
    factories.subscribe(store, 4)
    event = Event(id="c", kind=EventKind.COMPLAINED, at=MORNING, cause="complaint")
    store.suppress(suppressed, reason="complaint", event=event)
    allowed = frozenset(links.address_key(f"reader-{n}@example.com", factories.KEYS).digest for n in (1, 2, 3))
    fan_out(store, issue, allowed=allowed)
    assert dict(store.outcomes(issue.id, Channel.EMAIL)) == {
        (DeliveryState.WAITING, None): 1,
        (DeliveryState.SUPPRESSED, "complaint"): 1,
        (DeliveryState.EXCLUDED, audience.NO_STORY): 1,
        (DeliveryState.EXCLUDED, "rehearsal: address is not on the allow list"): 1,
    }


def test_readers_who_chose_alike_share_one_recipe(store: Store) -> None:
    issue = issued(store, readers=4)
    factories.subscribe(store, 5, stations=("부산",))
    assert len(store.distinct_choices(issue)) == 2
    fan_out(store, issue)
    hashes = {d.recipe_hash for d in store.deliveries(issue.id, Channel.EMAIL)}
    assert [store.recipes([h or ""])[h or ""].blocks[0] for h in hashes] == ["head"] * len(hashes)


def test_readers_are_counted_by_what_they_chose(store: Store) -> None:
    issue = issued(store, readers=4)
    factories.subscribe(store, 5, stations=("부산",))
    allowed = frozenset(links.address_key(f"reader-{n}@example.com", factories.KEYS).digest for n in (1, 5))
    counted = {c.stations: (n, may) for c, n, may in store.readers_by_choices(issue, allowed=allowed)}
    assert counted == {(): (4, 1), ("부산",): (1, 1)}
    everybody = {c.stations: (n, may) for c, n, may in store.readers_by_choices(issue, allowed=None)}
    assert everybody == {(): (4, 4), ("부산",): (1, 1)}
    nobody = [may for _, _, may in store.readers_by_choices(issue, allowed=frozenset())]
    assert nobody == [0, 0]


def test_a_closed_issue_takes_no_delivery(store: Store) -> None:
    issue = issued(store, readers=1)
    assert list(store.close_settled(issue.expires_at)) == [issue.id]
    fan_out(store, issue)
    push(store, issue, "issue:1")
    assert not store.deliveries(issue.id)


def test_an_issue_with_something_waiting_stays_open(store: Store) -> None:
    issue = issued(store, readers=1)
    fan_out(store, issue)
    assert not store.close_settled(issue.expires_at + timedelta(days=1))


def test_what_is_claimed_is_claimed_by_nobody_else(store: Store) -> None:
    issue = issued(store)
    fan_out(store, issue)
    first = store.claim(Channel.EMAIL, MORNING, limit=2, lease=LEASE, owner="host/1")
    second = store.claim(Channel.EMAIL, MORNING, limit=2, lease=LEASE, owner="host/2")
    assert first is not None
    assert second is not None
    assert {d.id for d in first.deliveries}.isdisjoint(d.id for d in second.deliveries)
    assert store.claim(Channel.EMAIL, MORNING, limit=2, lease=LEASE, owner="host/3") is None


def test_nothing_is_claimed_before_its_hour_and_after_its_time(store: Store) -> None:
    issue = issued(store)
    fan_out(store, issue)
    early = issue.publish_at - timedelta(seconds=1)
    assert store.claim(Channel.EMAIL, early, limit=9, lease=LEASE, owner="h/1") is None
    assert store.claim(Channel.EMAIL, issue.expires_at, limit=9, lease=LEASE, owner="h/1") is None
    assert store.balance(issue.id, Channel.EMAIL).expired == 3


def test_without_the_intent_nothing_is_sent_once_the_lease_is_too_short(store: Store) -> None:
    issue = issued(store, readers=1)
    fan_out(store, issue)
    piece = store.claim(Channel.EMAIL, MORNING, limit=1, lease=LEASE, owner="h/1")
    assert piece is not None
    (mine,) = piece.deliveries
    assert not store.begin(piece.lease_id, [mine.id], MORNING, outlast=LEASE * 2)
    assert store.renew(piece.lease_id, LEASE * 3)
    assert store.begin(piece.lease_id, [mine.id], MORNING, outlast=LEASE * 2)
    assert not store.begin(piece.lease_id, [mine.id], MORNING, outlast=ATTEMPT), "an intent is recorded once"


def test_who_leaves_between_claim_and_sending_gets_nothing(store: Store) -> None:
    issue = issued(store, readers=2)
    fan_out(store, issue)
    piece = store.claim(Channel.EMAIL, MORNING, limit=9, lease=LEASE, owner="h/1")
    assert piece is not None
    leaving = store.subscriptions("daily")[0]
    end(store, leaving.id)
    begun = [bool(store.begin(piece.lease_id, [d.id], MORNING, outlast=ATTEMPT)) for d in piece.deliveries]
    assert begun == [d.subscription_id != leaving.id for d in piece.deliveries]
    assert store.balance(issue.id, Channel.EMAIL).cancelled == 1


def sending(store: Store, channel: Channel) -> tuple[int, int]:
    """A Delivery whose intent is recorded under a lease that has run out."""
    piece = store.claim(channel, MORNING, limit=1, lease=LEASE, owner="h/1")
    assert piece is not None
    assert store.begin(piece.lease_id, [piece.deliveries[0].id], MORNING, outlast=timedelta(0))
    run_leases_out(store)
    return piece.lease_id, piece.deliveries[0].id


def test_a_mail_whose_worker_died_after_the_intent_is_uncertain_and_never_claimed_again(store: Store) -> None:
    issue = issued(store, readers=1)
    fan_out(store, issue)
    sending(store, Channel.EMAIL)
    assert factories.reclaim(store)["uncertain"] == 1
    assert store.claim(Channel.EMAIL, MORNING, limit=9, lease=LEASE, owner="h/2") is None
    assert store.balance(issue.id, Channel.EMAIL).uncertain == 1
    assert len(store.uncertain()) == 1


def test_a_late_answer_settles_an_uncertain_mail(store: Store) -> None:
    issue = issued(store, readers=1)
    fan_out(store, issue)
    lease_id, delivery_id = sending(store, Channel.EMAIL)
    factories.reclaim(store)
    assert factories.settle(store, lease_id, delivery_id, ACCEPTED, MORNING)
    assert store.balance(issue.id, Channel.EMAIL).accepted == 1


def test_a_push_whose_worker_died_goes_back_to_the_outbox(store: Store) -> None:
    issue = issued(store, readers=0)
    push(store, issue, "issue:1")
    lease_id, delivery_id = sending(store, Channel.PARTNER)
    assert factories.reclaim(store)["waiting"] == 1
    assert not factories.settle(store, lease_id, delivery_id, ACCEPTED, MORNING), "a fenced-out worker changes nothing"
    again = store.claim(Channel.PARTNER, MORNING, limit=9, lease=LEASE, owner="h/2")
    assert again is not None


def test_an_uncertain_mail_is_resent_once_and_only_where_the_edition_says_so(store: Store) -> None:
    issue = issued(store, readers=1)
    fan_out(store, issue)
    sending(store, Channel.EMAIL)
    factories.reclaim(store)
    later = MORNING + timedelta(hours=1)
    assert store.resend_uncertain({"daily": UncertainPolicy.HOLD}, later) == 0
    assert store.resend_uncertain({"daily": UncertainPolicy.RESEND}, MORNING) == 0, "evidence is waited for first"
    assert store.resend_uncertain({"daily": UncertainPolicy.RESEND}, later) == 1
    sending_again = store.claim(Channel.EMAIL, later, limit=1, lease=LEASE, owner="h/2")
    assert sending_again is not None
    assert store.begin(sending_again.lease_id, [sending_again.deliveries[0].id], later, outlast=ATTEMPT)
    doubtful = Outcome(verdict=Verdict.UNCERTAIN, reason="cut off")
    assert factories.settle(store, sending_again.lease_id, sending_again.deliveries[0].id, doubtful, later)
    assert store.resend_uncertain({"daily": UncertainPolicy.RESEND}, later + timedelta(hours=1)) == 0


@pytest.mark.parametrize(("state", "term"), [(DeliveryState.ACCEPTED, "accepted"), (DeliveryState.FAILED, "failed")])
def test_the_operator_resolves_what_is_uncertain(store: Store, state: DeliveryState, term: str) -> None:
    issue = issued(store, readers=1)
    fan_out(store, issue)
    _, delivery_id = sending(store, Channel.EMAIL)
    factories.reclaim(store)
    assert store.resolve(delivery_id, state, MORNING, "relay log")
    assert not store.resolve(delivery_id, state, MORNING, "relay log")
    assert getattr(store.balance(issue.id, Channel.EMAIL), term) == 1


def test_a_dead_address_is_suppressed_with_the_refusal(store: Store) -> None:
    issue = issued(store, readers=1)
    fan_out(store, issue)
    piece = store.claim(Channel.EMAIL, MORNING, limit=1, lease=LEASE, owner="h/1")
    assert piece is not None
    store.begin(piece.lease_id, [piece.deliveries[0].id], MORNING, outlast=ATTEMPT)
    dead = Outcome(verdict=Verdict.REFUSED, code="5.1.1", reason="no such user", suppress=True)
    factories.settle(store, piece.lease_id, piece.deliveries[0].id, dead, MORNING)
    assert store.suppressed(links.address_key("reader-1@example.com", factories.KEYS))
    assert store.balance(issue.id, Channel.EMAIL).failed == 1


def test_a_deferred_delivery_waits_for_its_time(store: Store) -> None:
    issue = issued(store, readers=1)
    fan_out(store, issue)
    piece = store.claim(Channel.EMAIL, MORNING, limit=1, lease=LEASE, owner="h/1")
    assert piece is not None
    store.begin(piece.lease_id, [piece.deliveries[0].id], MORNING, outlast=ATTEMPT)
    later = MORNING + timedelta(minutes=10)
    busy = Outcome(verdict=Verdict.DEFERRED, code="4.3.2", reason="busy")
    factories.settle(store, piece.lease_id, piece.deliveries[0].id, busy, MORNING, next_at=later)
    assert store.due(Channel.EMAIL, MORNING) == 0
    assert store.due(Channel.EMAIL, later) == 1


def test_a_released_slice_costs_no_attempt(store: Store) -> None:
    issue = issued(store, readers=1)
    fan_out(store, issue)
    piece = store.claim(Channel.EMAIL, MORNING, limit=1, lease=LEASE, owner="h/1")
    assert piece is not None
    store.release(piece.lease_id)
    (mine,) = store.deliveries(issue.id, Channel.EMAIL)
    assert (mine.state, mine.attempts, mine.lease_id) == (DeliveryState.WAITING, 0, None)


def test_a_partner_hears_one_thing_at_a_time_in_the_order_of_its_sequence(store: Store) -> None:
    issue = issued(store, readers=0)
    assert push(store, issue, "article:1/1", "article:2/1", "article:1/1") == 2
    first = store.claim(Channel.PARTNER, MORNING, limit=9, lease=LEASE, owner="h/1")
    assert first is not None
    assert [d.sequence for d in first.deliveries] == [1]
    assert store.claim(Channel.PARTNER, MORNING, limit=9, lease=LEASE, owner="h/2") is None
    store.begin(first.lease_id, [first.deliveries[0].id], MORNING, outlast=ATTEMPT)
    factories.settle(store, first.lease_id, first.deliveries[0].id, ACCEPTED, MORNING)
    second = store.claim(Channel.PARTNER, MORNING, limit=9, lease=LEASE, owner="h/1")
    assert second is not None
    assert [d.sequence for d in second.deliveries] == [2]


def test_a_thing_comes_to_a_partner_once_whatever_issue_brought_it(store: Store) -> None:
    articles = factories.stored(store, 1, 2)
    today = store.freeze(factories.frozen(articles[0]), {})
    tomorrow = store.freeze(factories.frozen(articles[1], on=ON + timedelta(days=1)), {})
    assert push(store, today, "article:1/1") == 1
    assert push(store, tomorrow, "article:1/1") == 0
    assert store.balance(tomorrow.id, Channel.PARTNER).closes


def test_beats_are_remembered(store: Store) -> None:
    store.beat("publish_due", EARLIER)
    store.beat("publish_due", MORNING)
    assert dict(store.beats()) == {"publish_due": MORNING}


def test_old_deliveries_age_out_and_the_balance_stays(store: Store) -> None:
    issue = issued(store, readers=3)
    fan_out(store, issue)
    end(store, store.subscriptions("daily")[0].id)
    piece = store.claim(Channel.EMAIL, MORNING, limit=9, lease=LEASE, owner="h/1")
    assert piece is not None
    for d in piece.deliveries:
        store.begin(piece.lease_id, [d.id], MORNING, outlast=ATTEMPT)
        factories.settle(store, piece.lease_id, d.id, ACCEPTED, MORNING)
    store.release(piece.lease_id)
    before, told = store.balance(issue.id, Channel.EMAIL), dict(store.outcomes(issue.id, Channel.EMAIL))
    assert not store.age_out(MORNING + timedelta(days=500), 2), "an open Issue keeps its rows"
    assert store.close_settled(issue.expires_at, among=(issue.id,))
    assert not store.age_out(issue.expires_at - timedelta(days=1), 2), "it is not old yet"
    removed = [store.age_out(issue.expires_at + timedelta(days=1), 2) for _ in range(3)]
    assert removed == [2, 1, 0]
    assert not store.deliveries(issue.id)
    assert store.balance(issue.id, Channel.EMAIL) == before
    assert dict(store.outcomes(issue.id, Channel.EMAIL)) == told
    closed = store.issue(issue.id)
    assert closed is not None
    assert store.fan_out_email(closed, {}, MORNING, after=0, limit=9, allowed=None) is None, "never again"
