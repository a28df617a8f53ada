"""What a far side's answer means for a Delivery, and when to try again.

It talks to nobody: codes, texts and instants in, an Outcome or an instant out.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from syndication.core.model import Channel, Outcome, Reach, Verdict


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


# RFC 3463 and its registry: the address does not exist (5.1.10 is Exchange Online's word for it)
DEAD_ADDRESS = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"})
# the sender's address or the proof of who sent it is not accepted: nothing a recipient could help. By the registry of
# RFC 3463, and as Gmail (x.7.23 to x.7.40) and Microsoft (4.7.650, 5.7.515) use it
OUR_FAULT = frozenset(
    {
        *("5.1.7", "5.1.8", "5.7.8", "5.7.9", "5.7.20", "5.7.21", "5.7.22", "5.7.23", "5.7.25"),
        *("5.7.26", "5.7.27", "5.7.29", "5.7.30", "5.7.32", "5.7.40", "5.7.515"),
        *("4.7.23", "4.7.26", "4.7.27", "4.7.29", "4.7.30", "4.7.31", "4.7.32", "4.7.40", "4.7.650"),
    }
)

_WHO = "(?:user|recipient|mailbox|address|account)"
_NO_SUCH_USER = re.compile(
    rf"no such (?:{_WHO}|person)|unknown (?:{_WHO}|local)|invalid (?:recipient|mailbox)|not a valid {_WHO}"
    rf"|{_WHO} (?:that you tried to reach )?(?:is )?(?:unknown|not found|does ?n[o']t exist|does not exist)"
    r"|no mailbox (?:here )?by that name|does(?:n't| not) have an? .{0,40}account|존재하지 않는",
    re.IGNORECASE,
)
_ABOUT_SENDER = re.compile(r"\bsender\b|\bfrom\b.{0,20}address|\breturn path\b", re.IGNORECASE)
_NOT_OURS_TO_SEND = re.compile(  # what relays say to a client that is not known to them, or that borrows a sender
    r"relay(?:ing)? (?:access )?(?:denied|not permitted|not allowed|prohibited)|unable to relay|not owned by user"
    r"|not logged in|send as this sender|not (?:allowed|authorized|permitted) to send|address is not verified",
    re.IGNORECASE,
)
_MAILBOX_FULL = re.compile(r"mailbox|quota|over ?limit|user", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s<>@\"'(),:;\[\]]+@[^\s<>@\"'(),;]+")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_QUEUED = re.compile(r"\bqueued (?:mail for delivery )?as[ :]+<?([\w.@+-]{1,100})|\bid[=: ]+<?([\w.@+-]{4,100})", re.I)


@dataclass(frozen=True, slots=True)
class _Row:
    """What an answer means whose "code status" begins as `answer` says; "-" stands for no enhanced code."""

    stages: frozenset[Stage]
    answer: re.Pattern[str]
    reach: Reach
    verdict: Verdict | None = None  # None: as the code's first digit says
    suppress: bool = False
    words: re.Pattern[str] | None = None  # the text must say so, too


def _row(
    stages: Collection[Stage],
    answer: str,
    reach: Reach,
    *,
    verdict: Verdict | None = None,
    suppress: bool = False,
    words: re.Pattern[str] | None = None,
) -> _Row:
    return _Row(frozenset(stages), re.compile(f"(?:{answer})"), reach, verdict, suppress, words)


def _any_of(statuses: Collection[str]) -> str:
    return rf"\d+ (?:{'|'.join(re.escape(status) for status in sorted(statuses))})$"


_ABOUT_US = (Stage.CONNECT, Stage.EHLO, Stage.TLS, Stage.AUTH, Stage.RESET)
_ABOUT_MAIL = (Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.BODY)
_ABOUT_RECIPIENT = (Stage.RCPT, Stage.BODY)
_WAIT = Verdict.DEFERRED

# The first row that fits counts. Answers to MAIL are the relay's own; those to RCPT and to the message may be what the
# recipient's provider told a relay that passes answers on.
_MEANINGS = (
    # the relay does not let us in: no mail is to blame
    _row(_ABOUT_US, r"[45]", Reach.TRANSPORT, verdict=_WAIT),
    # log in or encrypt first (RFC 4954); 454 is also how Amazon SES says that it throttles
    _row(_ABOUT_MAIL, r"530|534|535|538|454", Reach.TRANSPORT, verdict=_WAIT),
    # 503: the conversation went wrong, not the message
    _row((Stage.MAIL,), r"503", Reach.TRANSPORT, verdict=_WAIT),
    _row(_ABOUT_MAIL, r"503", Reach.DELIVERY, verdict=_WAIT),
    # our own fault, for every recipient alike
    _row(_ABOUT_MAIL, _any_of(OUR_FAULT), Reach.ISSUE),
    _row(_ABOUT_RECIPIENT, r"5", Reach.ISSUE, words=_NOT_OURS_TO_SEND),
    # MAIL: too large is this mail's own; else the sender is refused, or the relay rests
    _row((Stage.MAIL,), r"552|\d+ 5\.3\.4$", Reach.DELIVERY),
    _row((Stage.MAIL,), r"5", Reach.ISSUE),
    _row((Stage.MAIL,), r"4", Reach.TRANSPORT),
    # this mailbox is full, however that is said
    _row(_ABOUT_MAIL, r"\d+ [45]\.2\.2$|552", Reach.DELIVERY),
    _row((Stage.RCPT,), r"452 -", Reach.DELIVERY, words=_MAILBOX_FULL),
    # the relay itself is out of disk or order, or goes down
    _row(_ABOUT_MAIL, r"4\d\d 4\.3\.|452 -|421 4\.4\.", Reach.TRANSPORT),
    _row((Stage.DATA,), r"421", Reach.TRANSPORT),
    # greylisting is about one sender and one recipient; other 4.7.x, 421 and congestion about the whole provider
    _row(_ABOUT_MAIL, r"45[01] 4\.7\.1$", Reach.DELIVERY),
    _row(_ABOUT_MAIL, r"421|4\d\d 4\.7\.|4\d\d 4\.4\.5$", Reach.PROVIDER),
    # the address is dead. In doubt it is not: a wrong Suppression silences a reader for good
    _row(_ABOUT_RECIPIENT, _any_of(DEAD_ADDRESS), Reach.DELIVERY, suppress=True),
    _row((Stage.RCPT,), r"550 -", Reach.DELIVERY, words=_ABOUT_SENDER),
    _row((Stage.RCPT,), r"550 -", Reach.DELIVERY, suppress=True, words=_NO_SUCH_USER),
    # whatever else was said, was said about this mail
    _row(_ABOUT_MAIL, r"[45]", Reach.DELIVERY),
)


def classify_smtp(code: int, enhanced: str | None, text: str, *, stage: Stage) -> Outcome:
    """The Outcome of an SMTP answer that is not a go-ahead, or of the answer to the final dot.

    `code` is 0 where the answer could not be read. The first digit decides (RFC 5321 section 4.2.1); an enhanced
    code (RFC 3463) of another class than the code's is not believed."""
    status = believed(code, enhanced, text)
    shown = status or str(code)
    if code // 100 == 2 and code != 221 and stage is Stage.BODY:
        return Outcome(verdict=Verdict.ACCEPTED, receipt=receipt(text), code=shown)
    reason = f"{stage}: {code} {clean(text)}".strip()
    if code // 100 in (4, 5):
        row = _meaning(f"{code} {status or '-'}", text, stage)
        verdict = row.verdict or (Verdict.DEFERRED if code // 100 == 4 else Verdict.REFUSED)
        return Outcome(verdict=verdict, code=shown, reason=reason, suppress=row.suppress, reach=row.reach)
    if stage is Stage.BODY:
        return Outcome(verdict=Verdict.UNCERTAIN, code=shown, reason=f"no readable answer to the message ({reason})")
    reach = Reach.TRANSPORT if stage in _ABOUT_US else Reach.DELIVERY
    return Outcome(
        verdict=Verdict.DEFERRED, code=shown, reason=f"an answer that makes no sense ({reason})", reach=reach
    )


def _meaning(answer: str, text: str, stage: Stage) -> _Row:
    return next(
        row
        for row in _MEANINGS
        if stage in row.stages
        and row.answer.match(answer) is not None
        and (row.words is None or row.words.search(text) is not None)
    )


def believed(code: int, enhanced: str | None, text: str) -> str | None:
    """The enhanced status code where its class is the code's own; also as qmail writes it, (#5.1.1) in the text."""
    if enhanced is None:
        found = re.search(r"\(#([245]\.\d{1,3}\.\d{1,3})\)", text)
        enhanced = found.group(1) if found else None
    return enhanced if enhanced is not None and enhanced[0] == str(code // 100) else None


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
TRANSPORT_REST = timedelta(seconds=20)  # a relay that restarts is back by then
PROVIDER_REST = timedelta(minutes=3)
LONGEST_REST = timedelta(hours=1)
FEWEST_ANSWERS = 50  # fewer say nothing about an Issue
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


def rest(outcome: Outcome) -> timedelta:
    """How long everything that an answer speaks of is left in peace: the whole relay, or one mail provider."""
    usual = PROVIDER_REST if outcome.reach is Reach.PROVIDER else TRANSPORT_REST
    return min(outcome.retry_after or usual, LONGEST_REST)


def too_many(refused: int, answered: int, share: float) -> bool:
    """Whether so many of an Issue's mails were refused that something must be wrong with it, or with the list."""
    return answered >= FEWEST_ANSWERS and refused > answered * share


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
