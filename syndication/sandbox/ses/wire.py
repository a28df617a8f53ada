"""The stand-in's HTTP: SES API v2 (REST and JSON), SQS (JSON), SNS (query and XML), each as far as it is used.

It decides nothing about mail. Signatures of requests are not checked; that they are signed is.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import socket
import struct
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.sax.saxutils import escape

from syndication.sandbox.loopback import QuietHandler
from syndication.sandbox.ses import shapes
from syndication.sandbox.ses.desk import Desk
from syndication.sandbox.ses.faults import TAKEN, Rule, Wrong, script
from syndication.sandbox.ses.records import Taken
from syndication.sandbox.ses.shapes import Refused

QUEUE_PATH = "/000000000000/events"

_BODY_MAX = 60 * 1024 * 1024
_SUPPRESSION = "/v2/email/suppression/addresses"
_INSIGHTS = re.compile(r"/v2/email/insights/([^/]+)/")
_SIGNED = re.compile(r"AWS4-HMAC-SHA256 Credential=([^/]+)/")

Answer = Mapping[str, Any]


class Handler(QuietHandler):
    """One connection."""

    desk: Desk

    def do_POST(self) -> None:  # noqa: N802 - the base class calls it by this name
        path = urlsplit(self.path).path
        if path == "/v2/email/outbound-emails":
            self._send_email()
        elif path == "/stand-in/faults":
            self.desk.rules = script(self._body().decode())
            self.reply(200)
        elif "X-Amz-Target" in self.headers:
            self._queue(self.headers["X-Amz-Target"])
        else:
            self._topic()

    def do_GET(self) -> None:  # noqa: N802 - as above
        path = urlsplit(self.path).path
        insights = _INSIGHTS.fullmatch(path)
        if path == "/v2/email/account":
            self._rest("GetAccount", {}, lambda _: self.desk.account())
        elif insights:
            asked = {"MessageId": unquote(insights[1])}
            self._rest("GetMessageInsights", asked, lambda r: self.desk.insights(r["MessageId"]))
        elif path.startswith(f"{_SUPPRESSION}/"):
            self._rest("GetSuppressedDestination", self._named(path), self._suppressed)
        elif path == "/stand-in/counts":
            self.reply(200, json.dumps(self.desk.counts).encode(), "application/json")
        else:
            self.reply(404)

    def do_PUT(self) -> None:  # noqa: N802 - as above
        if urlsplit(self.path).path != _SUPPRESSION:
            return self.reply(404)
        return self._rest("PutSuppressedDestination", _json(self._body()), self._suppress)

    def do_DELETE(self) -> None:  # noqa: N802 - as above
        path = urlsplit(self.path).path
        if not path.startswith(f"{_SUPPRESSION}/"):
            return self.reply(404)
        return self._rest("DeleteSuppressedDestination", self._named(path), self._forgive)

    # --- SES ---------------------------------------------------------------------------------

    def _send_email(self) -> None:
        rule = self.desk.fault()
        if rule is not None and rule.wrong is Wrong.CUT_READING:
            self.desk.note(rule.wrong.value)
            return self._hang_up()
        body, came_in = self._body(), time.monotonic()
        if rule is not None and rule.wrong not in TAKEN:
            self.desk.note(rule.wrong.value)
            return self._refuse(rule)
        try:
            self._signed()
            taken = self.desk.send(shapes.judged("sesv2", "SendEmail", _with_raw(_json(body))), came_in)
        except Refused as refused:
            self.desk.note("throttled" if refused.status == 429 else "refused")
            return self._error(refused)
        if rule is not None:
            return self._misanswer(rule, taken)
        return self._json(shapes.answered("sesv2", "SendEmail", {"MessageId": taken.message_id}))

    def _refuse(self, rule: Rule) -> None:
        match rule.wrong:
            case Wrong.CUT_BEFORE:
                self._hang_up()
            case Wrong.THROTTLE:
                words = "Maximum sending rate exceeded."
                self._error(shapes.error("sesv2", "SendEmail", "TooManyRequestsException", words))
            case Wrong.ERROR:
                self._error(shapes.error("sesv2", "SendEmail", rule.code, rule.words))
            case _:
                self._error(Refused(rule.status, "ServiceUnavailableException", rule.words))

    def _misanswer(self, rule: Rule, taken: Taken) -> None:
        match rule.wrong:
            case Wrong.CUT_AFTER:
                self._hang_up()
            case Wrong.STATUS_AFTER:
                self._error(Refused(rule.status, "InternalFailure", rule.words))
            case Wrong.HTML:
                self.reply(200, b"<html><body>It works!</body></html>", "text/html")
            case Wrong.NO_ID:
                self._json({})
            case _:
                time.sleep(rule.seconds)
                self._json({"MessageId": taken.message_id})

    def _rest(self, name: str, request: Answer, answer: Callable[[Answer], Answer]) -> None:
        try:
            self._signed()
            self._json(shapes.answered("sesv2", name, answer(shapes.judged("sesv2", name, request))))
        except Refused as refused:
            self._error(refused)

    def _named(self, path: str) -> Answer:
        return {"EmailAddress": unquote(path.removeprefix(f"{_SUPPRESSION}/"))}

    def _suppress(self, request: Answer) -> Answer:
        self.desk.suppressed[request["EmailAddress"]] = request["Reason"]
        return {}

    def _suppressed(self, request: Answer) -> Answer:
        address = request["EmailAddress"]
        if address not in self.desk.suppressed:
            raise shapes.error("sesv2", "GetSuppressedDestination", "NotFoundException", "It is not on the list.")
        known = {"EmailAddress": address, "Reason": self.desk.suppressed[address], "LastUpdateTime": time.time()}
        return {"SuppressedDestination": known}

    def _forgive(self, request: Answer) -> Answer:
        if self.desk.suppressed.pop(request["EmailAddress"], None) is None:
            raise shapes.error("sesv2", "DeleteSuppressedDestination", "NotFoundException", "It is not on the list.")
        return {}

    # --- SQS and SNS -------------------------------------------------------------------------

    def _queue(self, target: str) -> None:
        name = target.removeprefix("AmazonSQS.")
        doing = {
            "ReceiveMessage": self._receive,
            "DeleteMessage": self._delete,
            "DeleteMessageBatch": self._delete_many,
        }
        body = _json(self._body())
        try:
            self._signed()
            if name not in doing:
                raise Refused(400, "InvalidAction", f"The stand-in knows no {name}.")
            request = shapes.judged("sqs", name, body)
            if urlsplit(request["QueueUrl"]).path != QUEUE_PATH:
                words = "The specified queue does not exist."
                raise Refused(400, "com.amazonaws.sqs#QueueDoesNotExist", words)
            self._json(shapes.answered("sqs", name, doing[name](request)), "application/x-amz-json-1.0")
        except Refused as refused:
            self._error(refused)

    def _receive(self, request: Answer) -> Answer:
        found = self.desk.queue.receive(
            request.get("MaxNumberOfMessages", 1),
            wait=float(request.get("WaitTimeSeconds", 0)),
            hide=float(request.get("VisibilityTimeout", 30)),
        )
        asked = request.get("MessageSystemAttributeNames", ())
        for message in found:
            message["Attributes"] = {n: v for n, v in message["Attributes"].items() if n in asked or "All" in asked}
        return {"Messages": found} if found else {}

    def _delete(self, request: Answer) -> Answer:
        self.desk.queue.delete(request["ReceiptHandle"])
        return {}

    def _delete_many(self, request: Answer) -> Answer:
        for entry in request["Entries"]:
            self.desk.queue.delete(entry["ReceiptHandle"])
        return {"Successful": [{"Id": entry["Id"]} for entry in request["Entries"]], "Failed": []}

    def _topic(self) -> None:
        form = dict(parse_qsl(self._body().decode("utf-8", "replace")))
        name = form.pop("Action", "")
        form.pop("Version", None)
        if name != "ConfirmSubscription":
            return self._xml(400, _xml_error("InvalidAction", f"The stand-in knows no {name}."))
        try:
            self._signed()
            request = shapes.judged("sns", name, form)
            arn = self.desk.topic.confirm(request["TopicArn"], request["Token"])
            if arn is None:
                raise Refused(400, "InvalidParameter", "Invalid token")
            shapes.answered("sns", name, {"SubscriptionArn": arn})
        except Refused as refused:
            return self._xml(refused.status, _xml_error(refused.code, str(refused)))
        self.desk.counts["confirmed"] += 1
        inner = f"<SubscriptionArn>{escape(arn)}</SubscriptionArn>"
        return self._xml(200, f"<{name}Result>{inner}</{name}Result>", name=f"{name}Response")

    # --- octets ------------------------------------------------------------------------------

    def _signed(self) -> None:
        found = _SIGNED.match(self.headers.get("Authorization", ""))
        if found is None:
            raise Refused(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
        if self.desk.habits.watchword not in (None, found[1]):
            raise Refused(403, "UnrecognizedClientException", "The security token included in the request is invalid.")

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not re.fullmatch("[0-9]{1,9}", length) or int(length) > _BODY_MAX:
            self.close_connection = True
            raise ConnectionError("a request without a length, or too large")
        body = self.rfile.read(int(length))
        if len(body) != int(length):
            raise ConnectionError("a request that was cut off")
        return body

    def _json(self, answer: Answer, content_type: str = "application/json") -> None:
        self.reply(200, json.dumps(answer).encode(), content_type)

    def _error(self, refused: Refused) -> None:
        name = refused.code.rpartition("#")[2]
        body = json.dumps({"message": str(refused), "__type": refused.code}).encode()
        self.reply(refused.status, body, "application/json", headers={"x-amzn-ErrorType": f"{name}:"})

    def _xml(self, status: int, inner: str, *, name: str = "ErrorResponse") -> None:
        space = "http://sns.amazonaws.com/doc/2010-03-31/"
        self.reply(status, f'<{name} xmlns="{space}">{inner}</{name}>'.encode(), "text/xml")

    def _hang_up(self) -> None:
        """End the connection at once, with a reset."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


def _json(body: bytes) -> Answer:
    try:
        document = json.loads(body or b"{}")
    except ValueError:
        raise Refused(400, "SerializationException", "That is no JSON.") from None
    if not isinstance(document, dict):
        raise Refused(400, "SerializationException", "That is no JSON object.")
    return document


def _with_raw(document: Answer) -> Answer:
    """The request with its message as octets."""
    try:
        raw = document["Content"]["Raw"]["Data"]
        data = base64.b64decode(raw, validate=True)
    except (KeyError, TypeError, binascii.Error, ValueError):
        return document
    return {**document, "Content": {"Raw": {**document["Content"]["Raw"], "Data": data}}}


def _xml_error(code: str, words: str) -> str:
    return f"<Error><Type>Sender</Type><Code>{escape(code)}</Code><Message>{escape(words)}</Message></Error>"
