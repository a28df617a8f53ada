"""One item of a JSON answer, in our words, into a draft of an Article: the body sanitised, the date read, names clean.

It knows no format; whoever reads one fills an Entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from syndication.core.bylines import signed
from syndication.core.dates import Moment, parse_moment
from syndication.core.drafts import Draft, made_title, named, told
from syndication.core.flow import one_line
from syndication.core.identity import clean_link
from syndication.core.markup import Clean, absolute, as_text, sanitise
from syndication.core.model import ArticleContent, Image, Reading, SetAside
from syndication.core.shape import Unreadable

MAX_ITEM = 2_000_000  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One item as its writer gave it; empty where it gave nothing."""

    title: str = ""
    subtitle: str = ""
    html: str = ""
    text: str = ""
    url: str = ""
    guid: str = ""
    section: str = ""
    region: str = ""
    tags: Sequence[str] = ()
    bylines: Sequence[str] = ()
    images: Sequence[Image] = ()  # before those of the text; their addresses may be relative
    published: str = ""
    embargo: str = ""
    robot: bool = False
    sponsored: bool = False


def draft(entry: Entry, base: str | None) -> Draft | str:
    """A draft of the Article, or the reason why there is none."""
    name = f"{entry.title[:80]!r}"
    if len(entry.html) + len(entry.text) > MAX_ITEM:
        return f"{name}: the item is longer than {MAX_ITEM:,} characters"
    link = absolute(entry.url, base) if entry.url else None
    try:
        clean = _clean(entry, link or base)
    except Unreadable as fault:
        return f"{name}: {fault}"
    title = entry.title or made_title(clean.paragraphs)
    if not title:
        return "the item has neither title nor text"
    if not clean.paragraphs:
        return f"{name}: it has a title but no text"
    prose = signed(told(clean.paragraphs))
    moment, embargo = _moment(entry.published), _moment(entry.embargo)
    content = ArticleContent(
        title=title,
        subtitle=entry.subtitle or None,
        paragraphs=prose.paragraphs,
        html=None if clean.plain else clean.html,
        section=entry.section or None,
        region=entry.region or None,
        url=clean_link(link) if link else None,
        bylines=tuple(dict.fromkeys(b for b in entry.bylines if b and "@" not in b)) or prose.bylines,
        tags=tuple(dict.fromkeys(tag for tag in entry.tags if tag)),
        images=_images(entry, clean, link or base),
        published_at=moment.at if moment else None,
        published_on=moment.on if moment and moment.at is None else None,
        embargo_until=embargo.at if embargo else None,
        robot=entry.robot,
        sponsored=entry.sponsored,
    )
    return Draft(content=content, guid=entry.guid or None, known_as=entry.guid or entry.url or None)


def reading(read: Iterable[Entry | str], *, outlet: str, base: str | None, warnings: Sequence[str] = ()) -> Reading:
    """What items say, in order; the reasons among them are set aside, as is what makes no Article."""
    drafts: list[Draft] = []
    bad: list[SetAside] = []
    for number, entry in enumerate(read, 1):
        made = entry if isinstance(entry, str) else draft(entry, base)
        if isinstance(made, str):
            bad.append(SetAside(what=f"item {number}", reason=made))
        else:
            drafts.append(made)
    return Reading(articles=tuple(named(drafts, outlet)), set_aside=tuple(bad), warnings=tuple(warnings))


def _clean(entry: Entry, base: str | None) -> Clean:
    if entry.html.strip():
        clean = sanitise(entry.html, base)
        if clean.paragraphs or not entry.text.strip():
            return clean
    return as_text(entry.text)


def _moment(text: str) -> Moment | None:
    moment = parse_moment(text) if text else None
    return moment if moment is not None and moment.on.year > 1970 else None


def _images(entry: Entry, clean: Clean, base: str | None) -> tuple[Image, ...]:
    once: dict[str, Image] = {}
    for image in entry.images:
        address = absolute(one_line(image.url), base)
        if address:
            once.setdefault(address, Image(url=address, alt=image.alt, credit=image.credit))
    for image in clean.images:
        once.setdefault(image.url, image)
    return tuple(once.values())
