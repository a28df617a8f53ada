"""`syndication proposals`, as an editor meets it; and what adopting an older feed does to the next digest."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from syndication.core.model import Cadence, Found
from tests.cli.conftest import Sample


def title_of(sample: Sample) -> tuple[int, str, str]:
    """(id, title, identity) of a story that the sample installation has read."""
    with sample.house() as house:
        edition = house.settings.editions[0]
        now = house.ports.clock.now()
        article = house.store.eligible(edition, Cadence.DAILY, cut_off_at=now, since=now.replace(year=2020))[0]
    return article.id, article.content.title, article.identity


def test_nothing_waits_until_something_does(sample: Sample) -> None:
    assert "Nothing waits" in sample("proposals").flat
    assert sample("proposals", "--json").facts == [[]]
    assert sample("proposals", "--accept", 1).code == 1


def test_a_story_is_taken_back_when_the_editor_says_so_and_status_asks_for_it(sample: Sample) -> None:
    sample.collected()
    sample.show("06:00:30")
    number, title, identity = title_of(sample)
    with sample.house() as house:
        article = house.store.article_at(number)
        assert article is not None
        house.store.propose_retraction(identity, article.source_id, "HTTP 410: gone", house.ports.clock.now())
    said = sample("proposals")
    assert title in said.flat
    assert "take back" in said.flat
    assert "syndication proposals" in sample("status").flat
    ((told,),) = sample("proposals", "--json").facts
    done = sample("proposals", "--accept", told["id"], "--because", "a call with the desk")
    assert done.code == 0
    assert "carried out" in done.flat
    assert sample("proposals", "--json").facts == [[]]
    assert "a call with the desk" in sample("proposals", "--all").flat
    sample("assemble")
    with sample.house() as house:
        issue = house.store.issues(house.settings.editions[0].id, 1)[0]
        assert title not in [item.article.content.title for item in issue.content.items]


def test_another_text_is_shown_and_may_be_dismissed(sample: Sample) -> None:
    sample.collected()
    sample.show("06:00:30")
    number, _, identity = title_of(sample)
    with sample.house() as house:
        article = house.store.article_at(number)
        assert article is not None
        source = house.setup.sources[article.source_id]
        one = "가람천 둑길에 벚나무 이백 그루를 심는 일이 다음 주에 시작되며 시민 누구나 함께할 수 있다. "
        two = "나루군 보건소는 어르신 예방접종을 마을회관으로 찾아가 놓기로 하고 이장들과 날짜를 맞추었다. "
        for n, text in enumerate((one * 2, two * 2)):
            more = " ".join(
                f"{text} {n}번째 표본 문장 {chr(0xAC00 + 37 * k + n)}{chr(0xB098 + 53 * k)}." for k in range(9)
            )
            content = replace(article.content, paragraphs=(more,))
            found = [Found(identity=identity, content=content)]
            house.store.store_articles(source, found, house.ports.clock.now(), domain="garam.example", baseline=False)
    told = sample("proposals", "--json").facts[0]
    assert {p["kind"] for p in told} <= {"rewrite"}
    for proposal in told:
        assert sample("proposals", "--dismiss", proposal["id"]).code == 0
    assert sample("proposals", "--json").facts == [[]]


def test_an_adopted_feed_floods_nobody(sample: Sample, tmp_path: Path) -> None:
    """What stood in an older feed is in no digest, neither by adopting nor by reading the same feed afterwards."""
    items = "".join(
        f"<item><title>지난 기사 {n}</title><guid isPermaLink='false'>old-{n}</guid>"
        f"<description>지난 소식 {n}이다.</description></item>"
        for n in range(40)
    )
    feed = tmp_path / "old.xml"
    feed.write_text(f"<rss version='2.0'><channel>{items}</channel></rss>", "utf-8")
    json_feed = tmp_path / "old.json"
    old = [{"id": f"json-{n}", "title": f"옛 기사 {n}", "content_text": f"옛 소식 {n}."} for n in range(40)]
    json_feed.write_text(json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": old}), "utf-8")
    for name in (feed, json_feed):
        said = sample("adopt", name, "--source", "garam-feed", "--json")
        assert said.out, said.flat
        assert said.facts[0]["kept"] == 40
    sample.collected()
    sample.show("06:00:30")
    sample("assemble")
    with sample.house() as house:
        issue = house.store.issues(house.settings.editions[0].id, 1)[0]
        titles = [item.article.content.title for item in issue.content.items]
    assert titles
    assert not [title for title in titles if title.startswith(("지난 기사", "옛 기사"))]
