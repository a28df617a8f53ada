"""What an event record of the mail provider (Amazon SES) says about a Delivery, as Events.

It receives nothing, verifies no signature and changes nothing: the text of one record in, values out.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Any

from syndication.core.model import Event, EventKind
from syndication.core.policy import DEAD_ADDRESS, clean

DELIVERY = "delivery"  # the message tag that holds the Delivery's id

Whose = Callable[[str, str], int | None]  # the provider's id of a message, its envelope sender -> Delivery

_MESSAGE_ID = re.compile(r"[A-Za-z0-9._@+-]{1,200}")
_TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")
_NUMBER = re.compile(r"[1-9][0-9]{0,18}")
_ENHANCED = re.compile(r"(?<![0-9.])([245]\.[0-9]{1,3}\.[0-9]{1,3})(?![0-9.])")
_RECIPIENTS_MAX = 50  # of one message, as SES has it
_UNMATCHED = "unmatched"
_VALIDATED = "Successfully validated SNS topic"  # the one message that is no JSON: a destination was set up

# docs: "Contents of event data that Amazon SES publishes to Amazon SNS" (eventType, or notificationType of identities)
_KINDS = {
    "send": EventKind.SENT,
    "delivery": EventKind.DELIVERED,
    "deliverydelay": EventKind.DELAYED,
    "reject": EventKind.REJECTED,
    "renderingfailure": EventKind.REJECTED,
    "bounce": EventKind.BOUNCED,
    "complaint": EventKind.COMPLAINED,
    "subscription": EventKind.ENDED,
}
_PARTS = {  # where a record keeps what is its own, and the recipients it speaks of
    EventKind.SENT: ("send", None),
    EventKind.DELIVERED: ("delivery", "recipients"),
    EventKind.DELAYED: ("deliveryDelay", "delayedRecipients"),
    EventKind.REJECTED: ("reject", None),
    EventKind.BOUNCED: ("bounce", "bouncedRecipients"),
    EventKind.COMPLAINED: ("complaint", "complainedRecipients"),
    EventKind.ENDED: ("subscription", None),
}
_BAD_NEWS = frozenset((EventKind.BOUNCED, EventKind.COMPLAINED, EventKind.REJECTED))
# bounce subtypes by which SES itself says that it will not write to this address (any more)
_DEAD_SUBTYPES = frozenset({"noemail", "suppressed", "onaccountsuppressionlist"})


class Unreadable(ValueError):
    """It is no event record; asking again would not make it one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One event record: which message it is about and what it says. A kind of no interest has no Events."""

    message_id: str = ""  # the provider's id: the receipt of the Delivery
    own_message_id: str = ""  # the Message-ID that we wrote, where the record holds the header
    recipients: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    events: tuple[Event, ...] = ()


def _nobody(message_id: str, sender: str) -> int | None:
    return None


def unwrapped(text: str) -> tuple[str | None, str]:
    """The topic a record came by and its own text; (None, text) where it came without an SNS envelope.

    A queue holds either form, as "raw message delivery" of its subscription is set. Raises Unreadable."""
    document = _document(text)
    if document.get("Type") != "Notification" or not isinstance(document.get("Message"), str):
        return None, text
    return str(document.get("TopicArn", "")), document["Message"]


def read(text: str, *, now: datetime, whose: Whose = _nobody) -> Record:
    """What one record says. Raises Unreadable.

    The Delivery is the one its tag names. Notifications of an identity carry no tags: for them `whose` is asked, and
    where it does not know, bounces and complaints become Events of no Delivery. `now` stands in for a missing time."""
    if text.startswith(_VALIDATED):
        return Record()
    document = _document(text)
    kind = _KINDS.get(_word(document.get("eventType") or document.get("notificationType")))
    if kind is None:
        return Record()
    mail = _table(document.get("mail"))
    message_id = str(mail.get("messageId", ""))
    if not _MESSAGE_ID.fullmatch(message_id):
        raise Unreadable("an event record without the id of its message")
    told = _Told(
        kind=kind,
        message_id=message_id,
        delivery_id=_delivery_of(mail, message_id, whose),
        body=_table(document.get(_PARTS[kind][0])),
        mail=mail,
        now=now,
    )
    wanted = told.delivery_id is not None or ("eventType" not in document and kind in _BAD_NEWS)
    return Record(
        message_id=message_id,
        own_message_id=_own_message_id(mail),
        recipients=tuple(a for a in _each(mail.get("destination"))[:_RECIPIENTS_MAX] if isinstance(a, str)),
        tags=_tags(mail),
        events=told.events() if wanted else (),
    )


def disowned(event: Event) -> Event | None:
    """The same news of nobody's Delivery, as an Event of its own; None where nobody would want to know it."""
    if event.kind not in _BAD_NEWS:
        return None
    return event if event.delivery_id is None else replace(event, id=f"{event.id}:{_UNMATCHED}", delivery_id=None)


