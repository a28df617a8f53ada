"""What a Partner gets: nothing but what its profile names."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from syndication.core.model import ArticleStatus, Partner, Rights
from syndication.core.partners import full_text, wanted
from tests.factories import MORNING, article

AGREED = Partner(
    id="portal",
    name="표본 포털",
    url="https://portal.example/hook",
    edition="daily",
    secret_names=("PORTAL_SECRET",),
    sections=("사회",),
)
EVERYTHING = replace(AGREED, sections=("*",), rights=tuple(Rights), robot=True, sponsored=True)


def test_an_own_article_of_an_agreed_section_goes() -> None:
    assert wanted(AGREED, article(1)) is None


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"section": "경제"}, "section 경제 is not agreed"),
        ({"section": None}, "without a section"),
        ({"rights": Rights.LICENSED}, "rights are licensed, agreed are own"),
        ({"rights": Rights.NOT_FOR_PASSING_ON}, "rights are not-for-passing-on"),
        ({"robot": True}, "made by a program"),
        ({"sponsored": True}, "sponsored"),
        ({"embargo_until": MORNING + timedelta(days=1)}, "embargoed until 2026-01-20T21:00:00+00:00"),
    ],
)
def test_what_the_profile_does_not_name_is_refused_with_its_reason(values: dict[str, object], words: str) -> None:
    reason = wanted(AGREED, article(1, **values))
    assert reason is not None
    assert words in reason


def test_a_profile_that_names_nothing_gets_nothing() -> None:
    bare = Partner(id="p", name="p", url="https://p.example/", edition="daily", secret_names=())
    assert wanted(bare, article(1)) is not None
    assert wanted(replace(bare, sections=("*",), rights=()), article(1)) == "rights are own, agreed are none"


@pytest.mark.parametrize("section", ["사회", "경제", None])
@pytest.mark.parametrize("rights", list(Rights))
def test_a_profile_that_names_all_gets_all(section: str | None, rights: Rights) -> None:
    assert wanted(EVERYTHING, article(1, section=section, rights=rights, robot=True, sponsored=True)) is None


@pytest.mark.parametrize("status", [ArticleStatus.WITHHELD, ArticleStatus.CANCELED])
def test_withheld_and_canceled_articles_go_to_nobody(status: ArticleStatus) -> None:
    assert wanted(EVERYTHING, replace(article(1), status=status)) == f"the article is {status}"
    assert wanted(EVERYTHING, replace(article(1), status=ArticleStatus.CORRECTED)) is None


def test_an_embargo_holds_until_its_hour() -> None:
    held = article(1, embargo_until=MORNING)
    assert wanted(AGREED, held) is not None
    assert wanted(AGREED, held, at=MORNING - timedelta(seconds=1)) is not None
    assert wanted(AGREED, held, at=MORNING) is None
    assert wanted(AGREED, article(1, embargo_until=held.revised_at)) is None


def test_full_text_needs_the_profile_and_the_rights() -> None:
    assert full_text(AGREED, article(1))
    assert not full_text(replace(AGREED, full_text=False), article(1))
    assert not full_text(EVERYTHING, article(1, rights=Rights.NOT_FOR_PASSING_ON))
