"""A CMS that pushes its articles: with a token, held to a schema, any number of times."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syndication.collecting.pushing import Received, receive
from syndication.core.model import Cadence, ProposalKind, Rights, Source, SourceKind
from syndication.core.pushed import Refused, read_push
from syndication.ports import Store
from tests import factories
from tests.core.test_feeds_json import ANY_JSON
from tests.web.conftest import House, build

TOKEN = "a-token-of-twenty-signs-or-more"
DESK = Source(
    id="cms",
    kind=SourceKind.PUSH,
    location="push",
    outlet="garam",
    rights=Rights.LICENSED,
    rights_holder="나루통신 (표본)",
)
ARTICLE: dict[str, Any] = {
    "id": "story-1",
    "title": "가람시 다리 &amp; 길",
    "html": "<p>가람시는 다리를 놓는다.</p><script>x()</script>",
    "section": "사회",
    "bylines": ["가람 기자"],
    "tags": ["다리"],
    "published": "2026-01-20T05:30:00+09:00",
    "images": [{"url": "https://garam.example/a.jpg", "alt": "다리", "credit": "가람"}],
}


@pytest.fixture
def desk(store: Store) -> House:
    house = build(store)
    store.register_sources([factories.SOURCE, DESK], factories.MORNING)
    house.site = replace(house.site, sources=(factories.SOURCE, DESK), source_keys={"cms": TOKEN, "garam": "other"})
    return house


def push(house: House, *articles: Any, token: str | None = TOKEN, source: str = "cms") -> httpx.Response:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return house.client().post(f"/push/{source}", json={"articles": list(articles)}, headers=headers)


def eligible(house: House) -> list[Any]:
    found = house.store.eligible(
        factories.EDITION, Cadence.DAILY, cut_off_at=house.clock.at + timedelta(seconds=1), since=house.clock.at
    )
    return [article for article in found if article.source_id == "cms"]


def test_what_is_pushed_is_stored_as_what_is_fetched(desk: House) -> None:
    answer = push(desk, ARTICLE)
    assert (answer.status_code, answer.json()["new"]) == (200, 1)
    (article,) = eligible(desk)
    content = article.content
    assert (article.identity, content.title) == ("garam:guid:story-1", "가람시 다리 & 길")
    assert content.paragraphs == ("가람시는 다리를 놓는다.",)
    assert content.published_at == datetime(2026, 1, 19, 20, 30, tzinfo=UTC)
    assert (content.section, content.bylines, content.tags) == ("사회", ("가람 기자",), ("다리",))
    assert (content.rights, content.rights_holder) == (Rights.LICENSED, "나루통신 (표본)")
    assert content.images[0].credit == "가람"
    state = next(s for s in desk.store.source_states() if s.source_id == "cms")
    assert (state.last_new_at, state.last_ok_at) == (desk.clock.at, desk.clock.at)


def test_the_same_push_again_changes_nothing_and_a_changed_one_is_a_revision(desk: House) -> None:
    push(desk, ARTICLE)
    again = push(desk, ARTICLE).json()
    assert (again["new"], again["revised"], again["known"]) == (0, 0, 1)
    changed = push(desk, {**ARTICLE, "html": "<p>가람시는 다리를 고친다.</p>"}).json()
    assert changed["revised"] == 1


def test_a_push_and_a_feed_that_bring_one_story_bring_one_article(desk: House) -> None:
    url = "https://garam.example/news/articleView.html?idxno=7"
    assert push(desk, {**ARTICLE, "url": url}).json()["new"] == 1
    assert eligible(desk)[0].identity == "garam:no:7"


def test_a_withdrawal_is_proposed_and_not_carried_out(desk: House) -> None:
    push(desk, ARTICLE)
    answer = push(desk, {"id": "story-1", "status": "withdrawn", "reason": "사실과 다름"}).json()
    assert answer["proposed"] == 1
    (proposal,) = desk.store.proposals()
    assert (proposal.kind, proposal.reason, proposal.source_id) == (ProposalKind.RETRACT, "사실과 다름", "cms")
    assert len(eligible(desk)) == 1
    assert push(desk, {"id": "never", "status": "withdrawn"}).json()["proposed"] == 0


@pytest.mark.parametrize("token", [None, "", "wrong", TOKEN + "x", TOKEN[:-1], "é" * 20])
def test_without_the_token_nothing_is_said_or_stored(desk: House, token: str | None) -> None:
    headers = {} if token is None else {"Authorization": f"Bearer {token}".encode()}
    answer = desk.client().post("/push/cms", json={"articles": [ARTICLE]}, headers=headers)
    assert answer.status_code == 401
    assert eligible(desk) == []


@pytest.mark.parametrize("source", ["garam", "nobody", "cms/x"])
def test_only_sources_that_push_are_there(desk: House, source: str) -> None:
    assert push(desk, ARTICLE, source=source, token="other").status_code in (401, 404, 405)
    assert push(desk, ARTICLE, source=source).status_code in (401, 404, 405)


def test_where_nobody_pushes_there_is_no_such_page() -> None:
    assert build().client().post("/push/cms", json={}).status_code in (404, 405)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"id": ""}, "articles[0].id"),
        ({"id": 7}, "articles[0].id"),
        ({"title": ""}, "articles[0]"),
        ({"html": ""}, "articles[0]"),
        ({"titel": "x"}, "articles[0].titel"),
        ({"published": "2026-01-20T05:30:00"}, "articles[0]"),
        ({"published": "gestern"}, "articles[0].published"),
        ({"url": "javascript:x"}, "articles[0].url"),
        ({"status": "deleted"}, "articles[0].status"),
        ({"tags": "one"}, "articles[0].tags"),
        ({"images": [{"url": "https://x.example/a b"}]}, "articles[0].images[0].url"),
    ],
)
def test_a_push_that_breaks_the_schema_is_refused_whole_and_says_where(
    desk: House, change: dict[str, Any], where: str
) -> None:
    answer = push(desk, {**ARTICLE, **change}, {**ARTICLE, "id": "sound"})
    assert answer.status_code == 422
    assert any(fault.startswith(where) for fault in answer.json()["errors"]), answer.json()
    assert eligible(desk) == []


def test_one_id_twice_in_a_push_is_refused(desk: House) -> None:
    assert push(desk, ARTICLE, ARTICLE).status_code == 422


def test_an_article_that_cannot_be_read_is_set_aside_and_the_others_are_taken(desk: House) -> None:
    deep = {**ARTICLE, "id": "deep", "html": "<div>" * 5000}
    answer = push(desk, deep, ARTICLE).json()
    assert (answer["new"], len(answer["set_aside"])) == (1, 1)


def test_a_push_may_be_longer_than_other_bodies_and_has_an_end(desk: House) -> None:
    long = {**ARTICLE, "text": "", "html": f"<p>{'가나다라 ' * 60_000}</p>"}
    assert push(desk, long).status_code == 200
    assert push(desk, {**ARTICLE, "html": "x" * 2_000_001}).status_code == 413
    assert desk.client().post("/unsubscribe/x", content=b"x" * 100_000).status_code == 413


def test_two_at_once_bring_one_article(desk: House) -> None:
    body = json.dumps({"articles": [ARTICLE]}).encode()

    def pushed(_: int) -> Received:
        return receive(desk.site.ports, DESK, body, domain="garam.example")

    with ThreadPoolExecutor(4) as desks:
        answers = list(desks.map(pushed, range(8)))
    assert sum(answer.new for answer in answers) == 1
    assert len(eligible(desk)) == 1


def test_the_schema_is_there_to_be_read(desk: House) -> None:
    told = desk.client().get("/push/schema.json").json()
    assert "articles" in told["properties"]


@given(
    ANY_JSON | st.fixed_dictionaries({"articles": st.lists(st.dictionaries(st.sampled_from(list(ARTICLE)), ANY_JSON))})
)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_no_push_of_any_shape_raises(said: Any) -> None:
    try:
        found = read_push(json.dumps(said).encode(), outlet="garam").reading.articles
    except Refused:
        return
    assert all(one.content.title for one in found)


@given(st.binary(max_size=200))
def test_no_bytes_raise(body: bytes) -> None:
    with pytest.raises(Refused):
        read_push(body, outlet="garam")
