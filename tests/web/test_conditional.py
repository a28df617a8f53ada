"""When a client's copy is still good, and how bytes are packed (RFC 9110)."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.web.conditional import (
    answer,
    asked_of,
    coding_for,
    entity_tag,
    http_date,
    instant,
    match,
    none_match,
    packed,
)

LONG = "가람시의 아침 소식 ".encode() * 200
TAG = '"0123456789abcdef0123456789abcdef"'


def ask(body: bytes = LONG, **headers: str) -> dict[str, str]:
    asked = {name.replace("_", "-"): value for name, value in headers.items()}
    found = answer(body, asked=asked, content_type="text/html", cache_control="public")
    return {"status": str(found.status), "length": str(len(found.body)), **dict(found.headers)}


def test_the_etag_is_strong_and_another_for_gzip() -> None:
    plain, zipped = ask(), ask(accept_encoding="gzip")
    assert plain["ETag"].startswith('"')
    assert zipped["ETag"].startswith('"')
    assert plain["ETag"] != zipped["ETag"]
    assert zipped["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain


@given(st.binary(max_size=2000), st.binary(max_size=2000))
def test_etags_are_equal_exactly_when_the_bytes_are(one: bytes, other: bytes) -> None:
    assert (entity_tag(one) == entity_tag(other)) is (one == other)


@given(st.binary(max_size=5000))
def test_packing_is_reproducible_and_lossless(body: bytes) -> None:
    assert packed(body, "gzip") == gzip.compress(body, compresslevel=6, mtime=0)
    assert packed(body, "gzip")[4:8] == b"\0\0\0\0"
    assert gzip.decompress(packed(body, "gzip")) == body
    assert packed(body, "br") == packed(body, "br")
    assert brotli.decompress(packed(body, "br")) == body
    assert packed(body, "identity") == body


def test_304_repeats_what_a_cache_needs_and_has_no_body() -> None:
    first = ask(accept_encoding="gzip")
    again = ask(accept_encoding="gzip", if_none_match=first["ETag"])
    assert (again["status"], again["length"]) == ("304", "0")
    for name in ("ETag", "Cache-Control", "Vary"):
        assert again[name] == first[name]
    assert "Content-Type" not in again
    assert "Content-Length" not in again


@pytest.mark.parametrize(
    "form", ["{}", "W/{}", '"other", {}', '"other" ,W/{}', "*", " {} ", ',, "a,b",\t{} ,', 'W/"", {}', '"\xe9",{}']
)
def test_if_none_match_compares_weakly_and_takes_lists_and_the_star(form: str) -> None:
    assert none_match(form.format(TAG), TAG)


@pytest.mark.parametrize(
    "tags",
    [
        '"other"',
        "",
        "{bare}",
        '"a"b"',
        '"a" {tag}',
        "w/{tag}",
        "W/ {tag}",
        "*, {tag}x",
        '"{bare}',
        '"x,{bare}"',
        "\t, ,",
    ],
)
def test_another_tag_or_none_gets_the_bytes(tags: str) -> None:
    assert not none_match(tags.format(tag=TAG, bare=TAG.strip('"')), TAG)


def test_if_match_compares_strongly() -> None:
    assert match(f'"other", {TAG}', TAG)
    assert match("*", TAG)
    assert not match(f"W/{TAG}", TAG)
    assert not match('"other"', TAG)


def test_a_field_that_comes_several_times_is_one_list() -> None:
    tag = ask()["ETag"]
    for tags in ((tag, '"other"'), ('"other"', tag)):
        asked = asked_of([("If-None-Match", tags[0]), ("Accept", "*/*"), ("if-none-match", tags[1])])
        assert asked["accept"] == "*/*"
        assert answer(LONG, asked=asked, content_type="text/html", cache_control="public").status == 304


def test_the_tag_of_one_encoding_does_not_answer_for_the_other() -> None:
    assert ask(accept_encoding="gzip", if_none_match=ask()["ETag"])["status"] == "200"


@pytest.mark.parametrize(
    "text", ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
)
def test_the_three_forms_of_a_date_are_one_instant(text: str) -> None:
    assert instant(text) == datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)))
def test_a_date_is_read_as_it_was_written(at: datetime) -> None:
    assert instant(http_date(at)) == at.replace(microsecond=0)


@given(st.text(max_size=60))
def test_any_text_as_a_date_a_tag_or_an_encoding_is_survived(text: str) -> None:
    assert instant(text) is None or instant(text).tzinfo is UTC  # type: ignore[union-attr]
    assert none_match(text, TAG) is (text.strip() == "*")
    assert coding_for(text) in ("br", "gzip", "identity")


def test_a_very_long_list_of_tags_is_read_in_no_time() -> None:
    for hostile in ('"a",' * 100_000, '"a"' * 100_000, "," * 100_000, '"' * 100_000, " \t" * 100_000, "W/" * 100_000):
        assert not none_match(hostile, TAG)


@pytest.mark.parametrize(
    ("accepted", "sent"),
    [
        (None, "identity"),
        ("", "identity"),
        ("identity", "identity"),
        ("gzip", "gzip"),
        ("GZIP", "gzip"),
        ("x-gzip", "gzip"),
        ("br", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=0.5, gzip;q=0.8", "gzip"),
        ("br;q=0.8, gzip;q=0.8", "br"),
        ("deflate, gzip;q=0.5", "gzip"),
        ("*", "br"),
        ("br;q=0, *", "gzip"),
        ("gzip, *;q=0", "gzip"),
        ("identity;q=0.5, *;q=0", "identity"),
        ("gzip;q=0.5, identity", "identity"),
        ("gzip;q=0.5, identity;q=0.5", "gzip"),
        ("gzip;q=0", "identity"),
        ("gzip; q=0.000, br;q=0, *", "identity"),
        ("br;q=1.0, *;q=0", "br"),
        ("gzip;q=nonsense", "identity"),
        ("gzip;q=2, br;q=0.1", "br"),
        ("gzip;q=0.0001", "identity"),
        ("gzip ; Q=0.5", "gzip"),
        ("identity;q=0", "identity"),
        (",,gzip,,", "gzip"),
    ],
)
def test_the_coding_is_the_one_that_is_asked_for_most(accepted: str | None, sent: str) -> None:
    assert coding_for(accepted) == sent


def test_pages_are_sent_in_gzip_alone() -> None:
    assert ask(accept_encoding="br, gzip;q=0.1")["Content-Encoding"] == "gzip"


def test_a_tiny_body_is_not_packed() -> None:
    assert "Content-Encoding" not in ask(b"<rss/>", accept_encoding="gzip")
