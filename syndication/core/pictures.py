"""Which pictures of an Article may be shown, where they are found in it, and how ours take their places.

It fetches and decodes nothing. What is not kept by us is not shown at all: no reader's program is led to a stranger's
server by what we send.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from syndication.core.model import ArticleContent, Image, Rights

FOLDER = "pictures/"  # where ours are published
LARGE, SMALL = 1200, 400  # px, the most that ours are wide
LARGE_OCTETS, SMALL_OCTETS = 120_000, 30_000
MOST_PER_ARTICLE = 10
LONGEST_ADDRESS = 1000  # octets: it is a key

_TO_PASS_ON = (Rights.OWN, Rights.LICENSED)
# what agencies and rights notes call themselves: their pictures are bought for one place, and not to be passed on
_AGENCIES = re.compile(
    r"연합뉴스|뉴시스|뉴스1|뉴스원|로이터|게티이미지|신화통신|\b(?:AP|AFP|EPA|Reuters|Getty|Yonhap|Newsis|Xinhua)\b",
    re.ASCII,
)
_FORBIDDEN = re.compile(
    r"(?:전재|재배포|배포|사용|이용)\s*(?:및\s*\S+\s*)?(?:[를을]\s*)?금지"
    r"|not[ -]for[ -]passing[ -]on|no redistribution|all rights reserved|editorial use only",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"https?://[^\x00-\x1f\x7f\ud800-\udfff]+", re.IGNORECASE)
_TAG = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""\b(src|alt)\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture as we keep it in two widths: where each is published, and its size in px."""

    path: str
    width: int
    height: int
    small_path: str
    small_width: int
    small_height: int


def why_not(content: ArticleContent, image: Image) -> str | None:
    """Why a picture must not be shown; None when it may be."""
    if content.rights not in _TO_PASS_ON:
        return "the article is not for passing on"
    if image.licence is not None and _FORBIDDEN.search(image.licence):
        return "its licence does not allow it"
    agency = _AGENCIES.search(image.credit or "") or _AGENCIES.search(image.alt)
    if agency is not None and not (content.rights_holder and agency[0].lower() in content.rights_holder.lower()):
        return "it is an agency's"
    if not _ADDRESS.fullmatch(image.url) or len(image.url.encode()) > LONGEST_ADDRESS:
        return "it has no address on the web"
    return None


def wanted(content: ArticleContent) -> tuple[str, ...]:
    """Addresses of the pictures that may be shown, each once, in the order of the Article."""
    every = (*content.images, *pictures_in(content.html or ""))
    forbidden = {image.url for image in every if why_not(content, image) is not None}
    return tuple(dict.fromkeys(image.url for image in every if image.url not in forbidden))[:MOST_PER_ARTICLE]


def pictures_in(markup: str) -> list[Image]:
    """The pictures that stand in sanitised markup."""
    found = (_attributes(tag) for tag in _TAG.findall(markup))
    return [Image(url=tag["src"], alt=tag.get("alt", "")) for tag in found if tag.get("src")]


def hung(content: ArticleContent, kept: Mapping[str, Picture], home: str) -> ArticleContent:
    """The content with our own pictures in the places of theirs; those that we do not keep are left out.

    `kept` is by the address that the Article names, `home` our site's public URL. What hangs there already stays."""
    allowed = {url: kept[url] for url in wanted(content) if url in kept}
    hangs = f"{home}/{FOLDER}"
    images = tuple(
        i if i.url.startswith(hangs) else _ours(i, allowed[i.url], home)
        for i in content.images
        if i.url in allowed or i.url.startswith(hangs)
    )
    markup = content.html and _TAG.sub(lambda tag: _tag(tag[0], allowed, home), content.html)
    if images == content.images and markup == content.html:
        return content
    return replace(content, images=images, html=markup)


def _ours(image: Image, picture: Picture, home: str) -> Image:
    return replace(
        image,
        url=f"{home}/{picture.path}",
        small=f"{home}/{picture.small_path}",
        width=picture.width,
        height=picture.height,
    )


def _tag(tag: str, kept: Mapping[str, Picture], home: str) -> str:
    found = _attributes(tag)
    if found.get("src", "").startswith(f"{home}/{FOLDER}"):
        return tag
    picture = kept.get(found.get("src", ""))
    if picture is None:
        return ""
    src, alt = (html.escape(text) for text in (f"{home}/{picture.path}", found.get("alt", "")))
    return f'<img src="{src}" alt="{alt}" width="{picture.width}" height="{picture.height}">'


def _attributes(tag: str) -> dict[str, str]:
    return {name.lower(): html.unescape(one or other) for name, one, other in _ATTRIBUTE.findall(tag)}
