"""Whatever a source brought, in any standing: what goes out is valid by the published schemas, read in place."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import example, given, settings
from lxml import etree
from referencing import Registry, Resource

from syndication.render.dialects import json_feed, newsml_g2, ninjs, ninjs1, nitf
from syndication.render.dialects.document import Correction, Document, Standing
from tests.factories import article
from tests.render.dialects.samples import document, in_standing, nasty

XML = (("newsml-g2-2.35-power.xsd", newsml_g2.render), ("nitf-3-6.xsd", nitf.render))
GIANT = document(article(1, title="가]]>" * 60_000, paragraphs=("\ud83d\x00<b>" * 9,), section=None, url=None))
BARE = document(article(2, title="", paragraphs=(), section=None, url=None))

Check = Callable[[Document], None]


@pytest.fixture(scope="module")
def is_ninjs(schemas: Path) -> Check:
    """Checks ninjs 3.1 with its formats; the schema of places is a local resource."""
    geo = Resource.from_contents(json.loads((schemas / "geojson.json").read_text()))
    registry: Registry[Any] = Registry().with_resource("https://geojson.org/schema/GeoJSON.json", geo)
    schema = json.loads((schemas / "ninjs-3.1.json").read_text())
    checker = jsonschema.Draft202012Validator(schema, registry=registry, format_checker=_formats())

    def check(of: Document) -> None:
        checker.validate(json.loads(ninjs.render(of).body))

    return check


def _formats() -> jsonschema.FormatChecker:
    """What the library leaves unchecked without further packages."""
    formats = jsonschema.FormatChecker(formats=())
    formats.checks("uri")(lambda value: bool(re.fullmatch(r"[a-z][a-z0-9+.-]*:[!-~]+", value)))
    formats.checks("date-time")(lambda value: bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value)))
    return formats


@pytest.fixture(scope="module")
def is_xml(schemas: Path) -> Check:
    """Checks NewsML-G2 2.35 and NITF 3.6, with nothing fetched."""
    parser = etree.XMLParser(no_network=True)
    made = [(etree.XMLSchema(etree.parse(schemas / name, parser)), render) for name, render in XML]

    def check(of: Document) -> None:
        for schema, render in made:
            schema.assertValid(etree.fromstring(render(of).body, parser))

    return check


@pytest.mark.parametrize("standing", Standing)
def test_each_standing_is_valid(standing: Standing, is_ninjs: Check, is_xml: Check) -> None:
    for of in (in_standing(standing), in_standing(standing, BARE.article), in_standing(standing, GIANT.article)):
        assert of.standing is standing
        is_ninjs(of)
        is_xml(of)


@settings(max_examples=30, deadline=None)
@given(nasty())
@example(GIANT)
@example(BARE)
def test_nasty_ninjs_is_valid(is_ninjs: Check, of: Document) -> None:
    is_ninjs(of)


@settings(max_examples=30, deadline=None)
@given(nasty())
@example(GIANT)
@example(BARE)
def test_nasty_newsml_and_nitf_are_valid(is_xml: Check, of: Document) -> None:
    is_xml(of)


@pytest.mark.parametrize("standing", Standing)
def test_a_json_feed_of_each_standing_is_valid(standing: Standing, schemas: Path) -> None:
    schema = json.loads((schemas / "jsonfeed-1.1.json").read_text())
    checker = jsonschema.Draft4Validator(schema, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER)
    feed = json.loads(json_feed.render(in_standing(standing)).body)
    checker.validate(feed)
    assert feed["items"][0]["_status"]["standing"] == standing


def test_the_checks_can_fail(schemas: Path) -> None:
    schema = etree.XMLSchema(etree.parse(schemas / XML[0][0]))
    broken = newsml_g2.render(in_standing(Standing.USABLE)).body.replace(b'version="1"', b'version="0"', 1)
    assert not schema.validate(etree.fromstring(broken))


# Keys of ninjs 1.6, whose schema is not among the folder's; each else begins with body_, description_ or headline_.
NINJS_1 = (
    "uri type mimetype representationtype profile version firstcreated versioncreated contentcreated embargoed "
    "pubstatus urgency copyrightholder copyrightnotice usageterms ednote language person organisation place subject "
    "event object infosource title byline headline slugline located charcount wordcount renditions associations altids "
    "trustindicator $standard genre expires rightsinfo digitalsourcetype"
)


def _keys(of: dict[str, Any]) -> Iterator[str]:
    yield from of
    for inner in of.get("associations", {}).values():
        yield from _keys(inner)


@settings(max_examples=30, deadline=None)
@given(nasty())
@example(in_standing(Standing.CORRECTED))
def test_the_older_ninjs_has_keys_that_version_1_knows(of: Document) -> None:
    data = json.loads(ninjs1.render(of).body)
    assert {key for key in _keys(data) if not re.match("(body|description|headline)_[a-z]+$", key)} <= set(
        NINJS_1.split()
    )
    assert data["pubstatus"] in ("usable", "withheld", "canceled")
    assert data["representationtype"] in ("complete", "incomplete")
    assert ("embargoed" in data) is (of.article.content.embargo_until is not None)


@settings(max_examples=30, deadline=None)
@given(nasty())
def test_both_styles_of_ninjs_say_the_same(of: Document) -> None:
    new, old = json.loads(ninjs.render(of).body), json.loads(ninjs1.render(of).body)
    pairs = (("pubStatus", "pubstatus"), ("version", "version"), ("edNote", "ednote"), ("embargoedUntil", "embargoed"))
    assert [new.get(a) for a, _ in pairs] == [old.get(b) for _, b in pairs]
    assert [b["value"] for b in new.get("bodies", [])] == [v for k, v in old.items() if k.startswith("body_")]


@pytest.mark.parametrize(
    ("kind", "words"),
    [(Correction.CORRECTION, "정정보도"), (Correction.REPLY, "반론보도"), (Correction.FOLLOW_UP, "추후보도")],
)
def test_the_kinds_of_press_law_stand_above_the_text_whatever_is_cut(kind: Correction, words: str) -> None:
    of = in_standing(Standing.CORRECTED, correction=kind, notice="고칩니다.")
    assert f"<strong>[{words}] 고칩니다.</strong>" in json.loads(ninjs.render(of).body)["bodies"][0]["value"]
