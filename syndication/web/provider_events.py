"""Where the mail provider's topic posts its events: verified, confirmed by a call, each record handed on once.

It opens no link of a message, follows no address but that of SNS's own certificates, and answers in no words.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import TypeVar

import structlog
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from syndication.core.provider_events import Unreadable
from syndication.ports import Fetcher, Permanent, Transient
from syndication.web import sns
from syndication.web.look import NOT_KEPT, Look
from syndication.web.site import Topic
from syndication.web.sns import Forged, Kind, Letter, Malformed

log = structlog.get_logger(__name__)
T = TypeVar("T")

PATH = "/provider-events/ses"
LARGEST = 64 * 1024  # the wall before every page holds to it as well; SES cuts headers in its records at 10 KB
_CERTIFICATES = 8  # kept at once; SNS changes its own about once a year
_BAD_FOR = timedelta(minutes=5)  # how long an address without a certificate is not asked again


def router(look: Look) -> APIRouter:
    events = APIRouter()
    topic = look.site.topic
    if topic is None:
        return events
    desk = Desk(topic, look.site.ports.fetcher)

    @events.post(PATH)
    async def take(request: Request) -> Response:
        body = await request.body()
        now = look.site.ports.clock.now()
        return Response(status_code=await run_in_threadpool(desk.take, body, now), headers=NOT_KEPT)

    return events


class Desk:
    """Takes in what is posted for one topic."""

    def __init__(self, topic: Topic, fetcher: Fetcher) -> None:
        self._topic = topic
        self._certificates = Certificates(fetcher)

    def take(self, body: bytes, now: datetime) -> int:
        """The HTTP status that SNS gets: anything but 2xx lets it try again later."""
        try:
            if len(body) > LARGEST:
                return 413
            letter = sns.read(body, topic=self._topic.arn, now=now)
            sns.verify(letter, self._certificates.get(letter.certificate_url), now=now)
            return self._taken(letter)
        except Malformed as error:
            log.warning("provider event malformed", reason=str(error))
            return 400
        except (Forged, Permanent) as error:
            log.warning("provider event refused", reason=type(error).__name__, why=str(error)[:200])
            return 403
        except Transient as error:
            log.warning("provider event put off", reason=str(error)[:200])
            return 503

    def _taken(self, letter: Letter) -> int:
        match letter.kind:
            case Kind.NOTIFICATION:
                self._told(letter)
            case Kind.CONFIRMATION:
                self._topic.confirm(letter.token)
                log.info("subscription to provider events confirmed")
            case Kind.ENDED:
                log.warning("subscription to provider events ended")
        return 200

    def _told(self, letter: Letter) -> None:
        try:
            self._topic.take(letter.message)
        except Unreadable as error:  # it would be no more readable the next time
            log.warning("provider event unreadable", message=letter.words["MessageId"][:100], reason=str(error))


class Certificates:
    """SNS's certificates by their address, fetched once. One fetch at a time: strangers cannot make us busy."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._bad: OrderedDict[str, float] = OrderedDict()  # address -> until when it is not asked
        self._turn = threading.Lock()

    def get(self, url: str) -> bytes:
        """The certificate at an address that was judged already. Raises Transient, Permanent."""
        found = self._kept.get(url)
        if found is not None:
            return found
        if self._bad.get(url, 0.0) > time.monotonic():
            raise Permanent("no certificate there a moment ago")
        if not self._turn.acquire(blocking=False):
            raise Transient("another certificate is being fetched")
        try:
            return _remember(self._kept, url, self._fetched(url))
        except Permanent:
            _remember(self._bad, url, time.monotonic() + _BAD_FOR.total_seconds())
            raise
        finally:
            self._turn.release()

    def _fetched(self, url: str) -> bytes:
        answer = self._fetcher.fetch(url)
        if answer.url != url or not answer.body:
            raise Permanent("no certificate at the address it was said to be at")
        return answer.body


def _remember(kept: OrderedDict[str, T], url: str, value: T) -> T:
    kept[url] = value
    while len(kept) > _CERTIFICATES:
        kept.popitem(last=False)
    return value
