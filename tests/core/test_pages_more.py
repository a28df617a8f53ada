"""Newspaper pages as text: layouts beside those of the sample pages, and text that must not be lost or let in."""

from __future__ import annotations

import time
import unicodedata

import pytest

from syndication.core.flow import composed
from syndication.core.model import ArticleContent, Reading
from syndication.core.pages import read_page

HEAD = """2025.04.17 (목)

  • 맑음동두천 1.0℃
  • -강릉 -0.8℃
  • 서울 4.1℃
기상청 제공
"""
TITLE = "나루군, 봄철 산불 예방 총력…취약지 순찰 강화"
FIRST = "나루군은 지난 14일 군청 대회의실에서 산불 예방 대책 회의를 열었다고 밝혔다."
SECOND = "이날 회의에는 읍·면장과 산불감시원 등 60여 명이 참석했다."
THIRD = '나루군수는 "작은 불씨 하나가 숲을 잃게 한다"며 "모두가 감시자가 되어 달라"고 당부했다.'
BODY = f"{FIRST}\n\n{SECOND}\n\n{THIRD}\n"
CUT = "가람시의회는 17일 제300회 임시회를 열고 오는 25일까지 의사일정에 들어갔다. 이번 회기에서는 조례안 12건을"


def read(text: str) -> Reading:
    return read_page(text.encode(), url=None, content_type="", outlet="naru")


def page(body: str, *, title: str = TITLE, section: str = "사회") -> Reading:
    return read(f"{HEAD}\n{section}\n\n{title}\n\n{body}\n")


def article(reading: Reading) -> ArticleContent:
    (found,) = reading.articles
    return found.content


def teasers(reading: Reading) -> list[tuple[str | None, str | None, bool]]:
    return [(t.section, t.title, t.cut) for t in reading.teasers]


# --- nothing of an article is lost -----------------------------------------------------------


@pytest.mark.parametrize(
    "lines",
    [
        ("○ 일시 : 4월 20일(일) 오전 10시", "○ 주소 : 나루군 나루읍 나루로 1", "○ 문의 전화 : 000-000-0000"),
        ("문의 전화: 000-000-0000",),
        ("※ 문의: 나루군 산림과(전화: 000-000-0000)",),
        ("나루천 벚꽃길. ⓒ나루군",),
        ("▷ 주소: 나루군 나루읍 나루로 1 ▷ 전화: 000-000-0000",),
    ],
)
def test_contacts_and_credits_inside_an_article_do_not_end_it(lines: tuple[str, ...]) -> None:
    reading = page(f"{FIRST}\n\n" + "\n".join(lines) + f"\n\n{THIRD}")
    assert article(reading).paragraphs == (FIRST, *lines, THIRD)
    assert reading.teasers == ()


@pytest.mark.parametrize("words", [("교통", "안전"), ("문화", "복지"), ("2025.05.03 (토)", "2025.05.04 (일)")])
def test_a_word_between_sentences_is_a_subheading_whatever_it_means_elsewhere(words: tuple[str, str]) -> None:
    reading = page(f"{FIRST}\n\n{words[0]}\n\n{SECOND}\n\n{words[1]}\n\n{THIRD}")
    assert article(reading).paragraphs == (FIRST, words[0], SECOND, words[1], THIRD)
    assert (article(reading).title, article(reading).section) == (TITLE, "사회")


def test_a_day_inside_an_article_is_not_the_date_of_a_page_that_prints_none() -> None:
    widget = HEAD.split("\n", 1)[1]
    reading = read(f"{widget}\n사회\n\n{TITLE}\n\n{FIRST}\n\n2025.05.03 (토)\n\n{THIRD}\n")
    assert reading.date_line is None


def test_items_of_a_list_stay_though_they_are_names_of_sections() -> None:
    reading = page(f"{FIRST}\n\n  • 음악\n  • 미술\n  • 영화\n\n{THIRD}")
    assert article(reading).paragraphs == (FIRST, "• 음악", "• 미술", "• 영화", THIRD)


