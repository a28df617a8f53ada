"""How SmtpMailer encrypts and logs in, and where it rather sends nothing."""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from syndication.adapters.smtp import SmtpMailer
from syndication.core.model import Reach, Verdict
from syndication.ports import Permanent
from tests.contract.relay import MAIL, PIPELINING, Talk, carried, mails, relay


@dataclass(frozen=True)
class Certificate:
    file: str
    context: ssl.SSLContext


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "relay.example")])
    now = dt.datetime.now(dt.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder: Path = tmp_path_factory.mktemp("tls")
    pem = built.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "both.pem").write_bytes(pem + private)
    (folder / "ca.pem").write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "both.pem")
    return Certificate(file=str(folder / "ca.pem"), context=context)


def starttls(
    certificate: Certificate,
    after: Callable[[Talk], None],
    *,
    offers: tuple[str, ...] = ("STARTTLS",),
    more: str = "",
    later: str = "",
) -> Callable[[Talk], None]:
    """Offers and starts TLS; `more` is said in the clear right behind the go-ahead, `later` a moment after it."""

    def script(talk: Talk) -> None:
        talk.say("220 relay")
        talk.hear()
        talk.say("250-relay", *(f"250-{offer}" for offer in offers), "250 HELP")
        assert talk.hear() == "STARTTLS"
        talk.socket.sendall(b"220 go ahead\r\n" + more.encode())
        if later:
            time.sleep(0.05)
            talk.socket.sendall(later.encode())
        talk.socket = certificate.context.wrap_socket(talk.socket, server_side=True)
        after(talk)

    return script


def after_tls(talk: Talk) -> None:
    talk.greet()
    while (command := talk.hear()) != "QUIT":
        if command == "DATA":
            talk.say("354 go on")
            talk.data()
            talk.say("250 ok")
        else:
            talk.say("235 welcome" if command.startswith("AUTH") else "250 fine")
    talk.say("221 bye")


