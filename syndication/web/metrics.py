"""A Survey in Prometheus' words, read from the database at most once in five seconds.

It counts nothing itself, so it survives every crash and needs no files shared between workers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from threading import Lock

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from syndication.core.health import EditionFacts, FindingKind, newest_beats
from syndication.core.model import Channel, DeliveryState
from syndication.watch import Survey

FRESH_FOR = timedelta(seconds=5)


class SurveyCollector(Collector):
    """Collects from one Survey; without a database it says `syndication_up 0` and nothing else."""

    def __init__(self, survey: Callable[[], Survey], fresh_for: timedelta = FRESH_FOR) -> None:
        self._survey = survey
        self._fresh_for = fresh_for.total_seconds()
        self._lock = Lock()
        self._kept: Survey | None = None
        self._kept_at = float("-inf")

    def collect(self) -> Iterator[GaugeMetricFamily]:
        found = self._newest()
        yield _gauge("up", "Whether the database answers", float(found is not None))
        if found is not None:
            yield from families(found)

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing: registering must not ask the database."""
        return iter(())

    def _newest(self) -> Survey | None:
        with self._lock:
            if time.monotonic() - self._kept_at >= self._fresh_for:
                self._kept = self._read()
                self._kept_at = time.monotonic()
            return self._kept

    def _read(self) -> Survey | None:
        try:
            return self._survey()
        except Exception:  # noqa: BLE001 - whatever the database says, the scrape gets its answer
            return None


def families(found: Survey) -> Iterator[GaugeMetricFamily]:
    """Every metric of one Survey."""
    yield _deliveries(found)
    yield _labelled("due", "Deliveries that could be claimed now", "channel", {str(c): n for c, n in found.due.items()})
    yield _gauge("uncertain", "Deliveries of which nobody knows whether they arrived", float(found.uncertain))
    yield _labelled(
        "waiting_age_seconds",
        "How long ago the hour was of the oldest Issue with Deliveries still waiting",
        "channel",
        {str(channel): _waiting_age(found, channel) for channel in Channel},
    )
    yield _labelled(
        "issue_lag_seconds",
        "From the Edition's hour to the freezing of its newest Issue; below zero when it was ready early",
        "edition",
        {f.edition.id: (f.last.frozen_at - f.last.publish_at).total_seconds() for f in found.editions if f.last},
    )
    ages = {role: (found.at - at).total_seconds() for role, at in newest_beats(found.beats).items()}
    yield _labelled("heartbeat_age_seconds", "Since the last sign of life", "role", ages)
    silent = {f.subject for f in found.findings if f.kind is FindingKind.SILENT}
    yield _labelled(
        "source_silent", "1 when a Source is silent", "source", {s.id: s.id in silent for s in found.sources}
    )
    kinds = {str(kind): sum(f.kind is kind for f in found.findings) for kind in FindingKind}
    yield _labelled("findings", "What is wrong, by kind", "kind", kinds)


def _deliveries(found: Survey) -> GaugeMetricFamily:
    words = "Deliveries of the newest and of open Issues"
    family = GaugeMetricFamily("syndication_deliveries", words, labels=("channel", "state"))
    for channel in Channel:
        for state in DeliveryState:
            family.add_metric([channel, state], float(found.deliveries.get((channel, state), 0)))
    return family


def _waiting_age(found: Survey, channel: Channel) -> float:
    ages = (_age(facts, channel, found) for facts in found.editions)
    return max(ages, default=0.0)


def _age(facts: EditionFacts, channel: Channel, found: Survey) -> float:
    waiting = (
        (found.at - issue.publish_at).total_seconds()
        for issue in facts.issues
        if (balance := facts.balances.get((issue.id, channel))) is not None and balance.waiting
    )
    return max(0.0, *waiting, 0.0)


def _gauge(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"syndication_{name}", words, value=value)


def _labelled(name: str, words: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"syndication_{name}", words, labels=(label,))
    for key, value in sorted(values.items()):
        family.add_metric([key], float(value))
    return family
