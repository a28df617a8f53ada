"""Design tokens: the colours, spaces and type that email, web and feed pages share, in light and dark.

It draws nothing: templates and style sheets take their values from here.
"""

from __future__ import annotations

import colorsys
import re
from dataclasses import dataclass, fields
from functools import lru_cache

FONT_STACK = "'Apple SD Gothic Neo','Malgun Gothic','Noto Sans KR','Noto Sans CJK KR',sans-serif"
COLUMN = 600  # px, one column of an email
MARGIN = 28  # px, from the column's edge to its text
WEB_COLUMN = "44rem"
LINE_HEIGHT = "1.6"

READABLE = 4.5  # WCAG 2.2, success criterion 1.4.3: the contrast of text


class BadColour(ValueError):
    """A colour that is not #rrggbb (or #rgb)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Colours:
    """One scheme, every value #rrggbb."""

    canvas: str  # around the column
    paper: str  # the column
    panel: str  # quiet boxes
    ink: str
    muted: str  # sources, times, captions
    hairline: str  # thin rules; carries no meaning
    accent: str  # readable as text on canvas, paper and panel
    on_accent: str  # readable on accent


@dataclass(frozen=True, slots=True, kw_only=True)
class Type:
    """Sizes in px."""

    masthead: int = 30
    lead: int = 25
    temperature: int = 30
    headline: int = 19
    body: int = 16
    small: int = 14  # nothing is smaller


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """Steps in px."""

    hair: int = 4
    small: int = 8
    medium: int = 16
    large: int = 28
    huge: int = 44


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    light: Colours
    dark: Colours
    type: Type = Type()
    space: Space = Space()
    font: str = FONT_STACK
    column: int = COLUMN
    margin: int = MARGIN


_LIGHT = {
    "canvas": "#f4f2ec",
    "paper": "#fffefb",
    "panel": "#f8f6f0",
    "ink": "#1c1b18",
    "muted": "#5d5a52",
    "hairline": "#dcd8cd",
}
_DARK = {
    "canvas": "#121311",
    "paper": "#1b1c1a",
    "panel": "#242522",
    "ink": "#eceae3",
    "muted": "#b4b0a5",
    "hairline": "#3b3b36",
}


@lru_cache(maxsize=64)
def tokens(accent: str) -> Tokens:
    """The tokens of an outlet: its accent made readable (4.5:1) on every surface. Raises BadColour."""
    return Tokens(light=_scheme(_LIGHT, accent, lighter=False), dark=_scheme(_DARK, accent, lighter=True))


def css_variables(tokens: Tokens) -> str:
    """CSS custom properties for web and feed pages: --ink, --accent, …, light by default and dark on request."""
    sizes = "".join(f"--size-{f.name}:{getattr(tokens.type, f.name) / 16:g}rem;" for f in fields(tokens.type))
    spaces = "".join(f"--space-{f.name}:{getattr(tokens.space, f.name) / 16:g}rem;" for f in fields(tokens.space))
    base = f"--font:{tokens.font};--column:{WEB_COLUMN};--line-height:{LINE_HEIGHT};{sizes}{spaces}"
    dark = _variables(tokens.dark)
    return (
        f":root{{color-scheme:light dark;{base}{_variables(tokens.light)}}}"
        f"@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}}}}}"
        f":root[data-theme=dark]{{color-scheme:dark;{dark}}}"
        ":root[data-theme=light]{color-scheme:light}"
    )


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def six_digits(colour: str) -> str:
    """#rrggbb in lower case. Raises BadColour."""
    found = re.fullmatch(r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})", colour.strip())
    if not found:
        raise BadColour(f"{colour!r} is not a colour; write it as six hexadecimal digits, for example #1a5fb4")
    digits = found[1].lower()
    return "#" + (digits if len(digits) == 6 else "".join(d * 2 for d in digits))


def _variables(colours: Colours) -> str:
    return "".join(f"--{f.name.replace('_', '-')}:{getattr(colours, f.name)};" for f in fields(colours))


def _scheme(surfaces: dict[str, str], accent: str, *, lighter: bool) -> Colours:
    backgrounds = (surfaces["canvas"], surfaces["paper"], surfaces["panel"])
    readable = _readable(six_digits(accent), backgrounds, lighter=lighter)
    on_accent = max(("#ffffff", surfaces["paper"], "#000000"), key=lambda c: contrast(c, readable))
    return Colours(**surfaces, accent=readable, on_accent=on_accent)


def _readable(colour: str, backgrounds: tuple[str, ...], *, lighter: bool) -> str:
    """The nearest shade of the same hue that reads on all backgrounds."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_channels(colour))
    step = 0.01 if lighter else -0.01
    while any(contrast(colour, b) < READABLE for b in backgrounds) and 0 <= lightness <= 1:
        lightness += step
        colour = _hex(colorsys.hls_to_rgb(hue, min(1.0, max(0.0, lightness)), saturation))
    return colour


def _hex(channels: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{round(c * 255):02x}" for c in channels)


def _channels(colour: str) -> tuple[float, float, float]:
    digits = six_digits(colour)[1:]
    red, green, blue = (int(digits[n : n + 2], 16) / 255 for n in (0, 2, 4))
    return red, green, blue


def _luminance(colour: str) -> float:
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
