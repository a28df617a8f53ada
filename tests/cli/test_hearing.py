"""Who is told that something changed, seen and told again by command."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cli.conftest import Sample
from tests.contract.endpoint import Endpoint, serving


@pytest.fixture
def hub() -> Iterator[Endpoint]:
    with serving() as told:
        told.answers(202)
        yield told


def named(sample: Sample, hub: Endpoint) -> None:
    file = sample.folder / "publisher.toml"
    file.write_text(f'{file.read_text("utf-8")}\n[feeds]\nhub = "{hub.url}?token=sesame"\n', "utf-8")


def test_a_hub_is_told_and_status_says_how_it_stands(sample: Sample, hub: Endpoint) -> None:
    named(sample, hub)
    sample.assembled()
    sample.show("06:31")
    sample("send")
    hub.answers(400)
    told = sample("tell")
    assert "the hub does not take this feed" in told.flat
    (facts,) = sample("tell", "--json").facts
    (only,) = facts
    assert only["told"] == 0
    assert sum(only["parked"].values()) == len(hub.taken) > 5
    hub.answers(204)
    (facts,) = sample("tell", "--again", "--json").facts
    assert (facts[0]["waiting"], facts[0]["parked"]) == (0, {})
    assert facts[0]["told"] > 5
    shown = sample("status")
    assert "websub" in shown.flat
    assert "sesame" not in told.flat + shown.flat
    (status,) = sample("status", "--json").facts
    assert status["listeners"] == facts


def test_where_nobody_is_to_be_told_it_says_so(sample: Sample) -> None:
    assert "Nobody is to be told" in sample("tell").out
