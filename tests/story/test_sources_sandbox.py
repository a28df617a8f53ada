"""The sandbox's web server as the site of several Sources, beside a folder and a CMS that pushes: one Issue."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from html import escape
from pathlib import Path

from syndication import assemble, ingest
from syndication.adapters.folder import DropFolder
from syndication.collecting.pushing import receive
from syndication.core.model import FirstPoll, Source, SourceKind
from syndication.core.timetable import slot
from syndication.ports import Store
from syndication.sandbox.origin import Origin
from tests.story.paper import EDITION, STORIES, TITLES, TUESDAY, at, item, make_paper, rss
from tests.story.test_sources import fetcher, page


def write(folder: Path) -> None:
    """A site in files: a feed, a JSON Feed, a list and the pages that it leads to."""
    (folder / "2026/01/19").mkdir(parents=True)
    (folder / "rss.xml").write_bytes(rss(item(TITLES[0], number=1)))
    second = {"id": "j-2", "title": TITLES[1], "content_text": STORIES[TITLES[1]], "tags": ["경제"]}
    feed = {"version": "https://jsonfeed.org/version/1.1", "items": [second]}
    (folder / "feed.json").write_text(json.dumps(feed), "utf-8")
    links = "".join(f"<li><a href='/2026/01/19/story-{n}.html'>{escape(TITLES[n - 1])}</a></li>" for n in (3, 4))
    (folder / "list.html").write_text(f"<html><meta charset='utf-8'><ul>{links}</ul></html>", "utf-8")
    for n in (3, 4):
        (folder / f"2026/01/19/story-{n}.html").write_bytes(page(n))


def test_a_morning_from_every_kind_of_source_tells_each_story_once(store: Store, tmp_path: Path) -> None:
    site, drop = tmp_path / "site", tmp_path / "drop"
    write(site)
    drop.mkdir()
    (drop / "a.txt").write_text(f"{TITLES[4]}\n\n{STORIES[TITLES[4]]}", "utf-8")
    server = Origin(site)
    server.start()
    try:
        base = server.url
        kinds = {"rss.xml": SourceKind.FEED, "feed.json": SourceKind.FEED, "list.html": SourceKind.PAGE_LIST}
        common = {"outlet": "garam", "first_poll": FirstPoll.TAKE, "every": timedelta(minutes=10)}
        sources = [
            Source(id=f"s{n}", kind=kind, location=f"{base}/{name}", loopback=True, **common)  # type: ignore[arg-type]
            for n, (name, kind) in enumerate(kinds.items())
        ]
        sources += [
            Source(id="drop", kind=SourceKind.FOLDER, location=str(drop), **common),  # type: ignore[arg-type]
            Source(id="cms", kind=SourceKind.PUSH, location="push", **common),  # type: ignore[arg-type]
        ]
        made = make_paper(store, edition=replace(EDITION, stations=()), partners=[])
        ports = replace(made.ports, fetcher=fetcher(), folders={"drop": DropFolder(drop)})
        made.clock.at = at(TUESDAY - timedelta(days=1), "18:00")
        store.register_sources(sources, made.clock.now())
        pushed = {"id": "p-6", "title": TITLES[5], "text": STORIES[TITLES[5]], "section": "사회"}
        receive(ports, sources[-1], json.dumps({"articles": [pushed]}).encode(), domain="garam.example")
        for _ in range(3):
            for name in ingest.due(ports, sources):
                ingest.fetch(ports, next(s for s in sources if s.id == name), outlet_domain="garam.example")
            made.clock.move(timedelta(minutes=15))
    finally:
        server.stop()
    edition = replace(EDITION, stations=())
    store.register_editions([edition], made.clock.now())
    made.clock.at = at(TUESDAY, "06:25")
    setup = replace(made.setup, sources={s.id: s for s in sources})
    draft = assemble.compose(ports, setup, edition, slot(edition, TUESDAY))
    told = [entry.article.content.title for entry in draft.frozen.content.items]
    assert sorted(told) == sorted(TITLES[:6])
    assert draft.frozen.content.degraded == ()
