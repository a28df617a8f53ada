"""What a far side's answer means for a Delivery, and when to try again.

It talks to nobody: codes, texts and instants in, an Outcome or an instant out.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timedelta
from enum import StrEnum

from syndication.core.model import Channel, Outcome, Verdict


class Stage(StrEnum):
    """How far an SMTP conversation had come when the answer was read. From BODY on the message may be theirs."""

    CONNECT = "connect"
    EHLO = "ehlo"
    TLS = "tls"
    AUTH = "auth"
    RESET = "reset"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"  # the answer to the DATA command, or one that came before the final dot
    BODY = "body"  # the answer to the final dot


class Reach(StrEnum):
    """Whom a bad answer concerns."""

    DELIVERY = "delivery"  # this message or this recipient
    PROVIDER = "provider"  # everything that goes the same way: wait
    ISSUE = "issue"  # our own fault, for every recipient alike: stop and tell the operator


# RFC 3463 and its registry: the address does not exist (5.1.10 is Exchange Online's word for it)
DEAD_ADDRESS = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"})
# sender not accepted, authentication of the domain failing: nothing a recipient could help
OUR_FAULT = frozenset(
    {"4.7.650", "5.1.7", "5.1.8", "5.7.8", "5.7.9", "5.7.20", "5.7.23", "5.7.25", "5.7.26", "5.7.27", "5.7.515"}
)
BUSY = frozenset({"4.3.0", "4.3.1", "4.3.2", "4.4.5"})

_ABOUT_US = frozenset({Stage.CONNECT, Stage.EHLO, Stage.TLS, Stage.AUTH, Stage.RESET})
_ABOUT_RECIPIENT = frozenset({Stage.RCPT, Stage.BODY})
_WHO = "(?:user|recipient|mailbox|address|account)"
_NO_SUCH_USER = re.compile(
    rf"no such (?:{_WHO}|person)|unknown (?:{_WHO}|local)|invalid (?:recipient|mailbox)|not a valid {_WHO}"
    rf"|{_WHO} (?:that you tried to reach )?(?:is )?(?:unknown|not found|does ?n[o']t exist|does not exist)"
    r"|no mailbox (?:here )?by that name|does(?:n't| not) have an? .{0,40}account|존재하지 않는",
    re.IGNORECASE,
)
_ABOUT_SENDER = re.compile(r"\bsender\b|\bfrom\b.{0,20}address|\breturn path\b", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s<>@\"'(),:;\[\]]+@[^\s<>@\"'(),;]+")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_QUEUED = re.compile(r"\bqueued (?:mail for delivery )?as[ :]+<?([\w.@+-]{1,100})|\bid[=: ]+<?([\w.@+-]{4,100})", re.I)


def classify_smtp(code: int, enhanced: str | None, text: str, *, stage: Stage) -> Outcome:
    """The Outcome of an SMTP answer that is not a go-ahead, or of the answer to the final dot.

    `code` is 0 where the answer could not be read. The first digit decides (RFC 5321 section 4.2.1); an enhanced
    code (RFC 3463) of another class than the code's is not believed."""
    status = believed(code, enhanced, text)
    shown = status or str(code)
    if code // 100 == 2 and code != 221 and stage is Stage.BODY:
        return Outcome(verdict=Verdict.ACCEPTED, receipt=receipt(text), code=shown)
    reason = f"{stage}: {code} {clean(text)}".strip()
    if code // 100 == 4:
        return Outcome(verdict=Verdict.DEFERRED, code=shown, reason=reason, common=_is_common(code, stage))
    if code // 100 == 5:
        return _refusal(code, status, text, reason, stage)
    if stage is Stage.BODY:
        return Outcome(verdict=Verdict.UNCERTAIN, code=shown, reason=f"no readable answer to the message ({reason})")
    return Outcome(verdict=Verdict.DEFERRED, code=shown, reason=f"an answer that makes no sense ({reason})")


def _refusal(code: int, status: str | None, text: str, reason: str, stage: Stage) -> Outcome:
    shown = status or str(code)
    if stage in _ABOUT_US or code == 503:  # 503: the conversation went wrong, not the message
        return Outcome(verdict=Verdict.DEFERRED, code=shown, reason=reason, common=_is_common(code, stage))
    dead = _is_dead(code, status, text, stage)
    return Outcome(verdict=Verdict.REFUSED, code=shown, reason=reason, suppress=dead, common=_is_common(code, stage))


