"""Laws of [mail.returns]: what is read, and which mistakes are named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from syndication.settings import check, load
from syndication.settings.fields import Tls
from tests.settings.test_check import PARTNER, SOUND

ENVIRON = {
    "PORTAL_SECRET": "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU=",
    "RETURNS_USER": "returns",
    "RETURNS_PASSWORD": "a-throw-away-password",
}
MAILBOX = """\
port = 25
bounce_domain = "bounce.garam.example"
reply_to = "desk@garam.example"
[mail.returns]
imap = "imap.garam.example"
user_from = "RETURNS_USER"
password_from = "RETURNS_PASSWORD"
folder = "반송"
replies = true
"""


def write(folder: Path, mail: str) -> Path:
    (folder / "partners").mkdir()
    (folder / "partners/portal.toml").write_text(PARTNER, encoding="utf-8")
    file = folder / "publisher.toml"
    file.write_text(SOUND.replace("port = 25\n", mail), encoding="utf-8")
    return file


def test_a_mailbox_is_read_with_its_secrets(tmp_path: Path) -> None:
    settings = load(write(tmp_path, MAILBOX), ENVIRON)
    back = settings.mail.returns
    assert back is not None
    assert (back.imap, back.port, back.tls, back.folder) == ("imap.garam.example", 993, Tls.IMPLICIT, "반송")
    assert (back.user, back.password, back.replies) == ("returns", "a-throw-away-password", True)
    assert "a-throw-away-password" not in repr(settings)
    assert settings.mail.bounce_domain == "bounce.garam.example"


def test_a_port_of_ours_is_read(tmp_path: Path) -> None:
    mail = 'bounce_domain = "bounce.garam.example"\n[mail.returns]\nlisten = 2525\nprotocol = "lmtp"\n'
    back = load(write(tmp_path, mail), ENVIRON).mail.returns
    assert back is not None
    assert (back.listen, back.host, back.protocol, back.imap) == (2525, "127.0.0.1", "lmtp", None)


@pytest.mark.parametrize(
    ("old", "new", "where", "wrong"),
    [
        ('imap = "imap.garam.example"', "", "mail.returns", "neither imap nor listen"),
        ('user_from = "RETURNS_USER"', "", "mail.returns", "needs user_from"),
        ('password_from = "RETURNS_PASSWORD"', 'password = "secret words"', "mail.returns", "no .password. here"),
        ("replies = true", 'replies = "yes"', "mail.returns", "true or false"),
        ("replies = true", 'tls = "none"', "mail.returns", "unprotected"),
        ("replies = true", 'tls = "ssl"', "mail.returns", "none of"),
        ('bounce_domain = "bounce.garam.example"', "", "mail.bounce_domain", "returns stands here without it"),
        ("bounce.garam.example", "bounce.else.example", "mail.bounce_domain", "alignment"),
        ('reply_to = "desk@garam.example"', "", "mail.reply_to", "nobody is named"),
        ("desk@garam.example", "desk@bounce.garam.example", "mail.reply_to", "round in circles"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, old: str, new: str, where: str, wrong: str) -> None:
    assert old in MAILBOX
    problems = check(write(tmp_path, MAILBOX.replace(old, new)), ENVIRON)
    said = "\n".join(map(str, problems))
    assert [p for p in problems if where in str(p)], said
    assert re.search(wrong, said), said
    assert "secret words" not in said


def test_a_bounce_domain_that_nobody_reads_is_a_warning(tmp_path: Path) -> None:
    (problem,) = check(write(tmp_path, 'bounce_domain = "bounce.garam.example"\n'), ENVIRON)
    assert "nobody reads" in str(problem)


def test_absent_secrets_are_named_by_their_variables(tmp_path: Path) -> None:
    problems = check(write(tmp_path, MAILBOX), {"PORTAL_SECRET": ENVIRON["PORTAL_SECRET"]})
    assert "RETURNS_USER" in "\n".join(map(str, problems))
