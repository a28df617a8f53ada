"""Keepers of copies are told what changed: by a signed webhook, and by a call of CloudFront's."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from standardwebhooks.webhooks import Webhook

from syndication.adapters.s3 import Bucket
from syndication.adapters.s3.cloudfront import CloudFront, folded
from syndication.adapters.webhook import WebhookPortal
from syndication.adapters.webhook.copies import WebhookInvalidation
from syndication.bootstrap import everybody
from syndication.ports import Permanent, Transient
from tests.contract.endpoint import NEW, QUICK, Endpoint, closed_port, serving

PATHS = ["daily/2026-01-20/index.html", "feeds/section/사회/articles.rss"]


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serving() as told:
        yield told


def webhook(url: str) -> WebhookInvalidation:
    return WebhookInvalidation(
        url,
        NEW,
        home="https://feeds.garam.example",
        now=lambda: datetime.now(UTC),
        portal=WebhookPortal(QUICK),
        loopback=True,
    )


def test_a_webhook_tells_paths_and_addresses_under_a_signature_that_others_verify(endpoint: Endpoint) -> None:
    webhook(endpoint.answers(204))(PATHS)
    ((_, headers, body),) = endpoint.taken
    told = Webhook(NEW).verify(body, headers)
    assert told["type"] == "files.changed"
    assert told["data"]["paths"] == PATHS
    assert told["data"]["urls"][1] == ("https://feeds.garam.example/feeds/section/%EC%82%AC%ED%9A%8C/articles.rss")
    assert json.loads(body)["timestamp"]


@pytest.mark.parametrize(("status", "kind"), [(500, Transient), (429, Transient), (403, Permanent), (410, Permanent)])
def test_a_refusal_of_the_webhook_is_one_of_the_ports_errors(
    status: int, kind: type[Exception], endpoint: Endpoint
) -> None:
    with pytest.raises(kind, match="invalidate_url"):
        webhook(endpoint.answers(status))(PATHS)


def test_a_webhook_that_nobody_listens_to_is_transient() -> None:
    with pytest.raises(Transient):
        webhook(f"http://127.0.0.1:{closed_port()}/")(PATHS)


# --- CloudFront ------------------------------------------------------------------------------

_MADE = (
    b'<?xml version="1.0"?><Invalidation xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"><Id>I1</Id>'
    b"<Status>InProgress</Status></Invalidation>"
)


def cloudfront(endpoint: str) -> CloudFront:
    bucket = Bucket(name="garam-feeds", region="ap-northeast-2", access_key="k", secret_key="s")
    bucket = replace(bucket, connect_time=QUICK, answer_time=QUICK)
    return CloudFront("E2EXAMPLE12345", bucket, endpoint=endpoint.removesuffix("/hook"))


def test_cloudfront_is_told_the_paths_as_it_knows_them(endpoint: Endpoint) -> None:
    cloudfront(endpoint.answers(201, {"Content-Type": "text/xml"}, _MADE))(PATHS)
    ((path, _, body),) = endpoint.taken
    assert path.endswith("/distribution/E2EXAMPLE12345/invalidation")
    asked = [node.text for node in ET.fromstring(body).iter() if node.tag.endswith("}Path")]
    assert asked == folded(PATHS)


def test_a_page_is_named_by_every_address_it_has_and_many_files_of_one_folder_by_one_wildcard() -> None:
    assert folded(["daily/2026-01-20/index.html"]) == [
        "/daily/2026-01-20",
        "/daily/2026-01-20/",
        "/daily/2026-01-20/index.html",
    ]
    assert folded(["index.html"]) == ["/", "/index.html"]
    feeds = [f"feeds/tag/{n}/articles.rss" for n in range(40)]
    assert folded([*feeds, "sitemap-news.xml"]) == ["/feeds/*", "/sitemap-news.xml"]


@pytest.mark.parametrize(
    ("status", "code", "kind", "words"),
    [
        (400, "TooManyInvalidationsInProgress", Transient, "not told"),
        (503, "ServiceUnavailable", Transient, "not told"),
        (404, "NoSuchDistribution", Permanent, r"correct \[publish\] cloudfront"),
        (403, "AccessDenied", Permanent, "cloudfront:CreateInvalidation"),
    ],
)
def test_a_refusal_of_cloudfront_says_what_to_do(
    status: int, code: str, kind: type[Exception], words: str, endpoint: Endpoint
) -> None:
    body = f"<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>".encode()
    with pytest.raises(kind, match=words):
        cloudfront(endpoint.answers(status, {"Content-Type": "text/xml"}, body))(PATHS)


def test_when_one_keeper_cannot_be_told_the_others_are(endpoint: Endpoint) -> None:
    nobody = webhook(f"http://127.0.0.1:{closed_port()}/")
    with pytest.raises(Transient):
        everybody([nobody, webhook(endpoint.answers(204)), nobody])(PATHS)
    assert len(endpoint.taken) == 1
