"""Fills the templates of an email: Jinja with our own escaping, so that content can form no tag, slot or mark.

It reads no files (template texts are handed in) and knows nothing of stories or weather.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import TracebackType
from typing import Any

import jinja2
from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from syndication.render import mjml, text
from syndication.render.mjml import BadTemplate
from syndication.render.mjml_lint import Problem, lint

FOLDER = "email/"
SLOTS = ("subject", "preheader", "unsubscribe_url", "preferences_url", "view_url")

# Characters that neither escaped nor plain content can hold.
SLOT = re.compile("\x02([a-z_]+)\x03")
_HTML_SLOT = re.compile(r"\{slot:([a-z_]+)\}")
_HTML_MARK = re.compile(r"<!--block:(\d+)-->")
_TEXT_MARK = re.compile("\x02block:(\\d+)\x03\n?")


class Templates:
    """The email templates of a publisher, linted and compiled once."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        """`sources` by name (email/digest.mjml …). Raises BadTemplate for what must not be rendered."""
        self.sources = dict(sources)
        problems = [p for name, s in sorted(sources.items()) if name.endswith(".mjml") for p in lint(s, name)]
        if problems:
            raise BadTemplate(*problems)
        self._html = _environment(self.sources, mjml.escape)
        self._text = _environment(self.sources, lambda value: _as_it_is(value, text.plain))

    def html(self, name: str, values: Mapping[str, object]) -> str:
        """The MJML document filled and rendered, its slots and marks in place."""
        return _HTML_SLOT.sub("\x02\\1\x03", mjml.render(self.document(name, values), f"{name} (filled)"))

    def document(self, name: str, values: Mapping[str, object]) -> str:
        """The MJML document filled, not yet rendered."""
        slots = {slot: Markup(f"{{slot:{slot}}}") for slot in SLOTS}  # noqa: S704 - a constant of ours
        return _filled(self._html, name, {**values, "slot": slots})

    def text(self, name: str, values: Mapping[str, object]) -> str:
        slots = {slot: Markup(f"\x02{slot}\x03") for slot in SLOTS}  # noqa: S704 - a constant of ours
        return _filled(self._text, name, {**values, "slot": slots})


def templates_of(sources: Mapping[str, str]) -> Templates:
    """The email templates among `sources`; the same texts are linted and compiled only once."""
    named = ((k if k.startswith(FOLDER) else FOLDER + k, v) for k, v in sources.items())
    return _templates(tuple(sorted((k, v) for k, v in named if k.rpartition(".")[2] in ("mjml", "txt", "css"))))


@lru_cache(maxsize=8)
def _templates(sources: tuple[tuple[str, str], ...]) -> Templates:
    return Templates(dict(sources))


# --- blocks ----------------------------------------------------------------------------------


def html_mark(number: int) -> Markup:
    return Markup(f"<!--block:{number}-->")  # noqa: S704 - a number


def text_mark(number: int) -> Markup:
    return Markup(f"\x02block:{number}\x03")  # noqa: S704 - a number


def cut_html(html: str, count: int, name: str) -> tuple[str, ...]:
    """The pieces between the marks 1 … count-1; the first piece begins where the document does."""
    return _cut(_HTML_MARK, html, count, name)


def cut_text(filled: str, count: int, name: str) -> tuple[str, ...]:
    return _cut(_TEXT_MARK, filled, count, name)


def _cut(mark: re.Pattern[str], whole: str, count: int, name: str) -> tuple[str, ...]:
    pieces = mark.split(whole)
    numbers = [int(n) for n in pieces[1::2]]
    if numbers != list(range(1, count)):
        raise BadTemplate(
            _problem(name, "the marks of its blocks are not complete or not in order", "mark every block")
        )
    return tuple(pieces[0::2])


# --- Jinja -----------------------------------------------------------------------------------


def _environment(sources: Mapping[str, str], finalize: Any) -> Environment:
    def load(name: str) -> tuple[str, str, Any] | None:
        return (sources[name], name, lambda: True) if name in sources else None

    return Environment(
        loader=FunctionLoader(load),
        autoescape=True,  # `finalize` has escaped by then; this keeps what macros give from being escaped twice
        finalize=finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _as_it_is(value: object, change: Any) -> Markup:
    return value if isinstance(value, Markup) else Markup(change(value))  # noqa: S704 - plain text, not HTML


def _filled(environment: Environment, name: str, values: Mapping[str, object]) -> str:
    try:
        return environment.get_template(name).render(values)
    except jinja2.TemplateNotFound as error:
        raise BadTemplate(_problem(name, f"there is no template {error.name}", "add it")) from error
    except jinja2.TemplateSyntaxError as error:
        what = error.message or "it is no Jinja"
        raise BadTemplate(_problem(error.name or name, what, "see the Jinja documentation", error.lineno)) from error
    except (jinja2.TemplateError, TypeError, KeyError) as error:
        where, line = _place(error.__traceback__, name)
        raise BadTemplate(_problem(where, str(error), "use the names that digest.mjml uses", line)) from error


def _place(trace: TracebackType | None, name: str) -> tuple[str, int]:
    """The innermost template line of a traceback, which Jinja rewrites to name templates."""
    place = (name, 1)
    for frame in _frames(trace):
        if frame.tb_frame.f_code.co_filename.startswith(FOLDER):
            place = (frame.tb_frame.f_code.co_filename, frame.tb_lineno)
    return place


def _frames(trace: TracebackType | None) -> Iterable[TracebackType]:
    while trace:
        yield trace
        trace = trace.tb_next


def _problem(template: str, what: str, instead: str, line: int = 1) -> Problem:
    return Problem(template=template, line=line, what=what, instead=instead)
