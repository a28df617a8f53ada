"""What a refusal of S3, or no answer, means: which of the port's errors, and what the operator can do about it.

It calls nobody. Codes: docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html; conditional writes:
docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from botocore.exceptions import (
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    ProxyConnectionError,
    SSLError,
)

from syndication.adapters.s3.bucket import Bucket
from syndication.ports import Outrun, Permanent, Transient

_CODE = re.compile(r"[A-Za-z0-9._-]{1,60}")
_KEYS = "[publish] access_key_from and secret_key_from name the variables that hold them"

# 409 is what AWS says of two conditional writes at once; a 404 to If-Match says that the object is gone
_OUTRUN = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})
_PERMANENT: Mapping[str, str] = {
    "InvalidAccessKeyId": f"the access key is unknown there: {_KEYS}",
    "SignatureDoesNotMatch": f"the secret key does not belong to the access key: {_KEYS}",
    "InvalidToken": "the session token is not accepted: let the credentials be made anew",
    "AuthorizationHeaderMalformed": "the bucket is in another region: correct [publish] region",
    "IllegalLocationConstraintException": "the bucket is in another region: correct [publish] region",
    "PermanentRedirect": "the bucket is in another region: correct [publish] region",
    "301": "the bucket is in another region: correct [publish] region",
    "NoSuchBucket": "there is no such bucket: make it, or correct [publish] bucket",
    "InvalidBucketName": "no bucket can be called that: correct [publish] bucket",
    "AccountProblem": "the account has a problem: ask the provider",
    "AllAccessDisabled": "the account was disabled: ask the provider",
    "RequestTimeTooSkewed": "this machine's clock is wrong: set it, and keep it right by NTP",
    "NotImplemented": "this store does not know conditional writes: use one that does (such as Amazon S3 or SeaweedFS)",
    "501": "this store does not know conditional writes: use one that does (such as Amazon S3 or SeaweedFS)",
    "EntityTooLarge": "the file is too large for it",
    "KeyTooLongError": "the path is too long: shorten [publish] prefix",
    "QuotaExceeded": "the bucket is full: raise its quota",
}
_FORBIDDEN = (
    "these credentials may not do that: allow s3:GetObject and s3:PutObject on {where}, and s3:ListBucket on {bucket}"
    " (without it a file that is not there looks forbidden)"
)
_SPOILT = frozenset(
    {"BadDigest", "XAmzContentChecksumMismatch", "XAmzContentSHA256Mismatch", "InvalidDigest", "IncompleteBody"}
)
_SOON = frozenset(
    {"SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout", "OperationAborted", "Throttling"}
)


def code_of(error: ClientError) -> str:
    """S3's name for it, or the HTTP status where an answer has no body (HEAD)."""
    told = str(error.response.get("Error", {}).get("Code", ""))
    return told if _CODE.fullmatch(told) else str(status_of(error))


def status_of(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) or 0)


def is_missing(error: ClientError) -> bool:
    """Whether nothing stands at a key."""
    return code_of(error) in ("NoSuchKey", "404", "NotFound")


def is_unchanged(error: ClientError) -> bool:
    return status_of(error) == 304


def fault(error: Exception, bucket: Bucket, what: str) -> Transient | Permanent:
    """The port's error for one that a call raised. `what` could not be done: "feeds/x.rss could not be published"."""
    where = f"the bucket {bucket.name}"
    if isinstance(error, ClientError):
        return _refused(error, bucket, f"{what} ({where})")
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return Permanent(f"{what} ({where}): no credentials were found: {_KEYS}, or give this machine a role")
    if isinstance(error, CredentialRetrievalError):
        return Transient(f"{what} ({where}): the credentials could not be fetched")
    if isinstance(error, SSLError):
        return Permanent(f"{what} ({where}): the certificate of its server is not accepted: correct [publish] endpoint")
    if isinstance(error, ProxyConnectionError):
        return Permanent(f"{what} ({where}): the proxy that the environment names does not answer")
    return Transient(f"{what} ({where}): it does not answer ({type(error).__name__})")


def _refused(error: ClientError, bucket: Bucket, what: str) -> Transient | Permanent:
    code, status = code_of(error), status_of(error)
    if code in _OUTRUN or status in (409, 412):
        return Outrun(f"{what}: it was replaced meanwhile")
    if code in _PERMANENT:
        return Permanent(f"{what}: {code}: {_PERMANENT[code]}")
    if code in ("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"):
        return Transient(f"{what}: {code}: the credentials have expired")
    if code in _SOON or status >= 500 or status == 429:
        return Transient(f"{what}: {code}: it has trouble of its own")
    if code in _SPOILT:
        return Transient(f"{what}: {code}: the bytes changed on their way")
    if status == 403:
        place = f"{bucket.name}/{bucket.prefix}/*" if bucket.prefix else f"{bucket.name}/*"
        return Permanent(f"{what}: {code}: " + _FORBIDDEN.format(where=place, bucket=bucket.name))
    return Permanent(f"{what}: {code}: it was refused")
