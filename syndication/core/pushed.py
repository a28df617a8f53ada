"""What a CMS pushes: JSON of our own shape, held to a schema, into Articles and withdrawals.

It knows no token and stores nothing; a push that breaks the schema is refused whole, with every fault named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError, model_validator

from syndication.core import entries
from syndication.core.entries import Entry
from syndication.core.identity import article_number, clean_link, identity
from syndication.core.markup import absolute
from syndication.core.model import Image, Reading
from syndication.core.objects import body, load, plain, words
from syndication.core.shape import Unreadable

MOST = 200  # articles of one push
_Word = Annotated[str, StringConstraints(max_length=500)]
_Address = Annotated[str, StringConstraints(max_length=2000, pattern=r"^https?://\S+$")]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class PushedImage(_Shape):
    url: _Address
    alt: _Word = ""
    credit: _Word | None = None


class PushedArticle(_Shape):
    """One article. `id` is the CMS's own, the same for ever: pushed again it is a Revision."""

    id: Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
    status: Literal["usable", "withdrawn"] = "usable"
    reason: _Word = ""  # of a withdrawal
    title: _Word = ""
    subtitle: _Word = ""
    html: str = ""
    text: str = ""
    url: _Address | None = None
    section: _Word = ""
    region: _Word = ""
    tags: Annotated[list[_Word], Field(max_length=50)] = []
    bylines: Annotated[list[_Word], Field(max_length=20)] = []
    images: Annotated[list[PushedImage], Field(max_length=50)] = []
    published: Annotated[datetime, Field(strict=False)] | None = None
    embargo: Annotated[datetime, Field(strict=False)] | None = None
    robot: bool = False
    sponsored: bool = False

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> PushedArticle:
        if self.status == "usable" and not (self.title.strip() and (self.html.strip() or self.text.strip())):
            raise ValueError("a usable article needs a title, and html or text")
        for at in (self.published, self.embargo):
            if at is not None and at.tzinfo is None:
                raise ValueError("an instant needs its offset, such as 2026-01-20T05:30:00+09:00")
        return self


class Push(_Shape):
    articles: Annotated[list[PushedArticle], Field(min_length=1, max_length=MOST)]


_PUSH = TypeAdapter(Push)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A push that fits the schema: what it brings, and what it withdraws (identity, reason)."""

    reading: Reading
    withdrawn: Sequence[tuple[str, str]] = ()


class Refused(ValueError):
    """A push that does not fit the schema; `faults` say where and why."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("; ".join(faults[:3]))
        self.faults = tuple(faults)


def read_push(octets: bytes, *, outlet: str) -> Taken:
    """What a push says. Raises Refused."""
    try:
        push = _PUSH.validate_python(load(octets))
    except Unreadable as fault:
        raise Refused([str(fault)]) from None
    except ValidationError as error:
        raise Refused([_fault(one["loc"], one["msg"]) for one in error.errors(include_input=False)[:20]]) from None
    seen = [article.id for article in push.articles]
    twice = sorted({name for name in seen if seen.count(name) > 1})
    if twice:
        raise Refused([f"the id {plain(twice[0])[:50]!r} stands there twice"])
    usable = [_entry(article) for article in push.articles if article.status == "usable"]
    withdrawn = [
        (_identity(article, outlet), words(article.reason) or "withdrawn by the CMS")
        for article in push.articles
        if article.status == "withdrawn"
    ]
    return Taken(reading=entries.reading(usable, outlet=outlet, base=None), withdrawn=tuple(withdrawn))


def schema() -> dict[str, object]:
    """The JSON Schema of a push, for those who write to us."""
    return _PUSH.json_schema()


def _fault(place: Sequence[str | int], why: str) -> str:
    where = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).lstrip(".")
    return f"{where}: {why}" if where else why


def _entry(article: PushedArticle) -> Entry:
    return Entry(
        title=words(article.title),
        subtitle=words(article.subtitle),
        html=body(article.html),
        text=body(article.text),
        url=plain(article.url),
        guid=plain(article.id),
        section=words(article.section),
        region=words(article.region),
        tags=[words(tag) for tag in article.tags],
        bylines=[words(name) for name in article.bylines],
        images=[Image(url=i.url, alt=words(i.alt), credit=words(i.credit) or None) for i in article.images],
        published=article.published.isoformat() if article.published else "",
        embargo=article.embargo.isoformat() if article.embargo else "",
        robot=article.robot,
        sponsored=article.sponsored,
    )


def _identity(article: PushedArticle, outlet: str) -> str:
    """The identity that the article itself was given when it was pushed."""
    link = absolute(plain(article.url), None)
    link = clean_link(link) if link else None
    guid = plain(article.id)
    number = (link and article_number(link)) or article_number(guid)
    return identity(outlet, number=number, guid=guid, url=link, title=guid)
