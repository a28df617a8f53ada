"""Which articles a list or section page, a home page or a feed leads to.

It fetches nothing and reads no headline: the page of an article says best what it says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser

from syndication.core.charset import decode
from syndication.core.identity import article_number, canonical_url, clean_link, site
from syndication.core.markup import absolute
from syndication.core.shape import Unreadable, measure

MAX_BYTES = 5_000_000
_MOST = 300  # links of one page
_MOST_LOOKED_AT = 5_000
_LONGEST = 2_000  # characters of an address
# a dated or numbered path, or an entry of a board: /2026/01/20/bridge, /news/123456, /article/view/123456, wr_id=123
_ARTICLE = re.compile(
    r"/(?:19|20)\d\d/\d{1,2}(?:/\d{1,2})?/[^/?#]{2,}"
    r"|/(?:article|articles|news|view|read|story|stories|newsview|archives|a|n)/(?:[a-z_-]+/){0,2}[A-Za-z_-]{0,3}\d{3,}"
    r"|/[^/?#]+-\d{4,}(?:\.html?)?/?(?:[?#]|$)"
    r"|[?&](?:wr_id|news_id|newsid|article_id|aid|nid|seq|idx|uid)=\d+",
    re.IGNORECASE,
)


def article_links(
    body: bytes, *, url: str, content_type: str = "", pattern: str | None = None
) -> tuple[tuple[str, str], ...]:
    """(canonical address, address to follow) of each article that an HTML page links to, in its order, each once.

    An article is known by its address: the number that its system gave it, a dated or numbered path, or, with
    `pattern`, a path (and query) that fits it, where * stands for anything. Only addresses of the page's own site
    count. Raises Unreadable for a page that is too large or nested too deeply."""
    if len(body) > MAX_BYTES:
        raise Unreadable(f"the page is larger than {MAX_BYTES // 1_000_000} MB")
    text = decode(body, content_type)
    measure(text)
    found: dict[str, str] = {}
    own = canonical_url(url)
    for address in _addresses(text, url):
        key = canonical_url(address)
        if key != own and key not in found and site(address) == site(url) and _is_article(address, pattern):
            found[key] = clean_link(address)
            if len(found) == _MOST:
                break
    return tuple(found.items())


def on_site(address: str, url: str) -> bool:
    """Whether an address that somebody else wrote lies on the site of `url`."""
    return site(address) is not None and site(address) == site(url) and len(address) <= _LONGEST


def _is_article(address: str, pattern: str | None) -> bool:
    parts = urlsplit(address)
    if pattern is not None:
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        return fnmatchcase(path, pattern) or fnmatchcase(parts.path, pattern)
    return (
        article_number(address) is not None
        or _ARTICLE.search(address, len(f"{parts.scheme}://{parts.netloc}")) is not None
    )


def _addresses(text: str, url: str) -> Iterator[str]:
    tree = LexborHTMLParser(text)
    head = tree.css_first("base[href]")
    base = absolute(head.attributes.get("href") or "", url) or url if head is not None else url
    for count, node in enumerate(tree.css("a[href]")):
        if count == _MOST_LOOKED_AT:
            return
        address = absolute(node.attributes.get("href") or "", base)
        if address and len(address) <= _LONGEST:
            yield address
