"""Reads reports about mail of ours out of a mail that came in: bounces and delays (RFC 3464), complaints (RFC 5965).

It believes none of them: whether a report is about a Delivery of ours, the address it came to has to tell.
"""

from __future__ import annotations

import email
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.utils import parseaddr

from flufl.bounce import all_failures

from syndication.core import incoming
from syndication.core.incoming import Part
from syndication.core.model import EventKind
from syndication.core.policy import Stage, classify_smtp, clean

_STATUS_KINDS = frozenset({"message/delivery-status", "message/global-delivery-status"})  # RFC 3464, RFC 6533
_MOST_REPORTS = 50  # recipients of one report: a mail of ours has one
_ADDRESS_MAX = 320  # octets: 64, the @ and 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of one recipient by the word of some mail system."""

    kind: EventKind  # BOUNCED, DELAYED, DELIVERED or SENT (passed on to where nothing more is heard)
    code: str | None  # the enhanced status code (RFC 3463), or the one that its words amount to
    recipients: tuple[str, ...]  # the addresses by which it names the recipient, as written
    detail: str | None  # fit to be stored: one line without addresses


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """What a feedback loop tells of a reader who called our mail spam."""

    feedback: str  # abuse, opt-out, not-spam …
    senders: tuple[str, ...]  # envelope senders that the mail complained about had
    links: str  # its List-Unsubscribe


def reports(mail: Part) -> Sequence[Report]:
    """What a mail reports about recipients: by the standard, else as known mail systems write it.

    Empty for a mail that is no report."""
    told = tuple(_delivery_status(mail))
    return told or tuple(_recognised(mail))


# --- RFC 3464 --------------------------------------------------------------------------------


def _delivery_status(mail: Part) -> Iterator[Report]:
    """The recipients of the mail's own delivery status, not of one that it encloses."""
    part = next((part for part in incoming.spoken(mail) if part.kind in _STATUS_KINDS), None)
    if part is None:
        return
    blocks = re.split(r"\n[ \t]*\n", part.text().strip("\n"))
    for block in blocks[: _MOST_REPORTS + 1]:
        report = _recipient(incoming.read(block.encode()))
        if report is not None:
            yield report


def _recipient(block: Part) -> Report | None:
    """One block of per-recipient fields (RFC 3464 section 2.3); None for the fields about the whole message."""
    named = tuple(filter(None, (_address(block.value(name)) for name in ("original-recipient", "final-recipient"))))
    action = block.value("action").lower()
    if not (named or action):
        return None
    said = block.value("diagnostic-code").partition(";")[2] or block.value("diagnostic-code")
    status = _ENHANCED.search(block.value("status"))
    code = _most_particular(status[0] if status else None, said)
    kind = _kind(action, code)
    if kind is None:
        return None
    return Report(kind=kind, code=code, recipients=named, detail=clean(said) or None)


_ENHANCED = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.])")
_ACTIONS = (  # the registry of RFC 3464; some write a comment behind the word, and OpenSMTPD writes "error"
    ("fail", EventKind.BOUNCED),
    ("error", EventKind.BOUNCED),
    ("delayed", EventKind.DELAYED),
    ("delivered", EventKind.DELIVERED),
    ("relayed", EventKind.SENT),
    ("expanded", EventKind.SENT),
)
_CLASSES = {"5": EventKind.BOUNCED, "4": EventKind.DELAYED, "2": EventKind.DELIVERED}


def _kind(action: str, code: str | None) -> EventKind | None:
    """By the action; by the class of the code where there is none."""
    found = next((kind for word, kind in _ACTIONS if action.startswith(word)), None)
    return _CLASSES.get((code or "")[:1]) if found is None and not action else found


def _address(value: str) -> str:
    """The address of a field such as rfc822; reader@example.com. RFC 6533 section 3 writes others with \\x{HEX}."""
    kind, semicolon, rest = value.partition(";")
    bare = (rest if semicolon else kind).strip()
    if kind.strip().lower() == "utf-8":
        bare = re.sub(r"\\x\{([0-9A-F]{2,6})\}", _character, bare)
    return _bare(bare)


