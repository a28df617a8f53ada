"""Laws of telling text from what is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.core.sniff import foreign

WORDS = "가람시는 2026년 1월 20일 표본 소식을 전했다.\r\n\t• 맑음서울 -8.4℃\f\n"


@given(st.randoms(use_true_random=False), st.integers(500, 50_000))
def test_bytes_by_chance_are_no_text(chance: object, size: int) -> None:
    assert foreign(chance.randbytes(size)) is not None  # type: ignore[attr-defined]


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "cp949", "euc-kr", "utf-16", "iso2022_kr", "johab"])
def test_korean_text_in_every_charset_is_text(charset: str) -> None:
    words = WORDS if charset.startswith("utf") else WORDS.replace("℃", "C").replace("•", "-")
    assert foreign((words * 50).encode(charset)) is None


def test_a_stray_control_character_makes_no_binary() -> None:
    assert foreign((WORDS * 20 + "\x0b\x08\x1a").encode()) is None
