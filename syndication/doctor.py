"""Asks what an installation's domains publish about its mail, and has it judged.

It judges nothing itself (see core.domain.records) and builds no mail (see proof).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from syndication.core import links, signers
from syndication.core.domain.names import Answer, Asking, Kind, Question
from syndication.core.domain.records import PublicKey, Relay, Sender, examine
from syndication.core.remarks import Remark
from syndication.ports import Fetcher, Names, Permanent, Setup, Transient

T = TypeVar("T")

SES = "amazonses.com"  # whose SPF record speaks for Amazon SES

_MOST_QUESTIONS = 400  # a domain whose records lead to more is somebody's joke
_GIVE_UP = 3  # failures in a row, while nothing was answered: this machine has no DNS
_ANCHOR = "a.root-servers.net"  # there wherever the public DNS is
_LONGEST_PAGE = 65_536  # characters of a policy file that are looked at


# --- asking ----------------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class _Asked:
    """Answers so far; the same question is asked once."""

    names: Names
    fetcher: Fetcher
    private: bool
    answers: dict[Question, Answer] = field(default_factory=dict)
    failures: int = 0
    reached: bool = False

    def answer(self, question: Question) -> Answer:
        if question not in self.answers:
            self.answers[question] = self._page(question.name) if question.kind is Kind.PAGE else self._dns(question)
        return self.answers[question]

    def _dns(self, question: Question) -> Answer:
        if not self.reached and self.failures >= _GIVE_UP:
            return Answer(failed="no name server here answers")
        if len(self.answers) >= _MOST_QUESTIONS:
            return Answer(failed="too many questions")
        try:
            return Answer(values=tuple(self._told(question)))
        except Transient as error:
            self.failures += 1
            return Answer(failed=str(error))

    def _told(self, question: Question) -> Sequence[str]:
        """What the servers say. "Nothing there" is believed only of servers that know something: some deny all."""
        ways: Mapping[Kind, Callable[[str], Sequence[str]]] = {
            Kind.TXT: self.names.txt,
            Kind.MX: self.names.mx,
            Kind.A: self.names.a,
            Kind.AAAA: self.names.aaaa,
            Kind.PTR: self.names.ptr,
        }
        found = ways[question.kind](question.name)
        if not (found or self.reached or self.private or self.names.a(_ANCHOR)):
            self.failures = _GIVE_UP
            raise Transient("the name servers here do not know the public DNS")
        self.reached = True
        return found

    def _page(self, url: str) -> Answer:
        try:
            fetched = self.fetcher.fetch(url)
        except (Transient, Permanent) as error:
            return Answer(failed=str(error))
        text = (fetched.body or b"").decode("utf-8", "replace")[:_LONGEST_PAGE]
        return Answer(values=(fetched.url, fetched.content_type, text))


def answered(asking: Asking[T], names: Names, fetcher: Fetcher, *, private: bool = False) -> T:
    """What a check returns when its questions go to the DNS and, for policy files, over HTTPS.

    With `private` the DNS is one's own, which need not know the public one."""
    asked = _Asked(names=names, fetcher=fetcher, private=private)
    answer: Answer | None = None
    while True:
        try:
            question = next(asking) if answer is None else asking.send(answer)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]
        answer = asked.answer(question)


# --- the sender ------------------------------------------------------------------------------


def domains(names: Names, fetcher: Fetcher, sender: Sender) -> list[Remark]:
    """Everything that is to be said of what the sender's domains publish."""
    return answered(examine(sender), names, fetcher, private=sender.private)


def sender_of(
    setup: Setup,
    relay: str | None,
    now: datetime,
    *,
    domain: str | None = None,
    addresses: Sequence[str] = (),
    selectors: Sequence[str] = (),
    private: bool = False,
) -> Sender:
    """How the installation's mail presents itself at `now`; with `domain` as if it came from there.

    `relay` is the host that mail is handed to (None: Amazon SES), `addresses` those that it leaves from, `selectors`
    those of keys that somebody else signs with. Raises core.links.BadAddress for a domain that is none."""
    author = _domain(setup.outlet.sender_address if domain is None else f"postmaster@{domain}")
    home, bounces = (author, author) if domain else (setup.outlet.domain, setup.bounce_domain or author)
    return Sender(
        author=author,
        bounces=bounces,
        home=home,
        keys=_keys(setup, author, now, selectors, every=domain is None),
        relay=Relay(host=relay, addresses=tuple(addresses), provider=SES if relay is None else None),
        private=private,
    )


def _domain(address: str) -> str:
    return links.envelope_address(address).rpartition("@")[2]


def _keys(setup: Setup, author: str, now: datetime, selectors: Sequence[str], *, every: bool) -> tuple[PublicKey, ...]:
    """Our keys (of another domain only those made for it), and the keys of others by their selectors."""
    signing = signers.active(setup.signers, now)
    ours = (
        PublicKey(domain=one.domain, selector=one.selector, text=signers.record(one)[1], resting=one not in signing)
        for one in setup.signers
        if every or one.domain == author
    )
    return (*ours, *(PublicKey(domain=author, selector=selector) for selector in selectors))
