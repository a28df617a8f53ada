"""Tells an address of the operator's which published files changed, as a signed webhook.

It publishes nothing and tries once: whoever calls it decides what comes after a refusal.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from urllib.parse import quote

from syndication.adapters.webhook.portal import WebhookPortal
from syndication.core.model import Verdict
from syndication.ports import Permanent, Push, Transient


class WebhookInvalidation:
    """Implements ports.Invalidation: POST {"type": "files.changed", "timestamp": …, "data": {"paths", "urls"}}."""

    def __init__(
        self, url: str, secret: str, *, home: str, now: Callable[[], datetime], portal: WebhookPortal, loopback: bool
    ) -> None:
        self._url, self._secret, self._home = url, secret, home
        self._now, self._portal, self._loopback = now, portal, loopback

    def __call__(self, paths: Sequence[str]) -> None:
        at = self._now()
        urls = [f"{self._home}/{quote(path)}" for path in paths]
        told = {"type": "files.changed", "timestamp": at.isoformat(), "data": {"paths": [*paths], "urls": urls}}
        body = json.dumps(told, ensure_ascii=False).encode()
        outcome = self._portal.push(
            Push(
                partner_id="invalidation",
                key=hashlib.sha256(body).hexdigest()[:32],
                url=self._url,
                secrets=(self._secret,),
                body=body,
                content_type="application/json",
                at=at,
                sequence=int(at.timestamp() * 1000),
                loopback=self._loopback,
            )
        )
        if outcome.verdict is Verdict.REFUSED:
            raise Permanent(f"[publish] invalidate_url refuses what it is told: {outcome.code} {outcome.reason or ''}")
        if outcome.verdict is not Verdict.ACCEPTED:
            raise Transient(f"[publish] invalidate_url did not take what it was told: {outcome.code}")
