"""Every command explains itself, and says in a sentence what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from syndication.cli import main
from tests.cli.conftest import Command

PROMISED = ("init", "check", "run", "try", "read", "ingest", "assemble", "preview", "send", "status", "replay")


def commands(group: click.Group = main, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, found in sorted(group.commands.items()):
        yield (*before, name)
        if isinstance(found, click.Group):
            yield from commands(found, (*before, name))


EVERY = list(commands())
NEEDS_A_PUBLISHER = [
    ("check",),
    ("status",),
    ("ingest",),
    ("assemble",),
    ("preview",),
    ("send",),
    ("send", "--test", "reader-1@example.com"),
    ("replay", "2026-01-20"),
    ("subscriber", "list"),
    ("subscriber", "add", "reader-1@example.com", "--consent", "표본"),
    ("subscriber", "end", "reader-1@example.com"),
]


def test_every_promised_command_is_there() -> None:
    assert {(name,) for name in PROMISED} | {("subscriber", n) for n in ("add", "list", "end")} <= set(EVERY)


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_every_command_has_help_with_an_example(command: Command, words: tuple[str, ...]) -> None:
    answer = command(*words, "--help")
    assert answer.code == 0
    assert "Example" in answer.out
    assert f"syndication {words[0]}" in answer.out


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_the_example_of_every_command_is_a_command_it_takes(words: tuple[str, ...]) -> None:
    found: click.Command = main
    for word in words:
        assert isinstance(found, click.Group)
        found = found.commands[word]
    example = next(line for line in (found.help or "").splitlines() if "syndication " in line and "Example" in line)
    typed = [w.strip('"') for w in example.partition("syndication ")[2].partition(" ||")[0].split()]
    assert tuple(typed[: len(words)]) == words or isinstance(found, click.Group)
    options = {option for p in found.params for option in p.opts}
    assert {w for w in typed if w.startswith("--")} <= options or isinstance(found, click.Group)


@pytest.mark.parametrize("words", NEEDS_A_PUBLISHER, ids=" ".join)
def test_without_a_publisher_toml_a_command_says_what_to_do(command: Command, words: tuple[str, ...]) -> None:
    answer = command(*words)
    assert answer.code != 0
    assert "publisher.toml" in answer.flat
    assert "syndication init" in answer.flat


@pytest.mark.parametrize("words", NEEDS_A_PUBLISHER, ids=" ".join)
def test_a_publisher_toml_that_does_not_exist_is_named(
    command: Command, words: tuple[str, ...], tmp_path: Path
) -> None:
    answer = command("--publisher", tmp_path / "nowhere" / "publisher.toml", *words)
    assert answer.code != 0
    assert "nowhere" in answer.flat


@pytest.mark.parametrize("text", ["", "mode = ", "\x00", "[outlet\n", "mode = 'rehearsal'\n[outlet]\nname = 3\n"])
@pytest.mark.parametrize("words", [("check",), ("status",), ("run",), ("send",)], ids=" ".join)
def test_a_publisher_toml_full_of_mistakes_ends_every_command_with_file_and_line(
    command: Command, words: tuple[str, ...], text: str
) -> None:
    Path("publisher.toml").write_text(text)
    answer = command(*words)
    assert answer.code != 0
    assert "publisher.toml" in answer.flat


def test_an_unknown_command_and_an_unknown_option_are_named(command: Command) -> None:
    for words in (("sned",), ("status", "--yaml")):
        answer = command(*words)
        assert answer.code == 2
        assert words[-1] in answer.err


def test_the_version_is_told(command: Command) -> None:
    assert command("--version").out.startswith("syndication, version ")
