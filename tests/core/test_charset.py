"""Bytes into text, whatever was done to them before: repaired where that is certain, else said to be lost."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.core.charset import decode, mend, spoilt
from syndication.core.sources import read_dropped, read_input

TEXT = "가람시는 올해 봄부터 강변 산책로 열두 구간을 고치고 쉼터와 가로등을 더 놓는다고 밝혔다."
PLAIN = (
    TEXT,
    "뷁 똠방각하 펲시콜라 햏 — 낱말 놀이가 아이들 사이에 돈다.",
    "The mayor said: “Ça va, naïve café, Größe, señor” — très bien à la façon.",
    "大韓民國 憲法 第一條: 大韓民國은 民主共和國이다.",
    "日本の新聞記者がガラム市を訪れた。",
    "정말? 왜? 누가? 언제?? 시민들은 물었다.",
    "기온 −9.0℃ ~ 3㎝ 안팎 ▲동구 ▲서구 ①②③ 「제목」",
)

EVERYDAY = (
    "가각간갈감갑강개객거건걸검게격견결경계고곡공과관광교구국군규그근금기김나남내노농누다단달담"
    "대도동두라로리마만말망매머면명모목무문미민바박반발방배백버번법변별병보복부북분불비사산살상"
    "새생서석선설성세소속손수순술시식신실심아안알암앙애야약양어언업에여역연영예오옥온왕외요용우"
    "운울원위유육윤음의이인일임입자작장재저적전절점접정제조족종좌주준중증지직진질집차착찬창채처"
    "천철청체초총최추축춘출충취치친타탄태택토통투파판팔패편평포표품풍피필하학한할함합해행향허험"
    "헌혁현협형혜호혼홍화환활황회효후훈휘흥희 ."
)


def misread(text: str, wrote: str, read: str) -> str:
    return text.encode(wrote).decode(read, "replace")


@pytest.mark.parametrize("text", PLAIN)
def test_a_sound_text_is_left_alone(text: str) -> None:
    assert mend(text) == text
    assert spoilt(text) is None
    assert decode(text.encode()) == text


@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.parametrize("read", ["latin-1", "cp1252"])
def test_korean_read_as_latin_is_put_right_also_when_it_was_done_again(read: str, times: int) -> None:
    text = TEXT
    for _ in range(times):
        try:
            text = text.encode("utf-8").decode(read)
        except UnicodeDecodeError:
            return  # this reading is not possible with these signs
    assert mend(text) == TEXT


def test_cp949_read_as_latin_is_put_right() -> None:
    assert mend(misread(TEXT, "cp949", "latin-1")) == TEXT
    assert decode(misread(TEXT, "cp949", "latin-1").encode()) == TEXT


def test_utf_8_read_as_cp949_is_put_right_where_nothing_was_lost() -> None:
    words = [w for w in TEXT.split() if "\ufffd" not in misread(w, "utf-8", "cp949")]
    whole = [w for w in words if misread(w, "utf-8", "cp949").encode("cp949") == w.encode()]
    assert all(mend(misread(w, "utf-8", "cp949")) in (w, misread(w, "utf-8", "cp949")) for w in whole)


@pytest.mark.parametrize(
    "text",
    [
        misread(TEXT, "utf-8", "cp949"),
        misread(TEXT, "utf-8", "cp949").replace("\ufffd", ""),
        misread(TEXT, "cp949", "utf-8"),
        misread(TEXT, "utf-8", "ascii"),
        TEXT.encode("ascii", "replace").decode(),
        "Ã¬ÂÂ´Ã«Â¯Â¸ Ã¬ÂÂÃ¬ÂÂ Ã«ÂÂ´ÃªÂ¸Â",
    ],
)
def test_what_cannot_be_got_back_is_said_to_be_lost_or_was_put_right(text: str) -> None:
    mended = mend(text)
    assert spoilt(mended) is not None or "가람" in mended or mended != text


@pytest.mark.parametrize("text", [misread(TEXT, "cp949", "utf-8"), TEXT.encode("ascii", "replace").decode()])
def test_a_spoilt_article_is_set_aside_and_its_neighbours_stay(text: str) -> None:
    items = "".join(
        f"<item><title>{t[:20]}</title><guid>g{n}</guid><description>{t}</description></item>"
        for n, t in enumerate((TEXT, text))
    )
    made = read_input(
        f"<rss><channel>{items}</channel></rss>".encode(), url=None, content_type="text/xml", outlet="garam"
    )
    assert [found.identity for found in made.articles] == ["garam:guid:g0"]
    assert "before it came here" in made.set_aside[0].reason
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "items": [{"id": "1", "title": "제목", "content_text": text}],
    }
    assert read_input(json.dumps(feed).encode(), url=None, content_type="", outlet="garam").articles == ()
    assert read_dropped("a.txt", f"제목\n\n{text}".encode(), "garam").articles == ()


@given(st.text(max_size=300))
def test_no_text_breaks_it_and_mending_twice_is_mending_once(text: str) -> None:
    mended = mend(text)
    assert mend(mended) == mended
    said = spoilt(text)
    assert said is None or said


@given(
    st.binary(max_size=300),
    st.sampled_from(["", "text/html; charset=euc-kr", "text/xml; charset=utf-16", "x; charset=idna"]),
)
def test_no_bytes_break_it(body: bytes, content_type: str) -> None:
    assert isinstance(decode(body, content_type), str)


@given(
    st.text(
        EVERYDAY,
        min_size=12,
        max_size=200,
    )
)
def test_everyday_korean_is_never_spoilt(text: str) -> None:
    assert spoilt(text) is None
    assert mend(text) == text
    assert decode(text.encode("cp949"), "text/html; charset=euc-kr") == text
