"""Laws of the interface words: every Korean one has an English one, none is left over, content stays as it is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import PoFileError, read_po
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment, nodes

from syndication.core import kma, weather, widget
from syndication.render.words import SKY, words
from tests.render.make import KOREAN, ON, templates

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("templates/email/*.*")), *sorted(ROOT.glob("templates/web/*.html"))]
CODE = [*sorted(ROOT.glob("syndication/render/**/*.py")), *sorted(ROOT.glob("syndication/web/*.py"))]
CODE += [path for room in ("domain", "preflight") for path in sorted((ROOT / "syndication/core" / room).glob("*.py"))]
CODE += [ROOT / "syndication/proof.py", ROOT / "syndication/cli/doctor.py"]
ASKING = {"_", "words", "say"}  # what the words of a language are called where they are asked
HANGUL = re.compile("[가-힣](?!-힣)(?<!가-힣)")  # not the two ends of a character class
PLACES = re.compile(r"\{\w*\}")

# Korean that is not looked up: what is searched for in other words, and what stands in two languages at once.
NOT_LOOKED_UP = {"_GLYPHS", "_SKIES", "ADVERTISING"}
BOTH_LANGUAGES = {
    "There is no such feed. / 이 주소에는 피드가 없습니다.\n",
    "This feed has ended. / 이 피드는 끝났습니다.\n",
    "년 ",  # beside a year
}

with (ROOT / "templates/words/en.po").open("rb") as _file:
    CATALOGUE = [m for m in read_po(_file) if m.id]
MESSAGES = {str(m.id): str(m.string) for m in CATALOGUE if not m.context}
SKIES = {str(m.id): str(m.string) for m in CATALOGUE if m.context == SKY}
ENGLISH = words("en", templates())


# --- the catalogue ---------------------------------------------------------------------------


def in_template(source: str) -> tuple[set[str], set[str]]:
    """The texts that a template asks for, and the Korean ones that stand in it unasked."""
    tree = Environment(autoescape=True).parse(source)
    calls = [c for c in tree.find_all(nodes.Call) if isinstance(c.node, nodes.Name) and c.node.name in ASKING]
    asked = {str(arg.value) for c in calls for arg in c.args[:1] if isinstance(arg, nodes.Const)}
    bare = {data.data.strip() for data in tree.find_all(nodes.TemplateData)}
    bare |= {str(c.value) for c in tree.find_all(nodes.Const)} - asked
    return asked, set(filter(HANGUL.search, bare))


def in_code(source: str) -> tuple[set[str], set[str]]:
    """The texts that a module asks for by name, and all Korean ones that it holds besides docstrings."""
    tree = ast.parse(source)
    calls = [c for c in ast.walk(tree) if isinstance(c, ast.Call) and _name(c.func) in ASKING]
    first = [arg.value for c in calls for arg in c.args[:1] if isinstance(arg, ast.Constant)]
    return {text for text in first if isinstance(text, str)}, set(filter(HANGUL.search, _texts(tree)))


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _texts(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return  # a docstring
    if isinstance(node, ast.Assign) and {getattr(target, "id", "") for target in node.targets} & NOT_LOOKED_UP:
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    for child in ast.iter_child_nodes(node):
        yield from _texts(child)


@pytest.mark.parametrize("path", PAGES, ids=lambda p: f"{p.parent.name}-{p.name}")
def test_every_korean_word_of_a_template_has_an_english_one(path: Path) -> None:
    asked, unasked = in_template(path.read_text("utf-8"))
    assert asked - MESSAGES.keys() == set()
    assert unasked == set()


@pytest.mark.parametrize("path", CODE, ids=lambda p: f"{p.parent.name}-{p.name}")
def test_every_korean_word_of_the_code_has_an_english_one(path: Path) -> None:
    asked, held = in_code(path.read_text("utf-8"))
    assert {text for text in asked if text} - MESSAGES.keys() == set()
    assert held - MESSAGES.keys() - BOTH_LANGUAGES == set()


def test_no_english_word_is_left_over() -> None:
    used = {text for path in PAGES for text in in_template(path.read_text("utf-8"))[0]}
    used |= {text for path in CODE for text in in_code(path.read_text("utf-8"))[1]}
    assert MESSAGES.keys() - used - {weather.NONE, weather.WIDGET_STALE} == set()


def test_what_is_said_of_missing_weather_and_every_sky_word_has_an_english_one() -> None:
    assert MESSAGES.keys() >= {weather.NONE, weather.WIDGET_STALE}
    assert SKIES.keys() >= {*widget.CONDITIONS, *kma._SKY.values(), *kma._PRECIPITATION.values()}


@pytest.mark.parametrize("message", CATALOGUE, ids=lambda m: str(m.id)[:30])
def test_a_translation_is_english_and_has_the_same_places(message: Message) -> None:
    korean, english = str(message.id), str(message.string)
    assert english
    assert not HANGUL.search(english)
    assert sorted(PLACES.findall(korean)) == sorted(PLACES.findall(english))
    assert not re.search(r"%\(?\w*\)?[sd]", korean + english)


# --- looking up ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "language", "said", "month"),
    [
        ("ko", "ko", "날씨", "2026년 1월"),
        ("ko-KR", "ko-KR", "날씨", "2026년 1월"),
        ("en", "en", "Weather", "January 2026"),
        ("en_GB", "en_GB", "Weather", "January 2026"),
        ("fr", "en", "Weather", "January 2026"),
        ("", "en", "Weather", "January 2026"),
    ],
)
def test_a_language_that_we_do_not_speak_gets_english(asked: str, language: str, said: str, month: str) -> None:
    spoken = words(asked, templates())
    assert (spoken.language, spoken("날씨"), spoken.month(ON)) == (language, said, month)


@given(st.text())
def test_what_is_filled_in_stays_as_it_is(content: str) -> None:
    assert KOREAN("{who} 제공", who=content) == f"{content} 제공"
    assert ENGLISH("{who} 제공", who=content) == f"Source: {content}"


@given(st.text().filter(lambda text: text not in MESSAGES))
def test_a_text_that_is_not_in_the_catalogue_stays_as_it_is(text: str) -> None:
    assert (KOREAN(text), ENGLISH(text)) == (text, text)


def test_a_sky_word_is_one_only_as_the_sky() -> None:
    assert (ENGLISH.sky("눈"), ENGLISH("눈"), KOREAN.sky("눈")) == ("Snow", "눈", "눈")
    assert (ENGLISH.sky("구름 많음"), ENGLISH.sky("날씨")) == ("Mostly cloudy", "날씨")


def test_a_translation_in_doubt_is_not_used() -> None:
    said = words("en", {"words/en.po": '#, fuzzy\nmsgid "날씨"\nmsgstr "Weather?"\n\nmsgid "예보"\nmsgstr ""\n'})
    assert (said("날씨"), said("예보")) == ("날씨", "예보")


def test_a_catalogue_that_is_missing_or_none_fails_at_once_and_korean_needs_none() -> None:
    assert words("ko", {})("날씨") == "날씨"
    with pytest.raises(KeyError, match=r"words/en\.po"):
        words("en", {})
    with pytest.raises(PoFileError):
        words("en", {"words/en.po": "no catalogue"})
