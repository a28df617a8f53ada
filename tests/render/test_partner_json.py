"""The JSON dialect: what a Partner reads, unknown as null, the same bytes for the same thing."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.core.model import ArticleStatus, Rights, StationWeather, Weather
from syndication.render.partner_json import article_document, digest_document
from tests.core.test_partners import AGREED, EVERYTHING
from tests.factories import MORNING, OUTLET, article
from tests.render.feed_samples import EDITION, PICTURE, SEEN, issue, observed, revised


def told(of: object, partner: object = AGREED) -> Any:
    return json.loads(article_document(of, outlet=OUTLET, partner=partner))  # type: ignore[arg-type]


def digest(of: object, partner: object = AGREED) -> Any:
    return json.loads(digest_document(of, outlet=OUTLET, edition=EDITION, partner=partner))  # type: ignore[arg-type]


def test_an_article_document_is_this() -> None:
    made = article(7, published_at=SEEN, bylines=("표본 기자",), region="가람시", tags=("예산",), images=(PICTURE,))
    assert told(made) == {
        "type": "article.published",
        "timestamp": "2026-01-19T18:00:00Z",
        "data": {
            "id": "tag:garam.example,2026-01-19:article/7",
            "revision": 1,
            "status": "usable",
            "title": "가람시 표본 기사 7",
            "section": "사회",
            "region": "가람시",
            "bylines": ["표본 기자"],
            "tags": ["예산"],
            "published_at": "2026-01-19T20:10:30Z",
            "published_on": None,
            "first_seen_at": "2026-01-19T18:00:00Z",
            "revised_at": "2026-01-19T18:00:00Z",
            "embargo_until": None,
            "rights": {"holder": "가람일보 (표본)", "kind": "own"},
            "url": "https://garam.example/news/7",
            "robot": False,
            "sponsored": False,
            "text": "full",
            "paragraphs": ["가람시는 7번째 표본 소식을 전했다.", "자세한 내용은 시청에서 볼 수 있다."],
            "html": "<p>가람시는 7번째 표본 소식을 전했다.</p><p>자세한 내용은 시청에서 볼 수 있다.</p>",
            "images": [
                {
                    "url": "https://img.garam.example/%EC%82%AC%EC%A7%84/1.JPG",
                    "alt": "시청 앞 (표본)",
                    "credit": "표본 사진부",
                    "licence": "© 가람일보",
                    "width": 800,
                    "height": 600,
                }
            ],
        },
    }


def test_every_key_is_there_when_nothing_is_known() -> None:
    bare = article(1, section=None, url=None, paragraphs=())
    assert list(told(bare)["data"]) == list(told(article(2))["data"])
    assert told(bare)["data"]["published_at"] is told(bare)["data"]["url"] is told(bare)["data"]["html"] is None


def test_a_bare_date_stays_a_bare_date() -> None:
    data = told(article(1, published_on=date(2026, 1, 19)))["data"]
    assert (data["published_at"], data["published_on"]) == (None, "2026-01-19")


@pytest.mark.parametrize(
    ("partner", "rights"), [(replace(AGREED, full_text=False), Rights.OWN), (EVERYTHING, Rights.NOT_FOR_PASSING_ON)]
)
def test_an_excerpt_holds_the_opening_alone(partner: object, rights: Rights) -> None:
    long = article(
        1, rights=rights, images=(PICTURE,), paragraphs=("가람시는 첫 소식을 전했다. 둘째다. 셋째 문장이다.", "끝.")
    )
    data = told(long, partner)["data"]
    assert data["text"] == "excerpt"
    assert len(data["paragraphs"]) == 1
    assert "셋째" not in data["paragraphs"][0]
    assert data["html"] is None
    assert data["images"] == []


@pytest.mark.parametrize(
    ("status", "revision", "event"),
    [
        (ArticleStatus.USABLE, 1, "article.published"),
        (ArticleStatus.USABLE, 2, "article.updated"),
        (ArticleStatus.CORRECTED, 2, "article.corrected"),
        (ArticleStatus.CANCELED, 3, "article.retracted"),
        (ArticleStatus.WITHHELD, 1, "article.retracted"),
    ],
)
def test_the_event_says_what_happened(status: ArticleStatus, revision: int, event: str) -> None:
    made = told(replace(revised(article(1), revision), status=status))
    assert (made["type"], made["data"]["status"], made["data"]["revision"]) == (event, status.value, revision)


def test_a_retraction_carries_no_text() -> None:
    made = article_document(
        replace(article(1, images=(PICTURE,)), status=ArticleStatus.CANCELED), outlet=OUTLET, partner=AGREED
    )
    assert "표본 소식".encode() not in made
    assert b"img.garam.example" not in made


# --- digests ---------------------------------------------------------------------------------


def test_a_digest_document_has_its_weather_with_attribution_hour_and_unknown_as_null() -> None:
    made = digest(issue(article(1)))
    assert (made["type"], made["timestamp"]) == ("digest.published", "2026-01-19T21:00:00Z")
    data = made["data"]
    assert data["id"] == "tag:garam.example,2026-01-20:issue/daily/daily"
    assert data["edition"] == {"id": "daily", "title": "가람 아침", "language": "ko"}
    assert (data["date"], data["url"]) == ("2026-01-20", "https://garam.example/daily/2026-01-20")
    weather = data["weather"]
    assert (weather["attribution"], weather["observed_at"], weather["last_resort"]) == ("기상청", None, True)
    assert [s["station"] for s in weather["stations"]] == ["다온", "나루", "가람"]
    assert weather["stations"][1]["observation"] == {
        "condition": None,
        "temperature": 0.8,
        "observed_at": None,
        "attribution": "기상청",
        "origin": "widget",
    }
    assert weather["stations"][1]["forecast"]["rain_chance"] == 60
    assert weather["stations"][0]["forecast"] is None


def test_a_known_hour_travels_with_the_values() -> None:
    station = StationWeather(station="가람", station_id="1", observation=observed("가람", "맑음", -0.0, MORNING))
    weather = digest(issue(weather=Weather(stations=(station,), observed_at=MORNING)))["data"]["weather"]
    assert weather["observed_at"] == weather["stations"][0]["observation"]["observed_at"] == "2026-01-19T21:00:00Z"


def test_stories_stand_in_reading_order_with_summary_and_link() -> None:
    data = digest(issue(article(3), article(1), article(2)))["data"]
    assert [s["id"][-1] for s in data["stories"]] == ["3", "1", "2"]
    assert data["stories"][0]["summary"] == "가람시는 3번째 표본 소식을 전했다."
    assert data["stories"][0]["link"] == "https://garam.example/news/3"
    assert data["sections"] == ["사회"]


def test_stories_that_the_profile_does_not_take_are_left_out_and_so_are_their_sections() -> None:
    mixed = issue(
        article(1), article(2, section="경제"), article(3, sponsored=True), article(4, rights=Rights.LICENSED)
    )
    assert [s["id"][-1] for s in digest(mixed)["data"]["stories"]] == ["1"]
    assert digest(mixed)["data"]["sections"] == ["사회"]
    assert [s["id"][-1] for s in digest(mixed, EVERYTHING)["data"]["stories"]] == ["1", "2", "3", "4"]


def test_an_amended_issue_says_so() -> None:
    assert digest(issue(article(1), revision=2))["type"] == "digest.updated"


# --- bytes -----------------------------------------------------------------------------------


@given(st.text(st.characters()), st.floats(), st.text(st.characters()))
def test_any_text_and_number_makes_json_that_strict_parsers_read(title: str, value: float, station: str) -> None:
    of = StationWeather(station=station, station_id="1", observation=observed(station, title, value))
    made = digest_document(
        issue(article(1, title=title, tags=(title,)), weather=Weather(stations=(of,))),
        outlet=OUTLET,
        edition=EDITION,
        partner=AGREED,
    )

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    json.loads(made.decode(), parse_constant=refuse)


_REBUILD = """
import sys
from tests.render.test_partner_json import *
for made in (article_document(article(7, tags=("가", "나")), outlet=OUTLET, partner=AGREED),
             digest_document(issue(article(1), article(2)), outlet=OUTLET, edition=EDITION, partner=EVERYTHING)):
    sys.stdout.buffer.write(made)
