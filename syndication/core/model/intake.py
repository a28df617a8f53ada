"""What polling remembers beside the Articles: links that a list led to, and what it proposes to the editor.

It decides nothing: `following` says when a link is looked at, `changes` what is proposed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from syndication.core.model.articles import ArticleContent


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLink:
    """The page of one Article that a Source leads to, and what looking at it has taught (all instants UTC)."""

    source_id: str
    key: str  # the canonical address, or its hash where that is long
    url: str  # as it is followed
    first_seen_at: datetime
    next_check_at: datetime | None  # None: it is looked at no more
    identity: str | None = None  # of the Article that was read there
    etag: str | None = None
    last_modified: str | None = None
    failures: int = 0  # looks in a row that gave no Article
    missing: int = 0  # looks in a row that met 404 or 410
    last_error: str | None = None


class ProposalKind(StrEnum):
    RETRACT = "retract"  # the Article is gone where it stood
    REWRITE = "rewrite"  # another text stands in its place


class ProposalState(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    DISMISSED = "dismissed"
    WITHDRAWN = "withdrawn"  # what it rested on is no longer so


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A change of an Article that somebody must decide on: nothing of it goes out before."""

    id: int
    kind: ProposalKind
    article_id: int
    identity: str
    title: str  # of the Article as it is
    source_id: str  # which Source it comes from
    reason: str
    proposed_at: datetime
    content: ArticleContent | None = None  # of a rewrite
    state: ProposalState = ProposalState.OPEN
    decided_at: datetime | None = None
    because: str | None = None
