# SPDX-License-Identifier: GPL-2.0-or-later
"""As much of PPP as a peer needs to be believed: LCP after RFC 1661, and HDLC on a telephone line after RFC 1662."""
import os
import struct

import mutants

LCP = 0xC021
REQUEST, ACK, NAK, REJECT, TERMINATE, TERMINATED, CODE_REJECT, PROTOCOL_REJECT, ECHO, ECHOED, DISCARD = range(1, 12)
KNOWN = {1: 4, 2: 6, 5: 6, 7: 2, 8: 2}  # options with their lengths: MRU, ACCM, magic, PFC, ACFC
RETRY = 3.0
ACCM = 0x000A0000


class Lcp:
    """One end of LCP.  owner has send_ppp(octets), later(seconds, call) and lcp_up()."""

    def __init__(self, owner, speaks_first, address_control, negotiates):
        self.owner, self.address_control, self.negotiates = owner, address_control, negotiates
        self.speaks_first = speaks_first
        self.magic = os.urandom(4)
        self.identifier = 0
        self.asked = self.acked = self.granted = False
        self.tries = 0
        self.dead = False

    def start(self):
        if self.speaks_first:
            self.ask()

    def stop(self):
        self.dead = True

    def is_open(self):
        return self.acked and self.granted

    def put(self, protocol, octets):
        head = b"\xff\x03" if self.address_control else b""
        self.owner.send_ppp(head + struct.pack(">H", protocol) + octets)

    def packet(self, code, identifier, data=b""):
        self.put(LCP, struct.pack(">BBH", code, identifier & 0xFF, 4 + len(data)) + data)

    def ask(self):
        self.asked, self.acked = True, False
        self.identifier += 1
        self.packet(REQUEST, self.identifier, b"\x02\x06" + struct.pack(">I", ACCM) + b"\x05\x06" + self.magic)
        self.tries += 1
        self.owner.later(RETRY, self.again, self.identifier)

    def again(self, identifier):
        if not self.dead and not self.acked and identifier == self.identifier and self.tries < 10:
            self.ask()

    def take(self, octets):
        """A PPP packet from the peer."""
        if octets[:2] == b"\xff\x03":
            octets = octets[2:]
        if len(octets) < 2 or self.dead:
            return
        protocol = struct.unpack(">H", octets[:2])[0]
        if protocol != LCP:
            if self.is_open() and protocol & 0x8000:
                self.identifier += 1
                self.packet(PROTOCOL_REJECT, self.identifier, octets[:1400])
            return
        if len(octets) < 6:
            return
        code, identifier, length = struct.unpack(">BBH", octets[2:6])
        if 4 <= length <= len(octets) - 2:
            self.lcp(code, identifier, octets[6:2 + length])

    def lcp(self, code, identifier, data):
        if code == REQUEST:
            self.requested(identifier, data)
        elif code == ACK and identifier == self.identifier & 0xFF:
            self.acked = True
            self.settle()
        elif code in (NAK, REJECT) and self.asked and self.tries < 10:
            self.ask()
        elif code == TERMINATE:
            self.acked = self.granted = self.asked = False
            self.packet(TERMINATED, identifier)
        elif code == ECHO:
            if self.is_open() or not self.negotiates:
                self.packet(ECHOED, identifier, self.magic + data[4:])
        elif not 1 <= code <= DISCARD:
            self.identifier += 1
            self.packet(CODE_REJECT, self.identifier, struct.pack(">BBH", code, identifier, 4 + len(data)) + data)

    def requested(self, identifier, data):
        again = self.is_open()
        rest, refused = data, b""
        while len(rest) >= 2 and 2 <= rest[1] <= len(rest):
            if KNOWN.get(rest[0]) != rest[1]:
                refused += rest[:rest[1]]
            rest = rest[rest[1]:]
        if rest:
            return
        if again:
            self.acked = False
        if self.negotiates and (not self.asked or again):
            self.tries = 0
            self.ask()
        if refused:
            self.packet(REJECT, identifier, refused)
            return
        self.granted = True
        self.packet(ACK, identifier, data)
        self.settle()

    def settle(self):
        if self.is_open():
            self.owner.lcp_up()


def checksum(octets):
    value = 0xFFFF
    for octet in octets:
        value ^= octet
        for _ in range(8):
            value = value >> 1 ^ (0x8408 if value & 1 else 0)
    return struct.pack("<H", value ^ 0xFFFF)


def on_the_line(octets, accm):
    """A PPP packet as an asynchronous line carries it."""
    if octets[:2] != b"\xff\x03":
        octets = b"\xff\x03" + octets
    out = bytearray(b"\x7e")
    for octet in octets + checksum(octets):
        escaped = octet in (0x7D, 0x7E) or octet < 32 and accm >> octet & 1
        out += bytes((0x7D, octet ^ 0x20)) if escaped else bytes((octet,))
    return bytes(out + b"\x7e")
