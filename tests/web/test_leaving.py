"""Leaving: GET changes nothing, POST ends at once, strangers learn nothing (RFC 8058)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndication.core import links
from syndication.core.links import Purpose
from syndication.core.model import SubscriptionState
from syndication.ports import Store
from syndication.web.leaving import masked
from tests import factories
from tests.web.conftest import ENGLISH, House, build

ONE_CLICK = {"data": {"List-Unsubscribe": "One-Click"}}


@pytest.fixture
def stored(store: Store) -> House:
    """A house on each kind of Store."""
    return build(store)


def state(house: House, n: int = 0) -> SubscriptionState:
    found = house.store.subscription(house.readers[n].id)
    assert found is not None
    return found.state


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"])
def test_only_post_changes_anything(house: House, method: str) -> None:
    address = f"/u/{house.token(house.readers[0])}"
    house.client().request(method, address, headers={"purpose": "prefetch", "sec-purpose": "prefetch"})
    house.client().request(method, address + "?List-Unsubscribe=One-Click")
    assert state(house) is SubscriptionState.ACTIVE


def test_get_shows_one_button_and_nobody_keeps_or_passes_on_the_address(house: House) -> None:
    got = house.client().get(f"/u/{house.token(house.readers[0])}")
    assert got.status_code == 200
    assert got.text.count("<form") == got.text.count("<button") == 1
    assert 'method="post"' in got.text
    assert got.headers["cache-control"] == "no-store"
    assert got.headers["referrer-policy"] == "no-referrer"
    assert got.headers["x-robots-tag"] == "noindex"
    assert "script-src 'none'" in got.headers["content-security-policy"]
    assert "reader-1@example.com" not in got.text
    assert "re•••@example.com" in got.text


def test_a_one_click_post_ends_the_subscription_at_once_without_cookie_or_redirect(stored: House) -> None:
    got = stored.client().post(f"/u/{stored.token(stored.readers[0])}", **ONE_CLICK)
    assert got.status_code == 200
    assert "set-cookie" not in got.headers
    assert state(stored, 0) is SubscriptionState.ENDED
    assert state(stored, 1) is SubscriptionState.ACTIVE


@pytest.mark.parametrize(
    "values",
    [
        {"files": {"List-Unsubscribe": (None, "One-Click")}},
        {"data": {"from": "page"}},
        {"content": b""},
        {"content": b"--broken", "headers": {"content-type": "multipart/form-data"}},
        {"content": b"\xff\xfe", "headers": {"content-type": "application/x-www-form-urlencoded; charset=nonsense"}},
    ],
    ids=["multipart", "button", "empty", "broken multipart", "bytes"],
)
def test_every_form_of_post_ends_it(house: House, values: dict[str, object]) -> None:
    assert house.client().post(f"/u/{house.token(house.readers[0])}", **values).status_code == 200
    assert state(house) is SubscriptionState.ENDED


def test_posting_again_says_the_same(stored: House) -> None:
    client, address = stored.client(), f"/u/{stored.token(stored.readers[0])}"
    first, again = client.post(address, **ONE_CLICK), client.post(address, **ONE_CLICK)
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert "더는 보내지 않습니다" in client.get(address).text


def test_a_reader_who_came_back_can_leave_again_by_the_same_link(stored: House) -> None:
    client, address = stored.client(), f"/u/{stored.token(stored.readers[0])}"
    client.post(address, **ONE_CLICK)
    factories.subscribe(stored.store, 1)
    assert state(stored) is SubscriptionState.ACTIVE
    client.post(address, **ONE_CLICK)
    assert state(stored) is SubscriptionState.ENDED


def test_links_of_retired_keys_still_work(house: House) -> None:
    token = house.token(house.readers[0])
    newer = links.Keys(current="k2", secrets={"k2": b"another throw-away secret", **factories.KEYS.secrets})
    house.site = replace(house.site, keys=newer)
    house.client().post(f"/u/{token}", **ONE_CLICK)
    assert state(house) is SubscriptionState.ENDED


def wrong_links(house: House) -> dict[str, str]:
    reader, keys = house.readers[0], house.site.keys
    good = house.token(reader)
    unsubscribe = Purpose.UNSUBSCRIBE
    other = links.Keys(current="k1", secrets={"k1": b"not our secret"})
    return {
        "truncated": good[:-3],
        "changed": good[:-1] + ("A" if good[-1] != "A" else "B"),
        "for another purpose": house.token(reader, Purpose.MANAGE),
        "forged": links.sign(links.Token(purpose=unsubscribe, number=reader.id), other),
        "unknown key": "k9." + good.partition(".")[2],
        "expired": links.sign(links.Token(purpose=unsubscribe, number=reader.id, expires=1), keys),
        "nobody": links.sign(links.Token(purpose=unsubscribe, number=99_999), keys),
        "beyond every id": links.sign(links.Token(purpose=unsubscribe, number=2**64 - 1), keys),
        "nonsense": "x",
        "percent": "%00%ff",
        "long": "k1." + "A" * 3000,
    }


def test_every_link_that_does_not_work_gets_one_and_the_same_answer(stored: House) -> None:
    client = stored.client()
    for method in ("GET", "POST"):
        answers = {name: client.request(method, f"/u/{token}") for name, token in wrong_links(stored).items()}
        assert {a.status_code for a in answers.values()} == {404}
        assert len({a.content for a in answers.values()}) == 1
        assert len({tuple(sorted(a.headers.items())) for a in answers.values()}) == 1
    assert state(stored) is SubscriptionState.ACTIVE


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_characters="/?#\\"), min_size=1, max_size=80))
def test_no_text_as_a_token_breaks_or_ends_anything(token: str) -> None:
    house = build()
    assert house.client().post("/u/" + "".join(f"%{b:02x}" for b in token.encode())).status_code == 404
    assert state(house) is SubscriptionState.ACTIVE


def test_a_reader_of_another_language_is_asked_in_it(house: House) -> None:
    reader = house.store.subscribe(
        address="Reader-9@Example.com",
        key=links.address_key("Reader-9@Example.com", factories.KEYS),
        edition_id=ENGLISH.id,
        choices=house.readers[0].choices,
        consent=factories.Consent(at=factories.MORNING, how="sample", text_version="sample-1"),
        language="en",
    )
    got = house.client().get(f"/u/{house.token(reader)}")
    assert '<html lang="en">' in got.text
    assert "Stop receiving “Garam Weekend”?" in got.text


def test_a_body_beyond_the_limit_is_refused_and_changes_nothing(house: House) -> None:
    got = house.client().post(f"/u/{house.token(house.readers[0])}", content=b"a" * 70_000)
    assert got.status_code == 413
    assert state(house) is SubscriptionState.ACTIVE


@pytest.mark.parametrize(
    ("address", "shown"),
    [("reader@example.com", "re•••@example.com"), ("ab@example.com", "a•••@example.com"), ("a@b.kr", "•••@b.kr")],
)
def test_a_masked_address_never_shows_its_whole_local_part(address: str, shown: str) -> None:
    assert masked(address) == shown


def test_another_method_is_told_which_ones_there_are(house: House) -> None:
    refused = house.client().request("PUT", f"/u/{house.token(house.readers[0])}")
    assert refused.status_code == 405
    assert set(refused.headers["allow"].split(", ")) == {"GET", "HEAD", "POST"}
    assert set(house.client().post("/daily").headers["allow"].split(", ")) == {"GET", "HEAD"}
