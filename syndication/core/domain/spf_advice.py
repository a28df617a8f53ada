"""Says what is wrong with a domain's SPF record and which record would be right.

It asks the DNS nothing itself (see `domain_names`) and knows no receiver beyond what RFC 7208 says.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence

from syndication.core.domain.names import Asking, Kind, ask, unknown
from syndication.core.domain.spf import BadSpf, Policy, parse
from syndication.core.domain.spf_check import LOOKUPS_MAX, VOIDS_MAX, Result, Run, check_host, records, survey
from syndication.core.remarks import Record, Remark, Said, Severity, say

_LONGEST = 450  # octets of a record that still fit into one answer beside others, RFC 7208 section 3.4
_SHOWN = 5  # of the terms that ask much

_RULE = "RFC 7208"
_RECEIVERS = "Gmail, Yahoo, Microsoft, Naver"


def judge_spf(
    domain: str,
    *,
    addresses: Sequence[str] = (),
    relay: str | None = None,
    provider: str | None = None,
    sure: bool = True,
) -> Asking[list[Remark]]:
    """What is to be said of the envelope domain's record, and of each address that mail leaves from.

    `relay` is the relay's name, for the record to publish; `provider` is whose record is to be included where a
    provider hands mail out; without `sure` the addresses are only the relay's own."""
    answer = yield from ask(Kind.TXT, domain)
    if answer.failed:
        return [_remark(Severity.WARNING, "unknown", domain, unknown(answer.failed))]
    found = records(answer)
    if not found:
        return [_missing(domain, addresses, relay, provider)]
    if len(found) > 1:
        return [_several(domain, found)]
    try:
        policy = parse(found[0])
    except BadSpf as error:
        return [_unreadable(domain, found[0], error.why)]
    sender = f"postmaster@{domain}"
    told = list[tuple[str, Result, Said | None]]()
    for address in addresses:
        told.append((address, *(yield from check_host(ipaddress.ip_address(address), domain, sender))))
    first = ipaddress.ip_address(addresses[0]) if addresses else None
    run = yield from survey(domain, sender, first)
    passed = bool(told) and all(result is Result.PASS for _, result, _ in told)
    remarks = [*_of_limits(domain, run, passed=passed), *_of_record(domain, found[0], policy)]
    if provider is not None:
        return [*remarks, _of_provider(domain, found[0], policy, provider)]
    return [*remarks, *_of_addresses(domain, found[0], told, sure=sure)]


def _remark(
    severity: Severity,
    detail: str,
    domain: str,
    says: Said,
    *,
    advice: Said | None = None,
    text: str | None = None,
    source: str = _RULE,
) -> Remark:
    publish = Record(name=domain, type="TXT", text=text) if text else None
    return Remark(
        severity=severity,
        check=f"spf-{detail}",
        subject=domain,
        says=says,
        advice=advice,
        publish=publish,
        source=source,
    )


# --- no record, or not one -------------------------------------------------------------------


def _missing(domain: str, addresses: Sequence[str], relay: str | None, provider: str | None) -> Remark:
    words = [_mechanism(address) for address in addresses] or ([f"a:{relay}"] if relay else ["mx"])
    if provider is not None:
        words = [f"include:{provider}"]
    return _remark(
        Severity.WRONG,
        "missing",
        domain,
        say("SPF 레코드가 없습니다. 큰 메일 서비스는 SPF 없는 대량 메일을 받지 않습니다."),
        advice=None
        if addresses or provider
        else say("메일이 나가는 주소를 --ip로 알려 주시면 그 주소로 만들어 드립니다."),
        text=f"v=spf1 {' '.join(words)} ~all",
        source=f"{_RULE} §3, {_RECEIVERS}",
    )


def _mechanism(address: str) -> str:
    return f"ip{ipaddress.ip_address(address).version}:{address}"


