"""Laws of the design tokens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.render.tokens import READABLE, BadColour, contrast, css_variables, six_digits, tokens

COLOURS = st.integers(0, 0xFFFFFF).map(lambda n: f"#{n:06x}")


@given(COLOURS)
def test_any_accent_becomes_readable_on_every_surface(accent: str) -> None:
    for scheme in (tokens(accent).light, tokens(accent).dark):
        for surface in (scheme.canvas, scheme.paper, scheme.panel):
            assert contrast(scheme.accent, surface) >= READABLE
            assert contrast(scheme.ink, surface) >= 7
            assert contrast(scheme.muted, surface) >= READABLE
        assert contrast(scheme.on_accent, scheme.accent) >= READABLE


def test_a_readable_accent_is_left_alone() -> None:
    assert tokens("#1a5fb4").light.accent == "#1a5fb4"


def test_contrast_of_black_on_white_is_21() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("wrong", ["blue", "#12", "1a5fb4", "#1a5fb4; x", ""])
def test_what_is_no_colour_is_refused_with_an_example(wrong: str) -> None:
    with pytest.raises(BadColour, match="#1a5fb4"):
        tokens(wrong)


def test_three_digits_become_six() -> None:
    assert six_digits("#FFf") == "#ffffff"


def test_variables_hold_both_schemes() -> None:
    css = css_variables(tokens("#1a5fb4"))
    assert "--ink:#1c1b18;" in css
    assert "--ink:#ecea" in css
    assert css.count("{") == css.count("}")
