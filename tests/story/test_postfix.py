"""A real Postfix relays a morning; what it cannot deliver comes back as reports, which suppress whom they should."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from syndication import feedback
from syndication.adapters.listener import Listener
from syndication.adapters.smtp import SmtpMailer
from syndication.adapters.sql import open_store
from syndication.core import links
from syndication.core.model import Channel, Choices, Consent, Issue, Subscription
from syndication.ports import Arrived, Store, Transient
from tests.factories import KEYS
from tests.story.paper import EDITION, FEED, Paper, make_paper, rss, story
from tests.story.postfix import Postfix, needed, postfix, sinks

DOMAIN = "bounce.garam.example"
MAILS = int(os.environ.get("POSTFIX_MAILS", "1000"))
AWAY = 10  # reports that find no database at first, and come again
HOSTS = {  # what the servers of these domains say, and to which share of the readers
    "fine.example.com": ((), 0.91),
    "gone.example.com": (("-f", "RCPT", "-B", "550 5.1.1 No such user"), 0.03),
    "nobody.example.com": (("-f", "RCPT", "-B", "550 No such user here"), 0.02),
    "full.example.com": (("-f", "RCPT", "-B", "552 5.2.2 The mailbox is full"), 0.02),
    "policy.example.com": (("-f", ".", "-B", "554 5.7.1 We do not like this"), 0.02),
}
DEAD = {"gone.example.com", "nobody.example.com"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    yield made
    made.close()


@pytest.fixture
def paper(store: Store) -> Paper:
    made = make_paper(store, edition=replace(EDITION, stations=(), channels=(Channel.EMAIL,)))
    made.setup = replace(made.setup, bounce_domain=DOMAIN)
    made.serve(FEED, rss(story(1), story(2), story(3)))
    return made


@pytest.fixture
def back(paper: Paper) -> Iterator[int]:
    """The port where reports come back to; the database is away for the first of them."""
    tried = Counter[str]()

    def take(arrived: Arrived) -> None:
        tried["all"] += 1
        if tried["all"] <= AWAY:
            raise Transient("the database is away")
        feedback.take(paper.ports, paper.setup, arrived)

    listener = Listener(take=take, expects=lambda a: feedback.expects(paper.setup, a), protocol="lmtp", name=DOMAIN)
    yield listener.start()
    listener.stop()
    assert tried["all"] > AWAY


@pytest.mark.slow
def test_exactly_the_dead_addresses_end_up_suppressed(paper: Paper, back: int) -> None:
    needed()
    readers = subscribe(paper)
    with sinks({host: options for host, (options, _) in HOSTS.items()}) as ports:
        transports = {host: f"smtp:[127.0.0.1]:{port}" for host, port in ports.items()}
        with postfix({**transports, DOMAIN: f"lmtp:inet:127.0.0.1:{back}"}) as relay:
            issue = send(paper, relay)
            wait_until_settled(paper, relay, issue, sum(host != "fine.example.com" for host in readers.values()))
    suppressed = {r.address for r in paper.store.subscriptions() if paper.store.suppressed(key_of(r))}
    assert suppressed == {address for address, host in readers.items() if host in DEAD}
    balance = paper.store.balance(issue.id, Channel.EMAIL)
    assert balance.closes
    assert (balance.accepted, balance.uncertain, balance.failed) == (MAILS, 0, 0)
    assert balance.bounced == sum(host != "fine.example.com" for host in readers.values())
    codes = {readers[address]: code for address, code in reported(paper, issue)}
    assert codes == {
        "gone.example.com": "5.1.1",
        "nobody.example.com": "5.1.1",
        "full.example.com": "5.2.2",
        "policy.example.com": "5.7.1",
    }


def key_of(reader: Subscription) -> links.AddressKey:
    return links.address_key(reader.address, KEYS)


def subscribe(paper: Paper) -> dict[str, str]:
    """As many readers as mails; their addresses, with the host of each."""
    hosts = [host for host, (_, share) in HOSTS.items() for _ in range(round(MAILS * share))]
    hosts = (hosts + ["fine.example.com"] * MAILS)[:MAILS]
    for number, host in enumerate(hosts):
        address = f"Reader-{number}@{host}"
        paper.store.subscribe(
            address=address,
            key=links.address_key(address, KEYS),
            edition_id="daily",
            choices=Choices(),
            consent=Consent(at=paper.clock.now(), how="sample", text_version="sample-1"),
            language="ko",
        )
    return {f"Reader-{number}@{host}": host for number, host in enumerate(hosts)}


def send(paper: Paper, relay: Postfix) -> Issue:
    paper.ports = replace(
        paper.ports, mailer=SmtpMailer(host="127.0.0.1", port=relay.port, timeout=timedelta(seconds=20))
    )
    issue = paper.morning()
    assert issue is not None
    paper.ports.mailer.close()
    return issue


def wait_until_settled(paper: Paper, relay: Postfix, issue: Issue, expected: int) -> None:
    """Until nothing is under way any more, neither there nor back."""
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        if not relay.waiting() and paper.store.balance(issue.id, Channel.EMAIL).bounced >= expected:
            return
        time.sleep(0.3)
    raise TimeoutError(f"{relay.waiting()} mails are still there: {(relay.folder / 'log').read_text()[-2000:]}")


def reported(paper: Paper, issue: Issue) -> list[tuple[str, str | None]]:
    """Whose mail came back, and the code of the report."""
    addresses = {r.id: r.address for r in paper.store.subscriptions()}
    found = []
    for delivery in paper.store.deliveries(issue.id, Channel.EMAIL):
        found += [(addresses[delivery.subscription_id or 0], one.code) for one in paper.store.events(delivery.id)]
    return found
