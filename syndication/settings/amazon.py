"""Reads how mail goes through Amazon SES and how its events come back: the table [mail.ses].

It resolves no secret and asks Amazon nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from syndication.core import amazon
from syndication.settings import kinds
from syndication.settings.kinds import Read
from syndication.settings.problems import Wrong

_QUEUE = "https://sqs.ap-northeast-2.amazonaws.com/123456789012/ses-events"
EXAMPLE = f'{{ region = "ap-northeast-2", configuration_set = "digest", event_queue = "{_QUEUE}" }}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Ses:
    """One account, in one region."""

    region: str
    configuration_set: str
    concurrency: int = 20  # calls under way at once, per worker
    event_queue: str | None = None  # URL of the SQS queue
    event_topic: str | None = None  # ARN of the SNS topic
    endpoint: str | None = None  # a stand-in on this machine
    access_key_from: str | None = None
    secret_key_from: str | None = None
    access_key: str | None = field(default=None, repr=False)
    secret_key: str | None = field(default=None, repr=False)


def _checked(holds: Callable[[str], object], wrong: str, right: str) -> Read:
    def read(value: Any) -> str:
        words = kinds.text(value)
        if not holds(words):
            raise Wrong(f"{kinds.shown(words)} is {wrong}", right)
        return words

    return read


def _is_queue(words: str) -> bool:
    stand_in = "/".join(words.split("/")[:3])
    return amazon.queue_region(words) is not None or amazon.is_stand_in(stand_in)


_READ: Mapping[str, Read] = {
    "region": _checked(amazon.is_region, "no region", 'region = "ap-northeast-2"'),
    "configuration_set": _checked(amazon.is_set_name, "no configuration set's name", 'configuration_set = "digest"'),
    "concurrency": kinds.whole(1, 200),
    "event_queue": _checked(_is_queue, "no queue's URL", f'event_queue = "{_QUEUE}"'),
    "event_topic": _checked(
        amazon.topic_region, "no topic's ARN", 'event_topic = "arn:aws:sns:ap-northeast-2:123456789012:ses-events"'
    ),
    "endpoint": _checked(amazon.is_stand_in, "no port of this machine", 'endpoint = "http://127.0.0.1:8604"'),
    "access_key_from": kinds.environment_name,
    "secret_key_from": kinds.environment_name,
}


def ses(value: Any) -> Ses:
    """The table as read. Raises Wrong."""
    if not isinstance(value, Mapping):
        raise Wrong(f"this is {kinds.shown(value)}, where a table is expected", EXAMPLE)
    unknown = next((key for key in value if key not in _READ), None)
    if unknown is not None:
        raise Wrong(f'there is no "{unknown}" here; there are {", ".join(_READ)}', EXAMPLE)
    missing = next((key for key in ("region", "configuration_set") if key not in value), None)
    if missing is not None:
        raise Wrong(f"{missing} is missing", EXAMPLE)
    read = Ses(**{key: _READ[key](given) for key, given in value.items()})
    if (read.access_key_from is None) != (read.secret_key_from is None):
        raise Wrong("access_key_from and secret_key_from go together", EXAMPLE)
    return read
