"""A mail's parts made safe to look at in a frame: light or dark, with links that open outside.

It never touches the mail in the mailbox: what it returns is a copy for the eye.
"""

from __future__ import annotations

import re

_DARK_QUERY = re.compile(r"@media([^{]*?)\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)", re.IGNORECASE)
_SCHEME_META = re.compile(r"""<meta[^>]*name=["']?(?:supported-)?color-schemes?["']?[^>]*>""", re.IGNORECASE)
_SCHEME_RULE = re.compile(r"(supported-color-schemes|color-scheme)(\s*:\s*)[a-z ]+", re.IGNORECASE)
_HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)

# A mail may bring its own styles and small pictures, nothing that runs.
_RULES = (
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    "img-src 'self' data: {images}",
    "base-uri 'self'",
    "form-action 'none'",
    "frame-ancestors 'self'",
    "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox",
)


def frame_policy(images: tuple[str, ...]) -> str:
    """The Content-Security-Policy of a framed mail: no script, no form, no request beyond these pictures."""
    return "; ".join(_RULES).format(images=" ".join(images)).strip()


def framed(html: str, *, dark: bool) -> str:
    """The mail's HTML as a mail program of that scheme shows it, whatever the scheme of this browser."""
    scheme = "dark" if dark else "light"

    def query(found: re.Match[str]) -> str:
        applies = found[2].lower() == scheme
        return f"@media{found[1]}({'min-width:0' if applies else 'max-width:0'})"

    page = _DARK_QUERY.sub(query, html)
    page = _SCHEME_META.sub("", page)
    page = _SCHEME_RULE.sub(rf"\g<1>\g<2>{scheme}", page)
    extra = f'<base target="_blank"><meta name="color-scheme" content="{scheme}">'
    return _HEAD.sub(lambda head: head[0] + extra, page, count=1) if _HEAD.search(page) else extra + page


def plain_page(text: str, *, title: str, dark: bool) -> str:
    """A text part or raw message as a page of its own, wrapped but otherwise as it is."""
    ink, paper = ("#eceae3", "#1b1c1a") if dark else ("#1c1b18", "#fffefb")
    style = (
        f"html{{color-scheme:{'dark' if dark else 'light'}}}body{{margin:0;background:{paper};color:{ink}}}"
        "pre{margin:0;padding:20px;white-space:pre-wrap;overflow-wrap:anywhere;"
        "font:14px/1.65 ui-monospace,'D2Coding','Noto Sans Mono CJK KR',monospace}"
    )
    return (
        f'<!doctype html><html lang="ko"><head><meta charset="utf-8"><title>{_escape(title)}</title>'
        f"<style>{style}</style></head><body><main><h1 hidden>{_escape(title)}</h1>"
        f'<pre tabindex="0">{_escape(text)}</pre></main></body></html>'
    )


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
