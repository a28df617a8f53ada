"""What MJML allows: components, what may stand in them, their attributes and the kind of each value.

It checks nothing itself; the tables follow the reference validator (mjml 5) less what mjml-python ignores.
"""

from __future__ import annotations

import re

_CHILDREN = """
mj-accordion: mj-accordion-element mj-raw
mj-accordion-element: mj-accordion-title mj-accordion-text mj-raw
mj-accordion-text:
mj-accordion-title:
mj-attributes:
mj-body: mj-raw mj-section mj-wrapper mj-hero
mj-button:
mj-carousel: mj-carousel-image
mj-carousel-image:
mj-column: mj-accordion mj-button mj-carousel mj-divider mj-image mj-raw mj-social mj-spacer mj-table mj-text mj-navbar
mj-divider:
mj-group: mj-column mj-raw
mj-head: mj-attributes mj-breakpoint mj-preview mj-style mj-title mj-raw
mj-hero: mj-accordion mj-button mj-carousel mj-divider mj-image mj-social mj-spacer mj-table mj-text mj-navbar mj-raw
mj-image:
mj-navbar: mj-navbar-link mj-raw
mj-raw:
mj-section: mj-column mj-group mj-raw
mj-social: mj-social-element mj-raw
mj-social-element:
mj-spacer:
mj-table:
mj-text:
mj-wrapper: mj-hero mj-raw mj-section
mjml: mj-body mj-head mj-raw
"""

