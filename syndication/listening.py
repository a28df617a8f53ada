"""Takes in what the mail provider tells of our mails: whose news a record is, judged before anything follows from it.

It receives nothing: a worker empties the queue, the web takes what is posted. What news mean is `feedback`'s.
"""

from __future__ import annotations

from collections.abc import Sequence

from syndication import feedback
from syndication.core import links, provider_events
from syndication.core.links import BadAddress, Purpose, normal_address
from syndication.core.model import Event
from syndication.core.provider_events import Record
from syndication.ports import Ports, Setup


def take(ports: Ports, setup: Setup, text: str) -> int:
    """Take in one event record; returns how many of its Events were new. Raises provider_events.Unreadable."""
    return len(feedback.apply_all(ports, setup, read(ports, setup, text)))


def read(ports: Ports, setup: Setup, text: str) -> Sequence[Event]:
    """The Events of one record, each of the Delivery whose reader it speaks of. Raises provider_events.Unreadable.

    A number alone is not believed: after a database was restored, or with another installation in the same account, it
    means somebody else. News of nobody here are kept where they are bad, and move nothing."""
    record = provider_events.read(text, now=ports.clock.now(), whose=lambda *told: _whose(ports, setup, *told))
    found = (one if _ours(ports, one, record) else provider_events.disowned(one) for one in record.events)
    return [one for one in found if one is not None]


def _whose(ports: Ports, setup: Setup, message_id: str, sender: str) -> int | None:
    """The Delivery of a message without tags: by the address that its bounces go to, else by its receipt."""
    slip = links.read_return(sender, setup.bounce_domain, setup.keys) if setup.bounce_domain else None
    if slip is not None and slip.purpose is Purpose.VERP:
        return slip.number
    delivery = ports.store.delivery_by_receipt(message_id)
    return None if delivery is None else delivery.id


def _ours(ports: Ports, event: Event, record: Record) -> bool:
    """Whether the Delivery that an Event names is one to the address that the record names."""
    delivery = None if event.delivery_id is None else ports.store.delivery(event.delivery_id)
    if delivery is None or delivery.subscription_id is None:
        return False
    reader = ports.store.subscription(delivery.subscription_id)
    return reader is not None and _normal(reader.address) in {_normal(address) for address in record.recipients}


def _normal(address: str) -> str:
    try:
        return normal_address(address)
    except BadAddress:
        return address.strip().lower()
