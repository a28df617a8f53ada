"""Tells a WebSub hub that a feed changed: it fetches the feed then and hands it to whoever subscribed.

It carries no content and knows no subscriber. How publishers tell hubs is left open by WebSub (W3C, section 6); what is
sent here is what hubs have taken since PubSubHubbub 0.3: hub.mode=publish with the address of one feed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlencode

from syndication.adapters.guard import Caller, Posted, Resolver, resolve
from syndication.core.model import Outcome, Reach, Verdict

_LATER = frozenset((408, 409, 425, 429))
_GONE = frozenset((301, 308, 404, 405, 410, 501))  # there is no hub at this address


class HubHerald:
    """Implements ports.Herald for one hub.

    2xx is accepted; 408, 409, 425, 429, 5xx and no answer put everything off; an address without a hub, or one that
    must not be connected to, refuses everything; any other answer refuses the one feed."""

    at_once = 1  # hubs that take several addresses do not agree on how

    def __init__(
        self,
        url: str,
        *,
        user_agent: str,
        timeout: timedelta = timedelta(seconds=10),
        loopback: bool = False,
        resolver: Resolver = resolve,
    ) -> None:
        self._hub = Caller(url, user_agent=user_agent, timeout=timeout, loopback=loopback, resolver=resolver)

    def tell(self, urls: Sequence[str]) -> Outcome:
        """Tell the hub of one feed, under both names that hubs know its address by."""
        (url,) = urls
        body = urlencode({"hub.mode": "publish", "hub.topic": url, "hub.url": url}).encode("ascii")
        posted = self._hub.post(body, "application/x-www-form-urlencoded")
        return posted if isinstance(posted, Outcome) else _outcome(posted)


def _outcome(posted: Posted) -> Outcome:
    code = f"HTTP {posted.status}"
    if 200 <= posted.status < 300:
        return Outcome(verdict=Verdict.ACCEPTED, code=code)
    if posted.status in _GONE:
        reason = "there is no hub at this address"
        return Outcome(verdict=Verdict.REFUSED, code=code, reason=reason, reach=Reach.TRANSPORT)
    if posted.status in _LATER or posted.status >= 500 or 300 <= posted.status < 400:
        reason, wait = "not taken now", posted.retry_after
        return Outcome(verdict=Verdict.DEFERRED, code=code, reason=reason, reach=Reach.TRANSPORT, retry_after=wait)
    return Outcome(verdict=Verdict.REFUSED, code=code, reason="the hub does not take this feed")
