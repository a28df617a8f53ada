"""The canonical record of a feed's item and head, and what makes one fit to be published in any dialect.

It writes no dialect and chooses no items: `feeds` renders, `feed_digest` and `feed_articles` fill the records.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from urllib.parse import quote, urlsplit, urlunsplit

import idna
import nh3

from syndication.core.flow import one_line
from syndication.core.model import Image, Weather

LONGEST_REASON = 500
MAX_FIELD = 300_000  # characters of one field: a whole feed has to stay under 2 MB


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    term: str
    scheme: str | None = None  # absolute URL of the vocabulary


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    url: str
    type: str
    length: int = 0  # octets; 0 = unknown (RSS Advisory Board profile)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedItem:
    """One item in every dialect. Text fields are plain text, `content_html` is safe markup.

    Dates of feeds are instants, so an item with a bare `published_on` carries none: an invented midnight would be a lie
    that readers sort by. Its day stands in the text instead. `updated_at` is the Revision's time."""

    id: str  # a tag: URI minted once, or what an older feed of the publisher called it
    uri: str | None = None  # Atom asks for a URI: what stands there when `id` is none
    title: str
    url: str | None
    updated_at: datetime
    summary: str | None = None
    content_html: str | None = None
    published_at: datetime | None = None
    published_on: date | None = None
    authors: tuple[str, ...] = ()
    categories: tuple[Category, ...] = ()
    rights: str | None = None
    images: tuple[Image, ...] = ()
    enclosure: Enclosure | None = None
    language: str = "ko"
    appeared_at: datetime | None = None  # when it came into our feeds
    weather: Weather | None = None  # of a digest; JSON Feed carries it as an extension
    unmade: str | None = None  # why it could not even be made of what is stored


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHead:
    """What a feed says of itself. `updated_at` is None only for a feed that never had an item."""

    id: str
    title: str
    description: str
    self_url: str
    site_url: str
    language: str
    author: str
    rights: str
    updated_at: datetime | None
    ttl: int = 15  # minutes; readers wait at least this long, so a long one delays corrections
    hub: str | None = None
    stylesheet: str | None = None  # reference of an XSL stylesheet, relative to the feed
    logo: str | None = None  # address of a JPEG, PNG or GIF, at most 144 x 400
    deleted_url: str | None = None  # the document of tombstones (RFC 6721)
    current_url: str | None = None  # of an archive page: the feed it belongs to (RFC 5005)
    prev_url: str | None = None  # the archive page before
    next_url: str | None = None  # of an archive page: the one after

    @property
    def archived(self) -> bool:
        """Whether this is a page of an archive, which never changes."""
        return self.current_url is not None


class Unfit(ValueError):
    """An item that cannot be published; the message says why."""


def unmade(item_id: str, updated_at: datetime, error: Exception) -> FeedItem:
    """What stands for an item that could not be made of what is stored: it goes into quarantine, and harms no other."""
    reason = f"it cannot be rendered: {error or type(error).__name__}"
    return FeedItem(id=item_id, title="", url=None, updated_at=updated_at, unmade=reason[:LONGEST_REASON])


# --- text ------------------------------------------------------------------------------------

# Not allowed in XML 1.0 (§2.2), besides C1 controls, noncharacters and U+FFFD, which validators and browsers reject.
_ILLEGAL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffd-\uffff"
    + "".join(f"{chr(plane * 0x10000 + 0xFFFE)}{chr(plane * 0x10000 + 0xFFFF)}" for plane in range(1, 17))
    + "]"
)


# UTF-8 that somebody read as Latin-1: validators take such pairs for what they were.
_MISREAD_PAIR = re.compile("[\xc2\xc3][\xa0-\xbf]")
# Nearly every text is made of these alone; looking for what must go costs more than rendering.
_SOUND = re.compile("[\t\n -~\u00b7\u2013-\u201d\u2026\u3000-\ud7ff]*+")


def legal(text: str) -> str:
    """Markup without the characters that XML 1.0 forbids; line ends as \\n, misread UTF-8 put right."""
    if _SOUND.fullmatch(text):
        return text
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    while (better := _reread(_ILLEGAL.sub("", text))) != text:
        text = better
    return text


def _reread(text: str) -> str:
    """Text whose letters are UTF-8 read as Latin-1, as it was meant: in pairs, or as a whole, as feedparser does."""
    text = _MISREAD_PAIR.sub(lambda pair: pair.group().encode("latin-1").decode("utf-8"), text)
    try:
        return text if text.isascii() else text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


