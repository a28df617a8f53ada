"""RSS and Atom as bytes: each defect of the library repaired, each rule held, the same bytes everywhere."""

from __future__ import annotations

import locale
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from lxml import etree

from syndication.render.feed_items import Category, Enclosure, FeedHead, FeedItem
from syndication.render.feeds import Rendered, render_atom, render_rss
from tests.render.feed_samples import HEAD, PICTURE, SEEN, feed_item

ROOT = Path(__file__).parents[2]
ATOM = "{http://www.w3.org/2005/Atom}"
DC = "{http://purl.org/dc/elements/1.1/}"
MEDIA = "{http://search.yahoo.com/mrss/}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
XML = "{http://www.w3.org/XML/1998/namespace}"

FULL = feed_item(
    authors=("표본 기자", "다른 기자"),
    categories=(Category(term="사회", scheme="https://garam.example/terms/section"), Category(term="예산")),
    rights="© 나루통신",
    images=(PICTURE,),
    enclosure=Enclosure(url="https://img.garam.example/1.jpg", type="image/jpeg", length=1234),
)
BARE = FeedItem(id="tag:garam.example,2026:article/9", title="알려진 것이 적은 기사", url=None, updated_at=SEEN)


def rss(*items: FeedItem, head: FeedHead = HEAD) -> etree._Element:
    root = etree.fromstring(render_rss(head, items).body)
    assert root.tag == "rss"
    return root[0]


def atom(*items: FeedItem, head: FeedHead = HEAD) -> etree._Element:
    root = etree.fromstring(render_atom(head, items).body)
    assert root.tag == f"{ATOM}feed"
    return root


def texts(element: etree._Element, path: str) -> list[str | None]:
    return [found.text for found in element.findall(path)]


# --- RSS: the RSS Advisory Board's profile ---------------------------------------------------


def test_the_channel_has_every_element_that_the_profile_asks_for_before_its_items() -> None:
    channel = rss(FULL, BARE)
    names = [child.tag for child in channel]
    first = names.index("item")
    assert set(names[first:]) == {"item"}
    assert {"title", "link", "description", "language", "lastBuildDate", "ttl", "copyright"} <= set(names[:first])
    assert len(names[:first]) - names.count(f"{ATOM}link") == len(set(names[:first])) - 1
    assert (channel.findtext("language"), channel.findtext("ttl")) == ("ko", "15")


def test_the_channels_link_is_the_site_and_its_atom_links_are_self_and_hub() -> None:
    channel = rss(FULL)
    assert channel.findtext("link") == "https://garam.example/daily"
    links = [dict(link.attrib) for link in channel.findall(f"{ATOM}link")]
    assert links == [
        {"href": HEAD.self_url, "rel": "self", "type": "application/rss+xml"},
        {"href": "https://hub.example/", "rel": "hub"},
    ]


def test_a_channel_without_a_hub_names_none() -> None:
    links = rss(FULL, head=replace(HEAD, hub=None)).findall(f"{ATOM}link")
    assert [link.get("rel") for link in links] == ["self"]


def test_the_build_date_is_the_newest_revisions_in_rfc_822() -> None:
    assert rss(FULL).findtext("lastBuildDate") == "Mon, 19 Jan 2026 20:10:30 GMT"
    assert rss(head=replace(HEAD, updated_at=None)).find("lastBuildDate") is None


def test_an_item_has_summary_and_full_text_the_summary_first() -> None:
    (item,) = rss(FULL).findall("item")
    names = [child.tag for child in item]
    assert item.findtext("description") == "1번째 요약이다."
    assert item.findtext(f"{CONTENT}encoded") == "<p>1번째 본문이다.</p>"
    assert names.index("description") < names.index(f"{CONTENT}encoded")


def test_a_guid_that_is_no_address_says_so() -> None:
    (item,) = rss(FULL).findall("item")
    guid = item.find("guid")
    assert guid is not None
    assert (guid.text, guid.get("isPermaLink")) == (FULL.id, "false")


