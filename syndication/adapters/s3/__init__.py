"""Publishes finished files into a bucket behind a CDN: whole, only what changed, and under conditions.

It renders and serves nothing. Every object is written by one conditional PUT: a killed writer leaves the old object or
the new one, and of several at once one wins.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import os
import zlib
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from syndication.adapters.s3.answers import fault, is_missing
from syndication.adapters.s3.bucket import Bucket as Bucket
from syndication.core.paths import parts_of
from syndication.ports import Outrun, Permanent, Transient

STALE = "stale-while-revalidate=3600, stale-if-error=86400"
FOR_EVER = "public, max-age=31536000, immutable"
MOST_OCTETS = 64 * 1024 * 1024  # of one file
SMALLEST_WORTH_PACKING = 512
TRIAL = "syndication-trial.txt"

_LOOKS = 5
_REMEMBERED = 4096  # objects as they were last seen
_TRIAL_BODY = b"Feeds can be published here.\n"
_TEXTS = ("text/", "application/", "image/svg+xml")
_BROKEN = (ClientError, BotoCoreError, HTTPClientError, OSError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An object as it was seen: `digest` of its bytes before packing, `form` of the headers it is served with."""

    etag: str
    digest: str | None
    form: str | None
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The headers that an object is served with."""

    content_type: str
    encoding: str | None
    cache: str

    @property
    def mark(self) -> str:
        return hashlib.sha256(repr((self.content_type, self.encoding, self.cache)).encode()).hexdigest()[:16]

    def fields(self) -> dict[str, str]:
        encoding = {"ContentEncoding": self.encoding} if self.encoding else {}
        return {"ContentType": self.content_type, "CacheControl": self.cache, **encoding}


class S3Publisher:
    """Implements ports.Publisher for a bucket. Safe for threads; after a fork it connects anew.

    An object's ETag is its mark. SHA-256 of the file stands in its metadata; SHA-256 of what is sent goes with each
    PUT, and the store checks it."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._clients: dict[int, Any] = {}
        self._seen: OrderedDict[str, Standing] = OrderedDict()
        self._lock = Lock()

    # --- the port --------------------------------------------------------------------------

    def publish(
        self, path: str, body: bytes, content_type: str, *, over: str | None = None, lasting: bool = False
    ) -> bool:
        """Replace the object when its bytes or its headers differ; returns whether they did.

        Raises Outrun when another object stands there than `over` says, Permanent where the operator has to change
        something and Transient otherwise, each with a sentence that says what."""
        key, form = self._key(path), self._form(body, content_type, lasting=lasting)
        digest = hashlib.sha256(body).hexdigest()
        for _ in range(_LOOKS):
            standing = self._known(key, over) or self._look(path, key)
            if standing is not None and (standing.digest, standing.form) == (digest, form.mark):
                return False
            if over is not None and over != (standing.etag if standing else ""):
                raise Outrun(f"{path} was replaced meanwhile")
            try:
                self._put(path, key, body, digest, form, standing)
            except Outrun:
                now = self._look(path, key)
                if now is not None and (now.digest, now.form) == (digest, form.mark):
                    return True  # the answer to an earlier attempt of this call was lost
                if over is not None:
                    raise
            else:
                return True
        raise Outrun(f"{path} is being replaced by others all the time")

    def mark(self, path: str) -> str:
        """The object's ETag."""
        standing = self._look(path, self._key(path))
        return standing.etag if standing is not None else ""

    def digest(self, path: str) -> str | None:
        standing = self._look(path, self._key(path))
        return standing.digest if standing is not None else None

    def changed_at(self, path: str) -> datetime | None:
        standing = self._look(path, self._key(path))
        return standing.changed_at if standing is not None else None

    def read(self, path: str) -> bytes | None:
        """The bytes at `path`, unpacked; None when there are none."""
        key = self._key(path)
        try:
            found = self._client().get_object(Bucket=self._bucket.name, Key=key)
            stored, encoding = found["Body"].read(MOST_OCTETS + 1), found.get("ContentEncoding") or ""
        except _BROKEN as error:
            if isinstance(error, ClientError) and is_missing(error):
                return None
            raise fault(error, self._bucket, f"{path} could not be read") from None
        body = _unpacked(stored) if encoding == "gzip" else stored
        if body is None or len(body) > MOST_OCTETS or found["ContentLength"] != len(stored):
            raise Transient(f"{path} could not be read (the bucket {self._bucket.name}): what came is not whole")
        return body

    def try_out(self) -> None:
        """Write a small file, see that a second creation of it is refused, and read it back.

        Raises Permanent or Transient, with what there is to do."""
        self.publish(TRIAL, _TRIAL_BODY, "text/plain; charset=utf-8")
        key, form = self._key(TRIAL), self._form(b"", "text/plain; charset=utf-8", lasting=False)
        try:
            self._put(TRIAL, key, b"", hashlib.sha256(b"").hexdigest(), form, None)
        except Outrun:
            pass
        else:
            raise Permanent(
                f"the bucket {self._bucket.name} is in a store that overwrites in spite of If-None-Match: two workers "
                "could leave an older feed there; use one with conditional writes (such as Amazon S3 or SeaweedFS)"
            )
        if self.read(TRIAL) != _TRIAL_BODY:
            raise Permanent(f"the bucket {self._bucket.name} does not give back what was written")

    # --- one object ------------------------------------------------------------------------

    def _key(self, path: str) -> str:
        if parts_of(path) is None:
            raise Permanent(f"{path!a} is no path inside the bucket: use names separated by /")
        return f"{self._bucket.prefix}/{path}" if self._bucket.prefix else path

    def _form(self, body: bytes, content_type: str, *, lasting: bool) -> Form:
        text = content_type.startswith(_TEXTS) and len(body) >= SMALLEST_WORTH_PACKING
        seconds = int(self._bucket.max_age.total_seconds())
        return Form(
            content_type=content_type,
            encoding="gzip" if text and self._bucket.gzip else None,
            cache=FOR_EVER if lasting else f"public, max-age={seconds}, {STALE}",
        )

    def _known(self, key: str, over: str | None) -> Standing | None:
        """The object that a mark was asked of; who replaced it since is found out by the condition."""
        with self._lock:
            seen = self._seen.get(key)
            return seen if seen is not None and seen.etag == over else None

    def _look(self, path: str, key: str) -> Standing | None:
        try:
            found = self._client().head_object(Bucket=self._bucket.name, Key=key)
        except _BROKEN as error:
            if isinstance(error, ClientError) and is_missing(error):
                return self._remember(key, None)
            raise fault(error, self._bucket, f"{path} could not be looked at") from None
        told = {name.lower(): value for name, value in found.get("Metadata", {}).items()}
        standing = Standing(
            etag=found["ETag"],
            digest=told.get("sha256"),
            form=told.get("form"),
            changed_at=found["LastModified"].astimezone(UTC),
        )
        return self._remember(key, standing)

    def _put(self, path: str, key: str, body: bytes, digest: str, form: Form, over: Standing | None) -> None:
        sent = gzip.compress(body, compresslevel=6, mtime=0) if form.encoding else body
        condition = {"IfMatch": over.etag} if over is not None else {"IfNoneMatch": "*"}
        try:
            self._client().put_object(
                Bucket=self._bucket.name,
                Key=key,
                Body=sent,
                ChecksumSHA256=base64.b64encode(hashlib.sha256(sent).digest()).decode(),
                Metadata={"sha256": digest, "form": form.mark},
                **form.fields(),
                **condition,
            )
        except _BROKEN as error:
            self._remember(key, None)
            if isinstance(error, ClientError) and over is not None and is_missing(error):
                raise Outrun(f"{path} was removed meanwhile") from None
            raise fault(error, self._bucket, f"{path} could not be published") from None

    def _remember(self, key: str, standing: Standing | None) -> Standing | None:
        with self._lock:
            self._seen.pop(key, None)
            if standing is not None:
                self._seen[key] = standing
            while len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)
        return standing

    def _client(self) -> Any:
        pid = os.getpid()
        with self._lock:
            if pid not in self._clients:
                self._clients = {pid: self._bucket.client()}
            return self._clients[pid]


def _unpacked(stored: bytes) -> bytes | None:
    """None for what is no whole gzip, or far too much."""
    reader = zlib.decompressobj(wbits=31)
    try:
        body = reader.decompress(stored, MOST_OCTETS + 1)
    except zlib.error:
        return None
    return body if reader.eof else None
