"""Judges where answers and bounces go (MX) and what the addresses that mail leaves from are called (PTR).

It connects to no mail server.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence

from syndication.core.addresses import judge
from syndication.core.domain.names import Answer, Asking, Kind, ask, is_address, unknown
from syndication.core.remarks import Record, Remark, Said, Severity, say

_HOSTS, _NAMES = 5, 5  # looked at; more change nothing

_GENERIC = re.compile(r"dyn(?:amic)?|dhcp|pool|dsl|ppp|dial|cable|cust(?:omer)?s?[.-]", re.IGNORECASE)


# --- MX --------------------------------------------------------------------------------------


def judge_mx(domain: str, *, bounces: bool, home: str) -> Asking[list[Remark]]:
    """What is to be said of a domain's mail servers: of the one that bounces return to, or of the From."""
    answer = yield from ask(Kind.MX, domain)
    if answer.failed:
        return [_mx(Severity.WARNING, "unknown", domain, unknown(answer.failed))]
    if answer.values == ("",):
        return [_null(domain, home)]
    if not answer.values:
        return [(yield from _without_mx(domain, bounces=bounces, home=home))]
    remarks = list[Remark]()
    for host in answer.values[:_HOSTS]:
        remarks += yield from _judge_host(domain, host)
    says = say("메일을 받는 서버: {hosts}", hosts=", ".join(host or "." for host in answer.values[:_HOSTS]))
    return remarks or [_mx(Severity.FINE, "hosts", domain, says)]


def _mx(
    severity: Severity,
    detail: str,
    domain: str,
    says: Said,
    *,
    publish: Record | None = None,
    source: str = "RFC 5321 §5.1",
) -> Remark:
    return Remark(severity=severity, check=f"mx-{detail}", subject=domain, says=says, publish=publish, source=source)


def _record(domain: str, home: str) -> Record:
    return Record(name=domain, type="MX", text=f"10 mail.{home}.")


def _null(domain: str, home: str) -> Remark:
    """RFC 7505 section 4.2: nobody can answer such a sender, so receivers refuse it."""
    says = say("이 도메인은 메일을 받지 않는다고 알립니다(null MX). 그런 도메인에서 온 메일은 거절됩니다.")
    source = "RFC 7505 §4.2"
    return _mx(Severity.WRONG, "null", domain, says, publish=_record(domain, home), source=source)


def _without_mx(domain: str, *, bounces: bool, home: str) -> Asking[Remark]:
    found = yield from _addresses(domain)
    if found.failed:
        return _mx(Severity.WARNING, "unknown", domain, unknown(found.failed))
    if found.values:
        says = say("MX 레코드가 없어 답장과 반송이 {address}(으)로 갑니다.", address=found.values[0])
        return _mx(Severity.WARNING, "missing", domain, says, publish=_record(domain, home))
    says = say("MX 레코드도 주소도 없습니다. 보낸 곳에 답할 수 없는 메일을 많은 서비스가 거절합니다.")
    if bounces:
        says = say("MX 레코드도 주소도 없어 반송된 메일이 돌아오지 못합니다. 많은 서비스가 메일을 거절합니다.")
    return _mx(Severity.WRONG, "missing", domain, says, publish=_record(domain, home))


def _judge_host(domain: str, host: str) -> Asking[list[Remark]]:
    if not host or is_address(host.strip("[]")):
        says = say("MX 레코드의 ‘{host}’은(는) 서버의 이름이 아닙니다.", host=host or ".")
        return [_mx(Severity.WRONG, "host", domain, says)]
    found = yield from _addresses(host)
    if found.failed:
        return [_mx(Severity.WARNING, "unknown", domain, unknown(found.failed))]
    if not found.values:
        says = say("MX 서버 {host}에 주소가 없습니다.", host=host)
        return [_mx(Severity.WRONG, "host", domain, says)]
    if all(judge(address, loopback=False) for address in found.values):
        says = say("MX 서버 {host}의 주소 {address}은(는) 밖에서 닿을 수 없습니다.", host=host, address=found.values[0])
        return [_mx(Severity.WARNING, "host", domain, says)]
    return []


