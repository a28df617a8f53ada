"""Writes a mail as files a person can look at: .eml, .html, .txt and, with a Chromium present, .png.

It renders nothing: the mail comes finished.
"""

from __future__ import annotations

import email
import email.policy
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
_PICTURES = (("phone", 375), ("desktop", 800))
_PATIENCE = 60
_TALLEST = 16000  # pixels; taller pictures fail in Chromium
_QUIET = (
    "--headless",
    "--no-sandbox",  # the page is our own file, and its only script is ours
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


def write_preview(folder: Path, name: str, message: bytes) -> Sequence[str]:
    """Write the files and return a line for each: its path, or what is missing for it."""
    folder.mkdir(parents=True, exist_ok=True)
    mail = email.message_from_bytes(message, policy=email.policy.default)
    paths = [folder / f"{name}.eml"]
    paths[0].write_bytes(message)
    for kind, suffix in (("html", "html"), ("plain", "txt")):
        part = mail.get_body((kind,))
        if part is not None:
            path = folder / f"{name}.{suffix}"
            path.write_text(part.get_content(), encoding="utf-8")
            paths.append(path)
    return [f"wrote {path}" for path in paths] + _pictures(folder, name)


def _pictures(folder: Path, name: str) -> list[str]:
    chromium = next((found for found in map(shutil.which, _CHROMIUM) if found), None)
    if chromium is None:
        return ["no .png: no Chromium on this machine (Debian package chromium)"]
    return [_picture(chromium, folder, f"{name}-{label}.png", name, width) for label, width in _PICTURES]


def _picture(chromium: str, folder: Path, picture: str, name: str, width: int) -> str:
    """The whole page as a picture: first its height is asked for, then a window of that height is taken."""
    target, page = (folder / picture).resolve(), (folder / f"{name}.html").resolve()
    target.unlink(missing_ok=True)
    try:
        with tempfile.TemporaryDirectory() as work:
            height = _height(chromium, Path(work), page, width)
            _browse(chromium, Path(work), f"--window-size={width},{height}", f"--screenshot={target}", page.as_uri())
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"no {picture}: {error}"
    return f"wrote {folder / picture}" if target.exists() else f"no {picture}: Chromium made no picture"


def _height(chromium: str, work: Path, page: Path, width: int) -> int:
    measured = work / "measured.html"
    script = "<script>onload=()=>{document.title='height '+document.documentElement.scrollHeight}</script>"
    measured.write_text(page.read_text(encoding="utf-8") + script, encoding="utf-8")
    told = _browse(chromium, work, f"--window-size={width},800", "--dump-dom", measured.as_uri())
    found = re.search(r"<title>height (\d{1,6})</title>", told)
    return min(int(found[1]), _TALLEST) if found else _TALLEST // 8


def _browse(chromium: str, work: Path, *words: str) -> str:
    command = [chromium, *_QUIET, f"--user-data-dir={work / 'profile'}", *words]
    done = subprocess.run(command, capture_output=True, timeout=_PATIENCE, check=False)  # noqa: S603 - fixed words
    return done.stdout.decode("utf-8", "replace")
