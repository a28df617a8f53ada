"""Judges what a domain may publish besides: MTA-STS and TLS-RPT for mail to it, BIMI for its sign in mail programs.

None of them is asked for by receivers: a missing one is fine, one that contradicts itself does harm.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from syndication.core.domain.dmarc import Policy, walk
from syndication.core.domain.names import Asking, Kind, ask, tag_list, unknown
from syndication.core.remarks import Record, Remark, Said, Severity, say

_STS_ID = re.compile(r"[A-Za-z0-9]{1,32}")
_LONGEST_AGE = 31_557_600  # seconds, RFC 8461 section 3.2
_SHORTEST_AGE = 86_400  # less protects little
_MODES = ("enforce", "testing", "none")
_REPORT_TO = re.compile(r"mailto:[^@\s,;]+@[^\s,;@]+\.[^\s,;@]+|https://[^\s,;]+", re.IGNORECASE)


def _remark(
    severity: Severity,
    check: str,
    subject: str,
    says: Said,
    *,
    publish: Record | None = None,
    advice: Said | None = None,
    source: str,
) -> Remark:
    return Remark(
        severity=severity, check=check, subject=subject, says=says, publish=publish, advice=advice, source=source
    )


# --- MTA-STS ---------------------------------------------------------------------------------

_STS = "RFC 8461"


def policy_url(domain: str) -> str:
    return f"https://mta-sts.{domain}/.well-known/mta-sts.txt"


def judge_transport(domain: str) -> Asking[list[Remark]]:
    """What is to be said of MTA-STS and TLS-RPT, for mail to this domain."""
    answer = yield from ask(Kind.TXT, f"_mta-sts.{domain}")
    if answer.failed:
        return [_remark(Severity.WARNING, "mta_sts-unknown", domain, unknown(answer.failed), source=_STS)]
    records = [text for text in answer.values if text.startswith("v=STSv1")]
    sts = (yield from _judge_sts(domain, records)) if records else [_no_sts(domain)]
    return [*sts, *(yield from _judge_reports(domain, sts=bool(records)))]


def _no_sts(domain: str) -> Remark:
    says = say("MTA-STS가 없습니다. 없어도 됩니다. 이 도메인으로 오는 메일을 암호화하게 하는 장치입니다.")
    return _remark(Severity.FINE, "mta_sts-missing", domain, says, source=_STS)


def _judge_sts(domain: str, records: Sequence[str]) -> Asking[list[Remark]]:
    tags = dict(tag_list(records[0]) or ())
    if len(records) > 1 or not _STS_ID.fullmatch(tags.get("id", "")):
        says = say("MTA-STS 레코드는 하나여야 하고 id=는 글자와 숫자 32자 이내여야 합니다. 지금은 무효입니다.")
        right = Record(name=f"_mta-sts.{domain}", type="TXT", text="v=STSv1; id=1")
        return [_remark(Severity.WARNING, "mta_sts-record", domain, says, publish=right, source=f"{_STS} §3.1")]
    url = policy_url(domain)
    page = yield from ask(Kind.PAGE, url)
    if page.failed or len(page.values) != 3:
        says = say("정책 파일을 읽지 못했습니다: {reason}", reason=page.failed or url)
        return [_remark(Severity.WARNING, "mta_sts-policy", domain, says, source=f"{_STS} §3.3")]
    came_from, content_type, text = page.values
    exchanges = yield from ask(Kind.MX, domain)
    faults = [*_of_page(url, came_from, content_type), *_of_policy(read_policy(text))]
    remarks = [_remark(Severity.WARNING, "mta_sts-policy", domain, says, source=f"{_STS} §3.2") for says in faults]
    if not faults and not exchanges.failed:
        remarks += _of_hosts(domain, read_policy(text), [host for host in exchanges.values if host])
    says = say("MTA-STS 레코드와 정책 파일이 맞습니다.")
    return remarks or [_remark(Severity.FINE, "mta_sts-policy", domain, says, source=_STS)]


def read_policy(text: str) -> Mapping[str, tuple[str, ...]]:
    """The fields of a policy file, each with its values in order (RFC 8461 section 3.2)."""
    found = dict[str, tuple[str, ...]]()
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if colon:
            found[key.strip()] = (*found.get(key.strip(), ()), value.strip())
    return found


def _of_page(url: str, came_from: str, content_type: str) -> Iterator[Said]:
    if came_from != url:
        yield say("정책 파일이 다른 주소로 넘어갑니다. 보내는 쪽은 따라가지 않습니다.")
    if content_type and content_type.partition(";")[0].strip().lower() != "text/plain":
        yield say("정책 파일의 종류가 {type}입니다. text/plain이어야 합니다.", type=content_type[:60])


def _of_policy(fields: Mapping[str, tuple[str, ...]]) -> Iterator[Said]:
    if fields.get("version", ()) != ("STSv1",):
        yield say("정책 파일에 ‘{line}’ 줄이 하나 있어야 합니다.", line="version: STSv1")
    mode = fields.get("mode", ("",))[0]
    if mode not in _MODES:
        yield say("정책 파일의 mode는 enforce, testing, none 가운데 하나여야 합니다.")
    age = fields.get("max_age", ("",))[0]
    if not (age.isascii() and age.isdigit() and len(age) <= 8 and int(age) <= _LONGEST_AGE):
        yield say("정책 파일의 max_age는 0에서 {most} 사이의 초여야 합니다.", most=_LONGEST_AGE)
    elif mode == "enforce" and int(age) < _SHORTEST_AGE:
        yield say("max_age가 하루보다 짧아 지켜 주는 것이 거의 없습니다.")
    if mode in ("enforce", "testing") and not fields.get("mx"):
        yield say("정책 파일에 mx: 줄이 없습니다.")


def _of_hosts(domain: str, fields: Mapping[str, tuple[str, ...]], hosts: Sequence[str]) -> Iterator[Remark]:
    """A server that the policy does not name gets no mail from those who keep to it."""
    mode, patterns = fields["mode"][0], fields.get("mx", ())
    outside = [host for host in hosts if not any(matches(host, pattern) for pattern in patterns)]
    if mode == "none" or not outside:
        return
    yield _remark(
        Severity.WRONG if mode == "enforce" else Severity.WARNING,
        "mta_sts-hosts",
        domain,
        say("MX 서버 {hosts}이(가) 정책 파일에 없어 반송과 답장이 들어오지 못합니다.", hosts=", ".join(outside)),
        advice=say("정책 파일에 더할 줄: {lines}", lines=", ".join(f"mx: {host}" for host in outside)),
        source=f"{_STS} §4.1",
    )


def matches(host: str, pattern: str) -> bool:
    """Whether a policy's mx pattern names a host; *. stands for exactly one label (RFC 8461 section 4.1)."""
    host, pattern = host.lower().removesuffix("."), pattern.lower().removesuffix(".")
    if pattern.startswith("*."):
        return host.partition(".")[2] == pattern[2:] and bool(host.partition(".")[0])
    return host == pattern


