"""Partners and their profiles.

It does not say what a Partner may have; `core.partners` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from syndication.core.model.articles import Rights


class Dialect(StrEnum):
    JSON = "json"


class Transport(StrEnum):
    WEBHOOK = "webhook"


class What(StrEnum):
    ARTICLES = "articles"
    DIGEST = "digest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """A portal's profile, written as data. Default deny: what a filter does not name is not sent."""

    id: str
    name: str
    url: str
    edition: str
    secret_names: tuple[str, ...]  # environment names of whsec_ secrets, newest first
    dialect: Dialect = Dialect.JSON
    transport: Transport = Transport.WEBHOOK
    what: What = What.ARTICLES
    sections: tuple[str, ...] = ()  # empty = none; ("*",) = all
    rights: tuple[Rights, ...] = (Rights.OWN,)
    full_text: bool = True
    robot: bool = False
    sponsored: bool = False
    loopback: bool = False
    production: bool = True  # False: a sandbox or test host

    @property
    def rehearsed_with(self) -> bool:
        """Whether a rehearsal may push to it: only to what is on this machine or is said to be no production host."""
        return self.loopback or not self.production
