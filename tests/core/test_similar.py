"""What counts as the same story told twice, and what only looks like it."""

from __future__ import annotations

import random
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.core.model import ArticleContent
from syndication.core.similar import dates, figures, same_as, towns

RELEASE = (
    "가람시는 오는 20일 시청 대회의실에서 '시민과 함께하는 신년 대화'를 연다고 밝혔다. 이번 대화는 시정 운영 방향을 "
    "시민과 직접 공유하고 현장의 건의 사항을 살피기 위해 마련됐다. "
    "시는 지역별 현안을 미리 파악해 추진 계획을 상세히 설명할 예정이다.",
    '가람시장은 "시민의 목소리를 정책의 이정표로 삼겠다"며 "현안을 신속히 해결하겠다"고 말했다.',
)
REWORDED = (
    "가람시는 오는 20일 시청 대회의실에서 '시민과 함께하는 신년 대화'를 연다고 19일 밝혔다. 이번 대화는 시정 운영 "
    "방향을 시민과 직접 공유하고 현장의 건의를 살피기 위해 마련됐다. "
    "시는 지역별 현안을 미리 파악해 추진 계획을 상세히 설명할 예정이다.",
    '가람시장은 "시민의 목소리를 정책의 이정표로 삼겠다"며 "현안을 신속히 해결하겠다"고 강조했다.',
)


def story(*paragraphs: str, title: str = "신년 대화 연다") -> ArticleContent:
    return ArticleContent(title=title, paragraphs=paragraphs)


def swapped(old: str, new: str) -> ArticleContent:
    return story(*(p.replace(old, new) for p in RELEASE), title="신년 대화 연다")


class TestSame:
    def test_a_reworded_release_repeats_the_first_one(self) -> None:
        assert same_as([story(*RELEASE), story(*REWORDED, title="가람시, 20일 시민과 대화")]) == (None, 0)

    def test_blanks_and_punctuation_make_no_difference(self) -> None:
        squeezed = [p.replace(" ", "").replace("'", "‘").replace(",", "") for p in RELEASE]
        assert same_as([story(*RELEASE), story(*squeezed)]) == (None, 0)

    @pytest.mark.parametrize(
        ("old", "new"),
        [("가람시", "나루군"), ("20일", "21일"), ("오는 20일", "2월 20일")],
        ids=["town", "day", "month-named-once"],
    )
    def test_another_town_or_day_from_the_same_template_is_another_story(self, old: str, new: str) -> None:
        other = swapped(old, new)
        expected = 0 if new == "2월 20일" else None  # naming more is no contradiction
        assert same_as([story(*RELEASE), other]) == (None, expected)

    def test_another_round_of_a_series_is_another_story(self) -> None:
        third, fourth = swapped("신년 대화'", "제3회 대화'"), swapped("신년 대화'", "제4회 대화'")
        assert same_as([third, fourth]) == (None, None)

    def test_a_copy_that_names_one_more_village_is_still_a_copy(self) -> None:
        longer = swapped("시청 대회의실", "다온면 시청 대회의실")
        assert same_as([story(*RELEASE), longer]) == (None, 0)

    def test_the_daily_weather_is_alike_on_purpose(self) -> None:
        text = "가람시는 오늘 맑겠다. 아침 최저기온은 {}도, 낮 최고기온은 {}도로 예보됐다. 미세먼지는 좋겠다. "
        cold, mild = (story(text.format(low, 3) * 3, title="가람 오늘의 모습") for low in (5, 6))
        assert same_as([cold, mild, cold]) == (None, None, 0)

    def test_short_texts_are_the_same_only_when_equal(self) -> None:
        assert same_as([story("문이 열렸다."), story("문이 열렸다!"), story("문이 열렸나.")]) == (None, 0, None)
        assert same_as([story(title="알림"), story(title="알림"), story(title="부고")]) == (None, 0, None)

    def test_copies_do_not_drift_from_one_to_the_next(self) -> None:
        words = [f"낱말{n:03}" for n in range(120)]
        chain = [story(" ".join(words[n * 10 : n * 10 + 72])) for n in range(4)]
        assert same_as(chain) == (None, 0, None, 2)


