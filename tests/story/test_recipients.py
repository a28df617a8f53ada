"""Who gets an Issue and what becomes of it: readers, Partners and Feeds, each once, each counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import feedparser
import pytest

from syndication import feedback, publish
from syndication.core import audience, links
from syndication.core.model import (
    Balance,
    Channel,
    DeliveryState,
    Outcome,
    Verdict,
)
from syndication.ports import Permanent, Store
from tests.factories import KEYS
from tests.story.paper import (
    DAY,
    EDITION,
    FEED,
    PORTAL,
    TITLES,
    TUESDAY,
    Paper,
    at,
    make_paper,
    rss,
    story,
    text_of,
    titles,
)

WEDNESDAY = TUESDAY + DAY


# --- recipients ------------------------------------------------------------------------------


def test_a_reader_whose_sections_hold_no_story_is_excluded_and_counted_with_the_reason(paper: Paper) -> None:
    reader = paper.subscribe(1, sections=("스포츠",))
    paper.subscribe(2)
    issue = paper.morning()
    assert issue is not None
    assert paper.mails_to(1) == []
    assert paper.delivery_of(reader).reason == audience.NO_STORY
    assert paper.store.balance(issue.id, Channel.EMAIL) == Balance(audience=2, accepted=1, excluded=1)
    assert paper.store.outcomes(issue.id, Channel.EMAIL)[DeliveryState.EXCLUDED, audience.NO_STORY] == 1


def test_a_refused_address_is_suppressed_and_gets_nothing_the_next_day(paper: Paper) -> None:
    reader = paper.subscribe(1)
    paper.subscribe(2)
    dead = Outcome(verdict=Verdict.REFUSED, code="5.1.1", reason="rcpt: 550 no such user", suppress=True)
    paper.mailer.answers = {"reader-1@example.com": dead}
    paper.morning()
    assert paper.delivery_of(reader).state is DeliveryState.FAILED
    paper.mailer.answers = {}
    paper.serve(FEED, rss(story(4)))
    issue = paper.morning(WEDNESDAY)
    assert issue is not None
    assert paper.mails_to(1) == []
    assert paper.delivery_of(reader, WEDNESDAY).state is DeliveryState.SUPPRESSED
    assert paper.store.balance(issue.id, Channel.EMAIL) == Balance(audience=2, accepted=1, suppressed=1)
    with pytest.raises(Permanent):
        paper.subscribe(1)


def test_unsubscribing_between_fan_out_and_sending_is_in_time(paper: Paper) -> None:
    reader = paper.subscribe(1)
    paper.subscribe(2)
    paper.go(TUESDAY, "06:00")
    paper.collect()
    paper.go(TUESDAY, "06:20")
    paper.tick()
    news = feedback.ended(reader.id, reader.epoch, paper.clock.now(), "one-click")
    assert feedback.apply(paper.ports, paper.setup, news)
    assert not feedback.apply(paper.ports, paper.setup, news)
    paper.go(TUESDAY, "06:30")
    paper.drain()
    assert (paper.mails_to(1), len(paper.mails_to(2))) == ([], 1)
    assert paper.delivery_of(reader).state is DeliveryState.CANCELLED
    assert paper.store.balance(paper.frozen_on().id, Channel.EMAIL) == Balance(audience=2, accepted=1, cancelled=1)


def test_a_reader_who_comes_back_gets_the_next_issue_and_may_leave_again(paper: Paper) -> None:
    reader = paper.subscribe()
    feedback.apply(paper.ports, paper.setup, feedback.ended(reader.id, reader.epoch, paper.clock.now(), "page"))
    back = paper.subscribe()
    assert (back.id, back.epoch) == (reader.id, reader.epoch + 1)
    paper.morning()
    assert len(paper.mails_to(1)) == 1
    assert feedback.apply(paper.ports, paper.setup, feedback.ended(back.id, back.epoch, paper.clock.now(), "page"))


def test_choices_changed_after_fan_out_count_from_the_next_issue(paper: Paper) -> None:
    paper.subscribe()
    paper.go(TUESDAY, "06:00")
    paper.collect()
    paper.go(TUESDAY, "06:20")
    paper.tick()
    paper.subscribe(1, sections=("경제",))
    paper.go(TUESDAY, "06:30")
    paper.drain()
    assert "한파 쉼터" in text_of(paper.mails_to(1)[0])


def test_an_english_reader_gets_english_words_around_untranslated_stories(paper: Paper) -> None:
    paper.subscribe(1, language="en")
    paper.subscribe(2)
    paper.morning()
    english, korean = text_of(paper.mails_to(1)[0]), text_of(paper.mails_to(2)[0])
    assert all(words in english for words in ("Unsubscribe", "Contact", "Tuesday, 20 January 2026"))
    assert not any(words in english for words in ("수신거부", "문의", "화요일"))
    assert all(words in korean for words in ("수신거부", "문의", "2026년 1월 20일 화요일"))
    assert "View in browser" in text_of(paper.mails_to(1)[0], "html")
    assert "브라우저에서 보기" in text_of(paper.mails_to(2)[0], "html")
    assert all(title in text for title in TITLES[:3] for text in (english, korean))


def test_an_english_editions_feeds_have_english_words_around_untranslated_stories(store: Store) -> None:
    paper = make_paper(store, edition=replace(EDITION, title="Garam Morning", language="en"))
    paper.serve(FEED, rss(story(1)))
    paper.morning()
    digest = feedparser.parse(paper.publisher.files["feeds/daily/digest.rss"][0])
    articles = feedparser.parse(paper.publisher.files["feeds/daily/articles.atom"][0])
    assert digest.entries[0].title == "Garam Morning Tuesday, 20 January 2026"
    assert "<h2>Weather</h2>" in digest.entries[0].content[0].value
    assert "날씨" not in digest.entries[0].content[0].value
    assert articles.feed.title == "Garam Morning articles"
    assert TITLES[0] in digest.entries[0].content[0].value
    assert articles.entries[0].title == TITLES[0]


def test_a_rehearsal_writes_to_nobody_outside_the_allow_list_and_to_no_production_partner(store: Store) -> None:
    allowed = frozenset({links.address_key("reader-1@example.com", KEYS).digest})
    partners = [replace(PORTAL, production=False), replace(PORTAL, id="real")]
    paper = make_paper(store, edition=replace(EDITION, stations=()), partners=partners, allowed=allowed)
    paper.serve(FEED, rss(story(1)))
    paper.subscribe(1)
    outside = paper.subscribe(2)
    issue = paper.morning()
    assert issue is not None
    assert (len(paper.mails_to(1)), paper.mails_to(2)) == (1, [])
    assert paper.store.balance(issue.id, Channel.EMAIL) == Balance(audience=2, accepted=1, excluded=1)
    assert "rehearsal" in (paper.delivery_of(outside).reason or "")
    assert {p.partner_id for p in paper.portal.pushed} == {"portal"}


def test_a_partner_that_is_down_for_a_while_gets_each_article_once_and_in_order(paper: Paper) -> None:
    paper.portal.answers = {"portal": Outcome(verdict=Verdict.DEFERRED, code="503", reason="HTTP 503")}
    issue = paper.morning()
    assert issue is not None
    assert paper.portal.pushed == []
    assert paper.store.balance(issue.id, Channel.PARTNER) == Balance(audience=3, waiting=3)
    paper.portal.answers = {}
    for minute in range(1, 60):
        paper.clock.at = at(TUESDAY, "06:30") + minute * timedelta(minutes=1)
        paper.drain()
    assert [p.sequence for p in paper.portal.pushed] == [1, 2, 3]
    assert len({p.key for p in paper.portal.pushed}) == 3
    assert paper.store.balance(issue.id, Channel.PARTNER) == Balance(audience=3, accepted=3)


# --- feeds -----------------------------------------------------------------------------------


def test_feeds_rebuilt_later_have_equal_bytes_and_are_not_replaced(paper: Paper) -> None:
    paper.morning()
    before = dict(paper.publisher.files)
    paper.clock.move(timedelta(hours=3))
    issue = paper.frozen_on()
    for recipient in publish.feed_recipients(paper.edition):
        publish.publish_feed(paper.ports, paper.setup, recipient, issue)
    assert paper.publisher.files == before
    parsed = feedparser.parse(before["feeds/daily/articles.atom"][0])
    assert [e.title for e in parsed.entries] == titles(issue)


def test_the_digest_feed_holds_one_item_per_issue_and_tells_nothing_of_an_issue_before_its_hour(paper: Paper) -> None:
    paper.morning()
    paper.serve(FEED, rss(story(4)))
    paper.go(WEDNESDAY, "06:00")
    paper.collect()
    paper.go(WEDNESDAY, "06:20")
    (tomorrow,) = paper.tick()
    publish.publish_feed(paper.ports, paper.setup, "feed:daily/digest.rss", tomorrow)
    early = feedparser.parse(paper.publisher.files["feeds/daily/digest.rss"][0])
    assert [e.link for e in early.entries] == ["https://garam.example/daily/2026-01-20"]
    paper.go(WEDNESDAY, "06:30")
    paper.drain()
    later = feedparser.parse(paper.publisher.files["feeds/daily/digest.rss"][0])
    assert [e.link.rpartition("/")[2] for e in later.entries] == ["2026-01-21", "2026-01-20"]


@pytest.mark.parametrize(
    "address", ["https://who:word@garam.example/1", "http://a b/1", "https://garam.example:99999/"]
)
def test_a_story_whose_own_address_is_none_is_read_on_the_page_of_its_issue(paper: Paper, address: str) -> None:
    paper.serve(
        FEED, rss(f"<item><title>{TITLES[0]}</title><link>{address}</link><description>표본.</description></item>")
    )
    issue = paper.morning()
    assert issue is not None
    link = issue.content.items[0].link
    assert link.startswith("https://garam.example/daily/2026-01-20#article-")
    feed = feedparser.parse(paper.publisher.read("feeds/daily/articles.rss"))
    assert [entry.link for entry in feed.entries] == [link]
