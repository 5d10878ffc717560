"""The root of a library -> where its ledger lies: on a disk of this machine."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from ovsubs.errors import UnusableLedger

# What a SQLite file must not lie on: its locks and shared memory do not reach other machines
# (sqlite.org/wal.html).
_NETWORK_KINDS = (
    "nfs nfs4 cifs smb smb2 smb3 smbfs afpfs webdav davfs davfs2 ncpfs 9p afs ceph glusterfs lustre gpfs"
    " beegfs fuse.sshfs fuse.rclone fuse.s3fs fuse.glusterfs fuse.ceph-fuse fuse.davfs2"
)
_NETWORK = frozenset(_NETWORK_KINDS.split())
_DRIVE_REMOTE = 4  # GetDriveType (learn.microsoft.com)


def ledger_path(root: Path) -> Path:
    """Where the ledger of a root lies if nobody says otherwise: in the cache, under the root's name.

    Raises:
        UnusableLedger: the cache is on a network disk.
    """
    from platformdirs import user_cache_path  # 20 ms, which other commands need not wait for

    real = os.path.realpath(root)
    key = hashlib.sha256(os.fsencode(real)).hexdigest()[:12]
    name = "".join(letter if letter.isalnum() else "-" for letter in Path(real).name)[:40] or "root"
    return check_place(user_cache_path("ovsubs") / "ledgers" / f"{name}-{key}.sqlite")


def check_place(path: Path) -> Path:
    """The path, if a ledger may lie there.

    Raises:
        UnusableLedger: it is on a network disk.
    """
    if is_on_network(path):
        raise UnusableLedger(path, "it would lie on a network disk, where a database is not safe")
    return path


def is_on_network(path: Path) -> bool:
    """Whether a path, or the nearest folder above it that is there, lies on another machine."""
    real = Path(os.path.realpath(path))
    while not real.exists() and real != real.parent:
        real = real.parent
    if sys.platform == "win32":
        import ctypes

        drive = f"{real.drive}\\"
        return drive.startswith("\\\\") or ctypes.windll.kernel32.GetDriveTypeW(drive) == _DRIVE_REMOTE
    return _file_system(real) in _NETWORK


def _file_system(path: Path) -> str:
    """The kind of file system that a path lies on; empty if it cannot be told."""
    if sys.platform == "darwin":
        told = subprocess.run(["/sbin/mount"], capture_output=True, text=True, check=False).stdout
        mounts = [_mac_mount(line) for line in told.splitlines()]
    else:
        try:
            lines = (
                Path("/proc/self/mounts").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
            )
        except OSError:
            return ""
        mounts = [(_unescaped(line.split(" ")[1]), line.split(" ")[2]) for line in lines]
    holding = [(where, kind) for where, kind in mounts if path.is_relative_to(where)]
    # Of several on one place, the last covers the others.
    return max(enumerate(holding), key=lambda one: (len(one[1][0]), one[0]))[1][1] if holding else ""


def _mac_mount(line: str) -> tuple[str, str]:
    """Of "//user@host/share on /Volumes/share (smbfs, nodev)"."""
    place, _, options = line.partition(" on ")[2].rpartition(" (")
    return place, options.split(",")[0].rstrip(")")


def _unescaped(place: str) -> str:
    """A place as it stands in /proc/self/mounts, where a space is \\040."""
    for code in ("040", "011", "012", "134"):
        place = place.replace(f"\\{code}", chr(int(code, 8)))
    return place
