"""What an answer of SES, or its absence, means for one mail: a table of its own, since SMTP's codes do not apply.

It calls nobody. `whole` says whether the last octets of the request had left: before that nothing can be theirs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from syndication.core.model import Outcome, Reach, Verdict
from syndication.core.policy import clean

A_MOMENT = timedelta(seconds=2)  # the rate is counted by the second
A_DAYS_QUOTA = timedelta(hours=1)  # the daily quota is counted over the last 24 hours: places come free bit by bit

_RECEIPT = re.compile(r"[\x21-\x7e]{1,200}")
_CODE = re.compile(r"[A-Za-z0-9._-]{1,100}")

# docs: SendEmail (SES API v2), "Errors", and "Common Errors"; Throttling… are names of the older API
THROTTLED = frozenset(
    {
        "TooManyRequestsException",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestLimitExceeded",
        "SlowDown",
    }
)
OUT_OF_QUOTA = frozenset({"LimitExceededException", "LimitExceeded"})
OURS = frozenset(  # the account, the sender's domain, the configuration, the credentials: every reader would hear it
    {
        "AccountSuspendedException",
        "SendingPausedException",
        "ConfigurationSetSendingPausedException",
        "MailFromDomainNotVerifiedException",
        "NotFoundException",
        "ConfigurationSetDoesNotExistException",
        "AccessDeniedException",
        "AccessDenied",
        "UnrecognizedClientException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "IncompleteSignature",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "OptInRequired",
        "NotAuthorized",
    }
)
STALE = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})  # credentials are fetched anew
ABOUT_ONE_MESSAGE = frozenset(
    {"MessageRejected", "BadRequestException", "InvalidParameterValue", "ValidationException", "SerializationException"}
)
# MessageRejected is also what SES says of an identity that nobody verified, and of an account that may not send
_SAYS_OURS = re.compile(
    r"not verified|sandbox|suspended|paused|not authorized|under review|account is (?:disabled|locked)", re.IGNORECASE
)
_SAYS_DAILY = re.compile(r"daily|24[- ]hour", re.IGNORECASE)


def accepted(answer: Mapping[str, Any]) -> Outcome:
    """The Outcome of an answer that is no error; one without a MessageId tells nothing."""
    receipt = answer.get("MessageId")
    if isinstance(receipt, str) and _RECEIPT.fullmatch(receipt):
        return Outcome(verdict=Verdict.ACCEPTED, receipt=receipt, code="200")
    return Outcome(verdict=Verdict.UNCERTAIN, code="200", reason="an answer without a MessageId")


def refused(status: int, code: str, text: str, *, whole: bool) -> Outcome:
    """The Outcome of an error that was answered: HTTP status, SES's name for it and its words.

    An answer that is no error of SES (a page of some server in between) leaves a whole request uncertain."""
    if not _CODE.fullmatch(code):
        code = str(status)
    reason = f"{code}: {clean(text)}".removesuffix(": ")
    if 400 <= status < 500 and not code.isdigit():
        return _said_no(status, code, text, reason)
    shown = f"HTTP {status}"
    if not whole:
        return _later(shown, f"refused before the request was whole ({reason})", Reach.TRANSPORT, A_MOMENT)
    return Outcome(verdict=Verdict.UNCERTAIN, code=shown, reason=f"no answer of SES itself ({reason})")


def _said_no(status: int, code: str, text: str, reason: str) -> Outcome:
    if code in OUT_OF_QUOTA or (code in THROTTLED and _SAYS_DAILY.search(text)):
        return _later(code, reason, Reach.TRANSPORT, A_DAYS_QUOTA)
    if code in THROTTLED or status == 429:
        return _later(code, reason, Reach.TRANSPORT, A_MOMENT)
    if code in STALE or status == 408:
        return _later(code, reason, Reach.TRANSPORT)
    if code in OURS or status in (401, 403) or _SAYS_OURS.search(text):
        return _later(code, reason, Reach.ISSUE)
    if code in ABOUT_ONE_MESSAGE:
        return Outcome(verdict=Verdict.REFUSED, code=code, reason=reason)
    return _later(code, reason, Reach.DELIVERY)


def broken(error: Exception, *, whole: bool) -> Outcome:
    """The Outcome of a call that broke: before the request was whole nothing was handed over, after it who knows."""
    what = type(error).__name__
    if whole:
        return Outcome(verdict=Verdict.UNCERTAIN, code=what, reason=f"no answer to the whole request ({what})")
    return _later(what, f"no connection, or one that broke before the request was whole ({what})", Reach.TRANSPORT)


def _later(code: str, reason: str, reach: Reach, wait: timedelta | None = None) -> Outcome:
    return Outcome(verdict=Verdict.DEFERRED, code=code, reason=reason, reach=reach, retry_after=wait)