def _is_common(code: int, stage: Stage) -> bool:
    """Whether the relay speaks of us or of itself: the next mail would hear the same. 552 is about this mail's size."""
    return stage in _ABOUT_US or code == 421 or (stage is Stage.MAIL and code != 552)


def _is_dead(code: int, status: str | None, text: str, stage: Stage) -> bool:
    """Whether the address itself is gone. In doubt it is not: a wrong Suppression silences a reader for good."""
    if status is not None:
        return status in DEAD_ADDRESS and stage in _ABOUT_RECIPIENT
    says_so = _NO_SUCH_USER.search(text) is not None and _ABOUT_SENDER.search(text) is None
    return code == 550 and stage is Stage.RCPT and says_so


def believed(code: int, enhanced: str | None, text: str) -> str | None:
    """The enhanced status code where its class is the code's own; also as qmail writes it, (#5.1.1) in the text."""
    if enhanced is None:
        found = re.search(r"\(#([245]\.\d{1,3}\.\d{1,3})\)", text)
        enhanced = found.group(1) if found else None
    return enhanced if enhanced is not None and enhanced[0] == str(code // 100) else None


def reach(code: int, enhanced: str | None, text: str, *, stage: Stage) -> Reach:
    """Whom a refusal or deferral concerns besides this one Delivery."""
    status = believed(code, enhanced, text)
    refused = code // 100 == 5
    if status in OUR_FAULT or (refused and (stage in _ABOUT_US or stage is Stage.MAIL) and code != 552):
        return Reach.ISSUE
    busy = code == 421 or status in BUSY or (status or "").startswith("4.7.") or stage in _ABOUT_US
    return Reach.PROVIDER if busy and code // 100 == 4 else Reach.DELIVERY


def receipt(text: str) -> str | None:
    """The far side's id for an accepted message as its answer names it, else the answer itself."""
    found = _QUEUED.search(text)
    return (found.group(1) or found.group(2)) if found else clean(text) or None


def clean(text: str) -> str:
    """An answer's text as it may be stored and logged: one line, no addresses, at most 200 characters."""
    line = _CONTROLS.sub(" ", text)[:1000]
    return re.sub(" +", " ", _ADDRESS.sub("<address>", line).replace("<<address>>", "<address>")).strip()[:200]


# --- when to try again -----------------------------------------------------------------------

FIRST_RETRY = timedelta(minutes=10)  # 5 to 15 minutes with jitter: past the usual greylisting delay
LONGEST_RETRY = timedelta(hours=2)  # a digest lives for hours
PUSH_RETRIES = (  # the schedule that Standard Webhooks recommends, after the first attempt
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)


def retry_at(
    attempts: int,
    now: datetime,
    expires_at: datetime,
    key: str,
    *,
    channel: Channel = Channel.EMAIL,
    retry_after: timedelta | None = None,
) -> datetime | None:
    """When to try again after the `attempts`-th attempt (counted from 1), or None when that would be too late.

    Jitter comes from the Delivery's key, so asking twice gives the same instant. `retry_after` is the least that
    the far side asked for."""
    share = _share(key, attempts)
    delay = _mail_delay(attempts, share) if channel is Channel.EMAIL else _push_delay(attempts, share)
    delay = max(delay, retry_after or timedelta())
    return now + delay if delay < expires_at - now else None  # in this order: a far side may ask for centuries


def _mail_delay(attempts: int, share: float) -> timedelta:
    """5 to 15 minutes, then doubling to about two hours."""
    rounds = min(max(attempts, 1), 20) - 1
    spread = 0.5 + share if rounds == 0 else 0.75 + share / 2
    return min(FIRST_RETRY * (1 << rounds), LONGEST_RETRY) * spread


def _push_delay(attempts: int, share: float) -> timedelta:
    """The next step of the schedule for Partners and Feeds, up to a fifth later."""
    step = PUSH_RETRIES[min(max(attempts, 1), len(PUSH_RETRIES)) - 1]
    return step * (1 + share / 5)


def _share(key: str, attempts: int) -> float:
    """A number in [0, 1) that looks like chance and is always the same for the same attempt."""
    digest = hashlib.sha256(f"retry\0{key}\0{attempts}".encode()).digest()
    return int.from_bytes(digest[:4]) / 2**32