# Words that need no cleaning; most do not, and cleaning costs more than rendering.
_ORDINARY = re.compile("(?:[!-%'-;=-~가-힣·©…‘’“”]++ ?)++(?<! )")
_TAKEN_FOR_HTML = re.compile(r"<(?=/\w+>)|&(?=#?\w+;)")
_WIDE = {"<": "＜", "&": "＆"}


def plain(text: str) -> str:
    """One line of text that every dialect can carry and every reader gives back as it is.

    RSS cannot tell text from markup, so readers guess by closing tags and entities (feedparser's lookslikehtml) and
    rewrite what they find. The sign that begins one stands in its wide form; every other sign stays."""
    if _ORDINARY.fullmatch(text):
        return text
    while (line := legal(one_line(text))) != text:  # what is taken out may bring together what must go as well
        text = line
    return _TAKEN_FOR_HTML.sub(lambda sign: _WIDE[sign.group()], line)


def optional(text: str | None) -> str | None:
    return (plain(text) or None) if text is not None else None


def several(texts: Iterable[str]) -> tuple[str, ...]:
    """Each once, in order, without empty ones."""
    return tuple(dict.fromkeys(t for t in map(plain, texts) if t))


# --- addresses -------------------------------------------------------------------------------

_PLAIN_URL = re.compile(r"https?://[a-z0-9.-]+(?::\d{1,4})?(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?")
_HOST = re.compile(r"[a-z0-9._-]+")
_NAMED_HOST = re.compile(r"https?://(?:[a-z0-9-]+\.)+[a-z0-9][a-z0-9-]*(?::\d+)?/")
_LIKE_ENTITY = re.compile(r"&(\w+);")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_KEPT = "/%:@!$&'()*+,;=~-._?"
_ID = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")


def public_uri(url: str) -> str | None:
    """An absolute http(s) URI in ASCII (RFC 3986), or None where the address is no such thing.

    Korean paths are percent-encoded and Korean hosts become A-labels, since RSS readers know no IRIs. One with a user
    name, a password or a bare IPv6 host is no public address."""
    if _PLAIN_URL.fullmatch(url) and ";" not in url:
        return url
    url = legal(url).strip()
    while "&amp;" in url:  # escaped once too often by whoever gave it; readers take it for what was meant
        url = url.replace("&amp;", "&")
    try:
        parts = urlsplit(_LIKE_ENTITY.sub(r"&\1%3B", url))  # feedparser takes &copy; for a sign in addresses, too
        host, port = parts.hostname or "", parts.port
        if not host.isascii():
            host = idna.encode(host, uts46=True).decode("ascii")
    except ValueError:  # idna's errors are ValueErrors too
        return None
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host) or parts.username is not None:
        return None
    place = host if port is None else f"{host}:{port}"
    return urlunsplit((parts.scheme, place, _escaped(parts.path), _escaped(parts.query), _escaped(parts.fragment)))


def _escaped(part: str) -> str:
    return quote(_STRAY_PERCENT.sub("%25", part), safe=_KEPT)


# --- an item made fit ------------------------------------------------------------------------

LONGEST_ID = 500
_FIRST_FEEDS = datetime(1990, 1, 1, tzinfo=UTC)  # an older date of a feed is a slip, as validators say
SLACK = timedelta(minutes=10)  # of clocks; a date further ahead is a slip as well


def fit(item: FeedItem) -> FeedItem:
    """The item as every dialect can carry it. Raises Unfit with the reason when it cannot be published at all."""
    if item.unmade is not None:
        raise Unfit(item.unmade)
    for text in (item.title, item.summary, item.content_html):
        if text is not None and len(text) > MAX_FIELD:
            raise Unfit(f"a text of it is longer than {MAX_FIELD:,} characters")
    title = plain(item.title)
    if not title:
        raise Unfit("it has no title")
    url = public_uri(item.url) if item.url is not None else None
    if item.url is not None and url is None:
        raise Unfit(f"its address {item.url[:80]!a} is not an absolute http or https address")
    updated_at = instant(item.updated_at)
    summary = optional(item.summary) or title  # the profile's description before content:encoded, RFC 4287's summary
    content = safe_markup(item.content_html)
    if content is None and url is None:  # RFC 4287 §4.1.1.1: content or an address
        content = html.escape(summary, quote=False)
    return replace(
        item,
        uri=_uri(item),
        title=title,
        url=url,
        summary=summary,
        content_html=content,
        published_at=_plausible(item, updated_at),
        updated_at=updated_at,
        authors=several(name.replace("<", "＜") for name in item.authors),
        categories=_categories(item.categories),
        rights=optional(item.rights),
        images=public_images(item.images),
        enclosure=_enclosure(item.enclosure),
    )


