#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
A PAC or PNS written from RFC 2637 alone, for the active tests to be tried on: it shares nothing with pptpscope.

  device.py pac|pns --listen ADDRESS --control SOCKET [--style NAME] [--time-scale F] [--mutant NAME]
  device.py hook SOCKET HOOK [ARGUMENT]...    has a running one do something; exit status as hooks have
  device.py mutants pac|pns                   names its mutants
"""
import argparse
import collections
import errno
import heapq
import itertools
import json
import os
import random
import selectors
import signal
import socket
import sys
import time

import calls
import control
import mutants
import wire
from mutants import bad

DONE, NOT_NOW, UNKNOWN, WRONG = 0, 1, 77, 2
RESTART = 2.0  # seconds until a connection of ours that failed is opened again
HOLD_ID = 10.0  # seconds that a Call ID rests after its call


class Style:
    """Where the RFC leaves a choice, one of them."""

    replies, closes = True, False   # what is invalid gets an error reply, ends the connection
    checks_reserved = False
    answers_unknown = False         # a CCRQ for no call gets a CDN with Error 5
    replaces = False                # a second control connection takes the place of the first
    slowness = (0, 0)               # seconds until what came is looked at
    segments = False                # a message in two segments
    reorders = False
    shortens = False                # octets after the payload are cut off
    ack_delay, ack_always = 0.05, False
    address_control = True          # FF 03 before PPP packets
    negotiates = True               # PPP has an LCP of its own
    client_speaks = False           # a PAC's client begins LCP
    isdn = False                    # what may be either is
    ids = "random"
    connect_time = 0.05
    capacity, recv_window = 8, 16
    pns_delay = 0
    restarts = True
    firmware, host, vendor = 1, b"device.example", b"Example Works"

    def delay(self):
        return random.uniform(*self.slowness) if self.slowness[1] else 0


class Mild(Style):
    """Answers errors with error replies and goes on; discards what is late; acknowledges after a while."""


class Strict(Style):
    """Closes on whatever is invalid; slow to look; everything in pieces; reorders; acknowledges at once."""

    replies, closes, checks_reserved = False, True, True
    slowness = (0.01, 0.2)
    segments = reorders = shortens = True
    ack_delay = 0
    address_control = False
    isdn = True
    connect_time = 0.3
    capacity, recv_window = 40, 6
    pns_delay = 3
    restarts = False
    firmware, host, vendor = 0x0203, b"nas", b"V" * 64


class Both(Style):
    """An error reply and the end of the connection; Call IDs from 0 on; a new connection replaces the old one."""

    closes = answers_unknown = replaces = True
    client_speaks = ack_always = True
    ack_delay = 0.3
    ids = "counted"
    connect_time = 0.15
    capacity, recv_window = 4, 3
    pns_delay = 1
    firmware, host, vendor = 0xFFFF, b"a-b.c.example.org", b"both (r) 1.0"


class Bare(Style):
    """The least that is right: a PPP that answers and asks for nothing, no error replies, one connection after another."""

    replies, closes = False, True
    negotiates = False
    address_control = True
    ack_delay = 0
    connect_time = 0
    restarts = False
    capacity, recv_window = 16, 1
    firmware, host, vendor = 0, b"h", b"bare"


STYLES = {"mild": Mild, "strict": Strict, "both": Both, "bare": Bare}


class Loop:
    """Sockets and timers, one after the other."""

    def __init__(self):
        self.selector = selectors.DefaultSelector()
        self.timers, self.count = [], itertools.count()
        self.now = time.monotonic
        self.running = True

    def later(self, seconds, call, *arguments):
        timer = [self.now() + seconds, next(self.count), call, arguments]
        heapq.heappush(self.timers, timer)
        return timer

    def cancel(self, timer):
        if timer:
            timer[2] = None

    def watch(self, sock, call, events=selectors.EVENT_READ):
        self.selector.register(sock, events, call)

    def forget(self, sock):
        try:
            self.selector.unregister(sock)
        except (KeyError, ValueError):
            pass

    def run(self):
        while self.running:
            wait = max(self.timers[0][0] - self.now(), 0) if self.timers else 1.0
            for key, _ in self.selector.select(min(wait, 1.0)):
                if self.selector.get_map().get(key.fd) is key:
                    key.data()
            now = self.now()
            while self.timers and self.timers[0][0] <= now:
                _, _, call, arguments = heapq.heappop(self.timers)
                if call:
                    call(*arguments)


class Device:
    def __init__(self, role, address, style, scale):
        self.role, self.address, self.style, self.scale = role, address, style, scale
        self.loop = Loop()
        self.connections = []
        self.lines = collections.deque(maxlen=64)
        self.rested = {}
        self.next_id = 0
        self.serial = calls.new_serial()
        self.leftovers = dict.fromkeys(calls.ERRORS, 0)
        self.lines_of_log = collections.deque(maxlen=1000)
        self.last_peer = None
        self.limit = None
        self.accepting = True
        self.reset_config()
        self.listener = socket.create_server((address, 1723), backlog=64)
        self.listener.setblocking(False)
        self.loop.watch(self.listener, self.accept)
        self.raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, 47)
        self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 21)
        self.raw.bind((address, 0))
        self.raw.setblocking(False)
        self.loop.watch(self.raw, self.gre)

    def reset_config(self):
        self.config = {"refuse-peer": False, "bar-number": set(), "refuse-number": set(),
                       "channels": self.style.capacity, "window": self.style.recv_window, "max_timeout": 8.0,
                       "max-bps": 0}
        self.numbers, self.next_outcomes, self.answer = {}, collections.deque(), "ok"

    def log(self, line):
        self.lines_of_log.append("%.3f %s" % (time.time(), line))

    # --- connections

    def accept(self):
        try:
            sock, (peer, _) = self.listener.accept()
        except OSError:
            return
        if not self.accepting:
            sock.close()
            return
        self.add(control.Connection(self, sock, peer, False))

    def add(self, conn):
        self.connections.append(conn)
        self.loop.watch(conn.sock, conn.readable)

    def connect(self, peer, port):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((self.address, 0))
        sock.setblocking(False)
        status = sock.connect_ex((peer, port))
        if status not in (0, errno.EINPROGRESS):
            sock.close()
            return False
        conn = control.Connection(self, sock, peer, True)
        conn.port = port
        self.connections.append(conn)
        self.loop.watch(sock, lambda: self.connected(conn), selectors.EVENT_WRITE)
        return True

    def connected(self, conn):
        self.loop.forget(conn.sock)
        if conn.state != "connecting":
            return
        status = conn.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if status:
            self.log("%s: no connection: %s" % (conn.peer, os.strerror(status)))
            conn.over("no connection")
            conn.shut()
            return
        self.loop.watch(conn.sock, conn.readable)
        conn.connected()

    def up(self, conn):
        self.log("%s: control connection is up" % conn.peer)
        self.last_peer = conn.peer
        self.connections.remove(conn)
        self.connections.append(conn)

    def gone(self, conn, why):
        if conn in self.connections:
            self.connections.remove(conn)
        failed = why not in ("peer", "stopped", "reset", "collision lost", "no connection") and not conn.refused
        if conn.originated and failed and self.style.restarts:
            self.loop.later(RESTART, self.restart, conn.peer, conn.port)
        if bad("refusal-loops") and conn.originated and conn.refused:
            self.loop.later(0.01, self.connect, conn.peer, conn.port)

    def restart(self, peer, port):
        if not any(c.peer == peer for c in self.connections):
            self.connect(peer, port)

    def down_for(self, seconds):
        self.accepting = False
        self.loop.later(seconds, setattr, self, "accepting", True)

    def established(self, peer):
        return next((c for c in self.connections if c.peer == peer and c.state == "established"), None)

    def pending(self, peer):
        return next((c for c in self.connections if c.peer == peer and c.originated and
                     c.state in ("connecting", "waiting")), None)

    def latest(self):
        return next((c for c in reversed(self.connections) if c.state == "established"), None)

    # --- calls

    def all_calls(self):
        return [call for conn in self.connections for call in conn.calls.values()]

    def full(self):
        if bad("capacity-ignored"):
            return False
        limit = self.config["channels"] if self.limit is None else min(self.limit, self.config["channels"])
        return len(self.all_calls()) >= limit

    def new_call_id(self):
        now = self.loop.now()
        used = {call.own_id for call in self.all_calls()}
        if bad("call-id-constant"):
            return 77
        if bad("call-id-lowest-free"):
            return next(i for i in range(1, 65536) if i not in used)
        self.rested = {i: t for i, t in self.rested.items() if t > now}
        while True:
            if self.style.ids == "random":
                chosen = random.getrandbits(16)
            else:
                chosen, self.next_id = self.next_id, self.next_id + 1 & 0xFFFF
            if chosen not in used and chosen not in self.rested:
                self.rested[chosen] = now + HOLD_ID
                return chosen

    def new_serial(self):
        self.serial = self.serial + mutants.value("serial-step", 1) & 0xFFFF
        return self.serial

    def window(self):
        return self.config["window"]

    def speed(self, digital):
        return self.config["max-bps"] or (64000 if digital else 33600)

    def channel(self, call):
        return self.lines.index(call) if call in self.lines else 0

    def outcome(self, number):
        if self.next_outcomes:
            return self.next_outcomes.popleft()
        return self.numbers.get(number, "answer")

    # --- tunnel

    def send_gre(self, peer, octets):
        if bad("gre-drops-tenth") and random.random() < 0.1:
            return
        try:
            self.raw.sendto(octets, (peer, 0))
        except OSError as e:
            self.log("tunnel packet to %s: %s" % (peer, e))

    def gre(self):
        for _ in range(64):
            try:
                octets, (peer, _) = self.raw.recvfrom(65536)
            except BlockingIOError:
                return
            except OSError:
                return
            self.tunnel_packet(peer, octets[(octets[0] & 15) * 4:])

    def tunnel_packet(self, peer, octets):
        packet = wire.gre_parse(octets, self.style.shortens)
        if not packet:
            return
        for conn in self.connections:
            if conn.peer != peer and not bad("gre-any-source"):
                continue
            call = conn.calls.get(packet.call_id)
            if not call and bad("gre-any-call-id"):
                call = next(iter(conn.calls.values()), None)
            if not call and bad("gre-peer-id-too"):
                call = next((c for c in conn.calls.values() if c.peer_id == packet.call_id), None)
            if not call and bad("gre-unknown-closes"):
                conn.end("a tunnel packet for no call")
                return
            if call and call.session:
                conn.tunnel_heard()
                call.session.receive(packet)
                return

    # --- hooks

    def hook(self, name, arguments):
        """Status and what it answers."""
        method = getattr(self, "hook_" + name.replace("-", "_"), None)
        if not method or name in ("dut-dial",) and self.role == "pac" or \
                name in ("dut-ring", "dut-telco", "dut-wan-error") and self.role == "pns":
            return UNKNOWN, ""
        words = [a for a in arguments if "=" not in a]
        options = dict(a.split("=", 1) for a in arguments if "=" in a)
        answer = method(words, options)
        return answer if isinstance(answer, tuple) else (answer, "")

    def hook_dut_connect(self, words, options):
        peer, _, port = (words[0] if words else self.last_peer or "").partition(":")
        if not peer or self.established(peer) or self.pending(peer):
            return NOT_NOW
        if bad("wrong-port"):
            port = "1724"
        return DONE if self.connect(peer, int(port or 1723)) else NOT_NOW

    def hook_dut_stop(self, words, options):
        conn = self.latest()
        if not conn:
            return NOT_NOW
        conn.stop(int(options.get("reason", 1)))
        return DONE

    def hook_dut_dial(self, words, options):
        conn = self.latest()
        if not conn or self.full() and not bad("channels-never-full"):
            return NOT_NOW
        if bad("one-call-only") and conn.calls:
            return DONE
        call = calls.PnsCall(conn, self.new_call_id(), None, False)
        call.dial(words[0] if words else "5550100", self.new_serial())
        return DONE, str(call.own_id)

    def hook_dut_ring(self, words, options):
        conn = self.latest()
        if not conn or self.full():
            return NOT_NOW
        digital = options.get("bearer", "digital" if self.style.isdn else "analog") == "digital"
        dialed, dialing = (words + ["5550100", "5550199"][len(words):])[:2]
        call = calls.PacCall(conn, self.new_call_id(), None, True, digital, dialed)
        call.speed = int(options.get("speed", 64000 if digital else 33600))
        call.ring(options.get("answer", self.answer), dialed, dialing, self.new_serial())
        return DONE, str(call.own_id)

    def chosen(self, words):
        every = [call for conn in self.connections for call in conn.calls.values()]
        return calls.pick(every, words[0] if words else None)

    def hook_dut_hangup(self, words, options):
        found = self.chosen(words)
        for call in found:
            if self.role == "pns":
                call.clear()
            else:
                call.operator_clears()
        return DONE if found else NOT_NOW

    def hook_dut_telco(self, words, options):
        what, rest = (words[0], words[1:]) if words else ("status", [])
        if what in ("hangup", "carrier-loss"):
            found = self.chosen(rest)
            for call in found:
                call.far_end(16 if what == "hangup" else 0, what)
            return DONE if found else NOT_NOW
        if what == "next":
            self.next_outcomes.append(rest[0])
        elif what == "number":
            number = "555%04d" % (len(self.numbers) + 200)
            self.numbers[number] = rest[0]
            return DONE, number
        elif what == "answer":
            self.answer = rest[0]
        elif what == "status":
            return DONE, json.dumps([line.status() for line in self.lines])
        elif what == "read":
            found = calls.pick(list(self.lines), rest[0] if rest else None)
            return (DONE, bytes(found[-1].line).hex()) if found else NOT_NOW
        else:
            return UNKNOWN
        return DONE

    def hook_dut_traffic(self, words, options):
        found = [c for c in self.chosen([options["call"]] if "call" in options else []) if c.session]
        if not found:
            return NOT_NOW
        for call in found:
            if words == ["stop"]:
                call.session.traffic = None
            else:
                call.session.start_traffic(int(options.get("packets", 10)), int(options.get("size", 64)),
                                           int(options.get("rate", 50)))
        return DONE

    def hook_dut_wan_error(self, words, options):
        found = [c for c in self.chosen([options.pop("call")] if "call" in options else []) if c.state == "established"]
        for call in found:
            call.count_errors({name: int(number) for name, number in options.items()})
        return DONE if found else NOT_NOW

    def hook_dut_config(self, words, options):
        if words == ["reset"]:
            self.reset_config()
        for name, value in options.items():
            if name not in self.config:
                return UNKNOWN
            if name == "refuse-peer":
                self.config[name] = value == "on"
            elif name.endswith("-number"):
                self.config[name].add(value)
            else:
                self.config[name] = float(value) if name == "max_timeout" else int(value)
        return DONE

    def hook_dut_log(self, words, options):
        kept = list(self.lines_of_log)
        if bad("log-empty"):
            return DONE, ""
        return DONE, "\n".join(kept[-int(words[0]):] if words else kept)

    def hook_dut_reset(self, words, options):
        for conn in list(self.connections):
            conn.refused = True
            conn.end("reset")
        self.connections = []
        self.lines.clear()
        self.limit = None
        self.accepting = True
        self.reset_config()
        return DONE


class Hooks:
    """Requests from `device.py hook`: a JSON line there, a JSON line back."""

    def __init__(self, device, path):
        self.device, self.path = device, path
        if os.path.exists(path):
            os.unlink(path)
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.bind(path)
        self.sock.listen(16)
        device.loop.watch(self.sock, self.accept)

    def accept(self):
        client, _ = self.sock.accept()
        with client:
            client.settimeout(5)
            try:
                request = json.loads(client.makefile("r").readline())
                self.device.log("hook " + " ".join(request))
                try:
                    status, answer = self.device.hook(request[0], request[1:])
                except (ValueError, IndexError, KeyError) as e:
                    status, answer = WRONG, repr(e)
                client.sendall((json.dumps([status, answer]) + "\n").encode())
            except (OSError, ValueError):
                pass


def forward(path, request):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(path)
        sock.sendall((json.dumps(request) + "\n").encode())
        status, answer = json.loads(sock.makefile("r").readline())
    stream = sys.stderr if status == WRONG else sys.stdout
    if answer:
        print(answer, file=stream)
    return status


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=("pac", "pns"))
    parser.add_argument("--listen", required=True, metavar="ADDRESS")
    parser.add_argument("--control", required=True, metavar="SOCKET")
    parser.add_argument("--style", choices=sorted(STYLES), default="mild")
    parser.add_argument("--time-scale", type=float, default=1.0)
    parser.add_argument("--mutant", choices=sorted(mutants.names()))
    parser.add_argument("--seed", type=int)
    return parser.parse_args()


def main():
    if sys.argv[1:2] == ["hook"]:
        sys.exit(forward(sys.argv[2], sys.argv[3:]))
    if sys.argv[1:2] == ["mutants"]:
        print("\n".join(mutants.names(sys.argv[2] if len(sys.argv) > 2 else None)))
        return
    arguments = options()
    random.seed(arguments.seed)
    mutants.choose(arguments.mutant)
    device = Device(arguments.role, arguments.listen, STYLES[arguments.style](), arguments.time_scale)
    hooks = Hooks(device, arguments.control)
    signal.signal(signal.SIGTERM, lambda *_: setattr(device.loop, "running", False))
    print("ready", flush=True)
    device.loop.run()
    os.unlink(hooks.path)


main()
