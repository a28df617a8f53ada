"""What a Partner is told of a Revision, whatever the dialect: each text fit for XML, JSON and UTF-8.

It writes no dialect. What a Partner may not have or wishes not to have is left out here, once for all dialects.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from syndication.core.catalogue import place_of
from syndication.core.model import ArticleContent, Image, Rights
from syndication.core.prose import summary
from syndication.render.dialects.document import Correction, Document, Pictures, Standing
from syndication.render.feed_articles import mark, paragraphs_html, taken_back
from syndication.render.feed_items import (
    Unfit,
    instant,
    legal,
    optional,
    plain,
    public_images,
    public_uri,
    safe_markup,
    several,
)
from syndication.render.words import Words

GONE = (Standing.WITHHELD, Standing.CANCELED)
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A section, region or tag. `uri` is ours, minted from the name; `code` the Partner's own, where it has one."""

    kind: str  # section, region or tag
    name: str
    uri: str
    code: str | None = None

    @property
    def coded_by_uri(self) -> bool:
        return self.code is not None and public_uri(self.code) == self.code


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One Revision, cleaned. Of what was taken back nothing is left that need not be said."""

    id: str
    version: int
    standing: Standing
    replaces: bool
    language: str
    title: str | None
    mark: str | None  # [기사 취소]: for dialects that have no place for a standing but the title
    subtitle: str | None
    summary: str | None
    paragraphs: tuple[str, ...]
    html: str | None  # the whole text as safe markup
    full: bool
    notice: str | None  # for the public; it stands above the text, whatever is cut
    note: str | None  # for the Partner's editors
    bylines: tuple[str, ...]
    subjects: tuple[Subject, ...]
    pictures: tuple[Image, ...]
    url: str | None
    first_seen_at: datetime
    revised_at: datetime
    published_at: datetime | None
    published_on: date | None
    embargo_until: datetime | None
    holder: str
    provider: str
    rights: Rights
    terms: str | None
    robot: bool
    sponsored: bool

    @property
    def gone(self) -> bool:
        return self.standing in GONE

    @property
    def headed(self) -> str | None:
        """The title with its mark in front."""
        return " ".join(filter(None, (self.mark, self.title))) or None

    @property
    def copyright(self) -> str:
        return f"© {self.holder}"

    @property
    def markup(self) -> str:
        """The text with the notice above it; "" where there is none."""
        above = f"<p><strong>{html.escape(self.notice, quote=False)}</strong></p>" if self.notice else ""
        return above + (self.html or paragraphs_html(self.paragraphs))

    def subjects_of(self, kind: str) -> tuple[Subject, ...]:
        return tuple(subject for subject in self.subjects if subject.kind == kind)

    def picture_id(self, image: Image) -> str:
        """A name for a picture that stays as long as its address does."""
        return f"{self.id}#picture-{hashlib.sha256(image.url.encode()).hexdigest()[:12]}"


def facts(document: Document) -> Facts:
    """Everything that a dialect may say of the Document. Raises Unfit for an embargo that cannot be told."""
    article, content, wishes = document.article, document.article.content, document.wishes
    standing = document.standing
    gone = standing in GONE
    full = wishes.full_text and content.rights is not Rights.NOT_FOR_PASSING_ON and not gone
    opening = optional(summary(content.paragraphs)) if not gone else None
    return Facts(
        id=article.uri,
        version=article.revision,
        standing=standing,
        replaces=document.replaces,
        language=_language(document.language),
        title=None if standing is Standing.WITHHELD else optional(content.title),  # a hold may be about the title
        mark=_mark(document),
        subtitle=optional(content.subtitle) if not gone else None,
        summary=opening,
        paragraphs=_paragraphs(content) if full else tuple(filter(None, (opening,))),
        html=_markup(document) if full else None,
        full=full,
        notice=_notice(document),
        note=_note(document),
        bylines=several(content.bylines) if not gone else (),
        subjects=_subjects(document, gone),
        pictures=_pictures(document) if full else (),
        url=_link(content.url, wishes.link_parameters),
        first_seen_at=instant(article.first_seen_at),
        revised_at=instant(article.revised_at),
        published_at=_sound(content.published_at),
        published_on=content.published_on if content.published_at is None else None,
        embargo_until=_embargo(content.embargo_until, gone),
        holder=optional(content.rights_holder) or plain(document.outlet.name),
        provider=plain(document.outlet.name),
        rights=content.rights,
        terms=optional(wishes.terms),
        robot=content.robot,
        sponsored=content.sponsored,
    )


def _sound(at: datetime | None) -> datetime | None:
    """None for what is no instant: a time without a zone, or one that calendars do not hold."""
    try:
        return instant(at) if at is not None else None
    except Unfit:
        return None


def _embargo(until: datetime | None, gone: bool) -> datetime | None:
    """Raises Unfit for one that cannot be told: without its embargo a story must not go. What is taken back must."""
    return _sound(until) if gone or until is None else instant(until)


def moment(at: datetime) -> str:
    """2026-01-19T21:30:00Z."""
    return f"{at.replace(tzinfo=None).isoformat()}Z"


def _language(tag: str) -> str:
    """BCP 47; und for what is no such tag."""
    tag = tag.replace("_", "-")
    return tag if _LANGUAGE.fullmatch(tag) else "und"


# --- text ------------------------------------------------------------------------------------


def _paragraphs(content: ArticleContent) -> tuple[str, ...]:
    """Plain paragraphs; where only markup is stored, its text."""
    told = [legal(p).strip() for p in content.paragraphs]
    if not any(told) and content.html:
        told = [plain(re.sub("<[^>]*>", "", html.unescape(part))) for part in _parts(safe_markup(content.html) or "")]
    return tuple(filter(None, told))


_FIGURE = re.compile(r"<figure>(?:(?!</?figure>).)*</figure>", re.DOTALL)
_IMG = re.compile(r'<img(?: [a-z]+="[^"]*")*>')  # as the cleaner writes it: every value in quotation marks
_SRC = re.compile(r' src="([^"]*)"')


def _markup(document: Document) -> str | None:
    """The stored markup; a picture in it obeys the Partner's policy as those beside it do, and takes its caption."""
    markup = safe_markup(document.article.content.html)
    if markup is None or document.wishes.pictures is Pictures.ALL:
        return markup
    kept = {image.url for image in _pictures(document)}
    bare = _FIGURE.sub(lambda figure: figure.group() if _all_kept(figure.group(), kept) else "", markup)
    return _IMG.sub(lambda img: img.group() if _all_kept(img.group(), kept) else "", bare) or None