@pytest.mark.parametrize(
    "sentence",
    [
        "이번 행사는 오는 25일까지 나루군 일원에서 계속된다",
        "나루군은 지난 14일 군청 대회의실에서 대책 회의를 열었다",
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_sentence_without_its_stop_stays(sentence: str, place: int) -> None:
    told = [SECOND, THIRD]
    told.insert(place, sentence)
    reading = page("\n\n".join(told))
    assert article(reading).paragraphs == tuple(told)
    assert reading.teasers == ()


@pytest.mark.parametrize(
    "text",
    [
        "나루천에 벚꽃이 활짝 피었다. /사진=나루군",
        "나루천에 벚꽃이 활짝 피었다. (사진=나루군 제공)",
        "나루천에 벚꽃이 활짝 피었다.<사진>",
    ],
)
def test_a_sentence_with_a_credit_behind_it_is_an_article(text: str) -> None:
    reading = page(text, title="나루천 벚꽃 활짝")
    assert article(reading).paragraphs == (text,)
    assert reading.teasers == ()


def test_questions_and_answers_stay_together() -> None:
    told = (
        "Q. 올해 대책의 핵심은?",
        "A. 감시와 홍보 두 가지다.",
        "Q. 군민에게 하고 싶은 말은?",
        "A. 태우지 말아 달라.",
    )
    assert article(page("\n\n".join(told), title="[인터뷰] 나루군 산림과장")).paragraphs == told


def test_a_poem_with_empty_lines_between_its_verses_is_an_article() -> None:
    verses = ("나루에 봄이 오면", "버들은 먼저 머리를 감고", "강물은 제 이름을 부르며")
    reading = page("\n\n".join(verses), title="[시] 봄 강가에서", section="문학")
    assert article(reading).paragraphs == verses


def test_letters_in_parts_are_read_as_letters() -> None:
    text = f"{HEAD}\n사회\n\n{TITLE}\n\n{BODY}"
    assert read(unicodedata.normalize("NFD", text)) == read(text)


def test_empty_lines_part_paragraphs_where_a_page_prints_several_everywhere() -> None:
    told = (FIRST, "감시원 60명 전진 배치", SECOND, "군민 참여가 관건", THIRD)
    reading = read(f"{HEAD}\n사회\n\n{TITLE}\n\n \n\n" + "\n\n \n\n".join(told) + "\n")
    assert article(reading).paragraphs == told
    assert reading.teasers == ()


def test_subheadings_in_brackets_right_above_their_text_stay_with_it() -> None:
    reading = page(f"{FIRST}\n\n<감시원 배치>\n{SECOND}\n\n<군민 참여>\n{THIRD}")
    assert (
        " ".join(article(reading).paragraphs).split() == f"{FIRST} <감시원 배치> {SECOND} <군민 참여> {THIRD}".split()
    )
    assert reading.teasers == ()


def test_the_rows_of_a_table_behind_an_article_are_no_headlines() -> None:
    rows = "구분 2024년 2025년\n산불 12건 4건\n피해 3.1ha 0.4ha"
    reading = page(f"{FIRST}\n\n{SECOND}\n\n{rows}")
    assert article(reading).paragraphs == (FIRST, SECOND, rows)
    assert reading.teasers == ()


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("군수는 '함께 가겠다.", True),
        ("군수는 ‘함께 가겠다.", True),
        ("군수는 '함께 가겠다'고 말했다.", False),
        ("나루군은 '24년 예산을 짰다.", False),
    ],
)
def test_a_teaser_that_ends_inside_single_quotes_is_cut(text: str, cut: bool) -> None:
    assert teasers(page(f"{BODY}\n\n\n정치\n\n더보기\n나루 소식\n{text}")) == [("정치", "나루 소식", cut)]


# --- headlines and sections ------------------------------------------------------------------


@pytest.mark.parametrize(
    "title",
    [
        "나루군, 차량 등록번호판 봉인제 폐지",
        "가람시, 음원 무단복제 집중 단속",
        "저작권자 찾기 나선 나루군",
        "‘봄은 왔다’ 나루군, 산불로 잃은 숲을 모두 함께 되살린다",
        "나루군, 봄은 왔는데 불탄 숲은 아직도 돌아오지 않았다",
        "‘산불은 끝났다. 이제 복구다’ 나루군수 취임 1년",
        '"끝까지 지켜냈다. 모두의 승리" 나루군 의용소방대',
        "나루천 벚꽃 축제, 나흘 동안 12만 명 다녀가며 지난해보다 3만 명 늘어 역대 최다 "
        "기록…지역 상권 매출 20억 원 늘고 교통 대책도 합격점",
    ],
)
@pytest.mark.parametrize("section", ["사회", ""])
def test_a_headline_is_a_headline_whatever_words_it_has(title: str, section: str) -> None:
    content = article(page(BODY, title=title, section=section))
    assert (content.title, content.section, content.paragraphs) == (title, section or None, (FIRST, SECOND, THIRD))


@pytest.mark.parametrize(
    ("printed", "section"),
    [
        ("우리동네 이야기", "우리동네 이야기"),
        ("우리 동네 소식", "우리 동네 소식"),
        ("CULTURE & LIFE", "CULTURE & LIFE"),
        ("[사회]", "사회"),
    ],
)
def test_a_section_nobody_knows_is_not_taken_for_the_headline(printed: str, section: str) -> None:
    content = article(page(BODY, section=printed))
    assert (content.title, content.section) == (TITLE, section)


