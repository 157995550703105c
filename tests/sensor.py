#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""tools/live_*.h where they meet the kernel: privileges, system calls, sockets, processes.

Runs in a network namespace of its own; what needs root is skipped without.
"""
import os
import pwd
import select
import signal
import socket
import struct
import subprocess
import sys
import urllib.error
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from common import end, ok, skip_all, temporary_folder

TOOL = os.path.join(os.environ.get("builddir") or os.getcwd(), "tests", "unit", "live_tool")
PACKET, FORK, SERVE = 1, 2, 4
WORKERS = 4


def tool(*arguments, **more):
    return subprocess.run([TOOL, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True, **more)


def start(*arguments, **more):
    return subprocess.Popen([TOOL, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            universal_newlines=True, bufsize=1, **more)


def fields(text):
    return dict(line.split(":", 1) for line in text.splitlines() if ":" in line)


# ---------------------------------------------------------------- privileges

def check_drop():
    user = pwd.getpwnam("nobody")
    for what, capabilities in ("keep", 1 << 13), ("none", 0):
        done = tool("drop", "nobody", what)
        s = fields(done.stdout)
        ok(done.returncode == 0 and s["Uid"].split() == [str(user.pw_uid)] * 4 and
           s["Gid"].split() == [str(user.pw_gid)] * 4 and not s["Groups"].split(), "another user, %s" % what,
           done.stderr, done.stdout)
        ok(all(int(s[c], 16) == capabilities for c in ("CapEff", "CapPrm")) and
           all(int(s[c], 16) == 0 for c in ("CapInh", "CapBnd", "CapAmb")), "capabilities, %s" % what, done.stdout)
        ok(s["NoNewPrivs"].strip() == "1", "no new privileges, %s" % what, done.stdout)
        ok(s["setuid"].strip() == "Operation not permitted", "no way back, %s" % what, done.stdout)
    done = tool("drop", "65533:65532", "none")
    s = fields(done.stdout)
    ok(s["Uid"].split()[0] == "65533" and s["Gid"].split()[0] == "65532", "user and group by number", done.stderr)
    for user in "no-such-user", "65533", ":", "nobody:no-such-group", "4294967295:1", "x" * 100:
        done = tool("drop", user, "none")
        ok(done.returncode == 1 and done.stderr, "no user: %.20s" % user, done.stdout)


def check_ambient():
    """As systemd starts a service: never root, with one capability that exec hands on."""
    try:
        done = subprocess.run(["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups", "--inh-caps",
                               "-all,+net_raw", "--ambient-caps", "+net_raw", TOOL, "drop", "nobody", "keep"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)
    except OSError:
        ok(True, "a service that never was root # SKIP no setpriv")
        return
    s = fields(done.stdout)
    ok(done.returncode == 0 and int(s["CapEff"], 16) == 1 << 13 and int(s["CapAmb"], 16) == 0 and
       s["NoNewPrivs"].strip() == "1", "a service that never was root", done.stderr, done.stdout)


def deeds(needs, *names):
    """What became of each deed; the exit status."""
    done = tool("confine", str(needs), *names, cwd=temporary_folder())
    return {k: v.strip() for k, v in fields(done.stdout).items() if k in names}, done


def check_confine():
    no = "Function not implemented"
    got, done = deeds(0, "status", "thread", "file", "fork", "inet", "datagram", "packet", "code")
    ok(fields(done.stdout).get("Seccomp", "").strip() == "2", "filter mode", done.stdout, done.stderr)
    ok(got == {"status": "done", "thread": "done", "file": "done", "fork": no, "inet": no, "datagram": no,
               "packet": no, "code": no}, "what is always allowed, and what never", got)
    got, _ = deeds(PACKET | FORK | SERVE, "thread", "file", "fork", "packet", "inet", "datagram", "code")
    ok(got == {"thread": "done", "file": "done", "fork": "done", "packet": "done", "inet": no,
               "datagram": no, "code": no},
       "what is allowed on demand", got)
    for deed in "exec", "setuid":
        got, done = deeds(PACKET | FORK | SERVE, deed)
        ok(done.returncode == -signal.SIGSYS and not got, "%s ends the process" % deed, done.returncode, got)


# ---------------------------------------------------------------- metrics

EXPECTED = r"""# HELP test_packets_total Packets\nof \\ a "test".
# TYPE test_packets_total counter
test_packets_total{by="a\"b\\c\nd"} 7
test_packets_total{by="other",to="x"} 7
# HELP test_answer The answer.
# TYPE test_answer gauge
test_answer 42
"""


def ask(url, method="GET", data=None):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method=method, data=data), timeout=30) as r:
            return r.status, r.read().decode(), dict(r.headers)
    except urllib.error.HTTPError as e:
        return e.code, e.read().decode(), dict(e.headers)


def check_metrics():
    for host in "127.0.0.1", "[::1]":
        p = start("metrics", host + ":0")
        url = "http://%s:%s" % (host, p.stdout.readline().strip())
        status, text, headers = ask(url + "/metrics")
        ok(status == 200 and text == EXPECTED, "metrics at %s" % host, status, text)
        ok(headers.get("Content-Type") == "text/plain; version=0.0.4; charset=utf-8", "type", headers)
        ok(ask(url + "/")[0] == 200 and ask(url + "/metrics/")[0] == 404 and ask(url + "/../etc/passwd")[0] == 404,
           "nothing else is served")
        ok(ask(url + "/metrics", "POST", b"x" * 100000)[0] == 405 and ask(url + "/metrics", "DELETE")[0] == 405,
           "only GET")
        ok(ask(url + "/metrics", "HEAD")[:2] == (200, ""), "HEAD")
        check_idle(url, host.strip("[]"))
        p.communicate()
        ok(p.returncode == 0, "ends", p.returncode)
    for address in "localhost:1", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "::1:80", ":80", "1.2.3.4:80x":
        ok(tool("metrics", address).returncode == 1, "no address: %s" % address)
    taken = socket.create_server(("127.0.0.1", 0))
    done = tool("metrics", "127.0.0.1:%d" % taken.getsockname()[1])
    ok(done.returncode == 1 and "in use" in done.stderr, "a port that is taken", done.stderr)


def check_idle(url, host):
    """Who connects and says nothing takes a place, but no more of them than there are."""
    port = int(url.rsplit(":", 1)[1])
    idle = [socket.create_connection((host, port), 30) for _ in range(40)]
    for s in idle[:30]:
        s.close()
    for s in idle[30:]:
        s.sendall(b"GET /metrics HTTP/1.0\r\n")
    for s in idle[30:]:
        s.close()
    ok(ask(url + "/metrics")[0] == 200, "idle connections")


# ---------------------------------------------------------------- readiness

def check_notify():
    path = os.path.join(temporary_folder(), "notify")
    for name, address in (path, path), ("@pptpscope-test-%d" % os.getpid(), "\0pptpscope-test-%d" % os.getpid()):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        s.bind(address)
        done = tool("notify", env=dict(os.environ, NOTIFY_SOCKET=name, WATCHDOG_USEC="3000000"))
        got = [s.recv(1000).decode() for _ in range(5)] if done.returncode == 0 else done.stderr
        ok(done.stdout == "3000000000\n" and got[:2] == ["READY=1\nSTATUS=first", "STATUS=second"] and
           got[2].startswith("RELOADING=1\nMONOTONIC_USEC=") and got[3:] == ["WATCHDOG=1", "STOPPING=1"],
           "all is told to %s" % name[0], got, done)
    done = tool("notify", env=dict(os.environ, NOTIFY_SOCKET=name, WATCHDOG_USEC="1", WATCHDOG_PID="1"))
    ok(done.stdout == "0\n", "a watchdog for somebody else", done)
    for name in path + ".none", "relative", "/" + 200 * "x":
        ok(tool("notify", env=dict(os.environ, NOTIFY_SOCKET=name)).returncode == 1, "nobody at %.20s" % name)
    ok(tool("notify").returncode == 0, "without systemd")


# ---------------------------------------------------------------- output

def check_output():
    folder = temporary_folder()
    fifo = os.path.join(folder, "fifo")
    os.mkfifo(fifo)
    ok("No such device" in tool("output", fifo, "1000000").stderr, "a FIFO without reader")
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    p = start("output", fifo, "1000000")
    p.stdout.readline()
    p.stdin.write("one\n")
    ok(read_until(reader, b"one\n"), "to a FIFO")
    os.close(reader)
    p.stdin.write("two\n")
    ok("Broken pipe" in p.stdout.readline(), "a reader that is gone is told of")
    reader = os.open(fifo, os.O_RDONLY)
    ok(read_until(reader, b"two\n"), "a reader that came back gets what was kept")
    ok(p.stdout.readline() == "recovered\n", "recovery is told of")
    p.stdin.close()
    ok("whole 1 lines 2" in p.stdout.read() and p.wait() == 0, "ends whole")
    os.close(reader)
    check_full_pipe()


def read_until(fd, wanted):
    got = b""
    os.set_blocking(fd, True)
    while wanted not in got:
        piece = os.read(fd, 4096)
        if not piece:
            break
        got += piece
    return got == wanted


def check_full_pipe():
    """Nobody reads: what fits is kept, the rest dropped and counted, and the end comes all the same."""
    r, w = os.pipe()
    lines, size = 20000, 100
    text = "".join("%0*d\n" % (size - 1, i) for i in range(lines))
    p = subprocess.Popen([TOOL, "output", "/proc/self/fd/%d" % w, "100000"], stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, universal_newlines=True, pass_fds=[w])
    os.close(w)
    out = p.communicate(text)[0].split()[1:]
    written, dropped = int(out[out.index("lines") + 1]), int(out[out.index("dropped") + 1])
    ok(p.returncode == 0 and out[1] == "0", "a pipe that nobody reads does not hold the end", out)
    ok(written + dropped == lines and written > 0 and dropped > 0, "every line is counted", out)
    have = b""
    while True:
        piece = os.read(r, 65536)
        if not piece:
            break
        have += piece
    os.close(r)
    ok(have[:written * size].decode() == text[:written * size], "and what was written is whole lines", len(have))


# ---------------------------------------------------------------- workers

def checksum(octets):
    total = sum(struct.unpack("!%dH" % (len(octets) // 2), octets))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ipv4(src, dst, protocol, payload, fragment=0):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 7, fragment, 64, protocol, 0,
                       socket.inet_aton(src), socket.inet_aton(dst))
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def ipv6(src, dst, protocol, payload):
    return struct.pack("!IHBB", 6 << 28, len(payload), protocol, 64) + socket.inet_pton(socket.AF_INET6, src) + \
        socket.inet_pton(socket.AF_INET6, dst) + payload


def ethernet(protocol, payload, tags=()):
    """Tags outermost first, as (TPID, VLAN)."""
    tagged = b"".join(struct.pack("!HH", *t) for t in tags)
    return b"\2\0\0\0\0\1\2\0\0\0\0\2" + tagged + struct.pack("!H", protocol) + payload


def kinds_v4(a, b, mark):
    """Frames of one pair of addresses that must come together."""
    both = (a, b), (b, a)
    for src, dst in both:
        yield ethernet(0x800, ipv4(src, dst, 6, bytes(20) + mark()))
        yield ethernet(0x800, ipv4(src, dst, 47, bytes(8) + mark()))
        yield ethernet(0x800, ipv4(src, dst, 47, bytes(8) + mark(), 0x2000))
        yield ethernet(0x800, ipv4(src, dst, 47, bytes(8) + mark(), 3))
        yield ethernet(0x800, ipv4(src, dst, 1, b"\x08\0" + bytes(6) + mark()))
        yield ethernet(0x800, ipv4(src, dst, 1, b"\x03\0" + bytes(6) + mark(), 3))
        yield ethernet(0x800, ipv4(src, dst, 6, bytes(20) + mark()), [(0x8100, 5)])
        yield ethernet(0x800, ipv4(src, dst, 47, bytes(8) + mark()), [(0x8100, 5), (0x8100, 6)])
        yield ethernet(0x800, ipv4(src, dst, 47, bytes(8) + mark()), [(0x88a8, 7), (0x8100, 6)])
        yield ethernet(0x800, ipv4(src, dst, 47, bytes(8) + mark()), [(0x88a8, 7), (0x8100, 6), (0x8100, 8)])
        yield ethernet(0x8864, b"\x11\0\0\1\0\x40\0\x21" + ipv4(src, dst, 47, bytes(8) + mark()))
        yield ethernet(0x800, ipv4("203.0.113.77", src, 1, b"\x03\x02" + bytes(6) +
                                   ipv4(src, dst, 47, bytes(8) + mark())))


def kinds_v6(a, b, mark):
    for src, dst in ((a, b), (b, a)):
        yield ethernet(0x86dd, ipv6(src, dst, 6, bytes(20) + mark()))
        yield ethernet(0x86dd, ipv6(src, dst, 47, bytes(8) + mark()))
        yield ethernet(0x86dd, ipv6(src, dst, 44, b"\x2f\0\0\1\0\0\0\1" + bytes(8) + mark()))
        yield ethernet(0x86dd, ipv6(src, dst, 58, b"\x80\0" + bytes(6) + mark()))
        yield ethernet(0x86dd, ipv6(src, dst, 6, bytes(20) + mark()), [(0x8100, 5)])
        yield ethernet(0x86dd, ipv6(src, dst, 6, bytes(20) + mark()), [(0x88a8, 5), (0x8100, 6)])
        yield ethernet(0x86dd, ipv6("2001:db8::77", src, 58, b"\x01\0" + bytes(6) +
                                    ipv6(src, dst, 6, bytes(20) + mark())))


def traffic(pairs):
    """(pair, frame) of everything; the marker of a frame is '#', pair, '.', number."""
    out = []
    for i in range(pairs):
        count = iter(range(1000))

        def mark():
            return ("#%d.%d" % (i, next(count))).ljust(16).encode()
        if i % 3 == 2:
            out += [(i, f) for f in kinds_v6("2001:db8::%x" % i, "2001:db8:1::%x" % (i * i), mark)]
        else:
            out += [(i, f) for f in kinds_v4("10.1.0.%d" % i, "192.0.2.%d" % (i % 5), mark)]
    return out


def marker(frame):
    return frame[-16:].decode().strip()


class Sensor:
    """live_tool workers, and what it said."""

    def __init__(self, interface, direction):
        self.process = start("workers", interface, str(WORKERS), direction)
        self.pids, self.where, self.times, self.said, self.events = {}, {}, [], [], []
        for _ in range(WORKERS):
            self.wait_for("joined")

    def line(self):
        text = self.process.stdout.readline()
        words = text.split()
        self.said.append(text)
        if not words:
            self.process.wait()
            raise EOFError("live_tool ended: %s" % self.said[-20:])
        if words[0] == "started":
            self.pids[int(words[1])] = int(words[2])
        elif words[0].isdigit():
            self.times.append(int(words[1]))
            self.where.setdefault(words[2], []).append(int(words[0]))
        if not words[0].isdigit():
            self.events.append(words)

    def wait_for(self, what):
        """The first such event that was not asked for yet, which may have come long ago."""
        while not any(e[0] == what for e in self.events):
            self.line()
        found = next(e for e in self.events if e[0] == what)
        self.events.remove(found)
        return found

    def send(self, link, frames):
        """Sends, a few at a time, as buffers are small, and waits until all have been reported."""
        self.where = {}
        for i in range(0, len(frames), 50):
            wanted = {marker(f) for _, f in frames[i:i + 50]}
            for _, f in frames[i:i + 50]:
                link.send(f)
            while wanted - set(self.where):
                self.line()
        return {m: set(w) for m, w in self.where.items()}, max(len(w) for w in self.where.values())

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        rest = self.process.stdout.read()
        return self.process.wait(), rest


def by_pair(frames, where):
    out = {}
    for pair, f in frames:
        out.setdefault(pair, set()).update(where[marker(f)])
    return out


def check_sharing(link, direction, interface):
    frames = traffic(60)
    s = Sensor(interface, direction)
    where, most = s.send(link, frames)
    pairs = by_pair(frames, where)
    strays = {p: w for p, w in pairs.items() if len(w) != 1}
    ok(not strays, "%s: all of a pair meets in one worker" % direction, strays,
       [(marker(f), sorted(where[marker(f)]), f.hex()) for p, f in frames if p in strays][:18])
    ok(most == 1, "%s: each packet comes once" % direction, most)
    ok(len(set().union(*pairs.values())) == WORKERS, "%s: every worker has a share" % direction, pairs)
    ok(s.times == sorted(s.times), "%s: records are in the order of time" % direction)
    status, rest = s.stop()
    ok(status == 0 and "sum %d\n" % len(frames) in rest and rest.endswith("stopped 1\n"), "%s: ends" % direction,
       status, rest)


def check_death(link):
    """The pairs of others stay where they are, and a successor takes the place."""
    frames = traffic(60)
    s = Sensor("vb", "in")
    before = by_pair(frames, s.send(link, frames)[0])
    for victim in 2, 0:
        theirs = [(p, f) for p, f in frames if before[p] != {victim}]
        lost = [f for p, f in frames if before[p] == {victim}]
        os.kill(s.pids[victim], signal.SIGKILL)
        words = s.wait_for("ended")
        ok(words[1] == str(victim) and words[3] == str(int(signal.SIGKILL)) and words[5:7] == ["0", "3"],
           "the death of worker %d is told" % victim, words)
        for f in lost:
            link.send(f)
        now = by_pair(theirs, s.send(link, theirs)[0])
        ok(all(now[p] == before[p] for p in now), "without worker %d others keep theirs" % victim)
        words = s.wait_for("joined")
        ok(words[1] == str(victim) and int(words[7]) == len(lost), "what came meanwhile is counted", words, len(lost))
        now = by_pair(frames, s.send(link, frames)[0])
        ok(now == before, "the successor of worker %d takes its place" % victim,
           {p: (before[p], now[p]) for p in now if now[p] != before[p]})
    handles = [os.pidfd_open(pid) for pid in s.pids.values()]
    os.kill(s.process.pid, signal.SIGKILL)
    s.process.wait()
    for handle in handles:
        select.select([handle], [], [])
        os.close(handle)
    ok(len(handles) == WORKERS, "without parent there are no workers")


def veth():
    with open("/proc/sys/net/ipv6/conf/default/disable_ipv6", "w") as f:
        f.write("1")  # no packets but ours
    for command in ("link set lo up", "link add va type veth peer name vb", "link set va up", "link set vb up"):
        subprocess.run(["ip", *command.split()], check=True)
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    link.bind(("va", 0))
    return link


def own_namespace():
    """Starts this script again in a network namespace, where that is allowed."""
    if os.environ.get("LIVE_NAMESPACE"):
        return
    try:
        allowed = os.getuid() == 0 and subprocess.run(["unshare", "-n", "ip", "link"], stdout=subprocess.DEVNULL,
                                                      stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        allowed = False
    if not allowed:
        skip_all("needs root, unshare and ip")
    os.environ["LIVE_NAMESPACE"] = "1"
    os.execvp("unshare", ["unshare", "-n", sys.executable, "-B", os.path.abspath(__file__)])


own_namespace()
if not os.path.exists(TOOL):
    skip_all("tests/unit/live_tool is not built")
link = veth()
check_drop()
check_ambient()
check_confine()
check_metrics()
check_notify()
check_output()
check_sharing(link, "in", "vb")
check_sharing(link, "out", "va")
check_death(link)
end()
