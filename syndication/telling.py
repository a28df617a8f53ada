"""Tells hubs and search engines what changed: each what it is owed, again until it was heard.

It publishes no feed and finds out nothing: what changed is noted when it is published.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from syndication.core.catalogue import url_of
from syndication.core.links import issue_url
from syndication.core.model import Outcome, Reach, Verdict
from syndication.core.telling import Ear, Heard, Listener, Telling, Told, answered, on_site, rests
from syndication.ports import Herald, Permanent, Ports, Setup, Transient

log = structlog.get_logger()

AT_A_TIME = 4  # attempts under one claim
LEASE = timedelta(minutes=6)  # longer than these take
BUDGET = timedelta(seconds=40)
KEPT_FOR = timedelta(days=400)  # it is known for so long what was told

_NOTHING_TO_TELL = Outcome(verdict=Verdict.ACCEPTED, reason="it has no page on our site")


def tell(ports: Ports, setup: Setup, *, budget: timedelta = BUDGET) -> Mapping[str, int]:
    """Tell everybody what is owed and due; returns how many things were told, put off and parked.

    Repeatable, by any number of workers: what one has claimed is nobody else's."""
    until, sums = ports.clock.now() + budget, Counter[str]()
    for listener in setup.listeners:
        herald = ports.heralds.get(listener.name)
        if herald is not None:
            sums += _tell(ports, setup, listener, herald, until)
    return sums


def forget(ports: Ports, setup: Setup) -> int:
    """Drop what nobody will ask for any more; returns how many rows. For once a day."""
    names = [listener.name for listener in setup.listeners]
    return ports.store.forget_told(names, ports.clock.now() - KEPT_FOR)


def standing(ports: Ports, setup: Setup) -> Sequence[Heard]:
    """How everybody stands who is told, those included that were owed nothing yet."""
    known = {heard.listener: heard for heard in ports.store.heard()}
    return [known.get(listener.name, Heard(listener=listener.name)) for listener in setup.listeners]


def _tell(ports: Ports, setup: Setup, listener: Listener, herald: Herald, until: datetime) -> Counter[str]:
    sums, resting, ready = Counter[str](), None, False
    while (now := ports.clock.now()) <= until:
        taken = ports.store.take_tellings(listener.name, now, now + LEASE, AT_A_TIME * herald.at_once)
        if not taken:
            break
        if not ready:
            resting, ready = _hindrance(ports, setup, listener), True
        urls = addresses(ports, setup, taken)
        while taken:
            some, taken = (taken, []) if resting else (taken[: herald.at_once], taken[herald.at_once :])
            named = sorted({url for one in some if (url := urls[one.thing]) is not None})
            outcome = resting or (herald.tell(named) if named else _NOTHING_TO_TELL)
            resting = outcome if rests(outcome) else None
            sums += _settle(ports, some, outcome)
    return sums


def _hindrance(ports: Ports, setup: Setup, listener: Listener) -> Outcome | None:
    """Why nobody would believe us: search engines look for the key as a file at the site's root."""
    if listener.ear is not Ear.SEARCH or setup.site_key is None:
        return None
    try:
        ports.publisher.publish(f"{setup.site_key}.txt", setup.site_key.encode(), "text/plain; charset=utf-8")
    except (Transient, Permanent) as error:
        log.warning("key of the site not published", reason=str(error))
        reason = "the key of the site could not be published"
        return Outcome(verdict=Verdict.DEFERRED, code="key", reason=reason, reach=Reach.TRANSPORT)
    return None


def _settle(ports: Ports, some: Sequence[Telling], outcome: Outcome) -> Counter[str]:
    now = ports.clock.now()
    told = [answered(one, outcome, now) for one in some]
    ports.store.settle_tellings(told, now)
    sums = Counter(_name(one) for one in told)
    log.info("listener told", listener=some[0].listener, code=outcome.code, **sums)
    return sums


def _name(told: Told) -> str:
    if told.reason is None:
        return "told"
    return "put_off" if told.again_at is not None else "parked"


def addresses(ports: Ports, setup: Setup, tellings: Sequence[Telling]) -> dict[str, str | None]:
    """The public address of each thing; None where it has none on our own site."""
    found: dict[str, str | None] = dict.fromkeys(one.thing for one in tellings)
    articles: dict[int, str] = {}
    for thing in (one.thing for one in tellings):
        kind, _, name = thing.partition(":")
        if kind == "article":
            articles[int(name)] = thing
        elif kind == "issue":
            issue = ports.store.issue(int(name))
            if issue is not None:
                found[thing] = issue_url(setup.outlet, issue.edition_id, issue.on, issue.cadence)
        elif kind == "edition":
            found[thing] = f"{setup.outlet.url}/{name}"
        else:
            found[thing] = url_of(setup.outlet, thing)
    stories = ports.store.stories(articles.keys())
    for number, thing in articles.items():
        link = stories[number].link if number in stories else None
        if link is not None and on_site(link, setup.outlet.url):
            found[thing] = link
    return found
