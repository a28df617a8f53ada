"""The tasks, each one line of work: they carry ids, call a verb and ring the next bell.

A lost message costs one tick and a repeated one finds nothing to do, so no task is ever retried by Celery.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import structlog

from syndication import assemble, bootstrap, dispatch, feedback, ingest, listening, pictures, publish, skies, telling
from syndication.adapters.ses.queue import drain_events
from syndication.bootstrap import House
from syndication.cli.serving import site
from syndication.core.model import Channel
from syndication.press import Press
from syndication.web.copies import copies_of
from workers.app import app, settings

log = structlog.get_logger()

ALIVE = timedelta(minutes=5)  # since its last sign of life

_house: House | None = None
_press: Press | None = None


def house() -> House:
    """This process's House, opened with its first task."""
    global _house
    if _house is None:
        _house = _with_pages(bootstrap.open_house(settings))
    return _house


def _with_pages(opened: House) -> House:
    """The House with readers' pages, which are published beside the feeds that lead to them."""
    return replace(opened, ports=replace(opened.ports, pages=copies_of(site(opened))))


def press() -> Press:
    """This process's Press: what the mails of an Issue have in common is made once."""
    global _press
    if _press is None:
        _press = Press(ports=house().ports, setup=house().setup)
    return _press


def reopen() -> None:
    """Forget a House that was opened before a fork: connections must not be shared."""
    global _house, _press
    _house = _press = None


@app.task(name="poll_due")  # type: ignore[untyped-decorator]  # Celery ships no types
def poll_due() -> None:
    """Ring once for each Source whose next check has come."""
    _beat("poll_due")
    for source_id in ingest.due(house().ports, settings.sources):
        poll.delay(source_id)


@app.task(name="poll")  # type: ignore[untyped-decorator]  # Celery ships no types
def poll(source_id: str) -> None:
    setup = house().setup
    key = setup.source_keys.get(source_id)
    ingest.fetch(house().ports, setup.sources[source_id], outlet_domain=settings.outlet.domain, key=key)
    gather_pictures.delay()


@app.task(name="pictures")  # type: ignore[untyped-decorator]  # Celery ships no types
def gather_pictures() -> None:
    """Fetch the pictures that new Articles name, and make them ours."""
    pictures.gather(house().ports, house().setup)


@app.task(name="weather")  # type: ignore[untyped-decorator]  # Celery ships no types
def weather() -> None:
    skies.fetch(house().ports, house().setup)


@app.task(name="publish_due")  # type: ignore[untyped-decorator]  # Celery ships no types
def publish_due() -> None:
    """Assemble what is due and fan out every open Issue."""
    _beat("publish_due")
    if assemble.publish_due(house().ports, house().setup):
        feeds.delay()  # its stories appear now, not with the next tick
    for issue in house().store.open_issues():
        dispatch.fan_out(house().ports, house().setup, issue)
    ring()


@app.task(name="feeds")  # type: ignore[untyped-decorator]  # Celery ships no types
def feeds() -> None:
    """Bring every Feed up to date: what has appeared since, and what could not be written."""
    publish.refresh(house().ports, house().setup)
    if house().setup.listeners:
        tell.delay()


@app.task(name="tell")  # type: ignore[untyped-decorator]  # Celery ships no types
def tell() -> None:
    """Tell hubs and search engines what changed."""
    telling.tell(house().ports, house().setup)


@app.task(name="forget_items")  # type: ignore[untyped-decorator]  # Celery ships no types
def forget_items() -> None:
    """Drop serialised items that no feed asks for any more, and what nobody need be told of again."""
    publish.forget_items(house().ports, house().setup)
    telling.forget(house().ports, house().setup)


@app.task(name="reclaim")  # type: ignore[untyped-decorator]  # Celery ships no types
def reclaim() -> None:
    dispatch.reclaim(house().ports, house().setup)


@app.task(name="returns")  # type: ignore[untyped-decorator]  # Celery ships no types
def returns() -> None:
    """Take in what came back by mail: bounces, complaints, answers."""
    feedback.collect(house().ports, house().setup)


@app.task(name="provider_events")  # type: ignore[untyped-decorator]  # Celery ships no types
def provider_events() -> None:
    """Take in what the mail provider tells by its queue."""
    queue = bootstrap.event_queue(settings)
    if queue is not None:
        ports, setup = house().ports, house().setup
        drain_events(
            queue,
            lambda text: listening.read(ports, setup, text),
            lambda events: feedback.apply_all(ports, setup, events),
            budget=dispatch.BUDGET,
            wait=timedelta(seconds=5),
        )
        queue.close()


@app.task(name="ring")  # type: ignore[untyped-decorator]  # Celery ships no types
def ring() -> None:
    """Ring for each Channel that has something due, once per worker that could help."""
    now = house().ports.clock.now()
    helpers = sum(name.startswith("worker@") and now - at < ALIVE for name, at in house().store.beats().items()) or 1
    for channel in Channel:
        share = dispatch.SLICE[channel] // 4
        waiting = house().store.due(channel, now, at_most=helpers * share)
        for _ in range(min(helpers, -(-waiting // share))):
            drain.delay(channel.value)


@app.task(name="drain")  # type: ignore[untyped-decorator]  # Celery ships no types
def drain(channel: str) -> None:
    budget = min(dispatch.BUDGET, max(settings.tick, timedelta(seconds=5)))
    sent = dispatch.drain(
        house().ports, house().setup, Channel(channel), owner=house().owner, budget=budget, press=press()
    )
    if sent.get("accepted") and house().store.due(Channel(channel), house().ports.clock.now(), at_most=1):
        drain.delay(channel)  # the budget is spent and work is left: it goes on at once, not with the next tick


def _beat(name: str) -> None:
    house().store.beat(name, house().ports.clock.now())
