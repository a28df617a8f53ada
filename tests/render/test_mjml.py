"""The safety layer around mjml-python: what it refuses, by line, and what it lets out."""

from __future__ import annotations

import html as stdlib_html

import mjml as engine
import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.render.mjml import BadTemplate, escape, harden, merged, render, repair
from syndication.render.mjml_lint import DEEPEST, lint

HEAD = '<mjml lang="ko">\n<mj-body>\n<mj-section>\n<mj-column>\n'
TAIL = "\n</mj-column>\n</mj-section>\n</mj-body>\n</mjml>\n"


def document(column: str, *, head: str = "") -> str:
    """A document whose column content begins on line 5."""
    whole = HEAD + column + TAIL
    return whole.replace("<mj-body>", f"<mj-head>{head}</mj-head><mj-body>", 1) if head else whole


def said(source: str) -> list[str]:
    return [str(p) for p in lint(source, "email/digest.mjml")]


def test_a_good_document_has_no_problems() -> None:
    assert said(document('<mj-text color="#1c1b18" font-size="16px">안녕 &amp; 잘 가<br/><b>끝</b></mj-text>')) == []


@pytest.mark.parametrize(
    ("column", "line", "what", "right"),
    [
        ('<mj-text>\n</mj-text>\n<mj-txt></mj-txt>', 7, "<mj-txt> is not a component", "did you mean mj-text?"),
        ('<mj-text colour="#000000">a</mj-text>', 5, "mj-text has no attribute colour", "did you mean color?"),
        ('<mj-text font-size="1em">a</mj-text>', 5, 'font-size="1em"', "16px"),
        ('<mj-text padding="1px 2px 3px 4px 5px">a</mj-text>', 5, "padding=", "one to four measures"),
        ('<mj-text\n  color="#000000"\n  colour="#000000">a</mj-text>', 7, "no attribute colour", "mean color?"),
        ('<mj-text padding="0 28px">a</mj-text>', 5, "padding=", "write 0px"),
        ('<mj-text align="centre">a</mj-text>', 5, 'align="centre"', "center"),
        ('<mj-text color="#12">a</mj-text>', 5, 'color="#12"', "#1a5fb4"),
        ('<mj-table cellpadding="2px"><tr><td>a</td></tr></mj-table>', 5, "cellpadding", "whole number"),
        ("<MJ-TEXT>a</MJ-TEXT>", 5, "<MJ-TEXT> is not a component", "write <mj-text>"),
        ("stray words", 5, "text stands directly in mj-column", "mj-text"),
        ("<div>a</div>", 5, "<div> cannot stand in mj-column", "mj-text"),
        ("<mj-text><mj-image src=\"https://a.example/b.png\" /></mj-text>", 5, "cannot stand in <mj-text>", "beside"),
        ('<mj-button title="x" href="https://a.example/">a</mj-button>', 5, "ignores title on mj-button", "text"),
        ('<mj-image src="https://a.example/b.png" border-top="1px" />', 5, "ignores border-top on mj-image", "column"),
        ('<mj-include path="../../secret" />', 5, "mj-include cannot be used", "{% include %}"),
        ("<mj-text>\nA < 3</mj-text>", 6, "a < begins no complete tag", "&lt;"),
        ("<mj-text><p>a<p>b</mj-text>", 5, "<p> is not closed before </mj-text> of line 5", "</p>"),
        ("<mj-text>a</b></mj-text>", 5, "</b> closes nothing", "take it out"),
        ("<mj-text><a href=x>a</a></mj-text>", 5, "href is not quoted", 'href="x"'),
        ("<mj-text><a @click=\"x\">a</a></mj-text>", 5, "'@click' is not an attribute name", "letters"),
        ("<mj-text><td nowrap>a</td></mj-text>", 5, "nowrap has no value", 'nowrap="…"'),
        ("<mj-text><a title='say \"hi\"'>a</a></mj-text>", 5, "double quote between single ones", "&quot;"),
        ('<mj-text><a id="1" id="2">a</a></mj-text>', 5, "id stands twice", "once"),
        ("<mj-text><br></br></mj-text>", 5, "</br> closes nothing", "take it out"),
        ("<mj-text><![CDATA[a]]></mj-text>", 5, "is not understood", "CDATA"),
        ("<mj-text><!-- a -- b --></mj-text>", 5, "a comment holds --", "one hyphen"),
        ("<mj-text>\x0b</mj-text>", 5, "U+000B", "take it out"),
        ("<mj-text><script>1</script></mj-text>", 5, "runs no script", "take it out"),
        ('<mj-text><img src="data:image/png;base64,AA" alt="a" /></mj-text>', 5, "written into the mail", "https"),
        ('<mj-raw position="file-start"></mj-raw>', 5, "ignores position on mj-raw", "leave it out"),
        ("<mj-text>a</mj-text><mj-navbar></mj-navbar>\n<mj-navbar></mj-navbar>", 6, "a second mj-navbar", "one"),
        ('<mj-text mj-class="none">a</mj-text>', 5, "no mj-class is named none", "MJML"),
    ],
)  # fmt: skip
def test_what_mjml_python_would_drop_or_garble_is_named_with_line_and_remedy(
    column: str, line: int, what: str, right: str
) -> None:
    problems = lint(document(column), "email/digest.mjml")
    assert any(p.line == line and what in p.what and right in p.instead for p in problems), said(document(column))
    with pytest.raises(BadTemplate, match=r"email/digest\.mjml, line \d+: "):
        render(document(column), "email/digest.mjml")


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("<mjml></mjml>", "no mj-section"),
        ("<!DOCTYPE html>" + document("<mj-text>a</mj-text>"), "not understood"),
        ('<?xml version="1.0"?>' + document("<mj-text>a</mj-text>"), "not understood"),
        (document("<mj-text>a</mj-text>").replace(' lang="ko"', ""), "names no language"),
        (document("<mj-text>a</mj-text>").replace("</mjml>", ""), "never closed"),
        (document("<mj-text>a</mj-text>", head='<mj-style inline="inline">.a{color:#000000}</mj-style>'), "inline"),
        (document("<mj-text>a</mj-text>", head="<mj-style>@import url(x)</mj-style>"), "@import"),
        (document("<mj-text>a</mj-text>", head='<mj-font name="A" href="https://a.example/f" />'), "mj-font"),
        (document("<mj-text>a</mj-text>", head="<mj-html-attributes></mj-html-attributes>"), "mj-html-attributes"),
        (document("<mj-text>a</mj-text>").replace("<mj-section>", '<mj-section gutter="1px">'), "ignores gutter"),
    ],
)
def test_a_document_that_is_wrong_as_a_whole_is_refused(source: str, what: str) -> None:
    assert any(what in line for line in said(source)), said(source)