def test_bylines_without_mail_addresses_are_dc_creators_never_author() -> None:
    (item,) = rss(FULL).findall("item")
    assert texts(item, f"{DC}creator") == ["표본 기자", "다른 기자"]
    assert item.find("author") is None
    assert texts(item, f"{DC}rights") == ["© 나루통신"]


def test_an_item_has_at_most_one_enclosure_with_type_and_length() -> None:
    (item,) = rss(FULL).findall("item")
    (enclosure,) = item.findall("enclosure")
    assert dict(enclosure.attrib) == {"url": "https://img.garam.example/1.jpg", "type": "image/jpeg", "length": "1234"}


def test_an_enclosure_of_unknown_length_says_nought() -> None:
    (item,) = rss(replace(FULL, enclosure=Enclosure(url="https://img.garam.example/1.jpg", type="image/jpeg")))[-1:]
    assert item.find("enclosure").get("length") == "0"


@pytest.mark.parametrize("dialect", [rss, atom])
def test_pictures_are_media_contents_with_credit_and_copyright_and_no_group(dialect: object) -> None:
    root = dialect(FULL)  # type: ignore[operator]
    assert root.findall(f".//{MEDIA}group") == []
    (content,) = root.findall(f".//{MEDIA}content")
    assert dict(content.attrib) == {
        "url": "https://img.garam.example/%EC%82%AC%EC%A7%84/1.JPG",
        "medium": "image",
        "type": "image/jpeg",
        "width": "800",
        "height": "600",
    }
    assert content.findtext(f"{MEDIA}title") == "시청 앞 (표본)"
    assert content.findtext(f"{MEDIA}credit") == "표본 사진부"
    assert content.find(f"{MEDIA}credit").get("role") == "photographer"
    assert content.findtext(f"{MEDIA}copyright") == "© 가람일보"


@pytest.mark.parametrize("dialect", [rss, atom])
def test_the_thumbnail_is_the_smaller_print_where_there_is_one(dialect: object) -> None:
    small = "https://garam.example/pictures/1-small.jpg"
    for picture, expected in (
        (replace(PICTURE, small=small), {"url": small}),
        (
            PICTURE,
            {"url": "https://img.garam.example/%EC%82%AC%EC%A7%84/1.JPG", "width": "800", "height": "600"},
        ),
    ):
        (thumbnail,) = dialect(replace(FULL, images=(picture,))).findall(f".//{MEDIA}thumbnail")  # type: ignore[operator]
        assert dict(thumbnail.attrib) == expected


def test_categories_carry_their_vocabulary() -> None:
    (item,) = rss(FULL).findall("item")
    assert [(c.text, c.get("domain")) for c in item.findall("category")] == [
        ("사회", "https://garam.example/terms/section"),
        ("예산", None),
    ]
    (entry,) = atom(FULL).findall(f"{ATOM}entry")
    assert [dict(c.attrib) for c in entry.findall(f"{ATOM}category")] == [
        {"term": "사회", "scheme": "https://garam.example/terms/section", "label": "사회"},
        {"term": "예산", "label": "예산"},
    ]


# --- Atom: RFC 4287 --------------------------------------------------------------------------


def test_an_atom_feed_has_id_title_updated_author_self_alternate_and_language() -> None:
    feed = atom(FULL)
    assert feed.get(f"{XML}lang") == "ko"
    assert feed.findtext(f"{ATOM}id") == HEAD.id
    assert feed.findtext(f"{ATOM}updated") == "2026-01-19T20:10:30+00:00"
    assert texts(feed, f"{ATOM}author/{ATOM}name") == ["가람일보"]
    assert feed.findtext(f"{ATOM}subtitle") == HEAD.description
    assert [(link.get("rel"), link.get("type")) for link in feed.findall(f"{ATOM}link")] == [
        ("self", "application/atom+xml"),
        ("alternate", "text/html"),
        ("hub", None),
    ]


def test_entry_links_keep_rel_type_and_length() -> None:
    (entry,) = atom(FULL).findall(f"{ATOM}entry")
    assert [dict(link.attrib) for link in entry.findall(f"{ATOM}link")] == [
        {"rel": "alternate", "type": "text/html", "hreflang": "ko", "href": "https://garam.example/news/1"},
        {"rel": "enclosure", "type": "image/jpeg", "href": "https://img.garam.example/1.jpg", "length": "1234"},
    ]


