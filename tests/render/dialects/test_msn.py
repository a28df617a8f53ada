"""RSS for MSN keeps its rules, checked by a profile of our own; what would be refused is said before it goes."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

import lxml.html
import pytest
from hypothesis import example, given, settings
from lxml import etree

from syndication.core.model import ArticleStatus, Rights
from syndication.render.dialects import msn
from syndication.render.dialects.document import Document, Standing
from syndication.render.feed_items import Unfit
from tests.render.dialects.samples import FULL, document, in_standing, nasty
from tests.render.feed_samples import revised

SPACES = {"mi": msn.MI, "media": msn.MEDIA, "dcterms": msn.DCTERMS, "content": msn.CONTENT, "dc": msn.DC}
# MSN's page "HTML guidelines and tag restrictions".
ALLOWED = (
    "b i em strong sub sup small h1 h2 h3 h4 h5 a img table thead tbody tfoot tr td th col caption colgroup ul ol li p "
    "div span br blockquote iframe"
)
ONCE = ("guid", "title", "link", "pubDate", "dcterms:modified", "content:encoded")


def item_of(of: Document) -> etree._Element:
    channel = etree.fromstring(msn.render(of).body)[0]
    assert [child.tag for child in channel if child.tag == "item"] == ["item"]
    assert all(channel.findtext(name) for name in ("title", "link", "description", "language"))
    found = channel.find("item")
    assert found is not None
    return found


def text(item: etree._Element, name: str) -> str:
    found = item.findall(name, SPACES)
    assert len(found) == 1, name
    assert found[0].text
    return str(found[0].text)


def broken(of: Document) -> list[str]:
    """The rules of MSN's feed item metadata requirements that an item breaks."""
    item = item_of(of)
    said = {name: text(item, name) for name in ONCE}
    published, seen = parsedate_to_datetime(said["pubDate"]), of.article.revised_at
    gone = of.standing in (Standing.WITHHELD, Standing.CANCELED)
    expires = item.findtext("mi:expirationDate", namespaces=SPACES)
    elements = list(lxml.html.fragment_fromstring(said["content:encoded"], create_parent="main").iter())[1:]
    pictures = item.findall("media:content", SPACES)
    rules = {
        "the id is the article's for ever": said["guid"] == of.article.uri,
        "a title of 20 to 150 characters": 20 <= len(said["title"]) <= 150,
        "an absolute address": said["link"].startswith(("http://", "https://")),
        "published in English and UTC": said["pubDate"].endswith("GMT"),
        "published less than a year ago": gone or seen - published < timedelta(days=365),
        "updated no earlier than it was seen": instant(said["dcterms:modified"]) == seen.replace(microsecond=0),
        "allowed markup": {str(e.tag) for e in elements} <= set(ALLOWED.split()),
        "no styles": not any(set(e.attrib) & {"style", "class", "onclick"} for e in elements),
        "ten levels at most": all(len(list(e.iterancestors())) <= 10 for e in elements),
        "gone by expiration": (expires is not None) is gone and (not gone or instant(str(expires)) <= seen),
        "rights of each picture": all(
            p.findtext("mi:hasSyndicationRights", namespaces=SPACES) in "01" for p in pictures
        ),
    }
    return [rule for rule, kept in rules.items() if not kept]


def instant(words: str) -> datetime:
    return datetime.fromisoformat(words)


@pytest.mark.parametrize("standing", [s for s in Standing if s is not Standing.EMBARGOED])
def test_each_standing_keeps_the_rules(standing: Standing) -> None:
    assert broken(in_standing(standing)) == []


@settings(max_examples=30, deadline=None)
@given(nasty())
@example(document(revised(FULL, 1, html="<div>" * 300 + "깊다" + "</div>" * 300)))
@example(document(revised(FULL, 1, title="가" * 300_000)))
def test_whatever_goes_out_keeps_the_rules(of: Document) -> None:
    with contextlib.suppress(Unfit):
        assert broken(of) == []


@settings(max_examples=30, deadline=None)
@given(nasty((ArticleStatus.WITHHELD, ArticleStatus.CANCELED)))
def test_what_is_taken_back_can_always_be_said(of: Document) -> None:
    assert broken(of) == []


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"title": "짧은 제목"}, "20 characters and more: this one has 5"),
        ({"url": None}, "address"),
        ({"url": "javascript:alert(1)"}, "address"),
        ({"published_at": FULL.revised_at - timedelta(days=366)}, "a year old"),
        ({"paragraphs": (), "html": None}, "wants a text"),
    ],
)
def test_what_msn_would_refuse_is_said_with_its_reason(values: dict[str, object], words: str) -> None:
    with pytest.raises(Unfit, match=words):
        msn.render(document(revised(FULL, 1, **values)))


def test_a_licensed_picture_names_its_licensor() -> None:
    item = item_of(document(revised(FULL, 1, rights=Rights.LICENSED, rights_holder="표본통신")))
    picture = item.find("media:content", SPACES)
    assert picture is not None
    assert picture.findtext("mi:hasSyndicationRights", namespaces=SPACES) == "0"
    assert picture.findtext("mi:licensorName", namespaces=SPACES) == "표본통신"


def test_a_story_without_its_own_hour_was_published_when_we_first_saw_it() -> None:
    assert text(item_of(document(revised(FULL, 1, published_at=None))), "pubDate") == "Mon, 19 Jan 2026 18:00:00 GMT"


def test_the_check_can_fail() -> None:
    long = replace(in_standing(Standing.USABLE))
    assert broken(long) == []
    item = item_of(long)
    item.find("title").text = "짧다"  # type: ignore[union-attr]
    assert len(text(item, "title")) < 20
