"""Follows SPF records as a receiver does (RFC 7208): includes, redirects, addresses, and the limits on all of them.

It gives no advice: what is wrong with a domain's record is said in `domain_spf_advice`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address

from syndication.core.domain.names import Answer, Asking, Kind, ask, labels, within
from syndication.core.domain.spf import BadSpf, Policy, Term, expand, is_spf, parse
from syndication.core.remarks import Said, say

LOOKUPS_MAX = 10  # terms that ask the DNS, section 4.6.4
VOIDS_MAX = 2  # answers without a record, the same section
NAMES_MAX = 10  # hosts of one mx, names of one ptr, the same section
_FOLLOWED = 60  # terms that a survey follows at most, and how deep: somebody else wrote what is included
_DEEP = 20
_ASKING = ("include", "a", "mx", "ptr", "exists")


class Result(StrEnum):
    """What a receiver makes of an address, section 2.6."""

    PASS = "pass"  # noqa: S105 - a result, no secret
    FAIL = "fail"
    SOFTFAIL = "softfail"
    NEUTRAL = "neutral"
    NONE = "none"
    PERMERROR = "permerror"
    TEMPERROR = "temperror"


_BY_SIGN = {"": Result.PASS, "+": Result.PASS, "-": Result.FAIL, "~": Result.SOFTFAIL, "?": Result.NEUTRAL}


@dataclass(slots=True, kw_only=True)
class Run:
    """One receiver's way through a record. A survey (`strict` False) follows every term to its end instead."""

    sender: str  # address of the envelope
    ip: IPv4Address | IPv6Address | None
    strict: bool
    lookups: int = 0
    voids: int = 0
    costs: list[tuple[str, int]] = field(default_factory=list)  # of a survey: what each own term costs
    faults: list[tuple[str, Said]] = field(default_factory=list)  # of a survey: where, what
    failed: list[str] = field(default_factory=list)  # of a survey: what could not be made out

    def spend(self) -> None:
        self.lookups += 1
        if self.strict and self.lookups > LOOKUPS_MAX:
            raise BadSpf(say("DNS 조회가 {most}번을 넘습니다.", most=LOOKUPS_MAX))

    def void(self, answer: Answer) -> None:
        self.voids += not answer.values
        if self.strict and self.voids > VOIDS_MAX:
            raise BadSpf(say("없는 이름을 {most}번 넘게 묻습니다.", most=VOIDS_MAX))

    def fault(self, domain: str, why: Said) -> None:
        """Something that ends a receiver's way; a survey goes on."""
        if self.strict:
            raise BadSpf(why)
        if (domain, why) not in self.faults:
            self.faults.append((domain, why))


class _Failed(Exception):
    """The DNS did not answer: a receiver tries again later."""


def check_host(ip: IPv4Address | IPv6Address, domain: str, sender: str) -> Asking[tuple[Result, Said | None]]:
    """What a receiver makes of this address for this domain (section 4), and why where it gives up."""
    run = Run(sender=sender, ip=ip, strict=True)
    try:
        return (yield from _result(run, domain, 0)), None
    except BadSpf as error:
        return Result.PERMERROR, error.why
    except _Failed as error:
        return Result.TEMPERROR, Said(str(error))


def survey(domain: str, sender: str, ip: IPv4Address | IPv6Address | None) -> Asking[Run]:
    """The way of an address that nothing matches: the most that a receiver may have to ask."""
    run = Run(sender=sender, ip=ip, strict=False)
    yield from _result(run, domain, 0)
    return run


def records(answer: Answer) -> Sequence[str]:
    """The SPF records among the texts of a name."""
    return [text for text in answer.values if is_spf(text)]


def _result(run: Run, domain: str, depth: int) -> Asking[Result]:
    policy = yield from _policy(run, domain)
    if policy is None:
        return Result.NONE
    for term in policy.terms:
        if not run.strict and run.lookups >= _FOLLOWED:
            break
        before = run.lookups
        matches = yield from _matches(run, term, domain, depth)
        if depth == 0 and run.lookups > before:
            run.costs.append((term.text, run.lookups - before))
        if term.kind == "all" or (matches and run.strict):
            return _BY_SIGN[term.sign]
    if policy.redirect is not None:
        return (yield from _redirected(run, policy.redirect, domain, depth))
    return Result.NEUTRAL


def _redirected(run: Run, spec: str, domain: str, depth: int) -> Asking[Result]:
    """Section 6.1."""
    before = run.lookups
    run.spend()
    target = expand(spec, ip=run.ip, domain=domain, sender=run.sender)
    result = (yield from _below(run, target, depth)) if target else Result.NEUTRAL
    if result is Result.NONE:
        run.fault(domain, say("redirect={target}에 SPF 레코드가 없습니다.", target=target or spec))
    if depth == 0:
        run.costs.append((f"redirect={spec}", run.lookups - before))
    return result