def test_two_classes_that_set_the_same_attribute_are_refused() -> None:
    head = '<mj-attributes><mj-class name="a" color="#000000" /><mj-class name="b" color="#ffffff" /></mj-attributes>'
    assert "a and b both set color" in said(document('<mj-text mj-class="a b">x</mj-text>', head=head))[0]
    assert said(document('<mj-text mj-class="a">x</mj-text>', head=head)) == []


def test_jinja_keeps_its_lines_and_its_values_go_unchecked_until_filled() -> None:
    source = document('{#\n\n#}<mj-text color="{{ ink }}">{{ "<b>" }}</mj-text>\n{% if x %}<mj-txt />{% endif %}')
    assert [p.line for p in lint(source, "a.mjml")] == [8]


def test_nesting_that_could_crash_the_engine_is_refused_first() -> None:
    fine = DEEPEST - 5
    assert said(document("<mj-text>" + "<b>" * fine + "</b>" * fine + "</mj-text>")) == []
    deep = document("<mj-text>" + "<b>" * 20_000 + "</b>" * 20_000 + "</mj-text>")
    assert "deep" in said(deep)[0]


# Everything that is printed garbled by the engine alone, in any attribute.
NASTY = "날씨 ☀\ufe0f 강원\u00a0산간 ₩1,000 \\ 가\u200b나 👨\u200d👩 e\u0301 탭\t줄\n넓은\u3000칸 \U0001f327\ufe0f"


def test_attributes_come_out_as_they_went_in() -> None:
    title = NASTY.replace("\t", " ").replace("\n", " ")
    html = render(document(f'<mj-text><a href="https://a.example/" title="{title}">a</a></mj-text>'), "a.mjml")
    assert title in stdlib_html.unescape(html)


def test_the_engine_alone_still_garbles_attributes() -> None:
    """When this fails the engine was repaired and `harden` may go."""
    garbled = engine.mjml2html(document(f'<mj-text><a title="{NASTY}">a</a></mj-text>'), fonts={})
    assert "\\u{" in garbled


