"""`check` tries the bucket that publisher.toml names, and says what is to be done when it cannot be written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bucket import NAME, READER, WRITER, SeaweedFS
from tests.cli.conftest import Command
from tests.contract.endpoint import closed_port


@pytest.fixture(scope="module")
def seaweed() -> Iterator[SeaweedFS]:
    with SeaweedFS() as server:
        yield server


def begun(command: Command, seaweed: SeaweedFS, *, bucket: str = NAME) -> None:
    command("init")
    keys = ('access_key_from = "PUBLISH_KEY"', 'secret_key_from = "PUBLISH_SECRET"')
    lines = (f'bucket = "{bucket}"', 'region = "us-east-1"', f'endpoint = "{seaweed.url}"', *keys)
    written = Path("publisher.toml").read_text().replace("[publish]\n", "\n".join(("[publish]", *lines, "")))
    Path("publisher.toml").write_text(written)


def test_a_bucket_that_can_be_written_is_in_order(
    command: Command, seaweed: SeaweedFS, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(command, seaweed)
    monkeypatch.setenv("PUBLISH_KEY", WRITER[0])
    monkeypatch.setenv("PUBLISH_SECRET", WRITER[1])
    answer = command("check")
    assert (answer.code, "in order" in answer.out) == (0, True), answer.err


@pytest.mark.parametrize(
    ("key", "secret", "bucket", "words"),
    [
        (*READER, NAME, "allow s3:GetObject and s3:PutObject"),
        ("stranger", "secret-word", NAME, "access_key_from"),
        (*WRITER, "never-made", "no such bucket: make it"),
    ],
)
def test_a_bucket_that_cannot_be_written_is_named_with_what_to_do(
    key: str,
    secret: str,
    bucket: str,
    words: str,
    command: Command,
    seaweed: SeaweedFS,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun(command, seaweed, bucket=bucket)
    monkeypatch.setenv("PUBLISH_KEY", key)
    monkeypatch.setenv("PUBLISH_SECRET", secret)
    answer = command("check")
    assert answer.code == 1
    assert "publish.bucket" in answer.err
    assert words in answer.err or "s3:PutObject" in answer.err
    assert secret not in answer.err


def test_a_bucket_that_does_not_answer_is_a_warning(
    command: Command, seaweed: SeaweedFS, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(command, seaweed)
    written = Path("publisher.toml").read_text().replace(seaweed.url, f"http://127.0.0.1:{closed_port()}")
    Path("publisher.toml").write_text(written)
    monkeypatch.setenv("PUBLISH_KEY", WRITER[0])
    monkeypatch.setenv("PUBLISH_SECRET", WRITER[1])
    answer = command("check")
    assert answer.code == 0
    assert "warning" in answer.err
    assert "does not answer" in answer.err
