#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""monitor: what it tells of is what audit reports of the same traffic; and what it survives."""
import atexit
import gzip
import itertools
import json
import os
import pwd
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
import urllib.request

import common


def events_of(path, *options, statuses=(0, 1, 3)):
    done = common.run("monitor", "--read-pipe", path, "--format", "json", *options)
    if done.returncode not in statuses:
        return None, "exit status %d: %s" % (done.returncode, done.stderr)
    return common.lines(done.stdout), done.stderr


def report_of(*paths):
    return common.parse(common.run("audit", "--format", "json", *paths).stdout)


def of_type(events, kind):
    return [e for e in events if e["type"] == kind]


def findings_of_report(report):
    return sorted(json.dumps([f[k] for k in ("id", "certainty", "severity", "tunnel", "control_connection", "call",
                                             "at_fault", "role", "frame", "time", "message", "expected", "observed")])
                  for f in report["findings"])


def findings_of_events(events):
    return sorted(json.dumps([f[k] if k != "time" or f["frame"] else None
                              for k in ("id", "certainty", "severity", "tunnel", "control_connection", "call",
                                        "at_fault", "role", "frame", "time", "message", "expected", "observed")])
                  for f in of_type(events, "finding"))


def differences(events, report):
    """What a report has and events have not, or otherwise; what both have, value by value."""
    wrong = []
    calls = {e["call"]: e for e in of_type(events, "call_close")}
    connections = {e["control_connection"]: e for e in of_type(events, "control_connection_close")}
    for tunnel in report["tunnels"]:
        for told, kind in ((connections, "control_connections"), (calls, "calls")):
            for item in tunnel[kind]:
                event = told.pop(item.pop("id"), None)
                if event is None:
                    wrong.append("%s of the report: not told of" % kind)
                    continue
                wrong += ["%s: %s is %s, not %s" % (kind, k, event.get(k), v) for k, v in item.items()
                          if event.get(k) != v]
    wrong += ["not in the report: %s" % e for e in list(calls.values()) + list(connections.values())]
    a, b = findings_of_report(report), findings_of_events(events)
    wrong += ["only in the report: " + f for f in a if f not in b] + ["only told: " + f for f in b if f not in a]
    if len(b) != len(set(b)):
        wrong.append("a finding is told twice")
    return wrong


def check_pipes(folder):
    for path in common.captured() + common.made(folder):
        events, said = events_of(path)
        name = os.path.basename(path)
        if not common.ok(events is not None, "%s is read" % name, said):
            continue
        # A clock that goes back is noticed then: audit takes back what it had found, events cannot be.
        if name in ("clean-clock-back-tcp.pcap", "clean-clock-jump.pcap"):
            continue
        common.ok(not (wrong := differences(events, report_of(path))), "events of %s are those of audit" % name, *wrong)


# --- live, in a namespace of its own ----------------------------------------------------------

def ip(*arguments):
    subprocess.run(("ip",) + arguments, check=True, stderr=subprocess.DEVNULL)


def veth():
    ip("link", "add", "va", "type", "veth", "peer", "name", "vb")
    for name in "va", "vb":
        # What the kernel says of itself would be in the way.
        with open("/proc/sys/net/ipv6/conf/%s/disable_ipv6" % name, "w") as f:
            f.write("1")
        ip("link", "set", name, "up")


