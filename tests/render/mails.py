"""Makes sample mails to be signed: hard names, long subjects, IDN domains and every choice of blocks (표본).

The same number gives the same mail in every process; checkers from other houses are called here.
"""

from __future__ import annotations

import email
import email.policy
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from email.message import EmailMessage
from functools import cache
from itertools import permutations
from pathlib import Path

import dkim as dkimpy
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from syndication.core.audience import recipe
from syndication.core.links import envelope_address
from syndication.core.model import Block, Choices, Edition, IssueContent, Recipe, Weather
from syndication.render import dkim, splice
from syndication.render.dkim import Signer, Transport
from syndication.render.email import HARD, Headings, Slots, join
from syndication.render.mime import Letter
from syndication.render.words import words
from tests.render import make

NAMES = (
    "",
    "가람신문",
    "The Garam Daily",
    '견본 "독자", 님 <x@example.com>',
    "O'Paper; (sample) [a]",
    "☀️ 날씨 👨‍👩‍👧‍👦",
    "a, b: c@d",
    "=?UTF-8?B?6rCA?=",
    "가" * 70,
    "back\\slash\r\nBcc: x@example.com",
    "1️⃣ \u202eright to left\u202c",
)
DOMAINS = ("garam.example", "한글.example", "news.가람.example", "xn--bj0bj06e.example", "bücher.example")
READERS = ("reader-{n}@example.com", "reader+{n}@mail.example.org", "R.{n}@독자.example", "o'reader_{n}@example.net")
HEADLINES = (
    "From here on: =?x?= . .. --=_ = =3D",
    "이모지 👩🏽‍🚀 국기 🇰🇷 조합 가\u0301 각 한글",
    '"인용" <b>&amp; & \\ {slot:view_url} {{ x }}',
    "아주 긴 제목 " + "가람시 나루군 다온면 " * 20,
    ".",
    "\u200bRTL שלום مرحبا 끝",
    "A long plain ASCII headline that goes on " + "and on " * 30,
    "전각　공백\tand tab",
)
MORNING = datetime(2026, 1, 20, 6, 30, tzinfo=timezone(timedelta(hours=9)))

SECTIONS = make.EDITION.sections
STATIONS = tuple(s.station for s in make.WEATHER.stations)