def _several(domain: str, found: Sequence[str]) -> Remark:
    words = list(dict.fromkeys(word for text in found for word in text.split()[1:]))
    ends = [word for word in words if word.lower().lstrip("+-~?") == "all"]
    kept = [word for word in words if word not in ends]
    return _remark(
        Severity.WRONG,
        "several",
        domain,
        say("SPF 레코드가 {count}개 있어 모두 무효입니다. 지우고 하나로 합치십시오.", count=len(found)),
        text=" ".join(["v=spf1", *kept, *ends[-1:]]),
        source=f"{_RULE} §4.5",
    )


def _unreadable(domain: str, record: str, why: Said) -> Remark:
    return _remark(
        Severity.WRONG,
        "syntax",
        domain,
        say("SPF 레코드를 읽을 수 없습니다: {why}", why=why),
        advice=say("지금의 레코드: {record}", record=record),
        source=f"{_RULE} §4.6",
    )


# --- one record ------------------------------------------------------------------------------


def _of_limits(domain: str, run: Run, *, passed: bool) -> Iterator[Remark]:
    """Limits over which receivers give up; an address that passes before they are reached is still taken."""
    severity = Severity.WARNING if passed else Severity.WRONG
    if run.lookups > LOOKUPS_MAX:
        yield _remark(
            severity,
            "lookups",
            domain,
            say(
                "SPF 레코드가 DNS를 {count}번 조회하게 합니다. {most}번을 넘으면 받는 쪽이 판정을 그만둡니다.",
                count=run.lookups,
                most=LOOKUPS_MAX,
            ),
            advice=say(
                "쓰지 않는 항목을 빼거나 ip4, ip6으로 바꾸십시오. 조회가 많은 항목: {terms}", terms=_costly(run)
            ),
            source=f"{_RULE} §4.6.4",
        )
    if run.voids > VOIDS_MAX:
        yield _remark(
            severity,
            "voids",
            domain,
            say(
                "SPF 레코드가 없는 이름을 {count}번 묻게 합니다. {most}번까지만 됩니다.",
                count=run.voids,
                most=VOIDS_MAX,
            ),
            source=f"{_RULE} §4.6.4",
        )
    for where, why in run.faults:
        yield _remark(
            severity,
            "broken",
            domain,
            say("{where}의 레코드: {why}", where=where, why=why),
            advice=say("그 항목을 고치거나 빼십시오. 그대로 두면 받는 쪽이 판정을 그만둡니다."),
            source=f"{_RULE} §5.2",
        )
    if run.failed:
        yield _remark(Severity.WARNING, "unknown", domain, unknown(", ".join(dict.fromkeys(run.failed[:_SHOWN]))))


def _costly(run: Run) -> str:
    dear = sorted(run.costs, key=lambda cost: -cost[1])[:_SHOWN]
    return ", ".join(f"{term} ({count})" for term, count in dear)


def _of_record(domain: str, record: str, policy: Policy) -> Iterator[Remark]:
    everybody = policy.all
    if everybody is not None and everybody.sign in ("", "+"):
        yield _remark(
            Severity.WRONG,
            "all",
            domain,
            say("‘{term}’은(는) 누구나 이 도메인으로 메일을 보내게 합니다.", term=everybody.text),
            text=_ending(record, everybody.text, "~all"),
            source=f"{_RULE} §5.1",
        )
    elif everybody is None and policy.redirect is None:
        yield _remark(
            Severity.WARNING,
            "all",
            domain,
            say("SPF 레코드가 all로 끝나지 않아 다른 주소에 대해 아무 말도 하지 않습니다."),
            text=f"{record.rstrip()} ~all",
            source=f"{_RULE} §5.1",
        )
    elif everybody is not None and everybody.sign == "?":
        yield _remark(
            Severity.WARNING,
            "all",
            domain,
            say("‘?all’은 다른 주소에 대해 아무 말도 하지 않습니다."),
            text=_ending(record, everybody.text, "~all"),
            source=f"{_RULE} §5.1",
        )
    yield from _of_style(domain, record, policy)