@pytest.mark.parametrize("offers", [(), PIPELINING], ids=["lockstep", "pipelining"])
@pytest.mark.parametrize("size", [100, 200_000])
def test_starttls_with_a_trusted_certificate_carries_many_mails_on_one_connection(
    certificate: Certificate, offers: tuple[str, ...], size: int
):
    letters = mails(5, b"Subject: hi\r\n\r\n" + b"x.x\r\n.x\r\n" * (size // 9))
    script = starttls(certificate, after_tls)
    with relay(script, tls="starttls", ca_file=certificate.file, offers=offers) as (mailer, server):
        assert [outcome.verdict for outcome in carried(mailer, *letters)] == [Verdict.ACCEPTED] * 5
        assert server.stored == [mail.message for mail in letters]
        assert len(server.talks) == 1


@pytest.mark.parametrize("offers", [(), PIPELINING], ids=["lockstep", "pipelining"])
def test_implicit_tls_carries_many_mails_on_one_connection(certificate: Certificate, offers: tuple[str, ...]):
    def wrap(plain: socket.socket) -> socket.socket:
        return certificate.context.wrap_socket(plain, server_side=True)

    letters = mails(5)
    with relay(Talk.serve, wrap=wrap, tls="implicit", ca_file=certificate.file, offers=offers) as (mailer, server):
        assert [outcome.verdict for outcome in carried(mailer, *letters)] == [Verdict.ACCEPTED] * 5
        assert server.stored == [mail.message for mail in letters]
        assert len(server.talks) == 1


@pytest.mark.parametrize("after", [(), PIPELINING], ids=["withdrawn", "offered"])
def test_only_what_is_offered_under_encryption_is_used(certificate: Certificate, after: tuple[str, ...]):
    before = ("STARTTLS",) if after else ("STARTTLS", "PIPELINING", "SIZE 10")
    script = starttls(certificate, after_tls, offers=before)
    with relay(script, tls="starttls", ca_file=certificate.file, offers=after) as (mailer, server):
        assert [outcome.verdict for outcome in carried(mailer, *mails(3))] == [Verdict.ACCEPTED] * 3
        together = any(b"RCPT TO" in chunk and b"DATA" in chunk for chunk in server.talks[0].chunks)
        assert together == (after == PIPELINING)


@pytest.mark.parametrize("at", ["after the body", "after the final dot"])
def test_an_encrypted_connection_that_is_cut_leaves_nobody_in_the_dark(certificate: Certificate, at: str):
    def cut(talk: Talk) -> None:
        if talk.number > 1:
            return after_tls(talk)
        talk.greet()
        talk.take()
        talk.envelope()
        if at == "after the body":
            talk.line()
        else:
            talk.data()
        return talk.cut(hard=True)

    with relay(starttls(certificate, cut), tls="starttls", ca_file=certificate.file, offers=PIPELINING) as (
        mailer,
        server,
    ):
        first, second, third = carried(mailer, *mails(3))
        assert (first.verdict, third.verdict) == (Verdict.ACCEPTED, Verdict.ACCEPTED)
        assert second.verdict in (
            (Verdict.UNCERTAIN,) if at == "after the final dot" else (Verdict.UNCERTAIN, Verdict.DEFERRED)
        )
        assert len(server.stored) == (3 if at == "after the final dot" else 2)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_certificate_that_is_not_trusted_or_names_another_host_is_refused(certificate: Certificate, host: str):
    trusted = certificate.file if host == "localhost" else None  # trusted, but made out to 127.0.0.1 alone
    with relay(starttls(certificate, after_tls), host=host, tls="starttls", ca_file=trusted) as (mailer, server):
        outcome = mailer.send(MAIL)
        assert outcome.verdict is Verdict.DEFERRED
        assert "certificate is not trusted" in (outcome.reason or "")
        assert not any(line.startswith("MAIL") for line in server.heard)


def test_where_starttls_is_not_offered_nothing_is_sent_in_the_clear():
    with relay(Talk.serve, tls="starttls", user="u", password="p") as (mailer, server):
        outcome = mailer.send(MAIL)
        assert outcome.verdict is Verdict.DEFERRED
        assert "does not offer STARTTLS" in (outcome.reason or "")
        assert server.heard == ["EHLO localhost"]


@pytest.mark.parametrize("said", ["more", "later"])
def test_what_was_said_in_the_clear_after_starttls_is_never_believed(certificate: Certificate, said: str):
    script = starttls(certificate, after_tls, **{said: "250 AUTH PLAIN\r\n"})
    with relay(script, tls="starttls", ca_file=certificate.file) as (mailer, server):
        outcome = mailer.send(MAIL)
        assert (outcome.verdict, outcome.reach) == (Verdict.DEFERRED, Reach.TRANSPORT)
        assert (outcome.reason or "").startswith("tls: ")
        assert server.heard == ["EHLO localhost", "STARTTLS"]


def test_plain_login_is_preferred(certificate: Certificate):
    options = {"tls": "starttls", "ca_file": certificate.file, "user": "news", "password": "비밀"}
    options["offers"] = ("AUTH LOGIN PLAIN",)
    with relay(starttls(certificate, after_tls), **options) as (mailer, server):
        assert mailer.send(MAIL).verdict is Verdict.ACCEPTED
        assert "AUTH PLAIN " + base64.b64encode("\0news\0비밀".encode()).decode() in server.heard


def test_login_step_by_step_where_plain_is_not_offered():
    def script(talk: Talk) -> None:
        talk.say("220 relay")
        talk.hear()
        talk.say("250-relay", "250 AUTH=LOGIN")
        assert talk.hear() == "AUTH LOGIN"
        talk.say("334 VXNlcm5hbWU6")
        assert base64.b64decode(talk.hear()) == b"news"
        talk.say("334 UGFzc3dvcmQ6")
        assert base64.b64decode(talk.hear()) == b"secret"
        talk.say("235 welcome")
        talk.envelope()
        talk.data()
        talk.say("250 ok")

    with relay(script, user="news", password="secret") as (mailer, _):
        assert mailer.send(MAIL).verdict is Verdict.ACCEPTED


def test_a_refused_login_fails_nobody_and_shows_no_secret():
    def script(talk: Talk) -> None:
        talk.say("220 relay")
        talk.hear()
        talk.say("250-relay", "250 AUTH PLAIN")
        talk.hear()
        talk.say("535 5.7.8 wrong password hunter2")

    with relay(script, user="news", password="hunter2") as (mailer, _):
        outcome = mailer.send(MAIL)
        assert (outcome.verdict, outcome.code) == (Verdict.DEFERRED, "5.7.8")
        assert outcome.reach is Reach.TRANSPORT
        assert "hunter2" not in (outcome.reason or "")
        assert "hunter2" not in repr(mailer.relay)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"host": "smtp.example.com"}, "without encryption"),
        ({"host": "192.0.2.1"}, "without encryption"),
        ({"host": "127.0.0.1", "user": "u"}, "go together"),
        ({"host": "127.0.0.1", "hello": "가람.kr"}, "EHLO"),
        ({"host": "127.0.0.1", "port": 0}, "no port"),
        ({"host": "127.0.0.1", "connections": 0}, "connections"),
        ({"host": "127.0.0.1", "messages_per_connection": 0}, "message over each"),
    ],
)
def test_a_relay_that_cannot_be_safe_or_work_is_not_made(options: dict[str, Any], words: str):
    with pytest.raises(Permanent, match=words):
        SmtpMailer(**options)
