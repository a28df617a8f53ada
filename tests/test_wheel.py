"""The wheel is the whole program: installed alone, away from the checkout, it does what the checkout does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RSS = (
    "<rss version='2.0'><channel><item><title>가람시 표본 기사</title><guid>1</guid><category>사회</category>"
    "<description>가람시는 표본 소식을 전했다.</description></item></channel></rss>"
)

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]
Program = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def program(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Program:
    """Runs words with the commands of a fresh environment that sees our dependencies and not the checkout."""
    place = tmp_path_factory.mktemp("elsewhere")
    venv = place / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    python = venv / "bin" / "python"
    quiet = ["--quiet", "--disable-pip-version-check", "--no-index", "--no-deps"]
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", *quiet, str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    packages = next(venv.glob("lib/python*/site-packages"))
    # a .pth of a folder that is itself named by a .pth is not read: the checkout's editable install stays unseen
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    here = place / "here"
    here.mkdir()
    environ = {"PATH": str(venv / "bin"), "HOME": str(place), "PYTHONUTF8": "1", "LANG": os.environ.get("LANG", "C")}

    def run(*words: object, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(venv / "bin" / str(words[0])), *map(str, words[1:])],
            cwd=here,
            env={**environ, **more},
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run


def test_templates_starter_migrations_and_workers_travel_in_the_wheel(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    folders = {"templates": "syndication/templates", "syndication": "syndication", "workers": "workers"}
    for folder, place in folders.items():
        for file in (ROOT / folder).rglob("*"):
            if file.is_file() and "__pycache__" not in file.parts and not file.name.startswith("."):
                assert f"{place}/{file.relative_to(ROOT / folder).as_posix()}" in inside
    assert not [name for name in inside if name.startswith(("tests/", "benchmarks/", "docs/", "var/"))]


def test_what_runs_is_the_wheel_and_not_the_checkout(program: Program) -> None:
    asked = program("python", "-c", "import syndication, workers; print(syndication.__file__, workers.__file__)")
    assert asked.stderr == ""
    assert str(ROOT) not in asked.stdout
    assert "elsewhere" in asked.stdout


def test_the_command_explains_itself(program: Program) -> None:
    asked = program("syndication", "--help")
    assert (asked.returncode, asked.stderr) == (0, "")
    assert "morning digest" in asked.stdout


def test_a_publisher_is_begun_checked_and_kept_in_a_database(program: Program) -> None:
    assert program("syndication", "init", "paper").returncode == 0
    checked = program("syndication", "--publisher", "paper", "check")
    assert (checked.returncode, checked.stderr) == (0, "")
    words = ("--consent", "표본 신청서")
    added = program("syndication", "--publisher", "paper", "subscriber", "add", "reader-1@example.com", *words)
    assert added.returncode == 0, added.stderr
    listed = program("syndication", "--publisher", "paper", "subscriber", "list", "--json")
    assert json.loads(listed.stdout)["address"] == "reader-1@example.com"


def test_a_feed_is_read_and_becomes_a_digest(program: Program, tmp_path: Path) -> None:
    feed = tmp_path / "feed.xml"
    feed.write_text(RSS, encoding="utf-8")
    read = program("syndication", "read", feed, "--json")
    assert [a["title"] for a in json.loads(read.stdout)["articles"]] == ["가람시 표본 기사"]
    tried = program("syndication", "try", feed, "--out", tmp_path / "digest")
    assert tried.returncode == 0, tried.stderr
    assert "가람시 표본 기사" in (tmp_path / "digest" / "digest.txt").read_text("utf-8")


def test_the_sample_publisher_and_its_workers_start_from_the_wheel(program: Program, tmp_path: Path) -> None:
    write = (
        "import pathlib, sys; from syndication.settings import write_starter; write_starter(pathlib.Path(sys.argv[1]))"
    )
    assert program("python", "-c", write, tmp_path / "sample").returncode == 0
    sample = str(tmp_path / "sample" / "publisher.toml")
    assert program("syndication", "--publisher", sample, "check").returncode == 0
    tasks = "import workers.tasks, workers.app; print(sorted(n for n in workers.app.app.tasks if '.' not in n))"
    asked = program("python", "-c", tasks, SYNDICATION_PUBLISHER=sample)
    assert asked.returncode == 0, asked.stderr
    assert all(name in asked.stdout for name in ("poll", "publish_due", "drain", "reclaim"))
    web = "from syndication.cli.serving import app; print(type(app()).__name__)"
    asked = program("python", "-c", web, SYNDICATION_PUBLISHER=sample)
    assert asked.stdout.strip() == "Feeds", asked.stderr
