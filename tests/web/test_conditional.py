"""When a client's copy is still good, and how bytes are packed (RFC 9110)."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.web.conditional import answer, asked_of, entity_tag, http_date, pack, takes_gzip, unchanged

CHANGED = datetime(2026, 1, 19, 21, 30, 5, 250_000, tzinfo=UTC)
LONG = "가람시의 아침 소식 ".encode() * 200


def ask(body: bytes = LONG, **headers: str) -> dict[str, str]:
    asked = {name.replace("_", "-"): value for name, value in headers.items()}
    found = answer(body, asked=asked, content_type="text/xml", cache_control="public", changed_at=CHANGED)
    return {"status": str(found.status), "length": str(len(found.body)), **dict(found.headers)}


def test_the_etag_is_strong_and_another_for_gzip() -> None:
    plain, packed = ask(), ask(accept_encoding="gzip")
    assert plain["ETag"].startswith('"')
    assert packed["ETag"].startswith('"')
    assert plain["ETag"] != packed["ETag"]
    assert packed["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain


@given(st.binary(max_size=2000), st.binary(max_size=2000))
def test_etags_are_equal_exactly_when_the_bytes_are(one: bytes, other: bytes) -> None:
    assert (entity_tag(one) == entity_tag(other)) is (one == other)


@given(st.binary(max_size=5000))
def test_gzip_is_reproducible_and_lossless(body: bytes) -> None:
    assert pack(body) == gzip.compress(body, compresslevel=6, mtime=0)
    assert pack(body)[4:8] == b"\0\0\0\0"
    assert gzip.decompress(pack(body)) == body


def test_304_repeats_what_a_cache_needs_and_has_no_body() -> None:
    first = ask(accept_encoding="gzip")
    again = ask(accept_encoding="gzip", if_none_match=first["ETag"])
    assert (again["status"], again["length"]) == ("304", "0")
    for name in ("ETag", "Cache-Control", "Vary", "Last-Modified"):
        assert again[name] == first[name]
    assert "Content-Type" not in again
    assert "Content-Length" not in again


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', '"other" ,W/{}', "*", " {} "])
def test_if_none_match_compares_weakly_and_takes_lists_and_the_star(form: str) -> None:
    tag = ask()["ETag"]
    assert ask(if_none_match=form.format(tag))["status"] == "304"


def test_a_field_that_comes_several_times_is_one_list() -> None:
    tag = ask()["ETag"]
    for tags in ((tag, '"other"'), ('"other"', tag)):
        asked = asked_of([("If-None-Match", tags[0]), ("Accept", "*/*"), ("if-none-match", tags[1])])
        assert asked["accept"] == "*/*"
        assert answer(LONG, asked=asked, content_type="text/xml", cache_control="public").status == 304


@pytest.mark.parametrize("tags", ['"other"', "", "{bare}", '"a"b"'])
def test_another_tag_gets_the_bytes(tags: str) -> None:
    bare = ask()["ETag"].strip('"')
    assert ask(if_none_match=tags.format(bare=bare))["status"] == "200"


def test_the_tag_of_one_encoding_does_not_answer_for_the_other() -> None:
    assert ask(accept_encoding="gzip", if_none_match=ask()["ETag"])["status"] == "200"


def test_if_none_match_beats_if_modified_since() -> None:
    later = http_date(CHANGED + timedelta(days=1))
    assert ask(if_none_match='"other"', if_modified_since=later)["status"] == "200"
    assert ask(if_none_match=ask()["ETag"], if_modified_since=http_date(CHANGED - timedelta(days=1)))["status"] == "304"


def test_if_modified_since_counts_in_whole_seconds() -> None:
    assert ask(if_modified_since=ask()["Last-Modified"])["status"] == "304"
    assert ask(if_modified_since=http_date(CHANGED + timedelta(hours=1)))["status"] == "304"
    assert ask(if_modified_since=http_date(CHANGED - timedelta(seconds=1)))["status"] == "200"


@given(st.text(max_size=60))
def test_any_text_as_a_date_or_tag_is_survived(text: str) -> None:
    assert isinstance(unchanged({"if-modified-since": text}, '"x"', CHANGED), bool)
    assert unchanged({"if-none-match": text}, '"0123456789abcdef0123456789abcdef"', CHANGED) is (text.strip() == "*")
    assert isinstance(takes_gzip(text), bool)


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("gzip", True),
        ("GZIP", True),
        ("deflate, gzip;q=0.5", True),
        ("br, *", True),
        ("x-gzip", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000, *", False),
        ("identity", False),
        ("", False),
        ("br;q=1.0, *;q=0", False),
        ("gzip;q=nonsense", False),
    ],
)
def test_gzip_is_sent_to_those_who_accept_it(accepted: str, packed: bool) -> None:
    assert ("Content-Encoding" in ask(accept_encoding=accepted)) is packed


def test_a_tiny_body_is_not_packed() -> None:
    assert "Content-Encoding" not in ask(b"<rss/>", accept_encoding="gzip")
