"""Proposals to the editor in SQL: the Proposals part of the Store.

What is proposed is decided in core.changes and by the verbs.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from syndication.adapters.sql.base import Base, insert_new
from syndication.adapters.sql.codec import CONTENT, dump, load
from syndication.adapters.tables import article, article_revision, proposal
from syndication.core.identity import content_hash
from syndication.core.model import ArticleContent, ArticleStatus, Proposal, ProposalKind, ProposalState

ELSE = "something else stands there now"
GONE = (ArticleStatus.WITHHELD, ArticleStatus.CANCELED)
_WORDS = ("kind", "article_id", "source_id", "reason", "proposed_at", "decided_at", "because")


class Proposals(Base):
    def propose_retraction(self, identity: str, source_id: str, reason: str, now: datetime) -> bool:
        with self._writes() as db:
            there = db.execute(select(article).where(article.c.identity == identity)).one_or_none()
            if there is None or there.status in GONE or there.source_id != source_id:
                return False
            return propose(db, there.id, source_id, ProposalKind.RETRACT, reason, None, now)

    def withdraw_retraction(self, identity: str, now: datetime, because: str) -> bool:
        mine = select(article.c.id).where(article.c.identity == identity).scalar_subquery()
        with self._writes() as db:
            gone = db.execute(
                update(proposal)
                .where(
                    proposal.c.article_id == mine,
                    proposal.c.kind == ProposalKind.RETRACT,
                    proposal.c.state == ProposalState.OPEN,
                )
                .values(state=ProposalState.WITHDRAWN, decided_at=now, because=because)
            )
        return gone.rowcount > 0

    def proposals(self, *, decided: bool = False) -> Sequence[Proposal]:
        question = _proposals().order_by(proposal.c.proposed_at, proposal.c.id)
        if not decided:
            question = question.where(proposal.c.state == ProposalState.OPEN)
        with self._reads() as db:
            return [_proposal(row) for row in db.execute(question)]

    def decide(self, proposal_id: int, accept: bool, now: datetime, because: str) -> Proposal | None:
        state = ProposalState.ACCEPTED if accept else ProposalState.DISMISSED
        with self._writes() as db:
            open_one = (proposal.c.id == proposal_id) & (proposal.c.state == ProposalState.OPEN)
            taken = db.execute(update(proposal).where(open_one).values(state=state, decided_at=now, because=because))
            if taken.rowcount == 0:
                return None
            made = _proposal(db.execute(_proposals().where(proposal.c.id == proposal_id)).one())
            if accept:
                _carry_out(db, made, now)
        return made


def propose(
    db: Connection,
    article_id: int,
    source_id: str,
    kind: ProposalKind,
    reason: str,
    content: ArticleContent | None,
    now: datetime,
) -> bool:
    """Note a proposal, or open one again that fell away; whether it is open. One that was decided stays so."""
    hashed = "" if content is None else content_hash(content)
    values = {"source_id": source_id, "reason": reason, "proposed_at": now, "state": ProposalState.OPEN}
    key = {"article_id": article_id, "kind": kind, "content_hash": hashed}
    same = (proposal.c.article_id == article_id) & (proposal.c.kind == kind) & (proposal.c.content_hash == hashed)
    words = None if content is None else dump(CONTENT, content)
    db.execute(insert_new(db, proposal), [{**key, **values, "content": words}])
    db.execute(
        update(proposal)
        .where(same, proposal.c.state == ProposalState.WITHDRAWN)
        .values(**values, decided_at=None, because=None)
    )
    return bool(db.execute(select(proposal.c.state).where(same)).scalar_one() == ProposalState.OPEN)


def supersede(db: Connection, articles: Sequence[int], now: datetime, *, but: str = "") -> None:
    """Let open rewrites of Articles, `but` the text of that hash, fall away: something else stands there now."""
    db.execute(
        update(proposal)
        .where(
            proposal.c.article_id.in_(articles),
            proposal.c.kind == ProposalKind.REWRITE,
            proposal.c.state == ProposalState.OPEN,
            proposal.c.content_hash != but,
        )
        .values(state=ProposalState.WITHDRAWN, decided_at=now, because=ELSE)
    )


def rewrites(db: Connection) -> frozenset[int]:
    """The ids of Articles with an open rewrite."""
    waiting = (proposal.c.state == ProposalState.OPEN) & (proposal.c.kind == ProposalKind.REWRITE)
    return frozenset(db.execute(select(proposal.c.article_id).where(waiting)).scalars())


def _carry_out(db: Connection, made: Proposal, now: datetime) -> None:
    newest = (
        select(article, article_revision.c.content)
        .join(article_revision, article_revision.c.article_id == article.c.id)
        .where(article.c.id == made.article_id, article_revision.c.number == article.c.revision)
    )
    there = db.execute(newest.with_for_update(of=article) if db.dialect.name == "postgresql" else newest).one()
    if there.status in GONE:
        return
    content = made.content or load(CONTENT, there.content)
    status = ArticleStatus.CANCELED if made.kind is ProposalKind.RETRACT else ArticleStatus(there.status)
    values = {"content_hash": content_hash(content), "status": status}
    number = there.revision + 1
    db.execute(update(article).where(article.c.id == there.id).values(revision=number, revised_at=now, **values))
    row: dict[str, Any] = {"article_id": there.id, "number": number, "seen_at": now, **values}
    db.execute(insert(article_revision).values(**row, content=dump(CONTENT, content)))


def _proposals() -> Any:
    return (
        select(proposal, article.c.identity, article_revision.c.content.label("standing"))
        .join(article, article.c.id == proposal.c.article_id)
        .join(
            article_revision,
            (article_revision.c.article_id == article.c.id) & (article_revision.c.number == article.c.revision),
        )
    )


def _proposal(row: Any) -> Proposal:
    return Proposal(
        id=row.id,
        identity=row.identity,
        title=load(CONTENT, row.standing).title,
        content=None if row.content is None else load(CONTENT, row.content),
        state=ProposalState(row.state),
        **{**{name: getattr(row, name) for name in _WORDS}, "kind": ProposalKind(row.kind)},
    )
