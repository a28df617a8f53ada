"""Newspaper pages as text: the sample pages exactly, and every trap of their layouts."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndication.core.model import ArticleContent, Reading
from syndication.core.pages import MAX_BYTES, read_page
from syndication.core.report import reading_json
from syndication.core.stations import STATIONS

PAGES = Path(__file__).parent.parent / "data" / "pages"

HEAD = """2026.02.17(화)

  • 맑음동두천 -11.0℃
  • -강릉 3.4℃
  • 서울 8.4℃
기상청 제공
"""
TITLE = "가람시, 산책로 새 단장"
FIRST = "가람시는 나루천 산책로를 새로 꾸민다고 밝혔다."
SECOND = "공사는 오는 3월에 시작해 6월에 끝난다."
BODY = f"{FIRST}\n\n{SECOND}\n"
STORY = f"\n사회\n\n{TITLE}\n\n{BODY}"


def read(text: str | bytes, url: str | None = None, content_type: str = "") -> Reading:
    body = text.encode() if isinstance(text, str) else text
    return read_page(body, url=url, content_type=content_type, outlet="garam")


def article(reading: Reading) -> ArticleContent:
    (found,) = reading.articles
    return found.content


def said(reading: Reading) -> tuple[str, str | None, tuple[str, ...]]:
    content = article(reading)
    return content.title, content.section, content.paragraphs


def teasers(reading: Reading) -> list[tuple[str | None, str | None, str | None, bool]]:
    return [(t.section, t.title, t.text, t.cut) for t in reading.teasers]


# --- the sample pages ------------------------------------------------------------------------


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.txt")), ids=lambda p: p.stem)
def test_a_sample_page_gives_what_was_read_from_it_by_hand(page: Path) -> None:
    expected = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    assert reading_json(page.name, read(page.read_bytes())) == expected


def test_the_first_sample_gives_an_article_that_is_not_of_the_pages_date() -> None:
    reading = read((PAGES / "local-paper-2026-01-20.txt").read_bytes())
    content = article(reading)
    assert content.title == "군산시, 2024년 지방자치단체 혁신평가 '우수'기관 선정"
    assert len(content.paragraphs) == 10
    assert (content.published_at, content.published_on) == (None, None)
    assert len(reading.observations) == 16
    assert reading.teasers[0].cut


def test_a_sample_in_euc_kr_reads_alike() -> None:
    text = (PAGES / "local-paper-2026-01-20.txt").read_text(encoding="utf-8").replace("•", "·").replace("\xa0", "")
    korean = read(text.encode("cp949"), content_type="text/plain; charset=euc-kr")
    assert korean == read(text)
    assert read(text.encode("cp949").decode("latin-1")).articles == korean.articles


# --- traps of the layout ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "between",
    [
        "URL복사\n\n상세검색\n닫기\n검색창 열기\n",
        "배너\n" * 9,
        "전체기사\n",
        "상세검색 닫기\n",
        "  • 로그인\n  • 회원가입\n",
        "정치\n경제\n사회\n문화\n",
        "HOT클릭 TOP7\n\n",
        "컨텐츠 바로가기\n",
    ],
)
def test_words_of_the_interface_before_an_article_are_not_part_of_it(between: str) -> None:
    reading = read(f"{HEAD}{between}{STORY}")
    assert said(reading) == (TITLE, "사회", (FIRST, SECOND))
    assert reading.teasers == ()


@pytest.mark.parametrize(
    "above",
    [
        f"{TITLE}\n\n{TITLE}\n",
        f"{TITLE}\n{TITLE}\n",
        f"{TITLE}\n\n  • 가\n  • 가\n  • 가\n",
        f"{TITLE}\n\n  • 작게\n  • 보통\n  • 크게\n",
        f"{TITLE}\n\nURL복사\n\n프린트\n\n공유하기\n",
        f"{TITLE}\n\n댓글 첫 댓글을 작성해보세요\n주소복사가 완료되었습니다\n",
        f"{TITLE}\n\n \xa0\n",
        f"\xa0\n{TITLE}\n",
    ],
)
def test_what_stands_between_headline_and_body_is_not_part_of_it(above: str) -> None:
    assert said(read(f"{HEAD}\n사회\n\n{above}\n{BODY}")) == (TITLE, "사회", (FIRST, SECOND))


@pytest.mark.parametrize(
    "below",
    [
        "\n\n\n\n\n\n\n\nCOVER STORY\n",
        "\n\n\nToday\n\n더보기\n",
        "\nToday 더보기\n",
        "\n\n\nToday\n\n더보기\n\n경제\n\n더보기\n\n문화\n\n더보기\n",
        "\n  • 좋아요 0\n  • 슬퍼요 1\n  • 화나요 0\n  • 후속기사 원해요 3\n",
        "\n" + "배너\n\n" * 9,
        "\n저작권자 ⓒ 가람뉴스 무단전재 및 재배포 금지\n",
        "\n제호 : 가람뉴스 | 등록번호 : 전북 아00000\n발행인 : 견본\n",
        "\nUPDATE: 2026년 02월 17일 01시 34분\n",
        "\n  • 흐림동두천 1.0℃\n  • 비강릉 2.0℃\n  • 눈서울 0.4℃\n기상청 제공\n",
    ],
)
def test_what_stands_below_an_article_is_not_part_of_it(below: str) -> None:
    reading = read(f"{HEAD}{STORY}{below}")
    assert said(reading) == (TITLE, "사회", (FIRST, SECOND))
    assert reading.teasers == ()
    assert len(reading.observations) == 3
    assert article(reading).published_at is None


@pytest.mark.parametrize(
    "glued",
    [
        "전북 가람시 나루로 12, 2층 | 대표전화 063-000-0000 | Copyright ⓒ 가람뉴스. All rights reserved.",
        " <저작권자 ⓒ 가람뉴스, 무단전재 및 재배포 금지>",
        "가람시 나루읍 다온로 12-3 (다온동)",
        " Copyright @가람뉴스. All right reserved. ⓒ 2026",
    ],
)
def test_an_address_glued_to_the_last_sentence_is_cut_off(glued: str) -> None:
    assert said(read(f"{HEAD}\n사회\n\n{TITLE}\n\n{FIRST}\n\n{SECOND}{glued}\n")) == (TITLE, "사회", (FIRST, SECOND))


def test_an_address_in_a_sentence_stays() -> None:
    sentence = "가람신문 발행인은 등록번호를 바꾸고 가람시 나루로 12로 옮긴다고 밝혔다."
    assert article(read(f"{HEAD}\n사회\n\n{TITLE}\n\n{sentence}\n")).paragraphs == (sentence,)


def test_a_weather_table_inside_an_article_is_taken_out_and_not_believed() -> None:
    table = "  • 흐림동두천 1.0℃\n  • 비강릉 2.0℃\n  • 눈서울 0.4℃\n"
    reading = read(f"{HEAD}\n사회\n\n{TITLE}\n\n{FIRST}\n\n{table}\n{SECOND}\n")
    assert said(reading) == (TITLE, "사회", (FIRST, SECOND))
    assert [o.temperature for o in reading.observations] == [-11.0, 3.4, 8.4]
    assert reading.warnings == ("a further weather table on the page was not used",)


def test_temperatures_in_the_text_stay_in_it() -> None:
    text = "강화 7~15도, 파주 4~17도, 동두천 4~19도다."
    assert article(read(f"{HEAD}\n날씨\n\n{TITLE}\n\n{text}\n")).paragraphs == (text,)


def test_a_poem_keeps_its_line_breaks() -> None:
    reading = read(f"{HEAD}\n문화\n\n[시] 겨울 강\n\n강물이 언다\n발자국이 언다\n\n바람만\n흐른다\n소리 없이\n")
    assert said(reading) == ("[시] 겨울 강", "문화", ("강물이 언다\n발자국이 언다", "바람만\n흐른다\n소리 없이"))


def test_verses_with_stops_keep_their_line_breaks() -> None:
    reading = read(f"{HEAD}\n문학\n\n겨울 강\n\n강물이 언다\n발자국이 언다.\n\n바람만\n흐른다.\n")
    assert article(reading).paragraphs == ("강물이 언다\n발자국이 언다.", "바람만\n흐른다.")


def test_lists_of_an_article_stay() -> None:
    items = ("▲ 구간 나루천 3㎞", "◆ 사업비 12억 원", "■ 문의 063-000-0000")
    text = "\n\n".join((FIRST, *items, SECOND))
    assert article(read(f"{HEAD}\n사회\n\n{TITLE}\n\n{text}\n")).paragraphs == (FIRST, *items, SECOND)


def test_lines_that_are_sentences_are_paragraphs_without_blank_lines_between() -> None:
    assert article(read(f"{HEAD}\n사회\n\n{TITLE}\n\n{FIRST}\n{SECOND}\n")).paragraphs == (FIRST, SECOND)


def test_a_subtitle_is_kept_apart_from_headline_and_body() -> None:
    reading = read(f"{HEAD}\n사회\n\n{TITLE}\n\n3월부터 석 달 동안 공사\n\n{BODY}")
    assert said(reading) == (TITLE, "사회", (FIRST, SECOND))
    assert article(reading).subtitle == "3월부터 석 달 동안 공사"


def test_a_subheading_stays_in_its_place() -> None:
    text = f"{FIRST}\n\n주민 의견 듣는다\n\n{SECOND}\n"
    assert article(read(f"{HEAD}\n사회\n\n{TITLE}\n\n{text}")).paragraphs == (FIRST, "주민 의견 듣는다", SECOND)


def test_a_gap_of_empty_lines_between_paragraphs_ends_nothing() -> None:
    assert article(read(f"{HEAD}\n사회\n\n{TITLE}\n\n{FIRST}\n\n\n\n\n{SECOND}\n")).paragraphs == (FIRST, SECOND)


def test_an_article_without_a_headline_has_none() -> None:
    reading = read(f"{HEAD}\n사회\n\n{BODY}")
    assert said(reading) == ("", "사회", (FIRST, SECOND))
    assert reading_json("page", reading)["articles"][0]["title"] is None  # type: ignore[index]


def test_a_page_without_a_widget_is_read_too() -> None:
    reading = read(f"사회\n\n{TITLE}\n\n{BODY}")
    assert said(reading) == (TITLE, "사회", (FIRST, SECOND))
    assert (reading.date_line, reading.attribution, reading.observations) == (None, None, ())


@pytest.mark.parametrize("masthead", ["가람뉴스\n\n", "가람뉴스\n빠르고 바른 소식\n\n전체기사\n\n"])
@pytest.mark.parametrize("section", ["\n사회\n", ""])
def test_the_papers_name_above_its_date_is_no_story(masthead: str, section: str) -> None:
    reading = read(f"{masthead}{HEAD}{section}\n{TITLE}\n\n{BODY}")
    assert said(reading) == (TITLE, section.strip() or None, (FIRST, SECOND))
    assert reading.teasers == ()


@pytest.mark.parametrize("section", ["경제·산업", "정치/행정", "다온면", "지역뉴스"])
def test_other_sections_are_sections_too(section: str) -> None:
    assert article(read(f"{HEAD}\n{section}\n\n{TITLE}\n\n{BODY}")).section == section


@pytest.mark.parametrize(
    "title", ["청년 일자리 정책", "가람시 관광지 TOP10", "실시간 버스 안내", "눈이 언제 그치나?", "시장 “6월에 열겠다”"]
)
def test_a_headline_is_not_mistaken_for_something_else(title: str) -> None:
    assert said(read(f"{HEAD}\n사회\n\n{title}\n\n{BODY}")) == (title, "사회", (FIRST, SECOND))


# --- bylines and dates -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "byline"),
    [
        (f"{BODY}\n/가람기자 garam900@\n", "가람기자"),
        (f"[가람뉴스 다온 기자] {BODY}", "가람뉴스 다온 기자"),
        (f"(가람=견본통신) 다온 기자 = {BODY}", "다온 기자"),
        (f"{BODY}\n다온 기자 daon@example.com\n", "다온 기자"),
        (f"{FIRST}\n\n{SECOND} 다온 기자 daon@example.com\n", "다온 기자"),
        (f"{FIRST}\n\n{SECOND} 다온 기자 <저작권자 ⓒ 가람뉴스, 무단전재 금지>\n", "다온 기자"),
        (f"기자명 다온 기자\n\n{BODY}", "다온 기자"),
        (f"다온 기자 승인 2025.04.17 10:00\n\n{BODY}", "다온 기자"),
    ],
)
def test_who_wrote_it_is_no_paragraph(body: str, byline: str) -> None:
    content = article(read(f"{HEAD}\n사회\n\n{TITLE}\n\n{body}"))
    assert content.bylines == (byline,)
    assert content.paragraphs == (FIRST, SECOND)


def test_a_reporter_in_a_sentence_is_no_byline() -> None:
    sentence = "시장은 다온 기자를 만나 이렇게 말했다."
    content = article(read(f"{HEAD}\n사회\n\n{TITLE}\n\n{sentence}\n"))
    assert (content.bylines, content.paragraphs) == ((), (sentence,))


@pytest.mark.parametrize(
    ("stamp", "published"),
    [
        ("등록 2025.04.17 10:00:12", "2025-04-17T10:00:12+09:00"),
        ("입력 : 2025-04-17 10:00", "2025-04-17T10:00:00+09:00"),
        ("기사입력 2025/04/17 [10:00]", "2025-04-17T10:00:00+09:00"),
        ("승인 2025.04.17", "2025-04-17"),
        ("최종편집 2025-04-17 10:00", "2025-04-17T10:00:00+09:00"),
        ("입력 2025-04-17 10:00 | 수정 2025-04-18 11:00", "2025-04-17T10:00:00+09:00"),
        ("수정 2025-04-18 11:00\n\n등록 2025-04-17 10:00", "2025-04-17T10:00:00+09:00"),
    ],
)
def test_a_stamp_under_the_headline_dates_the_article(stamp: str, published: str) -> None:
    reading = read(f"{HEAD}\n사회\n\n{TITLE}\n\n{stamp}\n\n{BODY}")
    assert reading_json("page", reading)["articles"][0]["published_at"] == published  # type: ignore[index]
    assert article(reading).paragraphs == (FIRST, SECOND)
    assert reading.date_line is not None
    assert reading.date_line.isoformat() == "2026-02-17"


def test_a_date_without_a_label_dates_nothing() -> None:
    content = article(read(f"{HEAD}\n사회\n\n{TITLE}\n\n2025.04.17\n\n{BODY}"))
    assert (content.published_at, content.published_on, content.paragraphs) == (None, None, (FIRST, SECOND))


def test_when_the_page_was_last_touched_is_its_own_date_and_not_the_articles() -> None:
    table = "  • 맑음속초18.8℃\n  • 맑음철원17.0℃\n  • 맑음고창\n"
    reading = read(f"최종편집: 2024-05-08 14:35\n\n{table}\n{TITLE}\n\n{FIRST}\n")
    assert reading.date_line is not None
    assert reading.date_line.isoformat() == "2024-05-08"
    assert article(reading).published_at is None
    assert [o.temperature for o in reading.observations] == [18.8, 17.0, None]


# --- other stories ---------------------------------------------------------------------------

WHOLE = "나루군이 오는 3월 딸기 축제를 연다고 밝혔다."
CUT = "나루군이 오는 3월 딸기 축제를 연다고 밝혔다. 축제는 사흘 동안 이어지"


@pytest.mark.parametrize("end", ["", "..", " ...", "…"])
def test_a_teaser_that_breaks_off_is_cut(end: str) -> None:
    reading = read(f"{HEAD}{STORY}\n\n\n경제\n\n더보기\n나루군 딸기 축제\n{CUT}{end}\n")
    assert teasers(reading) == [("경제", "나루군 딸기 축제", CUT + end, True)]
    assert said(reading) == (TITLE, "사회", (FIRST, SECOND))


def test_a_teaser_that_ends_inside_a_quotation_is_cut() -> None:
    text = "나루군수는 “축제를 키우겠다. 농가도 돕겠다."
    assert teasers(read(f"{HEAD}\n경제\n\n더보기\n나루군 딸기 축제\n{text}\n"))[0][3]


def test_a_whole_teaser_is_not_cut() -> None:
    text = "나루군이 오는 3월 딸기 축제를 연다고 밝혔다."
    assert teasers(read(f"{HEAD}\n경제\n\n더보기\n나루군 딸기 축제\n{text}\n")) == [
        ("경제", "나루군 딸기 축제", text, False)
    ]


def test_several_teasers_keep_their_sections() -> None:
    page = (
        f"{HEAD}{STORY}\n\n\nToday 더보기\n\n경제 더보기\n나루군 딸기 축제\n{CUT}\n다온면 도로 개통\n{CUT}\n\n"
        f"스포츠\n\n더보기\n\n가람시 축구장 열어\n\n{CUT} ...\n"
    )
    assert teasers(read(page)) == [
        ("경제", "나루군 딸기 축제", CUT, True),
        ("경제", "다온면 도로 개통", CUT, True),
        ("스포츠", "가람시 축구장 열어", f"{CUT} ...", True),
    ]


@pytest.mark.parametrize(
    "before",
    [
        f"\n관련기사\n나루군 딸기 축제\n{CUT}\n{STORY}",
        f"\n나루군 딸기 축제\n{CUT}..\n{STORY}",
        f"\n사회\n\n나루군 딸기 축제\n{CUT}\n\n{TITLE}\n\n{BODY}",
        f"\n나루군 딸기 축제\n나루군이 오는 3월 딸기 축제를 연다고 밝혔다.\n\n{TITLE}\n\n{BODY}",
        f"\n관련기사\n나루군 딸기 축제\n다온면 도로 개통\n\n{TITLE}\n\n{BODY}",
        f"\nHOT클릭 TOP7\n\n1 나루군 딸기 축제\n2 다온면 도로 개통\n{STORY}",
    ],
)
def test_a_related_story_before_the_article_is_a_teaser(before: str) -> None:
    reading = read(HEAD + before)
    assert (article(reading).title, article(reading).paragraphs) == (TITLE, (FIRST, SECOND))
    assert reading.teasers[0].title == "나루군 딸기 축제"


@pytest.mark.parametrize(
    "after",
    [
        f"\n나루군 딸기 축제\n{CUT}\n",
        "\n나루군 딸기 축제\n나루군이 오는 3월 딸기 축제를 연다고 밝혔다.\n",
        "\n\n\n\n나루군 딸기 축제\n",
        "\n많이 본 뉴스\n나루군 딸기 축제\n다온면 도로 개통\n",
        "\nHOT클릭 TOP7\n\n1\n나루군 딸기 축제\n2\n다온면 도로 개통\n",
    ],
)
def test_stories_behind_the_article_are_teasers(after: str) -> None:
    reading = read(f"{HEAD}{STORY}{after}")
    assert said(reading) == (TITLE, "사회", (FIRST, SECOND))
    assert reading.teasers[0].title == "나루군 딸기 축제"


@pytest.mark.parametrize(
    "lists",
    [
        f"\n정치\n\n더보기\n나루군 딸기 축제\n{CUT}\n\n경제\n\n더보기\n다온면 도로 개통\n{CUT}\n",
        f"\n정치\n나루군 딸기 축제\n{WHOLE}\n\n경제\n다온면 도로 개통\n{WHOLE}\n",
        f"\n정치\n\n나루군 딸기 축제\n{WHOLE}\n\n다온면 도로 개통\n{WHOLE}\n",
        f"\n검색창 열기\n\n나루군 딸기 축제\n{CUT}..\n\n다온면 도로 개통\n{CUT}..\n",
        f"\n정치\n\n더보기\n\n나루군 딸기 축제\n\n{CUT}\n\n다온면 도로 개통\n\n나루군이 축제를 연다고 밝혔다.\n",
    ],
)
def test_a_page_of_lists_alone_has_no_article(lists: str) -> None:
    reading = read(HEAD + lists)
    assert reading.articles == ()
    assert [t.title for t in reading.teasers] == ["나루군 딸기 축제", "다온면 도로 개통"]
    assert len(reading.observations) == 3


# --- identity --------------------------------------------------------------------------------


def test_an_article_keeps_its_identity_when_the_page_changes_around_it() -> None:
    first = read(f"{HEAD}{STORY}", url="https://news.example.com/page.txt")
    second = read(f"{STORY}\n\n\n경제\n\n더보기\n", url="https://www.example.com/other.txt")
    assert first.articles[0].identity == second.articles[0].identity


def test_another_story_under_the_same_address_is_another_article() -> None:
    url = "https://news.example.com/page.txt"
    other = read(f"{HEAD}\n사회\n\n나루군 딸기 축제\n\n{BODY}", url=url)
    assert read(f"{HEAD}{STORY}", url=url).articles[0].identity != other.articles[0].identity


def test_an_article_number_in_the_address_is_its_identity() -> None:
    found = [
        read(f"{HEAD}\n사회\n\n{title}\n\n{BODY}", url=url).articles[0]
        for title, url in (
            (TITLE, "https://www.example.com/news/article.html?no=55"),
            ("제목을 고친 기사", "http://m.example.com/mobile/article.html?no=55&sc_code=1"),
        )
    ]
    assert found[0].identity == found[1].identity


# --- what is set aside -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   \n\n ",
        b"404 Not Found\n\nThe requested URL was not found on this server.",
        "페이지를 찾을 수 없습니다\n\n요청하신 페이지가 없습니다.".encode(),
        b"\x00\x01\x02" * 1000,
    ],
)
def test_an_input_that_says_nothing_is_set_aside_with_a_reason(body: bytes) -> None:
    reading = read(body, url="https://news.example.com/x")
    assert (reading.articles, reading.teasers) == ((), ())
    (aside,) = reading.set_aside
    assert aside.what == "https://news.example.com/x"
    assert aside.reason


@pytest.mark.parametrize(
    "body",
    [
        b"x" * 50_000_000,
        b"<div>" * 200_000,
        b"a" * (MAX_BYTES + 1),
        "가람시 산책로\n".encode() * 200_000,
        ("가람시는 밝혔다. " * 100_000).encode(),
        b"<html>" + b"<p><b>" * 200_000,
    ],
    ids=["50 MB", "nested", "too large", "many lines", "one line", "unclosed"],
)
def test_a_huge_or_nested_page_is_set_aside_at_once(body: bytes) -> None:
    began = time.process_time()
    reading = read(body)
    assert time.process_time() - began < 5
    assert reading.articles == ()
    assert len(reading.set_aside) == 1


def test_reading_takes_time_in_proportion_to_length() -> None:
    def seconds(repeats: int) -> float:
        text = (
            f"{HEAD}\n사회\n\n"
            + "나루군 딸기 축제\n나루군이 축제를 연다고 밝혔다.\n\n" * repeats
            + f"{TITLE}\n\n{BODY}"
        )
        began = time.process_time()
        assert len(read(text).articles) == 1
        return time.process_time() - began

    seconds(100)
    short, long = (min(seconds(repeats) for _ in range(3)) for repeats in (500, 4000))
    assert long < short * 8 * 4  # eight times the length; a square law would take 64 times as long


FURNITURE = ["더보기", "\xa0", "Today", "URL복사", "등록 2025.04.17 10:00", "관련기사", "저작권자 ⓒ"]
ANY_LINES = [*HEAD.splitlines(), *STORY.splitlines(), CUT, *FURNITURE]


@settings(max_examples=60)
@given(st.text(max_size=400) | st.lists(st.sampled_from(ANY_LINES), max_size=40).map("\n".join))
def test_no_page_makes_the_reader_fail_or_lets_its_interface_into_an_article(text: str) -> None:
    reading = read(text)
    assert len(reading.articles) <= 1
    told = {p for found in reading.articles for p in found.content.paragraphs}
    assert not told & {"더보기", "Today", "URL복사", "관련기사", "기상청 제공", *HEAD.splitlines()}


# --- pages put together from parts -----------------------------------------------------------

TOWNS = st.sampled_from(["가람시", "나루군", "다온면", "라온구", "마루읍"])
SENTENCES = st.builds(
    "{}는 {} {} {}고 {}.".format,
    TOWNS,
    st.sampled_from(["오는 3월부터", "20일", "올해 안에", "이번 주"]),
    st.sampled_from(["나루천 산책로를", "시립 도서관을", "제설 대책을", "‘우수’ 기관 상을", "24억 원의 예산을"]),
    st.sampled_from(["새로 꾸민다", "다시 연다", "내놓는다", "받았다", "들였다"]),
    st.sampled_from(["밝혔다", "말했다", "전했다", "설명했다"]),
)
HEADLINES = st.builds(
    "{}, {} {}{}".format,
    TOWNS,
    st.sampled_from(["산책로", "도서관", "겨울 제설", "딸기 축제", "'우수'기관"]),
    st.sampled_from(["새 단장", "다시 열어", "대책 발표", "선정", "개막"]),
    st.sampled_from(["", "…주민 환영", "?", " “더 좋게”"]),
)
WORDS = st.sampled_from(["", "URL복사\n\n", "배너\n배너\n\n", "상세검색\n닫기\n검색창 열기\n\n", "  • 가\n  • 가\n\n"])
SKIES = st.sampled_from(["맑음", "구름많음", "흐림", "비", "눈", "-", ""])


@st.composite
def pages(draw: st.DrawFn) -> tuple[str, dict[str, object]]:
    """A page of known parts, and what it should give."""
    stations = draw(st.lists(st.sampled_from(STATIONS), min_size=3, max_size=8, unique=True))
    degrees = draw(st.lists(st.integers(-200, 350), min_size=len(stations), max_size=len(stations)))
    skies = draw(st.lists(SKIES, min_size=len(stations), max_size=len(stations)))
    table = [f"  • {sky}{s.name} {d / 10:.1f}℃" for sky, s, d in zip(skies, stations, degrees, strict=True)]
    title, body = draw(HEADLINES), draw(st.lists(SENTENCES, min_size=1, max_size=6, unique=True))
    section = draw(st.sampled_from(["사회", "정치", "경제", "문화", "교육"]))
    lists = draw(st.lists(st.tuples(st.sampled_from(["스포츠", "지역", "Today"]), HEADLINES, SENTENCES), max_size=3))
    between = draw(st.sampled_from(["\n\n", "\n\n\xa0\n\n", "\n\n \xa0 \n\n"]))
    tail = "".join(f"\n\n\n{name}\n\n더보기\n{head}\n{text[:-6]}\n" for name, head, text in lists if head != title)
    widget = "\n".join(table)
    text = f"2026.02.17 (화)\n\n{widget}\n기상청 제공\n\n{draw(WORDS)}{section}\n\n{title}\n\n{draw(WORDS)}"
    expected = {
        "title": title,
        "section": section,
        "paragraphs": tuple(body),
        "stations": [s.id for s in stations],
        "degrees": [d / 10 for d in degrees],
        "teasers": [head for _, head, _ in lists if head != title],
    }
    return f"{text}{between.join(body)}\n{tail}", expected


@settings(max_examples=150)
@given(pages())
def test_a_page_put_together_from_parts_is_taken_apart_again(page: tuple[str, dict[str, object]]) -> None:
    text, expected = page
    reading = read(text)
    content = article(reading)
    assert (content.title, content.section, content.paragraphs) == (
        expected["title"],
        expected["section"],
        expected["paragraphs"],
    )
    assert [o.station_id for o in reading.observations] == expected["stations"]
    assert [o.temperature for o in reading.observations] == expected["degrees"]
    assert [t.title for t in reading.teasers] == expected["teasers"]
    assert all(t.cut for t in reading.teasers)
