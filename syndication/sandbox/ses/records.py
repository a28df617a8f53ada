"""Event records as SES publishes them, for messages that the stand-in took.

Nothing is delivered: what would have happened is told by the recipient's address, as with SES's mailbox simulator.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from syndication.sandbox.ses import letters

SIMULATOR = "simulator.amazonses.com"  # docs: "Using the mailbox simulator"; with labels: bounce+reader-7@…

# what comes after Send, by the simulator's name: bounce, complaint, ooto, success and suppressionlist are SES's own
_STORIES: Mapping[str, tuple[str, ...]] = {
    "bounce": ("bounce",),
    "suppressionlist": ("suppressed",),
    "complaint": ("delivery", "complaint"),
    "full": ("delay", "full"),
    "late": ("delay", "delivery"),
    "late-bounce": ("delivery", "bounce"),
    "policy": ("policy",),
    "reject": ("reject",),
}
_BOUNCES: Mapping[str, tuple[str, str, str, str]] = {
    "bounce": ("Permanent", "General", "5.1.1", "smtp; 550 5.1.1 user unknown"),
    "suppressed": ("Permanent", "Suppressed", "5.1.1", "Amazon SES did not send the message to this address."),
    "account": (
        "Permanent",
        "OnAccountSuppressionList",
        "5.1.1",
        "Amazon SES did not send the message to this address.",
    ),
    "full": ("Transient", "MailboxFull", "4.2.2", "smtp; 452 4.2.2 mailbox full"),
    "policy": ("Permanent", "General", "5.7.1", "smtp; 550 5.7.1 not accepted here"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One message to one recipient that was taken."""

    message_id: str
    sender: str
    recipient: str
    tags: Mapping[str, str]
    configuration_set: str | None
    message: bytes
    at: datetime
    suppressed: bool = False  # the account's suppression list holds the address

    @property
    def own_message_id(self) -> str:
        return letters.value(self.message, "message-id") or "-"


def story(taken: Taken) -> list[Mapping[str, Any]]:
    """Every record of a message, in the order in which it would happen."""
    local, _, domain = taken.recipient.lower().rpartition("@")
    told: tuple[str, ...] = ("delivery",)
    if domain == SIMULATOR:
        told = _STORIES.get(local.partition("+")[0], told)
    if taken.suppressed:
        told = ("account",)
    return [record(taken, name) for name in ("send", *told)]


def record(taken: Taken, name: str) -> Mapping[str, Any]:
    """One record; `name` is a word of the stories above."""
    stamp, address = _stamp(taken.at), {"emailAddress": taken.recipient}
    body: Mapping[str, Any]
    if name in _BOUNCES:
        kind, subtype, status, words = _BOUNCES[name]
        bounced = {**address, "action": "failed", "status": status, "diagnosticCode": words}
        body = {"bounceType": kind, "bounceSubType": subtype, "bouncedRecipients": [bounced], "timestamp": stamp}
        return _record(taken, "Bounce", "bounce", body | {"feedbackId": f"{taken.message_id}-{name}"})
    match name:
        case "send":
            return _record(taken, "Send", "send", {})
        case "delivery":
            body = {"timestamp": stamp, "processingTimeMillis": 500, "recipients": [taken.recipient]}
            return _record(taken, "Delivery", "delivery", {**body, "smtpResponse": "250 2.6.0 Message received"})
        case "complaint":
            body = {"complainedRecipients": [address], "complaintFeedbackType": "abuse", "timestamp": stamp}
            return _record(taken, "Complaint", "complaint", {**body, "feedbackId": f"{taken.message_id}-complaint"})
        case "delay":
            delayed = {**address, "status": "4.4.1", "diagnosticCode": "smtp; 421 4.4.1 cannot connect"}
            body = {"timestamp": stamp, "delayType": "TransientCommunicationFailure", "delayedRecipients": [delayed]}
            return _record(taken, "DeliveryDelay", "deliveryDelay", body)
        case "reject":
            return _record(taken, "Reject", "reject", {"reason": "Bad content"})
    raise ValueError(f"there is no event {name}")


def of_identity(record_: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same as feedback notification of an identity: another name for the type, and no tags."""
    mail = {name: value for name, value in record_["mail"].items() if name != "tags"}
    return (
        {"notificationType": record_["eventType"]}
        | {name: value for name, value in record_.items() if name not in ("eventType", "mail")}
        | {"mail": mail}
    )


def _record(taken: Taken, kind: str, part: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"eventType": kind, "mail": _mail(taken), part: body}


def _mail(taken: Taken) -> Mapping[str, Any]:
    tags = {name: [value] for name, value in taken.tags.items()}
    listed = [
        {"name": name, "value": letters.value(taken.message, name.lower())} for name, _ in letters.fields(taken.message)
    ]
    return {
        "timestamp": _stamp(taken.at),
        "messageId": taken.message_id,
        "source": taken.sender,
        "sendingAccountId": "000000000000",
        "destination": [taken.recipient],
        "headersTruncated": False,
        "headers": listed,
        "commonHeaders": {"messageId": taken.message_id, "subject": letters.value(taken.message, "subject")},
        "tags": tags | ({"ses:configuration-set": [taken.configuration_set]} if taken.configuration_set else {}),
    }


def _stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
