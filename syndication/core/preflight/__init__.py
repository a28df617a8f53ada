"""Judges a finished mail before it goes to everybody: size, links, images, header, (광고), the way out.

It builds no mail and reads no clock: the mail comes as octets, what is expected of it beside them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from syndication.core.preflight import body, header
from syndication.core.preflight.body import Page
from syndication.core.preflight.header import Verdict
from syndication.core.preflight.mail import Opened, opened
from syndication.core.remarks import Remark, Severity, say

__all__ = ["Expected", "judge_links_fetched", "judge_mail", "links_of", "told_once"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a mail has to agree with."""

    label: str  # which mail it is, e.g. daily 2026-01-20 whole
    author: str  # domain of the From
    home: str  # domain of the Message-ID
    publish_at: datetime
    budget: int  # bytes of HTML
    hard: int
    live: bool = True
    advertising: bool = False
    signing: bool = False  # we have a DKIM key
    rewritten: frozenset[str] = frozenset()  # fields, in small letters, that the way writes anew
    titles: tuple[str, ...] = ()  # headlines that are to be in it


def judge_mail(message: bytes, expected: Expected) -> list[Remark]:
    """Everything that is to be said of the mail, in the order of the checks."""
    return [_remark(expected.label, verdict) for verdict in _verdicts(message, expected)]


def _verdicts(message: bytes, expected: Expected) -> Iterator[Verdict]:
    mail = opened(message)
    page, text = Page(mail.html or ""), mail.text or ""
    yield from body.judge_size(mail, budget=expected.budget, hard=expected.hard)
    yield from _header(mail, expected)
    yield from header.judge_advertising(mail, advertising=expected.advertising)
    yield from body.judge_parts(mail)
    yield from body.judge_links(page, live=expected.live)
    yield from body.judge_images(page, live=expected.live)
    yield from body.judge_way_out(page.links, text, header.unsubscribe_url(mail))
    yield from body.judge_page(page)
    yield from body.judge_text(page.words(), text, expected.titles)


def _header(mail: Opened, expected: Expected) -> Iterator[Verdict]:
    found = [
        *header.judge_octets(mail),
        *header.judge_header(
            mail,
            author=expected.author,
            home=expected.home,
            publish_at=expected.publish_at,
            live=expected.live,
        ),
        *header.judge_signatures(mail, signing=expected.signing, rewritten=expected.rewritten),
    ]
    yield from found
    if not found:
        yield Severity.FINE, "header-good", say("헤더 {count}개가 모두 온전합니다.", count=len(mail.fields)), "RFC 5322"


def links_of(message: bytes) -> tuple[str, ...]:
    """The links of a mail that can be asked whether they lead somewhere; not the one that ends the Subscription."""
    mail = opened(message)
    return tuple(link for link in body.fetchable(Page(mail.html or "")) if link != header.unsubscribe_url(mail))


def judge_links_fetched(label: str, answers: Mapping[str, str | None]) -> list[Remark]:
    """What came of asking the links: nothing for one that answered, else why it did not."""
    return [_remark(label, verdict) for verdict in body.judge_fetched(answers)]


def told_once(remarks: Iterable[Remark]) -> list[Remark]:
    """Without what an earlier mail has as well: the mails of an Issue are made of the same blocks. Each has a size."""
    first = dict[tuple[str, Severity], str]()
    kept = list[Remark]()
    for remark in remarks:
        if first.setdefault((remark.check, remark.severity), remark.subject) == remark.subject or remark.area == "size":
            kept.append(remark)
    return kept


def _remark(label: str, verdict: Verdict) -> Remark:
    severity, check, says, source = verdict
    return Remark(severity=severity, check=check, subject=label, says=says, source=source)
