"""Laws of what the package ships and writes: sound as it is, samples by name, and nothing overwritten."""

from __future__ import annotations

import os
import re
import tomllib
from datetime import datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

import feedparser
import pytest
from lxml import etree

from syndication.core.model import FirstPoll, SourceKind
from syndication.core.timetable import slot
from syndication.settings import AlreadyThere, Settings, check, init, load, read_subscribers, write_starter
from syndication.settings.fields import Table
from syndication.settings.partner import PARTNER
from syndication.settings.reference import reference
from syndication.settings.schema import TABLES, TOP

ROOT = Path(__file__).parents[2]
OUR_OWN = ("publisher.toml", "subscribers.toml", "partners/portal.toml", "origin/feed.xml", "origin/page.html")
RESERVED = re.compile(r"(?:^|\.)(?:example|example\.(?:com|net|org)|test|invalid|localhost)$")
OTHERS = {
    "www.kma.go.kr": "the weather list's own credit link",
    "purl.org": "a name of an XML namespace",
}


@pytest.fixture
def starter(tmp_path: Path) -> Path:
    write_starter(tmp_path / "starter")
    return tmp_path / "starter"


@pytest.fixture
def settings(starter: Path) -> Settings:
    return load(starter, {})


def test_the_starter_passes_check_without_any_environment(starter: Path) -> None:
    assert check(starter, {}) == ()


def test_the_starter_takes_three_sources_all_on_this_machine(settings: Settings) -> None:
    assert [source.kind for source in settings.sources] == [SourceKind.PAGE, SourceKind.FEED, SourceKind.PAGE]
    assert all(s.loopback and s.location.startswith("http://127.0.0.1:") for s in settings.sources)
    assert all(s.first_poll is FirstPoll.TAKE for s in settings.sources)
    assert [s.weather for s in settings.sources] == [True, False, False]


def test_every_source_names_a_file_that_the_origin_serves(settings: Settings) -> None:
    assert settings.sandbox is not None
    for source in settings.sources:
        origin, _, name = source.location.rpartition("/")
        assert origin == f"http://127.0.0.1:{settings.sandbox.origin_port}"
        assert (settings.sandbox.folder / name).is_file()


def test_mail_and_pushes_go_to_the_sandbox(settings: Settings) -> None:
    assert settings.sandbox is not None
    (partner,) = settings.partners
    assert (settings.mail.host, settings.mail.port) == ("127.0.0.1", settings.sandbox.mailbox_port)
    assert partner.loopback
    assert partner.url.startswith(f"http://127.0.0.1:{settings.sandbox.portal_port}/")
    assert settings.partner_secrets[partner.id]


def test_the_cut_off_comes_after_collecting_and_the_digest_within_two_minutes(settings: Settings) -> None:
    (edition,) = settings.editions
    start = settings.starts_at
    assert start == datetime(2026, 1, 20, 6, 0, tzinfo=ZoneInfo("Asia/Seoul"))
    due = slot(edition, datetime(2026, 1, 20).date())
    assert timedelta(seconds=10) <= due.cut_off_at - start <= timedelta(seconds=40)
    assert due.publish_at - start <= timedelta(seconds=90)
    assert settings.tick <= timedelta(seconds=10)


def test_three_readers_chose_differently_and_may_be_written_to(starter: Path, settings: Settings) -> None:
    readers = read_subscribers(starter / "subscribers.toml")
    assert [reader.address for reader in readers] == list(settings.allow)
    assert len({(reader.choices.stations, reader.choices.sections) for reader in readers}) == 3
    assert {reader.edition_id for reader in readers} == {"daily"}
    assert all("표본" in reader.consent.how and "표본" in reader.consent.text_version for reader in readers)
    assert all(reader.consent.at.utcoffset() is not None for reader in readers)


def test_every_chosen_section_has_a_story(starter: Path) -> None:
    there = {entry.tags[0].term for entry in feedparser.parse((starter / "origin/feed.xml").read_bytes()).entries}
    for reader in read_subscribers(starter / "subscribers.toml"):
        assert set(reader.choices.sections) <= there


def test_ports_move_together(tmp_path: Path) -> None:
    write_starter(tmp_path / "moved", first_port=9410)
    moved = load(tmp_path / "moved", {})
    assert moved.sandbox is not None
    assert moved.web.port == 9410
    assert (moved.sandbox.origin_port, moved.sandbox.mailbox_port, moved.sandbox.portal_port) == (9411, 9412, 9413)
    assert "860" not in "".join(file.read_text() for file in (tmp_path / "moved").rglob("*.toml"))
    assert check(tmp_path / "moved", {}) == ()


# --- the composed files -----------------------------------------------------------------------


def test_the_feed_is_well_formed_and_every_story_whole(starter: Path) -> None:
    body = (starter / "origin/feed.xml").read_bytes()
    root = etree.fromstring(body)
    items = root.findall("channel/item")
    assert 8 <= len(items) <= 10
    encoded = "{http://purl.org/rss/1.0/modules/content/}encoded"
    assert all(item.findtext(name) for item in items for name in ("title", "link", "guid", "category", "description"))
    assert all("표본으로 지어낸" in (item.findtext(encoded) or "") for item in items)
    assert {item.findtext("category") for item in items} == {"사회", "경제", "문화", "생활", "행정"}
    assert sum(item.find("pubDate") is None for item in items) == 1
    assert len({item.findtext("guid") for item in items}) == len(items)


