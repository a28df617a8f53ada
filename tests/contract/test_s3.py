"""What is particular to a bucket: headers, conditions, checksums, and a sentence for everything that goes wrong."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import io
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from syndication.adapters.s3 import FOR_EVER, Bucket, S3Publisher
from syndication.ports import Outrun, Permanent, Transient
from tests.bucket import NAME, READER, SeaweedFS

RSS = "application/rss+xml; charset=utf-8"
FEED = "feeds/section/사회/articles.rss"
BODY = "<rss>가람</rss>".encode() * 500


@pytest.fixture(scope="module")
def seaweed() -> Iterator[SeaweedFS]:
    with SeaweedFS() as server:
        yield server


@pytest.fixture
def bucket(seaweed: SeaweedFS) -> Bucket:
    return seaweed.bucket()


def stored(bucket: Bucket, path: str) -> Any:
    return bucket.client().get_object(Bucket=bucket.name, Key=f"{bucket.prefix}/{path}")


# --- how objects stand there -----------------------------------------------------------------


def test_a_feed_is_stored_packed_with_its_type_and_a_life_of_minutes(bucket: Bucket) -> None:
    S3Publisher(bucket).publish(FEED, BODY, RSS)
    found = stored(bucket, FEED)
    sent = found["Body"].read()
    assert gzip.decompress(sent) == BODY
    assert len(sent) < len(BODY) / 10
    assert (found["ContentType"], found["ContentEncoding"]) == (RSS, "gzip")
    assert found["CacheControl"] == "public, max-age=300, stale-while-revalidate=3600, stale-if-error=86400"
    assert found["Metadata"]["sha256"] == hashlib.sha256(BODY).hexdigest()
    assert found["ETag"].strip('"') == hashlib.md5(sent).hexdigest(), "a strong ETag of exactly what is sent"


def test_small_files_and_pictures_are_stored_as_they_are(bucket: Bucket) -> None:
    publisher = S3Publisher(bucket)
    picture = b"\xff\xd8" + b"sample" * 500
    publisher.publish("pictures/ab/abc.jpg", picture, "image/jpeg", lasting=True)
    publisher.publish("feeds/small.rss", b"<rss/>", RSS)
    found = stored(bucket, "pictures/ab/abc.jpg")
    assert (found["Body"].read(), found.get("ContentEncoding"), found["CacheControl"]) == (picture, None, FOR_EVER)
    assert stored(bucket, "feeds/small.rss")["Body"].read() == b"<rss/>"


def test_where_the_cdn_packs_itself_nothing_is_packed_here(bucket: Bucket) -> None:
    S3Publisher(bucket).publish(FEED, BODY, RSS)
    plain = replace(bucket, gzip=False, max_age=timedelta(hours=1))
    assert S3Publisher(plain).publish(FEED, BODY, RSS), "its headers change, so it is written once more"
    found = stored(bucket, FEED)
    assert (found["Body"].read(), found.get("ContentEncoding")) == (BODY, None)
    assert found["CacheControl"].startswith("public, max-age=3600,")
    assert not S3Publisher(plain).publish(FEED, BODY, RSS)


def test_nothing_is_sent_when_the_bytes_are_the_same(bucket: Bucket) -> None:
    publisher = S3Publisher(bucket)
    publisher.publish(FEED, BODY, RSS)
    sent = counted(publisher)
    assert not publisher.publish(FEED, BODY, RSS)
    assert not publisher.publish(FEED, BODY, RSS, over=publisher.mark(FEED))
    assert sent["PutObject"] == 0


def test_a_changed_file_costs_one_look_and_one_write(bucket: Bucket) -> None:
    publisher = S3Publisher(bucket)
    publisher.publish(FEED, BODY, RSS)
    sent = counted(publisher)
    assert publisher.publish(FEED, BODY + b"!", RSS, over=publisher.mark(FEED))
    assert sent == {"HeadObject": 1, "PutObject": 1}


def counted(publisher: S3Publisher) -> dict[str, int]:
    sent = {"HeadObject": 0, "PutObject": 0}

    def count(model: Any, **_: Any) -> None:
        sent[model.name] += 1

    publisher._client().meta.events.register("before-call.s3", count)
    return sent


def test_what_somebody_else_put_there_is_replaced(bucket: Bucket) -> None:
    bucket.client().put_object(Bucket=bucket.name, Key=f"{bucket.prefix}/{FEED}", Body=BODY)
    publisher = S3Publisher(bucket)
    assert publisher.read(FEED) == BODY
    assert publisher.digest(FEED) is None
    assert publisher.publish(FEED, BODY, RSS, over=publisher.mark(FEED))
    assert publisher.digest(FEED) == hashlib.sha256(BODY).hexdigest()


def test_a_removed_file_outruns_who_wanted_to_replace_it(bucket: Bucket) -> None:
    publisher = S3Publisher(bucket)
    publisher.publish(FEED, BODY, RSS)
    mark = publisher.mark(FEED)
    bucket.client().delete_object(Bucket=bucket.name, Key=f"{bucket.prefix}/{FEED}")
    with pytest.raises(Outrun):
        publisher.publish(FEED, BODY + b"!", RSS, over=mark)
    assert publisher.publish(FEED, BODY + b"!", RSS, over=publisher.mark(FEED))


def test_the_store_itself_refuses_bytes_that_changed_on_their_way(bucket: Bucket) -> None:
    publisher = S3Publisher(bucket)

    def spoil(request: Any, **_: Any) -> None:
        request.body = io.BytesIO(b"X" + request.body.read()[1:])

    publisher._client().meta.events.register("before-send.s3.PutObject", spoil)
    with pytest.raises(Transient, match="changed on their way"):
        publisher.publish(FEED, BODY, RSS)
    assert S3Publisher(bucket).read(FEED) is None


def test_half_a_packed_file_is_not_given_out(bucket: Bucket) -> None:
    key, half = f"{bucket.prefix}/{FEED}", gzip.compress(BODY)[:-20]
    bucket.client().put_object(Bucket=bucket.name, Key=key, Body=half, ContentEncoding="gzip")
    with pytest.raises(Transient, match="not whole"):
        S3Publisher(bucket).read(FEED)


# --- what goes wrong -------------------------------------------------------------------------


def every_way(bucket: Bucket) -> list[Callable[[], object]]:
    publisher = S3Publisher(bucket)
    return [
        lambda: publisher.publish(FEED, BODY, RSS),
        lambda: publisher.publish(FEED, BODY, RSS, over=""),
        publisher.try_out,
    ]


def test_wrong_keys_say_where_the_right_ones_are_named(bucket: Bucket) -> None:
    for wrong in (replace(bucket, access_key="stranger"), replace(bucket, secret_key="another")):
        for call in every_way(wrong):
            with pytest.raises(Permanent) as told:
                call()
            assert "access_key_from" in str(told.value) or "s3:PutObject" in str(told.value)
            assert "stranger" not in str(told.value)
            assert "another" not in str(told.value)


def test_keys_that_may_only_read_say_what_is_to_be_allowed(seaweed: SeaweedFS) -> None:
    for call in every_way(seaweed.bucket(READER)):
        with pytest.raises(Permanent, match=r"allow s3:GetObject and s3:PutObject on garam-feeds/t\w+/\*"):
            call()


def test_a_bucket_that_is_not_there_says_so(seaweed: SeaweedFS) -> None:
    for call in every_way(seaweed.bucket(name="never-made")):
        with pytest.raises(Permanent, match="no such bucket: make it"):
            call()


def test_without_any_credentials_it_says_where_they_are_named(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    with pytest.raises(Permanent, match="no credentials were found"):
        S3Publisher(replace(bucket, access_key=None, secret_key=None)).publish(FEED, BODY, RSS)


@contextmanager
def stand_in(answer: Callable[[http.server.BaseHTTPRequestHandler], None]) -> Iterator[Bucket]:
    """A port that answers every request in its own way."""

    class Desk(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self.answer()

        def do_GET(self) -> None:
            self.answer()

        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.answer()

        def answer(self) -> None:
            try:
                answer(self)
            except OSError:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Desk)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    short = timedelta(seconds=1)
    try:
        yield Bucket(
            name=NAME,
            region="us-east-1",
            endpoint=f"http://127.0.0.1:{server.server_address[1]}",
            access_key="k",
            secret_key="s",
            connect_time=short,
            answer_time=short,
        )
    finally:
        server.shutdown()
        server.server_close()


def refusing(status: int, code: str, **headers: str) -> Callable[[http.server.BaseHTTPRequestHandler], None]:
    def answer(desk: http.server.BaseHTTPRequestHandler) -> None:
        if desk.command == "HEAD":
            desk.send_response(404)
            desk.send_header("Content-Length", "0")
            desk.end_headers()
            return
        body = f"<Error><Code>{code}</Code><Message>secret words</Message></Error>".encode()
        desk.send_response(status)
        for name, value in headers.items():
            desk.send_header(name, value)
        desk.send_header("Content-Length", str(len(body)))
        desk.end_headers()
        desk.wfile.write(body)

    return answer


@pytest.mark.parametrize(
    ("status", "code", "kind", "words"),
    [
        (500, "InternalError", Transient, "trouble of its own"),
        (502, "", Transient, "trouble of its own"),
        (503, "SlowDown", Transient, "trouble of its own"),
        (503, "ServiceUnavailable", Transient, "trouble of its own"),
        (400, "RequestTimeout", Transient, "trouble of its own"),
        (400, "ExpiredToken", Transient, "credentials have expired"),
        (400, "XAmzContentChecksumMismatch", Transient, "changed on their way"),
        (403, "AccessDenied", Permanent, "allow s3:GetObject and s3:PutObject"),
        (403, "InvalidAccessKeyId", Permanent, "access_key_from"),
        (403, "SignatureDoesNotMatch", Permanent, "secret_key_from"),
        (403, "RequestTimeTooSkewed", Permanent, "clock is wrong"),
        (404, "NoSuchBucket", Permanent, r"correct \[publish\] bucket"),
        (400, "AuthorizationHeaderMalformed", Permanent, r"correct \[publish\] region"),
        (501, "NotImplemented", Permanent, "conditional writes"),
        (400, "EntityTooLarge", Permanent, "too large"),
        (400, "SomethingNew", Permanent, "SomethingNew"),
        (400, "<b>&", Permanent, "400"),
        (409, "ConditionalRequestConflict", Outrun, "replaced"),
    ],
)
def test_each_refusal_becomes_the_right_error_with_a_sentence(
    status: int, code: str, kind: type[Exception], words: str
) -> None:
    code = code.replace("&", "&amp;").replace("<", "&lt;")
    with stand_in(refusing(status, code)) as bucket, pytest.raises(kind, match=words) as told:
        S3Publisher(bucket).publish(FEED, BODY, RSS, over="")
    assert type(told.value) is kind
    assert "secret words" not in str(told.value)


def test_a_store_that_does_not_answer_in_time_is_transient() -> None:
    def slow(desk: http.server.BaseHTTPRequestHandler) -> None:
        time.sleep(5)

    began = time.monotonic()
    with stand_in(slow) as bucket, pytest.raises(Transient, match="does not answer"):
        S3Publisher(bucket).publish(FEED, BODY, RSS)
    assert time.monotonic() - began < 30


def test_a_store_that_is_not_there_is_transient(seaweed: SeaweedFS) -> None:
    nobody = replace(seaweed.bucket(), endpoint="http://127.0.0.1:9", connect_time=timedelta(seconds=1))
    for call in every_way(nobody):
        with pytest.raises(Transient, match="does not answer"):
            call()


def test_a_store_that_overwrites_in_spite_of_conditions_is_found_out_when_tried() -> None:
    kept: dict[str, tuple[bytes, dict[str, str]]] = {}

    def careless(desk: http.server.BaseHTTPRequestHandler) -> None:
        if desk.command == "PUT":
            kept[desk.path] = (b"Feeds can be published here.\n", {})
        body, _ = kept.get(desk.path, (b"", {}))
        desk.send_response(200 if desk.path in kept else 404)
        desk.send_header("ETag", '"1"')
        desk.send_header("Last-Modified", "Tue, 20 Jan 2026 21:00:00 GMT")
        desk.send_header("Content-Length", str(len(body) if desk.command == "GET" else 0))
        desk.end_headers()
        desk.wfile.write(body if desk.command == "GET" else b"")

    with stand_in(careless) as bucket, pytest.raises(Permanent, match="overwrites in spite of If-None-Match"):
        S3Publisher(bucket).try_out()


def test_a_write_whose_answer_was_lost_is_known_again(bucket: Bucket) -> None:
    """The first PUT arrives and its answer does not: the repeated one meets what it wrote itself."""
    publisher = S3Publisher(bucket)
    publisher.publish(FEED, b"old" * 300, RSS)
    mark, client, lost = publisher.mark(FEED), publisher._client(), []

    def lose(http_response: Any, parsed: Any, **_: Any) -> None:
        if not lost:
            lost.append(True)
            parsed["Error"] = {"Code": "PreconditionFailed", "Message": ""}
            parsed["ResponseMetadata"] = {"HTTPStatusCode": 412}
            raise ClientError(parsed, "PutObject")

    client.meta.events.register("after-call.s3.PutObject", lose)
    assert publisher.publish(FEED, BODY, RSS, over=mark)
    assert lost
    assert publisher.read(FEED) == BODY


def test_a_fork_gets_connections_of_its_own(bucket: Bucket) -> None:
    publisher = S3Publisher(bucket)
    publisher.publish(FEED, BODY, RSS)
    mine = publisher._client()
    assert publisher._client() is mine
    publisher._clients = {0: mine}  # as a child finds it
    assert publisher._client() is not mine
