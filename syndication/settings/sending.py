"""How fast a publisher lets mail go: the entries of [mail] providers and warm_up.

It limits nothing itself: core.rates says what holds on which day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from syndication.core.rates import Limit, WarmUp
from syndication.settings import kinds
from syndication.settings.problems import Wrong

PROVIDER = '[{ name = "naver", per_second = 20, per_day = 50000 }]'
WARM_UP = "{ began = 2026-11-01, steps = [200, 500, 1000, 2000, 5000, 10000, 20000, 50000] }"
# The providers that judge a new sender by its volume; the others see few mails of a local paper.
WARMED = ("naver", "google", "kakao", "nate", "microsoft", "yahoo", "apple")
_MOST = 100_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderLimit:
    name: str
    limit: Limit


def provider(value: Any) -> ProviderLimit:
    """A limit out of { name = …, per_second = …, per_day = … }; one of the last two may be left out."""
    entry = _table(value, ("name", "per_second", "per_day"), PROVIDER)
    if "name" not in entry:
        raise Wrong("name is missing", PROVIDER)
    if len(entry) == 1:
        raise Wrong("neither per_second nor per_day is here", PROVIDER)
    return ProviderLimit(
        name=kinds.text(entry["name"]).lower(),
        limit=Limit(
            per_second=kinds.whole(1, 10_000)(entry["per_second"]) if "per_second" in entry else None,
            per_day=kinds.whole(0, _MOST)(entry["per_day"]) if "per_day" in entry else None,
        ),
    )


def warm_up(value: Any) -> WarmUp:
    """A ramp out of { began = date, steps = […] }: the most mails per provider on each day since."""
    entry = _table(value, ("began", "steps"), WARM_UP)
    if "began" not in entry or "steps" not in entry:
        raise Wrong("began and steps are both needed", WARM_UP)
    steps = kinds.several(kinds.whole(0, _MOST), least=1)(entry["steps"])
    return WarmUp(began_on=_date(entry["began"]), steps=steps, providers=WARMED)


def _table(value: Any, known: tuple[str, ...], example: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise Wrong(f"this is {kinds.shown(value)}, where a table is expected", example)
    unknown = next((key for key in value if key not in known), None)
    if unknown is not None:
        raise Wrong(f'there is no "{unknown}" here; there are {", ".join(known)}', example)
    return value


def _date(value: Any) -> date:
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value.strip())
        except ValueError:
            raise Wrong(f"{kinds.shown(value)} is no date", "began = 2026-11-01") from None
    if isinstance(value, datetime) or not isinstance(value, date):
        raise Wrong(f"this is {kinds.shown(value)}, where a date is expected", "began = 2026-11-01")
    return value
