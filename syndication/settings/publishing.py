"""Where feeds, their archives and the readers' pages are published: the table [publish].

It opens no connection and resolves no secret.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from syndication.core.amazon import is_region, is_stand_in
from syndication.core.paths import parts_of
from syndication.settings import kinds
from syndication.settings.fields import Table, defaulting, optional
from syndication.settings.problems import Wrong

_SECOND, _DAY = timedelta(seconds=1), timedelta(days=1)
# docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_BUCKET = re.compile(r"(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9](?:[a-z0-9-]|\.(?=[a-z0-9])){1,61}[a-z0-9]")
_DISTRIBUTION = re.compile(r"[A-Z0-9]{8,20}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Publishing:
    """A bucket, or None for the folder `public` in the storage folder; and who is told of changes."""

    bucket: str | None = None
    region: str | None = None
    prefix: str | None = None
    endpoint: str | None = None
    gzip: bool = True
    max_age: timedelta = timedelta(minutes=5)
    in_rehearsal: bool = False
    cloudfront: str | None = None
    invalidate_url: str | None = None
    access_key: str | None = field(default=None, repr=False)
    secret_key: str | None = field(default=None, repr=False)
    invalidate_secret: str | None = field(default=None, repr=False)


def _bucket(value: Any) -> str:
    words = kinds.text(value)
    if not _BUCKET.fullmatch(words):
        raise Wrong(f"{kinds.shown(words)} is no name of a bucket: 3 to 63 small letters, digits, hyphens and dots")
    return words


def _region(value: Any) -> str:
    words = kinds.text(value)
    if not is_region(words) and words != "auto":
        raise Wrong(f"{kinds.shown(words)} is no region", '"ap-northeast-2"')
    return words


def _prefix(value: Any) -> str:
    words = kinds.text(value).strip("/")
    if parts_of(words) is None or len(words) > 100:
        raise Wrong(f"{kinds.shown(words)} is no beginning of a path: names separated by /", '"public"')
    return words


def _endpoint(value: Any) -> str:
    words: str = kinds.base_url(value)
    if not words.startswith("https://") and not is_stand_in(words):
        raise Wrong("secrets would travel there unprotected", f'"https://{words.partition("://")[2]}"')
    return words


def _distribution(value: Any) -> str:
    words = kinds.text(value)
    if not _DISTRIBUTION.fullmatch(words):
        raise Wrong(f"{kinds.shown(words)} is no id of a CloudFront distribution", '"E2EXAMPLE12345"')
    return words


PUBLISH = Table(
    name="publish",
    about="Where feeds, their archives and copies of the readers' pages stand: in the folder `public` of the storage "
    "folder, or in a bucket of S3 behind a CDN. `syndication check` tries whether the bucket can be written.",
    fields=(
        optional("bucket", _bucket, '"garam-feeds"', "Name of the bucket. Without it files stand in the folder."),
        optional("region", _region, '"ap-northeast-2"', "Region of the bucket; needed with it."),
        optional("prefix", _prefix, '"public"', "Keys begin with it and a slash; the CDN's origin path."),
        optional(
            "endpoint",
            _endpoint,
            '"https://s3.storage.example"',
            "A store of another provider that speaks S3 and knows conditional writes; without it Amazon's.",
        ),
        optional(
            "access_key_from",
            kinds.environment_name,
            '"PUBLISH_ACCESS_KEY"',
            "Environment variable with the access key; without it credentials are looked for as boto3 does.",
        ),
        optional(
            "secret_key_from",
            kinds.environment_name,
            '"PUBLISH_SECRET_KEY"',
            "Environment variable with the secret key; goes with access_key_from.",
        ),
        defaulting("gzip", kinds.flag, "true", "Whether texts are stored packed; false where the CDN packs them."),
        defaulting(
            "max_age",
            kinds.duration(_SECOND, _DAY),
            '"5m"',
            "How long readers and the CDN may keep a copy without asking; a retraction takes as long to reach them "
            "where the CDN is not told.",
        ),
        defaulting(
            "in_rehearsal",
            kinds.flag,
            "false",
            "Whether the bucket is written while rehearsing, too; else the folder is.",
        ),
        optional(
            "cloudfront",
            _distribution,
            '"E2EXAMPLE12345"',
            "Id of the CloudFront distribution that is told what changed, with the bucket's credentials.",
        ),
        optional(
            "invalidate_url",
            kinds.url,
            '"https://cdn.garam.example/purge"',
            "Address that is told what changed, by a webhook signed after Standard Webhooks.",
        ),
        optional(
            "invalidate_secret_from",
            kinds.environment_name,
            '"INVALIDATE_SECRET"',
            "Environment variable with the secret (whsec_…) that it is signed with; goes with invalidate_url.",
        ),
    ),
)
