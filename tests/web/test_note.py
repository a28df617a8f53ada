"""The note from the desk on an Issue's page, and pages of weekly Issues."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from syndication.core.model import Cadence
from tests import factories
from tests.web.conftest import House

NOTE = "눈길에 <b>늦을</b> 수 있습니다.\n천천히 걸으세요."


def test_a_note_stands_above_the_weather_and_is_words_only(house: House) -> None:
    issue = replace(
        factories.frozen(on=factories.ON + timedelta(days=1)), content=replace(house.issue.content, note=NOTE, items=())
    )
    house.store.freeze(issue, {})
    page = house.client().get(f"/daily/{factories.ON + timedelta(days=1)}").text
    assert "편집국에서" in page
    assert "눈길에 &lt;b&gt;늦을&lt;/b&gt; 수 있습니다." in page
    assert page.index("편집국에서") < page.index('class="weather')


def test_an_issue_without_a_note_says_nothing_of_one(house: House) -> None:
    assert "편집국에서" not in house.client().get(f"/daily/{factories.ON}").text


def test_a_weekly_issue_has_a_page_of_its_own(house: House) -> None:
    house.store.freeze(replace(factories.frozen(), cadence=Cadence.WEEKLY, content=house.issue.content), {})
    answer = house.client().get(f"/daily/{factories.ON}/weekly")
    assert answer.status_code == 200
