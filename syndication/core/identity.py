"""Which article is which: canonical addresses, article numbers, identities and content hashes.

It follows no address and compares no texts for likeness (`similar` does).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from syndication.core.model import ArticleContent

_HOST_PREFIX = re.compile(r"^(?:(?:www|m|mobile)\.)+(?=[^.]+\.[^.])")
_MOBILE_PATH = re.compile(r"^(?:/(?:mobile|m))+(?=/)")
_TRACKING = re.compile(
    r"utm_.*|fbclid|gclid|dclid|gbraid|wbraid|msclkid|yclid|igshid|mc_[ce]id|n_media|n_query|n_rank|n_ad.*|_ga|_gl|"
    r"replyall|reply_sc_order_by|sc_code|sc_order_by|trc|outurl|spm|cmpid|from_?(?:naver|daum|kakao)",
    re.IGNORECASE,
)
_BOARD = frozenset(("id", "bo_table", "table", "board", "bid", "code", "boardid", "bbs"))
_ARTICLE_PATH = re.compile(r"article|news|view|read", re.IGNORECASE)
_DIGITS = re.compile(r"[0-9]{1,20}")
_LONGEST = 400  # a longer name inside an identity is replaced by its hash


def canonical_url(url: str) -> str:
    """One form for all addresses of one article, for comparing and not for following.

    https, host without www., m. or mobile., path without /mobile, query in order and without parts that only track
    or sort; where an article number is there, the number alone. Text that is no URL comes back stripped."""
    parts = _split(url)
    if parts is None:
        return url.strip()
    path = _MOBILE_PATH.sub("", _normal_path(parts.path)) or "/"
    query = sorted(_kept(parts))
    number = article_number(url)
    if number is not None:
        query = [(key, number) for key, _ in query if key in ("idxno", "no")][:1]
    return urlunsplit(("https", _host(parts), path, urlencode(query), ""))


def site(url: str) -> str | None:
    """The host of an address without www., m. or mobile., with its port where that is not the usual one."""
    parts = _split(url)
    return None if parts is None else _host(parts)


def clean_link(url: str) -> str:
    """The address as it may be followed: as given, without tracking parts and fragment."""
    parts = _split(url)
    if parts is None:
        return url.strip()
    pieces = [p for p in parts.query.split("&") if p and not _TRACKING.fullmatch(p.partition("=")[0])]
    return urlunsplit((parts.scheme.lower(), parts.netloc, parts.path or "/", "&".join(pieces), ""))


def article_number(url: str) -> str | None:
    """The number under which a newspaper's own system keeps an article: `idxno` (NDsoft) or `no` (MediaOn).

    A `no` beside the name of a board counts within that board only, so it is no article number."""
    parts = _split(url)
    if parts is None:
        return None
    query = dict(reversed(parse_qsl(parts.query)))
    number = query.get("idxno")
    if number is None and not _BOARD & query.keys() and _ARTICLE_PATH.search(parts.path):
        number = query.get("no")
    return str(int(number)) if number and _DIGITS.fullmatch(number) else None


def identity(
    outlet: str, *, number: str | None = None, guid: str | None = None, url: str | None = None, title: str
) -> str:
    """The identity of an Article: outlet key and article number, else guid, else canonical URL, else title.

    A guid that is an address counts in its canonical form; the address of a home page names no article."""
    if number:
        return f"{outlet}:no:{_short(number)}"
    if guid and guid.strip():
        return f"{outlet}:guid:{_short(canonical_url(guid))}"
    if url and names_article(url):
        return f"{outlet}:url:{_short(canonical_url(url))}"
    return f"{outlet}:title:{_short(normal_title(title))}"


def names_article(url: str) -> bool:
    """Whether an address can stand for one article: not the home page."""
    parts = _split(url)
    return parts is not None and (parts.path.strip("/") not in ("", "index.html", "index.php") or bool(parts.query))


def normal_title(title: str) -> str:
    """The title in NFKC and lower case, without blanks, punctuation and signs."""
    folded = unicodedata.normalize("NFKC", title).casefold()
    kept = "".join(c for c in folded if unicodedata.category(c)[0] in "LN")
    return kept or folded.strip()


def content_hash(content: ArticleContent) -> str:
    """SHA-256 over title and body alone: blanks, dates, pictures and sections change nothing."""
    body = content.paragraphs or ((content.html,) if content.html else ())
    words = "\0".join(" ".join(unicodedata.normalize("NFC", part).split()) for part in (content.title, *body))
    return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url.strip())
        usable = parts.scheme.lower() in ("http", "https") and parts.hostname and (parts.port or True)
    except ValueError:
        return None
    return parts if usable else None


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").rstrip(".")
    try:
        host = host.encode("idna").decode("ascii") if not host.isascii() else host
    except UnicodeError:
        pass
    host = _HOST_PREFIX.sub("", host)
    shown = f"[{host}]" if ":" in host else host
    return shown if parts.port in (None, 80, 443) else f"{shown}:{parts.port}"


def _normal_path(path: str) -> str:
    return quote(unquote(path, errors="surrogateescape").encode("utf-8", "surrogateescape"), safe="/:@!$&'()*+,;=~")


def _kept(parts: SplitResult) -> list[tuple[str, str]]:
    pairs = parse_qsl(parts.query, keep_blank_values=True, errors="surrogateescape")
    return [(_bytes(k), _bytes(v)) for k, v in pairs if not _TRACKING.fullmatch(k)]


def _bytes(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()
