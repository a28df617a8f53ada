"""How stories open: sentence ends, quotations, and the lines of a page that are no story."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.core.prose import ELLIPSIS, folded, opening, sentence_ends, story_paragraphs, summary
from syndication.core.quotes import outside

LONG_QUOTATION = '"' + "우리는 오늘 함께 길을 걷는다. " * 20 + '"라고 시장은 밝혔다.'


def sentences(text: str) -> list[str]:
    ends = [0, *sentence_ends(text)]
    return [text[a:b].strip() for a, b in pairwise(ends)]


class TestSentences:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("비가 왔다. 바람도 불었다.", ["비가 왔다.", "바람도 불었다."]),
            ("어서 오세요. 정말요? 네!", ["어서 오세요.", "정말요?", "네!"]),
            ('시장은 "비가 왔다. 바람도 불었다."라고 말했다.', ['시장은 "비가 왔다. 바람도 불었다."라고 말했다.']),
            ('시장은 "함께 가자." 라고 말했다. 끝났다.', ['시장은 "함께 가자." 라고 말했다.', "끝났다."]),
            ('"함께 가자." 시장은 웃었다.', ['"함께 가자."', "시장은 웃었다."]),
            ("시장은 “‘좋다. 가자.’고 들었다.”며 웃었다. 끝.", ["시장은 “‘좋다. 가자.’고 들었다.”며 웃었다.", "끝."]),
            ("책 『강을 건너다. 1부』를 냈다. 2부도 쓴다.", ["책 『강을 건너다. 1부』를 냈다.", "2부도 쓴다."]),
            ("2026. 1. 20. 열린다. 모두 온다.", ["2026. 1. 20. 열린다.", "모두 온다."]),
            ("비율은 3.5%다. 낮다.", ["비율은 3.5%다.", "낮다."]),
            ("직통대화 당.나.귀가 열렸다. 좋다.", ["직통대화 당.나.귀가 열렸다.", "좋다."]),
            ("가. 개요를 말한다. 나. 내용을 말한다.", ["가. 개요를 말한다.", "나. 내용을 말한다."]),
            ("Mr. Kim met J. Lee. They talked.", ["Mr. Kim met J. Lee.", "They talked."]),
            ("The U.S. team left at 6 a.m. today. It snowed.", ["The U.S. team left at 6 a.m. today.", "It snowed."]),
            ("행사가 열렸다(사진). 많이 왔다.", ["행사가 열렸다(사진).", "많이 왔다."]),
            ("다만 이번 조치는 불편을 최소화하..", []),
            ("다만 이번 조치는 불편을 최소화하 ...", []),
        ],
    )
    def test_end_outside_quotes_and_not_at_every_full_stop(self, text: str, expected: list[str]) -> None:
        assert sentences(text) == expected


class TestQuotations:
    @pytest.mark.parametrize(
        ("text", "inside"),
        [
            ("가 '나 다' 라", "나 다"),
            ("가 ‘나 다' 라", "나 다"),  # opened with one mark, closed with its plain sister
            ('가 “나 다" 라', "나 다"),
            ("가'나 다'라", "나 다"),
            ("가 \"나 '다 라' 마\" 바", "나 '다 라' 마"),
            ("가 \"'다 라' 마\"바", "'다 라' 마"),
            ('가 "나 "라고 했다', "나"),
            ("가 《나 다》 라", "나 다"),
            ("가 (나 다) 라", "나 다"),
        ],
    )
    def test_a_cut_is_free_around_but_not_within(self, text: str, inside: str) -> None:
        free, start = outside(text), text.index(inside)
        assert not any(free[start : start + len(inside) + 1])
        assert free[: start - 1] == [True] * (start - 1)
        assert free[-1]

    @pytest.mark.parametrize(
        "text",
        [
            "키가 5'7인 선수",
            "I don't know",
            "'24년 예산",
            "’24년 예산과 ’25년 예산",
            '27" 화면과 32" 화면',
            "workers' rights now",
            "1) 개요 2) 내용",
            "가 (나",
        ],
    )
    def test_apostrophes_inches_years_and_lone_brackets_quote_nothing(self, text: str) -> None:
        assert all(outside(text))

    def test_a_quotation_that_never_closes_reaches_to_the_end(self) -> None:
        text = '시장은 "우리는 간다. 그리고 온다.'
        assert outside(text)[:5] == [True] * 5
        assert not any(outside(text)[5:])

    def test_an_abbreviated_year_does_not_open_what_the_next_quotation_closes(self) -> None:
        text = "'24년 예산은 '우수' 등급이다. 다음 해도 그렇다."
        assert sentences(text) == ["'24년 예산은 '우수' 등급이다.", "다음 해도 그렇다."]
        text = "‘지난 ’24년 예산’은 컸다. 다음 해도 그렇다."
        assert sentences(text) == ["‘지난 ’24년 예산’은 컸다.", "다음 해도 그렇다."]


class TestStory:
    @pytest.mark.parametrize(
        "line",
        [
            "견본 기자 reporter-1@example.com",
            "[가람일보 견본 기자]",
            "글·사진 견본 기자",
            "기자명 견본 기자",
            "▲ 가람시청 전경",
            "▲혁신역량 ▲현장 중심 소통",
            "◇ 달라지는 것들",
            "- 우수기관 선정",
            "1. 개요",
            "가람시장이 시청에서 설명하고 있다. 사진=가람시 제공",
            "[사진=가람시]",
            "(사진제공: 나루군)",
            "나루천의 겨울 (사진 제공: 나루군)",
            "나루천의 겨울 /사진=나루군",
            "저작권자 © 가람일보 무단전재 및 재배포 금지",
            "<저작권자ⓒ가람일보. 무단전재-재배포금지>",
            "ⓒ 가람일보",
            "주소 : 가람시 다온면 1길 2 | 전화 : 000-0000",
            "등록번호: 가람 아00000",
            "입력 2026.01.20 09:00",
            "https://example.com/news/1",
            "───────",
        ],
    )
    def test_furniture_is_no_story(self, line: str) -> None:
        assert story_paragraphs(["가람시는 문을 열었다.", line]) == ("가람시는 문을 열었다.",)

    @pytest.mark.parametrize(
        "line",
        [
            "주요 항목은 ▲혁신역량 ▲현장 중심 소통 등으로 구성됐다.",
            "시는 저작권자의 권리를 지키겠다고 했다.",
            "전화 상담이 크게 늘었다.",
            "사진 전시회가 문화원에서 열린다.",
            "기자 회견에서 시장은 답했다.",
            "가람시는 영상/사진 공모전을 연다.",
            "사진/영상 공모전이 열린다.",
        ],
    )
    def test_a_sentence_that_resembles_furniture_stays(self, line: str) -> None:
        assert story_paragraphs([line]) == (line,)

    def test_dateline_and_glued_copyright_go_while_the_sentence_stays(self) -> None:
        glued = "(가람=가람일보) 견본 기자 = 문이 열렸다. 저작권자 © 가람일보 무단전재 및 재배포 금지"
        assert story_paragraphs([glued]) == ("문이 열렸다.",)


class TestSummary:
    def test_takes_two_leading_sentences_and_skips_sub_heading_and_caption(self) -> None:
        paragraphs = ["우수기관 선정, 시민과 함께", "▲ 시청 전경", "문이 열렸다. 사람들이 왔다. 모두 웃었다."]
        assert summary(paragraphs) == "문이 열렸다. 사람들이 왔다."

    def test_takes_one_when_the_second_does_not_fit(self) -> None:
        assert summary(["문이 열렸다. " + "아주 " * 50 + "길다."], limit=60) == "문이 열렸다."

    def test_a_first_sentence_too_long_is_cut_between_words(self) -> None:
        text = "가람시는 " + "여러 " * 60 + "일을 했다."
        cut = summary([text], limit=50)
        assert cut.endswith(ELLIPSIS)
        assert len(cut) <= 50
        assert text.startswith(cut[:-1] + " ")

    @pytest.mark.parametrize("dots", ["", "..", " ...", "…"])
    def test_a_text_that_breaks_off_never_ends_in_mid_word(self, dots: str) -> None:
        cut = summary(["다만 이번 조치는 시민들의 불편을 최소화하기 위" + dots])
        assert cut == "다만 이번 조치는 시민들의 불편을 최소화하기…"

    def test_a_sentence_does_not_run_over_where_a_paragraph_broke_off(self) -> None:
        torn = "시는 문을 열었다. " + "한편 이번 행사는 여러 곳에서 열리며 " * 3 + "시민 누구나 참"
        assert summary([torn, "다음 문단이 이어진다."], limit=400) == "시는 문을 열었다."

    def test_is_cut_before_a_quotation_that_is_too_long(self) -> None:
        text = "시장은 이날 오전 열린 신년 주민과의 대화에서 이렇게 말했다는데 " + LONG_QUOTATION
        assert summary([text]) == "시장은 이날 오전 열린 신년 주민과의 대화에서 이렇게 말했다는데…"

    def test_a_story_that_opens_with_a_long_quotation_is_taken_up_after_it(self) -> None:
        assert summary([LONG_QUOTATION, "이어 시는 예산을 늘린다고 했다."]) == "이어 시는 예산을 늘린다고 했다."

    def test_nothing_to_say_is_empty(self) -> None:
        assert summary([]) == summary([" "]) == summary(["▲ 하나 ▲ 둘"]) == summary([LONG_QUOTATION]) == ""

    def test_a_huge_text_is_summed_up_at_once(self) -> None:
        assert summary(["가" * 2_000_000, '"' * 500_000, "문이 열렸다."]) == "문이 열렸다."


WORDS = st.text(st.sampled_from("가나다라마바사요함a1"), min_size=1, max_size=6)
MARKS = st.sampled_from(
    ['"', "'", "“", "”", "‘", "’", "「", "」", "『", "』", "《", "》", "(", ")", ".", ",", "다.", "요.", "..", "…", "?"]
)
PIECES = st.lists(st.one_of(WORDS, MARKS, st.just(" "), st.just(" ")), min_size=1, max_size=120).map("".join)
SAID = st.builds(
    lambda a, q, b: f"{a}다. {a} {q[0]}{b} {b}다. {b}다.{q[1]}고 {a}했다.",
    WORDS,
    st.sampled_from(['""', "''", "“”", "‘’", "『』", "《》"]),
    WORDS,
)
PARAGRAPHS = st.lists(st.one_of(PIECES, SAID, WORDS), max_size=6)


class TestLaws:
    @given(PARAGRAPHS, st.integers(20, 200), st.integers(1, 3))
    def test_stands_in_the_story_word_for_word_and_within_the_limit(
        self, paragraphs: list[str], limit: int, n: int
    ) -> None:
        short = summary(paragraphs, limit=limit, sentences=n)
        assert len(short) <= limit
        assert short.removesuffix(ELLIPSIS) in " ".join(story_paragraphs(paragraphs))

    @given(PARAGRAPHS, st.integers(20, 200))
    def test_without_ellipsis_it_is_whole_sentences(self, paragraphs: list[str], limit: int) -> None:
        short = summary(paragraphs, limit=limit)
        if short and not short.endswith(ELLIPSIS):
            assert list(sentence_ends(short))[-1] == len(short)
            assert len(list(sentence_ends(short))) <= 2

    @given(PARAGRAPHS, st.integers(20, 200))
    def test_never_leaves_a_quotation_open(self, paragraphs: list[str], limit: int) -> None:
        short = summary(paragraphs, limit=limit).removesuffix(ELLIPSIS)
        assert all(short.count(opening) == short.count(closing) for opening, closing in ("「」", "『』", "《》"))
        assert outside(short)[-1]

    @given(st.lists(SAID, min_size=1, max_size=4), st.integers(30, 200))
    def test_never_shows_an_odd_quotation_mark(self, paragraphs: list[str], limit: int) -> None:
        short = summary(paragraphs, limit=limit)
        assert short.count('"') % 2 == 0
        assert short.count("'") % 2 == 0
        assert short.count("‘") == short.count("’")

    @given(PARAGRAPHS, st.integers(20, 200))
    def test_a_cut_ends_at_a_word_boundary(self, paragraphs: list[str], limit: int) -> None:
        short = summary(paragraphs, limit=limit)
        kept = short.removesuffix(ELLIPSIS)
        text = " ".join(story_paragraphs(paragraphs)) + " "
        after = [text[at + len(kept)] for at in range(len(text)) if text.startswith(kept, at)]
        assert any(not (kept[-1:].isalnum() and char.isalnum()) for char in after)

    @given(st.text(max_size=300))
    def test_any_text_at_all_gives_a_summary(self, text: str) -> None:
        assert len(summary([text])) <= 160
        assert "\n" not in folded(text)


class TestOpening:
    def test_a_summary_is_not_cut_a_second_time(self) -> None:
        for paragraph in ("가람시는 20일 시청에서 회의를 열었다고 한다", "가람시는 " + "아주 " * 60 + "길게 말했다."):
            told = summary((paragraph,))
            assert told.endswith(ELLIPSIS)
            assert opening(told, limit=260, sentences=1) == told

    def test_it_has_at_most_so_many_sentences(self) -> None:
        text = "비가 왔다. 바람도 불었다. 눈도 왔다."
        assert opening(text, limit=260, sentences=1) == "비가 왔다."
        assert opening(text, limit=260, sentences=2) == "비가 왔다. 바람도 불었다."
        assert opening(text, limit=10, sentences=2) == "비가 왔다."

    def test_what_is_one_long_quotation_is_left_out_rather_than_broken(self) -> None:
        assert opening(LONG_QUOTATION, limit=70, sentences=1) == ""


def test_a_release_that_is_all_points_opens_with_its_first_sentence() -> None:
    points = ("□ 나루군은 산불 조심 기간을 정했다고 밝혔다.", "○ 감시원 84명을 둔다.", "▲ 문의: 산림과")
    assert summary(points) == "나루군은 산불 조심 기간을 정했다고 밝혔다. 감시원 84명을 둔다."