def test_entry_content_is_of_type_html() -> None:
    (entry,) = atom(FULL).findall(f"{ATOM}entry")
    content = entry.find(f"{ATOM}content")
    assert content is not None
    assert (content.get("type"), content.text) == ("html", "<p>1번째 본문이다.</p>")
    assert entry.find(f"{ATOM}summary").get("type") == "html"


def test_an_entry_without_link_and_text_still_has_content() -> None:
    (entry,) = atom(BARE).findall(f"{ATOM}entry")
    assert entry.find(f"{ATOM}content") is not None
    assert entry.find(f"{ATOM}link") is None
    (said,) = atom(replace(BARE, summary="요약 <뿐>")).findall(f"{ATOM}entry")
    assert said.findtext(f"{ATOM}content") == "요약 &lt;뿐&gt;"


def test_entries_of_one_poll_are_told_apart_within_the_second() -> None:
    feed = atom(*(feed_item(n) for n in range(50)))
    updated = texts(feed, f"{ATOM}entry/{ATOM}updated")
    assert len(set(updated)) == 50
    assert {str(u)[:19] for u in updated} == {"2026-01-19T20:10:30"}


def test_no_element_of_a_feed_is_without_its_namespace() -> None:
    body = render_atom(HEAD, [FULL]).body + render_rss(HEAD, [FULL]).body
    assert b"ns0:" not in body
    assert b'xmlns=""' not in body


# --- dates -----------------------------------------------------------------------------------


def test_an_unknown_date_is_left_out_and_updated_is_the_revisions() -> None:
    (item,) = rss(BARE).findall("item")
    (entry,) = atom(BARE).findall(f"{ATOM}entry")
    assert item.find("pubDate") is None
    assert entry.find(f"{ATOM}published") is None
    assert str(entry.findtext(f"{ATOM}updated")).startswith("2026-01-19T20:10:30")


def test_a_bare_date_becomes_no_instant() -> None:
    item = replace(BARE, published_on=SEEN.date())
    assert b"pubDate" not in render_rss(HEAD, [item]).body
    assert b"<published>" not in render_atom(HEAD, [item]).body


def test_dates_of_any_zone_are_told_in_utc() -> None:
    east = datetime.fromisoformat("2026-01-20T06:30:00+09:00")
    (item,) = rss(replace(FULL, published_at=east, updated_at=east)).findall("item")
    (entry,) = atom(replace(FULL, published_at=east, updated_at=east)).findall(f"{ATOM}entry")
    assert item.findtext("pubDate") == "Mon, 19 Jan 2026 21:30:00 GMT"
    assert entry.findtext(f"{ATOM}published") == "2026-01-19T21:30:00+00:00"