def _below(run: Run, target: str, depth: int) -> Asking[Result]:
    if depth >= _DEEP:
        run.fault(target, say("include가 서로를 부르며 끝나지 않습니다."))
        return Result.NEUTRAL
    return (yield from _result(run, target, depth + 1))


def _policy(run: Run, domain: str) -> Asking[Policy | None]:
    if any(not label or len(label) > 63 for label in labels(domain)) or len(labels(domain)) < 2:
        return None  # section 4.3
    answer = yield from _told(run, Kind.TXT, domain)
    found = records(answer)
    if len(found) > 1:
        run.fault(domain, say("SPF 레코드가 {count}개 있습니다. 하나만 있어야 합니다.", count=len(found)))
        return None
    if answer.failed and not run.strict:
        return Policy(terms=())
    try:
        return parse(found[0]) if found else None
    except BadSpf as error:
        run.fault(domain, error.why)
        return Policy(terms=())


def _told(run: Run, kind: Kind, name: str) -> Asking[Answer]:
    answer = yield from ask(kind, name)
    if answer.failed:
        if run.strict:
            raise _Failed(answer.failed)
        run.failed.append(f"{name} {kind}")
    return answer


def _matches(run: Run, term: Term, domain: str, depth: int) -> Asking[bool]:
    """Section 5. In a survey nothing matches but `all`."""
    if term.kind == "all":
        return True
    if term.network is not None:
        return run.ip is not None and run.ip.version == term.network.version and run.ip in term.network
    if term.kind in _ASKING:
        run.spend()
    target = expand(term.spec, ip=run.ip, domain=domain, sender=run.sender) if term.spec else domain
    if target is None:
        return False
    if term.kind == "include":
        return (yield from _included(run, target, domain, depth))
    if term.kind == "exists":
        answer = yield from _told(run, Kind.A, target)
        run.void(answer)
        return bool(answer.values)
    if term.kind == "ptr":
        return (yield from _reverse(run, target))
    if term.kind == "a":
        found = yield from _addresses(run, target)
        run.void(Answer(values=found))
        return any(_near(run.ip, address, term) for address in found)
    return (yield from _exchanges(run, term, target))


def _included(run: Run, target: str, domain: str, depth: int) -> Asking[bool]:
    """Section 5.2: an include that leads nowhere is an error, not a miss."""
    result = yield from _below(run, target, depth)
    if result is Result.NONE:
        run.fault(domain, say("include:{target}에 SPF 레코드가 없습니다.", target=target))
    return result is Result.PASS


def _exchanges(run: Run, term: Term, target: str) -> Asking[bool]:
    """Section 5.4: the hosts of its MX records; nothing stands in for missing ones."""
    answer = yield from _told(run, Kind.MX, target)
    run.void(answer)
    if len(answer.values) > NAMES_MAX:
        run.fault(
            target, say("mx 서버가 {count}대입니다. {most}대까지만 됩니다.", count=len(answer.values), most=NAMES_MAX)
        )
    for host in filter(None, answer.values[:NAMES_MAX]):
        found = yield from _addresses(run, host)
        if any(_near(run.ip, address, term) for address in found):
            return True
    return False


def _addresses(run: Run, host: str) -> Asking[tuple[str, ...]]:
    """The addresses of a host in the family that matters; in both while none is known."""
    kinds = [Kind.A, Kind.AAAA] if run.ip is None else [Kind.AAAA if run.ip.version == 6 else Kind.A]
    found = list[str]()
    for kind in kinds:
        found += (yield from _told(run, kind, host)).values
    return tuple(found)


def _near(ip: IPv4Address | IPv6Address | None, address: str, term: Term) -> bool:
    try:
        there = ipaddress.ip_address(address)
    except ValueError:
        return False
    if ip is None or there.version != ip.version:
        return False
    return ip in ipaddress.ip_network((int(there), term.v4 if there.version == 4 else term.v6), strict=False)


def _reverse(run: Run, target: str) -> Asking[bool]:
    """Section 5.5: a name of the address that leads back to it and lies below the target."""
    if run.ip is None:
        return False
    names = (yield from _told(run, Kind.PTR, str(run.ip))).values[:NAMES_MAX]
    run.void(Answer(values=names))
    kind = Kind.AAAA if run.ip.version == 6 else Kind.A
    for name in names:
        answer = yield from ask(kind, name)
        if within(name, target) and any(_same(run.ip, address) for address in answer.values):
            return True
    return False


def _same(ip: IPv4Address | IPv6Address, address: str) -> bool:
    try:
        return ipaddress.ip_address(address) == ip
    except ValueError:
        return False
