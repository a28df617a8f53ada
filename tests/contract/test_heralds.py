"""What hubs and search engines are sent, and what their answers mean."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qs

import pytest

from syndication.adapters.indexnow import SearchHerald
from syndication.adapters.websub import HubHerald
from syndication.core.model import Reach, Verdict
from syndication.ports import Herald
from tests.contract.endpoint import Endpoint, serving

TOPIC = "https://garam.example/feeds/section/%EC%82%AC%ED%9A%8C/articles.rss"
PAGES = [
    "https://garam.example/daily/2026-01-20",
    "https://garam.example/news/1?a=1&b=%20",
    "https://garam.example/기사",
]
KEY = "0f26d5e892544f74b806ec5c5522e6a1"
QUICK = timedelta(seconds=2)


@pytest.fixture
def far() -> Iterator[Endpoint]:
    with serving() as told:
        told.answers(202)
        yield told


def hub(url: str, **values: object) -> HubHerald:
    return HubHerald(url, **{"user_agent": "syndication/test", "timeout": QUICK, "loopback": True, **values})  # type: ignore[arg-type]


def search(url: str, **values: object) -> SearchHerald:
    words = {"home": "https://garam.example/", "key": KEY, "user_agent": "syndication/test", "timeout": QUICK}
    return SearchHerald(url, **{**words, "loopback": True, **values})  # type: ignore[arg-type]


def test_a_hub_is_told_of_one_feed_under_both_names_that_hubs_know(far: Endpoint) -> None:
    assert hub(f"{far.url}/hub?token=1").tell([TOPIC]).verdict is Verdict.ACCEPTED
    ((path, headers, body),) = far.taken
    assert path == "/hook/hub?token=1"
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    assert headers["user-agent"] == "syndication/test"
    assert parse_qs(body.decode()) == {"hub.mode": ["publish"], "hub.topic": [TOPIC], "hub.url": [TOPIC]}


def test_an_engine_is_told_of_pages_with_the_key_and_where_it_stands(far: Endpoint) -> None:
    assert search(f"{far.url}/indexnow").tell(PAGES).verdict is Verdict.ACCEPTED
    ((path, headers, body),) = far.taken
    assert path == "/hook/indexnow"
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert json.loads(body) == {
        "host": "garam.example",
        "key": KEY,
        "keyLocation": f"https://garam.example/{KEY}.txt",
        "urlList": [*PAGES[:2], "https://garam.example/%EA%B8%B0%EC%82%AC"],
    }


@pytest.mark.parametrize(
    ("status", "verdict", "reach"),
    [
        (200, Verdict.ACCEPTED, Reach.DELIVERY),
        (204, Verdict.ACCEPTED, Reach.DELIVERY),
        (302, Verdict.DEFERRED, Reach.TRANSPORT),
        (400, Verdict.REFUSED, Reach.DELIVERY),
        (404, Verdict.REFUSED, Reach.TRANSPORT),
        (410, Verdict.REFUSED, Reach.TRANSPORT),
        (422, Verdict.REFUSED, Reach.DELIVERY),
        (429, Verdict.DEFERRED, Reach.TRANSPORT),
        (500, Verdict.DEFERRED, Reach.TRANSPORT),
        (503, Verdict.DEFERRED, Reach.TRANSPORT),
    ],
)
def test_what_a_hub_answers(far: Endpoint, status: int, verdict: Verdict, reach: Reach) -> None:
    far.answers(status)
    outcome = hub(far.url).tell([TOPIC])
    assert (outcome.verdict, outcome.reach, outcome.code) == (verdict, reach, f"HTTP {status}")


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, Verdict.ACCEPTED),
        (202, Verdict.ACCEPTED),
        (400, Verdict.REFUSED),
        (403, Verdict.DEFERRED),
        (422, Verdict.REFUSED),
        (429, Verdict.DEFERRED),
        (500, Verdict.DEFERRED),
    ],
)
def test_what_an_engine_answers(far: Endpoint, status: int, verdict: Verdict) -> None:
    far.answers(status)
    outcome = search(far.url).tell(PAGES)
    assert (outcome.verdict, outcome.code) == (verdict, f"HTTP {status}")
    assert outcome.reach is (Reach.DELIVERY if verdict is Verdict.ACCEPTED else Reach.TRANSPORT)


@pytest.mark.parametrize("make", [hub, search])
@pytest.mark.parametrize(
    ("said", "wait"),
    [
        ("120", timedelta(minutes=2)),
        ("999999999999", timedelta(days=1)),
        ("-5", None),
        ("soon", None),
        ("Wed, 21 Jan 2026 00:00:10 GMT", timedelta(seconds=10)),
    ],
)
def test_retry_after_is_read_within_reason(far: Endpoint, make: type, said: str, wait: timedelta | None) -> None:
    far.answers(503, {"Retry-After": said, "Date": "Wed, 21 Jan 2026 00:00:00 GMT"})
    assert make(far.url).tell([TOPIC]).retry_after == wait


@pytest.mark.parametrize("make", [hub, search])
def test_nobody_at_home_puts_everything_off(make: type) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
    outcome = make(url).tell([TOPIC])
    assert (outcome.verdict, outcome.reach) == (Verdict.DEFERRED, Reach.TRANSPORT)


@pytest.mark.parametrize("make", [hub, search])
def test_one_that_never_answers_is_left_in_time(make: type) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(5)
        outcome = make(f"http://127.0.0.1:{deaf.getsockname()[1]}/", timeout=timedelta(seconds=0.3)).tell([TOPIC])
    assert (outcome.verdict, outcome.reach) == (Verdict.DEFERRED, Reach.TRANSPORT)


@pytest.mark.parametrize("make", [hub, search])
@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/",
        "http://[::1]:1/",
        "http://2130706433/",
        "http://169.254.169.254/latest",
        "ftp://hub.example/",
        "http://user:sesame@hub.example/",
        "no address",
    ],
)
def test_what_must_not_be_connected_to_is_refused_for_everything(make: type, url: str) -> None:
    outcome = make(url, loopback=False).tell([TOPIC])
    assert (outcome.verdict, outcome.reach, outcome.code) == (Verdict.REFUSED, Reach.TRANSPORT, "address")
    assert "sesame" not in (outcome.reason or "")


def test_a_public_name_that_leads_to_this_machine_is_refused(far: Endpoint) -> None:
    herald: Herald = hub(
        far.url.replace("127.0.0.1", "hub.example"), loopback=False, resolver=lambda host, port: ["127.0.0.1"]
    )
    assert herald.tell([TOPIC]).code == "address"
    assert far.taken == []


def test_a_redirect_is_not_followed(far: Endpoint) -> None:
    far.answers(307, {"Location": f"{far.url}/elsewhere"})
    hub(f"{far.url}/hub").tell([TOPIC])
    assert [path for path, _, _ in far.taken] == ["/hook/hub"]
