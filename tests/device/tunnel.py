# SPDX-License-Identifier: GPL-2.0-or-later
"""The data of a call: numbers, acknowledgments, window and time-outs after RFC 2637 sections 4.1 to 4.4."""
import collections
import os

import mutants
import wire
from mutants import bad

MIN_TIMEOUT = 0.2
HOLD = 0.1      # seconds that a packet waits for one before it, where the style reorders
MRU = 1400      # no more is ever sent, whatever the peer would take
BACKLOG = 256   # PPP packets that wait for the window


class Traffic:
    """PPP packets by the hook: so many (0: without end) of so many octets, so many a second (0: all the window takes)."""

    def __init__(self, packets, size, rate, now):
        self.left = packets if packets else float("inf")
        self.size, self.rate, self.due = size, rate, now

    def next(self, now):
        """A packet that is due, or None."""
        if self.left <= 0 or self.rate and now < self.due:
            return None
        self.left -= 1
        self.due = max(self.due + 1 / self.rate, now - 1) if self.rate else now
        packet = b"\xff\x03\x00\x21\x45\x00" + os.urandom(max(self.size, 6))
        return packet[:self.size]


class Session:
    def __init__(self, call, peer_window, delay):
        self.call, self.device = call, call.device
        self.loop = self.device.loop
        self.maximum = max(peer_window, 1)
        self.window = (self.maximum + 1) // 2
        if bad("window-starts-full"):
            self.window = self.maximum
        self.rtt, self.deviation = delay / 10, 0.0
        self.timeout = self.bounded(self.rtt)
        self.next = mutants.value("gre-start", 0)
        self.flight = collections.OrderedDict()  # number: when it was sent
        self.acked = None
        self.digested = 0
        self.queue = collections.deque()
        self.traffic = None
        self.ato = self.tick = self.ack_timer = self.hold_timer = None
        self.expected, self.highest = 0, None
        self.ack_sent = None
        self.held = {}
        self.discards = 0
        self.alive = True
        self.received = 0

    def stop(self):
        if bad("traffic-goes-on") and self.traffic:
            return
        self.alive = False
        for timer in (self.ato, self.tick, self.ack_timer, self.hold_timer):
            self.loop.cancel(timer)

    def bounded(self, seconds):
        return max(MIN_TIMEOUT, min(seconds, self.device.config["max_timeout"]))

    # --- sending

    def send(self, ppp):
        if self.alive and len(self.queue) < BACKLOG:
            self.queue.append(ppp)
            self.pump()

    def start_traffic(self, packets, size, rate):
        if size > MRU and not bad("mru-ignored"):
            size = MRU
        self.traffic = Traffic(packets, size, rate, self.loop.now())
        self.pump()

    def pump(self):
        """Sends what the window lets; one turn is bounded, so that the rest of the device goes on."""
        sent = 0
        self.loop.cancel(self.tick)
        self.tick = None
        while self.alive and (len(self.flight) < self.window or bad("window-ignored") and len(self.flight) < 400):
            now = self.loop.now()
            ppp = self.queue.popleft() if self.queue else self.traffic and self.traffic.next(now)
            if ppp is None:
                break
            self.transmit(ppp, now)
            sent += 1
            if sent == 64:
                self.tick = self.loop.later(0, self.pump)
                return
        if self.traffic and self.traffic.left > 0 and self.traffic.rate:
            self.tick = self.loop.later(max(self.traffic.due - self.loop.now(), 0.001), self.pump)

    def transmit(self, ppp, now):
        number = self.next
        self.next = (number + mutants.step(number)) & 0xFFFFFFFF
        if not self.flight:
            self.arm()
        self.flight[number] = now
        ack = self.take_ack()
        if bad("gre-ack-without-receiving") and ack is None:
            ack = 0
        self.put(ppp, number, ack)
        if bad("gre-sends-twice") and number % 5 == 4:
            self.put(ppp, number, ack)

    def put(self, ppp=None, number=None, ack=None):
        call_id = self.call.peer_id
        if bad("gre-key-own"):
            call_id = self.call.own_id
        elif bad("gre-key-first") and self.call.conn.calls:
            call_id = next(iter(self.call.conn.calls.values())).peer_id
        if ack is not None:
            ack += mutants.value("gre-ack-offset", 0)
            if bad("gre-ack-counts"):
                ack = self.received - 1
        self.device.send_gre(self.call.conn.peer, wire.gre(call_id, ppp, number, ack))

    def arm(self):
        self.loop.cancel(self.ato)
        self.ato = self.loop.later(self.timeout, self.expire) if not bad("ato-never") else None

    def expire(self):
        self.ato = None
        if not self.flight or not self.alive:
            return
        if bad("gre-retransmits"):
            for number in list(self.flight)[:1]:
                self.put(b"\xff\x03\x00\x21again", number, None)
        self.flight.clear()
        if not bad("window-never-closes"):
            self.window = 1 if bad("window-closes-to-one") else (self.window + 1) // 2
        self.digested = 0
        if not bad("ato-no-backoff"):
            self.rtt = 2 * max(self.rtt, MIN_TIMEOUT)
            if bad("ato-no-limit"):
                self.timeout = self.rtt + 4 * self.deviation
            else:
                self.timeout = self.bounded(self.rtt + 4 * self.deviation)
                self.rtt = min(self.rtt, 2 * self.device.config["max_timeout"])
        self.pump()

    def acknowledged(self, number):
        if wire.difference(number, self.next) >= 0 or self.acked is not None and wire.difference(number, self.acked) <= 0:
            return
        if bad("ack-for-one-only") and number in self.flight:
            del self.flight[number]
            self.acked = number
            self.pump()
            return
        self.acked = number
        sent = self.flight.get(number)
        for each in [n for n in self.flight if wire.difference(n, number) <= 0]:
            del self.flight[each]
            self.digested += 1
        if sent is not None and not bad("ato-no-adaption"):
            self.sample(self.loop.now() - sent)
        if self.digested >= self.window:
            self.digested = 0
            if (self.window < self.maximum or bad("window-no-cap")) and not bad("window-never-opens"):
                self.window += 1
        if self.flight:
            self.arm()
        else:
            self.loop.cancel(self.ato)
            self.ato = None
        self.pump()

    def sample(self, seconds):
        difference = seconds - self.rtt
        self.deviation += (abs(difference) - self.deviation) / 4
        self.rtt += difference / 8
        self.timeout = self.bounded(self.rtt + 4 * self.deviation)

    # --- receiving

    def receive(self, packet):
        if packet.ack is not None:
            self.acknowledged(packet.ack)
        if packet.seq is None or not self.alive:
            return
        self.received += 1
        number = packet.seq
        ahead = wire.difference(number, self.expected)
        if bad("late-delivered") and ahead < 0 and number != self.highest or \
                bad("duplicates-delivered") and number == self.highest:
            self.call.deliver(packet.payload)
            return
        if ahead < 0 or number in self.held:
            self.discards += 1
            self.device.log("tunnel packet %d of call %d discarded: late or twice (%d so far)" %
                            (number, self.call.own_id, self.discards))
            if bad("ack-goes-back"):
                self.put(ack=number)
            return
        if bad("holes-stop-it") and ahead > 0:
            return
        if bad("gap-limit") and ahead > 300:
            return
        if ahead == 0 or not self.device.style.reorders or ahead > 32:
            if ahead:
                self.release()
            self.accept(number, packet.payload)
            self.drain()
        else:
            self.held[number] = packet.payload
            if not self.hold_timer:
                self.hold_timer = self.loop.later(HOLD, self.release)

    def accept(self, number, payload):
        self.highest = number
        self.expected = (number + 1) & 0xFFFFFFFF
        self.owe_ack()
        self.call.deliver(payload)

    def drain(self):
        while self.expected in self.held:
            self.accept(self.expected, self.held.pop(self.expected))
        if not self.held:
            self.loop.cancel(self.hold_timer)
            self.hold_timer = None

    def release(self):
        """What was held is delivered in order, whatever is missing."""
        self.hold_timer = None
        held, self.held = sorted(self.held.items(), key=lambda item: wire.difference(item[0], self.expected)), {}
        for number, payload in held:
            self.accept(number, payload)

    def owe_ack(self):
        if bad("no-acks"):
            return
        if bad("acks-every-third") and self.received % 3:
            return
        delay = mutants.value("ack-late", self.device.style.ack_delay)
        if not delay:
            self.ack_now()
        elif not self.ack_timer:
            self.ack_timer = self.loop.later(delay, self.ack_now)

    def ack_now(self):
        self.loop.cancel(self.ack_timer)
        self.ack_timer = None
        if bad("acks-only-riding") or not self.alive:
            return
        self.ack_sent = self.highest
        if bad("ack-has-number"):
            self.put(b"", self.next, self.highest)
            self.next += 1
        elif bad("ack-has-octets"):
            self.put(b"\xff\x03", None, self.highest)
        else:
            if bad("ack-counts-as-data"):
                self.next += 1
            self.put(ack=self.highest)

    def take_ack(self):
        """The acknowledgment that rides on a data packet."""
        if self.highest is None or bad("no-acks") or bad("acks-every-third"):
            return None
        if self.ack_sent == self.highest and not self.device.style.ack_always:
            return None
        if self.ack_timer and not bad("ack-late"):
            self.loop.cancel(self.ack_timer)
            self.ack_timer = None
        self.ack_sent = self.highest
        return self.highest