def test_a_section_right_under_a_teaser_opens_its_own_list() -> None:
    lists = f"\n\n\nToday\n\n더보기\n\n정치\n\n더보기\n임시회 개회\n{CUT}\n농업\n더보기\n첫 모내기\n{CUT}\n"
    reading = page(BODY + lists)
    assert teasers(reading) == [("정치", "임시회 개회", True), ("농업", "첫 모내기", True)]


def test_a_long_teaser_that_is_whole_does_not_displace_a_short_article() -> None:
    short = "다온면은 17일 경로당 3곳에 공기청정기를 전달했다."
    reading = page(f"{short}\n\n\n정치\n\n임시회 개회\n" + "가람시의회는 17일 임시회를 열었다. " * 8)
    assert article(reading).paragraphs == (short,)
    assert teasers(reading) == [("정치", "임시회 개회", False)]


# --- nothing else gets into it ---------------------------------------------------------------


@pytest.mark.parametrize(
    "above",
    [
        "  • 기사스크랩하기\n  • 바로가기\n  • 작게\n  • 크게\n  • 가장크게",
        "▲ 사진=나루군 제공",
        "(사진=나루군)",
        "ⓒ 나루군",
        "사진 제공 : 나루군청",
    ],
)
def test_buttons_and_credits_of_pictures_are_no_paragraphs(above: str) -> None:
    assert article(page(f"{above}\n\n{BODY}")).paragraphs == (FIRST, SECOND, THIRD)


@pytest.mark.parametrize(
    "below",
    [
        "<저작권자 ⓒ 나루신문, 무단 전재 및 재배포 금지>\n\n다온 기자의 전체기사 보기",
        "댓글 0\n\n댓글쓰기\n비밀번호\n등록\n0/300\n비회원 글쓰기",
        "주소 : 나루군 나루로 12\n등록번호 : 나루 아00000\n전화 : 000-000-0000\n\n최상단으로",
        "ⓒ 나루신문",
    ],
)
def test_what_a_page_ends_with_is_neither_article_nor_teaser(below: str) -> None:
    reading = page(f"{BODY}\n{below}")
    assert article(reading).paragraphs == (FIRST, SECOND, THIRD)
    assert reading.teasers == ()


def test_the_papers_name_above_a_menu_is_no_teaser() -> None:
    widget = HEAD.split("\n", 1)[1]
    reading = read(f"나루신문\n\n정치\n경제\n사회\n\n2025.04.17 (목)\n{widget}\n사회\n\n{TITLE}\n\n{BODY}")
    assert (article(reading).title, reading.teasers) == (TITLE, ())


# --- bylines and stamps ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "names"),
    [
        (f"{BODY}\n다온 기자(daon@example.com)", ("다온 기자",)),
        (f"{BODY}\n다온·가람 기자", ("다온·가람 기자",)),
        (f"{BODY}\n▒ 다온 기자 daon@example.com", ("다온 기자",)),
        (f"다온 기자 / {BODY}", ("다온 기자",)),
        (f"다온 기자\n\n[나루신문=다온 기자] {BODY}", ("다온 기자",)),
    ],
)
def test_more_forms_of_bylines(body: str, names: tuple[str, ...]) -> None:
    content = article(page(body))
    assert (content.bylines, content.paragraphs) == (names, (FIRST, SECOND, THIRD))


@pytest.mark.parametrize(
    "stamp",
    ["2025.04.15 09:30:12 등록", "다온 기자 daon@example.com | 등록 2025.04.15 09:30:12 | 댓글 0 | 조회수 12"],
)
def test_more_forms_of_stamps(stamp: str) -> None:
    content = article(page(f"{stamp}\n\n{BODY}"))
    assert content.published_at is not None
    assert content.published_at.isoformat() == "2025-04-15T09:30:12+09:00"
    assert content.paragraphs == (FIRST, SECOND, THIRD)


# --- hostile text ----------------------------------------------------------------------------


@pytest.mark.parametrize("accents", ["\u0301\u0323", "\u0301\U0001d165"])
def test_accents_piled_on_a_letter_take_no_time(accents: str) -> None:
    began = time.process_time()
    read(f"{HEAD}\n사회\n\n{TITLE}\n\n가{accents * 200_000}\n")
    assert time.process_time() - began < 2


def test_no_accent_that_any_language_writes_is_lost() -> None:
    text = "e\u0301 한글 \u1112\u1161\u11ab " + "a" + "\u0323\u0301" * 15
    assert composed(text) == unicodedata.normalize("NFC", text)


def test_many_weather_credits_are_read_in_time_in_proportion_to_their_number() -> None:
    def seconds(times: int) -> float:
        began = time.process_time()
        read(HEAD + "기상청 제공\n" * times)
        return time.process_time() - began

    # eight times in proportion, 64 times by the square; the best of three, since a busy machine only adds
    few, many = (min(seconds(times) for _ in range(3)) for times in (2_000, 16_000))
    assert many < 30 * few
