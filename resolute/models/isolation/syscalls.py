"""What the kernel refuses to a process within the sandbox: a classic BPF program for `bwrap --seccomp`.

Refused are new processes (a sandbox of one process needs no control group: its own limits are the sandbox's limits),
new namespaces, sockets, memory that no limit counts (memfd, System V), and the calls that kernels are attacked through.
Threads stay possible. Numbers are those of Linux on x86-64 and arm64 (their unistd.h); elsewhere there is no sandbox.
"""

from __future__ import annotations

import errno
import platform
import struct

MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""Machine -> its name in the kernel's audit numbers (linux/audit.h)."""
_X86 = (
    "socket 41 accept 43 ptrace 101 shmget 29 shmat 30 semget 64 msgget 68 mq_open 240 modify_ldt 154 pivot_root 155 "
    "acct 163 mount 165 umount 166 swapon 167 swapoff 168 reboot 169 iopl 172 ioperm 173 init_module 175 "
    "delete_module 176 quotactl 179 chroot 161 kexec_load 246 add_key 248 request_key 249 keyctl 250 unshare 272 "
    "perf_event_open 298 fanotify_init 300 name_to_handle_at 303 open_by_handle_at 304 setns 308 process_vm_readv 310 "
    "process_vm_writev 311 kcmp 312 finit_module 313 memfd_create 319 kexec_file_load 320 bpf 321 userfaultfd 323"
)
_ARM = (
    "umount 39 mount 40 pivot_root 41 chroot 51 quotactl 60 acct 89 kexec_load 104 init_module 105 delete_module 106 "
    "ptrace 117 reboot 142 mq_open 180 msgget 186 semget 190 shmget 194 shmat 196 socket 198 accept 202 add_key 217 "
    "request_key 218 keyctl 219 swapon 224 swapoff 225 perf_event_open 241 fanotify_init 262 name_to_handle_at 264 "
    "open_by_handle_at 265 setns 268 process_vm_readv 270 process_vm_writev 271 kcmp 272 finit_module 273 "
    "memfd_create 279 bpf 280 userfaultfd 282 kexec_file_load 294 unshare 97"
)
_BOTH = (
    "io_uring_setup 425 io_uring_enter 426 io_uring_register 427 open_tree 428 move_mount 429 fsopen 430 fsconfig 431 "
    "fsmount 432 fspick 433 pidfd_getfd 438 mount_setattr 442 memfd_secret 447"
)
_CLONE = {"x86_64": 56, "aarch64": 220}
_FORKS = {"x86_64": (57, 58), "aarch64": ()}
_CLONE3 = 435
_THREAD, _NAMESPACES = 0x00010000, 0x7E020000
"""Flags of clone: a thread of this process; any kind of new namespace (sched.h)."""

_LOAD, _EQUAL, _ANY, _ATLEAST, _RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000


def known(machine: str = "") -> bool:
    """Whether this machine's calls are known here."""
    return (machine or platform.machine()) in MACHINES


def program(*, forks: bool, machine: str = "") -> bytes:
    """The filter; `forks` lets new processes be made, but never in new namespaces. `machine` defaults to this one."""
    machine = machine or platform.machine()
    refuse = _ERROR | errno.EPERM
    steps = [_step(_LOAD, 4), _step(_EQUAL, MACHINES[machine], 1, 0), _step(_RETURN, _KILL), _step(_LOAD, 0)]
    if machine == "x86_64":  # the x32 way into the same calls
        steps += [_step(_ATLEAST, 0x40000000, 0, 1), _step(_RETURN, _KILL)]
    words = f"{_X86 if machine == 'x86_64' else _ARM} {_BOTH}".split()
    for number in [*map(int, words[1::2]), *(() if forks else _FORKS[machine])]:
        steps += [_step(_EQUAL, number, 0, 1), _step(_RETURN, refuse)]
    # clone3 hides its flags behind a pointer: "no such call" sends the C library back to clone.
    steps += [_step(_EQUAL, _CLONE3, 0, 1), _step(_RETURN, _ERROR | errno.ENOSYS)]
    steps += [_step(_EQUAL, _CLONE[machine], 1, 0), _step(_RETURN, _ALLOW), _step(_LOAD, 16)]
    steps += [_step(_ANY, _NAMESPACES, 0, 1), _step(_RETURN, refuse)]
    if not forks:
        steps += [_step(_ANY, _THREAD, 1, 0), _step(_RETURN, refuse)]
    return b"".join([*steps, _step(_RETURN, _ALLOW)])


def _step(code: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
    return struct.pack("=HBBI", code, then, otherwise, value)
