"""The stand-in for SES: what it takes and answers is what botocore's own models say, and its log tells what it took."""

from __future__ import annotations

import base64
import email
import json
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from email.policy import default
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from hypothesis import given
from hypothesis import strategies as st

from syndication.sandbox.ses import Habits, Rule, StandIn, Wrong, accepted, calls, letters, records, shapes
from syndication.sandbox.ses.faults import rule_for, script
from syndication.sandbox.ses.topic import Topic
from tests.contract.amazon import account, mail

NOW = datetime(2026, 1, 20, tzinfo=UTC)


@pytest.fixture
def stand_in(tmp_path: Path) -> Iterator[StandIn]:
    made = StandIn(tmp_path)
    made.start()
    yield made
    made.stop()


def client(stand_in: StandIn, service: str = "sesv2") -> Any:
    return account(stand_in.url).client(service, connections=4)


def request(n: int = 1, recipient: str = "reader-1@example.com", **values: Any) -> dict[str, Any]:
    one = mail(n)
    return {
        "FromEmailAddress": one.sender,
        "Destination": {"ToAddresses": [recipient]},
        "Content": {"Raw": {"Data": one.message}},
        "ConfigurationSetName": "digest",
        "EmailTags": [{"Name": name, "Value": value} for name, value in one.tags.items()],
        **values,
    }


def code(call: Any, **asked: Any) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        call(**asked)
    told = caught.value.response
    return told["Error"]["Code"], told["ResponseMetadata"]["HTTPStatusCode"]


# --- taking mail -----------------------------------------------------------------------------


def test_a_mail_that_is_taken_is_in_the_log_with_its_tags_before_the_answer(stand_in: StandIn, tmp_path: Path):
    answer = client(stand_in).send_email(**request())
    (call,) = accepted(tmp_path)
    assert call.message_id == answer["MessageId"]
    assert (call.recipient, call.own_message_id) == ("reader-1@example.com", "<m1@garam.example>")
    assert call.tags == {"delivery": "1", "issue": "3"}
    assert abs(datetime.now(UTC) - call.at).total_seconds() < 5


def test_the_header_is_rewritten_as_ses_does_and_the_rest_stays_octet_for_octet(stand_in: StandIn, tmp_path: Path):
    answer = client(stand_in).send_email(**request())
    (kept,) = (tmp_path / "reader-1@example.com").glob("*.eml")
    sent, written = kept.read_bytes(), mail(1).message
    read = email.message_from_bytes(sent, policy=default)
    assert read["Message-ID"] == f"<{answer['MessageId']}@ap-northeast-2.amazonses.com>"
    assert len(read.get_all("Date")) == len(read.get_all("Feedback-ID")) == 1
    assert "06:30:00" not in read["Date"]
    assert sent.partition(b"\r\n\r\n")[2] == written.partition(b"\r\n\r\n")[2]
    assert [
        line for line in written.split(b"\r\n\r\n")[0].split(b"\r\n") if line[:5] in (b"From:", b"Subje", b"To: r")
    ] == [line for line in sent.split(b"\r\n") if line[:5] in (b"From:", b"Subje", b"To: r")]


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"Destination": {"ToAddresses": ["a@x.example", "b@x.example"]}}, "BadRequestException"),
        ({"Destination": {"ToAddresses": ["nobody"]}}, "BadRequestException"),
        ({"EmailTags": [{"Name": "delivery", "Value": "열둘"}]}, "BadRequestException"),
        ({"EmailTags": [{"Name": "delivery", "Value": "1 2"}]}, "BadRequestException"),
        ({"ConfigurationSetName": "unknown"}, "NotFoundException"),
        ({"Content": {"Raw": {"Data": b"Subject: x\r\n\r\nno sender"}}}, "BadRequestException"),
        ({"Content": {"Raw": {"Data": b"From: a@b.example\r\nTo: x\r\nTo: y\r\n\r\n"}}}, "BadRequestException"),
        ({"Content": {"Raw": {"Data": b"From: a@b.example\r\nX: " + b"x" * 999 + b"\r\n\r\n"}}}, "BadRequestException"),
        ({"Content": {}}, "BadRequestException"),
    ],
)
def test_what_ses_would_refuse_is_refused_by_the_same_name(
    stand_in: StandIn, tmp_path: Path, wrong: dict[str, Any], expected: str
):
    assert code(client(stand_in).send_email, **request(**wrong))[0] == expected
    assert accepted(tmp_path) == []
    assert [call.verdict for call in calls(tmp_path)] == ["refused"]