def _ending(record: str, old: str, new: str) -> str:
    return " ".join(new if word == old else word for word in record.split())


def _of_style(domain: str, record: str, policy: Policy) -> Iterator[Remark]:
    late = policy.terms[policy.terms.index(policy.all) + 1 :] if policy.all else ()
    if late or (policy.all and policy.redirect):
        ignored = " ".join([term.text for term in late] or [f"redirect={policy.redirect}"])
        yield _remark(
            Severity.WARNING,
            "ignored",
            domain,
            say("all 뒤의 ‘{terms}’은(는) 아무도 읽지 않습니다.", terms=ignored),
            source=f"{_RULE} §5.1, §6.1",
        )
    if any(term.kind == "ptr" for term in policy.terms):
        yield _remark(
            Severity.WARNING,
            "ptr",
            domain,
            say("ptr은 느리고 믿을 수 없어 쓰지 않기로 되어 있습니다. ip4, ip6으로 바꾸십시오."),
            source=f"{_RULE} §5.5",
        )
    if len(record.encode()) > _LONGEST:
        yield _remark(
            Severity.WARNING,
            "length",
            domain,
            say(
                "SPF 레코드가 {count}바이트입니다. {most}바이트를 넘으면 답이 잘릴 수 있습니다.",
                count=len(record.encode()),
                most=_LONGEST,
            ),
            source=f"{_RULE} §3.4",
        )


# --- addresses -------------------------------------------------------------------------------


def _of_provider(domain: str, record: str, policy: Policy, provider: str) -> Remark:
    """Its addresses are its own business; that it may use the domain is ours."""
    if any(term.kind == "include" and term.spec.lower() == provider for term in policy.terms):
        says = say("SPF 레코드에 include:{provider}이(가) 있습니다.", provider=provider)
        return _remark(Severity.FINE, "address", domain, says)
    words = record.split()
    return _remark(
        Severity.WARNING,
        "address",
        domain,
        say("{provider}을(를) 거쳐 보내려면 SPF 레코드에 include:{provider}이(가) 있어야 합니다.", provider=provider),
        text=" ".join([words[0], f"include:{provider}", *words[1:]]),
    )


def _of_addresses(
    domain: str, record: str, told: Sequence[tuple[str, Result, Said | None]], *, sure: bool
) -> Iterator[Remark]:
    if not told:
        yield _remark(
            Severity.SKIPPED,
            "address",
            domain,
            say("메일이 나가는 주소를 몰라 SPF를 통과하는지 보지 못했습니다. --ip로 알려 주십시오."),
        )
    for address, result, why in told:
        if result is Result.PASS:
            says = say("{address}에서 나가는 메일은 SPF를 통과합니다.", address=address)
            yield _remark(Severity.FINE, "address", domain, says, source=_RECEIVERS)
        elif result is Result.TEMPERROR:
            yield _remark(Severity.WARNING, "unknown", domain, unknown(str(why or "")))
        else:
            yield _failing(domain, record, address, result, why, sure=sure)


def _failing(domain: str, record: str, address: str, result: Result, why: Said | None, *, sure: bool) -> Remark:
    if why is not None:
        says = say("{address}: SPF 판정을 받지 못합니다({why}).", address=address, why=why)
    elif sure:
        says = say(
            "{address}에서 나가는 메일은 SPF를 통과하지 못합니다(결과 {result}).", address=address, result=result.value
        )
    else:
        says = say(
            "릴레이의 주소 {address}은(는) SPF를 통과하지 못합니다(결과 {result}).",
            address=address,
            result=result.value,
        )
    words = record.split()
    elsewhere = say("메일이 다른 주소에서 나가면 그 주소를 --ip로 알려 주십시오.")
    return _remark(
        Severity.WRONG if sure else Severity.WARNING,
        "address",
        domain,
        says,
        advice=None if sure or why else elsewhere,
        text=None if why else " ".join([words[0], _mechanism(address), *words[1:]]),
        source=f"{_RULE} §4, {_RECEIVERS}",
    )
