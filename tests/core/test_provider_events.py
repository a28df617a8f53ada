"""What event records of Amazon SES say: samples written from its documentation, and laws over all that may come."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.core import provider_events
from syndication.core.model import DeliveryState, Event, EventKind
from syndication.core.news import Standing, moved
from syndication.core.provider_events import Record, Unreadable, insights, read, unwrapped

NOW = datetime(2026, 1, 20, 0, 0, tzinfo=UTC)
STAMP = "2026-01-19T21:31:02.669Z"
AT = datetime(2026, 1, 19, 21, 31, 2, 669000, tzinfo=UTC)
READER = "reader-1@example.com"


def mail(**values: Any) -> dict[str, Any]:
    return {
        "timestamp": "2026-01-19T21:30:00.012Z",
        "source": "b+token@bounce.garam.example",
        "messageId": "0102017c-sample-000000",
        "destination": [READER],
        "headersTruncated": False,
        "headers": [{"name": "From", "value": "x"}, {"name": "Message-ID", "value": "<mark@garam.example>"}],
        "commonHeaders": {"messageId": "0102017c-sample-000000"},
        "tags": {"delivery": ["12"], "issue": ["3"], "ses:configuration-set": ["digest"]},
        **values,
    }


def record(kind: str, part: str, body: Mapping[str, Any], **values: Any) -> str:
    return json.dumps({"eventType": kind, "mail": mail(**values), part: body})


def bounce(kind: str = "Permanent", subtype: str = "General", status: str | None = "5.1.1", **values: Any) -> str:
    bounced = {"emailAddress": READER, "action": "failed", "diagnosticCode": f"smtp; 550 user {READER} unknown"}
    body = {
        "bounceType": kind,
        "bounceSubType": subtype,
        "bouncedRecipients": [bounced | ({"status": status} if status else {})],
        "timestamp": STAMP,
        "feedbackId": "0102-feedback",
    }
    return record("Bounce", "bounce", body, **values)


COMPLAINT = {
    "complainedRecipients": [{"emailAddress": READER}],
    "timestamp": STAMP,
    "feedbackId": "0102-complaint",
    "complaintFeedbackType": "abuse",
}
DELIVERY = {
    "timestamp": STAMP,
    "recipients": [READER],
    "smtpResponse": "250 2.6.0 Message received",
    "processingTimeMillis": 11893,
}
DELAY = {
    "timestamp": STAMP,
    "delayType": "MailboxFull",
    "expirationTime": "2026-01-20T09:30:00.000Z",
    "delayedRecipients": [{"emailAddress": READER, "status": "4.2.2", "diagnosticCode": "smtp; 452 4.2.2 full"}],
}
EVERY_KIND = {
    EventKind.SENT: record("Send", "send", {}),
    EventKind.DELIVERED: record("Delivery", "delivery", DELIVERY),
    EventKind.DELAYED: record("DeliveryDelay", "deliveryDelay", DELAY),
    EventKind.REJECTED: record("Reject", "reject", {"reason": "Bad content"}),
    EventKind.BOUNCED: bounce(),
    EventKind.COMPLAINED: record("Complaint", "complaint", COMPLAINT),
}


def only(text: str, **values: Any) -> Event:
    (event,) = read(text, now=NOW, **values).events
    return event


# --- what each kind says ---------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "text"), EVERY_KIND.items())
def test_every_kind_of_news_is_about_the_delivery_that_its_tag_names(kind: EventKind, text: str):
    event = only(text)
    assert (event.kind, event.delivery_id, event.cause) == (kind, 12, "ses")


def test_a_record_names_the_message_by_both_its_ids_and_keeps_our_tags_alone():
    told = read(bounce(), now=NOW)
    assert (told.message_id, told.own_message_id) == ("0102017c-sample-000000", "mark@garam.example")
    assert told.tags == {"delivery": "12", "issue": "3"}
    assert told.recipients == (READER,)


def test_an_event_happened_when_it_says_and_else_when_the_mail_was_taken_or_now():
    assert only(bounce()).at == AT
    assert only(record("Send", "send", {})).at == datetime(2026, 1, 19, 21, 30, 0, 12000, tzinfo=UTC)
    assert only(record("Send", "send", {}, timestamp="yesterday")).at == NOW


def test_codes_come_from_the_status_the_diagnosis_or_the_far_servers_answer():
    assert only(bounce(status="5.1.10")).code == "5.1.10"
    assert only(bounce(status=None)).code is None
    assert only(EVERY_KIND[EventKind.DELIVERED]).code == "2.6.0"
    assert only(EVERY_KIND[EventKind.DELAYED]).code == "4.2.2"
    assert only(bounce(status="see 15.1.1.2")).code is None


def test_no_address_stands_in_a_detail_or_an_id():
    for text in EVERY_KIND.values():
        event = only(text)
        assert "@" not in (event.detail or "")
        assert "@" not in event.id
        assert "reader" not in event.id


@pytest.mark.parametrize(
    ("text", "suppresses"),
    [
        (bounce(), True),
        (bounce(subtype="NoEmail", status=None), True),
        (bounce(subtype="Suppressed", status=None), True),
        (bounce(subtype="OnAccountSuppressionList", status=None), True),
        (bounce(status=None), False),
        (bounce(status="5.7.1"), False),
        (bounce(status="5.7.26"), False),
        (bounce(status="5.2.2"), False),
        (bounce("Transient", "MailboxFull", "5.1.1"), False),
        (bounce("Undetermined", "Undetermined", "5.1.1"), False),
        (EVERY_KIND[EventKind.COMPLAINED], True),
        (EVERY_KIND[EventKind.DELAYED], False),
        (EVERY_KIND[EventKind.REJECTED], False),
    ],
)
def test_only_dead_addresses_and_complaints_ask_for_suppression(text: str, suppresses: bool):
    assert only(text).suppress is suppresses


def test_a_report_that_it_is_no_spam_is_no_complaint():
    body = {**COMPLAINT, "complaintFeedbackType": "not-spam"}
    assert read(record("Complaint", "complaint", body), now=NOW).events == ()


@pytest.mark.parametrize("kind", ["Open", "Click", "Something New", "AmazonSnsSubscriptionSucceeded"])
def test_what_is_of_no_interest_says_nothing_and_is_no_error(kind: str):
    assert read(json.dumps({"eventType": kind, "mail": mail()}), now=NOW) == Record()


def test_the_notice_that_a_destination_works_is_no_error():
    assert read("Successfully validated SNS topic for Amazon SES event publishing.", now=NOW) == Record()


def test_leaving_by_the_providers_list_ends_the_subscription_and_changing_topics_does_not():
    def left(value: bool) -> str:
        body = {"contactList": "x", "timestamp": STAMP, "newTopicPreferences": {"unsubscribeAll": value}}
        return record("Subscription", "subscription", body)

    assert only(left(True)).kind is EventKind.ENDED
    assert read(left(False), now=NOW).events == ()


# --- whose it is -----------------------------------------------------------------------------


def identity(text: str, **values: Any) -> str:
    """The same record as feedback of an identity sends it: another name for the type, and no tags."""
    document = json.loads(text)
    document["notificationType"] = document.pop("eventType")
    del document["mail"]["tags"]
    document["mail"] |= values
    return json.dumps(document)


def test_a_notification_without_tags_belongs_to_the_delivery_that_its_sender_or_receipt_names():
    asked: list[tuple[str, str]] = []

    def whose(message_id: str, sender: str) -> int | None:
        asked.append((message_id, sender))
        return 77

    assert only(identity(bounce(), source="The Paper <b+token@bounce.garam.example>"), whose=whose).delivery_id == 77
    assert asked == [("0102017c-sample-000000", "b+token@bounce.garam.example")]


def test_what_belongs_to_nobody_is_kept_where_it_is_bad_news():
    assert [e.delivery_id for e in read(identity(bounce()), now=NOW).events] == [None]
    assert read(identity(EVERY_KIND[EventKind.DELIVERED]), now=NOW).events == ()


def test_news_of_mail_that_others_sent_through_the_same_account_are_left():
    assert read(bounce(tags={"campaign": ["x"], "ses:caller-identity": ["y"]}), now=NOW).events == ()
    assert read(bounce(tags={}), now=NOW).events == ()


@pytest.mark.parametrize("value", ["0", "-1", "1.0", " 12", "12\n", "9" * 19, "१२", "x", ""])
def test_a_tag_that_is_no_number_names_nobody(value: str):
    assert read(bounce(tags={"delivery": [value], "issue": ["3"]}), now=NOW).events == ()


def test_the_same_bounce_with_and_without_tags_is_two_events_so_that_none_hides_the_other():
    ids = {only(bounce()).id, only(identity(bounce())).id}
    assert len(ids) == 2
    owned = only(identity(bounce()), whose=lambda *_: 12)
    assert owned.id == only(bounce()).id
    assert provider_events.disowned(owned) == only(identity(bounce()))


# --- twice, late, in any order ---------------------------------------------------------------


def test_the_same_news_have_the_same_id_however_often_and_in_whatever_spelling_they_come():
    again = json.loads(bounce())
    again["bounce"]["feedbackId"] = "another"
    again["bounce"]["bouncedRecipients"][0]["emailAddress"] = READER.upper()
    assert only(json.dumps(again)).id == only(bounce()).id
    assert len({only(text).id for text in EVERY_KIND.values()}) == len(EVERY_KIND)
    others = [bounce("Transient"), bounce(subtype="Suppressed"), bounce(status="5.7.1"), bounce(status=None)]
    assert len({only(text).id for text in (bounce(), *others)}) == 5


KINDS = st.lists(st.sampled_from(sorted(EVERY_KIND)), min_size=1, max_size=6, unique=True)


def end_state(texts: list[str]) -> Standing:
    """Where a Delivery stands after records came in this order, each Event counted once."""
    there, seen = Standing(state=DeliveryState.UNCERTAIN, reason="no answer"), {}
    for text in texts:
        for event in read(text, now=NOW).events:
            if event.id not in seen:
                seen[event.id] = event
                there = moved(there, [event], {one.kind for one in seen.values()})
    return there


@given(KINDS, st.data())
def test_any_order_with_any_repetitions_of_a_mails_records_ends_alike(kinds: list[EventKind], data: st.DataObject):
    texts = [EVERY_KIND[kind] for kind in kinds]
    repeated = texts + data.draw(st.lists(st.sampled_from(texts), max_size=6))
    assert end_state(data.draw(st.permutations(repeated))) == end_state(texts)


# --- envelopes -------------------------------------------------------------------------------


def test_records_are_read_from_an_envelope_and_bare():
    text = bounce()
    envelope = json.dumps({"Type": "Notification", "TopicArn": "arn:aws:sns:x", "Message": text})
    assert unwrapped(envelope) == ("arn:aws:sns:x", text)
    assert unwrapped(text) == (None, text)


# --- insights --------------------------------------------------------------------------------


def test_insights_tell_the_same_events_as_the_records():
    stamp = AT + timedelta(microseconds=0)
    answer = {
        "MessageId": "0102017c-sample-000000",
        "EmailTags": [{"Name": "delivery", "Value": "12"}],
        "Insights": [
            {
                "Destination": READER,
                "Events": [
                    {"Timestamp": stamp, "Type": "SEND"},
                    {"Timestamp": stamp, "Type": "DELIVERY"},
                    {"Timestamp": stamp, "Type": "DELIVERY_DELAY"},
                    {
                        "Timestamp": stamp,
                        "Type": "BOUNCE",
                        "Details": {
                            "Bounce": {
                                "BounceType": "PERMANENT",
                                "BounceSubType": "General",
                                "DiagnosticCode": "smtp; 550 5.1.1 user unknown",
                            }
                        },
                    },
                    {"Timestamp": stamp, "Type": "OPEN"},
                    {"Timestamp": stamp, "Type": "COMPLAINT", "Details": {"Complaint": {}}},
                ],
            }
        ],
    }
    told = insights(answer, now=NOW).events
    wanted = [kind for kind in EVERY_KIND if kind is not EventKind.REJECTED]
    assert {e.id for e in told} == {only(EVERY_KIND[kind]).id for kind in wanted}
    assert {e.at for e in told} == {AT}
    assert [e.suppress for e in told if e.kind is EventKind.BOUNCED] == [True]


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(max_size=8),
        lambda inner: (
            st.dictionaries(
                st.sampled_from(["MessageId", "Insights", "Events", "Destination", "Type", "Details", "Timestamp"]),
                inner,
            )
            | st.lists(inner, max_size=3)
        ),
        max_leaves=12,
    )
)
def test_insights_never_break_on_what_they_are_answered(answer: Any):
    if isinstance(answer, dict):
        try:
            insights(answer, now=NOW)
        except Unreadable:
            pass


# --- hostile ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '"x"',
        "[" * 100_000,
        json.dumps({"eventType": "Bounce"}),
        bounce(messageId="a b"),
        "\ud800",
    ],
)
def test_what_is_no_record_is_unreadable_and_nothing_worse(text: str):
    with pytest.raises(Unreadable):
        read(text, now=NOW)


WORDS = st.sampled_from(
    (
        *("eventType", "notificationType", "Bounce", "Complaint", "bounce", "mail", "messageId", "tags", "delivery"),
        *("bouncedRecipients", "emailAddress", "timestamp", "status", "destination", "12", "0102-x", STAMP, "source"),
        *("headers", "name", "\ud800", "\ud800@\ud800.kr"),
    )
)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | WORDS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=20,
)


@given(JSON, JSON, JSON)
def test_whatever_comes_is_read_or_unreadable(body: Any, tags: Any, more: Any):
    for document in (
        body,
        {"eventType": "Bounce", "mail": {"messageId": "x", "tags": tags, "destination": more}, "bounce": body},
    ):
        try:
            told = read(json.dumps(document), now=NOW)
        except Unreadable:
            continue
        for event in told.events:
            assert event.at.tzinfo is not None
            assert len(event.id) < 400
