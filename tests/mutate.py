#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Breaks one field of a clean conversation at a time: it is found, under the id of the field only.

All fields of all fifteen control messages and of the GRE header that some value makes wrong by
itself are broken, reserved octets and padding octet by octet, and the conversation goes on as
peers would that did not mind, or, where they must mind, ends.
"""
import os

import common
import judged

CLEAN = os.path.join(common.SRC, "traces", "clean")
SIZES = {"SCCRQ": 156, "SCCRP": 156, "STOPRQ": 16, "STOPRP": 16, "ECHORQ": 16, "ECHORP": 20, "OCRQ": 168,
         "OCRP": 32, "ICRQ": 220, "ICRP": 24, "ICCN": 28, "CCRQ": 16, "CDN": 148, "WEN": 40, "SLI": 24}
SHORTEST = 16

# Reserved octets besides Reserved0 at 10 and 11, which all have.
RESERVED = {"SCCRQ": {"RSVD1": (14, 15)}, "STOPRQ": {"RSVD1": (13,), "RSVD2": (14, 15)},
            "STOPRP": {"RSVD1": (14, 15)}, "ECHORP": {"RSVD1": (18, 19)}, "OCRQ": {"RSVD1": (38, 39)},
            "ICRP": {"RSVD1": (22, 23)}, "ICCN": {"RSVD1": (14, 15)}, "CCRQ": {"RSVD1": (14, 15)},
            "CDN": {"RSVD1": (18, 19)}, "WEN": {"RSVD1": (14, 15)}, "SLI": {"RSVD1": (14, 15)}}

GOES_ON = None  # how the conversation continues: as it is
REFUSED = "refused"  # ... no call came of it
CLOSES = "closes"  # ... the receiver of the message closes the connection
WAITS = "waits"  # ... the other side waits for the close that was refused, and closes then

# message: rows of offset, width, values that are wrong, id, how it goes on.
VALUES = {
    "SCCRQ": (
        (12, 2, (0x0200, 0x0101, 0x0110, 0xffff), "SCCRQ-VER-01", GOES_ON),
        (16, 4, (7, 0x103, 0x80000003, 0xffffffff), "SCCRQ-FRAMCAP-01", GOES_ON),
        (16, 4, (0,), "SCCRQ-FRAMCAP-02", REFUSED),
        (20, 4, (7, 0x103, 0x80000003, 0xffffffff), "SCCRQ-BEARCAP-01", GOES_ON)),
    "SCCRP": (
        (12, 2, (0x0200, 0x0101, 0xffff, 0), "SCCRP-VER-01", REFUSED),
        (12, 2, (1, 0xff), "MSG-VERSION-01", REFUSED),
        (14, 1, (0,), "SCCRP-RESULT-01", GOES_ON),
        (14, 1, (6, 7, 128, 255), "SCCRP-RESULT-01", CLOSES),
        (14, 2, (0x0101, 0x0104, 0x0106, 0x01ff), "SCCRP-ERR-01", GOES_ON),
        (14, 2, (0x0401, 0x0406), "SCCRP-ERR-01", CLOSES),
        (14, 2, (0x0200, 0x0207, 0x02ff), "SCCRP-ERR-02", CLOSES),
        (16, 4, (7, 0x103, 0x80000003, 0xffffffff), "SCCRP-FRAMCAP-01", GOES_ON),
        (16, 4, (0,), "SCCRP-FRAMCAP-02", REFUSED),
        (20, 4, (7, 0x103, 0x80000003, 0xffffffff), "SCCRP-BEARCAP-01", GOES_ON)),
    "STOPRQ": (
        (12, 1, (0, 4, 5, 128, 255), "STOPRQ-REASON-01", GOES_ON),
        (12, 1, (2,), "STOPRQ-REASON-02", GOES_ON)),
    "STOPRP": (
        (12, 1, (0, 3, 4, 128, 255), "STOPRP-RESULT-01", GOES_ON),
        (12, 2, (0x0101, 0x0106, 0x01ff), "STOPRP-ERR-01", GOES_ON),
        (12, 2, (0x0200, 0x0207, 0x02ff), "STOPRP-ERR-02", WAITS)),
    "ECHORP": (
        (12, 4, (0x7ffffff7,), "ECHORP-IDENT-01", GOES_ON),
        (16, 1, (0, 3, 4, 128, 255), "ECHORP-RESULT-01", GOES_ON),
        (16, 2, (0x0101, 0x0106, 0x01ff), "ECHORP-ERR-01", GOES_ON),
        (16, 2, (0x0200, 0x0207, 0x02ff), "ECHORP-ERR-02", GOES_ON)),
    "OCRQ": (
        (16, 4, (100000001, 0xffffffff), "OCRQ-BPS-01", GOES_ON),
        (16, 8, (0,), "OCRQ-BPS-02", GOES_ON),
        (24, 4, (0, 4, 7, 0x01000000, 0xffffffff), "OCRQ-BEARER-01", GOES_ON),
        (28, 4, (0, 4, 7, 0x01000000, 0xffffffff), "OCRQ-FRAMING-01", GOES_ON),
        (32, 2, (0,), "OCRQ-WINDOW-01", GOES_ON),
        (34, 2, (11, 600), "OCRQ-PPD-01", GOES_ON),
        (34, 2, (601, 65535), "ATO-PPD-01", GOES_ON),
        (36, 2, (65, 128, 255, 65535), "OCRQ-PHONELEN-01", GOES_ON),
        (36, 2, (0, 6, 8, 64), "OCRQ-PHONELEN-02", GOES_ON)),
    "OCRP": (
        (14, 2, (0x7777,), "OCRP-PEER-01", REFUSED),
        (16, 1, (0, 8, 9, 128, 255), "OCRP-RESULT-01", REFUSED),
        (16, 2, (0x0101, 0x0106, 0x01ff), "OCRP-ERR-01", GOES_ON),
        (16, 2, (0x0304, 0x0701), "OCRP-ERR-01", REFUSED),
        (16, 2, (0x0200, 0x0207, 0x02ff), "OCRP-ERR-02", REFUSED),
        (18, 2, (1, 16, 65535), "OCRP-CAUSE-01", GOES_ON),
        (20, 4, (0,), "OCRP-SPEED-02", GOES_ON),
        (20, 4, (1, 299, 100000001, 0xffffffff), "OCRP-SPEED-01", GOES_ON),
        (24, 2, (0,), "OCRP-WINDOW-01", GOES_ON),
        (26, 2, (601, 65535), "OCRP-PPD-01", GOES_ON)),
    "ICRQ": (
        (16, 4, (0, 3, 4, 0x01000000, 0xffffffff), "ICRQ-BEARER-01", GOES_ON),
        (24, 2, (65, 65535), "ICRQ-DIALEDLEN-01", GOES_ON),
        (24, 2, (0, 6, 8, 64), "ICRQ-DIALEDLEN-02", GOES_ON),
        (26, 2, (65, 65535), "ICRQ-DIALINGLEN-01", GOES_ON),
        (26, 2, (0, 6, 8, 64), "ICRQ-DIALINGLEN-02", GOES_ON)),
    "ICRP": (
        (14, 2, (0x7777,), "ICRP-PEER-01", REFUSED),
        (16, 1, (0, 4, 5, 128, 255), "ICRP-RESULT-01", REFUSED),
        (16, 2, (0x0101, 0x0106, 0x01ff), "ICRP-ERR-01", GOES_ON),
        (16, 2, (0x0304, 0x03ff), "ICRP-ERR-01", REFUSED),
        (16, 2, (0x0200, 0x0207, 0x02ff), "ICRP-ERR-02", REFUSED),
        (18, 2, (0,), "ICRP-WINDOW-01", GOES_ON),
        (20, 2, (11, 600), "ICRP-DELAY-01", GOES_ON),
        (20, 2, (601, 65535), "ATO-PPD-01", GOES_ON)),
    "ICCN": (
        (12, 2, (0x7777,), "ICCN-PEER-01", REFUSED),
        (16, 4, (0,), "ICCN-SPEED-01", GOES_ON),
        (20, 2, (0,), "ICCN-WINDOW-01", GOES_ON),
        (22, 2, (601, 65535), "ICCN-DELAY-01", GOES_ON),
        (24, 4, (0, 3, 4, 0x01000000, 0xffffffff), "ICCN-FRAMING-01", GOES_ON)),
    "CCRQ": (
        (12, 2, (0x7777,), "CCRQ-CALLID-01", GOES_ON),),
    "CDN": (
        (12, 2, (0x7777,), "CDN-CALLID-01", GOES_ON),
        (14, 1, (0, 5, 6, 128, 255), "CDN-RESULT-01", GOES_ON),
        (15, 1, (1, 6, 7, 255), "CDN-ERR-01", GOES_ON),
        (16, 2, (128, 255, 65535), "CDN-CAUSE-01", GOES_ON)),
    "WEN": (
        (12, 2, (0x7777,), "WEN-PEER-01", GOES_ON),),
    "SLI": (
        (12, 2, (0x7777,), "SLI-PEER-01", GOES_ON),),
}

# message: rows of offset, width, octets of text in the script, id for octets behind, id for octets
# within, and those that are wrong there.
OTHERS = (0x01, 0x1f, 0x7f, 0x80, 0xff)
TEXTS = {
    "SCCRQ": ((28, 64, len("pns.example"), "SCCRQ-HOST-01", "SCCRQ-HOST-02", OTHERS + (0x20, 0x2f, 0x40)),
              (92, 64, len("pptpscope"), "SCCRQ-VENDOR-01", "SCCRQ-VENDOR-02", OTHERS)),
    "SCCRP": ((28, 64, len("pns.example"), "SCCRP-HOST-01", "SCCRP-HOST-02", OTHERS + (0x20, 0x2f, 0x40)),
              (92, 64, len("pptpscope"), "SCCRP-VENDOR-01", "SCCRP-VENDOR-02", OTHERS)),
    "OCRQ": ((40, 64, 7, "OCRQ-PHONEPAD-01", "OCRQ-PHONEASCII-01", OTHERS),
             (104, 64, 0, "OCRQ-SUBADDR-01", None, ())),
    "ICRQ": ((28, 64, 7, "ICRQ-DIALEDPAD-01", "ICRQ-DIALEDASCII-01", OTHERS),
             (92, 64, 7, "ICRQ-DIALINGPAD-01", "ICRQ-DIALINGASCII-01", OTHERS),
             (156, 64, 0, "ICRQ-SUBADDR-01", None, ())),
    "CDN": ((20, 128, 0, "CDN-STATS-02", None, ()),),
}


# Then a frame has the same number, whatever happens before it.
STEADY = "acks each"


class Place:
    """A statement of a clean script, and the frame that comes of it."""

    def __init__(self, lines, at, frame):
        self.lines, self.at, self.frame = lines, at, frame
        self.line = lines[at]
        self.side, self.word = self.line.split()[:2]
        self.peer = "pac" if self.side == "pns" else "pns"

    def script(self, options, goes_on=GOES_ON):
        rest = self.lines[self.at + 1:]
        if goes_on == CLOSES:
            rest = ["%s fin" % self.peer, "%s fin" % self.side, "%s ack" % self.peer]
        elif goes_on == WAITS:
            rest = ["wait 61"] + rest
        elif goes_on == REFUSED:
            rest = self.lines[-5:]
        return "\n".join([STEADY] + self.lines[:self.at] + [self.line + " " + options] + rest) + "\n"


def places(name):
    """All statements of a clean script that send one message or GRE packet."""
    with open(os.path.join(CLEAN, name + ".trace"), encoding="utf-8") as f:
        text = f.read()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    path = os.path.join(judged.FOLDER, name + ".pcap")
    judged.make("\n".join([STEADY] + lines) + "\n", path)
    frames = [i["frame"] for i in common.lines(common.run("decode", "--format", "json", path).stdout)]
    sending = [k for k, line in enumerate(lines) if line.split()[1].isupper() or line.split()[1] == "gre"]
    if not common.ok(len(frames) == len(sending), "%s: each statement has its frame" % name):
        common.end()
    return [Place(lines, k, frame) for k, frame in zip(sending, frames)]


def laid(at, width, value):
    return "@%d=%0*x" % (at, 2 * width, value)


def case(place, what, script, wanted):
    return "%s %s, frame %d: %s" % (wanted, place.word, place.frame, what), script, wanted, place.frame


# --- the fields of a message --------------------------------------------------------------------

def reserved(place):
    rows = {"RSVD0": (10, 11)}
    rows.update(RESERVED.get(place.word, {}))
    for name, offsets in rows.items():
        for at in offsets:
            for value in (0x01, 0x80, 0xff):
                how = laid(at, 1, value)
                yield case(place, how, place.script(how), "%s-%s-01" % (place.word, name))


def values(place):
    for at, width, wrong, wanted, goes_on in VALUES.get(place.word, ()):
        for value in wrong:
            how = laid(at, width, value)
            yield case(place, how, place.script(how, goes_on), wanted)


def texts(place):
    for at, width, used, padding, content, wrong in TEXTS.get(place.word, ()):
        for k in range(used + 1, width):
            how = laid(at + k, 1, (0x41, 0xff)[k % 2])
            yield case(place, how, place.script(how), padding)
        for value in wrong:
            for k in (0, used // 2, used - 1):
                how = laid(at + k, 1, value)
                yield case(place, how, place.script(how), content)


def header(place):
    """The receiver has to close the connection."""
    first = place.word == "SCCRQ"
    for value in (0, 2, 3, 255, 256, 0xffff):
        how = laid(2, 2, value)
        swapped = first or (place.word == "SCCRP" and value == 256)
        yield case(place, how, place.script(how, CLOSES),
                   "MSG-ORDER-01" if swapped and value == 256 else "MSG-TYPE-01")
    for at in (4, 5, 6, 7):
        for value in (0, 0x9c, 0xff):
            how = laid(at, 1, value)
            yield case(place, how, place.script(how, CLOSES), "MSG-COOKIE-01")
    for value in (0, 0xffffffff, 0x1a2b3c4e):
        how = laid(4, 4, value)
        yield case(place, how, place.script(how, CLOSES), "MSG-COOKIE-01")
    for value in (0, 16, 17, 255, 0xffff):
        how = laid(8, 2, value)
        yield case(place, how, place.script(how, CLOSES), "MSG-CMT-01")


def lengths(place):
    right = SIZES[place.word]
    own = place.word + "-LEN-01"
    near = {right - 4, right - 1, right + 1, right + 4}
    for value in sorted(({0, 1, 8, 11, 12, 15, 16, 20, 24, 220, 221, 1024} | near) - {right}):
        how = "length=%d" % value
        yield case(place, how, place.script(how, CLOSES), own if value >= SHORTEST else "MSG-HDR-01")
    for more in (1, 2, 4, 60):
        how = "length=%d add=00*%d" % (right + more, more)
        yield case(place, how, place.script(how, CLOSES), own)
    for less in (1, 4, 12):
        if right - less >= SHORTEST:
            how = "length=%d cut=%d" % (right - less, right - less)
            yield case(place, how, place.script(how, CLOSES), own)


def contradicted(place):
    """The next message in the segment tells where this one really ends."""
    if place.word in ("SCCRQ", "SCCRP", "STOPRQ", "STOPRP"):
        return
    right = SIZES[place.word]
    for value in (16, 20, right - 4, right + 4, right + 16, 500):
        if value == right or value < SHORTEST:
            continue
        script = place.script("length=%d" % value, CLOSES)
        broken = place.line + " length=%d" % value
        before = "" if place.word == "ECHORQ" else "wait 61; "
        script = script.replace(broken, before + "coalesce { %s; %s ECHORQ }" % (broken, place.side))
        yield case(place, "length=%d, contradicted" % value, script, "MSG-LEN-02")


# --- the fields of a tunnel packet --------------------------------------------------------------

# Of a packet that a receiver may take all the same, and one that nobody can.
GRE_TAKEN = (
    ("ssr=1", "GRE-SSR-01"), ("recur=1", "GRE-RECUR-01"), ("recur=2", "GRE-RECUR-01"),
    ("recur=4", "GRE-RECUR-01"), ("recur=7", "GRE-RECUR-01"), ("flags=1", "GRE-FLAGS-01"),
    ("flags=2", "GRE-FLAGS-01"), ("flags=4", "GRE-FLAGS-01"), ("flags=8", "GRE-FLAGS-01"),
    ("flags=15", "GRE-FLAGS-01"),
)
GRE = (
    ("c=1", "GRE-C-01"), ("r=1", "GRE-R-01"), ("k=0", "GRE-K-01"), ("ver=0", "GRE-VER-01"),
    ("ver=2", "GRE-VER-01"), ("ver=3", "GRE-VER-01"), ("ver=7", "GRE-VER-01"),
    ("protocol_type=0", "GRE-PTYPE-01"), ("protocol_type=0x0800", "GRE-PTYPE-01"),
    ("protocol_type=0x880a", "GRE-PTYPE-01"),
    ("protocol_type=0x0b88", "GRE-PTYPE-01"), ("cut=6", "GRE-HDR-01"), ("cut=7", "GRE-HDR-01"),
    ("cut=10", "GRE-HDR-01"), ("call_id=0x7777", "GRE-CALLID-01"),
)
GRE_DATA = (
    ("s=0", "GRE-S-01"), ("seq=none", "GRE-S-01"), ("empty", "GRE-S-01"),
    ("seq=none empty ack=none", "GRE-EMPTY-01"), ("payload_length=1", "GRE-PLEN-01"),
    ("payload_length=0xffff", "GRE-PLEN-01"), ("pad=1", "GRE-PLEN-01"),
    ("pad=8", "GRE-PLEN-01"), ("size=1533", "GRE-MTU-01"), ("size=4000", "GRE-MTU-01"),
)
GRE_ACK = (("payload_length=1", "GRE-PLEN-02"), ("payload_length=0xffff", "GRE-PLEN-02"), ("a=0", "GRE-A-01"))


def tunnel(place):
    rows = GRE
    if "ackonly" in place.line:
        rows += GRE_ACK
    elif "ppp=" not in place.line:
        rows += GRE_DATA
        rows += (("a=0", "GRE-A-01"),) if " ack" in place.line else (("a=1", "GRE-A-01"),)
    for how, wanted in GRE_TAKEN:
        yield case(place, how, place.script(how), wanted)
    for how, wanted in GRE_TAKEN + rows:
        yield case(place, how + " drop", place.script(how + " drop"), wanted)


def cases():
    for name in ("outgoing", "incoming"):
        for place in places(name):
            if place.word == "gre":
                yield from tunnel(place)
                continue
            for kind in (reserved, values, texts, header, lengths, contradicted):
                yield from kind(place)


# --- what is found ------------------------------------------------------------------------------

def check(one):
    _, script, wanted, frame = one
    out = judged.audit(script)
    found = [f for f in out.findings if f["id"] == wanted]
    wrong = ["not expected: " + judged.words(f) for f in out.findings if f["id"] != wanted]
    if len(found) != 1:
        return wrong + ["found %d times" % len(found)]
    if found[0]["frame"] != frame or "sender" not in out.side(found[0]) or found[0]["count"] != 1:
        wrong.append("not where it is: " + judged.words(found[0]))
    return wrong


def main():
    judged.check_all(check, list(cases()))
    common.end()


if __name__ == "__main__":
    main()
