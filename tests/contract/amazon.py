"""A stand-in for Amazon SES on loopback with a mailer that speaks to it, and sample mails: for its tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from syndication.adapters.ses import Account, SesMailer
from syndication.core.model import Outcome
from syndication.ports import Mail, Pace
from syndication.sandbox.ses import Habits, Rule, StandIn

REGION = "ap-northeast-2"


def mail(n: int = 1, recipient: str | None = None, **values: Any) -> Mail:
    message = (
        f"From: =?utf-8?b?6rCA656M?= <morning@garam.example>\r\nTo: reader-{n}@example.com\r\nSubject: digest {n}\r\n"
        f"Message-ID: <m{n}@garam.example>\r\nDate: Tue, 20 Jan 2026 06:30:00 +0900\r\n\r\nDigest {n}\r\n"
    )
    words: dict[str, Any] = {
        "sender": "b+token@bounce.garam.example",
        "recipient": recipient or f"reader-{n}@example.com",
        "message": message.encode(),
        "delivery_id": n,
        "tags": {"delivery": str(n), "issue": "3"},
        **values,
    }
    return Mail(**words)


def mails(count: int, **values: Any) -> list[Mail]:
    return [mail(n, **values) for n in range(1, count + 1)]


def account(url: str | None, **values: Any) -> Account:
    words: dict[str, Any] = {
        "region": REGION,
        "configuration_set": "digest",
        "endpoint": url,
        "access_key": "AKSAMPLE",
        "secret_key": "sample",
        "connect_time": timedelta(seconds=2),
        "answer_time": timedelta(seconds=5),
        **values,
    }
    return Account(**words)


@contextmanager
def standing_in(
    folder: Path, *rules: Rule, habits: Habits | None = None, at_once: int = 4, total: float = 10, **values: Any
) -> Iterator[tuple[SesMailer, StandIn]]:
    stand_in = StandIn(folder, habits=habits or Habits(region=REGION), rules=rules)
    stand_in.start()
    mailer = SesMailer(account(stand_in.url, **values), at_once=at_once, total=timedelta(seconds=total))
    try:
        yield mailer, stand_in
    finally:
        mailer.close()
        stand_in.stop()


def carry(mailer: SesMailer, *many: Mail, pace: Pace | None = None) -> dict[int, Outcome]:
    """The Outcomes by Delivery."""
    return {mail.delivery_id: outcome for mail, outcome in mailer.carry(many, lambda _: True, pace=pace)}


def send(mailer: SesMailer, one: Mail) -> Outcome:
    return carry(mailer, one)[one.delivery_id]