def insights(answer: Mapping[str, Any], *, now: datetime) -> Record:
    """What GetMessageInsights answers, as a Record whose Events have the same ids as those of the event records."""
    tags = {str(t.get("Name")): [t.get("Value")] for t in _tables(answer.get("EmailTags"))}
    found: list[Event] = []
    for insight in _tables(answer.get("Insights")):
        for one in _tables(insight.get("Events")):
            record = _from_insight(str(answer.get("MessageId", "")), tags, str(insight.get("Destination", "")), one)
            found += read(json.dumps(record), now=now).events
    return Record(message_id=str(answer.get("MessageId", "")), tags=_tags({"tags": tags}), events=tuple(found))


def _from_insight(message_id: str, tags: Mapping[str, Any], address: str, one: Mapping[str, Any]) -> dict[str, Any]:
    """One event of an insight in the form of an event record."""
    name = _word(one.get("Type"))
    part, recipients = _PARTS.get(_KINDS.get(name, EventKind.STARTED), ("", None))
    details = _table(one.get("Details"))
    bounce, complaint = _table(details.get("Bounce")), _table(details.get("Complaint"))
    at = one.get("Timestamp")
    listed: Any = address if part == "delivery" else {**_same(bounce, "diagnosticCode"), "emailAddress": address}
    body = {
        "timestamp": at.isoformat() if isinstance(at, datetime) else at,
        **_same(bounce, "bounceType", "bounceSubType"),
        **_same(complaint, "complaintSubType", "complaintFeedbackType"),
        **({recipients: [listed]} if recipients else {}),
    }
    mail = {"messageId": message_id, "destination": [address], "timestamp": body["timestamp"], "tags": tags}
    return {"eventType": name, "mail": mail, part: body}


