"""[publish]: what does not agree is named; while rehearsing the bucket stays as it is, unless the table says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from syndication import bootstrap
from syndication.adapters.files import FilePublisher
from syndication.adapters.s3 import S3Publisher
from syndication.settings import Settings, check, init, load

BUCKET = 'bucket = "garam-feeds"\nregion = "ap-northeast-2"\n'
KEYS = 'access_key_from = "K"\nsecret_key_from = "S"\n'
ENVIRON: Mapping[str, str] = {"K": "key-of-a-sample", "S": "secret-of-a-sample", "I": "whsec_" + "QUFB" * 10}


def problems(folder: Path, lines: str) -> dict[str, str]:
    return {p.field: p.wrong for p in check(written(folder, lines), ENVIRON)}


def written(folder: Path, lines: str) -> Path:
    init(folder)
    file = folder / "publisher.toml"
    file.write_text(file.read_text().replace("[publish]\n", f"[publish]\n{lines}"))
    return file


def loaded(folder: Path, lines: str) -> Settings:
    return load(written(folder, lines), ENVIRON)


def test_without_a_word_files_go_to_the_folder(tmp_path: Path) -> None:
    settings = loaded(tmp_path, "")
    assert isinstance(bootstrap.publisher(settings), FilePublisher)
    assert bootstrap.publisher(settings).publish("feeds/a.rss", b"x", "application/rss+xml")
    assert (settings.storage.folder / "public" / "feeds" / "a.rss").read_bytes() == b"x"
    bootstrap.try_bucket(settings)  # there is none to try


def test_a_bucket_is_written_when_live_or_when_the_table_says_so(tmp_path: Path) -> None:
    rehearsing = loaded(tmp_path / "a", BUCKET + KEYS)
    assert isinstance(bootstrap.publisher(rehearsing), FilePublisher)
    assert isinstance(bootstrap.publisher(loaded(tmp_path / "b", BUCKET + "in_rehearsal = true\n")), S3Publisher)
    live = replace(rehearsing, mode=type(rehearsing.mode)("live"))
    assert isinstance(bootstrap.publisher(live), S3Publisher)
    assert "secret-of-a-sample" not in repr(rehearsing)


@pytest.mark.parametrize(
    ("lines", "field"),
    [
        ('bucket = "garam-feeds"\n', "publish.region"),
        ('region = "ap-northeast-2"\n', "publish.bucket"),
        ('bucket = "Garam Feeds"\nregion = "ap-northeast-2"\n', "publish.bucket"),
        ('bucket = "192.0.2.1"\nregion = "ap-northeast-2"\n', "publish.bucket"),
        ('bucket = "a..b"\nregion = "ap-northeast-2"\n', "publish.bucket"),
        ('bucket = "garam-feeds"\nregion = "Seoul"\n', "publish.region"),
        (BUCKET + 'prefix = "../up"\n', "publish.prefix"),
        (BUCKET + 'endpoint = "http://s3.storage.example"\n', "publish.endpoint"),
        (BUCKET + 'endpoint = "ftp://s3.storage.example"\n', "publish.endpoint"),
        (BUCKET + 'access_key_from = "K"\n', "publish.secret_key_from"),
        (BUCKET + 'secret_key_from = "S"\n', "publish.access_key_from"),
        (BUCKET + 'cloudfront = "https://cdn.example"\n', "publish.cloudfront"),
        ('invalidate_url = "https://cdn.garam.example/purge"\n', "publish.invalidate_secret_from"),
        ('invalidate_secret_from = "I"\n', "publish.invalidate_url"),
        ('max_age = "0s"\n', "publish.max_age"),
    ],
)
def test_what_does_not_agree_is_named_where_it_stands(lines: str, field: str, tmp_path: Path) -> None:
    assert field in problems(tmp_path, lines)


def test_everything_that_agrees_is_in_order(tmp_path: Path) -> None:
    told = 'invalidate_url = "https://cdn.garam.example/purge"\ninvalidate_secret_from = "I"\n'
    more = 'prefix = "public/"\nendpoint = "https://s3.storage.example"\ncloudfront = "E2EXAMPLE12345"\ngzip = false\n'
    assert not [field for field in problems(tmp_path, BUCKET + KEYS + told + more) if field.startswith("publish")]
