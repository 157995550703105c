# SPDX-License-Identifier: GPL-2.0-or-later
"""Control messages and tunnel packets in octets, after RFC 2637 sections 2 and 4.1."""
import collections
import struct

import mutants

COOKIE = 0x1A2B3C4D
VERSION = 0x0100
SIZES = {"B": 1, "H": 2, "I": 4}
START = "framing:I bearer:I channels:H firmware:H host:64s vendor:64s"
LAYOUTS = (
    ("SCCRQ", "version:H reserved1:H " + START),
    ("SCCRP", "version:H result:B error:B " + START),
    ("STOPRQ", "reason:B reserved1:B reserved2:H"),
    ("STOPRP", "result:B error:B reserved1:H"),
    ("ECHORQ", "identifier:I"),
    ("ECHORP", "identifier:I result:B error:B reserved1:H"),
    ("OCRQ", "call_id:H serial:H min_bps:I max_bps:I bearer:I framing:I window:H delay:H number_length:H reserved1:H"
             " number:64s subaddress:64s"),
    ("OCRP", "call_id:H peer:H result:B error:B cause:H speed:I window:H delay:H channel:I"),
    ("ICRQ", "call_id:H serial:H bearer:I channel:I dialed_length:H dialing_length:H dialed:64s dialing:64s"
             " subaddress:64s"),
    ("ICRP", "call_id:H peer:H result:B error:B window:H delay:H reserved1:H"),
    ("ICCN", "peer:H reserved1:H speed:I window:H delay:H framing:I"),
    ("CCRQ", "call_id:H reserved1:H"),
    ("CDN", "call_id:H result:B error:B cause:H reserved1:H statistics:128s"),
    ("WEN", "peer:H reserved1:H crc:I framing:I hardware:I buffer:I timeout:I alignment:I"),
    ("SLI", "peer:H reserved1:H send_accm:I receive_accm:I"),
)


class Layout:
    def __init__(self, number, name, text):
        self.number, self.name = number, name
        pairs = [pair.split(":") for pair in text.split()]
        self.fields = [field for field, _ in pairs]
        self.format = struct.Struct(">" + "".join(kind for _, kind in pairs))
        self.texts = {field for field, kind in pairs if kind.endswith("s")}
        self.length = 12 + self.format.size


BY_NAME = {name: Layout(i + 1, name, text) for i, (name, text) in enumerate(LAYOUTS)}
BY_NUMBER = {layout.number: layout for layout in BY_NAME.values()}
Message = collections.namedtuple("Message", "name fields reserved0 length")


def encode(name, **values):
    """A message in octets; what is not given is zero."""
    layout = BY_NAME[name]
    head = {"length": layout.length, "message_type": 1, "cookie": COOKIE, "type": layout.number, "reserved0": 0}
    fields = {f: values.pop(f, b"" if f in layout.texts else 0) for f in layout.fields}
    assert not values, values
    surplus = mutants.spoil(name, head, fields)
    octets = struct.pack(">HHIHH", head["length"], head["message_type"], head["cookie"], head["type"],
                         head["reserved0"]) + layout.format.pack(*[fields[f] for f in layout.fields])
    return octets + bytes(surplus) if surplus >= 0 else octets[:surplus]


def decode(layout, octets):
    """Octets may be fewer or more than the layout has: a wrong Length shows in the message."""
    length, _, _, _, reserved0 = struct.unpack(">HHIHH", octets[:12])
    body = octets[12:layout.length].ljust(layout.length - 12, b"\0")
    return Message(layout.name, dict(zip(layout.fields, layout.format.unpack(body))), reserved0, length)


# --- GRE ------------------------------------------------------------------------------------------------

Packet = collections.namedtuple("Packet", "call_id seq ack payload")


def gre(call_id, payload=None, seq=None, ack=None):
    flags = 0x2001 | (0x1000 if seq is not None else 0) | (0x0080 if ack is not None else 0)
    head = {"flags": flags, "protocol": 0x880B, "length": len(payload or b""), "call_id": call_id}
    mutants.spoil_gre(head)
    out = struct.pack(">HHHH", head["flags"], head["protocol"], head["length"], head["call_id"])
    if seq is not None:
        out += struct.pack(">I", seq & 0xFFFFFFFF)
    if ack is not None:
        out += struct.pack(">I", ack & 0xFFFFFFFF)
    return out + (payload or b"") + mutants.gre_tail(seq)


def gre_parse(octets, shortens):
    """A Packet, or None for what is not valid.  shortens: octets after the payload are cut off, not refused."""
    if len(octets) < 8:
        return None
    flags, protocol, length, call_id = struct.unpack(">HHHH", octets[:8])
    if mutants.bad("gre-any-header"):
        flags &= 0x3087
        flags = flags & 0x1080 | 0x2001
    if flags & ~0x1080 != 0x2001 or protocol != 0x880B and not mutants.bad("gre-any-protocol"):
        return None
    at, seq, ack = 8, None, None
    if flags & 0x1000:
        if len(octets) < at + 4:
            return None
        seq, at = struct.unpack(">I", octets[at:at + 4])[0], at + 4
    if flags & 0x0080:
        if len(octets) < at + 4:
            return None
        ack, at = struct.unpack(">I", octets[at:at + 4])[0], at + 4
    rest = octets[at:]
    if mutants.bad("gre-length-ignored"):
        length = len(rest)
    if length > len(rest) or length < len(rest) and not shortens or seq is None and (length or ack is None):
        return None
    return Packet(call_id, seq, ack, rest[:length])


def difference(a, b):
    """a - b of numbers that wrap."""
    return ((a - b + 0x80000000) & 0xFFFFFFFF) - 0x80000000
