"""Judges the header of a finished mail: what large receivers and RFC 5322 ask for, and the (광고) rule of Korean law.

It looks at no body.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import getaddresses, parsedate_to_datetime

from syndication.core.preflight.mail import BadWord, Opened, decoded, longest_word
from syndication.core.remarks import Said, Severity, say

ADVERTISING = "(광고)"  # at the very start, in exactly this form (Network Act, Enforcement Decree, table 6)

Verdict = tuple[Severity, str, Said, str]  # severity, check, words, whose rule

_LINE_MAX = 998  # octets, RFC 5322 section 2.1.1
_WORD_MAX = 75  # characters, RFC 2047 section 2
_LONGEST_SUBJECT = 200  # characters: mail programs show less than half of them
_SANE = timedelta(days=2)
_NEEDED = ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type")
_MANY = ("dkim-signature", "received", "comments", "keywords")  # may come more than once
_COVERED = ("from", "to", "subject", "date", "list-unsubscribe", "list-unsubscribe-post")
_ID = re.compile(r"<[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)>")
_TARGET = re.compile(r"<([^<>]*)>")
# Brackets or stars before the word, signs or blanks within it, a bracket after it; quotation marks are a headline's.
_ALIKE = re.compile(rf"""\s*([^\w\s"'“”‘’「『]*)\s*{ADVERTISING[1]}([\W_]*){ADVERTISING[2]}\s*([)\]}}>〕】])?""")


def judge_octets(mail: Opened) -> Iterator[Verdict]:
    """Whether the mail travels on every way: 7-bit, CRLF, lines of at most 998 octets."""
    octets, rule = mail.octets, "RFC 5322 §2.1.1"
    if not octets.isascii():
        says = say("메일에 7비트가 아닌 글자가 있습니다.")
        yield Severity.WRONG, "header-octets", says, "RFC 5321 §2.4"
    if octets.count(b"\r\n") != octets.count(b"\n") or octets.count(b"\r") != octets.count(b"\n") or b"\0" in octets:
        says = say("줄이 CRLF로만 나뉘지 않습니다.")
        yield Severity.WRONG, "header-lines", says, rule
    longest = max(map(len, octets.split(b"\r\n")))
    if longest > _LINE_MAX:
        says = say("{count}바이트인 줄이 있습니다. {most}바이트까지만 됩니다.", count=longest, most=_LINE_MAX)
        yield Severity.WRONG, "header-lines", says, rule


def judge_header(mail: Opened, *, author: str, home: str, publish_at: datetime, live: bool) -> Iterator[Verdict]:
    """What is wrong with the fields; `author` is the domain of the From, `home` that of the Message-ID."""
    yield from _counted(mail)
    yield from _people(mail, author)
    yield from _subject(mail)
    yield from _date(mail, publish_at)
    found = _ID.fullmatch(mail.first("Message-ID"))
    if found is None or found[1].lower() != home:
        says = say("Message-ID는 <…@{home}> 꼴이어야 합니다.", home=home)
        yield Severity.WRONG, "header-message_id", says, "RFC 5322 §3.6.4"
    yield from _leaving(mail, live=live)


def _counted(mail: Opened) -> Iterator[Verdict]:
    counts = Counter(name.lower() for name, _ in mail.fields)
    for name in (name for name, count in counts.items() if count > 1 and name not in _MANY):
        says = say("{name} 헤더가 {count}번 있습니다. 한 번만 있어야 합니다.", name=name, count=counts[name])
        yield Severity.WRONG, "header-once", says, "RFC 5322 §3.6, Gmail"
    for name in (name for name in _NEEDED if name.lower() not in counts):
        yield Severity.WRONG, "header-missing", say("{name} 헤더가 없습니다.", name=name), "RFC 5322 §3.6"


def _people(mail: Opened, author: str) -> Iterator[Verdict]:
    senders = getaddresses(mail.all("From"))
    if len(senders) != 1 or senders[0][1].rpartition("@")[2].lower() != author:
        says = say("From은 {author}의 주소 하나여야 합니다.", author=author)
        yield Severity.WRONG, "header-from", says, "RFC 9989 §4.4, Gmail"
    others = [name for name in ("Cc", "Bcc") if mail.all(name)]
    if len(getaddresses(mail.all("To"))) != 1 or others:
        says = say("받는 사람은 To의 한 명이어야 합니다.")
        yield Severity.WRONG, "header-to", says, "RFC 5322 §3.6.3"


def _subject(mail: Opened) -> Iterator[Verdict]:
    value = mail.first("Subject")
    try:
        shown = decoded(value)
    except BadWord:
        says = say("제목의 인코딩이 깨졌습니다. 제목이 기호로 보입니다.")
        yield Severity.WRONG, "header-subject", says, "RFC 2047 §2"
        return
    if not shown:
        yield Severity.WRONG, "header-subject", say("제목이 비어 있습니다."), "RFC 5322 §3.6.5"
    if longest_word(value) > _WORD_MAX:
        says = say("제목의 인코딩 낱말이 {most}자를 넘습니다.", most=_WORD_MAX)
        yield Severity.WRONG, "header-subject", says, "RFC 2047 §2"
    if "\ufffd" in shown or any(unicodedata.category(sign) == "Cc" for sign in shown):
        says = say("제목에 보이지 않는 제어 문자나 깨진 글자가 있습니다.")
        yield Severity.WRONG, "header-subject", says, "RFC 2047 §6"
    if len(shown) > _LONGEST_SUBJECT:
        says = say("제목이 {count}자입니다. 메일 목록에는 앞의 수십 자만 보입니다.", count=len(shown))
        yield Severity.WARNING, "header-subject", says, "Gmail"


def _date(mail: Opened, publish_at: datetime) -> Iterator[Verdict]:
    try:
        date = parsedate_to_datetime(mail.first("Date"))
    except (ValueError, OverflowError):
        yield Severity.WRONG, "header-date", say("Date 헤더를 읽을 수 없습니다."), "RFC 5322 §3.3"
        return
    if date.tzinfo is None or abs(date - publish_at) > _SANE:
        says = say("Date 헤더({date})가 발행 시각과 맞지 않습니다.", date=mail.first("Date"))
        yield Severity.WRONG, "header-date", says, "RFC 5322 §3.6.1"


# --- leaving -------------------------------------------------------------------------------------


def unsubscribe_url(mail: Opened) -> str | None:
    """Where one click ends the Subscription, as the header says."""
    targets = _TARGET.findall(mail.first("List-Unsubscribe"))
    return next((target for target in targets if target.startswith(("https://", "http://"))), None)


def _leaving(mail: Opened, *, live: bool) -> Iterator[Verdict]:
    """RFC 8058: an https link that takes a POST, said so in a field of its own."""
    rule, url = "RFC 8058 §3.1, Gmail, Yahoo", unsubscribe_url(mail)
    if url is None:
        yield Severity.WRONG, "header-unsubscribe", say("List-Unsubscribe 헤더에 링크가 없습니다."), rule
        return
    if live and not url.startswith("https://"):
        yield Severity.WRONG, "header-unsubscribe", say("List-Unsubscribe의 링크는 https여야 합니다."), rule
    if "\r\n" in mail.folded("List-Unsubscribe") or "=?" in mail.first("List-Unsubscribe"):
        says = say("List-Unsubscribe 헤더가 접히거나 인코딩되어 한 번에 끊기가 되지 않습니다.")
        yield Severity.WRONG, "header-unsubscribe", says, rule
    if mail.first("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click":
        says = say("List-Unsubscribe-Post 헤더는 ‘{value}’여야 합니다.", value="List-Unsubscribe=One-Click")
        yield Severity.WRONG, "header-unsubscribe", says, rule


# --- signatures ----------------------------------------------------------------------------------


def judge_signatures(mail: Opened, *, signing: bool, rewritten: frozenset[str] = frozenset()) -> Iterator[Verdict]:
    """Whether what has to be signed is; `signing` says that we have a key, `rewritten` what the way writes anew."""
    signatures = [dict(_tags(value)) for value in mail.all("DKIM-Signature")]
    if signing and not signatures:
        says = say("서명 키가 있는데도 메일에 DKIM 서명이 없습니다.")
        yield Severity.WRONG, "header-signature", says, "RFC 6376, Gmail"
    for tags in signatures:
        covered = {name.strip().lower() for name in tags.get("h", "").split(":")}
        left = [name for name in _COVERED if name not in covered | rewritten and mail.all(name)]
        if left:
            says = say("DKIM 서명이 {names} 헤더를 덮지 않습니다.", names=", ".join(left))
            yield Severity.WRONG, "header-signature", says, "RFC 8058 §4"


def _tags(value: str) -> Iterator[tuple[str, str]]:
    for part in value.split(";"):
        name, _, text = part.partition("=")
        yield name.strip(), "".join(text.split())


# --- (광고) --------------------------------------------------------------------------------------


def judge_advertising(mail: Opened, *, advertising: bool) -> Iterator[Verdict]:
    """The subject of an advertising Edition begins with exactly (광고), of any other with nothing like it."""
    rule = "정보통신망법 시행령 별표 6"
    try:
        shown = decoded(mail.first("Subject"))
    except BadWord:
        return
    marked = shown.startswith(ADVERTISING)
    if advertising and marked:
        says = say("제목이 {mark}로 시작합니다.", mark=ADVERTISING)
        yield Severity.FINE, "advertising-mark", says, rule
    elif advertising and resembles_mark(shown):
        says = say("제목의 표시가 변형되었습니다. 정확히 {mark}로 시작해야 합니다.", mark=ADVERTISING)
        yield Severity.WRONG, "advertising-mark", says, rule
    elif advertising:
        says = say("광고 판인데 제목이 {mark}로 시작하지 않습니다.", mark=ADVERTISING)
        yield Severity.WRONG, "advertising-mark", says, rule
    elif marked or resembles_mark(shown):
        says = say(
            "광고 판이 아닌데 제목이 {mark}처럼 시작합니다. 광고라면 advertising = true로 두십시오.", mark=ADVERTISING
        )
        yield Severity.WRONG if marked else Severity.WARNING, "advertising-mark", says, rule


def resembles_mark(subject: str) -> bool:
    """Whether a subject begins with a look-alike: (광 고), [광고], (광/고), full-width or invisible signs within."""
    if subject.startswith(ADVERTISING):
        return False
    seen = unicodedata.normalize("NFKC", subject)
    found = _ALIKE.match("".join(sign for sign in seen if unicodedata.category(sign) not in ("Cf", "Cc", "Mn")))
    return found is not None and any(found.groups())
