"""A contract's template: what a story holds stays its words, and a template reaches nothing but values."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from lxml import etree

from syndication.render.dialects import templated
from syndication.render.dialects.document import Document, Template
from syndication.render.dialects.facts import facts
from syndication.render.dialects.templated import BadTemplate
from tests.render.dialects.samples import FULL, JSON_TEMPLATE, WISHES, XML_TEMPLATE, document, nasty
from tests.render.feed_samples import revised


def filled(text: str, kind: str = "xml", of: Document | None = None) -> str:
    made = Template(text=text, kind=kind, content_type=f"application/{kind}", extension=kind)
    base = of or document()
    return templated.render(replace(base, wishes=replace(base.wishes, template=made))).body.decode()


@settings(max_examples=30, deadline=None)
@given(nasty())
def test_any_story_makes_xml_that_says_its_words(of: Document) -> None:
    root = etree.fromstring(filled(XML_TEMPLATE.text, of=of).encode())
    assert {child.tag for child in root} <= {"title", "when", "notice", "body", "photo"}
    assert (root.findtext("title") or "") == (facts(of).headed or "")
    assert (root.findtext("body") or "") == ("" if facts(of).gone else facts(of).markup)


@settings(max_examples=30, deadline=None)
@given(nasty())
def test_any_story_makes_json_that_says_its_words(of: Document) -> None:
    told = json.loads(filled(JSON_TEMPLATE.text, "json", of))
    assert list(told) == ["artId", "rev", "delYn", "title", "body", "tags"]
    assert told["title"] == facts(of).headed


def test_words_of_a_story_never_become_a_template() -> None:
    sly = document(revised(FULL, 1, title="{{ 7 * 7 }} {% raw %} 가람시 소식"))
    assert "{{ 7 * 7 }} {% raw %}" in filled("<a>{{ title }}</a>", of=sly)


@pytest.mark.parametrize("kind", ["xml", "json"])
@pytest.mark.parametrize(
    "text",
    [
        "{{ title.__class__ }}",
        "{{ title.__class__.__mro__[1].__subclasses__() }}",
        "{{ ''['__class__'] }}",
        "{{ title|attr('__class__') }}",
        "{{ '{0.__class__}'.format(title) }}",
        "{{ title.upper }}",
        "{{ self }}",
        "{{ range }}",
        "{{ cycler }}",
        "{{ lipsum() }}",
        "{{ tags|random }}",
        "{{ title|safe }}",
        "{% autoescape false %}{{ title }}{% endautoescape %}",
        "{% include 'other' %}",
        "{% import 'other' as other %}",
        "{{ tags.append(1) }}",
        "{{ nothing_of_that_name }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{{ 1 / 0 }}",
        "{{ title",
        '{{ revised_at|clock("%A") }}',
        '{{ revised_at|clock("%Y", "No/Where") }}',
    ],
)
def test_a_template_reaches_nothing_but_values(kind: str, text: str) -> None:
    with pytest.raises(BadTemplate):
        filled(f"<a>{text}</a>" if kind == "xml" else f'{{"a": {text}}}', kind)


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("<a>{{ title }}", "xml", "no XML"),
        ('<?xml version="1.0" encoding="EUC-KR"?><a/>', "xml", "another encoding|no XML"),
        ('{"a": "{{ title }}"}', "json", "no JSON"),
        ('{"a": NaN}', "json", "NaN is no JSON"),
        ("{}", "yaml", "of kind xml or json"),
    ],
)
def test_what_comes_out_is_what_it_says_it_is(text: str, kind: str, words: str) -> None:
    with pytest.raises(BadTemplate, match=words):
        filled(text, kind)


def test_a_document_without_a_template_is_refused() -> None:
    with pytest.raises(BadTemplate, match="names no template"):
        templated.render(document(wishes=WISHES))


def test_a_cdata_section_cannot_be_left() -> None:
    sly = document(revised(FULL, 1, title="]]><b>가람시 소식</b><![CDATA["))
    assert etree.fromstring(filled("<a>{{ title|cdata }}</a>", of=sly)).text == facts(sly).title


def test_a_contract_spells_instants_in_its_own_zone() -> None:
    assert filled('<a>{{ revised_at|clock("%Y%m%d%H%M", "Asia/Seoul") }}</a>') == "<a>202601200300</a>"


def test_a_template_is_checked_before_there_is_a_story() -> None:
    templated.check(XML_TEMPLATE)
    with pytest.raises(BadTemplate, match="line 2"):
        templated.check(replace(XML_TEMPLATE, text="<a>\n{% if %}</a>"))
