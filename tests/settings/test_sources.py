"""What the settings say of Sources: fields of each kind, and the secrets that they name."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from syndication.core.model import SourceKind
from syndication.settings import check, load
from syndication.settings.starting import init

ENVIRONMENT = {"GARAM_TOKEN": "a-token-of-twenty-signs-or-more"}
FIELDS = {
    SourceKind.FEED: 'url = "https://www.garam.example/rss.xml"',
    SourceKind.PAGE: 'url = "https://www.garam.example/"',
    SourceKind.PAGE_LIST: 'url = "https://www.garam.example/list"\nlinks = "/news/*"\nwatch = "5d"',
    SourceKind.WORDPRESS: 'url = "https://www.garam.example"',
    SourceKind.GHOST: 'url = "https://www.garam.example"\ntoken_from = "GARAM_TOKEN"',
    SourceKind.ARC: 'url = "https://api.garam.example"\nwebsite = "garam"\ntoken_from = "GARAM_TOKEN"',
    SourceKind.PUSH: 'token_from = "GARAM_TOKEN"',
}


def written(folder: Path, kind: str, fields: str) -> Path:
    """A sound publisher.toml with a further Source."""
    init(folder)
    file = folder / "publisher.toml"
    more = f'\n[[source]]\nid = "more"\nkind = "{kind}"\noutlet = "garam"\n{fields}\n'
    file.write_text(file.read_text(encoding="utf-8") + more, encoding="utf-8")
    return file


@pytest.mark.parametrize("kind", FIELDS)
def test_a_source_of_each_kind_is_taken_with_what_it_needs(tmp_path: Path, kind: SourceKind) -> None:
    file = written(tmp_path, kind, FIELDS[kind])
    assert [p for p in check(file, ENVIRONMENT) if "source" in p.field] == []
    settings = load(file, ENVIRONMENT)
    source = next(s for s in settings.sources if s.id == "more")
    assert source.kind is kind
    assert source.silent_after is None
    assert ("more" in settings.source_keys) is ("token_from" in FIELDS[kind])
    assert "twenty-signs" not in repr(settings)
    if kind is SourceKind.PAGE_LIST:
        assert (source.links, source.watch) == ("/news/*", timedelta(days=5))


@pytest.mark.parametrize(
    ("kind", "fields", "where"),
    [
        ("page-list", "", "url"),
        ("feed", FIELDS[SourceKind.FEED] + '\nlinks = "/x/*"', "links"),
        ("ghost", 'url = "https://www.garam.example"', "token_from"),
        ("arc", 'url = "https://api.garam.example"\ntoken_from = "GARAM_TOKEN"', "website"),
        ("push", 'url = "https://www.garam.example"\ntoken_from = "GARAM_TOKEN"', "url"),
        ("push", "", "token_from"),
        ("push", 'token_from = "SHORT_TOKEN"', "token_from"),
        ("push", 'token_from = "NO_TOKEN"', "token_from"),
        ("folder", 'folder = "drop"\nwatch = "3d"', "watch"),
        ("page", FIELDS[SourceKind.PAGE] + '\ntoken_from = "GARAM_TOKEN"', "token_from"),
    ],
)
def test_a_field_that_is_missing_or_of_another_kind_is_named(
    tmp_path: Path, kind: str, fields: str, where: str
) -> None:
    file = written(tmp_path, kind, fields)
    problems = check(file, {**ENVIRONMENT, "SHORT_TOKEN": "short"})
    assert f"source[2].{where}" in {p.field for p in problems}
