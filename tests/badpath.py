# SPDX-License-Identifier: GPL-2.0-or-later
"""
A bad path between two network namespaces: packets between two tun devices are delayed, overtake each
other and get lost, by seed.  tc's netem does the same, where the kernel has it.

    badpath.py PID DELAY_MS JITTER_MS LOSS_PERMILLE SEED

A device "bad" of this namespace and one of that of PID; says "up" and ends with its standard input.
"""
import ctypes
import fcntl
import heapq
import os
import random
import select
import struct
import sys
import time

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454ca, 0x0001, 0x1000
GRE = 47
CLONE_NEWNET = 0x40000000


def tun():
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", b"bad", IFF_TUN | IFF_NO_PI))
    return fd


def tun_of(pid):
    """A device in the namespace of another process."""
    own, other = os.open("/proc/self/ns/net", os.O_RDONLY), os.open("/proc/%d/ns/net" % pid, os.O_RDONLY)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(other, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")
    fd = tun()
    if libc.setns(own, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")
    return fd


def main():
    pid, delay, jitter, loss, seed = (int(a) for a in sys.argv[1:])
    ends = (tun(), tun_of(pid))
    dice = random.Random(seed)
    waiting, count, last = [], 0, [0.0, 0.0]
    print("up", flush=True)
    while True:
        patience = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        ready = select.select([*ends, 0], [], [], patience)[0]
        if 0 in ready and not os.read(0, 1):
            return
        now = time.monotonic()
        for side, fd in enumerate(ends):
            if fd not in ready:
                continue
            packet = os.read(fd, 65536)
            if packet[9] == GRE and dice.randrange(1000) < loss:
                continue
            due = now + (delay + dice.uniform(0, jitter)) / 1000
            if packet[9] != GRE:  # TCP in order, so that its own doings do not matter here
                due = last[side] = max(due, last[side])
            count += 1
            heapq.heappush(waiting, (due, count, ends[1 - side], packet))
        while waiting and waiting[0][0] <= now:
            _, _, fd, packet = heapq.heappop(waiting)
            try:
                os.write(fd, packet)
            except OSError:  # the device is down
                pass


main()
