"""Judges published DKIM keys (RFC 6376, RFC 8463, RFC 8301): whether receivers can verify what we sign.

It holds no private key and signs nothing.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from syndication.core.domain.names import Asking, Kind, ask, tag_list, unknown
from syndication.core.remarks import Record, Remark, Said, Severity, say

SMALLEST, GOOD = 1024, 2048  # bits of an RSA key, RFC 8301 section 3.2 and Gmail's sender guidelines

_RULE = "RFC 6376 §3.6.1"
_RECEIVERS = "Gmail, Yahoo, Microsoft, Naver"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """A key that signs our mail: where it belongs and the text that publishes it, v=DKIM1; k=…; p=…"""

    domain: str
    selector: str
    text: str | None = None  # None: somebody else signs with it
    resting: bool = False  # it is to sign later, or has signed before

    @property
    def name(self) -> str:
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def tags(self) -> Mapping[str, str]:
        return dict(tag_list(self.text or "") or ())


def judge_dkim(keys: Sequence[PublicKey], domain: str) -> Asking[list[Remark]]:
    """What is to be said of each key's record; `domain` is where a key belongs when there is none."""
    if not keys:
        return [_unsigned(domain)]
    remarks = list[Remark]()
    if all(key.tags.get("k") == "ed25519" for key in keys):
        remarks.append(_only_ed25519(keys[0]))
    for key in keys:
        remarks += yield from _judge_key(key)
    return remarks


def _unsigned(domain: str) -> Remark:
    return Remark(
        severity=Severity.WARNING,
        check="dkim-unsigned",
        subject=domain,
        says=say("여기서는 메일에 DKIM 서명을 하지 않습니다. 릴레이가 서명하지 않으면 큰 메일 서비스가 거절합니다."),
        advice=say("publisher.toml의 [mail] dkim에 선택자와 키를 쓰십시오."),
        source=_RECEIVERS,
    )


def _only_ed25519(key: PublicKey) -> Remark:
    says = say("Ed25519 키뿐입니다. 많은 메일 서비스는 RSA 서명만 읽으므로 RSA 키도 있어야 합니다.")
    return _remark(Severity.WRONG, "kind", key, says, source="RFC 8463 §3")


def _judge_key(key: PublicKey) -> Asking[list[Remark]]:
    answer = yield from ask(Kind.TXT, key.name)
    if answer.failed:
        return [_remark(Severity.WARNING, "unknown", key, unknown(answer.failed))]
    if not answer.values:
        says = say("선택자 {selector}의 공개 키가 DNS에 없습니다. 서명이 모두 무효가 됩니다.", selector=key.selector)
        return [_remark(Severity.WRONG, "missing", key, says, publish=True, source=_RECEIVERS)]
    if len(answer.values) > 1:
        says = say("이 이름에 TXT 레코드가 {count}개 있습니다. 하나만 남기십시오.", count=len(answer.values))
        return [_remark(Severity.WRONG, "several", key, says, publish=True, source="RFC 6376 §3.6.2.2")]
    return list(_of_record(key, answer.values[0])) or [_good(key)]


def _good(key: PublicKey) -> Remark:
    if key.text is None:
        says = say("선택자 {selector}에 공개 키가 있습니다.", selector=key.selector)
    else:
        says = say("선택자 {selector}의 공개 키가 우리 키와 같습니다.", selector=key.selector)
    return _remark(Severity.FINE, "key", key, says, source=_RECEIVERS)


def _of_record(key: PublicKey, text: str) -> Iterator[Remark]:
    tags = tag_list(text)
    if tags is None or len(dict(tags)) < len(tags):
        says = say("공개 키 레코드를 읽을 수 없습니다: {record}", record=_short(text))
        yield _remark(Severity.WRONG, "syntax", key, says, publish=True)
        return
    found = dict(tags)
    fault = _fault(key, found, first=tags[0][0])
    if fault is not None:
        yield _remark(Severity.WRONG, "key", key, fault, publish=True)
        return
    yield from _of_size(key, found)
    if "y" in _listed(found.get("t", "")):
        says = say("t=y는 시험 중이라는 뜻입니다. 받는 쪽이 서명을 없는 것으로 칠 수 있습니다.")
        yield _remark(Severity.WARNING, "test", key, says, publish=True)


def _fault(key: PublicKey, found: Mapping[str, str], *, first: str) -> Said | None:
    """Why receivers cannot verify signatures by this record."""
    if found.get("v", "DKIM1") != "DKIM1" or ("v" in found and first != "v"):
        return say("레코드는 v=DKIM1로 시작해야 합니다.")
    if not _bare(found.get("p", "")):
        return say("p=가 비어 있습니다. 이 키는 취소되었고 서명이 모두 무효가 됩니다.")
    if "h" in found and "sha256" not in _listed(found["h"]):
        return say("h={found}은(는) 우리가 쓰는 sha256을 허락하지 않습니다.", found=found["h"])
    if not {"*", "email"} & _listed(found.get("s", "*")):
        return say("s={found}은(는) 메일에 쓰는 키가 아니라는 뜻입니다.", found=found.get("s", ""))
    return _difference(key, found) if key.text is not None else None


def _difference(key: PublicKey, found: Mapping[str, str]) -> Said | None:
    theirs, ours = found.get("k", "rsa"), key.tags.get("k", "rsa")
    if theirs != ours:
        return say("k={found}이지만 우리 키는 {ours}입니다.", found=theirs, ours=ours)
    if _bare(found["p"]) != _bare(key.tags.get("p", "")):
        return say("DNS의 공개 키가 우리가 서명하는 키와 다릅니다. 서명이 모두 무효가 됩니다.")
    return None


def _of_size(key: PublicKey, found: Mapping[str, str]) -> Iterator[Remark]:
    if found.get("k", "rsa") != "rsa":
        return
    bits = rsa_bits(found["p"])
    if bits is None:
        yield _remark(Severity.WRONG, "key", key, say("p=의 값이 RSA 공개 키가 아닙니다."), publish=True)
    elif bits < GOOD:
        severity = Severity.WRONG if bits < SMALLEST else Severity.WARNING
        says = say("RSA 키가 {bits}비트입니다. {good}비트로 바꾸십시오.", bits=bits, good=GOOD)
        yield _remark(severity, "size", key, says, source="RFC 8301 §3.2, Gmail")


def rsa_bits(published: str) -> int | None:
    """The size of an RSA key as published, in base64; None where it is none."""
    try:
        key = serialization.load_der_public_key(base64.b64decode(_bare(published), validate=True))
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key.key_size if isinstance(key, RSAPublicKey) else None


def _bare(text: str) -> str:
    return "".join(text.split())


def _listed(text: str) -> set[str]:
    return {part.strip().lower() for part in text.split(":")}


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"


def _remark(
    severity: Severity, detail: str, key: PublicKey, says: Said, *, publish: bool = False, source: str = _RULE
) -> Remark:
    record = Record(name=key.name, type="TXT", text=key.text) if publish and key.text else None
    if key.resting and severity is Severity.WRONG:
        severity = Severity.WARNING
    return Remark(severity=severity, check=f"dkim-{detail}", subject=key.name, says=says, publish=record, source=source)
