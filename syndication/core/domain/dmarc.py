"""Finds the DMARC record that applies to a domain and the domain's organisation, by the tree walk of RFC 9989.

It needs no list of public suffixes and judges no record (see `domain_dmarc_advice`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from syndication.core.domain.names import Asking, Kind, ask, labels

REQUESTS = ("none", "quarantine", "reject")  # weakest first
_MOST = 8  # questions of one walk, section 4.10

_VERSION = re.compile(r"[vV][ \t]*=[ \t]*DMARC1[ \t]*(?:;|$)")  # section 4.8: the value as it stands here
_NEARLY = re.compile(r"\bv\s*=\s*DMARC", re.IGNORECASE)
_TAG = re.compile(r"\s*([A-Za-z]+)\s*=\s*(.*?)\s*", re.DOTALL)
_MAILTO = re.compile(r"mailto:[^@\s!,;<>]+@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)(?:![0-9]+[kmgt]?)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A record that receivers take for one; what they cannot read in it counts as absent (section 4.7)."""

    text: str
    tags: Mapping[str, str]

    def request(self, tag: str) -> str | None:
        """none, quarantine or reject as p, sp or np ask for; None where the tag is missing or says none of these."""
        value = self.tags.get(tag, "").lower()
        return value if value in REQUESTS else None

    def strict(self, tag: str) -> bool:
        """Whether adkim or aspf asks for the very same domain."""
        return self.tags.get(tag, "").lower() == "s"

    @property
    def psd(self) -> str:
        """y: a public suffix; n: an organisation's own domain; u: the walk has to find out."""
        value = self.tags.get("psd", "").lower()
        return value if value in ("y", "n") else "u"

    @property
    def testing(self) -> bool:
        return self.tags.get("t", "").lower() == "y"

    @property
    def receivers(self) -> Sequence[str]:
        """The domains that aggregate reports are mailed to."""
        found = (_MAILTO.fullmatch(part.strip()) for part in self.tags.get("rua", "").split(","))
        return tuple(dict.fromkeys(m[1].lower() for m in found if m))

    @property
    def reporting(self) -> bool:
        """Whether rua names an address that can be reported to."""
        return bool(self.receivers) or "https:" in self.tags.get("rua", "").lower()


def is_dmarc(text: str) -> bool:
    return bool(_VERSION.match(text))


def nearly_dmarc(text: str) -> bool:
    """Whether somebody meant it as one."""
    return bool(_NEARLY.search(text))


def read(text: str) -> Policy:
    found = (_TAG.fullmatch(part) for part in text.split(";"))
    tags = dict[str, str]()
    for match in found:
        if match:
            tags.setdefault(match[1].lower(), match[2])
    return Policy(text=text, tags=tags)


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """What a walk up from a domain found, longest name first."""

    start: str
    found: tuple[tuple[str, Policy], ...] = ()
    doubled: tuple[str, ...] = ()  # names with more than one record: all of those are discarded
    meant: tuple[tuple[str, str], ...] = ()  # name and text of what receivers do not take for a record
    failed: str | None = None

    @property
    def organisation(self) -> str:
        """The Organizational Domain, section 4.10.2."""
        for name, policy in self.found:
            if policy.psd == "n":
                return name
            if policy.psd == "y" and name != self.start:
                return _one_below(name, self.start)
        return self.found[-1][0] if self.found else self.start

    @property
    def applied(self) -> tuple[str, Policy] | None:
        """Where the record that applies stands, and the record, section 4.10.1: of the domain itself, of its
        organisation, of the public suffix."""
        by_name = dict(self.found)
        for name in (self.start, self.organisation):
            if name in by_name:
                return name, by_name[name]
        return self.found[-1] if self.found else None


def targets(domain: str) -> Iterator[str]:
    """The names that a walk asks at: the domain, then up to the last label; at most eight (section 4.10)."""
    parts = labels(domain)
    yield ".".join(parts)
    rest = parts[1:] if len(parts) < _MOST else parts[1 - _MOST :]
    yield from (".".join(rest[n:]) for n in range(len(rest)))


def walk(domain: str) -> Asking[Walk]:
    """The DNS Tree Walk, section 4.10. It ends at a record that says whether its domain is a public suffix."""
    start = ".".join(labels(domain))
    found, doubled, meant = list[tuple[str, Policy]](), list[str](), list[tuple[str, str]]()
    failed: str | None = None
    for name in targets(domain):
        answer = yield from ask(Kind.TXT, f"_dmarc.{name}")
        failed = failed or answer.failed
        records = [text for text in answer.values if is_dmarc(text)]
        meant += [(name, text) for text in answer.values if nearly_dmarc(text) and not is_dmarc(text)]
        if len(records) > 1:
            doubled.append(name)
        elif records:
            found.append((name, read(records[0])))
            if found[-1][1].psd != "u":
                break
    return Walk(start=start, found=tuple(found), doubled=tuple(doubled), meant=tuple(meant), failed=failed)


def _one_below(suffix: str, domain: str) -> str:
    """The name one label below a suffix on the way to a domain, whether the walk asked there or not."""
    return ".".join(labels(domain)[-len(labels(suffix)) - 1 :])


def weaker(request: str) -> str:
    """What t=y makes of a request: one level less (section 4.7)."""
    return REQUESTS[max(0, REQUESTS.index(request) - 1)]
