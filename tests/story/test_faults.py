"""One bad thing never stops the others: articles, Editions, disks and mail connections that break."""

from __future__ import annotations

from dataclasses import dataclass, replace

from syndication import assemble
from syndication.adapters.memory import MemoryMailer, MemoryPublisher
from syndication.core.model import (
    Balance,
    Cadence,
    Channel,
    DeliveryState,
    Outcome,
)
from syndication.ports import Mail, Store
from syndication.publish.replacing import MANIFEST
from tests.story.paper import (
    DAY,
    EDITION,
    FEED,
    TITLES,
    TUESDAY,
    Paper,
    item,
    make_paper,
    rss,
    story,
    titles,
)


@dataclass(slots=True)
class FullDisk(MemoryPublisher):
    full_for: str = ""

    def publish(
        self, path: str, body: bytes, content_type: str, *, over: str | None = None, lasting: bool = False
    ) -> bool:
        if path == self.full_for:
            raise OSError(28, "No space left on device")
        return MemoryPublisher.publish(self, path, body, content_type, over=over, lasting=lasting)


@dataclass(slots=True)
class BreakingMailer(MemoryMailer):
    breaks_at: str = ""

    def send(self, mail: Mail) -> Outcome:
        if mail.recipient == self.breaks_at:
            raise RuntimeError("the connection's state made no sense")
        return MemoryMailer.send(self, mail)


def test_an_article_that_cannot_be_rendered_is_set_aside_with_its_reason_and_the_rest_goes_out(paper: Paper) -> None:
    paper.subscribe()
    paper.serve(FEED, rss(story(1), item("끝없는 지면", "글이다.", section="가" * 60_000, number=9)))
    issue = paper.morning()
    assert issue is not None
    assert titles(issue) == [TITLES[0]]
    assert any("set aside" in note and "bytes" in note for note in issue.content.degraded), issue.content.degraded
    assert len(paper.mails_to(1)) == 1


def test_stories_that_are_too_many_for_one_mail_wait_for_the_next_day(store: Store) -> None:
    paper = make_paper(store, edition=replace(EDITION, stations=()))
    long = {n: "아주 긴 지면의 이름 " * 500 + str(n) for n in range(1, 9)}
    stories = zip(TITLES, long.items(), strict=True)
    paper.serve(FEED, rss(*(item(title, section=section, number=n) for title, (n, section) in stories)))
    days = [paper.morning(TUESDAY + n * DAY) for n in range(3)]
    told = [titles(issue) if issue else [] for issue in days]
    assert 0 < len(told[0]) < len(TITLES)
    assert sorted(title for day in told for title in day) == sorted(TITLES)


def test_an_edition_that_cannot_be_assembled_does_not_stop_the_next(paper: Paper) -> None:
    broken = replace(EDITION, id="broken", zone="Nowhere/Nothing")
    editions = {"broken": broken, "daily": paper.edition}
    paper.store.register_editions([broken], paper.clock.now())
    paper = replace(paper, setup=replace(paper.setup, editions=editions))
    paper.subscribe()
    paper.morning()
    assert len(paper.mails_to(1)) == 1


def test_an_issue_of_an_edition_that_was_taken_out_does_not_stop_the_others(paper: Paper) -> None:
    gone = replace(paper.edition, id="gone", channels=(Channel.EMAIL,))
    paper.store.register_editions([gone], paper.clock.now())
    both = replace(paper, setup=replace(paper.setup, editions={"gone": gone, "daily": paper.edition}))
    both.go(TUESDAY, "06:00")
    both.collect()
    both.go(TUESDAY, "06:20")
    assert len(assemble.publish_due(both.ports, both.setup)) == 2
    # the operator has taken "gone" out of publisher.toml meanwhile
    paper.fan_out()
    paper.go(TUESDAY, "06:30")
    paper.drain()
    assert paper.store.balance(paper.frozen_on().id, Channel.FEED) == Balance(audience=6, accepted=6)


def test_a_feed_that_cannot_be_written_does_not_stop_the_others_and_comes_later(paper: Paper) -> None:
    disk = FullDisk(full_for="feeds/daily/digest.rss")
    ports = replace(paper.ports, publisher=disk)
    paper = replace(paper, ports=ports, publisher=disk)
    issue = paper.morning()
    assert issue is not None
    assert paper.store.balance(issue.id, Channel.FEED) == Balance(audience=6, accepted=5, waiting=1)
    disk.full_for = ""
    paper.go(TUESDAY, "06:45")
    paper.drain()
    assert paper.store.balance(issue.id, Channel.FEED) == Balance(audience=6, accepted=6)
    assert len(disk.files.keys() - {MANIFEST}) == 6


def test_a_mail_whose_sending_breaks_down_is_uncertain_and_the_others_go_out(paper: Paper) -> None:
    mailer = BreakingMailer(breaks_at="reader-1@example.com")
    paper = replace(paper, ports=replace(paper.ports, mailer=mailer), mailer=mailer)
    reader = paper.subscribe(1)
    paper.subscribe(2)
    issue = paper.morning()
    assert issue is not None
    assert paper.delivery_of(reader).state is DeliveryState.UNCERTAIN
    assert paper.store.balance(issue.id, Channel.EMAIL) == Balance(audience=2, accepted=1, uncertain=1)
    assert len(paper.mails_to(2)) == 1


def test_cadence_and_date_name_one_issue_for_ever(paper: Paper) -> None:
    paper.morning()
    assert paper.store.last_issue("daily", Cadence.DAILY) == paper.frozen_on()
