"""What a child process does between fork and exec: end with its parent, and be nobody where root is refused.

PostgreSQL does not run as root. A child that gives root up keeps one power on Linux, to pass folders it does not own
(CAP_DAC_OVERRIDE, ambient), so that a project under /root works without opening anybody's home. Elsewhere than on Linux
the death of the parent is not noticed, and the folders must be readable.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
import sys
from collections.abc import Callable
from pathlib import Path

SET_DEATH_SIGNAL = 1
KEEP_CAPABILITIES = 8
SET_SECURE_BITS, NO_SETUID_FIXUP = 28, 1 << 2
SET_SUBREAPER = 36
AMBIENT, AMBIENT_RAISE = 47, 2
CAPABILITY_VERSION = 0x20080522
DAC_OVERRIDE = 1

_LINUX = sys.platform.startswith("linux")
_libc = ctypes.CDLL(None, use_errno=True) if _LINUX else None


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Capabilities(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def adopt_orphans() -> None:
    """Become the parent of grandchildren whose parent dies, so that none is lost from sight."""
    if _libc is not None:
        _libc.prctl(SET_SUBREAPER, 1, 0, 0, 0)


def end_with_parent(death_signal: int) -> None:
    """Ask the kernel for a signal at the death of the parent's thread."""
    if _libc is not None:
        _libc.prctl(SET_DEATH_SIGNAL, death_signal, 0, 0, 0)


def preparation(death_signal: int = signal.SIGTERM, user: int | None = None) -> Callable[[], None]:
    """Give the function a child runs before its program: `user` is the uid to become, None to stay."""
    parent = os.getpid()
    group = pwd.getpwuid(user).pw_gid if user is not None else 0

    def prepare() -> None:
        if user is not None:
            _become(user, group)
        end_with_parent(death_signal)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return prepare


def unprivileged_user(folder: Path) -> int | None:
    """Say as which uid PostgreSQL runs: our own (None), or, for root, the folder's owner or the machine's nobody."""
    if os.geteuid() != 0:
        return None
    if folder.exists() and folder.stat().st_uid != 0:
        return folder.stat().st_uid
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_uid
        except KeyError:
            continue
    return 65534


def _become(user: int, group: int) -> None:
    if _libc is not None:
        _libc.prctl(KEEP_CAPABILITIES, 1, 0, 0, 0)
        # Without this access(2), by which PostgreSQL looks for its own files, would leave the power out.
        _libc.prctl(SET_SECURE_BITS, NO_SETUID_FIXUP, 0, 0, 0)
    os.setgroups([])
    os.setgid(group)
    os.setuid(user)
    if _libc is not None:
        bit = 1 << DAC_OVERRIDE
        header = _CapabilityHeader(CAPABILITY_VERSION, 0)
        data = (_Capabilities * 2)(_Capabilities(bit, bit, bit), _Capabilities(0, 0, 0))
        # Where a container forbids it the folders must be passable, and PostgreSQL says which one is not.
        if _libc.capset(ctypes.byref(header), ctypes.byref(data)) == 0:
            _libc.prctl(AMBIENT, AMBIENT_RAISE, DAC_OVERRIDE, 0, 0)
