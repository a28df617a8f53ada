"""Secrets of the installation: out of the environment or out of files that the environment names.

What a secret says is never part of a message; without any key a rehearsal mints one in its storage folder.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from secrets import token_hex
from tempfile import NamedTemporaryFile

from syndication.core.links import Keys
from syndication.settings.problems import Wrong

_LARGEST_SECRET = 64 * 1024
_SHORTEST_KEY = 32
_REHEARSAL_KEY = "rehearsal"


class Absent(Wrong):
    """The environment does not name this secret."""


def secret(environ: Mapping[str, str], name: str) -> str:
    """The value of `name`, or of the file that `name`_FILE names (mode 0600). Raises Absent or Wrong."""
    value, file = environ.get(name), environ.get(f"{name}_FILE")
    if value is not None and file is not None:
        raise Wrong(f"the environment has both {name} and {name}_FILE", "one of them", whole=True)
    if file is not None:
        value = _file_text(Path(file), f"{name}_FILE")
    if value is None:
        right = f"{name}=… in the environment, or {name}_FILE=/path/of/a/file with mode 0600"
        raise Absent(f"the environment has no {name}", right, whole=True)
    if not value.strip():
        raise Wrong(f"{name} is empty", f"the secret in {name}", whole=True)
    return value.strip()


def _file_text(file: Path, name: str) -> str:
    try:
        with file.open("rb") as opened:
            _judge_file(os.fstat(opened.fileno()), file, name)
            return opened.read(_LARGEST_SECRET).decode("utf-8")
    except OSError as error:
        raise Wrong(f"{name} names {file}, which cannot be read: {error.strerror}", "a file", whole=True) from None
    except UnicodeDecodeError:
        raise Wrong(f"{name} names {file}, which holds no text", "a text file with the secret", whole=True) from None


def _judge_file(status: os.stat_result, file: Path, name: str) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise Wrong(f"{name} names {file}, which is no file", "a file with the secret", whole=True)
    if status.st_size > _LARGEST_SECRET:
        raise Wrong(f"{name} names {file}, which is larger than a secret is", "a file with the secret", whole=True)
    if stat.S_IMODE(status.st_mode) & 0o077:
        mode = f"{stat.S_IMODE(status.st_mode):04o}"
        raise Wrong(f"{name} names {file}, which others may read (mode {mode})", f"chmod 600 {file}", whole=True)


# --- keys ------------------------------------------------------------------------------------


def keys(environ: Mapping[str, str], names: tuple[str, ...]) -> Keys:
    """Keys by the names of their variables, newest first; a key's id is made of the key itself."""
    secrets = [_key(environ, name) for name in names]
    by_id = {_key_id(key): key for key in secrets}
    return Keys(current=_key_id(secrets[0]), secrets=by_id)


def _key(environ: Mapping[str, str], name: str) -> bytes:
    value = secret(environ, name)
    if len(value) < _SHORTEST_KEY or len(set(value)) < 8:
        right = f"32 random characters and more in {name}, such as: openssl rand -hex 32"
        raise Wrong(f"the key in {name} can be guessed: it is short or repeats itself", right, whole=True)
    return value.encode()


def _key_id(key: bytes) -> str:
    """Tells keys apart and nothing about them; stays the same wherever the key is kept."""
    return "k" + hashlib.sha256(b"key-id\0" + key).hexdigest()[:10]


def was_minted(folder: Path) -> bool:
    """Whether this installation has a key of rehearsals."""
    return (folder / "keys" / _REHEARSAL_KEY).exists()


def rehearsal_keys(folder: Path) -> Keys:
    """The installation's own key for rehearsals, minted on the first call. For rehearsal only."""
    file = folder / "keys" / _REHEARSAL_KEY
    key = _minted(file).strip().encode()
    if len(key) < _SHORTEST_KEY:
        raise Wrong(f"the rehearsal key in {file} is damaged", "the file as it was, out of a backup", whole=True)
    return Keys(current=_key_id(key), secrets={_key_id(key): key})


def _minted(file: Path) -> str:
    """The text of a file that whoever comes first writes, whole, with mode 0600."""
    try:
        return _file_text(file, "the rehearsal key") if file.exists() else _mint(file)
    except FileExistsError:
        return _file_text(file, "the rehearsal key")


def _mint(file: Path) -> str:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    value = token_hex(32)
    with NamedTemporaryFile("w", dir=file.parent, prefix=".key-") as whole:  # made with mode 0600
        whole.write(value)
        whole.flush()
        os.fsync(whole.fileno())
        os.link(whole.name, file)  # fails when another one was faster
    return value


# --- partners --------------------------------------------------------------------------------


def signing_secret(environ: Mapping[str, str], name: str) -> str:
    """A signing secret as Standard Webhooks writes it: whsec_ and base64 of 24 to 64 bytes."""
    value = secret(environ, name)
    match = re.fullmatch(r"whsec_([A-Za-z0-9+/=]+)", value)
    try:
        size = len(base64.b64decode(match[1], validate=True)) if match else 0
    except binascii.Error:
        size = 0
    if not 24 <= size <= 64:
        right = f'{name}="whsec_$(openssl rand -base64 32)"'
        raise Wrong(f"{name} does not hold whsec_ followed by base64 of 24 to 64 bytes", right, whole=True)
    return value


def site_key(environ: Mapping[str, str], name: str) -> str:
    """The key that search engines know a site by (indexnow.org/documentation): it becomes the name of a file."""
    value = secret(environ, name)
    if not re.fullmatch(r"[A-Za-z0-9-]{8,128}", value):
        right = f"8 to 128 letters, digits and hyphens in {name}, such as: openssl rand -hex 16"
        raise Wrong(f"the key in {name} is not of the form that IndexNow asks for", right, whole=True)
    return value


def sandbox_secret(keys: Keys, partner_id: str) -> str:
    """The signing secret shared with the sandbox portal while the environment names none."""
    digest = hmac.new(keys.secrets[keys.current], b"sandbox-partner\0" + partner_id.encode(), hashlib.sha256).digest()
    return "whsec_" + base64.b64encode(digest).decode()
