"""What an Issue takes, in which order, and why the rest stays out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.core.curate import Curated, curate, issue_items, section_names
from syndication.core.model import Article, ArticleContent, ArticleStatus, Edition, Image, Rights, Undated

CUT_OFF = datetime(2026, 1, 19, 21, 20, tzinfo=UTC)  # 06:20 in Seoul on the 20th
DAILY = Edition(id="daily", title="가람 아침", sections=("사회", "경제"))
RELEASE = (
    "가람시는 오는 20일 시청 대회의실에서 시민과 함께하는 신년 대화를 연다고 밝혔다. 이번 대화는 시정 운영 방향을 "
    "시민과 직접 공유하고 현장의 건의 사항을 살피기 위해 마련됐다. "
    "시는 지역별 현안을 미리 파악해 추진 계획을 상세히 설명할 예정이다."
)


def article(number: int, *, seen: int = 60, status: ArticleStatus = ArticleStatus.USABLE, **content: object) -> Article:
    """A sample Article, first seen `seen` minutes before the cut-off."""
    words = {"title": f"소식 {number}", "paragraphs": (f"{number}번 소식이다.",), "section": "사회"} | content
    at = CUT_OFF - timedelta(minutes=seen)
    return Article(
        id=number,
        uri=f"tag:example.com,2026:article/{number}",
        source_id="paper",
        identity=str(number),
        revision=1,
        content=ArticleContent(**words),
        content_hash=str(number),
        status=status,
        first_seen_at=at,
        revised_at=at,
    )


def chosen(curated: Curated) -> list[int]:
    return [pick.article.id for pick in curated.chosen]


def choose(*articles: Article, sent: tuple[Article, ...] = (), **edition: object) -> Curated:
    return curate(articles, edition=replace(DAILY, **edition), now=CUT_OFF, sent=sent)


def reasons(curated: Curated) -> dict[int, str]:
    return {left.article.id: left.reason for left in curated.left_out}


class TestLeftOut:
    def test_undated_articles_go_by_the_editions_rule(self) -> None:
        undated, dated = article(1), article(2, published_on=date(2026, 1, 20))
        assert chosen(choose(undated, dated)) == [2, 1]
        out = choose(undated, dated, undated=Undated.OUT)
        assert (chosen(out), reasons(out)) == ([2], {1: "기사 날짜를 알 수 없습니다."})

    def test_an_embargo_holds_until_the_hour_of_the_issue(self) -> None:
        at_hour = article(1, embargo_until=CUT_OFF + timedelta(minutes=10))
        later = article(2, embargo_until=CUT_OFF + timedelta(minutes=11))
        out = choose(at_hour, later)
        assert (chosen(out), reasons(out)) == ([1], {2: "보도 유예 중입니다(2026-01-20 06:31까지)."})

    @pytest.mark.parametrize("status", [ArticleStatus.WITHHELD, ArticleStatus.CANCELED])
    def test_what_was_withdrawn_stays_out(self, status: ArticleStatus) -> None:
        assert chosen(choose(article(1, status=status), article(2, status=ArticleStatus.CORRECTED))) == [2]

    def test_of_copies_the_own_one_stays_then_the_fullest(self) -> None:
        licensed = article(1, paragraphs=(RELEASE, "한 문장이 더 있다."), rights=Rights.LICENSED)
        short = article(2, paragraphs=(RELEASE,))
        full = article(3, paragraphs=(RELEASE + " 문의는 시청으로.",))
        out = choose(licensed, short, full)
        assert chosen(out) == [3]
        assert reasons(out) == dict.fromkeys((1, 2), "같은 소식을 다른 기사로 싣습니다: 소식 3")
        assert "같은 소식 2건을 대표합니다." in out.chosen[0].why

    def test_what_repeats_a_story_already_sent_does_not_come_the_day_after(self) -> None:
        yesterday = article(1, paragraphs=(RELEASE,), rights=Rights.LICENSED)
        out = choose(article(2, paragraphs=(RELEASE + " 더.",)), article(3), sent=(yesterday,))
        assert (chosen(out), reasons(out)) == ([3], {2: "이미 나간 기사와 같은 소식입니다: 소식 1"})

    def test_over_the_cap_each_section_keeps_its_first_stories(self) -> None:
        social = [article(n, seen=n) for n in range(1, 6)]
        economy = [article(n, seen=n, section="경제") for n in (11, 12)]
        out = choose(*social, *economy, cap=3)
        assert chosen(out) == [1, 2, 11]
        assert set(reasons(out)) == {3, 4, 5, 12}


class TestOrder:
    def test_sections_in_the_editions_order_then_by_freshest_story(self) -> None:
        out = choose(
            article(1, section="문화", seen=30),
            article(2, section=None, seen=10),
            article(3, section="경제", seen=50),
            article(4, section="사회", seen=90),
        )
        assert [p.section for p in out.chosen] == ["사회", "경제", "종합", "문화"]

    def test_fresher_first_own_before_licensed_fuller_first(self) -> None:
        out = choose(
            article(1, published_on=date(2026, 1, 19)),
            article(2, published_at=datetime(2026, 1, 19, 20, 0, tzinfo=UTC)),  # 05:00 on the 20th
            article(3, published_at=datetime(2026, 1, 19, 18, 0, tzinfo=UTC)),
            article(4, seen=5),
            article(5, seen=6, rights=Rights.LICENSED),
            article(6, seen=6),
            article(7, seen=6, paragraphs=("7번 소식은 조금 더 길다.",)),
        )
        assert chosen(out) == [2, 3, 1, 4, 7, 6, 5]

    @pytest.mark.parametrize(
        "trait",
        [{"sponsored": True}, {"robot": True}, {"paragraphs": ()}, {"rights": Rights.LICENSED}, {"published_on": None}],
    )
    def test_what_should_not_lead_follows_what_can(self, trait: dict[str, object]) -> None:
        today = {"published_on": date(2026, 1, 20)}
        weak, strong = article(1, seen=1, **(today | trait)), article(2, seen=50, **today)
        assert chosen(choose(weak, strong)) == [2, 1]

    def test_a_picture_leads_among_equals_of_the_day(self) -> None:
        pictured = article(2, seen=50, images=(Image(url="https://example.com/1.jpg"),))
        assert chosen(choose(article(1, seen=1), pictured)) == [2, 1]

    articles = st.lists(
        st.builds(
            article,
            st.integers(1, 40),
            seen=st.integers(1, 4),
            section=st.sampled_from([None, "사회", "사회면", "경제 ", "문화", "문화뉴스"]),
            published_on=st.sampled_from([None, date(2026, 1, 19), date(2026, 1, 20)]),
            rights=st.sampled_from(list(Rights)),
            robot=st.booleans(),
            paragraphs=st.sampled_from([(), (RELEASE,), (RELEASE + " 더.",), ("짧은 소식이다.",)]),
        ),
        unique_by=lambda a: a.id,
        max_size=12,
    )

    @given(articles, st.randoms(use_true_random=False), st.integers(0, 8))
    def test_the_same_articles_in_any_order_give_the_same_issue(self, articles, random, cap) -> None:  # type: ignore[no-untyped-def]
        shuffled = articles[:]
        random.shuffle(shuffled)
        assert choose(*articles, cap=cap) == choose(*shuffled, cap=cap)

    @given(articles, st.integers(0, 8))
    def test_every_article_is_taken_or_left_out_with_a_reason(self, articles: list[Article], cap: int) -> None:
        out = choose(*articles, cap=cap)
        assert sorted([*chosen(out), *reasons(out)]) == sorted(a.id for a in articles)
        assert len(out.chosen) <= cap
        assert all(pick.why and pick.section for pick in out.chosen)
        assert all(reasons(out).values())

    @given(articles)
    def test_a_section_stands_in_one_piece(self, articles: list[Article]) -> None:
        sections = [p.section for p in choose(*articles).chosen]
        assert len([s for n, s in enumerate(sections) if n == 0 or sections[n - 1] != s]) == len(set(sections))


class TestSections:
    @pytest.mark.parametrize(
        ("printed", "expected"),
        [
            ("사회", "사회"),
            (" 사 회 ", "사회"),
            ("사회면", "사회"),
            ("사회일반", "사회"),
            ("[사회]", "사회"),
            ("홈 > 뉴스 > 사회", "사회"),
            ("사회/문화", "사회"),
            ("문화·경제", "경제"),
            ("문화", "문화"),
            ("", "종합"),
            ("전체기사", "종합"),
            (None, "종합"),
        ],
    )
    def test_spellings_of_one_section_are_one_section(self, printed: str | None, expected: str) -> None:
        assert section_names([printed], ("사회", "경제"))[printed] == expected

    def test_unnamed_sections_take_the_most_frequent_spelling(self) -> None:
        names = section_names(["문화 면", "문화", "문화", "문화뉴스"], ())
        assert {names[n] for n in ("문화 면", "문화", "문화뉴스")} == {"문화"}

    def test_the_edition_may_spell_its_general_section(self) -> None:
        assert section_names([None], ("종합 뉴스",))[None] == "종합 뉴스"


def test_items_carry_summary_link_and_why_in_reading_order() -> None:
    out = choose(article(1, section="경제"), article(2))
    items = issue_items(out, lambda a: f"https://example.com/{a.id}")
    assert [(i.article.id, i.section, i.link, i.summary) for i in items] == [
        (2, "사회", "https://example.com/2", "2번 소식이다."),
        (1, "경제", "https://example.com/1", "1번 소식이다."),
    ]
    assert items[0].why == "이 호의 머리기사입니다(날짜 미상, 자체 기사, 01-20 05:20 처음 봄)."
    assert items[1].why.startswith("이 면의 머리기사입니다(")