def test_a_request_that_the_model_does_not_know_is_refused(stand_in: StandIn):
    body = json.dumps({"Content": {"Raw": {"Data": "eA=="}}, "Priority": 1}).encode()
    asked = urllib.request.Request(f"{stand_in.url}/v2/email/outbound-emails", body, method="POST")
    asked.add_header("Authorization", "AWS4-HMAC-SHA256 Credential=AK/x")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(asked)
    assert b"unknown: Priority" in caught.value.read()


def test_an_unsigned_request_and_a_strangers_key_are_refused(tmp_path: Path):
    made = StandIn(tmp_path, habits=Habits(watchword="AKOTHER"))
    made.start()
    try:
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(f"{made.url}/v2/email/account")
        assert caught.value.code == 403
        assert code(client(made).get_account) == ("UnrecognizedClientException", 403)
    finally:
        made.stop()


def test_no_answer_leaves_that_the_model_does_not_know():
    with pytest.raises(AssertionError):
        shapes.answered("sesv2", "SendEmail", {"MessageId": 12})
    with pytest.raises(AssertionError):
        shapes.answered("sesv2", "SendEmail", {"Id": "12"})
    with pytest.raises(AssertionError):
        shapes.error("sesv2", "SendEmail", "NoSuchException", "x")
    assert shapes.error("sesv2", "SendEmail", "TooManyRequestsException", "x").status == 429


# --- quotas ----------------------------------------------------------------------------------


def test_within_any_second_no_more_is_taken_than_the_quota_and_the_rest_is_throttled(tmp_path: Path):
    made = StandIn(tmp_path, habits=Habits(per_second=5, keeps=False, tells=False))
    made.start()
    try:
        ses = client(made)
        for n in range(5):
            ses.send_email(**request(n))
        assert code(ses.send_email, **request(6)) == ("TooManyRequestsException", 429)
        assert made.desk.counts == {"accepted": 5, "throttled": 1}
        time.sleep(1.05)
        ses.send_email(**request(7))
    finally:
        made.stop()


def test_the_days_quota_and_the_account_tell_the_same(tmp_path: Path):
    made = StandIn(tmp_path, habits=Habits(per_second=50, per_day=2))
    made.start()
    try:
        ses = client(made)
        for n in range(2):
            ses.send_email(**request(n))
        assert code(ses.send_email, **request(3)) == ("LimitExceededException", 400)
        quota = ses.get_account()["SendQuota"]
        assert quota == {"Max24HourSend": 2.0, "MaxSendRate": 50.0, "SentLast24Hours": 2.0}
    finally:
        made.stop()


# --- suppressed addresses, insights ----------------------------------------------------------


def test_addresses_are_put_on_the_list_read_and_taken_off(stand_in: StandIn):
    ses = client(stand_in)
    assert code(ses.get_suppressed_destination, EmailAddress="reader+1@example.com") == ("NotFoundException", 404)
    ses.put_suppressed_destination(EmailAddress="reader+1@example.com", Reason="BOUNCE")
    told = ses.get_suppressed_destination(EmailAddress="reader+1@example.com")["SuppressedDestination"]
    assert (told["EmailAddress"], told["Reason"]) == ("reader+1@example.com", "BOUNCE")
    ses.delete_suppressed_destination(EmailAddress="reader+1@example.com")
    assert code(ses.delete_suppressed_destination, EmailAddress="reader+1@example.com")[0] == "NotFoundException"


def test_mail_to_an_address_on_the_list_is_taken_and_bounces(stand_in: StandIn):
    ses = client(stand_in)
    ses.put_suppressed_destination(EmailAddress="reader-1@example.com", Reason="COMPLAINT")
    taken = ses.send_email(**request())["MessageId"]
    told = ses.get_message_insights(MessageId=taken)["Insights"][0]["Events"]
    assert [event["Type"] for event in told] == ["SEND", "BOUNCE"]
    assert told[1]["Details"]["Bounce"]["BounceSubType"] == "OnAccountSuppressionList"


def test_insights_may_be_forbidden_and_know_only_what_was_taken(tmp_path: Path, stand_in: StandIn):
    assert code(client(stand_in).get_message_insights, MessageId="x") == ("NotFoundException", 404)
    made = StandIn(tmp_path, habits=Habits(insightful=False))
    made.start()
    try:
        assert code(client(made).get_message_insights, MessageId="x")[1] == 403
    finally:
        made.stop()