def _same(table: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Values that go by the same name with a capital."""
    found = {name: table.get(name[0].upper() + name[1:]) for name in names}
    return {name: value for name, value in found.items() if isinstance(value, str)}


# --- one record ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """A record whose kind and message are known."""

    kind: EventKind
    message_id: str
    delivery_id: int | None
    body: Mapping[str, Any]  # what belongs to this kind alone
    mail: Mapping[str, Any]
    now: datetime

    def events(self) -> tuple[Event, ...]:
        if self.kind is EventKind.COMPLAINED and _word(self.body.get("complaintFeedbackType")) == "notspam":
            return ()  # RFC 5965 section 7.3: the reader took the mail out of the spam folder
        left = _table(self.body.get("newTopicPreferences")).get("unsubscribeAll")
        if self.kind is EventKind.ENDED and left is not True:
            return ()
        return tuple(self._event(recipient) for recipient in self._recipients())

    def _recipients(self) -> Sequence[Mapping[str, Any]]:
        listed = _PARTS[self.kind][1]
        found = _each(self.body.get(listed)) if listed else []
        found = found or _each(self.mail.get("destination")) or [{}]
        return [one if isinstance(one, Mapping) else {"emailAddress": one} for one in found[:_RECIPIENTS_MAX]]

    def _event(self, recipient: Mapping[str, Any]) -> Event:
        code = self._code(recipient)
        return Event(
            id=self._id(str(recipient.get("emailAddress", "")), code),
            kind=self.kind,
            at=_instant(self.body.get("timestamp")) or _instant(self.mail.get("timestamp")) or self.now,
            cause="ses",
            delivery_id=self.delivery_id,
            detail=self._detail(recipient),
            code=code,
            suppress=self._suppresses(code),
        )

    def _id(self, address: str, code: str | None) -> str:
        """One id for one piece of news, by whichever way and however often it comes.

        Bounces differ by all that something follows from, delays by their time. News of nobody's Delivery is not the
        news of somebody's: the same bounce may come with tags and, from the identity, without."""
        more = ""
        if self.kind is EventKind.BOUNCED:
            more = f"{_word(self.body.get('bounceType'))}:{_word(self.body.get('bounceSubType'))}:{code or ''}"
        elif self.kind is EventKind.DELAYED:
            more = str(_instant(self.body.get("timestamp")) or "")
        whom = f"{self.message_id}\0{address.strip().lower()}".encode("utf-8", "surrogatepass")
        who = hashlib.sha256(whom).hexdigest()[:12]
        words = ("ses", self.kind.value, more, self.message_id, who, "" if self.delivery_id else _UNMATCHED)
        return ":".join(word for word in words if word)

    def _code(self, recipient: Mapping[str, Any]) -> str | None:
        """The enhanced status code (RFC 3463), where the record or the far server's words hold one."""
        for said in (recipient.get("status"), recipient.get("diagnosticCode"), self.body.get("smtpResponse")):
            found = _ENHANCED.search(said) if isinstance(said, str) else None
            if found:
                return found[1]
        return None

    def _detail(self, recipient: Mapping[str, Any]) -> str | None:
        names = ("bounceType", "bounceSubType", "complaintSubType", "complaintFeedbackType", "delayType", "reason")
        told = [self.body.get(name) for name in (*names, "errorMessage", "smtpResponse")]
        words = [one for one in (*told, recipient.get("diagnosticCode")) if isinstance(one, str)]
        return clean(" / ".join(words)) or None

    def _suppresses(self, code: str | None) -> bool:
        """Whether the address is dead or its owner complained. In doubt it is not."""
        if self.kind is EventKind.COMPLAINED:
            return True
        if self.kind is not EventKind.BOUNCED or _word(self.body.get("bounceType")) != "permanent":
            return False
        return _word(self.body.get("bounceSubType")) in _DEAD_SUBTYPES or code in DEAD_ADDRESS


def _delivery_of(mail: Mapping[str, Any], message_id: str, whose: Whose) -> int | None:
    """The Delivery that the tag names; without any tags the one that `whose` finds."""
    tags = _tags(mail)
    if tags:
        number = tags.get(DELIVERY, "")
        return int(number) if _NUMBER.fullmatch(number) and int(number) < 2**63 else None
    source = mail.get("source")
    return whose(message_id, parseaddr(source[:1000])[1] if isinstance(source, str) else "")


def _tags(mail: Mapping[str, Any]) -> Mapping[str, str]:
    """The message's tags by name; those that SES adds itself (ses:…) are left out."""
    found = {}
    for name, values in _table(mail.get("tags")).items():
        value = values[0] if isinstance(values, list) and values else None
        if _TAG.fullmatch(name) and isinstance(value, str) and _TAG.fullmatch(value):
            found[name] = value
    return found


def _own_message_id(mail: Mapping[str, Any]) -> str:
    """The Message-ID header as we wrote it, without angle brackets; SES gives the message another one."""
    values = [h.get("value") for h in _tables(mail.get("headers")) if _word(h.get("name")) == "messageid"]
    said = values[0] if values else None
    return said.strip().strip("<>")[:998] if isinstance(said, str) else ""


# --- hostile until parsed --------------------------------------------------------------------


def _document(text: str) -> Mapping[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable("an event record that is no JSON") from None
    if not isinstance(document, dict):
        raise Unreadable("an event record that is no JSON object")
    return document


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _tables(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in _each(value)[:1000] if isinstance(one, Mapping)]


def _word(value: Any) -> str:
    """A name of the provider's as it is compared: Permanent and PERMANENT, Rendering Failure and RENDERING_FAILURE."""
    return re.sub("[^a-z]", "", value[:100].lower()) if isinstance(value, str) else ""


def _instant(value: Any) -> datetime | None:
    try:
        read_ = datetime.fromisoformat(value) if isinstance(value, str) else None
        return None if read_ is None else read_.replace(tzinfo=read_.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
