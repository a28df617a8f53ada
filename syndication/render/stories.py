"""What a reader sees of a story: headline, words, source and time, picture; in as many words as there is room for.

It drops no story: where all else fails it shortens, and says how many are only behind a link.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import accumulate
from urllib.parse import urlsplit

from wcwidth import iter_graphemes

from syndication.core.links import article_anchor
from syndication.core.model import ArticleStatus, Image, IssueItem, Outlet
from syndication.core.prose import ELLIPSIS, folded, opening
from syndication.core.quotes import outside
from syndication.render.words import Words

LEAD_PICTURE = 544  # px wide, the column less its margins
SMALL_PICTURE = 120
_LONGEST_SIGN = 40  # characters that one sign may be made of
LONGEST_LINK = 1000  # characters; a longer one gives way to the story's place on the Issue's page
_PLAIN_ADDRESS = re.compile(r"https?://[a-z0-9][a-z0-9.-]*/[!-~]*")  # no need to take it apart


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How much of each story is shown. The first that fits the size budget is taken."""

    lead_picture: bool = True
    small_pictures: bool = True
    lead_words: int = 420  # characters of the lead's two sentences
    words: int = 260  # characters of the one sentence of any other story; 0 = none
    title: int = 220
    meta: bool = True
    most: int | None = None  # stories per section, the rest behind a counted link
    spare: bool = False  # weather cells without forecast lines, sections on plainer tables


_HEADLINES = Room(small_pictures=False, lead_picture=False, lead_words=0, words=0, title=110, meta=False, spare=True)
ROOMS = (
    Room(),
    Room(small_pictures=False),
    Room(small_pictures=False, words=120),
    Room(small_pictures=False, lead_picture=False, lead_words=260, words=70, spare=True),
    Room(small_pictures=False, lead_picture=False, lead_words=160, words=0, title=160, spare=True),
    _HEADLINES,
    *(replace(_HEADLINES, title=80, most=most) for most in (20, 8, 3, 1)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    src: str
    alt: str
    width: int
    height: int | None
    credit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One story as words; empty ones are left out."""

    title: str
    link: str
    words: str
    meta: tuple[str, ...]
    picture: Picture | None

    @property
    def meta_line(self) -> str:
        return " · ".join(self.meta)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section in its leading form (`lead` first, then `rest`) and its following form (`stories`)."""

    name: str
    lead: Story
    stories: tuple[Story, ...]
    left_out: int  # stories that are only behind a link

    @property
    def rest(self) -> tuple[Story, ...]:
        return self.stories[1:]


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Turns items of one Issue into Stories."""

    outlet: Outlet
    zone: str
    on: date
    page: str  # the Issue's own page
    words: Words
    room: Room

    def section(self, name: str, items: Sequence[IssueItem]) -> Section:
        """`items` are those of this section in reading order, at least one."""
        shown = items[: self.room.most]
        return Section(
            name=self.named(name),
            lead=self.lead(items[0]),
            stories=tuple(self.following(item) for item in shown),
            left_out=len(items) - len(shown),
        )

    def named(self, section: str) -> str:
        """What stands above a section."""
        return folded(section) or self.words("오늘의 소식")

    def lead(self, item: IssueItem) -> Story:
        words = shortened(item.summary, self.room.lead_words, sentences=2)
        return self._story(item, words, LEAD_PICTURE if self.room.lead_picture else 0)

    def following(self, item: IssueItem) -> Story:
        words = shortened(item.summary, self.room.words, sentences=1)
        return self._story(item, words, SMALL_PICTURE if self.room.small_pictures else 0)

    def _story(self, item: IssueItem, words: str, width: int) -> Story:
        picture = _picture(item.article.content.images, width, self.outlet, self.words) if width else None
        meta = self._meta(item) if self.room.meta else ()
        return Story(
            title=cut(item.article.content.title, self.room.title) or self.words("제목 없음"),
            link=self._link(item),
            words=words,
            meta=(*meta, picture.credit) if picture and picture.credit else meta,
            picture=picture,
        )

    def _link(self, item: IssueItem) -> str:
        link = item.link.strip()
        if is_web_address(link) and len(link) <= LONGEST_LINK:
            return link
        return f"{self.page}#{article_anchor(item.article.id)}"

    def _meta(self, item: IssueItem) -> tuple[str, ...]:
        content = item.article.content
        labels = (
            (item.article.status is ArticleStatus.CORRECTED, self.words("바로잡음")),
            (content.sponsored, self.words("협찬")),
            (content.robot, self.words("자동 작성")),
        )
        moment = self.words.printed(content.published_at, content.published_on, today=self.on, zone=self.zone)
        source = cut(content.rights_holder or self.outlet.name, 60)
        return (*(label for true, label in labels if true), *filter(None, (source, moment)))


def is_web_address(link: str) -> bool:
    """Whether a link leads to a page: http or https with a host, without blanks."""
    if _PLAIN_ADDRESS.fullmatch(link):
        return True
    try:
        parts = urlsplit(link)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and link.split() == [link]
    except ValueError:
        return False


def shortened(text: str, limit: int, *, sentences: int) -> str:
    """The first sentences of a summary, cut as `core.prose.opening` does; "" where limit is 0."""
    return opening(folded(text), limit=limit, sentences=sentences) if limit else ""


def cut(text: str, limit: int) -> str:
    """The text on one line, cut with "…" where it is longer than `limit`; outside quotations where that is possible."""
    whole = folded(text)
    if len(whole) <= limit:
        return whole
    kept = _whole_signs(whole, limit - 1)
    free = outside(whole[: limit + 200])
    blanks = [at for at, char in enumerate(kept) if char == " " and at > limit // 2]
    at = next((at for at in reversed(blanks) if free[at]), blanks[-1] if blanks else len(kept))
    return kept[:at].rstrip(" ,·:;-") + ELLIPSIS


def _whole_signs(text: str, most: int) -> str:
    """The opening of at most so many characters that parts no sign made of several, such as a family emoji."""
    ends = accumulate(len(sign) for sign in iter_graphemes(text[: most + _LONGEST_SIGN]))
    return text[: max((end for end in ends if end <= most), default=most)]


def _picture(images: Sequence[Image], width: int, outlet: Outlet, words: Words) -> Picture | None:
    image = next((i for i in images if _can_be_shown(i, outlet)), None)
    if image is None:
        return None
    shown = min(width, image.width or width)
    height = round(shown * image.height / image.width) if image.width and image.height else None
    return Picture(
        src=image.small if image.small and width <= SMALL_PICTURE else image.url,
        alt=cut(image.alt, 200),
        width=shown,
        height=height,
        credit=f"{words('사진')} {cut(image.credit, 60)}" if image.credit else "",
    )


def _can_be_shown(image: Image, outlet: Outlet) -> bool:
    """Mail programs show pictures from https addresses; the outlet's own pages may be on loopback."""
    own = image.url.startswith(outlet.url.rstrip("/") + "/")
    tiny = image.width is not None and image.width < SMALL_PICTURE // 2
    return is_web_address(image.url) and (own or image.url.startswith("https:")) and not tiny