# --- events ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("local", "kinds"),
    [
        ("success", ["Send", "Delivery"]),
        ("ooto", ["Send", "Delivery"]),
        ("bounce+reader-7", ["Send", "Bounce"]),
        ("complaint", ["Send", "Delivery", "Complaint"]),
        ("suppressionlist", ["Send", "Bounce"]),
        ("full", ["Send", "DeliveryDelay", "Bounce"]),
        ("reject", ["Send", "Reject"]),
    ],
)
def test_addresses_of_the_simulator_decide_what_is_told(stand_in: StandIn, local: str, kinds: list[str]):
    client(stand_in).send_email(**request(recipient=f"{local}@simulator.amazonses.com"))
    found = client(stand_in, "sqs").receive_message(QueueUrl=stand_in.queue_url, MaxNumberOfMessages=10)["Messages"]
    assert [json.loads(message["Body"])["eventType"] for message in found] == kinds
    assert {json.loads(message["Body"])["mail"]["tags"]["delivery"][0] for message in found} == {"1"}


def test_the_queue_gives_again_what_nobody_deletes_and_hides_what_it_gave(stand_in: StandIn):
    stand_in.desk.queue.put("text", NOW)
    sqs = client(stand_in, "sqs")
    asked = {
        "QueueUrl": stand_in.queue_url,
        "VisibilityTimeout": 1,
        "MessageSystemAttributeNames": ["ApproximateReceiveCount"],
    }
    (first,) = sqs.receive_message(**asked)["Messages"]
    assert "Messages" not in sqs.receive_message(**asked)
    (again,) = sqs.receive_message(**asked, WaitTimeSeconds=3)["Messages"]
    assert [m["Attributes"]["ApproximateReceiveCount"] for m in (first, again)] == ["1", "2"]
    assert first["MessageId"] == again["MessageId"]
    sqs.delete_message_batch(
        QueueUrl=stand_in.queue_url, Entries=[{"Id": "0", "ReceiptHandle": again["ReceiptHandle"]}]
    )
    assert len(stand_in.desk.queue) == 0


def test_a_long_poll_ends_with_the_first_message(stand_in: StandIn):
    threading.Timer(0.3, lambda: stand_in.desk.queue.put("late", NOW)).start()
    began = time.monotonic()
    found = client(stand_in, "sqs").receive_message(QueueUrl=stand_in.queue_url, WaitTimeSeconds=5)["Messages"]
    assert found[0]["Body"] == "late"
    assert time.monotonic() - began < 3


def test_an_unknown_queue_is_named_so(stand_in: StandIn):
    sqs = client(stand_in, "sqs")
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        sqs.receive_message(QueueUrl=f"{stand_in.url}/000000000000/other")


def test_events_come_repeated_and_in_an_order_by_chance_when_asked(tmp_path: Path):
    made = StandIn(tmp_path, habits=Habits(repeats=2, seed=4))
    made.start()
    try:
        for n in range(5):
            client(made).send_email(**request(n))
        bodies = [m["Body"] for _ in range(2) for m in made.desk.queue.receive(10, wait=0, hide=60)]
        stamps = [json.loads(body)["mail"]["timestamp"] for body in bodies]
        assert len(bodies) == 20
        assert len(set(bodies)) == 10
        assert stamps != sorted(stamps)
    finally:
        made.stop()


def test_identity_feedback_has_another_name_for_the_type_and_no_tags():
    taken = records.Taken(
        message_id="x",
        sender="s@x.example",
        recipient="r@x.example",
        tags={"delivery": "1"},
        configuration_set=None,
        message=mail(1).message,
        at=NOW,
    )
    told = records.of_identity(records.record(taken, "bounce"))
    assert told["notificationType"] == "Bounce"
    assert "eventType" not in told
    assert "tags" not in told["mail"]


# --- the topic -------------------------------------------------------------------------------


