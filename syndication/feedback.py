"""Takes in later news about Deliveries and Subscriptions, in any order and any number of times.

It opens no mailbox and no port: what arrives there, as mail or as Events, is handed to it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parseaddr
from enum import StrEnum
from itertools import islice

import structlog

from syndication.core import incoming, links, replies, returned
from syndication.core.bounces import Bearing, Patience, bearing
from syndication.core.incoming import Part
from syndication.core.links import BadAddress, Purpose, Slip
from syndication.core.model import Delivery, Event, EventKind, Subscription, Verdict
from syndication.core.news import ABOUT_DELIVERIES
from syndication.core.returned import Complaint, Report
from syndication.core.signers import active
from syndication.ports import Arrived, Mail, Ports, Setup, Transient
from syndication.render import dkim, forward
from syndication.render.words import words

log = structlog.get_logger()

AT_ONCE = 500  # Events of one transaction
FEEDBACK_LOOP = "fbl"  # fbl@ the bounce domain is where feedback loops are told to report to
LEAVING = "unsubscribe"  # unsubscribe@ it takes mail with a leave link's token as subject


class Taken(StrEnum):
    """What became of a mail that came in."""

    APPLIED = "applied"
    KNOWN = "known"  # it changed nothing: said before
    DROPPED = "dropped"  # a machine's answer, or nothing that concerns us
    PASSED_ON = "passed on"  # to the newsroom
    UNMATCHED = "unmatched"  # it names no Delivery or Subscription by a token of ours, and changed nothing
    KEPT = "kept"  # a person wrote it, and there was nobody to pass it on to


TO_BE_SEEN = frozenset({Taken.UNMATCHED, Taken.KEPT})


# --- Events ----------------------------------------------------------------------------------


def apply(ports: Ports, setup: Setup, news: Event) -> bool:
    """Record an Event and what follows from it; False when it was known and changed nothing."""
    return news.id in apply_all(ports, setup, [news])


def apply_all(ports: Ports, setup: Setup, news: Iterable[Event]) -> frozenset[str]:
    """Record Events and what follows from them; returns the ids of those that were not known."""
    left, new = iter(news), set[str]()
    while batch := list(islice(left, AT_ONCE)):
        told = [one for one in batch if one.kind in ABOUT_DELIVERIES]
        new |= ports.store.learn(told, Patience(zone=setup.zone)) if told else set()
        new |= {one.id for one in batch if one.kind not in ABOUT_DELIVERIES and _about_reader(ports, one)}
    return frozenset(new)


def _about_reader(ports: Ports, news: Event) -> bool:
    if news.kind is not EventKind.ENDED:
        return ports.store.record(news)
    delivery = ports.store.delivery(news.delivery_id) if news.delivery_id and not news.subscription_id else None
    if delivery is not None:
        news = replace(news, subscription_id=delivery.subscription_id)
    return ports.store.end_subscription(news)


def ended(subscription_id: int, epoch: int, at: datetime, cause: str) -> Event:
    """The Event of a reader leaving; leaving twice is the same Event."""
    return Event(
        id=f"ended:{subscription_id}:{epoch}",
        kind=EventKind.ENDED,
        at=at,
        cause=cause,
        subscription_id=subscription_id,
    )


# --- mail that came in -----------------------------------------------------------------------


def collect(ports: Ports, setup: Setup, *, limit: int = 500) -> Mapping[Taken, int]:
    """Take in what waits in the Postbox; returns how many mails became what.

    A mail is marked only after what it said was stored. One that cannot be taken in now stays, and does not keep the
    others from being read; its error is raised in the end."""
    if ports.postbox is None:
        return {}
    counts: Counter[Taken] = Counter()
    failures: list[Exception] = []
    for arrived in ports.postbox.look(limit):
        try:
            taken = take(ports, setup, arrived)
        except Exception as error:  # noqa: BLE001 - of whatever kind: the others are still read
            failures.append(error)
            if len(failures) > 2:  # it is not the mail
                break
            continue
        (ports.postbox.set_aside if taken in TO_BE_SEEN else ports.postbox.done)(arrived)
        counts[taken] += 1
    if failures:
        raise failures[0]
    return counts


def take(ports: Ports, setup: Setup, arrived: Arrived) -> Taken:
    """Take in one mail: a bounce, a complaint, a wish to leave or an answer; any number of times.

    What it does, it does by a token of ours in the address it came to, never by what it says about itself. Raises
    Transient when an answer cannot be passed on now."""
    mail = incoming.read(arrived.message)
    taken = _taken(_Desk(ports=ports, setup=setup), arrived, mail)
    log.info("mail taken in", taken=taken.value, octets=len(arrived.message))
    return taken


def expects(setup: Setup, recipient: str) -> bool:
    """Whether mail to this address may be accepted: an address with a token of ours, or one of the fixed ones."""
    domain = setup.bounce_domain
    if domain is None:
        return False
    fixed = (f"{FEEDBACK_LOOP}@{domain}", f"{LEAVING}@{domain}")
    return recipient.lower() in fixed or links.read_return(recipient, domain, setup.keys) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    """Where tokens are looked up and words become Events."""

    ports: Ports
    setup: Setup

    def slips(self, addresses: Iterable[str]) -> Sequence[Slip]:
        domain = self.setup.bounce_domain
        if domain is None:
            return ()
        found = (links.read_return(address, domain, self.setup.keys) for address in addresses)
        return [slip for slip in found if slip is not None and slip.number < 2**63]

    def delivery(self, slips: Iterable[Slip]) -> tuple[Delivery, Subscription] | None:
        """The Delivery that a token was made for, with its reader."""
        for slip in slips:
            delivery = self.ports.store.delivery(slip.number) if slip.purpose is Purpose.VERP else None
            reader = None if delivery is None else self._reader(delivery.subscription_id, slip)
            if delivery is not None and reader is not None:
                return delivery, reader
        return None

    def reader(self, slips: Iterable[Slip], *purposes: Purpose) -> Subscription | None:
        """The Subscription that a token was made for."""
        found = (self._reader(slip.number, slip) for slip in slips if slip.purpose in purposes)
        return next(filter(None, found), None)

    def _reader(self, subscription_id: int | None, slip: Slip) -> Subscription | None:
        reader = None if subscription_id is None else self.ports.store.subscription(subscription_id)
        return reader if reader is not None and links.made_for(slip, reader.address, self.setup.keys) else None

    def reader_of_link(self, text: str) -> Subscription | None:
        """The Subscription that a leave link's token in a text was made for."""
        for found in _LINK_TOKEN.findall(text[:2000]):
            token = links.verify(found, Purpose.UNSUBSCRIBE, self.setup.keys)
            if token is not None and token.number < 2**63 and not token.expires:
                return self.ports.store.subscription(token.number)
        return None

    def apply(self, *news: Event) -> Taken:
        return Taken.APPLIED if apply_all(self.ports, self.setup, news) else Taken.KNOWN

    def leave(self, reader: Subscription, cause: str) -> Taken:
        return self.apply(ended(reader.id, reader.epoch, self.ports.clock.now(), cause))


