"""Subscribers, Subscriptions, and what a reader chose and agreed to.

It does not say who is written to; `audience` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum

from syndication.core.model.editions import Cadence


class SubscriptionState(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """A reader's choices as stored. Empty means the Edition's own."""

    stations: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    cadence: Cadence = Cadence.DAILY
    hour: time | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """How a Subscription came about. Append-only in the store."""

    at: datetime
    how: str  # e.g. "종이 신청서", "import 2026-01 list.csv"
    text_version: str  # which wording the reader agreed to
    origin: str | None = None  # from where: an address, a form, a file


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressKey:
    """The keyed hash of an address and the id of the key that made it."""

    key_id: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    id: int
    subscriber_id: int
    edition_id: str
    address: str  # as typed: this is what is written to
    state: SubscriptionState
    choices: Choices
    language: str = "ko"
    epoch: int = 0  # raised to make older manage links void
    started_at: datetime
    ended_at: datetime | None = None
