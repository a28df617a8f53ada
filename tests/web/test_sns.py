"""Where the topic of the provider posts: only what it signed is believed; nothing is fetched but its certificate."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.adapters.memory import MemoryFetcher
from syndication.core.provider_events import Unreadable
from syndication.ports import Fetched, Permanent, Transient
from syndication.sandbox.ses.topic import Topic as SampleTopic
from syndication.web import sns
from syndication.web.app import create_app
from syndication.web.provider_events import PATH
from syndication.web.site import Topic
from tests.web.conftest import NOW, Client, House

TOPICS = {1: SampleTopic(version=1), 2: SampleTopic(version=2)}  # one key each: they are slow to make
STRANGER = SampleTopic(arn="arn:aws:sns:ap-northeast-2:999999999999:theirs", version=2)


@dataclass
class Post:
    """The pages with a topic, and what became of what was posted."""

    client: Client
    topic: SampleTopic
    fetcher: MemoryFetcher
    taken: list[str] = field(default_factory=list)
    confirmed: list[str] = field(default_factory=list)

    def post(self, body: str | bytes) -> int:
        return int(self.client.post(PATH, content=body, headers={"Content-Type": "text/plain"}).status_code)

    def notification(self, message: str = "{}", at: datetime = NOW, **changes: Any) -> str:
        return json.dumps(json.loads(self.topic.notification(message, at)) | changes)


@pytest.fixture(params=[1, 2])
def post(house: House, request: pytest.FixtureRequest) -> Post:
    return posting(house, TOPICS[request.param])


def posting(house: House, topic: SampleTopic, take: Callable[[str], object] | None = None) -> Post:
    certificate = Fetched(url=topic.certificate_url, body=topic.certificate)
    fetcher = MemoryFetcher({topic.certificate_url: certificate})
    made = Post(client=house.client(), topic=topic, fetcher=fetcher)
    told = Topic(arn=topic.arn, confirm=made.confirmed.append, take=take or made.taken.append)
    site = replace(house.site, topic=told, ports=replace(house.site.ports, fetcher=fetcher))
    made.client = Client(create_app(site))
    return made


# --- the ordinary way ------------------------------------------------------------------------


def test_what_the_topic_signed_is_taken_in_by_either_version_of_the_signature(post: Post):
    assert post.post(post.notification('{"eventType": "Send"}')) == 200
    assert post.taken == ['{"eventType": "Send"}']


def test_a_subject_is_signed_where_there_is_one(post: Post):
    assert post.post(post.topic.notification("{}", NOW, subject="Amazon SES Email Event Notification")) == 200


def test_text_of_any_language_is_verified_as_it_came(post: Post):
    assert post.post(post.notification("가람\n일보\u2028 ☀\ufe0f")) == 200
    assert post.taken == ["가람\n일보\u2028 ☀\ufe0f"]


def test_the_certificate_is_fetched_once(post: Post):
    assert post.post(post.notification()) == 200
    post.fetcher.answers.clear()
    assert post.post(post.notification()) == 200
    assert len(post.taken) == 2


def test_a_subscription_is_confirmed_by_its_token_and_its_link_is_not_opened(post: Post):
    confirmation = post.topic.confirmation(NOW)
    assert post.post(confirmation) == 200
    assert post.confirmed == [json.loads(confirmation)["Token"]]
    assert post.taken == []


def test_the_end_of_a_subscription_is_heard_and_confirms_nothing(post: Post):
    assert post.post(post.topic.confirmation(NOW, kind="UnsubscribeConfirmation")) == 200
    assert post.confirmed == post.taken == []


# --- forged ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"Message": '{"eventType": "Bounce"}'},
        {"MessageId": "another"},
        {"Subject": "added"},
        {"TopicArn": "arn:aws:sns:ap-northeast-2:000000000000:other"},
        {"Type": "SubscriptionConfirmation", "Token": "x", "SubscribeURL": "https://sns.example"},
        {"SignatureVersion": "3"},
        {"SignatureVersion": 2},
        {"Signature": "AAAA"},
        {"SigningCertURL": "https://sns.ap-northeast-2.amazonaws.com.evil.example/SimpleNotificationService-x.pem"},
        {"SigningCertURL": "https://evil.example/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"},
        {"SigningCertURL": "http://sns.ap-northeast-2.amazonaws.com/SimpleNotificationService-" + "0" * 32 + ".pem"},
        {"SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-" + "0" * 32 + ".pem"},
        {
            "SigningCertURL": "https://sns.ap-northeast-2.amazonaws.com/../x/SimpleNotificationService-"
            + "0" * 32
            + ".pem"
        },
    ],
)
def test_what_was_changed_on_its_way_or_names_a_strangers_certificate_is_refused(post: Post, changes: dict[str, Any]):
    assert post.post(post.notification(**changes)) == 403
    assert post.taken == post.confirmed == []


def test_the_other_version_than_the_signatures_own_is_refused(post: Post):
    other = "1" if post.topic.version == 2 else "2"
    assert post.post(post.notification(SignatureVersion=other)) == 403


def test_a_strangers_topic_is_refused_though_sns_signed_it_too(post: Post):
    post.fetcher.answers[STRANGER.certificate_url] = Fetched(url=STRANGER.certificate_url, body=STRANGER.certificate)
    assert post.post(STRANGER.notification("{}", NOW)) == 403
    assert post.post(STRANGER.confirmation(NOW)) == 403
    assert post.taken == post.confirmed == []


def test_a_key_that_is_not_the_certificates_does_not_sign(post: Post):
    forged = json.loads(STRANGER.notification("{}", NOW)) | {
        "TopicArn": post.topic.arn,
        "SigningCertURL": post.topic.certificate_url,
    }
    assert post.post(json.dumps(forged)) == 403


@pytest.mark.parametrize(
    ("at", "status"),
    [
        (NOW - timedelta(minutes=50), 200),
        (NOW - timedelta(hours=3), 403),
        (NOW + timedelta(minutes=5), 200),
        (NOW + timedelta(hours=1), 403),
    ],
)
def test_what_is_older_than_any_repetition_of_snss_is_refused(post: Post, at: datetime, status: int):
    assert post.post(post.notification(at=at)) == status


@pytest.mark.parametrize(
    "certificate", [b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_a_certificate_that_is_none_is_refused(post: Post, certificate: bytes):
    url = post.topic.certificate_url
    post.fetcher.answers[url] = Fetched(url=url, body=certificate)
    assert post.post(post.notification()) == 403


def test_a_certificate_that_lies_elsewhere_than_it_says_is_refused(post: Post):
    answer = Fetched(url="https://evil.example/x.pem", body=post.topic.certificate)
    post.fetcher.answers[post.topic.certificate_url] = answer
    assert post.post(post.notification()) == 403


def test_an_address_without_a_certificate_is_not_asked_again_and_again(post: Post):
    url = post.topic.certificate_url
    post.fetcher.answers[url] = Permanent("404")
    assert post.post(post.notification()) == 403
    post.fetcher.answers[url] = Fetched(url=url, body=post.topic.certificate)
    assert post.post(post.notification()) == 403


def test_while_the_certificate_cannot_be_had_sns_is_asked_to_come_again(post: Post):
    url = post.topic.certificate_url
    post.fetcher.answers[url] = Transient("away")
    assert post.post(post.notification()) == 503
    post.fetcher.answers[url] = Fetched(url=url, body=post.topic.certificate)
    assert post.post(post.notification()) == 200


# --- what follows ----------------------------------------------------------------------------


def test_a_record_that_no_repetition_makes_readable_is_answered_as_taken(house: House):
    def take(text: str) -> None:
        raise Unreadable("no JSON")

    post = posting(house, TOPICS[2], take)
    assert post.post(post.notification("Successfully")) == 200


def test_while_the_database_is_away_sns_is_asked_to_come_again(house: House):
    def take(text: str) -> None:
        raise Transient("away")

    post = posting(house, TOPICS[2], take)
    assert post.post(post.notification()) == 503


def test_what_breaks_is_no_success(house: House):
    def take(text: str) -> None:
        raise RuntimeError("a bug")

    post = posting(house, TOPICS[2], take)
    assert post.post(post.notification()) == 500


# --- hostile ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b"null", 400),
        (b"\xff\xfe", 400),
        (b"[" * 60_000, 400),
        (b'{"Type": "Other"}', 400),
        (b'{"Type": "Notification"}', 400),
        (b"x" * (64 * 1024 + 1), 413),
    ],
)
def test_what_is_no_message_of_sns_is_refused_and_costs_nothing(post: Post, body: bytes, status: int):
    assert post.post(body) == status


@given(
    st.dictionaries(
        st.sampled_from(["Type", "Message", "MessageId", "Timestamp", "TopicArn", "Token", "SubscribeURL", "Signature"])
        | st.sampled_from(["SignatureVersion", "SigningCertURL", "Subject"]),
        st.none()
        | st.integers()
        | st.sampled_from(["Notification", "SubscriptionConfirmation", TOPICS[2].arn, TOPICS[2].certificate_url, "2"])
        | st.sampled_from(["2026-01-20T00:00:00.000Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+23:59"]),
    )
)
def test_whatever_is_posted_is_read_refused_or_malformed(document: dict[str, Any]):
    at = datetime(2026, 1, 20, tzinfo=UTC)
    try:
        letter = sns.read(json.dumps(document).encode(), topic=TOPICS[2].arn, now=at)
        with pytest.raises(sns.Forged):
            sns.verify(letter, TOPICS[2].certificate, now=at)
    except (sns.Forged, sns.Malformed):
        pass


def test_without_a_topic_in_the_settings_there_is_no_such_page(house: House):
    assert house.client().post(PATH, content=b"{}").status_code in (404, 405)


def test_other_methods_are_not_answered(post: Post):
    assert post.client.get(PATH).status_code in (404, 405)