# --- TLS-RPT ---------------------------------------------------------------------------------


def _judge_reports(domain: str, *, sts: bool) -> Asking[list[Remark]]:
    """RFC 8460 section 3."""
    name = f"_smtp._tls.{domain}"
    answer = yield from ask(Kind.TXT, name)
    right = Record(name=name, type="TXT", text=f"v=TLSRPTv1; rua=mailto:postmaster@{domain}")
    records = [text for text in answer.values if text.startswith("v=TLSRPTv1")]
    if answer.failed:
        return [_remark(Severity.WARNING, "tls_rpt-unknown", domain, unknown(answer.failed), source="RFC 8460")]
    if not records:
        severity = Severity.WARNING if sts else Severity.FINE
        says = say("TLS 보고(TLS-RPT) 레코드가 없습니다. 없어도 되지만, MTA-STS를 쓴다면 있어야 문제를 압니다.")
        publish = right if sts else None
        return [_remark(severity, "tls_rpt-missing", domain, says, publish=publish, source="RFC 8460 §3")]
    targets = dict(tag_list(records[0]) or ()).get("rua", "").split(",")
    if len(records) > 1 or not all(_REPORT_TO.fullmatch(target.strip()) for target in targets):
        says = say("TLS 보고(TLS-RPT) 레코드는 하나여야 하고 rua=에 mailto나 https 주소가 있어야 합니다.")
        return [_remark(Severity.WARNING, "tls_rpt-record", domain, says, publish=right, source="RFC 8460 §3")]
    says = say("TLS 보고(TLS-RPT)를 받습니다.")
    return [_remark(Severity.FINE, "tls_rpt-record", domain, says, source="RFC 8460")]


# --- BIMI ------------------------------------------------------------------------------------

_BIMI = "draft-brand-indicators-for-message-identification"


def judge_sign(author: str) -> Asking[list[Remark]]:
    """What is to be said of BIMI, the outlet's sign beside its mail."""
    way = yield from walk(author)
    for domain in dict.fromkeys((author, way.organisation)):
        answer = yield from ask(Kind.TXT, f"default._bimi.{domain}")
        if answer.failed:
            return [_remark(Severity.WARNING, "bimi-unknown", domain, unknown(answer.failed), source=_BIMI)]
        records = [text for text in answer.values if text.lower().startswith("v=bimi1")]
        if records:
            return [_of_sign(domain, records, way.applied[1] if way.applied else None)]
    says = say("BIMI 레코드가 없습니다. 없어도 됩니다. 메일 목록에 제호를 보이는 장치입니다.")
    return [_remark(Severity.FINE, "bimi-missing", author, says, source=_BIMI)]


def _of_sign(domain: str, records: Sequence[str], policy: Policy | None) -> Remark:
    tags = dict(tag_list(records[0]) or ())
    logo = tags.get("l", "")
    if len(records) > 1:
        says = say("BIMI 레코드가 {count}개라 모두 무효입니다.", count=len(records))
    elif logo and not (logo.startswith("https://") and logo.lower().endswith((".svg", ".svgz"))):
        says = say("BIMI의 l=은 https로 시작하는 SVG 그림의 주소여야 합니다.")
    elif tags.get("a") and not tags["a"].startswith("https://"):
        says = say("BIMI의 a=는 https로 시작하는 인증서의 주소여야 합니다.")
    elif not _enforced(policy):
        says = say("BIMI는 DMARC가 p=quarantine이나 p=reject이고 시험 중이 아닐 때만 보입니다.")
    else:
        says = say("BIMI 레코드가 있고 DMARC 정책도 맞습니다.")
        return _remark(Severity.FINE, "bimi-record", domain, says, source=_BIMI)
    return _remark(Severity.WARNING, "bimi-record", domain, says, source=_BIMI)


def _enforced(policy: Policy | None) -> bool:
    if policy is None or policy.testing:
        return False
    asked = (policy.request("p"), policy.request("sp") or policy.request("p"))
    return all(request in ("quarantine", "reject") for request in asked)