@pytest.mark.parametrize(("version", "algorithm"), [(1, hashes.SHA1()), (2, hashes.SHA256())])
def test_what_the_topic_sends_is_signed_by_the_key_of_its_certificate(version: int, algorithm: hashes.HashAlgorithm):
    topic = Topic(version=version)
    sent = json.loads(topic.notification("text", NOW, subject="s"))
    text = (
        f"Message\ntext\nMessageId\n{sent['MessageId']}\nSubject\ns\nTimestamp\n2026-01-20T00:00:00.000Z\n"
        f"TopicArn\n{topic.arn}\nType\nNotification\n"
    )
    key = x509.load_pem_x509_certificate(topic.certificate).public_key()
    assert isinstance(key, RSAPublicKey)
    key.verify(base64.b64decode(sent["Signature"]), text.encode(), PKCS1v15(), algorithm)
    assert sent["SignatureVersion"] == str(version)


def test_a_subscription_is_confirmed_by_its_token_once_it_was_given(stand_in: StandIn):
    sns = client(stand_in, "sns")
    token = json.loads(stand_in.desk.topic.confirmation(NOW))["Token"]
    told = sns.confirm_subscription(TopicArn=stand_in.desk.topic.arn, Token=token)
    assert told["SubscriptionArn"].startswith(f"{stand_in.desk.topic.arn}:")
    assert code(sns.confirm_subscription, TopicArn=stand_in.desk.topic.arn, Token="guessed") == (
        "InvalidParameter",
        400,
    )


# --- faults ----------------------------------------------------------------------------------


@given(st.integers(1, 50), st.integers(1, 7), st.integers(0, 9), st.integers(1, 200))
def test_a_rule_holds_for_each_nth_call_from_its_first_on_and_no_more_often_than_said(
    first: int, every: int, times: int, call: int
):
    rule = Rule(wrong=Wrong.THROTTLE, first=first, every=every, times=times)
    due = list(range(first, 201, every))[: times or None]
    assert rule.holds(call) == (call in due)
    assert rule_for([rule], call) == (rule if call in due else None)


def test_a_script_is_read_and_a_wrong_one_is_named():
    assert script('[{"wrong": "late", "first": 5, "times": 1, "seconds": 3}]') == (
        Rule(wrong=Wrong.LATE, first=5, times=1, seconds=3),
    )
    for wrong in ("{}", '[{"wrong": "never"}]', '[{"wrong": "late", "when": 1}]', "["):
        with pytest.raises(ValueError):
            script(wrong)


def test_every_name_of_an_error_that_the_script_gives_is_one_of_the_model(stand_in: StandIn):
    model = botocore.session.get_session().get_service_model("sesv2").operation_model("SendEmail")
    ses = client(stand_in)
    for shape in model.error_shapes:
        stand_in.desk.rules = (Rule(wrong=Wrong.ERROR, code=shape.name),)
        assert code(ses.send_email, **request()) == (shape.name, shape.metadata["error"]["httpStatusCode"])


def test_the_log_says_of_every_call_what_became_of_it(tmp_path: Path):
    rules = [Rule(wrong=wrong, first=n, times=1) for n, wrong in enumerate(Wrong, start=1)]
    made = StandIn(tmp_path, rules=rules)
    made.start()
    try:
        for n in range(len(rules) + 1):
            try:
                client(made).send_email(**request(n))
            except Exception:  # noqa: BLE001 - that is what the rules are for
                pass
    finally:
        made.stop()
    told = [call.verdict for call in calls(tmp_path)]
    assert told == ["cut-reading", "cut-before", "throttle", "status", "error"] + ["accepted"] * 6


# --- as a process ----------------------------------------------------------------------------


def test_as_a_process_it_says_its_port_takes_mail_hears_of_faults_and_ends(tmp_path: Path):
    command = [sys.executable, "-m", "syndication.sandbox.ses", "--folder", tmp_path, "--per-second", "3", "--log-only"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline().split()[1])
        ses = account(f"http://127.0.0.1:{port}").client("sesv2")
        ses.send_email(**request())
        rules = json.dumps([{"wrong": "throttle"}]).encode()
        urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/stand-in/faults", rules, method="POST"))
        assert code(ses.send_email, **request()) == ("TooManyRequestsException", 429)
        counts = json.loads(urllib.request.urlopen(f"http://127.0.0.1:{port}/stand-in/counts").read())
        assert counts == {"accepted": 1, "throttle": 1}
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["calls.log"]


def test_header_fields_are_read_folded_and_unfolded():
    message = b"From: a\r\n b\r\nSubject: x\r\n\r\nFrom: body\r\n"
    assert letters.value(message, "from") == "a b"
    assert [name for name, _ in letters.fields(message)] == ["From", "Subject"]
    assert letters.fault(message) is None
