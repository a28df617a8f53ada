"""Which of our languages a page speaks to a reader; the words themselves are render's.

It reads no catalogue.
"""

from __future__ import annotations

from syndication.render.words import LANGUAGES, SOURCE


def negotiate(accept_language: str) -> str:
    """The best of our languages for an Accept-Language header; Korean when it names none of them."""
    best, quality = SOURCE, 0.0
    for part in accept_language[:1000].split(","):
        tag, _, parameter = part.strip().partition(";")
        language = tag.strip().lower().partition("-")[0]
        weight = _weight(parameter)
        if language in LANGUAGES and weight > quality:
            best, quality = language, weight
    return best


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return max(0.0, min(1.0, float(value)))
    except ValueError:
        return 0.0