def _all_kept(markup: str, kept: set[str]) -> bool:
    """Whether every picture in it is one of these."""
    sources = (_SRC.search(img) for img in _IMG.findall(markup))
    return all(src is not None and public_uri(html.unescape(src[1])) in kept for src in sources)


def _parts(markup: str) -> list[str]:
    return re.split(r"</(?:p|div|li|tr|h[2-4]|blockquote|pre|figcaption)>|<br>|<hr>", markup)


# --- what became of it -----------------------------------------------------------------------


def _mark(document: Document) -> str | None:
    say = document.say
    match document.standing:
        case Standing.CANCELED | Standing.WITHHELD as standing:
            return mark(standing is Standing.CANCELED, say)
        case Standing.EMBARGOED:
            return say("[엠바고]")
        case Standing.CORRECTED if document.correction is not None:
            return f"[{correction_words(document.correction, say)}]"
    return None


def correction_words(kind: Correction | None, say: Words) -> str:
    """What a kind of correction is called in Korean press law, and in English."""
    match kind:
        case Correction.CORRECTION:
            return say("정정보도")
        case Correction.REPLY:
            return say("반론보도")
        case Correction.FOLLOW_UP:
            return say("추후보도")
    return say("바로잡음")


def _notice(document: Document) -> str | None:
    said, say, standing = optional(document.notice), document.say, document.standing
    if standing in GONE:
        return taken_back(said, canceled=standing is Standing.CANCELED, say=say)
    told = document.correction is not None or standing is Standing.CORRECTED
    return f"[{correction_words(document.correction, say)}] {said}" if said and told else None


def _note(document: Document) -> str | None:
    """What the Partner's editors have to do with it."""
    say = document.say
    match document.standing:
        case Standing.USABLE:
            return None
        case Standing.UPDATED:
            return say("앞서 보낸 기사를 대신합니다.")
        case Standing.CORRECTED:
            told = _notice(document) or f"[{correction_words(document.correction, say)}]"
            return f"{told} {say('앞서 보낸 기사를 대신합니다.')}" if document.replaces else told
        case Standing.EMBARGOED:
            return say("{until} 전에는 보도할 수 없습니다.", until=_until(document))
        case Standing.WITHHELD:
            return f"{_notice(document)} {say('다시 알릴 때까지 보도를 멈춰 주십시오.')}"
        case Standing.CANCELED:
            return f"{_notice(document)} {say('앞서 보낸 판을 모두 내려 주십시오.')}"


def _until(document: Document) -> str:
    until = document.article.content.embargo_until
    assert until is not None
    try:
        on = until.astimezone(ZoneInfo(document.zone)).date()
        return f"{document.say.day(on)} {document.say.hour(until, document.zone)}"
    except OverflowError:  # the last day of the calendar: for ever
        return moment(instant(until))


# --- what belongs to it ----------------------------------------------------------------------


def _subjects(document: Document, gone: bool) -> tuple[Subject, ...]:
    content = document.article.content
    pairs = [("section", content.section), ("region", content.region)]
    pairs += [("tag", tag) for tag in content.tags] if not gone else []
    named = dict.fromkeys((kind, plain(word)) for kind, word in pairs if word)
    return tuple(_subject(document, kind, name) for kind, name in named if name)


def _subject(document: Document, kind: str, name: str) -> Subject:
    uri = f"{document.outlet.url}/terms/{kind}/{quote(place_of(name), safe='')}"
    return Subject(kind=kind, name=name, uri=uri, code=optional(document.wishes.codes.get(name)))


def _pictures(document: Document) -> tuple[Image, ...]:
    found: Iterable[Image] = {image.url: image for image in public_images(document.article.content.images)}.values()
    match document.wishes.pictures:
        case Pictures.NONE:
            return ()
        case Pictures.CREDITED:
            return tuple(image for image in found if image.credit is not None)
        case Pictures.ALL:
            return tuple(found)


def _link(url: str | None, parameters: tuple[tuple[str, str], ...]) -> str | None:
    """The public address with a Partner's parameters; one of the same name gives way."""
    found = public_uri(url) if url is not None else None
    if found is None or not parameters:
        return found
    parts, ours = urlsplit(found), {plain(name): plain(value) for name, value in parameters}
    kept = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in ours]
    return urlunsplit(parts._replace(query=urlencode([*kept, *ours.items()])))