def _orders(names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    return tuple(chosen for count in range(len(names) + 1) for chosen in permutations(names, count))


@dataclass(frozen=True, slots=True, kw_only=True)
class Morning:
    """An Issue ready for its readers."""

    content: IssueContent
    edition: Edition
    blocks: Mapping[str, Block]
    prepared: splice.Prepared


@cache
def mornings() -> tuple[Morning, ...]:
    """Small, large, hard, English, without weather, and with so many stations or sections that plainer forms serve."""
    hard = IssueContent(
        items=tuple(
            make.item(n + 1, title, section=SECTIONS[n // 2], summary=f"{title}. {title}!")
            for n, title in enumerate(HEADLINES)
        ),
        weather=make.WEATHER,
    )
    english = replace(make.EDITION, language="en", title="Garam Morning")
    stations = tuple(make.station(f"관측{n}", str(9000 + n)) for n in range(30))
    many = tuple(make.item(n + 1, f"{n}번째 {HEADLINES[3]}", section=f"{n}면", summary=HEADLINES[3]) for n in range(40))
    plain = IssueContent(items=(make.item(1, "A plain story", section="사회", summary="It is plain."),))
    kinds = (
        (make.content(8), make.EDITION),
        (hard, make.EDITION),
        (make.content(40), make.EDITION),
        (hard, english),
        (make.content(8, weather=Weather(note="견본")), replace(make.EDITION, advertising=True)),
        (plain, english),
        (make.content(12, weather=replace(make.WEATHER, stations=stations)), make.EDITION),
        (IssueContent(items=many, weather=make.WEATHER), make.EDITION),
    )
    return tuple(_morning(content, edition) for content, edition in kinds)


def _morning(content: IssueContent, edition: Edition) -> Morning:
    blocks = make.blocks(content, edition=edition, language=edition.language)
    return Morning(content=content, edition=edition, blocks=blocks, prepared=splice.prepare(blocks))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One mail to be built."""

    letter: Letter
    morning: Morning
    recipe: Recipe
    slots: Slots

    def built(self, *signers: Signer) -> bytes:
        text, html = splice.personal(self.morning.prepared, self.recipe, self.slots)
        return dkim.join(self.letter, *signers, text=text, html=html)


def sample(number: int) -> Sample:
    """The mail of this number; five hundred of them make every choice and order of sections and of stations."""
    morning = mornings()[number % len(mornings())]
    sections, stations = _orders(SECTIONS), _orders(STATIONS)
    wanted = Choices(
        sections=sections[number % len(sections)], stations=stations[(number * 7 + number // 65) % len(stations)]
    )
    made = recipe(wanted, morning.content, morning.edition) or recipe(Choices(), morning.content, morning.edition)
    assert made
    return mail(
        morning,
        made,
        number=number,
        sender_name=NAMES[number % len(NAMES)],
        domain=DOMAINS[number % len(DOMAINS)],
        reader=READERS[number % len(READERS)].format(n=number),
        title=own_words(morning.content, morning.edition, made)[0],
    )


def mail(
    morning: Morning, made: Recipe, *, number: int, sender_name: str, domain: str, reader: str, title: str
) -> Sample:
    url = f"https://news.garam.example/u/k1.{number:064x}"
    host = envelope_address(f"news@{domain}").rpartition("@")[2]
    slots = make.slots(
        subject=title,
        preheader=own_words(morning.content, morning.edition, made)[1],
        unsubscribe_url=url,
    )
    letter = Letter(
        message_id=f"{number:032x}@{host}",
        date=MORNING,
        subject=title,
        sender_name=sender_name,
        sender_address=f"news@{domain}",
        recipient=reader,
        recipient_name=NAMES[(number * 3) % len(NAMES)],
        reply_to=f"desk@{domain}" if number % 2 else None,
        list_id=f"daily.{host}",
        list_name=morning.edition.title,
        unsubscribe_url=url,
        unsubscribe_mailto=f"leave+{number}@{host}" if number % 3 == 0 else None,
        feedback_id=f"{number}:daily:digest:garamilbo" if number % 5 == 0 else None,
        tags=(("X-Delivery", str(number)),),
        html="",
        text="",
    )
    return Sample(letter=letter, morning=morning, recipe=made, slots=slots)


def own_words(content: IssueContent, edition: Edition, made: Recipe) -> tuple[str, str]:
    """Subject and preheader of a Recipe."""
    headings = Headings(edition, content, make.ON, words(edition.language, make.templates()))
    return headings.subject(made), headings.preheader(made)


# --- keys ------------------------------------------------------------------------------------


@cache
def pem() -> bytes:
    """A throw-away RSA key of this process."""
    return as_pem(rsa.generate_private_key(65537, 2048))


def as_pem(key: object) -> bytes:
    form, none = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, none)  # type: ignore[attr-defined, no-any-return]


@cache
def signer(domain: str = DOMAINS[0], transport: Transport = Transport.SMTP) -> Signer:
    return dkim.signer(domain, "s2026", pem(), transport=transport)


def signer_of(made: Sample, transport: Transport = Transport.SMTP) -> Signer:
    return signer(made.letter.sender_address.rpartition("@")[2], transport)


# --- laws and checkers -----------------------------------------------------------------------


def assert_keeps_the_header_laws(message: bytes) -> None:
    """ASCII, CRLF, no field twice, no line over 998 octets in the header and 76 in the body, one blank line between."""
    assert message.isascii()
    assert message.count(b"\r") == message.count(b"\n") == message.count(b"\r\n")
    header, _, body = message.partition(b"\r\n\r\n")
    names = [line.partition(b":")[0].lower() for line in re.split(rb"\r\n(?![ \t])", header)]
    assert len(names) == len(set(names))
    assert max(map(len, header.split(b"\r\n"))) <= 998
    assert max(map(len, body.split(b"\r\n"))) <= 76
    assert not any(line.startswith(b"From ") for line in body.split(b"\r\n"))
    assert body.endswith(b"--\r\n")


def parsed(message: bytes) -> tuple[EmailMessage, str, str]:
    """The mail as the standard library reads it, its HTML and its text; without a defect anywhere."""
    whole = email.message_from_bytes(message, policy=email.policy.default)
    assert isinstance(whole, EmailMessage)
    text, html = whole.iter_parts()
    assert [part.get_content_type() for part in (text, html)] == ["text/plain", "text/html"]
    assert not whole.defects + text.defects + html.defects
    return whole, html.get_content(), text.get_content()


def dkimpy_accepts(message: bytes, *signers: Signer) -> bool:
    zone = dict(map(dkim.record, signers))

    def answer(name: bytes, timeout: int = 5) -> bytes:
        return zone.get(name.decode().rstrip("."), "").encode()

    return bool(dkimpy.verify(message, dnsfunc=answer))


def says_what_was_put_in(one: Sample, message: bytes) -> bool:
    """Whether a foreign reader gets every word back: both parts, subject and recipient."""
    whole, html, text = parsed(message)
    wanted_html, wanted_text = join(one.morning.blocks, one.recipe, one.slots)
    right = (
        html.replace("\r\n", "\n") == wanted_html,
        text.replace("\r\n", "\n") == wanted_text,
        " ".join(str(whole["Subject"]).split()) == " ".join(one.letter.subject.split()),
        whole["To"].addresses[0].addr_spec == envelope_address(one.letter.recipient),
        len(html.encode()) <= HARD,
    )
    return all(right)


def rewritten_by_ses(message: bytes) -> bytes:
    """The mail with what Amazon SES puts in place of ours."""
    header, gap, body = message.partition(b"\r\n\r\n")
    kept = [f for f in re.split(rb"\r\n(?![ \t])", header) if not f.lower().startswith(_OURS)]
    theirs = [b"Message-ID: <0100@ap-northeast-2.amazonses.com>", b"Date: Tue, 20 Jan 2026 21:30:01 +0000"]
    return b"\r\n".join([*kept, *theirs, b"Feedback-ID: 1.ap-northeast-2:AmazonSES"]) + gap + body


_OURS = (b"message-id:", b"date:", b"feedback-id:")


def spamassassin() -> str:
    found = shutil.which("spamassassin")
    if found is None:
        pytest.skip("needs spamassassin (Debian: apt-get install spamassassin)")
    return found


def spam_scores(messages: Sequence[bytes]) -> list[float]:
    """What SpamAssassin's own rules (no network) give each message."""
    box = b"".join(b"From x Tue Jan 20 06:30:00 2026\n" + m.replace(b"\r\n", b"\n") + b"\n" for m in messages)
    ran = subprocess.run([spamassassin(), "-L", "-t", "--mbox"], input=box, capture_output=True, check=True)
    return [float(score) for score in re.findall(rb"^X-Spam-Status: .*?\bscore=(-?[\d.]+)", ran.stdout, re.MULTILINE)]


def opendkim() -> str:
    found = shutil.which("opendkim") or shutil.which("opendkim", path="/usr/sbin")
    if found is None:
        pytest.skip("needs opendkim (Debian: apt-get install opendkim)")
    return found


def opendkim_accepts(messages: Sequence[bytes], folder: Path, *signers: Signer) -> list[bool]:
    """What OpenDKIM says of each message, in their order; it reads them as files with plain line feeds."""
    records = "".join(f"{name} {text}\n" for name, text in map(dkim.record, signers))
    (folder / "keys").write_text(records)
    (folder / "conf").write_text(f"Mode v\nTestPublicKeys {folder}/keys\n")
    files = [folder / f"{n}.eml" for n in range(len(messages))]
    for file, message in zip(files, messages, strict=True):
        file.write_bytes(message.replace(b"\r\n", b"\n"))
    command = [opendkim(), "-x", str(folder / "conf"), "-t", ",".join(map(str, files)), "-v"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    said = (ran.stdout + ran.stderr).splitlines()
    return [any(f"{file}: verification" in line and "succeeded" in line for line in said) for file in files]