def test_style_over_several_lines_comes_out_on_one() -> None:
    html = render(document('<mj-text><p style="margin:0;\n   color:#1c1b18">a</p></mj-text>'), "a.mjml")
    assert 'style="margin:0; color:#1c1b18"' in html


@given(st.text(max_size=60))
def test_any_text_survives_in_content_and_in_attributes(text: str) -> None:
    escaped = escape(text)
    kept = "".join(c for c in text if c in "\t\n" or not (ord(c) < 32 or ord(c) == 127 or 0xD800 <= ord(c) < 0xE000))
    kept = "".join(c for c in kept if not (0xFDD0 <= ord(c) <= 0xFDEF or ord(c) in (0xFFFE, 0xFFFF)))
    html = render(document(f'<mj-text><a title="{escaped}">{escaped}</a></mj-text>'), "a.mjml")
    inside = html.partition('<a title="')[2].partition("</a>")[0]
    title, _, content = inside.partition('">')
    # numeric references beyond what html.unescape knows (C1 controls, noncharacters) are outside this law
    if all(not (0x80 <= ord(c) < 0xA0) and (ord(c) & 0xFFFE) != 0xFFFE for c in kept):
        assert stdlib_html.unescape(title) == kept
        assert stdlib_html.unescape(content) == kept
    assert "{" not in title
    assert "\\" not in title


def test_hardening_leaves_text_and_comments_alone() -> None:
    source = '<!--[if mso]>\n<td title="\\">\n<![endif]--><p>\\ \u00a0</p>'
    assert harden(source) == source


# --- repairs ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('<img src="a>b">', '<img src="a>b" alt="">'),
        ('<img src="a" />', '<img src="a" alt="" />'),
        ('<img alt="날씨" src="a" />', '<img alt="날씨" src="a" />'),
        ('<td align="left" vertical-align="top" class="x">', '<td align="left" class="x">'),
        (
            '<td width="435.2" style="width:435.2px;max-width:99.9px">',
            '<td width="435" style="width:435px;max-width:99px">',
        ),
        (
            '<td bgcolor="#fff" style="color:#ABC;border:1px solid #000">',
            '<td bgcolor="#ffffff" style="color:#aabbcc;border:1px solid #000000">',
        ),
        ('<a href="https://a.example/#abc">#fff</a>', '<a href="https://a.example/#abc">#fff</a>'),
        ("<style>.a{color:#fff!important}</style>", "<style>.a{color:#ffffff!important}</style>"),
        (
            '<td style="background:url(https://a.example/x#abc) #eee">',
            '<td style="background:url(https://a.example/x#abc) #eeeeee">',
        ),
    ],
)
def test_the_output_is_repaired(before: str, after: str) -> None:
    assert repair(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<!--[if mso]>a<![endif]--> \n<!--[if mso]>b<![endif]-->", "<!--[if mso]>ab<![endif]-->"),
        (
            "<!--[if mso]>a<![endif]-->x<!--[if mso]>b<![endif]-->",
            "<!--[if mso]>a<![endif]-->x<!--[if mso]>b<![endif]-->",
        ),
        (
            "<!--[if mso]>a<![endif]--><!--[if mso | IE]>b<![endif]-->",
            "<!--[if mso]>a<![endif]--><!--[if mso | IE]>b<![endif]-->",
        ),
        ("1<!--[if !mso]><!-->a<!--<![endif]-->2", "1<!--[if !mso]><!-->a<!--<![endif]-->2"),
        ("<p>none</p>", "<p>none</p>"),
    ],
)
def test_neighbouring_outlook_comments_become_one(before: str, after: str) -> None:
    assert merged(before) == after


def test_garbled_output_is_never_let_out() -> None:
    source = document("<mj-text>a</mj-text><mj-raw><div></div></mj-raw>")
    assert "<mj-" not in render(source, "a.mjml")
    with pytest.raises(BadTemplate):  # opened in one, closed in another: the engine would print <mj-section>
        render(document("<mj-raw><div></mj-raw><mj-raw></div></mj-raw>"), "a.mjml")


def test_nothing_is_loaded_from_elsewhere() -> None:
    html = render(document("<mj-text>a</mj-text>"), "a.mjml")
    assert "fonts.googleapis.com" not in html
    assert "@import" not in html
    assert "<link" not in html


def test_control_characters_become_no_other_signs() -> None:
    assert escape("가\x85람\x93시\x9f\x7f") == "가람시"
