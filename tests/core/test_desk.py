"""What the editor may wish, how it is written in desk.toml, and which wishes hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.core.curate import curate
from syndication.core.desk import Slip, Unfit, fit, plan, read, standing
from syndication.core.model import Do, Wish
from tests.core.test_curate import CUT_OFF, DAILY, RELEASE, article, choose, chosen, reasons

AT = datetime(2026, 1, 19, 20, 0, tzinfo=UTC)
ON = date(2026, 1, 20)


def wish(do: Do, article: object = None, words: str | None = None, **more: object) -> Wish:
    named = None if article is None else str(article)
    values = {"edition_id": "daily", "by": "desk", "at": AT} | more
    return Wish(do=do, article=named, words=words, **values)  # type: ignore[arg-type]


def slip(text: str) -> Slip:
    return read(text, editions=["daily"], by="desk.toml, editor", at=AT)


class TestFile:
    def test_each_table_is_one_or_several_wishes(self) -> None:
        found = slip(
            '[[wish]]\non = 2026-01-20\npin = 34\n\n[[wish]]\nlead = "https://garam.example/news/7"\n'
            'headline = "새 다리"\nby = "데스크"\n\n[[wish]]\nnote = "눈길 조심하세요."\n\n[[wish]]\nhold = true\n'
        )
        assert found.problems == ()
        assert [(w.do, w.article, w.words, w.on) for w in found.wishes] == [
            (Do.PIN, "34", None, ON),
            (Do.LEAD, "https://garam.example/news/7", None, None),
            (Do.HEADLINE, "https://garam.example/news/7", "새 다리", None),
            (Do.NOTE, None, "눈길 조심하세요.", None),
            (Do.HOLD, None, None, None),
        ]
        assert [w.by for w in found.wishes[:2]] == ["desk.toml, editor", "데스크 (desk.toml, editor)"]

    @pytest.mark.parametrize(
        ("text", "line", "said"),
        [
            ("[[wish]]\npin = 3\n[[wish]]\nnote = unquoted\n[[wish]]\ndrop = 4\n", 4, "not TOML"),
            ("[[wish]]\npin = 3\n\n[[wish]]\npinn = 4\n[[wish]]\ndrop = 4\n", 4, '"pinn"'),
            ("[[wish]]\npin = 3\n[[wish]]\nheadline = 'x'\n[[wish]]\ndrop = 4\n", 3, "needs an article"),
            ("[[wish]]\npin = 3\n[[wish]]\non = 2026-13-40\npin = 1\n[[wish]]\ndrop = 4\n", 4, "not TOML"),
            ("[[wish]]\npin = 3\n[[wish]]\nedition = 'x'\nhold = true\n[[wish]]\ndrop = 4\n", 3, "edition"),
            ("stray = 1\n[[wish]]\npin = 3\n[[wish]]\ndrop = 4\n", 1, "outside"),
            ("[[wish]]\npin = 3\n[[wish]]\n[[wish]]\ndrop = 4\n", 3, "asks for nothing"),
            ("[[wish]]\npin = 3\n[[wish]]\nsubject = ''\n[[wish]]\ndrop = 4\n", 3, "needs words"),
            ("[[wish]]\npin = 3\n[[wish]]\npin = 1.5\n[[wish]]\ndrop = 4\n", 3, "number or in quotation"),
        ],
    )
    def test_one_that_cannot_be_read_is_named_with_its_line_and_costs_no_other(
        self, text: str, line: int, said: str
    ) -> None:
        found = slip(text)
        assert [(w.do, w.article) for w in found.wishes] == [(Do.PIN, "3"), (Do.DROP, "4")]
        (problem,) = found.problems
        assert problem.startswith(f"desk.toml line {line}: ")
        assert said in problem

    def test_an_empty_file_wishes_nothing(self) -> None:
        assert slip("\ufeff# nothing today\r\n") == Slip()

    @given(st.text(max_size=300))
    def test_no_text_at_all_stops_an_issue(self, text: str) -> None:
        slip(text)
        slip(f"[[wish]]\npin = 3\n[[wish]]\n{text}")

    @given(
        st.lists(st.sampled_from(["[[wish]]", "pin = 1", "on = 2026-01-20", 'note = """', "x", "[a]", "[[b]]", "="]))
    )
    def test_no_mixture_of_lines_stops_an_issue(self, lines: list[str]) -> None:
        slip("\n".join(lines))