def test_no_locale_is_ever_set(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> str:
        raise AssertionError("the locale belongs to the whole process")

    monkeypatch.setattr(locale, "setlocale", forbidden)
    assert b"Jan 2026" in render_rss(HEAD, [FULL]).body
    assert b"2026-01-19" in render_atom(HEAD, [FULL]).body


def test_nothing_in_a_feed_is_of_today() -> None:
    body = render_rss(HEAD, [FULL, BARE]).body + render_atom(HEAD, [FULL, BARE]).body
    assert datetime.now(UTC).strftime("%Y-%m-%d").encode() not in body
    assert b"2026-01-19" in body


# --- one bad item ----------------------------------------------------------------------------

DOUBLE = feed_item(1, title="같은 번호", updated_at=SEEN - timedelta(days=1))


@pytest.mark.parametrize("render", [render_rss, render_atom])
def test_one_bad_item_is_set_aside_with_its_reason_and_the_feed_goes_out(render: object) -> None:
    bad = [
        feed_item(2, title="\x00"),
        feed_item(3, url="javascript:x"),
        feed_item(4, updated_at=datetime(2026, 1, 1)),
        replace(feed_item(5), title=None),  # type: ignore[arg-type]
        DOUBLE,
    ]
    made: Rendered = render(HEAD, [feed_item(1), *bad, feed_item(6)])  # type: ignore[operator]
    root = etree.fromstring(made.body)
    ids = [e.text for e in root.iter("guid", f"{ATOM}id")][-2:]
    assert ids == ["tag:garam.example,2026-01-20:article/1", "tag:garam.example,2026-01-20:article/6"]
    assert [item_id[-1] for item_id, _ in made.quarantined] == ["2", "3", "4", "5", "1"]
    assert all(len(reason) > 10 for _, reason in made.quarantined)


@pytest.mark.parametrize("render", [render_rss, render_atom])
def test_control_characters_and_surrogates_cost_only_themselves(render: object) -> None:
    made = render(HEAD, [feed_item(1, title="제목\x0b\ufffe\ud800", content_html="<p>\x00\udfff끝]]></p>")])  # type: ignore[operator]
    assert made.quarantined == ()
    assert "<p>끝]]&gt;</p>" in "".join(etree.fromstring(made.body).itertext())
    assert "제목" in "".join(etree.fromstring(made.body).itertext())


def test_of_two_items_with_one_id_the_newer_stays() -> None:
    for items in ([feed_item(1), DOUBLE], [DOUBLE, feed_item(1)]):
        (item,) = rss(*items).findall("item")
        assert item.findtext("title") == "표본 기사 1"


@pytest.mark.parametrize("render", [render_rss, render_atom])
def test_a_feed_without_items_is_whole(render: object) -> None:
    etree.fromstring(render(HEAD, []).body)  # type: ignore[operator]
    etree.fromstring(render(replace(HEAD, updated_at=None, stylesheet=None), []).body)  # type: ignore[operator]


def test_a_head_with_unclean_words_is_cleaned_and_one_without_an_address_is_the_publishers_mistake() -> None:
    assert rss(head=replace(HEAD, title="가\x00람", description="\x01")).findtext("description") == "가람"
    with pytest.raises(ValueError, match="own address"):
        render_rss(replace(HEAD, self_url="/feeds/daily"), [])


# --- stylesheet ------------------------------------------------------------------------------


@pytest.mark.parametrize("render", [render_rss, render_atom])
def test_the_stylesheet_stands_before_the_root(render: object) -> None:
    body: bytes = render(HEAD, [FULL]).body  # type: ignore[operator]
    before = body.split(b"<rss")[0].split(b"<feed")[0]
    xsl, css = (f'<?xml-stylesheet type="text/{k}" href="../feed.{k}"?>'.encode() for k in ("xsl", "css"))
    assert 0 < before.index(xsl) < before.index(css), "browsers take the first one that they know"
    odd: bytes = render(replace(HEAD, stylesheet='a"?>&<b'), [FULL]).body  # type: ignore[operator]
    assert len(etree.fromstring(odd)) > 0


def test_a_person_is_shown_what_is_in_a_feed_and_where_older_stories_are() -> None:
    style = etree.XSLT(etree.fromstring((ROOT / "templates" / "feeds" / "feed.xsl").read_bytes()))
    head = replace(HEAD, prev_url="https://garam.example/feeds/daily/articles/2025-12.rss")
    for render in (render_rss, render_atom):
        page = str(style(etree.fromstring(render(head, [feed_item(1, title="S&P500 <MBC>")]).body)))
        assert "S&amp;P500 &lt;MBC&gt;" in page
        assert 'href="https://garam.example/feeds/daily/articles/2025-12.rss">지난 글' in page
        assert HEAD.title in page


def page_of(body: bytes) -> str:
    return str(
        etree.XSLT(etree.fromstring((ROOT / "templates" / "feeds" / "feed.xsl").read_bytes()))(etree.fromstring(body))
    )


@pytest.mark.parametrize("render", [render_rss, render_atom])
@pytest.mark.parametrize(
    ("at", "korean", "english"),
    [
        ("2026-01-19T20:10:30", "2026년 1월 20일 05:10", "19 Jan 2026 20:10 UTC"),
        ("2025-12-31T15:00:00", "2026년 1월 1일 00:00", "31 Dec 2025 15:00 UTC"),
        ("2024-02-28T23:59:00", "2024년 2월 29일 08:59", "28 Feb 2024 23:59 UTC"),
        ("2025-02-28T16:00:00", "2025년 3월 1일 01:00", "28 Feb 2025 16:00 UTC"),
        ("2025-04-30T14:59:00", "2025년 4월 30일 23:59", "30 Apr 2025 14:59 UTC"),
    ],
)
def test_a_person_reads_the_time_of_a_story_by_the_clock_of_the_place(
    render: object, at: str, korean: str, english: str
) -> None:
    item = feed_item(1, published_at=datetime.fromisoformat(f"{at}+00:00"))
    assert f"<span>{korean}</span>" in page_of(render(HEAD, [item]).body)  # type: ignore[operator]
    assert f"<span>{english}</span>" in page_of(render(replace(HEAD, language="en"), [item]).body)  # type: ignore[operator]


@pytest.mark.parametrize("render", [render_rss, render_atom])
def test_a_person_is_shown_signs_of_a_summary_as_they_were_written_and_never_markup(render: object) -> None:
    page = page_of(render(HEAD, [feed_item(1, summary="1 < 2 & R&D <script>x</script> &amp; 끝")]).body)  # type: ignore[operator]
    assert "<p>1 &lt; 2 &amp; R&amp;D &lt;script&gt;x＜/script&gt; ＆amp; 끝</p>" in page
    assert "<script" not in page


def test_a_person_finds_the_feed_in_its_other_dialects_and_the_list_of_all() -> None:
    base = "https://garam.example/feeds"
    for render, dialect in ((render_rss, "rss"), (render_atom, "atom")):
        page = page_of(render(replace(HEAD, self_url=f"{base}/daily/articles.{dialect}"), [FULL]).body)
        for address in (*(f"{base}/daily/articles.{d}" for d in ("rss", "atom", "json")), f"{base}/all.opml"):
            assert f'href="{address}"' in page
        assert f'<a class="outlet" href="{HEAD.site_url}">가람일보</a>' in page


# --- the same bytes --------------------------------------------------------------------------

_REBUILD = """
import hashlib, sys
from tests.render.test_feeds import BARE, DOUBLE, FULL, HEAD, feed_item, render_atom, render_rss
items = [FULL, BARE, *(feed_item(n) for n in range(2, 30)), DOUBLE]
for render in (render_rss, render_atom):
    sys.stdout.buffer.write(render(HEAD, items).body)
"""


def _rebuilt(**environ: str) -> bytes:
    root = ROOT
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    made = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", environ.pop("code", "") + _REBUILD],
        env={**kept, "PYTHONPATH": str(root), **environ},
        capture_output=True,
        check=True,
        cwd=root,
    )
    return made.stdout


