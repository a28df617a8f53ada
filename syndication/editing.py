"""The desk's wishes for an Issue: from the Store and from the file beside publisher.toml, by the same rules.

What can be wished, and what a wish does, is said in core.desk and core.curate; nothing here can stop an Issue.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import structlog

from syndication.core import desk
from syndication.core.desk import HELD, Slip
from syndication.core.model import Do, Edition, Wish
from syndication.ports import Permanent, Ports, Setup

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the desk wants of one Issue, and what of its file cannot be read."""

    wishes: tuple[Wish, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def articles(self) -> frozenset[int]:
        """The Articles that are wanted by their number, whenever they came."""
        named = (w.article for w in self.wishes if w.do in (Do.PIN, Do.LEAD) and w.article)
        return frozenset(int(article) for article in named if article.isdigit())


def wanted(ports: Ports, setup: Setup, edition: Edition, on: date, *, more: Iterable[Wish] = ()) -> Wanted:
    """The wishes that hold for an Edition's Issue of a date."""
    written = slip(ports, setup.editions)
    kept = ports.store.wishes(edition.id, since=on)
    return Wanted(
        wishes=tuple(desk.standing((*kept, *written.wishes, *more), edition.id, on)), problems=written.problems
    )


def slip(ports: Ports, editions: Iterable[str]) -> Slip:
    """What stands in the file; one that cannot be read at all is a problem and no wish."""
    if ports.desk is None:
        return Slip()
    try:
        written = ports.desk.read()
    except Permanent as error:
        return Slip(problems=(str(error),))
    if written is None:
        return Slip()
    return desk.read(written.text, editions=tuple(editions), by=written.by, at=written.at)


def held(plan: desk.Plan) -> str | None:
    """Why an Issue is frozen but not sent; None where nobody holds it."""
    if plan.hold is None:
        return None
    return f"{HELD}: {plan.hold.words or 'until released'} ({plan.hold.by})"


def told(problems: Sequence[str]) -> tuple[str, ...]:
    """Problems as an Issue keeps them."""
    for problem in problems:
        log.warning("wish not read", what=problem)
    return tuple(f"not read: {problem}" for problem in problems)
