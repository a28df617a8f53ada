"""A newspaper's page, as plain text or HTML, into what it says: its date, weather, article and teasers.

It fetches nothing; what text says is read by `page_text`, what markup adds by `page_html`.
"""

from __future__ import annotations

import re

from syndication.core.charset import decode
from syndication.core.flow import composed
from syndication.core.identity import article_number, clean_link, identity, names_article
from syndication.core.model import ArticleContent, Found, Reading, SetAside
from syndication.core.pages.html import MarkupPage, read_html
from syndication.core.pages.story import Story
from syndication.core.pages.text import read_text
from syndication.core.shape import Unreadable

MAX_BYTES = 5_000_000  # the largest real pages stay under 1 MB
_HEAD = 20_000
_MARKUP = re.compile(r"<(?:!doctype\s+html|html|head|body|meta|div|table|article|p|br|span|ul|section)[\s/>]", re.I)
_WORDS = 60  # so much of its body stands for an untitled article's name
_NOTHING = "no article, teaser, date or weather table was found on it"


def read_page(body: bytes, *, url: str | None, content_type: str, outlet: str) -> Reading:
    """What a page says. Never raises: a page that is too large, too deep or empty is set aside with the reason.

    At most one Article comes from a page; other stories are teasers. The page's date line never becomes its date."""
    if len(body) > MAX_BYTES:
        return _refused(url, f"the page is larger than {MAX_BYTES // 1_000_000} MB")
    text = composed(decode(body, content_type))
    try:
        page = read_html(text, url) if looks_like_markup(text, content_type) else MarkupPage(text=read_text(text))
    except Unreadable as fault:
        return _refused(url, str(fault))
    return _reading(page, url=url, outlet=outlet)


def looks_like_markup(text: str, content_type: str = "") -> bool:
    """Whether a text is HTML: it says so, or its beginning holds a tag. Declared plain text needs a document's tag."""
    found = _MARKUP.search(text, 0, _HEAD)
    if found is None or not content_type.lower().startswith("text/plain"):
        return found is not None
    return found.group().lower().startswith(("<!doctype", "<html"))


def _refused(url: str | None, reason: str) -> Reading:
    return Reading(set_aside=(SetAside(what=url or "page", reason=reason),))


def _reading(page: MarkupPage, *, url: str | None, outlet: str) -> Reading:
    said = page.text
    found = (_found(said.story, page, url=url, outlet=outlet),) if said.story else ()
    if not (found or said.teasers or said.observations or said.date_line):
        return _refused(url, _NOTHING)
    return Reading(
        date_line=said.date_line,
        attribution=said.attribution,
        observations=said.observations,
        articles=found,
        teasers=said.teasers,
        warnings=said.warnings,
    )


def _found(story: Story, page: MarkupPage, *, url: str | None, outlet: str) -> Found:
    own = _own_address(page, url)
    moment = story.moment
    content = ArticleContent(
        title=story.title or "",
        subtitle=story.subtitle,
        paragraphs=story.paragraphs,
        section=story.section,
        url=clean_link(own) if own else None,
        bylines=story.bylines,
        images=page.images,
        published_at=moment.at if moment else None,
        published_on=moment.on if moment and moment.at is None else None,
    )
    name = story.title or " ".join(story.paragraphs)[:_WORDS]
    number = article_number(own) if own else None
    # an address that shows an article for ever names it; one that shows the day's page names tomorrow another
    lasting = own if page.lasting else None
    return Found(identity=identity(outlet, number=number, url=lasting, title=name), content=content)


def _own_address(page: MarkupPage, url: str | None) -> str | None:
    """The address under which the article stands: what the page calls its own, else where it was found."""
    for address in (page.address, url):
        if address and address.lower().startswith(("http://", "https://")) and names_article(address):
            return address
    return None
