"""What a Partner is told of a Revision: no more than its wishes and the rights allow, the same in every dialect."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import feedparser
import pytest
from hypothesis import given, settings
from lxml import etree

from syndication.core.model import ArticleStatus, Image, Rights
from syndication.render.dialects import RENDER, plain_json
from syndication.render.dialects.document import Document, Pictures, Standing, Wishes
from syndication.render.dialects.facts import facts
from syndication.render.feed_items import Unfit
from syndication.render.partner_json import article_data
from tests.core.test_partners import AGREED
from tests.factories import MORNING, OUTLET, article
from tests.render.dialects.samples import FULL, document, in_standing, nasty, standing_at
from tests.render.feed_samples import PICTURE, revised

PLAIN = Wishes()
ALL = [name for name in RENDER if name != "template"]
XML_KINDS = ("rss", "atom", "newsml-g2", "nitf", "msn")


def data_of(of: Document) -> dict[str, object]:
    return json.loads(plain_json.render(of).body)["data"]  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("status", "revision", "embargo", "standing"),
    [
        (ArticleStatus.USABLE, 1, 0, Standing.USABLE),
        (ArticleStatus.USABLE, 2, 0, Standing.UPDATED),
        (ArticleStatus.CORRECTED, 2, 0, Standing.CORRECTED),
        (ArticleStatus.CORRECTED, 2, 9, Standing.EMBARGOED),
        (ArticleStatus.USABLE, 1, 9, Standing.EMBARGOED),
        (ArticleStatus.WITHHELD, 2, 9, Standing.WITHHELD),
        (ArticleStatus.CANCELED, 2, 9, Standing.CANCELED),
    ],
)
def test_taken_back_outranks_an_embargo_and_an_embargo_the_rest(
    status: ArticleStatus, revision: int, embargo: int, standing: Standing
) -> None:
    until = MORNING + timedelta(hours=embargo) if embargo else None
    made = standing_at(revised(FULL, 1, embargo_until=until), status, revision)
    assert document(made).standing is standing


def test_an_embargo_that_has_ended_when_the_delivery_may_go_embargoes_nothing() -> None:
    until = MORNING + timedelta(hours=1)
    made = revised(FULL, 1, embargo_until=until)
    assert document(made).standing is Standing.EMBARGOED
    assert document(made, due_at=until).standing is Standing.USABLE


def test_plain_json_has_every_key_and_value_that_partners_read_today() -> None:
    of = article(7, published_at=MORNING, bylines=("표본 기자",), region="가람시", tags=("예산",), images=(PICTURE,))
    today = article_data(of, outlet=OUTLET, partner=AGREED)
    told = data_of(document(of, wishes=PLAIN))
    assert {key: told[key] for key in today} == today


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("standing", [Standing.WITHHELD, Standing.CANCELED])
def test_what_was_taken_back_carries_no_text_and_no_pictures(name: str, standing: Standing) -> None:
    body = RENDER[name](in_standing(standing)).body.decode()
    assert "312곳" not in body
    assert "img.garam.example" not in body
    assert "tag:garam.example,2026-01-19:article/7" in body


@pytest.mark.parametrize("name", ALL)
def test_a_hold_does_not_repeat_the_title(name: str) -> None:
    assert "우수" not in RENDER[name](in_standing(Standing.WITHHELD)).body.decode()


@pytest.mark.parametrize("name", ALL)
def test_an_excerpt_holds_the_opening_alone(name: str) -> None:
    for of in (document(wishes=Wishes(full_text=False)), document(revised(FULL, 1, rights=Rights.NOT_FOR_PASSING_ON))):
        body = RENDER[name](of).body.decode()
        assert "점검은 한 달 걸렸다" in body
        assert "자세한 내용" not in body
        assert "img.garam.example" not in body


def test_pictures_follow_the_partners_policy() -> None:
    uncredited = Image(url="https://img.garam.example/2.png")
    of = revised(FULL, 1, images=(PICTURE, uncredited, PICTURE, Image(url="ftp://x/3.png", credit="가")))
    shown = {p: len(facts(document(of, wishes=Wishes(pictures=p))).pictures) for p in Pictures}
    assert shown == {Pictures.NONE: 0, Pictures.CREDITED: 1, Pictures.ALL: 2}


@pytest.mark.parametrize("name", ALL)
def test_a_picture_within_the_text_obeys_the_policy_too(name: str) -> None:
    shown = f'<figure><img src="{PICTURE.url}" alt="a > b"><figcaption>찍힌 것</figcaption></figure>'
    other = '<figure><img src="https://img.garam.example/2.png"><figcaption>남의 것</figcaption></figure>'
    of = revised(FULL, 1, html=f"<p>첫째</p>{shown}{other}<p>끝 <img src='https://img.garam.example/3.png' alt=''></p>")
    none = RENDER[name](document(of, wishes=Wishes(pictures=Pictures.NONE))).body.decode()
    some = RENDER[name](document(of, wishes=Wishes(pictures=Pictures.CREDITED))).body.decode()
    assert "img.garam.example" not in none
    assert "찍힌 것" not in none
    assert "/1.JPG" in some
    assert not [word for word in ("/2.png", "/3.png", "남의 것") if word in some]


def test_a_partner_that_hears_of_a_story_for_the_first_time_is_told_of_no_earlier_one() -> None:
    later = standing_at(FULL, ArticleStatus.USABLE, 3)
    assert document(later).standing is Standing.UPDATED
    assert document(later, told_before=False).standing is Standing.USABLE
    assert facts(document(later, told_before=False)).note is None
    first = in_standing(Standing.CORRECTED, told_before=False)
    assert facts(first).note == "[정정보도] 312곳은 213곳이 맞습니다."
    assert "management-doc-idref" not in RENDER["nitf"](first).body.decode()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://garam.example/1?id=7&utm_source=x#a", "https://garam.example/1?id=7&utm_source=portal#a"),
        ("https://garam.example/기사", "https://garam.example/%EA%B8%B0%EC%82%AC?utm_source=portal"),
        ("/relative", None),
        (None, None),
    ],
)
def test_a_partners_parameters_are_set_once(url: str | None, told: str | None) -> None:
    of = revised(FULL, 1, url=url)
    assert facts(document(of, wishes=Wishes(link_parameters=(("utm_source", "portal"),)))).url == told


def test_an_hour_that_is_no_instant_is_unknown_and_such_an_embargo_keeps_the_story_back() -> None:
    late = datetime(9999, 12, 31, 23, 59, tzinfo=timezone(-timedelta(hours=9)))
    for odd in (late, datetime(2026, 1, 1)):
        assert facts(document(revised(FULL, 1, published_at=odd))).published_at is None
    with pytest.raises(Unfit, match="out of range"):
        facts(document(revised(FULL, 1, embargo_until=late)))
    assert facts(in_standing(Standing.CANCELED, revised(FULL, 1, embargo_until=late))).embargo_until is None
    for_ever = facts(document(revised(FULL, 1, embargo_until=late.replace(tzinfo=UTC))))
    assert for_ever.note == "9999-12-31T23:59:00Z 전에는 보도할 수 없습니다."


@pytest.mark.parametrize(
    "code", ["http://cv.iptc.org/newscodes/mediatopic/20000717", "http://x y<>", "medtop:1 2", "14"]
)
def test_a_code_stands_as_a_uri_only_where_it_is_one(code: str) -> None:
    of = document(wishes=Wishes(codes={"사회": code}))
    (told, *_) = json.loads(RENDER["ninjs"](of).body)["subjects"]
    found = etree.fromstring(RENDER["newsml-g2"](of).body).find(".//{*}subject")
    assert found is not None
    assert (told["uri"] == code) is (found.get("uri") == code) is code.startswith("http://cv.")
    assert code in (told["uri"], told.get("literal"))


def test_names_of_files_sort_by_revision_and_hold_no_path() -> None:
    assert in_standing(Standing.UPDATED).name == "garam.example-2026-01-19-article-7-r0002"
    assert "/" not in document(replace(FULL, uri="tag:x,2026:../../etc/passwd")).name


def test_a_gone_entry_of_atom_is_older_than_its_tombstone() -> None:
    found = feedparser.parse(RENDER["atom"](in_standing(Standing.CANCELED)).body)
    assert found.feed["at_deleted-entry"]["when"] > found.entries[0].updated


@settings(max_examples=40, deadline=None)
@given(nasty())
def test_every_dialect_is_well_formed_and_names_the_article_once_for_all(of: Document) -> None:
    for name in ALL:
        try:
            made = RENDER[name](of)
        except Unfit:
            assert name in ("rss", "atom", "json-feed", "msn")
            assert not facts(of).gone
            continue
        if name in XML_KINDS:
            etree.fromstring(made.body, etree.XMLParser(no_network=True, huge_tree=False))
        else:
            json.loads(made.body)
        assert of.article.uri.encode() in made.body
        assert made.name.startswith(of.name)
        assert RENDER[name](of) == made
