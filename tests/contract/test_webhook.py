"""The Portal against a real server on loopback: what is signed and sent, and what each kind of answer comes to."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from syndication.adapters.webhook import WebhookPortal
from syndication.adapters.webhook.portal import signed_headers, webhook_id
from syndication.core.model import Verdict
from syndication.ports import Portal
from tests.contract.endpoint import BODY, NEW, OLD, Endpoint, endpoint, push, serving

__all__ = ["endpoint"]  # the fixture

# --- what is sent ----------------------------------------------------------------------------


def test_a_push_is_a_post_of_exactly_these_bytes_with_its_key_time_and_sequence(endpoint: Endpoint) -> None:
    portal: Portal = WebhookPortal()
    outcome = portal.push(push(endpoint.answers(204) + "?a=%20b"))
    assert outcome.verdict is Verdict.ACCEPTED
    ((path, headers, body),) = endpoint.taken
    assert (path, body) == ("/hook?a=%20b", BODY)
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert headers["webhook-id"] == "push-1"
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 5
    assert headers["x-sequence"] == "7"
    assert headers["host"] == endpoint.url.split("/")[2]


def test_the_independent_verifier_accepts_what_we_sign_and_refuses_what_was_tampered_with(endpoint: Endpoint) -> None:
    WebhookPortal().push(push(endpoint.answers(200)))
    ((_, headers, body),) = endpoint.taken
    verifier = Webhook(NEW)
    assert verifier.verify(body, headers) == json.loads(BODY)
    for tampered, with_headers in [
        (body.replace("표본".encode(), "변조".encode()), headers),
        (body, headers | {"webhook-id": "push-2"}),
        (body, headers | {"webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)}),
    ]:
        with pytest.raises(WebhookVerificationError):
            verifier.verify(tampered, with_headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(OLD).verify(body, headers)


def test_while_secrets_rotate_holders_of_either_accept(endpoint: Endpoint) -> None:
    WebhookPortal().push(push(endpoint.answers(200), secrets=(NEW, OLD)))
    ((_, headers, body),) = endpoint.taken
    assert len(headers["webhook-signature"].split(" ")) == 2
    for secret in (NEW, OLD):
        Webhook(secret).verify(body, headers)


def test_a_repeat_has_the_same_id_and_its_own_time() -> None:
    first = push("https://portal.example/", at=datetime(2026, 1, 19, 21, tzinfo=UTC))
    again = replace(first, at=first.at + timedelta(minutes=5))
    assert signed_headers(first)["webhook-id"] == signed_headers(again)["webhook-id"]
    assert int(signed_headers(again)["webhook-timestamp"]) - int(signed_headers(first)["webhook-timestamp"]) == 300
    assert signed_headers(first) == signed_headers(first)


@pytest.mark.parametrize(
    "key", ["a.b@garam.example", "article:1/2 portal", "한글", "x\r\nEvil: 1", "", "k" * 200, "\ud800"]
)
def test_a_key_that_the_standard_forbids_becomes_a_stable_id_without_full_stops(key: str) -> None:
    made = webhook_id(key)
    assert made == webhook_id(key)
    assert made.isascii()
    assert made.startswith("msg_")
    assert not set(made) & set(". \r\n")
    assert made != webhook_id(key + "x")


@pytest.mark.parametrize("secrets", [(), ("",), ("whsec_",), ("whsec_***",), ("c2VjcmV0",), (NEW, "whsec_=")])
def test_nothing_goes_out_unsigned_and_no_secret_is_told(endpoint: Endpoint, secrets: tuple[str, ...]) -> None:
    outcome = WebhookPortal().push(push(endpoint.answers(200), secrets=secrets))
    assert outcome.verdict is Verdict.DEFERRED
    assert outcome.reason is not None
    assert "secret" in outcome.reason
    assert not any(secret in outcome.reason for secret in secrets if len(secret) > 6)
    assert endpoint.taken == []


def test_a_long_document_arrives_whole(endpoint: Endpoint) -> None:
    body = json.dumps({"data": "가" * 1_000_000}, ensure_ascii=False).encode()
    assert WebhookPortal().push(push(endpoint.answers(200), body=body)).verdict is Verdict.ACCEPTED
    assert endpoint.taken[0][2] == body


# --- answers ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        *((status, Verdict.ACCEPTED) for status in (200, 201, 202, 204, 299)),
        *(
            (status, Verdict.REFUSED)
            for status in (400, 401, 403, 404, 405, 406, 410, 413, 415, 421, 422, 451, 301, 308)
        ),
        *(
            (status, Verdict.DEFERRED)
            for status in (408, 409, 425, 429, 500, 501, 502, 503, 504, 599, 302, 303, 304, 307)
        ),
    ],
)
def test_what_each_status_comes_to(endpoint: Endpoint, status: int, verdict: Verdict) -> None:
    outcome = WebhookPortal().push(push(endpoint.answers(status)))
    assert (outcome.verdict, outcome.code) == (verdict, f"HTTP {status}")
    assert len(endpoint.taken) == 1


def test_a_partner_that_is_gone_is_named_disabled(endpoint: Endpoint) -> None:
    assert WebhookPortal().push(push(endpoint.answers(410))).reason == "partner disabled"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_never_followed(endpoint: Endpoint, status: int) -> None:
    with serving() as elsewhere:
        elsewhere.answers(200)
        url = endpoint.answers(status, {"Location": elsewhere.url + "?token=secret"})
        outcome = WebhookPortal().push(push(url))
        assert outcome.verdict is not Verdict.ACCEPTED
        assert elsewhere.taken == []
        assert "secret" not in str(outcome)


@pytest.mark.parametrize("header", ["webhook-receipt", "Receipt-Id", "X-Request-Id"])
def test_the_far_sides_id_is_the_receipt(endpoint: Endpoint, header: str) -> None:
    assert WebhookPortal().push(push(endpoint.answers(200, {header: "far-42"}))).receipt == "far-42"


def test_without_an_id_the_answers_hash_is_the_receipt(endpoint: Endpoint) -> None:
    one = WebhookPortal().push(push(endpoint.answers(200, body=b"one")))
    two = WebhookPortal().push(push(endpoint.answers(200, {"X-Request-Id": "a b\x7f"}, body=b"two")))
    assert str(one.receipt).startswith("sha256:")
    assert one.receipt != two.receipt
    assert str(two.receipt).startswith("sha256:")


NOW = datetime(2026, 1, 19, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "120"}, timedelta(minutes=2)),
        ({"Retry-After": "0"}, timedelta()),
        ({"Retry-After": "99999999999999999999"}, timedelta(days=1)),
        ({"Retry-After": "Mon, 19 Jan 2026 21:10:00 GMT"}, timedelta(minutes=10)),
        ({"Retry-After": "Mon, 19 Jan 2026 20:00:00 GMT"}, timedelta()),
        ({"Retry-After": "Tue, 19 Jan 2027 20:00:00 GMT"}, timedelta(days=1)),
        (
            {"Retry-After": "Thu, 01 Jan 2032 00:05:00 GMT", "Date": "Thu, 01 Jan 2032 00:00:00 GMT"},
            timedelta(minutes=5),
        ),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({}, None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured_within_reason(
    endpoint: Endpoint, status: int, headers: dict[str, str], wait: timedelta | None
) -> None:
    outcome = WebhookPortal().push(push(endpoint.answers(status, headers), at=NOW))
    assert (outcome.verdict, outcome.retry_after) == (Verdict.DEFERRED, wait)
