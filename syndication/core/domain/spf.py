"""Reads SPF records (RFC 7208): terms, modifiers and macros.

It follows no include and judges no address (see `domain_spf_check`).
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from urllib.parse import quote

from syndication.core.remarks import Said, say

_VERSION = re.compile(r"v=spf1(?: |$)", re.IGNORECASE)  # section 4.5
_MODIFIER = re.compile(r"([A-Za-z][A-Za-z0-9_.-]*)=(.*)")
_MECHANISM = re.compile(r"([+?~-]?)([A-Za-z0-9_.-]+)(.*)")
_RANGE = re.compile(r"(.*?)(?:/(0|[1-9]\d?))?(?://(0|[1-9]\d{0,2}))?")
_LENGTH = re.compile(r"0|[1-9]\d{0,2}")
_MACRO = re.compile(r"%(?:\{([a-zA-Z])(\d*)(r?)([-.+,/_=]*)\}|([%_-])|(.?))", re.DOTALL)
_SPEC = re.compile(r"[\x21-\x7e]+")
_TOP_LABEL = re.compile(r"[A-Za-z0-9]*[A-Za-z][A-Za-z0-9]*|[A-Za-z0-9]+-[A-Za-z0-9-]*[A-Za-z0-9]")  # section 7.1
_LETTERS = "slodiphv"  # macros that may stand in a name; c, r and t are for explanations


class BadSpf(ValueError):
    """A record that receivers give up on with a permanent error."""

    def __init__(self, why: Said) -> None:
        super().__init__(str(why))
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One mechanism."""

    text: str  # as written
    kind: str
    sign: str = ""  # how it qualifies who matches; nothing stands for +
    spec: str = ""  # the domain, with macros; empty for the current one
    network: IPv4Network | IPv6Network | None = None
    v4: int = 32
    v6: int = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    terms: tuple[Term, ...]
    redirect: str | None = None

    @property
    def all(self) -> Term | None:
        return next((term for term in self.terms if term.kind == "all"), None)


# --- reading ---------------------------------------------------------------------------------


def is_spf(text: str) -> bool:
    return bool(_VERSION.match(text))


def parse(record: str) -> Policy:
    """The terms of a record that begins with v=spf1 (section 4.6.1). Raises BadSpf."""
    terms, modifiers = list[Term](), dict[str, str]()
    for word in record[len("v=spf1") :].split(" "):
        if not word:
            continue
        if not _SPEC.fullmatch(word):
            raise BadSpf(say("‘{term}’에 쓸 수 없는 글자가 있습니다.", term=word))
        modifier = _MODIFIER.fullmatch(word)
        if modifier is None:
            terms.append(_mechanism(word))
        elif modifier[1].lower() in ("redirect", "exp"):
            _note(modifiers, modifier[1].lower(), modifier[2], word)
    return Policy(terms=tuple(terms), redirect=modifiers.get("redirect"))


def _note(modifiers: dict[str, str], name: str, value: str, word: str) -> None:
    if name in modifiers:
        raise BadSpf(say("{name}=은 한 번만 쓸 수 있습니다.", name=name))
    modifiers[name] = _spec(value, word)


def _mechanism(word: str) -> Term:
    found = _MECHANISM.fullmatch(word)
    if found is None:
        raise BadSpf(say("‘{term}’은(는) SPF의 말이 아닙니다.", term=word))
    sign, kind, rest = found[1], found[2].lower(), found[3]
    if kind == "all" and not rest:
        return Term(text=word, kind=kind, sign=sign)
    if kind in ("ip4", "ip6") and rest.startswith(":"):
        return Term(text=word, kind=kind, sign=sign, network=_network(kind, rest[1:], word))
    if kind in ("include", "exists") and rest.startswith(":"):
        return Term(text=word, kind=kind, sign=sign, spec=_spec(rest[1:], word))
    if kind == "ptr" and (not rest or rest.startswith(":")):
        return Term(text=word, kind=kind, sign=sign, spec=_spec(rest[1:], word) if rest else "")
    if kind in ("a", "mx") and (not rest or rest[0] in ":/"):
        return _ranged(word, sign, kind, rest)
    raise BadSpf(say("‘{term}’은(는) SPF의 말이 아닙니다.", term=word))


