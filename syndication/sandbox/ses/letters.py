"""What SES does to a raw message: which it refuses, and how it rewrites the header of one it takes.

It delivers nothing and signs nothing.
"""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import format_datetime

# docs: "Amazon SES header fields": these may appear once (those of them that a digest may have)
ONCE = frozenset(
    (
        *("bcc", "cc", "content-transfer-encoding", "content-type", "date", "feedback-id", "from", "in-reply-to"),
        *("list-archive", "list-help", "list-id", "list-owner", "list-post", "list-subscribe", "list-unsubscribe"),
        *("list-unsubscribe-post", "message-id", "mime-version", "precedence", "references", "reply-to"),
        *("return-path", "sender", "subject", "to", "auto-submitted", "x-priority"),
    )
)
REWRITTEN = frozenset(("message-id", "date", "feedback-id", "return-path", "bounces-to", "bcc"))

_FIELD = re.compile(rb"([\x21-\x39\x3b-\x7e]+):((?:[^\r\n]|\r?\n[ \t])*)\r?\n")


def fields(message: bytes) -> list[tuple[str, bytes]]:
    """The header's fields in their order: name, and the whole line as it stands."""
    head = re.split(rb"(?<=\n)\r?\n", message, maxsplit=1)[0]
    return [(found[1].decode("ascii"), found[0]) for found in _FIELD.finditer(head)]


def value(message: bytes, name: str) -> str:
    """A field's value in one line; empty when there is none."""
    for found, line in fields(message):
        if found.lower() == name:
            return re.sub(r"\r?\n[ \t]+", " ", line.decode("utf-8", "replace").partition(":")[2]).strip()
    return ""


def fault(message: bytes) -> str | None:
    """Why SES would not take it, in words like its own."""
    names = [name.lower() for name, _ in fields(message)]
    twice = next((name for name in names if name in ONCE and names.count(name) > 1), None)
    if twice:
        return f"Duplicate header '{twice}'."
    if "from" not in names:
        return "Missing required header 'From'."
    head = re.split(rb"(?<=\n)\r?\n", message, maxsplit=1)[0]
    if max((len(line.rstrip(b"\r")) for line in head.split(b"\n")), default=0) > 998:
        return "A header line is longer than 998 octets."
    return None


def rewritten(message: bytes, *, message_id: str, region: str, at: datetime) -> bytes:
    """The message as receivers see it: Message-ID, Date and Feedback-ID are SES's own."""
    body = re.split(rb"(?<=\n)\r?\n", message, maxsplit=1)
    kept = b"".join(line for name, line in fields(message) if name.lower() not in REWRITTEN)
    host = "email.amazonses.com" if region == "us-east-1" else f"{region}.amazonses.com"
    own = (
        f"Message-ID: <{message_id}@{host}>\r\n"
        f"Date: {format_datetime(at)}\r\n"
        f"Feedback-ID: ::1.{region}.c2FtcGxl:AmazonSES\r\n"
    )
    return kept + own.encode("ascii") + b"\r\n" + (body[1] if len(body) > 1 else b"")