"""


def _rebuilt(**environ: str) -> bytes:
    root = Path(__file__).parents[2]
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    command = [sys.executable, "-W", "ignore", "-c", _REBUILD]
    env = {**kept, "PYTHONPATH": str(root), **environ}
    return subprocess.run(command, env=env, capture_output=True, check=True, cwd=root).stdout


def test_another_process_zone_locale_and_hash_seed_make_the_same_bytes() -> None:
    here = _rebuilt(PYTHONHASHSEED="1", TZ="Asia/Seoul", LC_ALL="C.UTF-8")
    assert here == _rebuilt(PYTHONHASHSEED="2", TZ="America/New_York", LC_ALL="C")
    assert here.count(b'"type":') == 2


def test_no_time_in_a_document_is_of_now() -> None:
    made = article_document(article(1), outlet=OUTLET, partner=AGREED).decode()
    assert set(re.findall(r"\d{4}-\d\d-\d\d", made)) == {"2026-01-19"}


def test_empty_words_and_sizes_that_are_none_are_unknown_too() -> None:
    story = article(1, images=(replace(PICTURE, width=0, height=-1),))
    weather = Weather(stations=(StationWeather(station="가람", station_id="1", observation=observed("가람", "", 0.8)),))
    data = digest(issue(story, weather=weather), EVERYTHING)["data"]
    assert data["weather"]["stations"][0]["observation"]["condition"] is None
    picture = data["stories"][0]["images"][0]
    assert (picture["width"], picture["height"]) == (None, None)
    assert told(article(1, title=""))["data"]["title"] is None
