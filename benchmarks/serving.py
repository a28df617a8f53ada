"""Measures serving a feed against nginx serving the same files, both in this run; prints requests and ratios.

Usage: python benchmarks/serving.py [--rounds 5] [--seconds 4] [--items 200] [--json]
Both have two workers and the same 32 connections of wrk, in turns; the medians of the rounds are compared.
  304        the feed is asked for with its validators, as feed readers do
  gzip       the feed is fetched in gzip: nginx sends the packed file beside it (gzip_static)
Ours is the whole web of an installation, started as `syndication run` starts it. Needs nginx and wrk (Debian).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from syndication import bootstrap
from syndication.adapters.files import FilePublisher
from syndication.cli.running import web_command
from syndication.render.feed_pieces import joined, pieces
from syndication.settings import write_starter
from syndication.web.conditional import packed

sys.path.insert(0, str(Path(__file__).parent))
from feeds import head, sample  # the same stories of 2 KB

WORKERS, CONNECTIONS, LEAST = 2, 32, 0.45
PATH = "feeds/daily/articles.rss"
NGINX = """
worker_processes {workers}; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log; {user}
events {{ worker_connections 512; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; default_type application/octet-stream;
  types {{ application/rss+xml rss; }}
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  gzip_static on; gzip_vary on;
  add_header Cache-Control "public, max-age=300, stale-while-revalidate=60, stale-if-error=86400";
  server {{ listen 127.0.0.1:{port}; root {root}; }}
}}
"""


def main() -> None:
    asked = arguments()
    missing = [name for name in ("nginx", "wrk") if shutil.which(name) is None]
    if missing:
        print(f"skipped: needs the Debian package {' and '.join(missing)}")
        return
    with tempfile.TemporaryDirectory(prefix="serving-") as folder:
        found = measure(Path(folder), asked)
    if asked.json:
        print(json.dumps(found))
        return
    print(f"{asked.items} items, {found['octets']:,} octets, {found['packed']:,} in gzip; requests per second, medians")
    for what in ("304", "gzip"):
        of = found[what]
        print(
            f"{what:5} nginx {of['nginx']:8,.0f}  ours {of['ours']:8,.0f}  ratio {of['ratio']:.2f}  (at least {LEAST})"
        )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--items", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def measure(folder: Path, asked: argparse.Namespace) -> dict[str, object]:
    path, public = installation(folder)
    body = feed(asked.items)
    FilePublisher(public).publish(PATH, body, "application/rss+xml")
    (public / f"{PATH}.gz").write_bytes(packed(body, "gzip"))
    servers = {"nginx": nginx(folder, public), "ours": ours(path)}
    with contextlib.ExitStack() as stack:
        urls = {name: stack.enter_context(server) for name, server in servers.items()}
        time.sleep(2.5)  # until the second in which the file changed is long over, and all workers are there
        headers = {name: {"304": validators(url), "gzip": {"Accept-Encoding": "gzip"}} for name, url in urls.items()}
        for name, url in urls.items():
            try_out(url, headers[name], packed(body, "gzip"))
        rounds = {
            what: [{name: requests(urls[name], headers[name][what], asked.seconds) for name in urls}
                   for _ in range(asked.rounds)]
            for what in ("304", "gzip")
        }  # fmt: skip
    return {"octets": len(body), "packed": len(packed(body, "gzip")), **{w: compared(r) for w, r in rounds.items()}}


def compared(rounds: list[dict[str, float]]) -> dict[str, float]:
    nginx, ours = (statistics.median(one[name] for one in rounds) for name in ("nginx", "ours"))
    return {"nginx": nginx, "ours": ours, "ratio": ours / nginx}


def feed(items: int) -> bytes:
    bodies = [piece.body or b"" for piece in pieces([sample(n) for n in range(items)], "rss")]
    return joined(head(1), bodies, "rss")


# --- servers ---------------------------------------------------------------------------------


def installation(folder: Path) -> tuple[Path, Path]:
    """The sample publisher, its pages on a port of their own; its file, and its folder of published files."""
    write_starter(folder / "paper")
    file = folder / "paper" / "publisher.toml"
    text = file.read_text("utf-8").replace("[web]\n", f"[web]\nworkers = {WORKERS}\n")
    text = re.sub(r"(\[web\]\n(?:.*\n)*?port = )\d+", rf"\g<1>{free_port()}", text)
    file.write_text(text, encoding="utf-8")
    return file, bootstrap.load(file, os.environ).storage.folder / "public"


@contextlib.contextmanager
def ours(path: Path) -> Iterator[str]:
    settings = bootstrap.load(path, os.environ)
    bootstrap.open_house(settings).close()  # one process brings the database up to date
    environ = {**os.environ, bootstrap.PUBLISHER: str(path)}
    with running(web_command(settings), environ), contextlib.suppress(KeyboardInterrupt):
        yield answering(f"http://127.0.0.1:{settings.web.port}/{PATH}")


@contextlib.contextmanager
def nginx(folder: Path, public: Path) -> Iterator[str]:
    port = free_port()
    conf = folder / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    conf.write_text(NGINX.format(workers=WORKERS, folder=folder, root=public, port=port, user=user))
    with running(["nginx", "-c", str(conf), "-p", str(folder)], dict(os.environ)):
        yield answering(f"http://127.0.0.1:{port}/{PATH}")


@contextlib.contextmanager
def running(command: list[str], environ: dict[str, str]) -> Iterator[None]:
    program = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        program.terminate()
        try:
            program.wait(15)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()


def answering(url: str) -> str:
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(url).status_code == 200:
                return url
        time.sleep(0.1)
    raise SystemExit(f"{url} does not answer")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# --- requests --------------------------------------------------------------------------------


def validators(url: str) -> dict[str, str]:
    """What a feed reader sends back: both validators of the feed in gzip."""
    first = httpx.get(url, headers={"Accept-Encoding": "gzip"}).headers
    since = {"If-Modified-Since": first["last-modified"]}
    return {"Accept-Encoding": "gzip", "If-None-Match": first["etag"], **since}


def try_out(url: str, headers: dict[str, dict[str, str]], body: bytes) -> None:
    """Whether the server does what is measured; also that it reads validators instead of guessing."""
    assert httpx.get(url, headers=headers["304"]).status_code == 304
    assert httpx.get(url, headers={**headers["304"], "If-None-Match": '"another"'}).status_code == 200
    listed = {**headers["304"], "If-None-Match": f'"another", W/{headers["304"]["If-None-Match"].removeprefix("W/")}'}
    assert httpx.get(url, headers=listed).status_code == 304
    with httpx.stream("GET", url, headers=headers["gzip"]) as got:
        assert b"".join(got.iter_raw()) == body


def requests(url: str, headers: dict[str, str], seconds: int) -> float:
    """Requests per second of wrk. Raises when one of them failed."""
    said = [argument for name, value in headers.items() for argument in ("-H", f"{name}: {value}")]
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", *said, url]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in told or "Socket errors" in told:
        raise SystemExit(f"{url} failed under load:\n{told}")
    return float(re.findall(r"Requests/sec:\s+([\d.]+)", told)[0])


if __name__ == "__main__":
    main()
