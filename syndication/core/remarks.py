"""What a check of domains or of a finished mail says: how bad it is, in which words, and which record to publish.

It checks nothing and translates nothing: words are Korean texts with places, looked up where they are shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

_STRING = 255  # octets of one string of a TXT record, RFC 1035 section 3.3


class Severity(StrEnum):
    """How bad it is, worst first."""

    WRONG = "wrong"  # large receivers refuse or hide the mail, or readers get something broken
    WARNING = "warning"  # it works today, or it could not be made out
    SKIPPED = "skipped"  # it does not apply here
    FINE = "fine"


@dataclass(frozen=True, slots=True)
class Said:
    """A Korean text of the catalogue and what fills its {places}; a place may hold a text of its own."""

    text: str
    values: tuple[tuple[str, str | int | Said], ...] = ()

    def __str__(self) -> str:
        """In Korean."""
        values = {name: str(value) if isinstance(value, Said) else value for name, value in self.values}
        return self.text.format(**values) if values else self.text


def say(text: str, /, **values: str | int | Said) -> Said:
    """A text to be looked up, with what fills its places."""
    return Said(text, tuple(values.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A DNS record to publish, as the web page of a DNS provider asks for it."""

    name: str  # whole, without a dot at its end
    type: str  # TXT, MX, PTR
    text: str

    @property
    def zone(self) -> str:
        """The same as a line of a zone file; long texts as strings of at most 255 octets (RFC 1035 section 5.1)."""
        if self.type != "TXT":
            return f"{self.name}. IN {self.type} {self.text}"
        parts = [self.text[n : n + _STRING] for n in range(0, len(self.text), _STRING)] or [""]
        return f"{self.name}. IN TXT {' '.join(map(_quoted, parts))}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One thing that a check found out."""

    severity: Severity
    check: str  # area-detail, e.g. spf-lookups: stable, for scripts
    subject: str  # the domain, the address, or which mail
    says: Said
    advice: Said | None = None
    publish: Record | None = None
    source: str = ""  # whose rule it is, e.g. RFC 7208 §4.6.4, Gmail

    @property
    def area(self) -> str:
        return self.check.partition("-")[0]


def worst_first(remarks: Iterable[Remark]) -> tuple[Remark, ...]:
    """The same remarks by severity, otherwise in their order."""
    order = list(Severity)
    return tuple(sorted(remarks, key=lambda remark: order.index(remark.severity)))
