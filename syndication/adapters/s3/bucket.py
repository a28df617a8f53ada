"""Which bucket is published to, and the client that speaks to it.

It publishes nothing.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from syndication.ports import Permanent

CONNECT_TIME = timedelta(seconds=5)
ANSWER_TIME = timedelta(seconds=15)
ATTEMPTS = 2  # what else goes wrong is tried again with the next tick

_making = threading.Lock()  # boto3's default session is not made for threads


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A bucket of Amazon S3, or of another store that speaks its language and knows conditional writes.

    Without keys boto3 looks for credentials itself: environment, ~/.aws, the machine's own role."""

    name: str
    region: str
    prefix: str = ""  # keys begin with it and a slash
    endpoint: str | None = None  # None: Amazon's own
    access_key: str | None = field(default=None, repr=False)
    secret_key: str | None = field(default=None, repr=False)
    gzip: bool = True  # texts are stored packed, under Content-Encoding
    max_age: timedelta = timedelta(minutes=5)
    connect_time: timedelta = CONNECT_TIME
    answer_time: timedelta = ANSWER_TIME  # for one read or write of a connection

    def client(self, service: str = "s3", *, endpoint: str | None = None, own: bool = True) -> Any:
        """A boto3 client of this process; of another service (not `own`) at Amazon's. Raises Permanent."""
        _quieten()
        config = Config(
            retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
            connect_timeout=self.connect_time.total_seconds(),
            read_timeout=self.answer_time.total_seconds(),
            max_pool_connections=16,
            ignore_configured_endpoint_urls=True,  # no variable of the environment sends feeds elsewhere
            request_checksum_calculation="when_required",  # SHA-256 is given with every object
            response_checksum_validation="when_required",
            s3={"addressing_style": "path" if self.endpoint else "auto"},
            tcp_keepalive=True,
        )
        try:
            with _making:
                session = boto3.session.Session(
                    aws_access_key_id=self.access_key, aws_secret_access_key=self.secret_key, region_name=self.region
                )
                return session.client(service, endpoint_url=endpoint or (self.endpoint if own else None), config=config)
        except (BotoCoreError, ValueError) as error:
            raise Permanent(f"no client for the bucket {self.name} in {self.region}: {type(error).__name__}") from None


def _quieten() -> None:
    """At DEBUG these write whole requests into the log."""
    for name in ("botocore", "boto3", "urllib3"):
        logger = logging.getLogger(name)
        if logger.getEffectiveLevel() < logging.INFO:
            logger.setLevel(logging.INFO)
