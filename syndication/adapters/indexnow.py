"""Tells search engines by IndexNow that pages came, changed or went.

It proves nothing by itself: the key stands as a file at the site's root, where the engine looks for it. Rule sources:
indexnow.org/documentation, searchadvisor.naver.com/guide/indexnow-request.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import quote, urlsplit

from syndication.adapters.guard import Caller, Posted, Resolver, resolve
from syndication.core.model import Outcome, Reach, Verdict

_IN_URL = "%/:?#[]@!$&'()*+,;=~"  # stays as it is (RFC 3986); what else there is becomes octets
_SAID = {
    400: "the request was not understood",
    422: "an address is not on the site, or the key is not of the form that IndexNow asks for",
}


class SearchHerald:
    """Implements ports.Herald for one search engine that takes IndexNow.

    200 and 202 (the key is looked at later) are accepted; 403 (the key file was not found, which a web server that
    starts late explains), 429, 5xx and no answer put everything off; what else is answered refuses everything."""

    at_once = 1000  # of 10,000 that one request may hold

    def __init__(
        self,
        url: str,
        *,
        home: str,
        key: str,
        user_agent: str,
        timeout: timedelta = timedelta(seconds=20),
        loopback: bool = False,
        resolver: Resolver = resolve,
    ) -> None:
        self._engine = Caller(url, user_agent=user_agent, timeout=timeout, loopback=loopback, resolver=resolver)
        self._home = home.rstrip("/")
        self._key = key

    def tell(self, urls: Sequence[str]) -> Outcome:
        """Tell the engine of pages of our own host."""
        posted = self._engine.post(self._body(urls), "application/json; charset=utf-8")
        return posted if isinstance(posted, Outcome) else _outcome(posted)

    def _body(self, urls: Sequence[str]) -> bytes:
        told = {
            "host": urlsplit(self._home).netloc,
            "key": self._key,
            "keyLocation": f"{self._home}/{self._key}.txt",
            "urlList": [quote(url, safe=_IN_URL, errors="replace") for url in urls],
        }
        return json.dumps(told).encode("ascii")


def _outcome(posted: Posted) -> Outcome:
    code = f"HTTP {posted.status}"
    if posted.status in (200, 202):
        return Outcome(verdict=Verdict.ACCEPTED, code=code)
    if posted.status in (403, 408, 409, 425, 429) or posted.status >= 500:
        reason = "the key file was not found at the site's root" if posted.status == 403 else "not taken now"
        wait = posted.retry_after
        return Outcome(verdict=Verdict.DEFERRED, code=code, reason=reason, reach=Reach.TRANSPORT, retry_after=wait)
    reason = _SAID.get(posted.status, "not taken")
    return Outcome(verdict=Verdict.REFUSED, code=code, reason=reason, reach=Reach.TRANSPORT)