class TestFit:
    @pytest.mark.parametrize(
        "unfit",
        [
            wish(Do.PIN),
            wish(Do.PIN, "abc"),
            wish(Do.PIN, "-3"),
            wish(Do.PIN, 3, "words"),
            wish(Do.NOTE, 3, "words"),
            wish(Do.SUBJECT, None, " \n "),
            wish(Do.HEADLINE, 3, "가" * 201),
            wish(Do.LEAD, "javascript:alert(1)"),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, unfit: Wish) -> None:
        with pytest.raises(Unfit):
            fit(unfit)

    def test_words_lose_what_no_mail_can_carry(self) -> None:
        assert fit(wish(Do.SUBJECT, None, "한\x00파\r\nBcc: x@example.com")).words == "한파 Bcc: x@example.com"
        assert fit(wish(Do.NOTE, None, "한 줄\r\n두 줄\x07")).words == "한 줄\n두 줄"


class TestStanding:
    def test_a_wish_for_the_date_beats_one_until_further_notice_and_the_last_word_counts(self) -> None:
        always = wish(Do.NOTE, None, "늘", at=AT + timedelta(hours=1), id=1)
        today = wish(Do.NOTE, None, "오늘", on=ON, id=2)
        later = replace(today, words="나중", at=AT + timedelta(minutes=1), id=3)
        assert standing([later, always, today], "daily", ON) == [later]
        assert standing([later, always, today], "daily", ON + timedelta(days=1)) == [always]

    def test_what_was_undone_or_is_of_another_edition_does_not_hold(self) -> None:
        undone = replace(wish(Do.NOTE, None, "x"), undone_at=AT)
        other = wish(Do.NOTE, None, "x", edition_id="weekend")
        assert standing([undone, other], "daily", ON) == []

    def test_pin_and_drop_of_one_story_are_one_question(self) -> None:
        pin, drop = wish(Do.PIN, 1), wish(Do.DROP, 1, at=AT + timedelta(minutes=1))
        assert standing([drop, pin], "daily", ON) == [drop]
        assert len(standing([pin, wish(Do.DROP, 2)], "daily", ON)) == 2


class TestChoice:
    def test_a_story_is_named_by_number_or_by_address_however_it_is_written(self) -> None:
        there = [article(1, url="https://www.garam.example/news/1"), article(2)]
        made = plan([wish(Do.DROP, "http://garam.example/news/1#top"), wish(Do.PIN, 2), wish(Do.PIN, 9)], there)
        assert (set(made.dropped), set(made.pinned)) == ({1}, {2})
        assert [w.article_id for w in made.wished] == [1, 2, None]
        assert made.wished[2].refused is not None

    def test_a_dropped_story_is_out_and_says_by_whom(self) -> None:
        made = plan([wish(Do.DROP, 1)], [article(1), article(2)])
        out = curate([article(1), article(2)], edition=DAILY, now=CUT_OFF, plan=made)
        assert chosen(out) == [2]
        assert "desk" in reasons(out)[1]

    def test_a_pinned_story_comes_whatever_cap_dates_and_copies_say(self) -> None:
        there = [article(n, seen=n) for n in range(1, 5)]
        copy = article(9, seen=90, paragraphs=(RELEASE + " 짧다.",))
        full = article(8, seen=80, paragraphs=(RELEASE, "한 문장이 더 있어서 이쪽이 본디 실릴 기사이다."))
        made = plan([wish(Do.PIN, 9)], [*there, copy])
        out = curate([*there, copy, full], edition=replace(DAILY, cap=2), now=CUT_OFF, plan=made)
        assert 9 in chosen(out)
        assert len(chosen(out)) == 2
        assert "같은 소식" in reasons(out)[8]
        assert "꼭 싣기로" in next(p.why for p in out.chosen if p.article.id == 9)

    def test_what_is_withheld_or_under_embargo_stays_out_whoever_pins_it(self) -> None:
        later = article(1, embargo_until=CUT_OFF + timedelta(days=1))
        out = curate([later, article(2)], edition=DAILY, now=CUT_OFF, plan=plan([wish(Do.PIN, 1)], [later]))
        assert chosen(out) == [2]

    def test_the_lead_brings_its_section_to_the_front(self) -> None:
        there = [article(1), article(2, section="경제"), article(3, section="경제")]
        assert chosen(choose(*there))[0] == 1
        out = curate(there, edition=DAILY, now=CUT_OFF, plan=plan([wish(Do.LEAD, 3)], there))
        assert chosen(out) == [3, 2, 1]
        assert "머리기사로 골랐습니다" in out.chosen[0].why

    def test_headline_and_summary_are_the_editors_words(self) -> None:
        there = [article(1)]
        made = plan([wish(Do.HEADLINE, 1, "새 제목"), wish(Do.SUMMARY, 1, "새 요약.")], there)
        (pick,) = curate(there, edition=DAILY, now=CUT_OFF, plan=made).chosen
        assert (pick.article.content.title, pick.summary) == ("새 제목", "새 요약.")
        assert "제목을 고쳤습니다(desk" in pick.why

    def test_without_wishes_nothing_changes(self) -> None:
        there = [article(n, seen=n) for n in range(1, 6)]
        assert curate(there, edition=DAILY, now=CUT_OFF, plan=plan([], there)) == choose(*there)

    def test_the_weeks_leads_come_first_and_copies_give_way_to_what_was_sent(self) -> None:
        sent = article(1, seen=600, paragraphs=(RELEASE,))
        fuller = article(2, seen=60, paragraphs=(RELEASE, "한 문장이 더 있는 기사이다."))
        fresh = article(3, seen=5)
        out = curate([sent, fuller, fresh], edition=DAILY, now=CUT_OFF, places={1: 0})
        assert chosen(out) == [1, 3]
        assert "이번 주 호의 머리기사" in out.chosen[0].why