_ATTRIBUTES = """
mj-accordion
  colour: container-background-color
  one of left right: icon-position
  one of top middle bottom: icon-align
  px %: icon-height icon-width padding-bottom padding-left padding-right padding-top
  px % x4: padding
  text: border font-family icon-unwrapped-alt icon-unwrapped-url icon-wrapped-alt icon-wrapped-url
mj-accordion-element
  colour: background-color
  one of left right: icon-position
  one of top middle bottom: icon-align
  px %: icon-height icon-width
  text: border font-family icon-unwrapped-alt icon-unwrapped-url icon-wrapped-alt icon-wrapped-url
mj-accordion-text
  colour: background-color color
  px: font-size
  px %: padding-bottom padding-left padding-right padding-top
  px % or bare number: line-height
  px % x4: padding
  px em: letter-spacing
  text: font-family font-weight
mj-accordion-title
  colour: background-color color
  px: font-size
  px %: padding-bottom padding-left padding-right padding-top
  px % x4: padding
  text: font-family
mj-body
  colour: background-color
  px: width
mj-breakpoint
  px: width
mj-button
  colour: background-color color container-background-color
  one of left center right: align
  one of left right center: text-align
  one of top bottom middle: vertical-align
  px: font-size
  px %: height padding-bottom padding-left padding-right padding-top width
  px % or bare number: line-height
  px % x4: inner-padding padding
  px em: letter-spacing
  text: border border-bottom border-left border-radius border-right border-top font-family font-style
  text: font-weight href name rel target text-decoration text-transform
mj-carousel
  colour: container-background-color tb-hover-border-color tb-selected-border-color
  one of left center right: align
  one of visible hidden supported: thumbnails
  px %: icon-width padding-bottom padding-left padding-right padding-top tb-width
  px % x4: padding
  text: border-radius left-icon right-icon tb-border tb-border-radius
mj-carousel-image
  text: alt border-radius href rel src target tb-border tb-border-radius thumbnails-src title
mj-column
  colour: background-color inner-background-color
  one of ltr rtl: direction
  one of top bottom middle: vertical-align
  px %: padding-bottom padding-left padding-right padding-top width
  px % x4: padding
  text: border border-bottom border-left border-radius border-right border-top inner-border
  text: inner-border-bottom inner-border-left inner-border-right inner-border-top
mj-divider
  colour: border-color container-background-color
  one of left center right: align
  px: border-width
  px %: padding-bottom padding-left padding-right padding-top width
  px % x4: padding
  text: border-style
mj-group
  colour: background-color
  one of ltr rtl: direction
  one of top bottom middle: vertical-align
  px %: width
mj-hero
  colour: background-color inner-background-color
  one of top bottom middle: vertical-align
  px %: background-height background-width height inner-padding-bottom inner-padding-left inner-padding-right
  px %: inner-padding-top padding-bottom padding-left padding-right padding-top
  px % x4: inner-padding padding
  text: background-position background-url mode
mj-image
  colour: container-background-color
  one of left center right: align
  px: font-size width
  px %: max-height padding-bottom padding-left padding-right padding-top
  px % x4: padding
  px auto: height
  text: alt border border-left border-radius border-right href name rel src srcset target title usemap
  true or false: fluid-on-mobile
mj-navbar
  colour: ico-color
  one of left center right: align ico-align
  px %: ico-font-size ico-padding-bottom ico-padding-left ico-padding-right ico-padding-top padding-bottom
  px %: padding-left padding-right padding-top
  px % or bare number: ico-line-height
  px % x4: ico-padding padding
  text: base-url hamburger ico-close ico-font-family ico-open ico-text-decoration ico-text-transform
mj-navbar-link
  colour: color
  px: font-size
  px %: padding-bottom padding-left padding-right padding-top
  px % or bare number: line-height
  px % x4: padding
  px em: letter-spacing
  text: font-family font-style font-weight href name rel target text-decoration text-transform
mj-section
  colour: background-color
  one of full-width false: full-width
  one of left center right: text-align
  one of ltr rtl: direction
  one of repeat no-repeat: background-repeat
  px %: padding-bottom padding-left padding-right padding-top
  px % x4: padding text-padding
  text: background-position background-position-x background-position-y background-size background-url border
  text: border-bottom border-left border-radius border-right border-top
mj-social
  colour: color container-background-color
  one of auto fixed: table-layout
  one of horizontal vertical: mode
  one of left right center: align
  one of top bottom middle: vertical-align
  px: font-size
  px %: icon-height icon-size padding-bottom padding-left padding-right padding-top
  px % or bare number: line-height
  px % x4: icon-padding inner-padding padding text-padding
  text: border border-radius font-family font-style font-weight text-decoration
mj-social-element
  colour: background-color color
  one of left center right: align
  one of left right: icon-position
  one of top middle bottom: vertical-align
  px: font-size
  px %: icon-height icon-size padding-bottom padding-left padding-right padding-top
  px % or bare number: line-height
  px % x4: icon-padding padding text-padding
  text: alt border-radius font-family font-style font-weight href name rel src target text-decoration title
mj-spacer
  colour: container-background-color
  px %: height padding-bottom padding-left padding-right padding-top
  px % x4: padding
  text: border border-bottom border-left border-right border-top
mj-table
  colour: color container-background-color
  one of auto fixed initial inherit: table-layout
  one of left right center: align
  one of top bottom middle: vertical-align
  px: font-size
  px %: padding-bottom padding-left padding-right padding-top
  px % auto: width
  px % or bare number: line-height
  px % x4: padding
  text: border font-family font-weight
  whole number: cellpadding cellspacing
mj-text
  colour: background-color color container-background-color
  one of left right center justify: align
  one of top bottom middle: vertical-align
  px: font-size
  px %: height padding-bottom padding-left padding-right padding-top
  px % or bare number: line-height
  px % x4: padding
  px em: letter-spacing
  text: font-family font-style font-weight text-decoration text-transform
mj-wrapper
  colour: background-color
  one of full-width false: full-width
  one of left center right: text-align
  one of ltr rtl: direction
  one of repeat no-repeat: background-repeat
  px %: padding-bottom padding-left padding-right padding-top
  px % x4: padding text-padding
  text: background-position background-position-x background-position-y background-size background-url border
  text: border-bottom border-left border-radius border-right border-top
"""

# Each is dropped by mjml-python 1.4.2 without a word; the text says what works instead.
IGNORED = {
    ("mj-body", "id"): "leave it out",
    ("mj-button", "title"): "put the words into the button's text",
    ("mj-column", "inner-border-radius"): "put border-radius on the column",
    ("mj-hero", "border-radius"): "leave it out",
    ("mj-image", "sizes"): "give width",
    ("mj-image", "border-top"): "put the border on the mj-column or the mj-section",
    ("mj-image", "border-bottom"): "put the border on the mj-column or the mj-section",
    ("mj-section", "gutter"): "give the columns padding",
    ("mj-wrapper", "gutter"): "give the columns padding",
    ("mj-wrapper", "gap"): "give the sections padding",
    ("mj-social-element", "border"): "leave it out",
    ("mj-social-element", "srcset"): "give src",
    ("mj-social-element", "sizes"): "give icon-size",
    ("mj-table", "role"): "leave it out",
    ("mj-accordion-title", "font-weight"): "put <b> around the words",
    ("mj-style", "inline"): "write the style at the element; mjml-python does not inline",
    ("mj-raw", "position"): "leave it out",
}