def _character(found: re.Match[str]) -> str:
    number = int(found[1], 16)
    return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else "\ufffd"


def _bare(text: str) -> str:
    """The address without angle brackets, comments and blanks; empty for what is none."""
    found = re.search(r"[^\s<>()\";,]+@[^\s<>()\";,]+", text[: 2 * _ADDRESS_MAX])
    return found[0] if found and len(found[0]) <= _ADDRESS_MAX else ""


# --- what the words amount to ----------------------------------------------------------------

_SAID = re.compile(  # a code as servers write it, not any number with two dots
    r"\b[245]\d\d[ -]#?([245]\.\d{1,2}\.\d{1,3})(?![\d.])|\(?#([245]\.\d{1,2}\.\d{1,3})(?![\d.])"
    r"|\bstatus: ?([245]\.\d{1,2}\.\d{1,3})(?![\d.])",
    re.IGNORECASE,
)
_MEANT = (  # what servers and their web pages say without a code, in English and Korean
    (re.compile(r"over ?quota|quota exceeded|exceed\w* (?:storage|quota|the maximum)|mail ?box (?:is )?full", re.I), 2),
    (re.compile(r"용량(?:이|을)? ?(?:초과|부족|가득)|메일함이 (?:가득|꽉)|편지함이 (?:가득|꽉)"), 2),
    (re.compile(r"\bspam|black ?list|\bblocked\b|policy|access denied|relay(?:ing)? denied|not permitted", re.I), 7),
    (re.compile(r"스팸|차단|수신 ?거부"), 7),
)
_CODES = {2: "5.2.2", 7: "5.7.1"}
_GENERIC = re.compile(r"[245]\.(?:0|1|2|3)\.0")


def _most_particular(status: str | None, said: str) -> str | None:
    """The code that tells most: a generic one gives way to one within the server's answer, or to what that says."""
    if status is not None and not _GENERIC.fullmatch(status):
        return status
    found = _SAID.search(said)
    spoken: str | None = next(filter(None, found.groups()), None) if found else None
    if spoken is not None and not _GENERIC.fullmatch(spoken):
        return spoken
    return _amounts_to(said) or status or spoken


def _amounts_to(said: str) -> str | None:
    meant = next((code for words, code in _MEANT if words.search(said)), None)
    if meant is not None:
        return _CODES[meant]
    return "5.1.1" if classify_smtp(550, None, said, stage=Stage.RCPT).suppress else None


# --- what is not by the standard -------------------------------------------------------------

_LONGEST_REPORT = 32 * 1024  # octets that are searched for a known shape; the mail itself follows what is said of it
_MOST_BOUNDARIES = 20  # parsers of others go as deep as they are led
_ORIGINAL = re.compile(
    r"original message follows|below (?:this line )?is (?:a|the) (?:copy|header|original)|원본 ?(?:메시지|메일)"
    r"|^-+ ?(?:original message|this is a copy|message text|returned message)|^received: from ",
    re.IGNORECASE | re.MULTILINE,
)
_SYSTEMS = re.compile(r"(?:mailer[-_]?daemon|postmaster|mail-?delivery|mdaemon|bounce[sd]?|smtp)\b", re.IGNORECASE)
_UNDELIVERED = re.compile(
    r"undeliver|(?:could|can)(?:not|n't| not) (?:be )?deliver|deliver\w* (?:has |have )?(?:failed|failure|problem)"
    r"|fail(?:ed|ure) (?:to deliver|notice)|returned (?:mail|to sender)|mail (?:system )?error|non-?delivery"
    r"|반송|(?:전송|발송|배달|전달)(?:에|이|을|를)? ?(?:실패|되지 ?(?:못|않)|하지 ?못)"
    r"|존재하지 ?않는|수신자를 ?찾을 수 ?없",
    re.IGNORECASE,
)


