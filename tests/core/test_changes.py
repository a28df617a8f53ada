"""What the change of a text amounts to."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from syndication.core.changes import is_rewrite, may_revise
from syndication.core.model import ArticleContent

LETTERS = st.text("가나다라마바사아자차카타파하거너더러머버서어저처커터퍼허 ", min_size=150, max_size=400)


def content(*paragraphs: str) -> ArticleContent:
    return ArticleContent(title="제목", paragraphs=paragraphs)


@given(LETTERS, LETTERS)
def test_a_text_that_keeps_its_beginning_is_no_rewrite(old: str, more: str) -> None:
    assert not is_rewrite(content(old), content(old, more))
    assert not is_rewrite(content(old, more), content(old))
    assert not is_rewrite(content(old), content(old.replace("가", "나", 1)))


@given(LETTERS)
def test_spacing_and_breaks_are_no_rewrite(old: str) -> None:
    assert not is_rewrite(content(old), content(*old.split(" ")))


@given(st.dictionaries(st.sampled_from("abc"), st.none() | st.integers(0, 3)))
def test_of_two_sources_never_do_both_revise_what_the_other_owns(ranks: dict[str, int | None]) -> None:
    both = may_revise("a", "b", ranks) and may_revise("b", "a", ranks)
    assert not both
    assert may_revise("a", "a", ranks)
