"""Bodies that are too long or too slow end at the wall, whoever sends them."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from starlette.types import Message, Receive, Scope, Send

from syndication.web import guard
from syndication.web.guard import LONGEST_BODY, Guard, content_policy

SCOPE: Scope = {"type": "http", "method": "POST", "path": "/", "headers": []}


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the body it was given; sets one header of its own."""
    message = await receive()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"referrer-policy", b"no-referrer")]})
    await send({"type": "http.response.body", "body": message["body"]})


def ask(scope: Scope, *parts: bytes, ends: bool = True) -> tuple[int, dict[str, str], bytes]:
    """The answer to a body that comes in these parts; without `ends` the rest never comes."""
    pending = [{"type": "http.request", "body": p, "more_body": True} for p in parts]
    answered: list[Message] = []

    async def receive() -> Message:
        if pending:
            return pending.pop(0)
        if not ends:
            await asyncio.sleep(60)
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        answered.append(message)

    asyncio.run(Guard(echo, policy="default-src 'none'")(scope, receive, send))
    headers = {k.decode(): v.decode() for k, v in answered[0]["headers"]}
    return answered[0]["status"], headers, answered[1]["body"]


def test_a_body_in_parts_arrives_whole() -> None:
    assert ask(SCOPE, b"List-Unsubscribe=", b"", b"One-Click")[::2] == (200, b"List-Unsubscribe=One-Click")


@pytest.mark.parametrize("size", [LONGEST_BODY, LONGEST_BODY + 1])
def test_the_limit_counts_the_bytes_that_come_not_those_announced(size: int) -> None:
    status = ask(SCOPE, b"a" * (size - 1), b"a")[0]
    assert status == (200 if size <= LONGEST_BODY else 413)


@pytest.mark.parametrize("announced", [b"65537", b"99999999999999999999", b"-1", b"many", b"1 2", "٣".encode()])
def test_an_announced_length_that_is_too_long_or_no_number_is_refused_unread(announced: bytes) -> None:
    status, headers, _ = ask({**SCOPE, "headers": [(b"content-length", announced)]})
    assert status == 413
    assert headers["connection"] == "close"
    assert headers["content-security-policy"] == "default-src 'none'"


def test_a_body_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "SLOWEST_BODY", timedelta(milliseconds=50))
    assert ask(SCOPE, b"a", ends=False)[0] == 408


def test_reading_waits_for_no_body() -> None:
    assert ask({**SCOPE, "method": "GET"}, ends=False)[0] == 200


def test_a_page_keeps_the_header_it_set_itself() -> None:
    headers = ask(SCOPE, b"")[1]
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"


def test_a_policy_allows_nothing_that_is_not_asked_for() -> None:
    rules = content_policy(scripts=True, images=("https://garam.example",))
    assert "script-src 'self';" in rules
    assert "img-src 'self' https://garam.example;" in rules
    assert "frame-src 'none'" in rules
    assert "unsafe" not in rules
