"""Laws of [feeds] hub and [indexnow]: who is told, with what key, and nobody strange in rehearsal."""

from __future__ import annotations

from pathlib import Path

import pytest

from syndication import bootstrap
from syndication.settings import Settings, check, load
from tests.settings.test_check import SOUND

KEY = "0f26d5e892544f74b806ec5c5522e6a1"
HERE = '[feeds]\nhub = "http://127.0.0.1:8699/hub"\n'
FAR = '[feeds]\nhub = "https://hub.example/"\n'
SEARCH = '[indexnow]\nkey_from = "INDEXNOW_KEY"\n'


def loaded(folder: Path, more: str, environ: dict[str, str] | None = None) -> Settings:
    file = folder / "publisher.toml"
    file.write_text(SOUND + more, "utf-8")
    return load(file, environ or {})


def listeners(settings: Settings) -> list[str]:
    return [one.name for one in bootstrap.make_setup(settings).listeners]


def test_without_a_word_nobody_is_told(tmp_path: Path):
    setup = bootstrap.make_setup(loaded(tmp_path, ""))
    assert (setup.hub, setup.listeners, setup.site_key) == (None, (), None)


def test_in_rehearsal_feeds_name_the_hub_but_only_one_on_this_machine_is_told(tmp_path: Path):
    far = loaded(tmp_path, FAR)
    assert bootstrap.make_setup(far).hub == "https://hub.example/"
    assert listeners(far) == []
    assert listeners(loaded(tmp_path, HERE)) == ["websub http://127.0.0.1:8699/hub"]
    assert listeners(loaded(tmp_path, SEARCH, {"INDEXNOW_KEY": KEY})) == []


def test_the_key_comes_from_the_environment_or_a_file_that_it_names(tmp_path: Path):
    secret = tmp_path / "key"
    secret.write_text(KEY + "\n")
    secret.chmod(0o600)
    settings = loaded(tmp_path, SEARCH, {"INDEXNOW_KEY_FILE": str(secret)})
    assert settings.indexnow is not None
    assert (settings.indexnow.key, settings.indexnow.engines) == (KEY, ("https://searchadvisor.naver.com/indexnow",))
    assert bootstrap.make_setup(settings).site_key == KEY


@pytest.mark.parametrize("key", ["short", "../../etc/passwd", "with a blank", "x" * 129, "열쇠열쇠열쇠열쇠"])
def test_a_key_that_cannot_be_one_is_named_and_never_shown(tmp_path: Path, key: str):
    file = tmp_path / "publisher.toml"
    file.write_text(SOUND + SEARCH, "utf-8")
    (problem,) = [p for p in check(file, {"INDEXNOW_KEY": key}) if p.field.startswith("indexnow")]
    assert "not of the form" in problem.wrong
    assert key not in problem.wrong + (problem.right or "")
