"""Sources, Articles and weather in SQL: the Intake part of the Store.

It decides nothing about eligibility or trust.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, RowMapping, Text, bindparam, cast, func, insert, or_, select, update

from syndication.adapters.sql.base import Base, insert_new
from syndication.adapters.sql.codec import CONTENT, dump, load
from syndication.adapters.tables import article, article_revision, forecast, observation, source, weather_reading
from syndication.core.identity import content_hash
from syndication.core.model import (
    Article,
    ArticleStatus,
    Forecast,
    Found,
    Observation,
    Origin,
    Source,
    SourceState,
    WeatherReading,
)
from syndication.ports import Stored

_CHUNK = 500
_STORING = 7305818842172  # an advisory lock of PostgreSQL


class Intake(Base):
    def register_sources(self, sources: Iterable[Source], now: datetime) -> None:
        rows = [{"id": s.id, "next_check_at": now} for s in sources]
        if rows:
            with self._writes() as db:
                db.execute(insert_new(db, source), rows)

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
            changed = [
                f for f in latest.values() if f.identity in known and known[f.identity][2] != content_hash(f.content)
            ]
            for chunk in _chunks(fresh):
                _add(db, source, chunk, now, baseline)
            prefix = f"tag:{domain},{now:%Y-%m-%d}:article/"
            db.execute(update(article).where(article.c.uri.is_(None)).values(uri=prefix + cast(article.c.id, Text)))
            for f in changed:
                number, revision, _ = known[f.identity]
                _revise(db, number, revision + 1, f, now)
        return Stored(new=len(fresh), revised=len(changed), known=len(latest) - len(fresh) - len(changed))

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


def _state(row: RowMapping) -> SourceState:
    values = {name: row[name] for name in SourceState.__slots__ if name != "source_id"}
    return SourceState(source_id=row["id"], **values)


def _chunks(found: Sequence[Found]) -> Iterator[Sequence[Found]]:
    for start in range(0, len(found), _CHUNK):
        yield found[start : start + _CHUNK]


def _known(db: Connection, identities: list[str]) -> dict[str, tuple[int, int, str]]:
    known: dict[str, tuple[int, int, str]] = {}
    question = select(article.c.identity, article.c.id, article.c.revision, article.c.content_hash).where(
        article.c.identity.in_(bindparam("identities", expanding=True))
    )
    for start in range(0, len(identities), _CHUNK):
        for row in db.execute(question, {"identities": identities[start : start + _CHUNK]}):
            known[row.identity] = (row.id, row.revision, row.content_hash)
    return known


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
                "article_id": ids[f.identity][0],
                "number": 1,
                "seen_at": now,
                "status": ArticleStatus.USABLE,
                "content_hash": content_hash(f.content),
                "content": dump(CONTENT, f.content),
            }
            for f in found
        ],
    )


def _revise(db: Connection, article_id: int, number: int, found: Found, now: datetime) -> None:
    db.execute(
        update(article)
        .where(article.c.id == article_id)
        .values(revision=number, content_hash=content_hash(found.content), revised_at=now)
    )
    db.execute(
        insert_new(db, article_revision),
        [
            {
                "article_id": article_id,
                "number": number,
                "seen_at": now,
                "status": ArticleStatus.USABLE,
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