def _uri(item: FeedItem) -> str:
    """What names the item in Atom: its id, where that is a URI."""
    if not item.id or len(item.id) > LONGEST_ID or item.id != plain(item.id):
        raise Unfit(f"its id {item.id[:80]!a} is none that every reader gives back as it is")
    found = as_uri(item.id, item.uri)
    if found is None:
        raise Unfit(f"its id {item.id[:80]!a} is not a URI")
    return found


def as_uri(*names: str | None) -> str | None:
    """The first of several names that is a URI."""
    return next((name for name in names if name is not None and _ID.fullmatch(name)), None)


def _plausible(item: FeedItem, updated_at: datetime) -> datetime | None:
    """The instant of publication; None when unknown, before there were feeds, or later than it could be seen."""
    if item.published_at is None:
        return None
    at = instant(item.published_at)
    seen_at = max(updated_at, instant(item.appeared_at)) if item.appeared_at is not None else updated_at
    return at if _FIRST_FEEDS <= at <= seen_at + SLACK else None


def instant(at: datetime) -> datetime:
    """In UTC to the second. Raises Unfit for a time without a zone or outside of what calendars hold."""
    if at.utcoffset() is None:
        raise Unfit(f"its time {at.isoformat()} has no zone")
    try:
        return at.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        raise Unfit(f"its time {at.isoformat()} is out of range") from None


# What readers and the W3C feed validator's list of safe markup know; ingest keeps no other.
_TAGS = (
    "a b strong i em u s sub sup ruby rt rp br img p div h2 h3 h4 ul ol li blockquote pre figure figcaption hr "
    "table thead tbody tfoot tr td th caption small time span"
)
_CLEANER = nh3.Cleaner(
    tags=set(_TAGS.split()),
    clean_content_tags={"script", "style"},
    attributes={
        "a": {"href"},
        "img": {"src", "alt", "width", "height"},
        "td": {"colspan", "rowspan"},
        "th": {"colspan", "rowspan"},
        "time": {"datetime"},
    },
    url_schemes={"http", "https", "mailto", "tel"},
    url_relative="deny",
    link_rel="noopener noreferrer",
)


# nh3 leaves the tag of a picture whose address it took away.
_NO_PICTURE = re.compile(r'<img(?: (?:alt|width|height)="[^"]*")*>')


def safe_markup(text: str | None) -> str | None:
    """Safe markup without scripts, styles, forms and relative addresses, whoever it came from."""
    if text is None:
        return None
    return _NO_PICTURE.sub("", legal(_CLEANER.clean(legal(text)))).strip() or None


def _categories(categories: tuple[Category, ...]) -> tuple[Category, ...]:
    cleaned = (
        Category(term=plain(c.term), scheme=public_uri(c.scheme) if c.scheme is not None else None) for c in categories
    )
    return tuple(dict.fromkeys(c for c in cleaned if c.term))


def public_images(images: tuple[Image, ...]) -> tuple[Image, ...]:
    """Those with a public address, their words fit for every dialect."""
    return tuple(cleaned for cleaned in map(_image, images) if cleaned is not None)


def _image(image: Image) -> Image | None:
    """None for an image without a public address: the story goes out without it."""
    url = public_uri(image.url)
    if url is None:
        return None
    return Image(
        url=url,
        alt=plain(image.alt),
        credit=optional(image.credit),
        licence=optional(image.licence),
        width=image.width if image.width and image.width > 0 else None,
        height=image.height if image.height and image.height > 0 else None,
        small=public_uri(image.small) if image.small is not None else None,
    )


def _enclosure(enclosure: Enclosure | None) -> Enclosure | None:
    url = public_uri(enclosure.url) if enclosure is not None else None
    if enclosure is None or url is None or not _NAMED_HOST.match(url):
        return None
    if not re.fullmatch(r"[a-z]+/[a-z0-9.+-]+", enclosure.type):
        return None
    return replace(enclosure, url=url, length=max(enclosure.length, 0))


_IMAGE_TYPES = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "avif": "image/avif",
    "svg": "image/svg+xml",
}


def image_type(url: str) -> str | None:
    """The media type that an image's address tells, or None. A table of our own: the system's differs by machine."""
    return _IMAGE_TYPES.get(urlsplit(url).path.rpartition(".")[2].lower())
