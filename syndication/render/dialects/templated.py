"""A contract's own XML or JSON from a Jinja template, for formats that nobody publishes.

A template sees plain values only and can call nothing of ours; whatever a story holds, what comes out is well-formed
and says the story's words, never markup of their making.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
from jinja2 import StrictUndefined, nodes
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from lxml import etree
from markupsafe import Markup

from syndication.render.dialects.document import Document, Rendering, Template
from syndication.render.dialects.facts import Facts, facts, moment
from syndication.render.dialects.plain_json import data
from syndication.render.dialects.written import rendering

KINDS = ("xml", "json")
_PLAIN = (str, int, float, bool, type(None))
_UNSURE = ("safe", "random", "tojson", "xmlattr", "urlize", "pprint", "forceescape", "escape", "e")
_CLOCK = re.compile(r"(?:%[YmdHMSyjz%]|[^%])*")  # directives that mean the same in every locale
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)


class BadTemplate(ValueError):
    """A template that cannot be filled, or not as what it says it is; the message says why and where."""


def render(document: Document) -> Rendering:
    """What the Partner's template makes of the Revision. Raises BadTemplate."""
    template = document.wishes.template
    if template is None:
        raise BadTemplate("the profile names no template")
    body = _filled(template, _values(document))
    _check(template.kind, body)
    return rendering(document, body, template.content_type, template.extension)


def check(template: Template) -> None:
    """Raises BadTemplate for what could not be filled with any Revision."""
    _compiled(template.text, template.kind)


def _values(document: Document) -> Mapping[str, Any]:
    """What a template may name: the keys of plain JSON, and a few besides."""
    of: Facts = facts(document)
    return {
        **data(document, of),
        "mark": of.mark,
        "headed": of.headed,
        "subtitle": of.subtitle,
        "summary": of.summary,
        "markup": None if of.gone else of.markup,
        "copyright": of.copyright,
        "provider": of.provider,
        "name": document.name,
        "subjects": [{"kind": s.kind, "name": s.name, "uri": s.uri, "code": s.code} for s in of.subjects],
        "modified": moment(of.revised_at),
    }


def _filled(template: Template, values: Mapping[str, Any]) -> bytes:
    try:
        return _compiled(template.text, template.kind).render(values).encode()
    except SecurityError as error:
        raise BadTemplate(f"the template asks for what no template may: {error}") from error
    except (
        jinja2.TemplateError,
        ArithmeticError,
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
        RecursionError,
    ) as error:
        raise BadTemplate(f"the template cannot be filled: {error}") from error


@lru_cache(maxsize=64)
def _compiled(text: str, kind: str) -> jinja2.Template:
    if kind not in KINDS:
        raise BadTemplate(f"a template is of kind {' or '.join(KINDS)}, not {kind!a}")
    try:
        tree = _environment(kind).parse(text)
        if any(tree.find_all((nodes.ScopedEvalContextModifier, nodes.EvalContextModifier))):
            raise BadTemplate("escaping cannot be switched off")
        return _environment(kind).from_string(text)
    except jinja2.TemplateSyntaxError as error:
        raise BadTemplate(f"line {error.lineno}: {error.message}") from error
    except jinja2.TemplateError as error:
        raise BadTemplate(str(error)) from error


@lru_cache(maxsize=2)
def _environment(kind: str) -> ImmutableSandboxedEnvironment:
    """No loader, no globals, nothing by chance; in XML values are escaped, in JSON every value is written as JSON."""
    made = ImmutableSandboxedEnvironment(
        autoescape=kind == "xml",
        undefined=StrictUndefined,
        finalize=_in_xml if kind == "xml" else _in_json,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.clear()
    for name in _UNSURE:
        made.filters.pop(name, None)
    made.filters["clock"] = clock
    if kind == "xml":
        made.filters["cdata"] = cdata
    return made


def _in_xml(value: Any) -> Any:
    if isinstance(value, jinja2.Undefined):
        str(value)  # raises with the name
    if not isinstance(value, _PLAIN):
        raise TypeError(f"a {type(value).__name__} cannot be written down")
    return "" if value is None else value


def _in_json(value: Any) -> str:
    """A string in its quotation marks, a list as a list. Also fit for a page: no < gets out."""
    if isinstance(value, jinja2.Undefined):
        str(value)  # raises with the name
    return json.dumps(value, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")


def cdata(value: str | None) -> Markup:
    """A CDATA section; ]]> in it ends one and begins another."""
    return Markup("<![CDATA[{}]]>").format(Markup(str(value or "").replace("]]>", "]]]]><![CDATA[>")))  # noqa: S704


def clock(value: str | None, form: str, zone: str = "UTC") -> str | None:
    """An instant as a contract spells it: published_at|clock("%Y%m%d%H%M", "Asia/Seoul"). Numbers only."""
    if value is None:
        return None
    if not _CLOCK.fullmatch(form):
        raise ValueError(f"{form!a} is no form for clock: %Y %m %d %H %M %S %y %j %z")
    return datetime.fromisoformat(value).astimezone(ZoneInfo(zone)).strftime(form)


def _check(kind: str, body: bytes) -> None:
    """Raises BadTemplate when what came out is no XML or no JSON."""
    try:
        if kind == "json":
            json.loads(body, parse_constant=_refuse)
        elif etree.fromstring(body, _PARSER).getroottree().docinfo.encoding not in ("UTF-8", "utf-8", None):
            raise ValueError("it names another encoding than UTF-8")
    except (ValueError, etree.XMLSyntaxError) as error:
        raise BadTemplate(f"what came out is no {kind.upper()}: {error}") from error


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no JSON")
