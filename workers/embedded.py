"""The embedded broker: kombu's filesystem transport with messages that appear whole and are taken by one worker.

kombu 5.7 opens the message file under its final name before it writes, so another worker may read it empty and end;
and it moves taken files to the system's temporary folder, which may be another disk, where a move is not atomic.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from queue import Empty
from tempfile import NamedTemporaryFile
from time import monotonic
from typing import Any
from uuid import uuid4

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps, loads

SCHEME = "embedded"  # of its URL


class Channel(filesystem.Channel):
    def _put(self, queue: Any, message: Any, **_: Any) -> None:  # type: ignore[override]  # kombu passes more
        folder = Path(self.data_folder_out)
        with NamedTemporaryFile("w", dir=folder, prefix=".draft-", delete=False, encoding="utf-8") as draft:
            draft.write(dumps(message))  # type: ignore[no-untyped-call]  # kombu's types are partial
        # the name begins with the time, so the oldest is taken first
        Path(draft.name).replace(folder / f"{round(monotonic() * 1000)}_{uuid4()}.{queue}.msg")

    def _get(self, queue: Any, timeout: Any = None) -> Any:
        folder = Path(self.data_folder_in)
        for name in sorted(path.name for path in folder.iterdir()):
            if name.partition(".")[2] != f"{queue}.msg" or name.startswith("."):
                continue
            taken = folder / f".taken-{os.getpid()}-{name}"
            try:
                (folder / name).rename(taken)
            except FileNotFoundError:
                continue  # somebody was faster
            words = taken.read_text(encoding="utf-8")
            taken.unlink()
            try:
                return loads(words)  # type: ignore[no-untyped-call]  # kombu's types are partial
            except json.JSONDecodeError:
                continue  # cut short by a full disk: a lost message costs one tick
        raise Empty


class Transport(filesystem.Transport):
    Channel = Channel


TRANSPORT_ALIASES[SCHEME] = f"{__name__}:Transport"
