"""The editor's hand over whole mornings: wished, seen in preview, sent, undone, amended; and never in the way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from syndication import amend, assemble
from syndication.core import timetable
from syndication.core.desk import HELD
from syndication.core.model import Cadence, Channel, Do, IssueState, Wish
from syndication.ports import Permanent, Written
from tests.story.paper import DAY, FEED, TITLES, TUESDAY, Paper, at, rss, story, text_of, titles

EARLY = at(TUESDAY, "05:50")


@dataclass
class Sheet:
    """A desk.toml that says what the test wants."""

    text: str | None = None
    error: Permanent | None = None

    def read(self) -> Written | None:
        if self.error is not None:
            raise self.error
        return None if self.text is None else Written(text=self.text, by="desk.toml, editor", at=EARLY)


def by_file(paper: Paper, text: str) -> Paper:
    return replace(paper, ports=replace(paper.ports, desk=Sheet(text)))


def numbers(paper: Paper) -> dict[str, int]:
    """Article numbers by headline, of what has come by the cut-off."""
    paper.go(TUESDAY, "06:00")
    paper.collect()
    paper.go(TUESDAY, "06:10")
    slot = timetable.slot(paper.edition, TUESDAY)
    draft = assemble.compose(paper.ports, paper.setup, paper.edition, slot)
    return {i.article.content.title: i.article.id for i in draft.frozen.content.items}


def wish(paper: Paper, do: Do, article: int | None = None, words: str | None = None, *, always: bool = False) -> Wish:
    named = None if article is None else str(article)
    on = None if always else TUESDAY
    return paper.store.add_wish(Wish(do=do, edition_id="daily", article=named, words=words, on=on, by="desk", at=EARLY))


def shown(paper: Paper, n: int = 1) -> str:
    return " ".join(text_of(paper.mails_to(n)[-1]).split())


def test_all_that_was_wished_is_in_mail_feed_and_issue(paper: Paper) -> None:
    paper.subscribe()
    ids = numbers(paper)
    wish(paper, Do.LEAD, ids[TITLES[2]])
    wish(paper, Do.DROP, ids[TITLES[1]])
    wish(paper, Do.HEADLINE, ids[TITLES[0]], "한파 쉼터 마흔 곳")
    wish(paper, Do.SUMMARY, ids[TITLES[0]], "경로당 마흔 곳이 밤 열 시까지 문을 연다.")
    wish(paper, Do.SUBJECT, None, "오늘은 도서관 소식부터")
    wish(paper, Do.NOTE, None, "눈길에 늦을 수 있습니다.\n천천히 걸으세요.")
    paper.morning()
    issue = paper.frozen_on()
    assert titles(issue) == [TITLES[2], "한파 쉼터 마흔 곳"]
    (mail,) = paper.mails_to(1)
    assert mail["Subject"] == "오늘은 도서관 소식부터"
    text = shown(paper)
    assert "편집국에서 눈길에 늦을 수 있습니다. 천천히 걸으세요." in text
    assert "경로당 마흔 곳이 밤 열 시까지 문을 연다." in text
    assert TITLES[1] not in text
    html = text_of(mail, "html")
    assert html.index("편집국에서") < html.index("날씨")
    digest = paper.publisher.files["feeds/daily/digest.rss"][0].decode()
    assert "눈길에 늦을 수 있습니다." in digest
    assert "한파 쉼터 마흔 곳" in digest
    articles = paper.publisher.files["feeds/daily/articles.rss"][0].decode()
    assert TITLES[0] in articles, "the articles feed keeps the outlet's own headline"
    assert "한파 쉼터 마흔 곳" not in articles
    left = {u.title: u.reason for u in issue.content.left_out}
    assert "desk" in left[TITLES[1]]
    assert {w.wish.do for w in issue.content.wished} == {Do.LEAD, Do.DROP, Do.HEADLINE, Do.SUMMARY, Do.SUBJECT, Do.NOTE}


def test_who_has_not_the_lead_keeps_a_subject_that_is_true(paper: Paper) -> None:
    paper.subscribe(1, sections=("경제",))
    wish(paper, Do.SUBJECT, None, "오늘은 쉼터 소식부터")
    paper.morning()
    assert paper.mails_to(1)[0]["Subject"] == TITLES[1]


def test_what_is_undone_before_the_cut_off_leaves_no_trace_in_the_mail(paper: Paper) -> None:
    paper.subscribe()
    ids = numbers(paper)
    before = assemble.compose(paper.ports, paper.setup, paper.edition, timetable.slot(paper.edition, TUESDAY))
    kept = [wish(paper, Do.DROP, ids[TITLES[0]]), wish(paper, Do.NOTE, None, "안내")]
    for one in kept:
        paper.store.undo_wish(one.id, "desk", EARLY)
    paper.morning()
    assert titles(paper.frozen_on()) == [i.article.content.title for i in before.frozen.content.items]
    assert "편집국에서" not in shown(paper)


def test_a_wish_until_further_notice_holds_each_day_and_one_for_today_does_not(paper: Paper) -> None:
    paper.subscribe()
    wish(paper, Do.NOTE, None, "늘 하는 말", always=True)
    wish(paper, Do.SUBJECT, None, "오늘만")
    paper.morning()
    paper.serve(FEED, rss(story(4)))
    paper.morning(TUESDAY + DAY)
    first, second = paper.mails_to(1)
    assert first["Subject"] == "오늘만"
    assert second["Subject"] == TITLES[3]
    assert all("늘 하는 말" in text_of(mail) for mail in (first, second))


class TestFile:
    def test_the_file_is_as_good_as_the_commands(self, paper: Paper) -> None:
        paper = by_file(paper, '[[wish]]\ndrop = "https://garam.example/news/2"\n[[wish]]\nnote = "파일에서"\n')
        paper.subscribe()
        paper.morning()
        assert TITLES[1] not in titles(paper.frozen_on())
        assert "파일에서" in shown(paper)
        assert {w.wish.by for w in paper.frozen_on().content.wished} == {"desk.toml, editor"}

    @pytest.mark.parametrize("text", ["[[wish]\nnote=", "note = 3\n\x00", "[[wish]]\nnote = '안녕'\n[[wish]]\nx = 1\n"])
    def test_what_cannot_be_read_is_told_and_the_issue_goes_without_it(self, paper: Paper, text: str) -> None:
        paper = by_file(paper, text)
        paper.subscribe()
        paper.morning()
        assert len(paper.mails_to(1)) == 1
        assert any("desk.toml line" in said for said in paper.frozen_on().content.degraded)

    def test_a_file_that_cannot_be_opened_stops_nothing(self, paper: Paper) -> None:
        broken = replace(paper, ports=replace(paper.ports, desk=Sheet(error=Permanent("desk.toml cannot be read"))))
        broken.subscribe()
        broken.morning()
        assert len(broken.mails_to(1)) == 1
        assert any("cannot be read" in said for said in broken.frozen_on().content.degraded)


class TestHold:
    def test_a_held_issue_is_made_but_reaches_nobody_until_it_is_released(self, paper: Paper) -> None:
        paper.subscribe()
        wish(paper, Do.HOLD, None, "교정 중")
        paper.morning()
        issue = paper.frozen_on()
        assert (issue.held or "").startswith(f"{HELD}: 교정 중")
        assert paper.mails_to(1) == []
        assert paper.portal.pushed == []
        assert paper.store.release_issue(issue.id, paper.clock.now())
        paper.drain()
        assert len(paper.mails_to(1)) == 1
        assert paper.balances_close(issue)

    def test_a_forgotten_hold_expires_and_the_next_day_goes(self, paper: Paper) -> None:
        paper.subscribe()
        wish(paper, Do.HOLD)
        paper.morning()
        paper.go(TUESDAY, "19:00")
        paper.drain()
        balance = paper.store.balance(paper.frozen_on().id, Channel.EMAIL)
        assert (balance.accepted, balance.closes) == (0, True)


class TestAfterFreezing:
    def freeze(self, paper: Paper) -> None:
        paper.go(TUESDAY, "06:00")
        paper.collect()
        paper.go(TUESDAY, "06:25")
        paper.tick()

    def test_amend_takes_the_wishes_up_and_gives_them_up_again(self, paper: Paper) -> None:
        paper.subscribe()
        self.freeze(paper)
        issue = paper.frozen_on()
        number = issue.content.items[0].article.id
        own = issue.content.items[0].article.content.title
        kept = [
            wish(paper, Do.HEADLINE, number, "고친 제목"),
            wish(paper, Do.NOTE, None, "늦은 말"),
            wish(paper, Do.LEAD, issue.content.items[2].article.id),
        ]
        second = amend.amend(paper.ports, paper.setup, issue, amend.Amendment(desk=True))
        assert second.revision == 2
        assert second.content.note == "늦은 말"
        assert "고친 제목" in titles(second)
        assert second.content.items[0].article.id == issue.content.items[2].article.id
        for one in kept:
            paper.store.undo_wish(one.id, "desk", EARLY)
        third = amend.amend(paper.ports, paper.setup, second, amend.Amendment(desk=True))
        assert third.content.note is None
        assert own in titles(third)
        paper.go(TUESDAY, "06:30")
        paper.drain()
        assert "늦은 말" not in shown(paper)
        assert own in shown(paper)

    def test_a_note_reaches_those_who_still_wait(self, paper: Paper) -> None:
        paper.subscribe()
        self.freeze(paper)
        wish(paper, Do.NOTE, None, "막 들어온 말")
        amend.amend(paper.ports, paper.setup, paper.frozen_on(), amend.Amendment(desk=True))
        paper.go(TUESDAY, "06:30")
        paper.drain()
        assert "막 들어온 말" in shown(paper)

    def test_nothing_new_makes_no_new_revision(self, paper: Paper) -> None:
        self.freeze(paper)
        issue = paper.frozen_on()
        assert amend.amend(paper.ports, paper.setup, issue, amend.Amendment(desk=True)).revision == 1

    def test_a_pin_comes_too_late_and_says_so(self, paper: Paper) -> None:
        self.freeze(paper)
        wish(paper, Do.PIN, 999)
        wish(paper, Do.NOTE, None, "말")
        made = amend.amend(paper.ports, paper.setup, paper.frozen_on(), amend.Amendment(desk=True))
        refused = {w.wish.do: w.refused for w in made.content.wished}
        assert "호외" in (refused[Do.PIN] or "")
        assert refused[Do.NOTE] is None

    def test_hold_and_release_take_effect_with_it(self, paper: Paper) -> None:
        paper.subscribe()
        self.freeze(paper)
        held = wish(paper, Do.HOLD)
        issue = amend.amend(paper.ports, paper.setup, paper.frozen_on(), amend.Amendment(desk=True))
        assert issue.held is not None
        paper.store.undo_wish(held.id, "desk", EARLY)
        issue = amend.amend(paper.ports, paper.setup, paper.frozen_on(), amend.Amendment(desk=True))
        assert issue.held is None
        assert issue.state is IssueState.FROZEN


def test_a_pinned_story_of_long_ago_comes_once(paper: Paper) -> None:
    paper.subscribe()
    paper.go(TUESDAY - 30 * DAY, "06:00")
    paper.collect()
    old = paper.store.eligible(
        paper.edition,
        Cadence.DAILY,
        cut_off_at=at(TUESDAY, "00:00"),
        since=datetime(2020, 1, 1, tzinfo=UTC),
    )[0]
    wish(paper, Do.PIN, old.id, always=True)
    paper.morning()
    assert titles(paper.frozen_on()) == [old.content.title]
    assert timedelta(0) < TUESDAY - old.first_seen_at.date()
