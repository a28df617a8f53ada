"""Which Amazon account and region mail goes through, and the clients that speak to it.

It sends nothing. No client retries by itself: a repeated SendEmail would be a repeated mail.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from syndication.core.amazon import is_region, is_set_name, is_stand_in
from syndication.ports import Permanent

CONNECT_TIME = timedelta(seconds=5)
ANSWER_TIME = timedelta(seconds=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Where mail is handed over. Raises Permanent for what cannot work.

    Without keys boto3 looks for credentials itself: environment, ~/.aws, the machine's own role."""

    region: str
    configuration_set: str | None = None  # without one SES tells no events with tags
    endpoint: str | None = None  # a stand-in on this machine; None: the region's own
    access_key: str | None = field(default=None, repr=False)
    secret_key: str | None = field(default=None, repr=False)
    connect_time: timedelta = CONNECT_TIME
    answer_time: timedelta = ANSWER_TIME  # for one read or write of a connection

    def __post_init__(self) -> None:
        if not is_region(self.region):
            raise Permanent(f"{self.region!r} is no region of Amazon Web Services")
        if self.configuration_set is not None and not is_set_name(self.configuration_set):
            raise Permanent(f"{self.configuration_set!r} is no name of a configuration set")
        if self.endpoint is not None and not is_stand_in(self.endpoint):
            raise Permanent("an endpoint of one's own must be a stand-in on this machine")
        if (self.access_key is None) != (self.secret_key is None):
            raise Permanent("access key and secret key go together")

    def client(self, service: str, *, connections: int = 1, answer_time: timedelta | None = None) -> Any:
        """A boto3 client of this process. Raises Permanent."""
        _quieten()
        session = boto3.session.Session(
            aws_access_key_id=self.access_key, aws_secret_access_key=self.secret_key, region_name=self.region
        )
        config = Config(
            retries={"total_max_attempts": 1, "mode": "standard"},
            connect_timeout=self.connect_time.total_seconds(),
            read_timeout=(answer_time or self.answer_time).total_seconds(),
            max_pool_connections=connections,
            parameter_validation=False,  # what is sent is built here, and judged before
            ignore_configured_endpoint_urls=True,  # no variable of the environment sends mail elsewhere
            proxies={} if self.endpoint else None,
            tcp_keepalive=True,
        )
        try:
            return session.client(service, endpoint_url=self.endpoint, config=config)
        except (BotoCoreError, ValueError) as error:
            raise Permanent(f"no client for {service} in {self.region}: {type(error).__name__}") from None


def _quieten() -> None:
    """At DEBUG these write addresses and whole messages into the log."""
    for name in ("botocore", "boto3", "urllib3"):
        logger = logging.getLogger(name)
        if logger.getEffectiveLevel() < logging.INFO:
            logger.setLevel(logging.INFO)
