"""Deliveries, what one attempt made of them, what came back later, and the balance of an Issue.

It does not move a Delivery from state to state; `ledger` and `policy` say what moves it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from syndication.core.model.editions import Channel


class DeliveryState(StrEnum):
    WAITING = "waiting"
    CLAIMED = "claimed"  # leased, nothing handed over
    SENDING = "sending"  # the intent is recorded: it may have been handed over
    ACCEPTED = "accepted"
    SUPPRESSED = "suppressed"
    EXCLUDED = "excluded"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Block keys in order; the first story's section comes in its leading form."""

    blocks: tuple[str, ...]
    first_item: int | None = None  # index into IssueContent.items of the reader's own first story


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """The duty to bring one thing over one Channel to one recipient."""

    id: int
    channel: Channel
    thing: str  # issue:12, article:34/2
    recipient: str  # subscriber:7, feed:daily/digest.rss, partner:portal
    issue_id: int | None
    issue_revision: int | None = None  # which revision of the Issue this recipient gets
    subscription_id: int | None = None
    recipe_hash: str | None
    provider: str | None = None  # the recipient's mail provider, e.g. naver
    state: DeliveryState
    reason: str | None = None
    attempts: int = 0
    next_at: datetime
    expires_at: datetime
    lease_id: int | None = None
    sequence: int | None = None  # per partner, rising
    receipt: str | None = None
    settled_at: datetime | None = None


class Reach(StrEnum):
    """Whom a bad answer concerns besides the Delivery it was given to."""

    DELIVERY = "delivery"  # this message or this recipient
    PROVIDER = "provider"  # everybody at the recipient's mail provider: they wait
    TRANSPORT = "transport"  # everything that goes the same way (the relay, the account, the portal): it waits
    ISSUE = "issue"  # our own fault, for every recipient alike: the Issue is held and the operator told


class Verdict(StrEnum):
    """What one attempt told us."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"  # nothing was handed over; try again later
    REFUSED = "refused"  # a final no
    UNCERTAIN = "uncertain"  # it may have been handed over


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    verdict: Verdict
    receipt: str | None = None  # the far side's id for it
    code: str | None = None  # e.g. 250, 4.7.1, HTTP 410
    reason: str | None = None
    suppress: bool = False  # the address is dead: never write to it again
    reach: Reach = Reach.DELIVERY
    retry_after: timedelta | None = None

    @property
    def common(self) -> bool:
        """Whether it was said of everything that goes this way, not of this Delivery alone."""
        return self.reach in (Reach.TRANSPORT, Reach.ISSUE)


class EventKind(StrEnum):
    SENT = "sent"  # the provider says that it took the mail
    DELIVERED = "delivered"
    DELAYED = "delayed"
    REJECTED = "rejected"  # the provider took it and then would not send it
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    CONFIRMED = "confirmed"
    ENDED = "ended"
    STARTED = "started"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Later news about a Delivery or a Subscription.

    `id` is the far side's id, or one of ours: known twice counts once."""

    id: str
    kind: EventKind
    at: datetime
    cause: str
    delivery_id: int | None = None
    subscription_id: int | None = None
    detail: str | None = None
    code: str | None = None  # an enhanced status code (RFC 3463), where there is one
    suppress: bool = False  # the address is dead or its owner complained: never write to it again


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """Row by row counts of one Issue on one Channel; no term is a remainder."""

    audience: int
    accepted: int = 0
    suppressed: int = 0
    excluded: int = 0
    failed: int = 0
    expired: int = 0
    cancelled: int = 0
    uncertain: int = 0
    waiting: int = 0
    bounced: int = 0  # of the accepted
    complained: int = 0  # of the accepted

    @property
    def closes(self) -> bool:
        """Whether audience equals the sum of all its terms."""
        return self.audience == (
            self.accepted
            + self.suppressed
            + self.excluded
            + self.failed
            + self.expired
            + self.cancelled
            + self.uncertain
            + self.waiting
        )