def from_system(mail: Part, sender: str | None = None) -> bool:
    """Whether a mail system wrote it and no person: the null sender, or the names that such systems go by."""
    if sender == "" or mail.kind == "multipart/report" or mail.value("x-failed-recipients"):
        return True
    paths = [mail.value("return-path"), parseaddr(mail.value("from"))[1]]
    return paths[0].replace(" ", "") == "<>" or any(_SYSTEMS.match(path.lstrip("<")) for path in paths)


def _recognised(mail: Part) -> Iterator[Report]:
    """Recipients by X-Failed-Recipients (Exim, Gmail) or by flufl.bounce, which knows how many systems write."""
    said = _said(mail)
    code = _most_particular(None, said)
    listed = [_bare(one) for one in mail.value("x-failed-recipients").split(",")]
    delayed, gone = ((), tuple(filter(None, listed))) if any(listed) else _known_shapes(mail)
    for kind, addresses in ((EventKind.BOUNCED, gone), (EventKind.DELAYED, delayed)):
        for address in addresses[:_MOST_REPORTS]:
            yield Report(kind=kind, code=code, recipients=(address,), detail=clean(said) or None)


def _known_shapes(mail: Part) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Addresses that are delayed, and those that failed."""
    octets = b"".join(f"{n}: {v}\r\n".encode() for n, v in mail.fields) + b"\r\n" + mail.body[:_LONGEST_REPORT]
    if octets.count(b"boundary") > _MOST_BOUNDARIES:
        return (), ()
    try:
        delayed, gone = all_failures(email.message_from_bytes(octets))
    except Exception:  # noqa: BLE001 - a foreign parser on foreign bytes: whatever it stumbles over, it knows nothing
        return (), ()
    return tuple(map(_text, sorted(delayed))), tuple(map(_text, sorted(gone)))


def _text(address: bytes) -> str:
    return _bare(address.decode("ascii", "replace"))


def undelivered(mail: Part) -> Report | None:
    """What a mail system says that names nobody and has no known shape, but speaks of a mail that did not arrive."""
    said = f"{mail.words('subject')}\n{_said(mail)}"
    if not _UNDELIVERED.search(said):
        return None
    return Report(kind=EventKind.BOUNCED, code=_most_particular(None, said), recipients=(), detail=clean(said) or None)


def _said(mail: Part) -> str:
    """The words of the mail itself, as far as where it gives back ours."""
    part = next((p for p in incoming.spoken(mail) if p.kind in ("text/plain", "text/html") and p.body.strip()), None)
    if part is None:
        return ""
    text = incoming.text_of_html(part.text()) if part.kind == "text/html" else part.text()
    return _ORIGINAL.split(text[:_LONGEST_REPORT], maxsplit=1)[0][:8192]


# --- RFC 5965 --------------------------------------------------------------------------------


def complaint(mail: Part) -> Complaint | None:
    """What a feedback report (RFC 5965) complains about; None for a mail that is none."""
    part = next((part for part in incoming.spoken(mail) if part.kind == "message/feedback-report"), None)
    if part is None:
        return None
    told = incoming.read(part.text().strip("\n").encode())
    return _about(mail, told.value("feedback-type").lower(), told.values("original-mail-from"))


def handed_on(mail: Part) -> Complaint | None:
    """The complaint that a loop makes by enclosing our mail and no more (Microsoft's)."""
    return _about(mail, "abuse", ()) if incoming.enclosed(mail) else None


def _about(mail: Part, feedback: str, senders: Sequence[str]) -> Complaint:
    ours = incoming.enclosed(mail) or Part()
    paths = (*senders, *ours.values("return-path"), *ours.values("x-envelope-from"))
    return Complaint(
        feedback=feedback,
        senders=tuple(filter(None, map(_bare, paths[:10]))),
        links=ours.value("list-unsubscribe"),
    )
