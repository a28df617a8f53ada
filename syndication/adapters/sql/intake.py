"""Sources, Articles and weather in SQL: the Intake part of the Store.

It decides nothing about eligibility or trust.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, RowMapping, Text, bindparam, cast, func, insert, or_, select, update

from syndication.adapters.sql.base import insert_new
from syndication.adapters.sql.codec import CONTENT, dump, load
from syndication.adapters.sql.proposals import GONE, propose, rewrites, supersede
from syndication.adapters.sql.weather import WeatherStates, dump_beyond, load_beyond
from syndication.adapters.tables import article, article_revision, forecast, observation, source, weather_reading
from syndication.core.changes import WHY, is_rewrite, may_revise, moved, moved_away, place
from syndication.core.identity import content_hash
from syndication.core.model import (
    Article,
    ArticleStatus,
    Forecast,
    Found,
    Observation,
    Origin,
    ProposalKind,
    Source,
    SourceState,
    WeatherReading,
)
from syndication.ports import Stored

_CHUNK = 500
_STORING = 7305818842172  # an advisory lock of PostgreSQL


class Intake(WeatherStates):
    def register_sources(self, sources: Iterable[Source], now: datetime) -> None:
        wanted = {s.id: (n, place(s)) for n, s in enumerate(sources)}
        with self._writes() as db:
            there = {row.id: (row.rank, row.location) for row in db.execute(select(source))}
            fresh = [{"id": name, "next_check_at": now} for name in wanted.keys() - there.keys()]
            if fresh:
                db.execute(insert_new(db, source), sorted(fresh, key=lambda row: str(row["id"])))
            for name in sorted(wanted.keys() | there.keys()):
                rank, location = wanted.get(name, (None, there.get(name, (None, None))[1]))
                had = there.get(name, (None, None))
                if (rank, location) != had:
                    anew = _anew(had[1], location, now)
                    db.execute(update(source).where(source.c.id == name).values(rank=rank, location=location, **anew))

    def source_states(self) -> Sequence[SourceState]:
        with self._reads() as db:
            return [_state(row) for row in db.execute(select(source).order_by(source.c.id)).mappings()]

    def take_source(self, source_id: str, now: datetime, until: datetime) -> SourceState | None:
        free = or_(source.c.taken_until.is_(None), source.c.taken_until <= now)
        with self._writes() as db:
            row = (
                db.execute(
                    update(source)
                    .where(source.c.id == source_id, source.c.next_check_at <= now, free, source.c.ended.is_(False))
                    .values(taken_until=until)
                    .returning(source)
                )
                .mappings()
                .one_or_none()
            )
        return None if row is None else _state(row)

    def settle_source(self, state: SourceState) -> None:
        values = {name: getattr(state, name) for name in SourceState.__slots__ if name != "source_id"}
        with self._writes() as db:
            db.execute(update(source).where(source.c.id == state.source_id).values(taken_until=None, **values))

    def store_articles(
        self, source: Source, found: Sequence[Found], now: datetime, *, domain: str, baseline: bool
    ) -> Stored:
        # one identity twice in one answer: the last one printed wins, the first keeps the place
        latest = {f.identity: f for f in found}
        with self._writes() as db:
            if self._postgresql:  # two Sources may carry the same Article: they take turns, as on SQLite
                db.execute(select(func.pg_advisory_xact_lock(_STORING)))
            known = _known(db, list(latest))
            fresh = [f for f in latest.values() if f.identity not in known]
            for chunk in _chunks(fresh):
                _add(db, source, chunk, now, baseline)
            prefix = f"tag:{domain},{now:%Y-%m-%d}:article/"
            db.execute(update(article).where(article.c.uri.is_(None)).values(uri=prefix + cast(article.c.id, Text)))
            revised, held = _change(db, source, [f for f in latest.values() if f.identity in known], known, now)
        return Stored(new=len(fresh), revised=revised, known=len(latest) - len(fresh) - revised - held, held=held)

    def articles_by_source(self) -> Mapping[str, int]:
        with self._reads() as db:
            rows = db.execute(select(article.c.source_id, func.count().label("n")).group_by(article.c.source_id))
            return {row.source_id: row.n for row in rows}

    def store_weather(self, reading: WeatherReading) -> None:
        set_hash = reading.fingerprint
        with self._writes() as db:
            same = select(weather_reading.c.id).where(
                weather_reading.c.origin == reading.origin,
                weather_reading.c.source_id == reading.source_id,
                weather_reading.c.set_hash == set_hash,
                weather_reading.c.on.is_not_distinct_from(reading.on),
            )
            there = db.execute(same).scalar()
            if there is not None:
                db.execute(
                    update(weather_reading).where(weather_reading.c.id == there).values(fetched_at=reading.fetched_at)
                )
                return
            number = db.execute(
                insert(weather_reading)
                .values(
                    origin=reading.origin,
                    source_id=reading.source_id,
                    on=reading.on,
                    set_hash=set_hash,
                    first_fetched_at=reading.fetched_at,
                    fetched_at=reading.fetched_at,
                    beyond=dump_beyond(reading),
                )
                .returning(weather_reading.c.id)
            ).scalar_one()
            _add_weather(db, number, reading)

    def weather_since(self, since: datetime) -> Sequence[WeatherReading]:
        with self._reads() as db:
            rows = db.execute(
                select(weather_reading)
                .where(weather_reading.c.fetched_at >= since)
                .order_by(weather_reading.c.fetched_at.desc(), weather_reading.c.id.desc())
            ).all()
            return [_reading(db, row) for row in rows]

    def widget_dates(self, reading: WeatherReading) -> Sequence[date]:
        with self._reads() as db:
            days = db.execute(
                select(weather_reading.c.on)
                .where(
                    weather_reading.c.origin == Origin.WIDGET,
                    weather_reading.c.set_hash == reading.fingerprint,
                    weather_reading.c.on.is_not(None),
                    weather_reading.c.on.is_distinct_from(reading.on),
                )
                .distinct()
            ).scalars()
            return sorted(d for d in days if d is not None)


_ANEW: dict[str, Any] = {
    **dict.fromkeys(("etag", "last_modified", "cursor", "last_error", "taken_until")),
    "ended": False,
    "failures": 0,
}


def _anew(old: str | None, new: str | None, now: datetime) -> dict[str, Any]:
    """What a Source forgets at another address."""
    if old is None or new is None or not moved(old, new):
        return {}
    return _ANEW | {"next_check_at": now} | ({"first_polled_at": None} if moved_away(old, new) else {})


def _state(row: RowMapping) -> SourceState:
    values = {name: row[name] for name in SourceState.__slots__ if name != "source_id"}
    return SourceState(source_id=row["id"], **values)


def _chunks(found: Sequence[Found]) -> Iterator[Sequence[Found]]:
    for start in range(0, len(found), _CHUNK):
        yield found[start : start + _CHUNK]


def _known(db: Connection, identities: list[str]) -> dict[str, Any]:
    """Rows of Articles by identity."""
    known: dict[str, Any] = {}
    question = select(
        article.c.identity,
        article.c.id,
        article.c.revision,
        article.c.content_hash,
        article.c.source_id,
        article.c.status,
    ).where(article.c.identity.in_(bindparam("identities", expanding=True)))
    for start in range(0, len(identities), _CHUNK):
        for row in db.execute(question, {"identities": identities[start : start + _CHUNK]}):
            known[row.identity] = row
    return known


def _change(
    db: Connection, source_: Source, found: Sequence[Found], known: Mapping[str, Any], now: datetime
) -> tuple[int, int]:
    """Revise known Articles that are printed differently now, or hold the change back; (revised, held)."""
    changed = [f for f in found if known[f.identity].content_hash != content_hash(f.content)]
    names = {f.identity for f in changed}
    mine = {known[f.identity].id for f in found if f.identity not in names and _mine(known[f.identity], source_)}
    if mine:
        supersede(db, sorted(mine & rewrites(db)), now)
    if not changed:
        return 0, 0
    rows = db.execute(select(source.c.id, source.c.rank, source.c.ended))
    ranks = {row.id: None if row.ended else row.rank for row in rows}
    counts = {"revised": 0, "held": 0, "known": 0}
    for f in changed:
        there = known[f.identity]
        if there.status in GONE or not may_revise(source_.id, there.source_id, ranks):
            continue
        counts[_change_one(db, source_, f, there, now)] += 1
    return counts["revised"], counts["held"]


def _mine(there: Any, source_: Source) -> bool:
    return bool(there.source_id == source_.id)


def _change_one(db: Connection, source_: Source, found: Found, there: Any, now: datetime) -> str:
    newest = (article_revision.c.article_id == there.id) & (article_revision.c.number == there.revision)
    old = load(CONTENT, db.execute(select(article_revision.c.content).where(newest)).scalar_one())
    if is_rewrite(old, found.content):
        supersede(db, [there.id], now, but=content_hash(found.content))
        open_now = propose(db, there.id, source_.id, ProposalKind.REWRITE, WHY, found.content, now)
        return "held" if open_now else "known"
    supersede(db, [there.id], now)
    _revise(db, source_, there, found, now)
    return "revised"


def _add(db: Connection, source: Source, found: Sequence[Found], now: datetime, baseline: bool) -> None:
    rows = [
        {
            "source_id": source.id,
            "identity": f.identity,
            "revision": 1,
            "content_hash": content_hash(f.content),
            "status": ArticleStatus.USABLE,
            "baseline": baseline,
            "first_seen_at": now,
            "revised_at": now,
        }
        for f in found
    ]
    db.execute(insert_new(db, article), rows)  # another worker may have stored one of them a moment ago
    ids = _known(db, [f.identity for f in found])
    db.execute(
        insert_new(db, article_revision),
        [
            {
                "article_id": ids[f.identity].id,
                "number": 1,
                "seen_at": now,
                "status": ArticleStatus.USABLE,
                "content_hash": content_hash(f.content),
                "content": dump(CONTENT, f.content),
            }
            for f in found
        ],
    )


def _revise(db: Connection, source_: Source, there: Any, found: Found, now: datetime) -> None:
    number = there.revision + 1
    db.execute(
        update(article)
        .where(article.c.id == there.id)
        .values(revision=number, content_hash=content_hash(found.content), revised_at=now, source_id=source_.id)
    )
    db.execute(
        insert_new(db, article_revision),
        [
            {
                "article_id": there.id,
                "number": number,
                "seen_at": now,
                "status": there.status,
                "content_hash": content_hash(found.content),
                "content": dump(CONTENT, found.content),
            }
        ],
    )


def _add_weather(db: Connection, number: int, reading: WeatherReading) -> None:
    if reading.observations:
        names = ("station", "station_id", "condition", "temperature", "observed_at", "attribution")
        db.execute(insert(observation), _rows(number, reading.observations, names))
    if reading.forecasts:
        told = ("place", "on", "low", "high", "morning", "afternoon", "rain_chance", "issued_at", "attribution")
        db.execute(insert(forecast), _rows(number, reading.forecasts, told))


def _rows(number: int, values: Sequence[Any], names: tuple[str, ...]) -> list[dict[str, Any]]:
    return [
        {"reading_id": number, "position": n, **{name: getattr(v, name) for name in names}}
        for n, v in enumerate(values)
    ]


def _reading(db: Connection, row: Row[Any]) -> WeatherReading:
    origin = Origin(row.origin)
    seen = db.execute(
        select(observation).where(observation.c.reading_id == row.id).order_by(observation.c.position)
    ).mappings()
    told = db.execute(select(forecast).where(forecast.c.reading_id == row.id).order_by(forecast.c.position)).mappings()
    return WeatherReading(
        origin=origin,
        source_id=row.source_id,
        fetched_at=row.fetched_at,
        on=row.on,
        observations=tuple(Observation(origin=origin, **_without_keys(o)) for o in seen),
        forecasts=tuple(Forecast(origin=origin, **_without_keys(f)) for f in told),
        **load_beyond(row.beyond),
    )


def _without_keys(row: RowMapping) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("reading_id", "position")}


def article_of(row: Any) -> Article:
    """An Article from a row of article joined with one of its revisions."""
    return Article(
        id=row.id,
        uri=row.uri,
        source_id=row.source_id,
        identity=row.identity,
        revision=row.number,
        content=load(CONTENT, row.content),
        content_hash=row.revision_hash,
        status=ArticleStatus(row.status),
        first_seen_at=row.first_seen_at,
        revised_at=row.seen_at,
        baseline=row.baseline,
    )


ARTICLE_COLUMNS = (
    article.c.id,
    article.c.uri,
    article.c.source_id,
    article.c.identity,
    article.c.first_seen_at,
    article.c.baseline,
    article_revision.c.number,
    article_revision.c.content,
    article_revision.c.content_hash.label("revision_hash"),
    article_revision.c.status,
    article_revision.c.seen_at,
)
