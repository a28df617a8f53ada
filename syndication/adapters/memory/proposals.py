"""Links of Sources and proposals to the editor in memory.

When a link is looked at again is decided in core.following, what is proposed in core.changes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from syndication.adapters.memory.rows import Rows
from syndication.core.identity import content_hash
from syndication.core.model import (
    ArticleContent,
    ArticleStatus,
    Proposal,
    ProposalKind,
    ProposalState,
    SourceLink,
)

GONE = (ArticleStatus.WITHHELD, ArticleStatus.CANCELED)
ELSE = "something else stands there now"
_OPEN = ProposalState.OPEN


class MemoryProposals:
    rows: Rows

    # --- links ---

    def note_links(
        self, source_id: str, links: Sequence[tuple[str, str, str | None]], now: datetime, *, due: bool
    ) -> int:
        with self.rows.lock:
            before = len(self.rows.links)
            for key, url, identity in links:
                fresh = SourceLink(
                    source_id=source_id,
                    key=key,
                    url=url,
                    identity=identity,
                    first_seen_at=now,
                    next_check_at=now if due else None,
                )
                self.rows.links.setdefault((source_id, key), fresh)
            return len(self.rows.links) - before

    def links_due(self, source_id: str, now: datetime, limit: int) -> Sequence[SourceLink]:
        with self.rows.lock:
            due = [
                (link.identity is not None or link.failures > 0, link.next_check_at, n, link)
                for n, link in enumerate(self.rows.links.values())
                if link.source_id == source_id and link.next_check_at is not None and link.next_check_at <= now
            ]
            return [link for *_, link in sorted(due, key=lambda entry: entry[:3])][:limit]

    def settle_link(self, link: SourceLink) -> None:
        with self.rows.lock:
            if (link.source_id, link.key) in self.rows.links:
                self.rows.links[link.source_id, link.key] = link

    def arrivals(self, since: datetime) -> Mapping[str, Sequence[datetime]]:
        found: dict[str, set[datetime]] = defaultdict(set)
        with self.rows.lock:
            for revisions in self.rows.revisions.values():
                newest = revisions[-1]
                if newest.first_seen_at >= since and not newest.baseline:
                    found[newest.source_id].add(newest.first_seen_at)
        return {name: sorted(times) for name, times in found.items()}

    # --- proposals ---

    def propose_retraction(self, identity: str, source_id: str, reason: str, now: datetime) -> bool:
        with self.rows.lock:
            number = self.rows.identities.get(identity)
            newest = self.rows.revisions[number][-1] if number is not None else None
            if number is None or newest is None or newest.status in GONE or newest.source_id != source_id:
                return False
            return propose(self.rows, number, source_id, ProposalKind.RETRACT, reason, None, now)

    def withdraw_retraction(self, identity: str, now: datetime, because: str) -> bool:
        with self.rows.lock:
            key = (self.rows.identities.get(identity, 0), ProposalKind.RETRACT.value, "")
            there = self.rows.proposals.get(key)
            if there is None or there.state is not _OPEN:
                return False
            self.rows.proposals[key] = replace(there, state=ProposalState.WITHDRAWN, decided_at=now, because=because)
            return True

    def proposals(self, *, decided: bool = False) -> Sequence[Proposal]:
        with self.rows.lock:
            found = [self._told(p) for p in self.rows.proposals.values() if decided or p.state is _OPEN]
            return sorted(found, key=lambda p: (p.proposed_at, p.id))

    def decide(self, proposal_id: int, accept: bool, now: datetime, because: str) -> Proposal | None:
        with self.rows.lock:
            for key, there in self.rows.proposals.items():
                if there.id == proposal_id and there.state is _OPEN:
                    state = ProposalState.ACCEPTED if accept else ProposalState.DISMISSED
                    made = replace(there, state=state, decided_at=now, because=because)
                    self.rows.proposals[key] = made
                    told = self._told(made)
                    if accept:
                        self._carry_out(made, now)
                    return told
        return None

    def _told(self, proposal: Proposal) -> Proposal:
        return replace(proposal, title=self.rows.revisions[proposal.article_id][-1].content.title)

    def _carry_out(self, made: Proposal, now: datetime) -> None:
        newest = self.rows.revisions[made.article_id][-1]
        if newest.status in GONE:
            return
        content = made.content or newest.content
        status = ArticleStatus.CANCELED if made.kind is ProposalKind.RETRACT else newest.status
        self.rows.revisions[made.article_id].append(
            replace(
                newest,
                revision=newest.revision + 1,
                content=content,
                content_hash=content_hash(content),
                status=status,
                revised_at=now,
            )
        )


def propose(
    rows: Rows,
    article_id: int,
    source_id: str,
    kind: ProposalKind,
    reason: str,
    content: ArticleContent | None,
    now: datetime,
) -> bool:
    """Note a proposal, or open one again that fell away; whether it is open. One that was decided stays so."""
    key = (article_id, kind.value, "" if content is None else content_hash(content))
    there = rows.proposals.get(key)
    if there is None or there.state is ProposalState.WITHDRAWN:
        newest = rows.revisions[article_id][-1]
        there = rows.proposals[key] = Proposal(
            id=next(rows.numbers) if there is None else there.id,
            kind=kind,
            article_id=article_id,
            identity=newest.identity,
            title=newest.content.title,
            source_id=source_id,
            reason=reason,
            proposed_at=now,
            content=content,
        )
    return there.state is _OPEN


def supersede(rows: Rows, article_id: int, now: datetime, *, but: str = "") -> None:
    """Let open rewrites of an Article, `but` the text of that hash, fall away: something else stands there now."""
    for key, there in rows.proposals.items():
        if key[:2] == (article_id, ProposalKind.REWRITE.value) and key[2] != but and there.state is _OPEN:
            rows.proposals[key] = replace(there, state=ProposalState.WITHDRAWN, decided_at=now, because=ELSE)
