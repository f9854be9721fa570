"""Runs a command under what a unit forbids it: sandbox.py UNIT UID -- COMMAND…

Sets the unit's system call filter with its error number, its address families, and no memory that is writable and
executable, as systemd.exec(5) describes them; drops to the account, where it may, and to no rights. Linux with
libseccomp 2 only.
"""

import ctypes
import errno
import mmap
import os
import socket
import sys

from units import Unit

ALLOW = 0x7FFF0000
PR_SET_NO_NEW_PRIVS = 38
EQUAL, MASKED_EQUAL = 4, 7


class Compare(ctypes.Structure):
    _fields_ = [("argument", ctypes.c_uint), ("operation", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def load(unit):
    library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_init.argtypes = [ctypes.c_uint32]
    library.seccomp_rule_add_array.argtypes = [
        ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.POINTER(Compare)]
    library.seccomp_load.argtypes = [ctypes.c_void_p]
    refuse = 0x00050000 | getattr(errno, unit.one("SystemCallErrorNumber"))

    def rule(target, action, call, *compares):
        number = library.seccomp_syscall_resolve_name(call.encode())
        if number < 0:
            return  # another machine's
        array = (Compare * max(1, len(compares)))(*compares)
        # A rule that says what the default says is refused, which is right.
        library.seccomp_rule_add_array(target, action, number, len(compares), array)

    listed = library.seccomp_init(refuse)
    for call in unit.system_calls:
        rule(listed, ALLOW, call)
    narrowed = library.seccomp_init(ALLOW)
    executable = mmap.PROT_EXEC
    both = mmap.PROT_EXEC | mmap.PROT_WRITE
    rule(narrowed, refuse, "mmap", Compare(2, MASKED_EQUAL, both, both))
    for call in ("mprotect", "pkey_mprotect"):
        rule(narrowed, refuse, call, Compare(2, MASKED_EQUAL, executable, executable))
    kept = {getattr(socket, name) for name in unit.one("RestrictAddressFamilies").split()}
    for family in set(range(0, 50)) - {int(one) for one in kept}:
        rule(narrowed, 0x00050000 | errno.EAFNOSUPPORT, "socket", Compare(0, EQUAL, family, 0))
    for one in (narrowed, listed):
        assert library.seccomp_load(one) == 0, "the filter cannot be loaded"


def main():
    unit, account, _, *command = sys.argv[1:]
    account = int(account)
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(account, account, account)
        os.setresuid(account, account, account)
    os.umask(0o077)
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    load(Unit(unit))
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