def frames(path):
    """The frames of an Ethernet capture; none of another."""
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as f:
        data = f.read()
    order = {b"\xd4\xc3\xb2\xa1": "<", b"\x4d\x3c\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">"}.get(data[:4])
    at = 24
    if not order or struct.unpack(order + "I", data[20:24])[0] != 1:
        return
    while at + 16 <= len(data):
        length, wire = struct.unpack(order + "II", data[at + 8:at + 16])
        if 14 <= length == wire <= 1514:
            yield data[at + 16:at + 16 + length]
        at += 16 + length


def send(*paths, first=0, last=None):
    """How many frames went out on va: those from `first` to before `last` of each capture."""
    n = 0
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        s.bind(("va", 0))
        for path in paths:
            for frame in itertools.islice(frames(path), first, last):
                s.send(frame)
                n += 1
                if n % 200 == 0:
                    time.sleep(0.002)
    return n


class Monitor:
    """A monitor of vb (if nothing else is said), whose lines go to a file."""

    def __init__(self, folder, *options, interface=("--interface", "vb"), output=True, path=None, **more):
        Monitor.count = getattr(Monitor, "count", 0) + 1
        self.path = path or os.path.join(folder, "events%d" % Monitor.count)
        self.said = open(os.path.join(folder, "said%d" % Monitor.count), "w+")
        write = ("--output", self.path) if output else ()
        before = packet_sockets()
        # The sanitizer looks for leaks by system calls that monitor has given up.
        self.process = subprocess.Popen([common.PPTPSCOPE, "monitor", "--format", "json", *interface, *write, *options],
                                        stderr=self.said, env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"), **more)
        atexit.register(self.process.kill)
        # A worker process is ready when its socket is: there is one for each.
        wanted = int(options[options.index("--workers") + 1]) if "--workers" in options else 1
        wait_for(lambda: packet_sockets() >= before + wanted or self.process.poll() is not None)
        wait_for(lambda: not output or os.path.exists(self.path) or self.process.poll() is not None)
        time.sleep(0.3)

    def events(self):
        with open(self.path, encoding="utf-8") as f:
            return [common.parse(line) for line in f.read().splitlines()]

    def until(self, kind, test=lambda e: True):
        wait_for(lambda: any(e["type"] == kind and test(e) for e in self.complete()) or self.process.poll() is not None)
        if self.process.poll() is not None:
            common.ok(False, "monitor is alive", open(self.said.name).read())
            sys.exit(1)

    def complete(self):
        try:
            with open(self.path, encoding="utf-8") as f:
                return common.lines("".join(line for line in f if line.endswith("\n")))
        except OSError:
            return []

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        status = self.process.wait()
        self.said.seek(0)
        self.told = self.said.read()
        return status


def packet_sockets():
    with open("/proc/net/packet") as f:
        return len(f.readlines()) - 1


def wait_for(condition):
    """There is no limit of time: what never comes shows where it hangs."""
    while not condition():
        time.sleep(0.05)
    return True


def packets_of(events):
    return of_type(events, "stats")[-1]["packets"]


FRAMES = re.compile(r"frame|evidence|capture")
TIMES = re.compile(r"frame|evidence|capture|time|rtt")


def unframed(value, but):
    """Without the numbers of frames: the kernel's filter leaves gaps in tcpdump's."""
    if isinstance(value, dict):
        return {k: unframed(v, but) for k, v in value.items() if not but.search(k)}
    if isinstance(value, list):
        return [unframed(v, but) for v in value]
    return re.sub(r"frames? [0-9, and]+", "frame", value) if isinstance(value, str) else value


def in_order(items, but, *keys):
    return sorted((unframed({k: v for k, v in item.items() if k not in keys}, but) for item in items), key=json.dumps)


def compare(description, events, report, but=(), without=FRAMES, clean=False):
    """As differences(), but neither by frames nor by ids, of which workers have others.  clean: nothing is found."""
    ids = ("id", "type", "time", "tunnel", "control_connection", "call", "pac", "pns", "hosts")
    tunnels = report["tunnels"]
    for name, told, reported in (
            ("connections", of_type(events, "control_connection_close"),
             [c for t in tunnels for c in t["control_connections"]]),
            ("calls", of_type(events, "call_close"), [c for t in tunnels for c in t["calls"]])):
        a, b = in_order(told, without, *ids), in_order(reported, without, *ids)
        common.ok(reported and a == b, "%s: %s" % (description, name),
                  *["only told: %s" % x for x in a if x not in b][:3], *["only reported: %s" % x for x in b if x not in a][:3])
    a = in_order([dict(e, rule=e["id"]) for e in of_type(events, "finding") if e["id"] not in but], without, "count",
                 *ids)
    b = in_order([dict(f, rule=f["id"]) for f in report["findings"] if f["id"] not in but], without, "count", *ids)
    common.ok(a == b and bool(b) != clean, "%s: findings" % description,
              *["only told: %s" % x for x in a if x not in b][:3], *["only reported: %s" % x for x in b if x not in a][:3])


def check_live(folder, paths, *options):
    """The same traffic by monitor, and by tcpdump and audit."""
    dump = os.path.join(folder, "dump.pcap")
    what = "live " + " ".join(options)
    m = Monitor(folder, *options)
    with subprocess.Popen(["tcpdump", "-i", "vb", "-B", "16384", "--time-stamp-precision=nano", "-U", "-w", dump],
                          stderr=subprocess.PIPE, universal_newlines=True) as tcpdump:
        tcpdump.stderr.readline()
        time.sleep(0.3)
        n = send(*paths)
        time.sleep(1.5)
        tcpdump.terminate()
        tcpdump.stderr.read()
    status = m.stop()
    events = m.events()
    common.ok(status in (0, 1) and n, "%s: ended well" % what, status, m.told)
    last = of_type(events, "stats")[-1]
    common.ok(last["final"] and not any(last["drops"].values()), "%s: nothing was lost" % what, last)
    # That GRE goes between other addresses than its control connection, only who has both can see.
    compare(what, events, report_of(dump), but=("TCP-PAIR-01",) if "--workers" in options else ())
    os.remove(dump)


def own_namespace():
    """Runs the rest of this in a network and mount namespace of its own, where that is allowed."""
    if os.environ.get("MONITOR_NAMESPACE"):
        return True
    try:
        allowed = os.getuid() == 0 and subprocess.run(["unshare", "-nm", "ip", "link"], stdout=subprocess.DEVNULL,
                                                      stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        allowed = False
    if allowed:
        os.environ["MONITOR_NAMESPACE"] = "1"
        os.execvp("unshare", ["unshare", "-nm", sys.executable, "-B", os.path.abspath(__file__)])
    return False


# --- what it survives -------------------------------------------------------------------------

def notices(events):
    return [e["code"] for e in of_type(events, "notice")]


def check_interface(folder, path):
    m = Monitor(folder)
    ip("link", "set", "vb", "down")
    m.until("notice", lambda e: e["code"] == "interface-down")
    ip("link", "set", "vb", "up")
    m.until("capture_gap", lambda e: e["reason"] == "interface-down")
    ip("link", "set", "vb", "down")
    ip("link", "del", "vb")
    m.until("notice", lambda e: e["code"] == "interface-gone")
    veth()
    wait_for(lambda: len([e for e in m.complete() if e.get("code") == "interface-up"]) == 2)
    send(path)
    m.until("call_open")
    status = m.stop()
    events = m.events()
    gaps = [g for g in of_type(events, "capture_gap") if g["reason"] == "interface-down"]
    common.ok(len(gaps) == 2 and all(g["interface"] == "vb" and g["seconds"] > 0 for g in gaps), "both absences are told of",
              *gaps)
    common.ok([c for c in notices(events) if c == "interface-up"] == ["interface-up"] * 2 and status in (0, 1),
              "the interface is watched again", status, *notices(events))


def check_doubt(folder, path):
    """What comes after an absence is suspected, where history matters."""
    certain = {f["id"] for f in report_of(path)["findings"] if f["certainty"] == "certain"}
    m = Monitor(folder)
    send(path, last=40)
    m.until("finding")
    ip("link", "set", "vb", "down")
    m.until("notice", lambda e: e["code"] == "interface-down")
    ip("link", "set", "vb", "up")
    m.until("capture_gap")
    send(path, first=40)
    m.until("finding", lambda e: e["id"] == "CDN-CALLID-01")
    m.stop()
    late = [f for f in of_type(m.events(), "finding") if f["id"] == "CDN-CALLID-01"]
    common.ok("CDN-CALLID-01" in certain and [f["certainty"] for f in late] == ["suspected"],
              "what was not seen makes doubt", *late)


def check_link_type(folder):
    """An interface of the same name that is of another kind."""
    if not os.path.exists("/dev/net/tun"):
        common.skip("another link type", "no /dev/net/tun")
        return
    ip("link", "add", "vx", "type", "veth", "peer", "name", "vy")
    for name in "vx", "vy":
        ip("link", "set", name, "up")
    m = Monitor(folder, interface=("--interface", "vx"))
    ip("link", "del", "vx")
    m.until("notice", lambda e: e["code"] == "interface-gone")
    ip("tuntap", "add", "dev", "vx", "mode", "tun")
    ip("link", "set", "vx", "up")
    m.until("notice", lambda e: e["code"] == "link-type")
    m.until("notice", lambda e: e["code"] == "interface-up")
    common.ok(m.stop() == 0, "another link type is said and survived", m.told)
    ip("link", "del", "vx")


def shifted(path, out, after, seconds):
    """A capture whose clock is set by so much after some packets."""
    with open(path, "rb") as f:
        data = bytearray(f.read())
    at, n = 24, 0
    while at < len(data):
        n += 1
        if n > after:
            data[at:at + 4] = struct.pack("<I", struct.unpack("<I", data[at:at + 4])[0] + seconds)
        at += 16 + struct.unpack("<I", data[at + 8:at + 12])[0]
    with open(out, "wb") as f:
        f.write(data)
    return out


def check_clock(folder, path):
    plain, _ = events_of(path)
    events, said = events_of(shifted(path, os.path.join(folder, "back.pcap"), 30, -7200))
    gaps = [g for g in of_type(events, "capture_gap") if g["reason"] == "clock-step"]
    common.ok(len(gaps) == 1 and gaps[0]["seconds"] < -7000, "a clock that is set back is told of", said, *gaps)
    common.ok([e["message"] for e in of_type(plain, "control")] == [e["message"] for e in of_type(events, "control")] and
              len(of_type(events, "call_close")) == len(of_type(plain, "call_close")), "... and survived")


def load(folder, *options):
    path = os.path.join(folder, "load%d.pcap" % len(os.listdir(folder)))
    common.run("trace", "load", *options, "-o", path)
    return path


def check_limits(folder):
    """What matters least makes room, which is counted; memory does not grow with time."""
    path = load(folder, "--calls", "5000", "--pairs", "5000", "--packets", "20000", "--connections", "2000", "--live", "20")
    events, said = events_of(path, "--max-calls", "500", "--max-tunnels", "500")
    last = of_type(events, "stats")[-1]
    common.ok(last["drops"]["limits"] > 0 and last["evicted"]["tunnels"] + last["evicted"]["calls"] > 0,
              "limits: evictions and what found no room are counted", last, said)
    closed = [e for e in of_type(events, "control_connection_close") if e["complete"]]
    common.ok(len(closed) == 2000, "limits: control connections are kept", len(closed))
    events, said = events_of(path)
    last = of_type(events, "stats")[-1]
    common.ok(not last["drops"]["limits"] and last["seen"]["calls"] == 7000 and
              len(of_type(events, "call_close")) == 7000, "every call is told of once", last)


def check_aging(folder, path):
    """On a silent wire, time goes on by the clock."""
    m = Monitor(folder, "--linger", "1", "--tunnel-timeout", "1", "--call-timeout", "1", "--connection-timeout", "2",
                "--half-open-timeout", "1", "--stats-interval", "1")
    send(path)
    m.until("control_connection_close")
    m.until("call_close")
    m.until("stats", lambda e: e["seen"]["tunnels"] and not any(e["live"].values()))
    common.ok(m.stop() in (0, 1), "what is over is told of and forgotten on a silent wire", m.told)


def check_output(folder, many):
    fifo = os.path.join(folder, "fifo")
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    m = Monitor(folder, "--output", fifo, "--queue", "65536", "--metrics", "127.0.0.1:0", output=False)
    n = send(many)
    wait_for(lambda: "events are being lost" in open(m.said.name).read())
    os.set_blocking(reader, True)
    drain = subprocess.Popen(["cat"], stdin=reader, stdout=subprocess.PIPE)
    os.close(reader)
    m.process.send_signal(signal.SIGTERM)
    lines = drain.communicate()[0].decode()
    status = m.process.wait()
    events = common.lines(lines[:lines.rindex("\n") + 1])
    last = of_type(events, "stats")[-1]
    common.ok(status == 3 and last["packets"] >= n and not last["drops"]["kernel"] and last["drops"]["events"] > 0,
              "a blocked pipe loses events, and says so, but no packets", status, last)
    small = os.path.join(folder, "small")
    os.mkdir(small)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", small], check=True)
    m = Monitor(folder, "--queue", "65536", path=os.path.join(small, "events"))
    n = send(many)
    wait_for(lambda: "No space left" in open(m.said.name).read())
    status = m.stop()
    common.ok(status == 3, "a full disk is said and survived", status, m.told)
    subprocess.run(["umount", "-l", small], check=True)


def status_of(pid):
    with open("/proc/%d/status" % pid) as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)


def children(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
        return [int(child) for child in f.read().split()]


def check_privileges(folder, path):
    for options in (), ("--workers", "2"):
        m = Monitor(folder, "--user", "nobody", *options, output=False, stdout=open(os.path.join(folder, "out"), "w"))
        who = [m.process.pid] + children(m.process.pid)
        common.ok(len(who) == (3 if options else 1), "there are as many processes as asked for", who)
        uid = str(pwd.getpwnam("nobody").pw_uid)
        for pid in who:
            s = status_of(pid)
            common.ok(s["Uid"].split() == [uid] * 4 and s["Groups"].strip() == "" and int(s["CapEff"], 16) == 1 << 13 and
                      int(s["CapBnd"], 16) == 0 and s["NoNewPrivs"] == "1" and s["Seccomp"] == "2",
                      "privileges are given up" + " ".join(options), s)
        send(path)
        ip("link", "set", "vb", "down")
        time.sleep(1.5)
        ip("link", "set", "vb", "up")
        wait_for(lambda: "interface-up" in open(os.path.join(folder, "out")).read())
        m.stop()
        events = common.lines(open(os.path.join(folder, "out")).read())
        common.ok(of_type(events, "call_close") and "interface-up" in notices(events),
                  "... and what is left is enough to capture, also again" + " ".join(options), m.told)


def check_worker(folder, many):
    m = Monitor(folder, "--workers", "2", "--stats-interval", "1")
    send(many)
    m.until("stats", lambda e: e["packets"] > 0)
    victim = children(m.process.pid)[0]
    os.kill(victim, signal.SIGKILL)
    m.until("notice", lambda e: e["code"] == "worker-started")
    m.until("capture_gap", lambda e: e["reason"] == "worker-died")
    common.ok(victim not in children(m.process.pid) and len(children(m.process.pid)) == 2, "a worker that died is replaced")
    before = len(of_type(m.complete(), "call_open"))
    send(*common.captured())
    wait_for(lambda: len(of_type(m.complete(), "call_open")) >= before + 10)
    status = m.stop()
    events = m.events()
    opened = [e["call"] for e in of_type(events, "call_open")]
    common.ok(status == 3 and "worker-ended" in notices(events), "... and it is said what is lost", status,
              *of_type(events, "notice"))
    common.ok(len(opened) == len(set(opened)), "calls of different workers have different ids")


def check_signals(folder, path):
    m = Monitor(folder)
    send(path)
    m.until("call_open")
    os.rename(m.path, m.path + ".1")
    m.process.send_signal(signal.SIGHUP)
    wait_for(lambda: os.path.exists(m.path) or send(path) < 0)
    m.process.send_signal(signal.SIGUSR1)
    wait_for(lambda: "from PNS" in open(m.said.name).read())
    status = m.stop(signal.SIGINT)
    common.ok(status in (0, 1) and of_type(m.events(), "stats")[-1]["final"], "SIGHUP opens the file again, SIGINT ends well",
              status)
    common.ok("packets" in m.told, "SIGUSR1 prints what is going on", m.told)


def check_evidence(folder, path):
    evidence = os.path.join(folder, "evidence")
    os.mkdir(evidence)
    m = Monitor(folder, "--evidence-dir", evidence, "--evidence-severity", "warning")
    send(path)
    m.until("finding", lambda e: e["severity"] == "error")
    m.stop()
    files = [f["evidence_file"] for f in of_type(m.events(), "finding") if "evidence_file" in f]
    common.ok(len(files) == 1 and os.path.exists(files[0]), "packets of what was found are kept", *files)
    report, other = report_of(files[0]), report_of(path)
    common.ok([f["id"] for f in report["findings"]] == [f["id"] for f in other["findings"]] or
              len(report["findings"]) >= len(other["findings"]), "... those before it, too",
              *[f["id"] for f in report["findings"]])


def check_metrics(folder, path):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    m = Monitor(folder, "--metrics", "127.0.0.1:%d" % port)
    send(path)
    m.until("call_open")
    time.sleep(0.3)
    with urllib.request.urlopen("http://127.0.0.1:%d/metrics" % port) as f:
        text = f.read().decode()
    m.stop()
    common.ok(re.search(r"^pptpscope_seen_total\{what=\"calls\"\} [1-9]", text, re.M) and
              re.search(r"^pptpscope_packets_total [1-9]", text, re.M), "metrics are served", text)


STUB = """#!%s
import os, struct, sys, time, tty
if os.isatty(0):
    tty.setraw(0)
def fcs(data):
    crc = 0xffff
    for b in data:
        crc ^= b
        for _ in range(8):
            crc = crc >> 1 ^ 0x8408 if crc & 1 else crc >> 1
    return crc ^ 0xffff
def frame(identifier):
    body = b"\\xff\\x03\\xc0\\x21" + struct.pack(">BBHBBI", 1, identifier, 10, 5, 6, os.getpid())
    body += struct.pack("<H", fcs(body))
    return b"~" + b"".join(bytes((0x7d, b ^ 0x20)) if b < 0x20 or b in (0x7d, 0x7e) else bytes((b,)) for b in body) + b"~"
for i in range(1, 9):
    os.write(1, frame(i))
    time.sleep(0.1)
"""


def check_silent_pipe(folder, path):
    """A pipe in which nothing comes: time goes on, and a signal ends it; also one that libpcap reads."""
    with open(path, "rb") as f:
        pcap = f.read()
    section = struct.pack("<IIIHHqI", 0x0a0d0d0a, 28, 0x1a2b3c4d, 1, 0, -1, 28)
    pcapng = section + struct.pack("<IIHHII", 1, 20, 1, 0, 65535, 20)
    for what, octets in ("pcap", pcap), ("pcapng", pcapng):
        out = os.path.join(folder, "silent-" + what)
        m = subprocess.Popen([common.PPTPSCOPE, "monitor", "--read-pipe", "-", "--format", "json", "--output", out,
                              "--linger", "1", "--tunnel-timeout", "1", "--connection-timeout", "1"],
                             stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
        m.stdin.write(octets)
        m.stdin.flush()
        wait_for(lambda: os.path.exists(out) and (what == "pcapng" or "control_connection_close" in open(out).read()))
        time.sleep(0.5)
        m.terminate()
        status = m.wait()
        m.stdin.close()
        common.ok(status in (0, 1) and of_type(common.lines(open(out).read()), "stats")[-1]["final"],
                  "a silent pipe of %s ends by a signal" % what, status)


def client_namespace(interface, network):
    """A namespace behind a veth pair: its process, and what runs a command in it.  We are .1 there, it is .2."""
    client = subprocess.Popen(["unshare", "-n", "sleep", "infinity"])
    wait_for(lambda: os.readlink("/proc/%d/ns/net" % client.pid) != os.readlink("/proc/self/ns/net"))
    ip("link", "add", interface, "type", "veth", "peer", "name", "far", "netns", str(client.pid))
    ip("addr", "add", network + ".1/24", "dev", interface)
    ip("link", "set", interface, "up")
    inside = ["nsenter", "-t", str(client.pid), "-n"]
    for command in ("ip addr add %s.2/24 dev far" % network, "ip link set far up"):
        subprocess.run(inside + command.split(), check=True)
    return client, inside


def watch(folder, interface, dump):
    """Monitor and tcpdump on an interface."""
    m = Monitor(folder, interface=("--interface", interface))
    tcpdump = subprocess.Popen(["tcpdump", "-i", interface, "--time-stamp-precision=nano", "-U", "-w", dump],
                               stderr=subprocess.PIPE, universal_newlines=True)
    tcpdump.stderr.readline()
    time.sleep(0.5)
    return m, tcpdump


def check_emulated(folder):
    """Our own PAC and PNS, in two namespaces: three calls with PPP and pings."""
    if not all(map(shutil.which, ("nsenter", "tcpdump"))):
        common.skip("our own peers", "nsenter or tcpdump are not installed")
        return
    client, inside = client_namespace("ve", "10.0.8")
    dump = os.path.join(folder, "emulated.pcap")
    m, tcpdump = watch(folder, "ve", dump)
    pac = subprocess.Popen([common.PPTPSCOPE, "emulate", "pac", "--listen", "10.0.8.1", "--quiet"])
    time.sleep(0.5)
    pns = subprocess.Popen(inside + [common.PPTPSCOPE, "emulate", "pns", "--connect", "10.0.8.1", "--calls", "3",
                                     "--ping", "--duration", "9", "--quiet"])
    for _ in range(3):
        m.until("call_open")
    pns.wait()
    time.sleep(1)
    for process in tcpdump, pac, client:
        process.terminate()
        process.wait()
    tcpdump.stderr.close()
    m.stop()
    report = report_of(dump)
    common.ok(sum(len(t["calls"]) for t in report["tunnels"]) == 3 and
              all(c["ppp"]["state"] in ("open", "terminated") for t in report["tunnels"] for c in t["calls"]),
              "our own peers: three calls with PPP", *[c["ppp"] for t in report["tunnels"] for c in t["calls"]])
    compare("our own peers", m.events(), report, without=TIMES, clean=True)


def check_peers(folder):
    """pptpd and pptp, in two namespaces."""
    if not all(map(shutil.which, ("pptpd", "pptp", "nsenter", "tcpdump"))):
        common.skip("pptpd and pptp", "they, nsenter or tcpdump are not installed")
        return
    stub, config = os.path.join(folder, "stub"), os.path.join(folder, "pptpd.conf")
    with open(stub, "w") as f:
        f.write(STUB % sys.executable)
    os.chmod(stub, 0o755)
    os.chmod(folder, 0o755)
    with open(config, "w") as f:
        f.write("ppp %s\nlocalip 10.98.0.1\nremoteip 10.98.0.10-20\n" % stub)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
    os.mkdir("/run/pptp")
    client, inside = client_namespace("vs", "10.0.9")
    dump = os.path.join(folder, "peers.pcap")
    server = subprocess.Popen(["pptpd", "-f", "-c", config, "-p", os.path.join(folder, "pptpd.pid")], stderr=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL)
    m, tcpdump = watch(folder, "vs", dump)
    caller, line = os.openpty()
    pptp = subprocess.Popen(inside + ["pptp", "10.0.9.1", "--nolaunchpppd"], stdin=line, stdout=line,
                            stderr=subprocess.DEVNULL)
    m.until("call_open")
    time.sleep(1.5)
    pptp.terminate()
    m.until("control", lambda e: e["message"] in ("Call-Disconnect-Notify", "Call-Clear-Request",
                                                  "Stop-Control-Connection-Request"))
    time.sleep(1)
    for process in tcpdump, server, client:
        process.terminate()
        process.wait()
    tcpdump.stderr.close()
    pptp.wait()
    m.stop()
    # What is sent from here, each who listens sees a moment later than the other.
    compare("pptpd and pptp", m.events(), report_of(dump), without=TIMES)


def check_baseline(folder, path):
    """--write-expect and --expect, and that they are what audit takes for them."""
    wrote, accepted = os.path.join(folder, "accepted"), os.path.join(folder, "accepted-by-audit")
    first = common.run("monitor", "--read-pipe", path, "--write-expect", wrote)
    common.run("audit", path, "--write-expect", accepted)
    with open(wrote, encoding="utf-8") as f, open(accepted, encoding="utf-8") as g:
        lines = f.read()
        common.ok(first.returncode == 1 and lines == g.read() and lines.count("\n") > 1,
                  "the baseline of monitor is that of audit", first.returncode, lines)
    with open(wrote, "a", encoding="utf-8") as f:
        f.write("OCRP-RESULT-01 192.0.2.99\n")
    again = common.run("monitor", "--read-pipe", path, "--format", "json", "--expect", wrote)
    common.ok(again.returncode == 0 and " 0 new, 1 fixed" in again.stderr and
              "fixed: OCRP-RESULT-01 192.0.2.99" in again.stderr, "what it accepts does not fail a run, what is gone is told",
              again.returncode, again.stderr)


def main():
    live = own_namespace()
    folder = common.temporary_folder()
    paths = common.captured() + common.made(folder)
    plain = next(p for p in paths if "r-accel-twocalls" in p)
    check_pipes(folder)
    check_clock(folder, plain)
    check_limits(folder)
    check_silent_pipe(folder, plain)
    check_baseline(folder, next(p for p in paths if "p-not-pptp-client" in p))
    if not live:
        common.skip("live traffic", "needs root, unshare and ip")
        common.end()
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    ip("link", "set", "lo", "up")
    veth()
    # Connections on other ports are found by their content, but the kernel does not pass them on.
    usual = [p for p in paths if "other-port" not in p]
    if shutil.which("tcpdump"):
        check_live(folder, usual)
        check_live(folder, paths, "--any-port")
        check_live(folder, usual, "--workers", "2")
    else:
        common.skip("live traffic beside audit", "no tcpdump")
    many = load(folder, "--connections", "3000", "--live", "50")
    check_interface(folder, plain)
    check_doubt(folder, plain)
    check_link_type(folder)
    check_aging(folder, plain)
    check_output(folder, many)
    check_privileges(folder, plain)
    check_worker(folder, many)
    check_signals(folder, plain)
    check_evidence(folder, plain)
    check_metrics(folder, plain)
    check_emulated(folder)
    check_peers(folder)
    common.end()


main()
