"""A whole installation fed with nasty stories: every public feed of it is read alike by all and breaks no rule."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jsonschema
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from syndication import publish
from syndication.adapters.memory import MemoryStore
from syndication.core.catalogue import DELETED, DIALECTS, OPML
from syndication.core.model import Appear, ArticleContent, ArticleStatus, Found
from tests.render import feed_taken
from tests.render.feed_nasty import NASTY, contents
from tests.render.feed_rules import broken_rules
from tests.render.feed_taken import by_feedparser, by_reader, of_atom, of_json, of_rss, parsed, reader, without_text
from tests.story.paper import EDITION, GARAM, TUESDAY, Paper, make_paper

GOOD = ArticleContent(title="성한 기사", paragraphs=("가람시가 성한 소식을 전했다.",), section="사회", tags=("예산",))
WORST = ArticleContent(
    title="\x00\ud800", paragraphs=("]]>\x0b",), html="</item>]]>", url="javascript:x", section="사회", tags=("예산",)
)
TALES = st.lists(contents(), min_size=1, max_size=4)
FEW = settings(
    deadline=None, max_examples=8, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck)
)
Feeds = Mapping[str, bytes]  # RSS, Atom and JSON by path


def published(tales: list[ArticleContent], notice: str) -> Paper:
    """A paper that has told these stories at once and in an Issue, took the first one back, and closed a month."""
    paper = make_paper(MemoryStore(), edition=replace(EDITION, appear=Appear.AT_ONCE))
    for on, told in ((TUESDAY, [*tales, GOOD]), (date(2026, 2, 3), [replace(GOOD, title="이월 기사")])):
        paper.go(on, "06:00")
        found = [Found(identity=f"garam:no:{on:%m}{n}", content=content) for n, content in enumerate(told)]
        paper.store.store_articles(GARAM, found, paper.clock.now(), domain="garam.example", baseline=False)
        for minute in ("06:20", "06:25", "06:30"):
            paper.go(on, minute)
            paper.tick()
            publish.refresh(paper.ports, paper.setup)
        first = paper.store.articles_known({"garam:no:010"})["garam:no:010"]
        paper.store.restate(first.id, ArticleStatus.CANCELED, notice=notice, at=paper.clock.now())
        publish.refresh(paper.ports, paper.setup)
    return paper


def feeds_of(paper: Paper) -> Feeds:
    files = {path: body for path, (body, _) in paper.publisher.files.items()}
    named = [path.removesuffix(".rss") for path in files if path.endswith(".rss")]
    return {f"{place}.{dialect}": files[f"{place}.{dialect}"] for place in named for dialect in DIALECTS}


def places(feeds: Feeds) -> list[str]:
    found = sorted({path.rpartition(".")[0] for path in feeds})
    assert {"feeds/daily/articles", "feeds/daily/digest", "feeds/daily/articles/2026-01"} <= set(found)
    return found


@pytest.fixture(scope="module")
def feedsmith() -> Iterator[Callable[[str, bytes], Any]]:
    with feed_taken.feedsmith() as read:
        yield read


@FEW
@given(tales=TALES, notice=NASTY)
@example(tales=[WORST], notice="]]>")
@example(tales=[replace(WORST, title="가" * 300_001), replace(GOOD, title="나" * 200_000)], notice="")
def test_every_public_feed_is_taken_alike_by_feedparser_and_a_parser_that_is_not_python(
    tales: list[ArticleContent], notice: str, feedsmith: Callable[[str, bytes], Any]
) -> None:
    paper = published(tales, notice)
    feeds = feeds_of(paper)
    listed = feedsmith("opml", paper.publisher.read(OPML) or b"")["body"]["outlines"]
    named = {outline["xmlUrl"] for group in listed for outline in group["outlines"]}
    current = [path for path in feeds if path.endswith(("/articles.rss", "/digest.rss"))]
    assert named == {f"https://garam.example/{quote(path)}" for path in current}
    gone = parsed(paper.publisher.read(DELETED) or b"")
    assert gone.feed.id == "tag:garam.example,2026:feed/deleted"
    assert gone.entries == []
    for place in places(feeds):
        rss, atom, in_json = (feeds[f"{place}.{dialect}"] for dialect in ("rss", "atom", "json"))
        taken = [by_feedparser(entry) for entry in parsed(rss).entries]
        assert taken or not place.startswith("feeds/daily/"), place
        assert [by_feedparser(entry) for entry in parsed(atom).entries] == taken
        assert [of_rss(item) for item in feedsmith("rss", rss).get("items", [])] == taken
        assert [of_atom(entry) for entry in feedsmith("atom", atom).get("entries", [])] == taken
        assert [of_json(item) for item in feedsmith("json", in_json).get("items", [])] == taken
        assert [of_json(item) for item in json.loads(in_json)["items"]] == taken


@settings(FEW, max_examples=4)
@given(tales=TALES, notice=NASTY)
@example(tales=[WORST, GOOD], notice="]]>")
def test_every_public_feed_is_taken_alike_by_the_reader_library(
    tales: list[ArticleContent], notice: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    feeds, root = feeds_of(published(tales, notice)), tmp_path_factory.mktemp("feeds")
    for path, body in feeds.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(body)
    with reader.make_reader(":memory:", feed_root=str(root)) as library:
        for path in feeds:
            library.add_feed(path)
        library.update_feeds()
        assert [feed.last_exception for feed in library.get_feeds() if feed.last_exception] == []
        for place in places(feeds):
            rss, atom, in_json = (taken(library, f"{place}.{dialect}") for dialect in ("rss", "atom", "json"))
            assert rss == atom
            assert bare(rss) == bare(in_json)
            assert in_json == {item["id"]: of_json(item) for item in json.loads(feeds[f"{place}.json"])["items"]}


def taken(library: Any, path: str) -> dict[str, tuple[object, ...]]:
    return {entry.id: by_reader(entry) for entry in library.get_entries(feed=path)}


def bare(rows: Mapping[str, tuple[object, ...]]) -> dict[str, tuple[object, ...]]:
    """Without the words of texts: markup of RSS and Atom is washed by the library, that of JSON is not."""
    return {number: without_text(row) for number, row in rows.items()}


@FEW
@given(tales=TALES, notice=NASTY)
@example(tales=[WORST], notice="]]>")
def test_no_public_feed_breaks_a_rule_of_the_feed_validator_or_the_schema(
    tales: list[ArticleContent], notice: str, schemas: Path
) -> None:
    schema = json.loads((schemas / "jsonfeed-1.1.json").read_text("utf-8"))
    check = jsonschema.Draft4Validator(schema, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER)
    paper = published(tales, notice)
    feeds = {**feeds_of(paper), OPML: paper.publisher.read(OPML) or b""}
    for path, body in feeds.items():
        if path.endswith(".json"):
            check.validate(json.loads(body))
            assert json.loads(body)["feed_url"].isascii()
        else:
            assert broken_rules(body, f"https://garam.example/{quote(path)}") == [], path


@FEW
@given(tales=TALES, notice=NASTY)
def test_one_good_story_is_in_every_feed_it_belongs_to_whatever_its_neighbours_are(
    tales: list[ArticleContent], notice: str
) -> None:
    paper = published(tales, notice)
    for dialect in ("rss", "atom"):
        for key in ("daily/articles", "outlet/garam/articles", "section/사회/articles", "tag/예산/articles"):
            entries = parsed(paper.publisher.read(f"feeds/{key}.{dialect}") or b"").entries
            assert {"성한 기사", "이월 기사"} <= {entry.title for entry in entries}
        digests = parsed(paper.publisher.read(f"feeds/daily/digest.{dialect}") or b"").entries
        assert digests, publish.quarantined(paper.ports, paper.setup)
        assert "이월 기사" in digests[0].content[0].value
        assert any("성한 기사" in digest.content[0].value for digest in digests)
