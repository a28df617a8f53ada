"""No falsehood reaches the digest on any of two hundred planted mornings."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import combinations

import pytest

from tests.story.mornings.ingredients import CALENDAR, OF_ONE_DAY, SKIES, STORIES, Ingredient, dead_cms, everyday
from tests.story.mornings.morning import Morning

FIRST = date(2026, 3, 1)
NUMBER = 200


def table() -> list[tuple[Ingredient, ...]]:
    """The ingredients of each morning: two kinds of story under each sky, and on days of the calendar."""
    special = [(day, *pair) for day in CALENDAR for pair in combinations(OF_ONE_DAY, 2)]
    plain = [
        tuple(one for one in (sky, *pair) if one is not None)
        for n, pair in enumerate(combinations(STORIES, 2))
        for sky in (*SKIES[n % 8 :], *SKIES[: n % 8])[:5]
    ]
    return [*special, *plain][:NUMBER]


MORNINGS = table()


def name(ingredients: tuple[Ingredient, ...]) -> str:
    return "-".join(one.__name__ for one in ingredients)


def test_there_are_two_hundred_and_every_ingredient_is_in_many() -> None:
    assert len(MORNINGS) == len(set(MORNINGS)) == NUMBER
    every = {one for ingredients in MORNINGS for one in ingredients}
    assert every == {*CALENDAR, *STORIES, *(sky for sky in SKIES if sky is not None)}
    assert all(sum(one in ingredients for ingredients in MORNINGS) >= 10 for one in every)


@pytest.mark.parametrize("number", range(NUMBER), ids=[name(one) for one in MORNINGS])
def test_no_falsehood_reaches_the_digest(number: int) -> None:
    morning = Morning(on=FIRST + timedelta(days=number), number=number)
    first = (*CALENDAR, dead_cms)  # the day itself, and who tells nothing any more
    for ingredient in (*sorted(MORNINGS[number], key=lambda one: one not in first), everyday):
        ingredient(morning)
    morning.judge()
