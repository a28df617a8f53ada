"""Stories that are blocks of their own, and the note from the desk: whole for every reader, whatever is in them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndication import bootstrap
from syndication.core import audience
from syndication.core.model import Block, Cadence, Choices, IssueContent, Recipe
from syndication.render.blocks import largest, render_issue
from syndication.render.email import Headings, Slots, join
from syndication.render.words import words
from tests import factories
from tests.factories import EDITION, ON, OUTLET

TEMPLATES = bootstrap.templates()
SLOTS = Slots(
    subject="제목",
    preheader="머리",
    unsubscribe_url="https://garam.example/u",
    preferences_url="https://garam.example/p",
    view_url="https://garam.example/v",
)
SECTIONS = ("사회", "사회", "경제", "경제", "경제", "문화")
ITEMS = tuple(factories.item(factories.article(n, section=section)) for n, section in enumerate(SECTIONS, start=1))
WEEKLY = IssueContent(items=ITEMS, by_story=True)


def rendered(content: IssueContent) -> dict[str, Block]:
    made = render_issue(
        content,
        outlet=OUTLET,
        edition=EDITION,
        on=ON,
        language="ko",
        templates=TEMPLATES,
        cadence=Cadence.WEEKLY if content.by_story else Cadence.DAILY,
    )
    return {b.key: b for b in made.blocks}


BLOCKS = rendered(WEEKLY)


def balanced(html: str) -> bool:
    return all(html.count(f"<{tag}") == html.count(f"</{tag}>") for tag in ("table", "tr", "td", "div", "p", "h2"))


@settings(deadline=None, max_examples=60)
@given(st.sets(st.integers(1, 6)), st.sampled_from([(), ("경제",), ("문화", "사회"), ("경제", "경제")]))
def test_any_reader_gets_the_stories_that_are_owed_in_whole_markup(had: set[int], sections: tuple[str, ...]) -> None:
    made = audience.recipe(Choices(sections=sections), WEEKLY, EDITION, without=had)
    owed = [n for n, s in enumerate(SECTIONS, 1) if n not in had and (not sections or s in sections)]
    if made is None:
        assert owed == []
        return
    html, text = join(BLOCKS, made, SLOTS)
    assert {n for n in range(1, 7) if f"표본 기사 {n}" in text} == set(owed)
    assert audience.brought(made, WEEKLY) == set(owed)
    assert balanced(html)
    assert html.count('class="lead"') == 1
    assert len(html.encode()) <= largest(tuple(BLOCKS.values()))


def test_the_subject_is_the_readers_own_first_story() -> None:
    said = Headings(EDITION, WEEKLY, ON, words("ko", TEMPLATES))
    made = audience.recipe(Choices(), WEEKLY, EDITION, without={1, 2})
    assert made is not None
    assert said.subject(made) == ITEMS[2].article.content.title
    assert ITEMS[3].article.content.title in said.preheader(made)


def test_what_a_daily_digest_brought_are_its_sections() -> None:
    daily = replace(WEEKLY, by_story=False)
    made = audience.recipe(Choices(sections=("경제",)), daily, EDITION)
    assert made is not None
    assert audience.brought(made, daily) == {3, 4, 5}


def test_a_key_says_what_came_before() -> None:
    key = audience.readers_key("c" * 32, [(12, 1, "r"), (9, 2, "q")])
    assert audience.history(key) == ((9, 2, "q"), (12, 1, "r"))
    assert audience.history(audience.readers_key("c" * 32, [])) == ()


@pytest.mark.parametrize(
    "note",
    [
        "<script>alert(1)</script>",
        "{slot:unsubscribe_url} {{ outlet.name }} {% raw %}",
        "<!--block:3--> --> ]]>",
        "a & b &amp; c",
        "아주긴낱말" * 300,
    ],
)
def test_a_note_is_words_and_nothing_else(note: str) -> None:
    content = replace(WEEKLY, note=note, by_story=False)
    blocks = rendered(content)
    made = audience.recipe(Choices(), content, EDITION)
    assert made is not None
    html, text = join(blocks, made, SLOTS)
    assert "<script>" not in html
    assert balanced(html)
    assert "".join(note.split()) in "".join(text.split())


def test_every_reader_gets_the_note_and_an_amended_one_too() -> None:
    noted = replace(WEEKLY, note="한마디", by_story=False)
    plain = replace(noted, note=None)
    had = audience.recipe(Choices(sections=("경제",)), plain, EDITION)
    assert had is not None
    assert audience.NOTE not in had.blocks
    for content in (noted, replace(noted, by_story=True)):
        before = audience.recipe(Choices(), replace(content, note=None), EDITION) or Recipe(blocks=())
        now = audience.amended(before, content, before=replace(content, note=None))
        assert now is not None
        assert now.blocks[:2] == (audience.HEAD, audience.NOTE)