_LINK_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}\.[A-Za-z0-9_-]{40,128}")
_ADDRESS = re.compile(r"[^\s<>()\",;:]{1,64}@[^\s<>()\",;:]{1,255}")
_ADDRESSED = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "to", "cc")


def _taken(desk: _Desk, arrived: Arrived, mail: Part) -> Taken:
    addresses = arrived.recipients or _addressed(mail)
    slips = desk.slips(addresses)
    complaint = returned.complaint(mail)
    if complaint is None and any(a.lower().startswith(f"{FEEDBACK_LOOP}@") for a in addresses):
        complaint = returned.handed_on(mail)
    if complaint is not None:
        return _complained(desk, complaint, slips)
    about = desk.delivery(slips)
    if about is not None:
        return _about_delivery(desk, arrived, mail, *about)
    leaver = desk.reader(slips, Purpose.UNSUBSCRIBE) or desk.reader_of_link(mail.words("subject"))
    if leaver is not None:  # also where a machine wrote: mail programs do it at the press of a button
        return Taken.DROPPED if returned.from_system(mail, arrived.sender) else desk.leave(leaver, "mail")
    return _answered(desk, arrived, mail, desk.reader(slips, Purpose.REPLY))


def _addressed(mail: Part) -> Sequence[str]:
    """To whom it came by its own header; the tokens in them prove themselves."""
    return [found for name in _ADDRESSED for value in mail.values(name)[:10] for found in _ADDRESS.findall(value)]


# --- bounces ---------------------------------------------------------------------------------


def _about_delivery(desk: _Desk, arrived: Arrived, mail: Part, delivery: Delivery, reader: Subscription) -> Taken:
    """Mail to the envelope sender of a Delivery: a report, or a person whose program answers to that address."""
    report = _gravest(returned.reports(mail), reader)
    if report is None and returned.from_system(mail, arrived.sender):
        report = _gravest([said] if (said := returned.undelivered(mail)) else [], reader)
    if report is None:
        return _answered(desk, arrived, mail, reader)
    return desk.apply(
        Event(
            id=f"report:{delivery.id}:{report.kind}:{report.code or '-'}",
            kind=report.kind,
            at=desk.ports.clock.now(),
            cause="report",
            delivery_id=delivery.id,
            subscription_id=reader.id,
            detail=report.detail,
            code=report.code,
        )
    )


_GRAVITY = (EventKind.BOUNCED, EventKind.DELAYED, EventKind.DELIVERED, EventKind.SENT)


