"""The store's part for what polling remembers: links that lists lead to, and what is proposed to the editor.

It does not hold the Articles themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from syndication.core.model import Proposal, SourceLink


class Following(Protocol):
    """Links of Sources, and when they brought something. Every method is one transaction."""

    def note_links(
        self, source_id: str, links: Sequence[tuple[str, str, str | None]], now: datetime, *, due: bool
    ) -> int:
        """Remember links (key, url, identity of their Article where it is known) that are not known yet, in their
        order; how many. Without `due` they are never looked at: they stood there before."""
        ...

    def links_due(self, source_id: str, now: datetime, limit: int) -> Sequence[SourceLink]:
        """The links whose next check has come, those never looked at first, then the longest waiting."""
        ...

    def settle_link(self, link: SourceLink) -> None: ...

    def arrivals(self, since: datetime) -> Mapping[str, Sequence[datetime]]:
        """When each Source brought something new since then, each instant once, oldest first; no baseline."""
        ...


class Proposals(Protocol):
    """What an editor decides on. Every method is one transaction."""

    def propose_retraction(self, identity: str, source_id: str, reason: str, now: datetime) -> bool:
        """Propose to take an Article back; whether it is open now. Nothing for an Article that is not known, that was
        taken back already, that another Source owns, or whose retraction was dismissed."""
        ...

    def withdraw_retraction(self, identity: str, now: datetime, because: str) -> bool:
        """The Article is there again: an open proposal to take it back falls away; whether there was one."""
        ...

    def proposals(self, *, decided: bool = False) -> Sequence[Proposal]:
        """The open ones, oldest first; with `decided` all."""
        ...

    def decide(self, proposal_id: int, accept: bool, now: datetime, because: str) -> Proposal | None:
        """Carry an open proposal out as a new Revision, or dismiss it for good; None when it is not open.

        An accepted retraction makes the Article canceled; an accepted rewrite becomes its text, unless it was taken
        back meanwhile."""
        ...
