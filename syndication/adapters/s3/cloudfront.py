"""Tells a CloudFront distribution which copies to fetch anew.

It publishes nothing. docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Invalidation.html: the first 1,000
paths of a month are free, and /feeds/* counts as one.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from syndication.adapters.s3.answers import code_of, status_of
from syndication.adapters.s3.bucket import Bucket
from syndication.ports import Permanent, Transient

MOST_PATHS = 5  # below one folder; more are one wildcard, which costs as much as a single path
_WAIT = frozenset({"TooManyInvalidationsInProgress", "Throttling", "ServiceUnavailable"})


class CloudFront:
    """Implements ports.Invalidation. The bucket's prefix is the distribution's origin path."""

    def __init__(self, distribution: str, bucket: Bucket, *, endpoint: str | None = None) -> None:
        self._distribution, self._bucket, self._endpoint = distribution, bucket, endpoint
        self._clients: dict[int, Any] = {}

    def __call__(self, paths: Sequence[str]) -> None:
        items = folded(paths)
        batch = {"Paths": {"Quantity": len(items), "Items": items}, "CallerReference": uuid4().hex}
        try:
            self._client().create_invalidation(DistributionId=self._distribution, InvalidationBatch=batch)
        except ClientError as error:
            raise _fault(error, self._distribution) from None
        except (BotoCoreError, HTTPClientError, OSError) as error:
            raise Transient(f"CloudFront does not answer ({type(error).__name__})") from None

    def _client(self) -> Any:
        pid = os.getpid()
        if pid not in self._clients:
            self._clients = {pid: self._bucket.client("cloudfront", endpoint=self._endpoint, own=False)}
        return self._clients[pid]


def folded(paths: Sequence[str]) -> list[str]:
    """Paths as CloudFront takes them: with a slash, percent-encoded, many below one folder as one wildcard.

    A page index.html stands under its folder's address as well, with and without a slash."""
    every = [path for given in paths for path in _addresses(given)]
    tops = Counter(path.split("/")[1] for path in every if path.count("/") > 1)
    many = {top for top, times in tops.items() if times > MOST_PATHS}
    return sorted(
        {f"/{top}/*" if (top := path.split("/")[1]) in many and path.count("/") > 1 else path for path in every}
    )


def _addresses(path: str) -> list[str]:
    address = f"/{quote(path)}"
    folder = address.removesuffix("index.html")
    return [address] if folder == address else [address, folder, folder.rstrip("/") or "/"]


def _fault(error: ClientError, distribution: str) -> Transient | Permanent:
    code, status = code_of(error), status_of(error)
    what = f"the CloudFront distribution {distribution} was not told ({code})"
    if code in _WAIT or status >= 500 or status == 429:
        return Transient(what)
    if code == "NoSuchDistribution":
        return Permanent(f"{what}: there is none of this id: correct [publish] cloudfront")
    return Permanent(f"{what}: let the credentials call cloudfront:CreateInvalidation on it")
