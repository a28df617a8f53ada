"""Says what is wrong with the DMARC record that applies to the sender, and whether DKIM and SPF speak for the sender.

What large receivers ask for is at least p=none, and a DKIM or SPF domain of the sender's own organisation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from syndication.core.domain.dmarc import Policy, Walk, is_dmarc, walk, weaker
from syndication.core.domain.names import Asking, Kind, ask, unknown, within
from syndication.core.remarks import Record, Remark, Said, Severity, say

_RULE = "RFC 9989"
_RECEIVERS = "Gmail, Yahoo, Microsoft, Naver"
_MOST_DESTINATIONS = 3


def judge_dmarc(author: str, *, bounces: str, signing: Sequence[str], home: str) -> Asking[list[Remark]]:
    """What is to be said of mail whose From is at `author`, its envelope at `bounces`, signed by `signing` domains.

    `home` is the publisher's own domain, where a missing record belongs when the author's domain lies within it."""
    way = yield from walk(author)
    if way.applied is None:
        return [*_none(way, home), *(yield from _misplaced(author))]
    where, policy = way.applied
    remarks = [*_of_names(way, where), *_of_policy(way, where, policy)]
    if way.failed and where != way.start:
        remarks.append(_remark(Severity.WARNING, "unknown", author, unknown(way.failed)))
    remarks += yield from _of_reports(where, policy)
    remarks += yield from _of_alignment(way, policy, bounces, signing)
    return remarks


def _remark(
    severity: Severity,
    detail: str,
    subject: str,
    says: Said,
    *,
    advice: Said | None = None,
    publish: Record | None = None,
    source: str = _RULE,
) -> Remark:
    return Remark(
        severity=severity,
        check=f"dmarc-{detail}",
        subject=subject,
        says=says,
        advice=advice,
        publish=publish,
        source=source,
    )


def _txt(domain: str, text: str) -> Record:
    return Record(name=f"_dmarc.{domain}", type="TXT", text=text)


def _first_record(domain: str) -> str:
    return f"v=DMARC1; p=none; rua=mailto:postmaster@{domain}"


# --- no record -------------------------------------------------------------------------------


def _none(way: Walk, home: str) -> Iterator[Remark]:
    if way.failed:
        yield _remark(Severity.WARNING, "unknown", way.start, unknown(way.failed))
        return
    place = home if within(way.start, home) else way.start
    says = say("DMARC 레코드가 없습니다. 큰 메일 서비스는 DMARC 없는 대량 메일을 받지 않습니다.")
    if way.doubled:
        place = way.doubled[0]
        says = say("DMARC 레코드가 여러 개라 모두 버려집니다. 지우고 하나만 두십시오.")
    elif way.meant:
        place = way.meant[0][0]
        says = say("DMARC 레코드로 읽히지 않습니다. v=DMARC1로 시작해야 합니다: {record}", record=way.meant[0][1])
    yield _remark(
        Severity.WRONG,
        "several" if way.doubled else "missing",
        place,
        says,
        advice=say("보고서가 rua의 주소로 옵니다. 실제로 받는 주소로 바꾸어도 됩니다."),
        publish=_txt(place, _first_record(place)),
        source=f"{_RULE} §4.7, {_RECEIVERS}",
    )


def _misplaced(author: str) -> Asking[list[Remark]]:
    """A record at the domain itself, where nobody looks for it."""
    answer = yield from ask(Kind.TXT, author)
    texts = [text for text in answer.values if is_dmarc(text)]
    if not texts:
        return []
    says = say("DMARC 레코드가 {domain}에 있습니다. _dmarc.{domain}으로 옮겨야 읽힙니다.", domain=author)
    return [_remark(Severity.WRONG, "misplaced", author, says, publish=_txt(author, texts[0]), source=f"{_RULE} §4.6")]


# --- the record ------------------------------------------------------------------------------


def _of_names(way: Walk, where: str) -> Iterator[Remark]:
    for name in way.doubled:
        says = say("{name}의 DMARC 레코드가 여러 개라 버려지고, {where}의 것이 쓰입니다.", name=name, where=where)
        yield _remark(Severity.WARNING, "several", name, says, source=f"{_RULE} §4.10")
    first = dict(way.found).get(way.start)
    if first is not None and first.psd == "y":
        says = say("psd=y는 이 도메인이 .kr 같은 공용 접미사라는 뜻입니다. 아니면 지우십시오.")
        yield _remark(
            Severity.WARNING,
            "psd",
            way.start,
            says,
            publish=_txt(way.start, _without(first, "psd")),
            source=f"{_RULE} §4.7",
        )


def _without(policy: Policy, *tags: str) -> str:
    return "; ".join(f"{name}={value}" for name, value in policy.tags.items() if name not in tags)


def _with(policy: Policy, **tags: str) -> str:
    kept = {name: value for name, value in policy.tags.items() if name not in ("v", "p") and name not in tags}
    p = tags.pop("p", policy.tags.get("p", "none"))
    return "; ".join(f"{name}={value}" for name, value in ({"v": "DMARC1", "p": p} | kept | tags).items())


def _of_policy(way: Walk, where: str, policy: Policy) -> Iterator[Remark]:
    bad = [tag for tag in ("p", "sp", "np") if tag in policy.tags and policy.request(tag) is None]
    if bad:
        yield _bad_request(where, policy, bad[0])
        return
    if "p" not in policy.tags:
        yield _remark(
            Severity.WARNING,
            "policy",
            where,
            say("p=가 없습니다. p=none으로 읽히지만, 오래된 메일 서비스는 레코드를 버립니다."),
            publish=_txt(where, _with(policy, p="none")),
            source=f"{_RULE} §4.7, RFC 7489 §6.3",
        )
    else:
        yield _remark(Severity.FINE, "policy", where, _in_force(way, where, policy), source=_RECEIVERS)
    if "pct" in policy.tags and policy.tags["pct"] != "100":
        yield _remark(
            Severity.WARNING,
            "removed",
            where,
            say("pct=는 이제 읽지 않습니다. 시험 중이라면 t=y를 쓰십시오."),
            publish=_txt(where, _without(policy, "pct")),
            source=f"{_RULE} §A.6",
        )


def _bad_request(where: str, policy: Policy, tag: str) -> Remark:
    """Section 4.10.1: with an address to report to it counts as p=none, else there is no DMARC at all."""
    return _remark(
        Severity.WARNING if policy.reporting else Severity.WRONG,
        "policy",
        where,
        say("{tag}={value}은(는) none, quarantine, reject 가운데 하나여야 합니다.", tag=tag, value=policy.tags[tag]),
        publish=_txt(where, _with(policy, **{tag: "none"})),
        source=f"{_RULE} §4.10.1",
    )


def _in_force(way: Walk, where: str, policy: Policy) -> Said:
    tag = "p" if where == way.start or policy.request("sp") is None else "sp"
    asked = policy.request(tag) or "none"
    if policy.testing and asked != "none":
        return say(
            "DMARC {tag}={asked}, 시험 중(t=y)이라 {weaker}로 다룹니다.", tag=tag, asked=asked, weaker=weaker(asked)
        )
    return say("DMARC 레코드가 {where}에 있습니다({tag}={asked}).", where=where, tag=tag, asked=asked)


# --- reports ---------------------------------------------------------------------------------


def _of_reports(where: str, policy: Policy) -> Asking[list[Remark]]:
    if not policy.reporting:
        return [
            _remark(
                Severity.WARNING,
                "reports",
                where,
                say("rua=가 없어 누가 이 도메인으로 메일을 보내는지 보고받지 못합니다."),
                publish=_txt(where, _with(policy, rua=f"mailto:postmaster@{where}")),
                source=f"{_RULE} §4.7",
            )
        ]
    remarks = list[Remark]()
    for domain in policy.receivers[:_MOST_DESTINATIONS]:
        remarks += yield from _of_destination(where, domain)
    return remarks


def _of_destination(where: str, domain: str) -> Asking[list[Remark]]:
    """RFC 9990 section 4: an organisation of its own has to say that it takes the reports."""
    ours = yield from walk(where)
    theirs = yield from walk(domain)
    if ours.organisation == theirs.organisation or within(domain, where) or within(where, domain):
        return []
    name = f"{where}._report._dmarc.{domain}"
    answer = yield from ask(Kind.TXT, name)
    if answer.failed or any(is_dmarc(text) for text in answer.values):
        return []
    return [
        _remark(
            Severity.WARNING,
            "reports",
            where,
            say("{domain}이(가) 보고서를 받겠다고 알리지 않아 아무도 보고서를 보내지 않습니다.", domain=domain),
            advice=say("이 레코드는 {domain}의 관리자가 올려야 합니다.", domain=domain),
            publish=Record(name=name, type="TXT", text="v=DMARC1"),
            source="RFC 9990 §4",
        )
    ]


# --- alignment -------------------------------------------------------------------------------


def _of_alignment(way: Walk, policy: Policy, bounces: str, signing: Sequence[str]) -> Asking[list[Remark]]:
    by_spf = yield from _aligned(way, bounces, strict=policy.strict("aspf"))
    by_dkim = False
    for domain in signing:
        by_dkim = (yield from _aligned(way, domain, strict=policy.strict("adkim"))) or by_dkim
    return [_alignment(way.start, bounces, signing, by_spf=by_spf, by_dkim=by_dkim)]


def _aligned(way: Walk, domain: str, *, strict: bool) -> Asking[bool]:
    """Section 4.10.2."""
    if domain == way.start:
        return True
    if strict:
        return False
    return (yield from walk(domain)).organisation == way.organisation


def _alignment(author: str, bounces: str, signing: Sequence[str], *, by_spf: bool, by_dkim: bool) -> Remark:
    names = ", ".join(dict.fromkeys(signing))
    source = f"{_RULE} §4.10.2, {_RECEIVERS}"
    if by_dkim:
        says = say("DKIM 도메인 {names}이(가) From의 {author}과(와) 맞습니다.", names=names, author=author)
        return _remark(Severity.FINE, "alignment", author, says, source=source)
    if by_spf and not signing:
        says = say("봉투 주소의 {bounces}이(가) From의 {author}과(와) 맞습니다.", bounces=bounces, author=author)
        return _remark(Severity.FINE, "alignment", author, says, source=source)
    if by_spf:
        says = say(
            "DKIM 도메인 {names}이(가) From의 {author}과(와) 맞지 않습니다. 전달된 메일은 DMARC를 통과하지 못합니다.",
            names=names,
            author=author,
        )
        return _remark(Severity.WARNING, "alignment", author, says, source=source)
    says = say(
        "봉투 주소의 {bounces}도 DKIM 서명도 From의 {author}과(와) 맞지 않습니다. DMARC를 통과하지 못합니다.",
        bounces=bounces,
        author=author,
    )
    return _remark(Severity.WRONG if signing else Severity.WARNING, "alignment", author, says, source=source)
