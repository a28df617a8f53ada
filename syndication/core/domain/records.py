"""Judges everything that a sender's domains publish for mail: SPF, DKIM, DMARC, MX, PTR, MTA-STS, TLS-RPT, BIMI.

It asks nothing itself (see `domain_names`): whoever runs it answers from the DNS or from a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from syndication.core.addresses import judge
from syndication.core.domain.dkim import PublicKey, judge_dkim
from syndication.core.domain.dmarc_advice import judge_dmarc
from syndication.core.domain.hosts import judge_mx, judge_ptr
from syndication.core.domain.names import Asking, Kind, ask, is_address, reserved
from syndication.core.domain.policies import judge_sign, judge_transport
from syndication.core.domain.spf_advice import judge_spf
from syndication.core.remarks import Remark, Said, Severity, say

__all__ = ["PublicKey", "Relay", "Sender", "examine"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """What is known of the way out: the host we hand mail to, and the addresses that receivers see."""

    host: str | None = None  # a name or an address, as set; None: no SMTP relay
    addresses: tuple[str, ...] = ()  # as the operator named them
    provider: str | None = None  # whose SPF record is included where a provider hands mail out, e.g. amazonses.com


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """What a publisher's mail says of itself. Domains are A-labels in small letters."""

    author: str  # domain of the From
    bounces: str  # domain of the envelope sender
    home: str  # the outlet's own domain
    keys: tuple[PublicKey, ...] = ()
    relay: Relay = Relay()
    private: bool = False  # a DNS of one's own is asked, which may hold reserved names and private addresses


def examine(sender: Sender) -> Asking[list[Remark]]:
    """Everything that is to be said of the sender's records, in the order of the checks."""
    addresses, sure = yield from _addresses(sender)
    if not sender.private and (reserved(sender.author) or reserved(sender.bounces)):
        names = dict.fromkeys(name for name in (sender.author, sender.bounces) if reserved(name))
        remarks = [_reserved(name) for name in names]
    else:
        remarks = yield from _of_domains(sender, addresses, sure=sure)
    return [*remarks, *(yield from _of_addresses(sender, addresses, sure=sure))]


def _reserved(name: str) -> Remark:
    return Remark(
        severity=Severity.SKIPPED,
        check="dns-reserved",
        subject=name,
        says=say(
            "{name}은(는) 예약된 이름이어서 아무도 레코드를 올릴 수 없습니다. SPF, DKIM, DMARC, MX, MTA-STS, TLS-RPT,"
            " BIMI는 해당하지 않습니다.",
            name=name,
        ),
        advice=say("실제 도메인은 --domain으로 볼 수 있습니다."),
        source="RFC 2606, RFC 6761",
    )


def _of_domains(sender: Sender, addresses: Sequence[str], *, sure: bool) -> Asking[list[Remark]]:
    host = _name(sender.relay.host)
    signing = tuple(key.domain for key in sender.keys)
    remarks = yield from judge_spf(
        sender.bounces, addresses=addresses, relay=host, provider=sender.relay.provider, sure=sure
    )
    remarks += yield from judge_dkim(sender.keys, sender.author)
    remarks += yield from judge_dmarc(sender.author, bounces=sender.bounces, signing=signing, home=sender.home)
    for domain in dict.fromkeys((sender.bounces, sender.author)):
        remarks += yield from judge_mx(domain, bounces=domain == sender.bounces, home=sender.home)
    remarks += yield from judge_transport(sender.bounces)
    remarks += yield from judge_sign(sender.author)
    return remarks


def _of_addresses(sender: Sender, addresses: Sequence[str], *, sure: bool) -> Asking[list[Remark]]:
    if not addresses:
        return [_no_address(sender.relay)]
    remarks, host = list[Remark](), _name(sender.relay.host)
    for address in addresses:
        remark = yield from judge_ptr(address, sure=sure, private=sender.private, home=sender.home, relay=host)
        remarks.append(remark)
    return remarks


def _no_address(relay: Relay) -> Remark:
    host = relay.host or ""
    advice: Said | None = say("메일이 밖으로 나가는 주소를 --ip로 알려 주십시오.")
    says = say("메일이 나가는 주소를 몰라 PTR을 보지 못했습니다.")
    if relay.provider is not None:
        says, advice = say("메일이 나가는 주소의 이름(PTR)은 {provider}이(가) 돌봅니다.", provider=relay.provider), None
    elif host and not _name(host):
        says = say("릴레이 {host}은(는) 이 기계나 안쪽 망에 있어 PTR을 볼 것이 없습니다.", host=host)
    return Remark(
        severity=Severity.SKIPPED,
        check="ptr-address",
        subject=relay.provider or host or "–",
        says=says,
        advice=advice,
        source="Gmail, Naver",
    )


def _addresses(sender: Sender) -> Asking[tuple[tuple[str, ...], bool]]:
    """The addresses that mail leaves from, and whether the operator said so: else the relay's own, if it has any."""
    if sender.relay.addresses:
        return sender.relay.addresses, True
    host = sender.relay.host
    if host is None:
        return (), False
    if judge(host, loopback=False) is None:
        return (host,), False
    name = _name(host)
    if name is None or (reserved(name) and not sender.private):
        return (), False
    found = list[str]()
    for kind in (Kind.A, Kind.AAAA):
        found += (yield from ask(kind, name)).values
    there = filter(is_address, found)
    return tuple(address for address in there if sender.private or judge(address, loopback=False) is None), False


def _name(host: str | None) -> str | None:
    """The relay's name, where it has one that others know."""
    if host is None or "." not in host or ":" in host or host.rpartition(".")[2].isdigit():
        return None
    return host.lower().removesuffix(".")
