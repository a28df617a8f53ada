"""What kind of thing some bytes are, before anybody reads them.

It reads nothing itself and believes no name or header.
"""

from __future__ import annotations

import codecs

from syndication.core.feedxml import is_feed

_HEAD = 65_536
_FOREIGN = (
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"RIFF", "a picture or sound"),
    (b"PK\x03\x04", "a ZIP archive or office document"),
    (b"\xd0\xcf\x11\xe0", "an office or HWP document"),
    (b"HWP Document", "an HWP document"),
    (b"\x1f\x8b", "compressed data"),
    (b"BZh", "compressed data"),
    (b"7z\xbc\xaf", "an archive"),
    (b"Rar!", "an archive"),
    (b"\x7fELF", "a program"),
)
# not those that text has (tab, line breaks, page break) nor those that ISO-2022-KR switches with (ESC, SO, SI)
_CONTROLS = tuple(bytes([n]) for n in (*range(1, 9), 11, *range(16, 27), *range(28, 32), 127))
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def foreign(body: bytes) -> str | None:
    """Why these bytes are no text, page or feed; None when they may be one."""
    head = body[:_HEAD]
    if not body.strip():
        return "it is empty"
    for mark, what in _FOREIGN:
        if head.startswith(mark):
            return f"it is {what}, neither text nor a page nor a feed"
    if head.count(0) > len(head) // 100 and not head.startswith(_WIDE) and b"utf-16" not in head[:200].lower():
        return "it holds NUL bytes as only binary files do"
    if sum(map(head.count, _CONTROLS)) > len(head) // 100 and not head.startswith(_WIDE):
        return "it holds control characters as only binary files do"
    text = _text(head).lstrip("\ufeff \t\r\n")
    if text.startswith(("{", "[{")) and '":' in text[:2000]:
        return "it is JSON, neither a page nor an RSS or Atom feed"
    if text.startswith("<?xml") and not is_feed(text) and "<html" not in text[:5000].lower():
        return "it is XML but neither RSS nor Atom nor a page"
    return None


def looks_like_feed(body: bytes) -> bool:
    """Whether the first element is that of a feed."""
    return is_feed(_text(body[:_HEAD]))


def _text(head: bytes) -> str:
    """Markup in ASCII is all that matters here."""
    if head.startswith(codecs.BOM_UTF16_LE):
        return head.decode("utf-16-le", "replace")
    if head.startswith(codecs.BOM_UTF16_BE):
        return head.decode("utf-16-be", "replace")
    return head.removeprefix(codecs.BOM_UTF8).decode("latin-1")