# Components that exist elsewhere and must not be used here.
REFUSED = {
    "mj-include": "use Jinja's {% include %}: mjml-python hides what goes wrong in an include",
    "mj-html-attributes": "write the attribute at the element: mjml-python does not know this component",
    "mj-selector": "write the attribute at the element: mjml-python does not know this component",
    "mj-html-attribute": "write the attribute at the element: mjml-python does not know this component",
    "mj-font": "name installed fonts in font-family: a mail loads no remote font",
}

# Ids in the output are constant: two of a kind would collide.
AT_MOST_ONE = ("mj-carousel", "mj-navbar")

# What these hold is HTML or text, not components.
HOLDS_HTML = frozenset(
    [
        "mj-accordion-text",
        "mj-accordion-title",
        "mj-button",
        "mj-navbar-link",
        "mj-preview",
        "mj-raw",
        "mj-social-element",
        "mj-style",
        "mj-table",
        "mj-text",
        "mj-title",
    ]
)

_HEAD_ATTRIBUTES = {
    "mjml": "lang dir owa",
    "mj-head": "",
    "mj-attributes": "",
    "mj-preview": "",
    "mj-title": "",
    "mj-style": "",
    "mj-raw": "",
}


def _children() -> dict[str, tuple[str, ...]]:
    rows = (line.partition(":") for line in _CHILDREN.strip().splitlines())
    return {name: tuple(children.split()) for name, _, children in rows}


def _attributes() -> dict[str, dict[str, str]]:
    table = {name: dict.fromkeys(words.split(), "text") for name, words in _HEAD_ATTRIBUTES.items()}
    component = ""
    for line in _ATTRIBUTES.strip().splitlines():
        if not line.startswith(" "):
            component = line
            table[component] = {"css-class": "text", "mj-class": "text"}
            continue
        kind, _, names = line.strip().partition(": ")
        table[component].update(dict.fromkeys(names.split(), kind))
    return table


CHILDREN = _children()
ATTRIBUTES = _attributes()
COMPONENTS = frozenset(CHILDREN) | frozenset(ATTRIBUTES)


_COLOUR = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})|[a-z]+|(?:rgb|hsl)a?\([\d\s.,%/]+\)", re.IGNORECASE)
_NUMBER = r"-?\d+(?:\.\d+)?"


def wrong_value(kind: str, value: str) -> str | None:
    """None when the value is of its kind, else a sentence that says what would be right."""
    if kind == "text":
        return None
    if kind == "colour":
        return None if _COLOUR.fullmatch(value) else "write a colour such as #1a5fb4"
    if kind == "whole number":
        return None if re.fullmatch(r"\d+", value) else "write a whole number without a unit"
    if kind == "true or false":
        return None if value in ("true", "false") else "write true or false"
    if kind.startswith("one of "):
        choices = kind.removeprefix("one of ").split()
        return None if value in choices else f"write {' or '.join(choices)}"
    return _wrong_measure(kind, value)


def _wrong_measure(kind: str, value: str) -> str | None:
    """For `px`, `px %`, `px em`, with `auto`, `or bare number`, or up to four values (`x4`)."""
    words = kind.replace("or bare number", "bare").split()
    units = [w for w in words if w in ("px", "%", "em")]
    shape = rf"0|{_NUMBER}(?:{'|'.join(units)})"
    shape += "|auto" if "auto" in words else ""
    shape += rf"|{_NUMBER}" if "bare" in words else ""
    parts = value.split() if "x4" in words else [value]
    if len(parts) > 1 and "0" in parts:
        return "write 0px for 0: mjml-python reckons Outlook's widths wrongly where a nought has no unit"
    if 1 <= len(parts) <= 4 and all(re.fullmatch(shape, p) for p in parts):
        return None
    many = "one to four measures" if "x4" in words else "a measure"
    example = "auto" if "auto" in words and not units else f"16{units[0]}"
    return f"write {many} in {' or '.join(units)}, for example {example}"
