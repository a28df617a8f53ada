"""How Amazon Web Services names regions, sets, queues and topics, and where a stand-in for them may be.

It asks nobody whether they exist.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from syndication.core.addresses import judge

_REGION = re.compile(r"[a-z]{2,}(?:-[a-z]+)+-[0-9]{1,2}")
_SET_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_QUEUE = re.compile(r"https://sqs\.([a-z0-9-]{1,40})\.amazonaws\.com(?:\.cn)?/[0-9]{12}/[A-Za-z0-9_-]{1,80}(?:\.fifo)?")
_TOPIC = re.compile(r"arn:aws(?:-cn|-us-gov)?:sns:([a-z0-9-]{1,40}):[0-9]{12}:[A-Za-z0-9_-]{1,256}(?:\.fifo)?")
_CERTIFICATE = re.compile(
    r"https://sns\.([a-z0-9-]{1,40})\.amazonaws\.com(?:\.cn)?/SimpleNotificationService-[0-9a-f]{32}\.pem"
)


def is_region(name: str) -> bool:
    """Whether a name has the form of a region's: ap-northeast-2, us-gov-west-1."""
    return _REGION.fullmatch(name) is not None


def is_set_name(name: str) -> bool:
    """Whether a configuration set of SES may have this name."""
    return _SET_NAME.fullmatch(name) is not None


def queue_region(url: str) -> str | None:
    """The region of a queue by its URL; None for what is no queue of SQS."""
    return _region(_QUEUE, url)


def topic_region(arn: str) -> str | None:
    """The region of a topic by its ARN; None for what is no topic of SNS."""
    return _region(_TOPIC, arn)


def certificate_region(url: str) -> str | None:
    """The region whose SNS has a certificate at this URL; None for every other URL.

    docs: "Verifying the signatures of Amazon SNS messages"."""
    return _region(_CERTIFICATE, url)


def _region(shape: re.Pattern[str], text: str) -> str | None:
    found = shape.fullmatch(text)
    return found[1] if found is not None and is_region(found[1]) else None


def is_stand_in(url: str) -> bool:
    """Whether a URL leads to a port of this very machine, and to nothing else."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not port or parts.path not in ("", "/") or "@" in parts.netloc:
        return False
    return not parts.query and (host == "localhost" or _is_loopback(host))


def _is_loopback(address: str) -> bool:
    return judge(address, loopback=True) is None and judge(address, loopback=False) is not None