def test_the_stories_are_dated_before_the_morning_they_appear_in(starter: Path) -> None:
    feed = feedparser.parse((starter / "origin/feed.xml").read_bytes())
    assert not feed.bozo
    dates = [entry.published for entry in feed.entries if "published" in entry]
    moments = [datetime.strptime(words, "%a, %d %b %Y %H:%M:%S %z") for words in dates]
    seoul = ZoneInfo("Asia/Seoul")
    first, last = datetime(2026, 1, 19, tzinfo=seoul), datetime(2026, 1, 20, 5, 40, tzinfo=seoul)
    assert all(first <= moment <= last for moment in moments)
    assert [f"{moment:%a}" for moment in moments] == [words[:3] for words in dates]


class Nesting(HTMLParser):
    """Whether every element that is opened is closed, in order."""

    VOID = frozenset(("meta", "link", "br", "img"))

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_well_formed_and_built_like_a_newspapers(starter: Path) -> None:
    text = (starter / "origin/page.html").read_text(encoding="utf-8")
    nesting = Nesting()
    nesting.feed(text)
    assert nesting.open == []
    assert "news_body_area" in nesting.ids
    assert '<p class="today_txt">2026.01.20 (화)</p>' in text
    assert text.count('class="icon_w"') == 16
    assert "기상청 제공" in text
    assert 'class="art_box"' in text
    assert "표본으로 지어낸" in text


@pytest.mark.parametrize("name", OUR_OWN)
def test_what_was_composed_names_reserved_domains_only_and_says_that_it_is_a_sample(starter: Path, name: str) -> None:
    text = (starter / name).read_text(encoding="utf-8")
    assert "표본" in text
    hosts = re.findall(r"https?://([^/\s:\"'<>]+)", text)
    addresses = re.findall(r"[\w.+-]+@([\w.-]+\w)", text)
    for host in (*hosts, *addresses):
        assert host == "127.0.0.1" or RESERVED.search(host) or host in OTHERS, host


def test_the_sample_page_is_shipped_as_it_was_printed(starter: Path) -> None:
    samples = os.environ.get("NEWS_SAMPLES")
    if not samples:
        pytest.skip("NEWS_SAMPLES does not name the folder of sample pages")
    name = "local-paper-2026-01-20.txt"
    assert (starter / "origin" / name).read_bytes() == (Path(samples) / "pages" / name).read_bytes()


# --- init and the reference -------------------------------------------------------------------


def test_what_init_writes_passes_check_as_it_is(tmp_path: Path) -> None:
    written = init(tmp_path / "mine")
    assert [path.relative_to(tmp_path / "mine").as_posix() for path in written] == [
        "publisher.toml",
        "partners/example.toml.sample",
        "drop",
    ]
    assert check(tmp_path / "mine", {}) == ()
    assert load(tmp_path / "mine", {}).rehearsing


def uncommented(text: str) -> str:
    return re.sub(r"^# (?=\[|[a-z_]+ = )", "", text, flags=re.MULTILINE)


def test_every_line_that_init_leaves_commented_out_may_be_used(tmp_path: Path) -> None:
    init(tmp_path)
    file, partner = tmp_path / "publisher.toml", tmp_path / "partners" / "example.toml.sample"
    text = uncommented(file.read_text(encoding="utf-8"))
    file.write_text(text, encoding="utf-8")
    (partner.parent / "example.toml").write_text(uncommented(partner.read_text(encoding="utf-8")), encoding="utf-8")
    environ = {"DATABASE_URL": "postgresql://localhost/x", "BROKER_URL": "redis://localhost/0"}
    complaints = [p for p in check(file, environ) if "environment" not in p.wrong]
    assert complaints == []
    written = tomllib.loads(text)
    for table in TABLES:
        keys = written[table.name][0] if table.many else written[table.name]
        missing = {field.name for field in table.fields} - set(keys)
        assert missing <= {"url", "database", "watch", "links", "website", "token_from"}


def test_nothing_is_overwritten_and_nothing_half_written(tmp_path: Path) -> None:
    for write in (init, write_starter):
        folder = tmp_path / write.__name__
        (folder / "partners").mkdir(parents=True)
        for name in ("example.toml.sample", "portal.toml"):
            (folder / "partners" / name).write_text("mine")
        with pytest.raises(AlreadyThere, match="partners"):
            write(folder)
        assert sorted(path.name for path in folder.rglob("*")) == ["example.toml.sample", "partners", "portal.toml"]


def section(text: str, table: Table, heading: str) -> str:
    body = text.split(f"## {heading}\n")[1].split("\n## ")[0]
    assert table.fields
    return body


def test_the_reference_in_docs_is_the_one_that_the_tables_give() -> None:
    shipped = (ROOT / "docs" / "publisher.md").read_text(encoding="utf-8")
    assert shipped == reference(), "run: python -m syndication.settings.reference > docs/publisher.md"


def test_no_field_is_missing_from_the_reference() -> None:
    text = (ROOT / "docs" / "publisher.md").read_text(encoding="utf-8")
    headings = [(TOP, "Before the first table"), (PARTNER, "partners/NAME.toml"), *((t, t.header) for t in TABLES)]
    for table, heading in headings:
        body = section(text, table, heading)
        for field in table.fields:
            assert f"| `{field.name}` |" in body
            assert field.example.replace("|", "\\|") in body
