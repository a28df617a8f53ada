"""Sample pages with labels: what a careful reader calls the article, its headline, date and names.

Two sets: one by which the rules were found, and one that no rule had seen (tests/data/pages_labelled/README.md).
"""

from __future__ import annotations

from statistics import mean

import pytest

from syndication.core.pages import read_page
from syndication.core.prose import ELLIPSIS, story_paragraphs, summary
from syndication.core.quotes import outside
from tests.labelled import Label, Verdict, judged, labelled, strange

SETS = ("pages_labelled", "pages_held_out")
LABELS = [label for name in SETS for label in labelled(name)]
LEAST_BODY = 0.98


def verdict(label: Label) -> Verdict:
    return judged(label, read_page(label.html, url=label.url, content_type=label.content_type, outlet="sample"))


@pytest.mark.parametrize("label", LABELS, ids=lambda label: label.page)
def test_a_page_is_read_as_a_careful_reader_would(label: Label) -> None:
    read = verdict(label)
    assert read.strange == (), "words of the interface or of another story"
    assert read.date != "wrong"
    assert read.body >= 0.9


@pytest.mark.parametrize("label", [x for x in LABELS if x.article], ids=lambda label: label.page)
def test_a_summary_is_cut_from_the_body_outside_quotations_and_between_words(label: Label) -> None:
    reading = read_page(label.html, url=label.url, content_type=label.content_type, outlet="sample")
    body = reading.articles[0].content.paragraphs
    for limit in (40, 80, 160):
        told = summary(body, limit=limit)
        plain = told.removesuffix(ELLIPSIS)
        text = " ".join(story_paragraphs(body))
        assert outside(told)[-1]
        assert plain in text
        assert not plain or text[text.index(plain) + len(plain) :][:1] in ("", " ", ".", ",")
        assert strange(label, (told,)) == ()


@pytest.mark.parametrize("name", SETS)
def test_bodies_dates_headlines_and_names_of_a_whole_set(name: str) -> None:
    read = [verdict(label) for label in labelled(name)]
    articles = [v for v in read if v.label.article]
    assert mean(v.body for v in articles) >= LEAST_BODY
    assert mean(v.title for v in articles) >= 0.97
    assert mean(v.date == "right" for v in articles) >= 0.97
    assert mean(v.bylines for v in articles) >= 0.95
    assert all(v.body == 1 for v in read if not v.label.article), "a page without an article has none"


def test_pages_that_no_rule_was_made_for_are_mostly_read_and_never_dated_wrongly() -> None:
    read = [verdict(label) for label in labelled("pages_fresh")]
    assert mean(v.body for v in read) >= 0.94
    assert all(v.date != "wrong" and v.title for v in read)


def test_the_set_is_as_large_and_varied_as_it_says() -> None:
    articles = [label for label in labelled("pages_labelled") if label.article]
    assert len(articles) >= 130
    assert len({label.trait for label in articles}) >= 100
    assert {label.family for label in articles} == {"mediaon", "ndsoft", "gnuboard", "wordpress", "generic"}
