"""Laws of [mail] transport = "ses": what it needs is asked for, what cannot be is named, and mail goes that way."""

from __future__ import annotations

from pathlib import Path

import pytest

from syndication import bootstrap
from syndication.adapters.ses import SesMailer
from syndication.adapters.ses.queue import EventQueue
from syndication.adapters.smtp import SmtpMailer
from syndication.core.signers import Transport
from syndication.settings import check, load
from tests.settings.test_check import SOUND

QUEUE = "https://sqs.ap-northeast-2.amazonaws.com/123456789012/ses-events"
TOPIC = "arn:aws:sns:ap-northeast-2:123456789012:ses-events"
SES = f"""
transport = "ses"
[mail.ses]
region = "ap-northeast-2"
configuration_set = "digest"
event_queue = "{QUEUE}"
"""
KEYS = 'access_key_from = "SES_KEY"\nsecret_key_from = "SES_SECRET"\n'


def publisher(folder: Path, mail: str) -> Path:
    file = folder / "publisher.toml"
    file.write_text(SOUND.replace("[mail]\nport = 25\n", f"[mail]{mail}"), "utf-8")
    return file


def complaints(folder: Path, mail: str, environ: dict[str, str] | None = None) -> list[str]:
    return [f"{p.field}: {p.wrong}" for p in check(publisher(folder, mail), environ or {}) if "mail" in p.field]


def test_what_was_written_is_what_is_used_and_keys_come_from_the_environment(tmp_path: Path):
    file = publisher(tmp_path, SES + KEYS + f'event_topic = "{TOPIC}"\nconcurrency = 7\n')
    mail = load(file, {"SES_KEY": "AKSAMPLE", "SES_SECRET": "sample"}).mail
    assert mail.transport is Transport.SES
    assert mail.ses is not None
    assert (mail.ses.region, mail.ses.configuration_set, mail.ses.concurrency) == ("ap-northeast-2", "digest", 7)
    assert (mail.ses.event_queue, mail.ses.event_topic) == (QUEUE, TOPIC)
    assert (mail.ses.access_key, mail.ses.secret_key) == ("AKSAMPLE", "sample")
    assert "AKSAMPLE" not in repr(mail)


def test_sound_settings_raise_no_complaint_and_need_no_keys(tmp_path: Path):
    assert complaints(tmp_path, SES) == []


@pytest.mark.parametrize(
    ("mail", "wrong"),
    [
        ('\ntransport = "ses"\n', 'transport is "ses", and this is missing'),
        ('\ntransport = "sse"\n', '"sse" is none of'),
        (SES.replace("ap-northeast-2", "Seoul", 1), "is no region"),
        (SES.replace('configuration_set = "digest"\n', ""), "configuration_set is missing"),
        (SES.replace('"digest"', '"a b"'), "is no configuration set's name"),
        (SES.replace(QUEUE, "https://sqs.evil.example/1/x"), "is no queue's URL"),
        (SES.replace(QUEUE, "http://127.0.0.1:8604/0/x"), "the event queue is that of a stand-in"),
        (SES.replace(f'event_queue = "{QUEUE}"', ""), "nobody hears of bounces"),
        (SES + 'event_topic = "arn:aws:sqs:x"\n', "is no topic's ARN"),
        (SES + 'endpoint = "https://email.evil.example"\n', "is no port of this machine"),
        (SES + "concurrency = 0\n", "0 lies outside"),
        (SES + 'queue = "x"\n', 'there is no "queue" here'),
        (SES + 'access_key_from = "SES_KEY"\n', "go together"),
        (SES + KEYS, "the environment has no SES_KEY"),
        ('\n[mail.ses]\nregion = "ap-northeast-2"\nconfiguration_set = "x"\n', "transport is smtp"),
    ],
)
def test_each_mistake_is_named(tmp_path: Path, mail: str, wrong: str):
    found = complaints(tmp_path, mail)
    assert len(found) == 1
    assert wrong in found[0]


def test_a_secret_that_stands_in_the_file_is_not_repeated(tmp_path: Path):
    found = complaints(tmp_path, SES + 'secret_key = "wJalrXUtnSAMPLE"\n')
    assert len(found) == 1
    assert "wJalr" not in found[0]


def test_live_mail_never_goes_to_a_stand_in_nor_unheard(tmp_path: Path):
    live = SES.replace(QUEUE, "http://127.0.0.1:8604/0/x") + 'endpoint = "http://127.0.0.1:8604"\n'
    file = publisher(tmp_path, live)
    file.write_text(file.read_text("utf-8").replace('"rehearsal"', '"live"', 1), "utf-8")
    assert any("a stand-in as endpoint" in p.wrong for p in check(file, {}) if p.is_error)


def test_mail_goes_the_way_that_the_settings_name(tmp_path: Path):
    settings = load(publisher(tmp_path, SES), {})
    house = bootstrap.open_house(settings)
    try:
        assert isinstance(house.ports.mailer, SesMailer)
        assert isinstance(bootstrap.event_queue(settings), EventQueue)
    finally:
        house.close()


def test_without_a_word_about_it_mail_goes_to_a_relay_and_no_queue_is_asked(tmp_path: Path):
    settings = load(publisher(tmp_path, "\n"), {})
    house = bootstrap.open_house(settings)
    try:
        assert isinstance(house.ports.mailer, SmtpMailer)
        assert bootstrap.event_queue(settings) is None
    finally:
        house.close()
