"""`subscriber` adds, lists and ends by hand, with consent written down."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syndication import bootstrap
from syndication.core import links
from tests.cli.conftest import Sample


def test_a_reader_is_added_with_choices_listed_and_ended(sample: Sample) -> None:
    words = ("--station", "서울", "--station", "제주", "--section", "사회", "--consent", "표본 신청서 2026-01-05")
    added = sample("subscriber", "add", "Reader-7@Example.com", *words, "--language", "en")
    assert added.code == 0
    assert "Reader-7@Example.com" in added.out
    (reader,) = sample("subscriber", "list", "--json").facts
    assert (reader["address"], reader["state"], reader["language"]) == ("Reader-7@Example.com", "active", "en")
    assert (reader["choices"]["stations"], reader["choices"]["sections"]) == (["서울", "제주"], ["사회"])
    assert "Reader-7@Example.com" in sample("subscriber", "list").out
    assert "1 Subscription(s) ended" in sample("subscriber", "end", "reader-7@example.COM").out
    assert sample("subscriber", "list", "--json").facts[0]["state"] == "ended"
    assert "0 Subscription(s) ended" in sample("subscriber", "end", "reader-7@example.com").out


def test_stations_are_kept_under_the_name_that_digests_know_each_once(sample: Sample) -> None:
    words = ("--station", "서울특별시", "--station", " 서울", "--station", "제주")
    sample("subscriber", "add", "reader-7@example.com", *words, "--consent", "표본")
    assert sample("subscriber", "list", "--json").facts[0]["choices"]["stations"] == ["서울", "제주"]


def test_adding_again_changes_choices_and_makes_no_second_subscription(sample: Sample) -> None:
    sample("subscriber", "add", "reader-7@example.com", "--section", "사회", "--consent", "표본")
    sample("subscriber", "add", "reader-7@example.com", "--section", "경제", "--consent", "표본")
    (reader,) = sample("subscriber", "list", "--json").facts
    assert reader["choices"]["sections"] == ["경제"]


def test_a_reader_who_came_back_may_be_ended_again(sample: Sample) -> None:
    for _ in range(2):
        sample("subscriber", "add", "reader-7@example.com", "--consent", "표본")
        assert "1 Subscription(s) ended" in sample("subscriber", "end", "reader-7@example.com").out


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("add", "reader", "--consent", "표본"), "name@domain"),
        (("add", "", "--consent", "표본"), "name@domain"),
        (("add", "a b@example.com", "--consent", "표본"), "blank"),
        (("add", "a@b\r\nRCPT TO:<c@example.com>", "--consent", "표본"), "Error"),
        (("add", "a@" + "b" * 300 + ".example", "--consent", "표본"), "domain"),
        (("add", "reader-7@example.com"), "--consent"),
        (("add", "reader-7@example.com", "--consent", "  "), "consent"),
        (("add", "reader-7@example.com", "--consent", "표본", "--station", "아틀란티스"), "아틀란티스"),
        (("add", "reader-7@example.com", "--consent", "표본", "--language", "tlh"), "tlh"),
        (("end", "nobody@example.com"), "nobody has subscribed"),
        (("end", "@"), "name@domain"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence_and_changes_nothing(
    sample: Sample, words: tuple[str, ...], why: str
) -> None:
    answer = sample("subscriber", *words)
    assert answer.code != 0
    assert why in answer.flat
    assert sample("subscriber", "list", "--json").facts == []


def test_a_suppressed_address_is_not_added(sample: Sample) -> None:
    from syndication.core import links
    from syndication.core.model import Event, EventKind

    with sample.house() as house:
        key = links.address_key("reader-7@example.com", house.setup.address_keys)
        news = Event(id="complaint:1", kind=EventKind.COMPLAINED, at=house.ports.clock.now(), cause="complaint")
        house.store.suppress(key, reason="complained", event=news)
    answer = sample("subscriber", "add", "reader-7@example.com", "--consent", "표본")
    assert answer.code == 1
    assert "suppressed" in answer.err


def test_an_installation_that_goes_live_with_a_key_of_its_own_knows_its_readers_again(sample: Sample) -> None:
    sample.add_readers()
    older = sample.settings.address_keys
    own = links.Keys(current="own", secrets={"own": b"a throw-away secret for tests only", **older.secrets})
    house = bootstrap.open_house(replace(sample.settings, address_keys=own))
    found = house.store.find_subscriptions(links.address_key("reader-1@example.com", own))
    house.close()
    assert [reader.address for reader in found] == ["reader-1@example.com"]