def _gravest(reports: Sequence[Report], reader: Subscription) -> Report | None:
    """The report about the reader's own address; of others only that something is wrong behind it.

    So an address that mail was sent on to from there suppresses neither itself nor, at once, the reader."""
    own = [report for report in reports if _names(report, reader)]
    others = [_softened(report) for report in reports if report.kind in (EventKind.BOUNCED, EventKind.DELAYED)]
    return min(own or others, key=lambda report: _GRAVITY.index(report.kind), default=None)


def _names(report: Report, reader: Subscription) -> bool:
    return any(_normal(address) == links.normal_address(reader.address) for address in report.recipients)


def _normal(address: str) -> str | None:
    try:
        return links.normal_address(address)
    except BadAddress:
        return None


def _softened(report: Report) -> Report:
    return replace(report, code=None) if bearing(report.code) is Bearing.DEAD else report


# --- complaints ------------------------------------------------------------------------------

_COMPLAINTS = frozenset({"abuse", "fraud", "complaint", "opt-out", "opt-out-list", "unsubscribe"})


def _complained(desk: _Desk, complaint: Complaint, slips: Sequence[Slip]) -> Taken:
    """A complaint about a Delivery suppresses its reader; one that only a leave link identifies ends what that may."""
    if complaint.feedback not in _COMPLAINTS:
        return Taken.DROPPED
    about = desk.delivery([*slips, *desk.slips(complaint.senders)])
    if about is not None:
        delivery, reader = about
        return desk.apply(
            Event(
                id=f"complaint:{delivery.id}",
                kind=EventKind.COMPLAINED,
                at=desk.ports.clock.now(),
                cause="complaint",
                delivery_id=delivery.id,
                subscription_id=reader.id,
                detail=complaint.feedback,
                suppress=True,
            )
        )
    linked = desk.slips(_ADDRESS.findall(complaint.links.replace("mailto:", " ")))
    leaver = desk.reader(linked, Purpose.UNSUBSCRIBE) or desk.reader_of_link(complaint.links)
    return Taken.UNMATCHED if leaver is None else desk.leave(leaver, "complaint")


# --- answers ---------------------------------------------------------------------------------


def _answered(desk: _Desk, arrived: Arrived, mail: Part, reader: Subscription | None) -> Taken:
    """What nobody reported: dropped from machines, a wish to leave honoured, everything else for the newsroom.

    Without a reader known by a token nobody leaves: a From line proves nothing."""
    if replies.automatic(mail, arrived.sender) or returned.from_system(mail, arrived.sender):
        return Taken.UNMATCHED if reader is None and returned.reports(mail) else Taken.DROPPED
    if reader is not None and replies.wants_to_leave(mail):
        return desk.leave(reader, "reply")
    return _pass_on(desk.ports, desk.setup, arrived, mail)


def _pass_on(ports: Ports, setup: Setup, arrived: Arrived, mail: Part) -> Taken:
    newsroom, domain = setup.reply_to, setup.bounce_domain
    if newsroom is None or domain is None or not setup.replies or not _may_write_to(setup, newsroom):
        return Taken.KEPT
    letter = Mail(
        sender=setup.outlet.sender_address,
        recipient=newsroom,
        message=_forwarded(ports, setup, arrived, mail, newsroom, domain),
    )
    outcomes = [outcome for _, outcome in ports.mailer.carry([letter], lambda _: True)]
    verdicts: Collection[Verdict] = {outcome.verdict for outcome in outcomes}
    if Verdict.DEFERRED in verdicts:
        raise Transient("an answer could not be passed on to the newsroom now")
    return Taken.KEPT if Verdict.REFUSED in verdicts else Taken.PASSED_ON


def _forwarded(ports: Ports, setup: Setup, arrived: Arrived, mail: Part, newsroom: str, domain: str) -> bytes:
    now, outlet = ports.clock.now(), setup.outlet
    mark = incoming.fingerprint(arrived.message)
    answer = forward.Answer(
        octets=arrived.message,
        subject=mail.words("subject"),
        writer=parseaddr(mail.value("from"))[1],
        said=replies.own_words(mail),
    )
    envelope = forward.Envelope(
        message_id=f"answer.{mark}@{outlet.domain}",
        at=now,
        sender_name=outlet.sender_name,
        sender_address=outlet.sender_address,
        newsroom=newsroom,
        loop=f"answers@{domain}",
    )
    message = forward.forward(answer, envelope, words(_language(setup), setup.templates))
    signers = active(setup.signers, now)
    return dkim.sign(message, *signers, at=now) if signers else message


def _language(setup: Setup) -> str:
    return next((edition.language for edition in setup.editions.values()), "ko")


def _may_write_to(setup: Setup, address: str) -> bool:
    """Rehearsals write to nobody but those who are named for it, the newsroom included."""
    return setup.allowed is None or links.address_key(address, setup.address_keys).digest in setup.allowed