def _ranged(word: str, sign: str, kind: str, rest: str) -> Term:
    """a and mx with their domain and lengths of prefixes, sections 5.3 and 5.4."""
    found = _RANGE.fullmatch(rest)
    if found is None:
        raise BadSpf(say("‘{term}’은(는) SPF의 말이 아닙니다.", term=word))
    v4, v6 = int(found[2] or 32), int(found[3] or 128)
    if v4 > 32 or v6 > 128:
        raise BadSpf(say("‘{term}’의 접두사 길이가 너무 큽니다.", term=word))
    spec = _spec(found[1][1:], word) if found[1] else ""
    return Term(text=word, kind=kind, sign=sign, spec=spec, v4=v4, v6=v6)


def _network(kind: str, text: str, word: str) -> IPv4Network | IPv6Network:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise BadSpf(say("‘{term}’ 뒤에는 IP 주소가 와야 합니다.", term=word)) from None
    if network.version != int(kind[2]) or "%" in text:
        raise BadSpf(say("‘{term}’ 뒤에는 IP 주소가 와야 합니다.", term=word))
    if "/" in text and not _LENGTH.fullmatch(text.partition("/")[2]):  # a netmask is no length
        raise BadSpf(say("‘{term}’ 뒤에는 IP 주소가 와야 합니다.", term=word))
    return network


def _spec(text: str, word: str) -> str:
    """A domain-spec as written, section 7.1: macros whole, and a name at its end."""
    broken = any(_is_broken(found) for found in _MACRO.finditer(text))
    last = text.rpartition(".")[2] or text.removesuffix(".").rpartition(".")[2]
    named = last.endswith("}") or ("." in text and bool(_TOP_LABEL.fullmatch(last)))
    if broken or not named:
        raise BadSpf(say("‘{term}’에는 온전한 도메인 이름이 없습니다.", term=word))
    return text


def _is_broken(found: re.Match[str]) -> bool:
    """Whether something that begins like a macro is none, section 7.1."""
    if found[1] is None:
        return found[6] is not None
    return found[1].lower() not in _LETTERS or (found[2] != "" and int(found[2]) == 0)


# --- macros ----------------------------------------------------------------------------------


def expand(spec: str, *, ip: IPv4Address | IPv6Address | None, domain: str, sender: str) -> str | None:
    """The name a domain-spec stands for (section 7), cut to 253 characters; None where the address is needed."""
    known = _letters(ip, domain, sender)
    if ip is None and any(m[1] and m[1].lower() in "ipv" for m in _MACRO.finditer(spec)):
        return None
    name = _MACRO.sub(lambda m: _expanded(m, known), spec).removesuffix(".")
    while len(name) > 253 and "." in name:
        name = name.partition(".")[2]
    return name


def _letters(ip: IPv4Address | IPv6Address | None, domain: str, sender: str) -> dict[str, str]:
    local, _, home = sender.rpartition("@")
    version = "ip6" if isinstance(ip, IPv6Address) else "in-addr"
    dotted = ".".join(ip.exploded.replace(":", "")) if isinstance(ip, IPv6Address) else str(ip)
    return {"s": sender, "l": local, "o": home, "d": domain, "h": home, "i": dotted, "v": version, "p": "unknown"}


def _expanded(found: re.Match[str], known: dict[str, str]) -> str:
    if found[5] is not None:
        return {"%": "%", "_": " ", "-": "%20"}[found[5]]
    if found[1] is None:
        return found[0]
    parts = re.split(f"[{re.escape(found[4])}]" if found[4] else r"\.", known.get(found[1].lower(), ""))
    parts = parts[::-1] if found[3] else parts
    kept = parts[-int(found[2]) :] if found[2] and int(found[2]) else parts
    value = ".".join(kept)
    return quote(value, safe="-._~") if found[1].isupper() else value
