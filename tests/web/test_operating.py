"""Health and metrics, told from the database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from syndication.core.audience import choices_hash, recipe
from syndication.core.model import Channel, Issue, IssueState, Outcome, Subscription, Verdict
from syndication.ports import Store
from syndication.watch import Survey, survey
from syndication.web.metrics import SurveyCollector
from tests import factories
from tests.web.conftest import ENGLISH, NOW, House, build


@pytest.fixture
def stored(store: Store) -> House:
    return build(store)


def fan_out(house: House) -> None:
    """Three mails waiting, as the verbs would leave them."""
    known = house.store.distinct_choices(house.issue)
    recipes = {
        key: (recipe(choices, house.issue.content, factories.EDITION), None) for key, (choices, _) in known.items()
    }
    assert set(recipes) == {choices_hash(r.choices, r.language) for r in house.readers}
    after: int | None = 0
    while after is not None:
        after = house.store.fan_out_email(house.issue, recipes, NOW, after=after, limit=50, allowed=None)


def send(house: House, *verdicts: Verdict) -> None:
    """Each waiting mail in turn gets one answer."""
    claimed = house.store.claim(Channel.EMAIL, NOW, limit=len(verdicts), lease=timedelta(minutes=5), owner="test")
    assert claimed is not None
    for delivery, verdict in zip(claimed.deliveries, verdicts, strict=True):
        assert house.store.begin(claimed.lease_id, [delivery.id], NOW, outlast=timedelta(seconds=1))
        assert factories.settle(house.store, claimed.lease_id, delivery.id, Outcome(verdict=verdict), NOW)


def metrics(house: House) -> dict[tuple[str, ...], float]:
    text = house.client().get("/metrics").text
    families = text_string_to_metric_families(text)
    return {(s.name, *s.labels.values()): s.value for f in families for s in f.samples}


def health(house: House) -> httpx.Response:
    return house.client().get("/health")


def test_a_good_morning_is_200_and_says_so(stored: House) -> None:
    fan_out(stored)
    send(stored, *[Verdict.ACCEPTED] * 3)
    stored.store.beat("worker@one", NOW - timedelta(seconds=20))
    got = health(stored)
    assert got.status_code == 200
    facts = got.json()
    assert facts["status"] == "ok"
    assert facts["database"]["reachable"] is True
    assert facts["heartbeat_age_seconds"] == {"worker": 20.0}
    assert (facts["overdue_issues"], facts["open_balances"], facts["uncertain"], facts["findings"]) == ([], [], 0, [])
    assert got.headers["cache-control"] == "no-cache"


def test_an_uncertain_mail_is_503_and_named(stored: House) -> None:
    fan_out(stored)
    send(stored, Verdict.ACCEPTED, Verdict.UNCERTAIN, Verdict.REFUSED)
    got = health(stored)
    assert got.status_code == 503
    assert got.json()["uncertain"] == 1
    assert [f["kind"] for f in got.json()["findings"]] == ["uncertain"]


def test_an_overdue_edition_is_503_and_named(stored: House) -> None:
    stored.clock.at = datetime.combine(date(2026, 1, 24), time(0, 30), UTC)  # Saturday 09:30 in Seoul
    got = health(stored)
    assert got.status_code == 503
    assert got.json()["overdue_issues"] == ["daily", "weekend"]
    assert any("Edition weekend" in f["sentence"] for f in got.json()["findings"])


def test_a_missed_issue_is_named_until_the_next_one(house: House) -> None:
    on = factories.ON + timedelta(days=1)
    house.store.freeze(replace(factories.frozen(on=on, state=IssueState.MISSED), reason="the machine was off"), {})
    assert "the machine was off" in health(house).text


class Broken:
    """A database that does not answer."""

    def __getattr__(self, name: str) -> Any:
        raise ConnectionError(f"could not connect to postgresql://user:hunter2@db/{name}")


def test_a_database_that_does_not_answer_is_503_without_its_secrets(house: House) -> None:
    house.site = replace(house.site, ports=replace(house.site.ports, store=Broken()))
    got = health(house)
    assert got.status_code == 503
    assert got.json()["database"]["reachable"] is False
    assert "hunter2" not in got.text
    found = house.client().get("/metrics")
    assert found.status_code == 200
    assert "syndication_up 0.0" in found.text


def test_a_page_without_a_database_is_a_500_with_all_its_headers_and_no_secrets(house: House) -> None:
    house.site = replace(house.site, ports=replace(house.site.ports, store=Broken()))
    got = house.client().get("/daily")
    assert got.status_code == 500
    assert "hunter2" not in got.text
    assert "content-security-policy" in got.headers
    assert "문제가 생겼습니다" in got.text


def test_metrics_count_deliveries_by_channel_and_state(stored: House) -> None:
    fan_out(stored)
    send(stored, Verdict.ACCEPTED)
    found = metrics(stored)
    assert found["syndication_up",] == 1
    assert found["syndication_deliveries", "email", "accepted"] == 1
    assert found["syndication_deliveries", "email", "waiting"] == 2
    assert found["syndication_deliveries", "partner", "waiting"] == 0
    assert found["syndication_due", "email"] == 2
    assert found["syndication_waiting_age_seconds", "email"] == timedelta(hours=1).total_seconds()
    assert found["syndication_waiting_age_seconds", "feed"] == 0
    assert found["syndication_uncertain",] == 0
    assert found["syndication_issue_lag_seconds", "daily"] == 0
    assert found["syndication_source_silent", "garam"] == 0


def test_metrics_are_in_a_form_that_prometheus_reads(house: House) -> None:
    got = house.client().get("/metrics")
    assert got.headers["content-type"].startswith("text/plain; version=0.0.4")
    names = [f.name for f in text_string_to_metric_families(got.text)]
    assert len(names) == len(set(names))
    assert all(name.startswith("syndication_") for name in names)


def test_the_database_is_asked_at_most_once_while_the_answer_is_fresh(house: House) -> None:
    asked = []

    def ask() -> Survey:
        asked.append(1)
        return survey(house.store, house.site.editions, house.site.sources, NOW)

    keeping = SurveyCollector(ask, fresh_for=timedelta(hours=1))
    first, second = list(keeping.collect()), list(keeping.collect())
    assert len(asked) == 1
    assert [f.name for f in first] == [f.name for f in second]
    forgetful = SurveyCollector(ask, fresh_for=timedelta(0))
    _ = list(forgetful.collect()), list(forgetful.collect())
    assert len(asked) == 3


def test_a_survey_looks_at_every_open_issue_and_at_closed_ones_that_are_uncertain(stored: House) -> None:
    fan_out(stored)
    send(stored, Verdict.UNCERTAIN)
    later = replace(factories.frozen(on=factories.ON + timedelta(days=1)), publish_at=NOW)
    newest: Issue = stored.store.freeze(later, {})
    found = survey(stored.store, stored.site.editions, stored.site.sources, NOW)
    (daily, weekend) = found.editions
    assert daily.last is not None
    assert daily.last.id == newest.id
    assert {issue.id for issue in daily.issues} == {newest.id, stored.issue.id}
    assert (weekend.edition, weekend.last, weekend.issues) == (ENGLISH, None, ())
    assert found.uncertain == 1


def test_readers_are_not_named_in_health_or_metrics(house: House) -> None:
    fan_out(house)
    reader: Subscription = house.readers[0]
    text = health(house).text + house.client().get("/metrics").text
    assert reader.address not in text
    assert "example.com" not in text
