"""Says on what kind of disk a folder lies, as far as the system tells.

It writes nothing and changes no settings.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

_MOUNTS = Path("/proc/self/mounts")
_NETWORK = re.compile(
    r"nfs\d?|cifs|smb\w*|afs|ceph|gfs2?|ocfs2|lustre|glusterfs|davfs|beegfs|gpfs"
    r"|fuse\.(?:sshfs|glusterfs|davfs2?|ceph\w*|s3fs|rclone|gcsfuse|curlftpfs|mergerfs-nfs|blobfuse2?|juicefs|goofys)"
)


def network_disk(folder: Path) -> str | None:
    """The kind of network disk that a folder lies on (nfs4, cifs …), or None for a local one or where it is unknown."""
    try:
        mounts = _MOUNTS.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    kind = disk_kind(PurePosixPath(folder.resolve()), mounts)
    return kind if kind and _NETWORK.fullmatch(kind) else None


def disk_kind(folder: PurePosixPath, mounts: str) -> str | None:
    """The file system of the innermost mount around a folder; `mounts` as /proc/self/mounts writes them (fstab(5))."""
    found, depth = None, 0
    for line in mounts.splitlines():
        words = line.split(" ")
        if len(words) < 3:
            continue
        mount = PurePosixPath(re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), words[1]))
        if folder.is_relative_to(mount) and len(mount.parts) >= depth:
            found, depth = words[2], len(mount.parts)
    return found