class TestGuards:
    def test_towns_are_told_from_words_that_end_alike(self) -> None:
        text = (
            "가람시는 다온면사무소에서 나루군청과 다시 봉사활동을 실시했다. 북구의 도시 연구, 라온동 주민, 화면과 장면."
        )
        assert towns(text) == {"가람시", "다온면", "나루군", "북구", "라온동"}

    def test_dates_are_told_from_durations(self) -> None:
        assert dates("2026년 1월 20일부터 20일간, 3일째 비. 제12회 대회") == {"2026년", "1월", "20일", "12회"}


TEXTS = st.lists(
    st.lists(st.sampled_from([f"말{n}" for n in range(6)]), min_size=40, max_size=60).map(" ".join).map(story),
    max_size=8,
)


class TestLaws:
    @given(TEXTS)
    def test_the_index_finds_what_comparing_each_with_each_finds(self, stories: list[ArticleContent]) -> None:
        kept: list[int] = []
        expected: list[int | None] = []
        for at in range(len(stories)):
            first = next((n for n in kept if same_as([stories[n], stories[at]])[1] == 0), None)
            expected.append(first)
            if first is None:
                kept.append(at)
        assert list(same_as(stories)) == expected

    @given(TEXTS)
    def test_only_a_story_that_stands_for_itself_is_repeated(self, stories: list[ArticleContent]) -> None:
        found = same_as(stories)
        assert all(first is None or (first < at and found[first] is None) for at, first in enumerate(found))

    def test_a_thousand_stories_from_one_template_do_not_take_a_square_of_the_time(self) -> None:
        many = [swapped("가람시", f"{chr(0xAC00 + n)}람군") for n in range(1000)]
        started = time.perf_counter()
        assert same_as(many) == (None,) * 1000
        assert time.perf_counter() - started < 10


class TestFigures:
    def test_figures_are_read_in_every_way_of_writing_them(self) -> None:
        assert figures("1,200명과 3천만 원, 3억 5000만원, 2.5km") == {
            "명": {1200.0},
            "원": {30_000_000.0, 350_000_000.0},
            "k": {2.5},
        }

    def test_dates_hours_and_numbers_of_things_are_no_figures(self) -> None:
        assert figures("20일 오전 10시, 제3회, A12동") == {}

    @pytest.mark.parametrize(("new", "first"), [("30명", None), ("2천명", 0), ("2,000명", 0)])
    def test_another_number_of_the_same_thing_is_another_story(self, new: str, first: int | None) -> None:
        told = RELEASE[0].replace("시민과 직접", "시민 2000명과 직접")
        one, other = story(told, RELEASE[1]), story(told.replace("2000명", new), RELEASE[1])
        assert same_as([one, other]) == (None, first)

    def test_a_million_commas_take_no_time(self) -> None:
        started = time.perf_counter()
        figures("1," * 10_000 + "9 억 " * 5_000)
        assert time.perf_counter() - started < 5


def test_a_copy_is_found_among_stories_that_share_most_of_their_sentences() -> None:
    chance = random.Random(7)
    words = ["".join(chr(chance.randrange(0xAC00, 0xD7A4)) for _ in range(3)) for _ in range(2000)]
    pool = [" ".join(chance.choices(words, k=12)) + "다." for _ in range(200)]
    stories = [story(*chance.sample(pool, 12), title=f"{chance.choice(words)} 소식") for _ in range(1200)]
    copies = [replace(one, title=f"{one.title} 알려", paragraphs=one.paragraphs[:-1]) for one in stories[-40:]]
    found = same_as([*stories, *copies])
    assert found[-40:] == tuple(range(1160, 1200))
    assert found[:1200] == (None,) * 1200
