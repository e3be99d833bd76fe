"""Take a process's rights away before it runs somebody else's code (Linux only).

Landlock (Linux 5.13 and later) leaves it a list of folders to read and none to write;
seccomp refuses new processes, the network and signals to other processes; resource
limits bound its memory, its processor time and its open files. All three are the
kernel's, need no rights of their own, and cannot be undone by the process.

Not guarded against: a submission that was copied, that calls a library function in a
way that hides it, or that finds a fault in the kernel. It may also compute for as long
as its time limit allows.

Sources: Linux kernel documentation, userspace-api/landlock and
userspace-api/seccomp_filter; linux/landlock.h, linux/seccomp.h, linux/bpf_common.h.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

# Landlock's system calls have the same numbers everywhere.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG, _PATH_BENEATH, _PATH_ONLY = 1, 1, os.O_RDONLY | getattr(os, "O_PATH", 0)
_EXECUTE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 2, 1 << 3
_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # how many kinds of access each ABI knows
_REPLY = 64 << 20  # bytes: the reply is the only file that can be written
_NO_NEW_PRIVS, _SECCOMP, _FILTER_MODE = 38, 22, 2  # for prctl

# What is refused, with its number on x86-64 and on 64-bit ARM.
_REFUSED = {
    # processes and programs
    "fork": (57, None), "vfork": (58, None), "execve": (59, 221),
    "execveat": (322, 281), "unshare": (272, 97), "setns": (308, 268),
    # other processes
    "kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
    "pidfd_send_signal": (424, 424), "pidfd_open": (434, 434), "ptrace": (101, 117),
    "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    # the network and the kernel
    "socket": (41, 198), "io_uring_setup": (425, 425), "bpf": (321, 280),
    "mount": (165, 40), "add_key": (248, 217), "keyctl": (250, 219),
    "perf_event_open": (298, 241),
    # memory that no limit counts
    "shmget": (29, 194), "msgget": (68, 186), "semget": (64, 190),
    "mq_open": (240, 180), "memfd_create": (319, 279),
    # what Landlock leaves open: the attributes of files
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53),
    "fchmodat2": (452, 452), "chown": (92, None), "fchown": (93, 55),
    "lchown": (94, None), "fchownat": (260, 54), "utime": (132, None),
    "utimes": (235, None), "futimesat": (261, None), "utimensat": (280, 88),
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7),
    "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16),
}  # fmt: skip
_CLONE, _CLONE3, _PRLIMIT = (56, 220), (435, 435), (302, 261)
_CLONE_THREAD = 0x00010000
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}


def missing() -> str:
    """Why this machine cannot confine a process; empty when it can."""
    if not sys.platform.startswith("linux"):
        return f"{platform.system()} has no Landlock; grade on Linux or in a container"
    if platform.machine() not in _MACHINES:
        return f"no list of system calls for {platform.machine()}"
    if _landlock_version() < 1:
        return "the kernel has no Landlock (Linux 5.13 or later, switched on)"
    return ""


def confine(readable: Iterable[Path], memory: int, seconds: int) -> None:
    """Leave this process ``readable`` files, ``memory`` bytes more and ``seconds``.

    Raises OSError when the kernel refuses; then nothing foreign may run.
    """
    _limit(memory, seconds)
    libc = ctypes.CDLL(None, use_errno=True)
    _call(libc.prctl, _NO_NEW_PRIVS, 1, 0, 0, 0)
    _restrict_files(libc, readable)
    _restrict_calls(libc)


def _limit(memory: int, seconds: int) -> None:
    import resource  # not on Windows

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    used = pages * resource.getpagesize()
    for what, most in [
        (resource.RLIMIT_AS, used + memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, _REPLY),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CORE, 0),
    ]:
        resource.setrlimit(what, (most, most))


def _restrict_files(libc, readable: Iterable[Path]) -> None:
    every = (1 << _RIGHTS[min(_landlock_version(), max(_RIGHTS))]) - 1
    attributes = ctypes.create_string_buffer(struct.pack("=Q", every), 8)
    ruleset = _call(libc.syscall, _CREATE_RULESET, attributes, 8, 0)
    for path in readable:
        read = _READ_FILE | _EXECUTE  # to execute is to map a library
        rights = read | _READ_DIR if path.is_dir() else read
        _allow(libc, ruleset, path, rights)
    _call(libc.syscall, _RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def _allow(libc, ruleset: int, path: Path, rights: int) -> None:
    handle = os.open(path, _PATH_ONLY)
    rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, handle), 12)
    _call(libc.syscall, _ADD_RULE, ruleset, _PATH_BENEATH, rule, 0)
    os.close(handle)


def _restrict_calls(libc) -> None:
    program = seccomp_program(platform.machine())
    filters = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HL", len(program) // 8, ctypes.addressof(filters))
    _call(libc.prctl, _SECCOMP, _FILTER_MODE, ctypes.create_string_buffer(header), 0, 0)


def seccomp_program(machine: str) -> bytes:
    """The filter as BPF instructions of 8 bytes."""
    column, architecture = _MACHINES[machine]
    refuse = _instruction(0x06, 0x00050000 | errno.EPERM)
    absent = _instruction(0x06, 0x00050000 | errno.ENOSYS)
    kill, allow = _instruction(0x06, 0x80000000), _instruction(0x06, 0x7FFF0000)
    load_call, load_machine, load_argument = (_instruction(0x20, n) for n in (0, 4, 16))
    program = [load_machine, _instruction(0x15, architecture, 1, 0), kill, load_call]
    if machine == "x86_64":  # its second numbering of the same calls
        program += [_instruction(0x35, 0x40000000, 0, 1), refuse]
    for numbers in _REFUSED.values():
        if numbers[column] is not None:
            program += [_instruction(0x15, numbers[column], 0, 1), refuse]
    # clone3 hides its flags from a filter; the C library falls back on clone.
    program += [_instruction(0x15, _CLONE3[column], 0, 1), absent]
    # Limits may be read, and changed for this process alone.
    program += [
        _instruction(0x15, _PRLIMIT[column], 0, 4),
        load_argument,
        _instruction(0x15, 0, 0, 1),
        allow,
        refuse,
    ]
    # Threads are welcome, processes are not.
    program += [
        _instruction(0x15, _CLONE[column], 0, 3),
        load_argument,
        _instruction(0x45, _CLONE_THREAD, 1, 0),
        refuse,
    ]
    return b"".join([*program, allow])


def _instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)


def _landlock_version() -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    return int(libc.syscall(_CREATE_RULESET, None, 0, _VERSION_FLAG))


def _call(function, *arguments) -> int:
    result = function(*arguments)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"the process could not be confined: {os.strerror(code)}")
    return result
