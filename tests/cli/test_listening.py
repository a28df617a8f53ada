"""`syndication listen` and `syndication returns` as an operator meets them."""

from __future__ import annotations

import os
import signal
import smtplib
import subprocess
import sys
from pathlib import Path

import pytest

from syndication.core import links
from syndication.settings import load
from tests.cli.conftest import Command
from tests.contract import imap_server
from tests.contract.imap_server import PASSWORD, USER
from tests.servers import free_port
from tests.settings.test_check import SOUND

DOMAIN = "bounce.garam.example"


def publisher(folder: Path, returns: str) -> Path:
    file = folder / "publisher.toml"
    mail = f'port = 25\nbounce_domain = "{DOMAIN}"\n{returns}'
    sound = SOUND.replace("port = 25\n", mail).replace('channels = ["email", "partner"]', 'channels = ["email"]')
    file.write_text(sound, encoding="utf-8")
    return file


def test_a_port_takes_mail_for_our_addresses_alone_until_it_is_told_to_stop(tmp_path: Path) -> None:
    port = free_port()
    file = publisher(tmp_path, f"[mail.returns]\nlisten = {port}\n")
    listening = subprocess.Popen(
        [sys.executable, "-c", "from syndication.cli import main; main()", "--publisher", str(file), "listen"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        assert listening.stdout is not None
        assert f"port {port}" in listening.stdout.readline()
        ours = links.bounce_address(1, "reader-1@example.com", DOMAIN, load(file, {}).link_keys)
        with smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
            client.sendmail("", [ours], "Subject: failure notice\r\n\r\nno\r\n")
            with pytest.raises(smtplib.SMTPRecipientsRefused):
                client.sendmail("", [f"b+{'a' * 47}@{DOMAIN}"], "Subject: failure notice\r\n\r\nno\r\n")
    finally:
        listening.send_signal(signal.SIGTERM)
    assert listening.wait(20) == 0


def test_a_mailbox_is_looked_into_at_once(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETURNS_USER", USER)
    monkeypatch.setenv("RETURNS_PASSWORD", PASSWORD)
    mailbox = 'imap = "localhost"\ntls = "none"\nuser_from = "RETURNS_USER"\npassword_from = "RETURNS_PASSWORD"\n'
    with imap_server.scripted() as server:
        server.put(b"From: reader-1@example.com\r\nSubject: hi\r\n\r\nhello\r\n")
        file = publisher(tmp_path, f"[mail.returns]\n{mailbox}port = {server.port}\n")
        first = command("--publisher", file, "returns", "--json")
        assert first.facts == [{"kept": 1}], first.err
        assert command("--publisher", file, "returns").out == "Nothing new.\n"


def test_without_a_way_back_both_say_what_to_write(command: Command, tmp_path: Path) -> None:
    file = publisher(tmp_path, "")
    for name, wanted in (("listen", "listen = 2525"), ("returns", "imap = ")):
        answer = command("--publisher", file, name)
        assert answer.code == 1
        assert wanted in answer.flat