_OTHER_CLOCK = """
import datetime as d
class Later(d.datetime):
    @classmethod
    def now(cls, tz=None):
        return d.datetime.__new__(cls, 2031, 7, 3, 4, 5, 6, tzinfo=tz)
d.datetime = Later
"""


def test_another_process_zone_locale_hash_seed_and_clock_make_the_same_bytes() -> None:
    here = _rebuilt(PYTHONHASHSEED="1", TZ="Asia/Seoul", LC_ALL="C.UTF-8")
    assert len(here) > 20_000
    assert _rebuilt(PYTHONHASHSEED="2", TZ="America/New_York", LC_ALL="C") == here
    assert _rebuilt(PYTHONHASHSEED="3", TZ="Pacific/Chatham", LC_ALL="POSIX", LANG="ko_KR.UTF-8") == here


def test_the_clock_of_the_machine_is_not_in_the_bytes() -> None:
    before = render_rss(HEAD, [FULL, BARE]).body, render_atom(HEAD, [FULL, BARE]).body
    code = _OTHER_CLOCK + "import feedgen.feed, feedgen.entry\nfeedgen.feed.datetime = feedgen.entry.datetime = Later\n"
    made = _rebuilt(code=code, PYTHONHASHSEED="1")
    assert made == _rebuilt(PYTHONHASHSEED="4")
    assert before[0].split(b"<item>")[0] == made[: len(before[0].split(b"<item>")[0])]