def _addresses(host: str) -> Asking[Answer]:
    v4 = yield from ask(Kind.A, host)
    v6 = yield from ask(Kind.AAAA, host)
    values = (*v4.values, *v6.values)
    return Answer(values=values, failed=None if values else v4.failed or v6.failed)


# --- PTR -------------------------------------------------------------------------------------


def judge_ptr(address: str, *, sure: bool, private: bool, home: str, relay: str | None) -> Asking[Remark]:
    """What is to be said of the name of an address that mail leaves from. Without `sure` it is only the relay's own."""
    fault = judge(address, loopback=False)
    if fault is not None and not private:
        says = say("{address}은(는) 공용 주소가 아니어서 PTR을 볼 것이 없습니다.", address=address)
        return _ptr(Severity.SKIPPED, "private", address, says)
    answer = yield from ask(Kind.PTR, address)
    if answer.failed:
        return _ptr(Severity.WARNING, "unknown", address, unknown(answer.failed))
    bad = Severity.WRONG if sure else Severity.WARNING
    wanted = Record(name=reverse_name(address), type="PTR", text=f"{relay or f'mail.{home}'}.")
    if not answer.values:
        says = say(
            "{address}에 이름(PTR)이 없습니다. Gmail과 Naver는 이런 주소의 메일을 받지 않습니다.", address=address
        )
        return _ptr(bad, "missing", address, says, publish=wanted)
    confirmed = yield from _confirmed(address, answer.values[:_NAMES])
    if confirmed is None:
        says = say(
            "{address}의 이름 {name}이(가) 그 주소로 돌아오지 않습니다. A나 AAAA 레코드가 맞아야 합니다.",
            address=address,
            name=answer.values[0],
        )
        kind = "AAAA" if ":" in address else "A"
        back = Record(name=answer.values[0], type=kind, text=address)
        return _ptr(bad, "unconfirmed", address, says, publish=back)
    return _named(address, confirmed)


def _named(address: str, name: str) -> Remark:
    if _generic(name, address):
        says = say("{address}의 이름 {name}은(는) 가정용 회선처럼 보여 의심을 삽니다.", address=address, name=name)
        return _ptr(Severity.WARNING, "generic", address, says)
    says = say("{address}의 이름은 {name}이고, 그 이름은 같은 주소를 가리킵니다.", address=address, name=name)
    return _ptr(Severity.FINE, "confirmed", address, says)


def _confirmed(address: str, names: Sequence[str]) -> Asking[str | None]:
    """The first name that leads back to the address."""
    ours = ipaddress.ip_address(address)
    kind = Kind.AAAA if ours.version == 6 else Kind.A
    for name in names:
        answer = yield from ask(kind, name)
        if any(is_address(value) and ipaddress.ip_address(value) == ours for value in answer.values):
            return name
    return None


def _generic(name: str, address: str) -> bool:
    """Whether a name is made from its address or says that it changes hands."""
    digits = [part for part in re.split(r"[.:]", address) if part]
    parts = re.split(r"[^0-9a-f]+", name.lower())
    return bool(_GENERIC.search(name)) or (":" not in address and all(part in parts for part in digits))


def reverse_name(address: str) -> str:
    """4.3.2.1.in-addr.arpa, where the name of 1.2.3.4 is published."""
    return ipaddress.ip_address(address).reverse_pointer


def _ptr(severity: Severity, detail: str, address: str, says: Said, *, publish: Record | None = None) -> Remark:
    advice = say("이 레코드는 주소를 빌려준 회사가 올립니다.") if publish and publish.type == "PTR" else None
    return Remark(
        severity=severity,
        check=f"ptr-{detail}",
        subject=address,
        says=says,
        advice=advice,
        publish=publish,
        source="Gmail, Naver, RFC 1912 §2.1",
    )
