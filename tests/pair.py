#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Two captures of the same calls: what audit --pair says came between them.

Recordings from both sides of a router are held to what was done to them there; a recording and
a copy of it that was rewritten here, octet by octet, to what was rewritten.
"""
import gzip
import os
import random
import struct

import common

FIRST, SECOND = 0, 1
ETHERNET = 14


def pair(first, second, *options, status=0):
    done = common.run("audit", "--pair", "--format", "json", *options, first, second)
    what = "pair of %s and %s" % (os.path.basename(first), os.path.basename(second))
    common.ok(done.returncode == status, "%s ends with status %d" % (what, status), done.returncode, done.stderr)
    try:
        return common.parse(done.stdout)
    except ValueError as e:
        common.ok(False, what + " is JSON", e)
        return None


def recording(name):
    for path in common.captured():
        if os.path.basename(path) in (name + ".pcap", name + ".pcap.gz"):
            return path
    raise SystemExit("Bail out! no recording " + name)


def same(what, expected, actual):
    wrong = ["%s: expected %r, got %r" % (k, v, actual.get(k)) for k, v in expected.items() if actual.get(k) != v]
    common.ok(not wrong, what, *wrong)


# --- recordings ------------------------------------------------------------------------------------


def counts(packets, data):
    return {"packets": packets, "data": data}


NONE = counts(0, 0)


def check_path(name, sides, pns_to_pac, pac_to_pns):
    """A path that did to each direction what the two dictionaries say, and to nothing else anything."""
    report = pair(*(recording(name + "." + side) for side in sides))
    if report is None or len(report["calls"]) != 1 or len(report["connections"]) != 1:
        common.ok(False, name + " has one call in both", report and report["summary"])
        return
    call = report["calls"][0]
    same(name + " is matched for certain", {"certain": True, "connection": 1}, call)
    for key, first, facts in (("pns_to_pac", FIRST, pns_to_pac), ("pac_to_pns", SECOND, pac_to_pns)):
        expected = {"passes_first": first, "dropped": NONE, "appeared": NONE, "duplicated": NONE, "reordered": NONE,
                    "outside": [0, 0]}
        expected.update(facts)
        same("%s: %s" % (name, key), expected, call[key])
    for key in ("pns_to_pac", "pac_to_pns"):
        delay = call[key]["delay_seconds"]
        common.ok(0 <= delay["min"] <= delay["mean"] <= delay["max"], "%s: %s takes time" % (name, key), delay)
    clock = report["clock"]
    common.ok(clock["estimated"] and abs(clock["offset_seconds"]) <= clock["uncertainty_seconds"] + 0.0001,
              name + ": one clock wrote both files, and the estimate says so", clock)


def check_paths():
    both = ("clientside", "serverside")
    check_path("r-loss", both,
               {"packets": [343, 327], "data_packets": [312, 299], "dropped": counts(16, 13), "matched": 327},
               {"packets": [288, 301], "data_packets": [287, 300], "dropped": counts(13, 13), "matched": 288})
    check_path("r-accel-loss", both,
               {"packets": [320, 313], "dropped": counts(7, 7)}, {"packets": [303, 307], "dropped": counts(4, 4)})
    check_path("r-reorder", both,
               {"packets": [385, 385], "reordered": counts(75, 64)},
               {"packets": [315, 315], "reordered": counts(45, 45)})
    check_path("r-duplicate", both,
               {"packets": [325, 342], "duplicated": counts(17, 16)},
               {"packets": [337, 315], "duplicated": counts(22, 22)})
    ttl = [{"min": 64, "max": 64}, {"min": 63, "max": 63}]
    check_path("r-frag-router", ("client", "server"),
               {"packets": [32, 32], "data_packets": [25, 25], "ttl": ttl},
               {"packets": [28, 28], "data_packets": [25, 25], "ttl": ttl[::-1]})


def check_helper():
    """The helper of Linux puts the client's TCP port in place of its Call ID."""
    for name, own, other, port in (("inside1", 27269, 0, 53410), ("inside2", 64253, 128, 39958)):
        report = pair(recording("p-nat-helper-two." + name), recording("p-nat-helper-two.outside"))
        what = "p-nat-helper-two." + name
        same(what, {"connections": 1, "calls": 1, "connections_unmatched": [0, 1], "calls_unmatched": [0, 1],
                    "packets_matched": 60, "packets_dropped": 0, "packets_appeared": 0, "packets_changed": 0},
             report["summary"])
        connection, call = report["connections"][0], report["calls"][0]
        client = "10.77.%d.2" % (11 if name == "inside1" else 12)
        same(what + ": both ends", {
            "certain": True,
            "originator": [{"address": client, "port": port}, {"address": "10.77.20.1", "port": port}],
            "receiver": [{"address": "10.77.20.2", "port": 1723}] * 2,
            "messages_unmatched": [0, 0]}, connection)
        changes = sorted((c["message"], c["field"], c["kind"], tuple(c["values"]), c["count"])
                         for c in connection["changes"])
        ids = (own, port)
        common.ok(changes == [("Call-Clear-Request", "call_id", "call-id", ids, 1),
                              ("Outgoing-Call-Reply", "peer_call_id", "call-id", ids, 1),
                              ("Outgoing-Call-Request", "call_id", "call-id", ids, 1)],
                  what + ": the fields that were changed", *changes)
        same(what + ": the call", {"certain": True, "pns_call_id": [own, port], "pac_call_id": [other, other],
                                   "pns": [client, "10.77.20.1"], "order_known_by": "ttl"}, call)
        same(what + ": GRE to the PNS", {"passes_first": SECOND, "packets": [31, 31], "call_id": [own, port]},
             call["pac_to_pns"])
        common.ok(call["pac_to_pns"]["changed"]["call_id"] == 31, what + ": the Call ID of all of it was changed")
        same(what + ": GRE to the PAC", {"passes_first": FIRST, "packets": [29, 29], "call_id": [other, other]},
             call["pns_to_pac"])
        common.ok("nat-call-id-mangled" in call["diagnosis"][SECOND] and
                  "nat-call-id-mangled" not in call["diagnosis"][FIRST], what + ": seen outside only",
                  call["diagnosis"])


def check_no_helper():
    for name in ("inside1", "inside2"):
        report = pair(recording("p-nat-nohelper-two." + name), recording("p-nat-nohelper-two.outside"))
        what = "p-nat-nohelper-two." + name
        same(what, {"connections": 1, "calls": 1, "connections_unmatched": [0, 1], "field_changes": 0},
             report["summary"])
        call = report["calls"][0]
        same(what + ": GRE to the PAC comes through", {"packets": [2, 2], "dropped": NONE}, call["pns_to_pac"])
        same(what + ": GRE to the PNS does not",
             {"passes_first": SECOND, "packets": [0, 1], "dropped": counts(1, 1), "matched": 0}, call["pac_to_pns"])
        common.ok(call["diagnosis"] == [["gre-blocked-to-pns"], ["gre-unreachable"]], what + ": what each side sees",
                  call["diagnosis"])


# --- rewritten copies ------------------------------------------------------------------------------


class Copy:
    """A recording (little-endian pcap of Ethernet frames with IPv4) to be changed and written."""

    def __init__(self, path):
        with (gzip.open if path.endswith(".gz") else open)(path, "rb") as f:
            data = f.read()
        self.head, self.frames, at = data[:24], [], 24
        while at < len(data):
            seconds, micros, caplen, length = struct.unpack_from("<IIII", data, at)
            self.frames.append([seconds * 1000000 + micros, bytearray(data[at + 16:at + 16 + caplen]), length])
            at += 16 + caplen

    def gre(self, source=None):
        """Frames with GRE, and where it begins in them."""
        for frame in self.frames:
            octets = frame[1]
            if octets[12:14] == b"\x08\x00" and octets[ETHERNET + 9] == 47 and \
                    (source is None or octets[ETHERNET + 12:ETHERNET + 16] == bytes(map(int, source.split(".")))):
                yield frame, ETHERNET + 4 * (octets[ETHERNET] & 15)

    def messages(self):
        """Segments that begin with a control message, and where it begins."""
        for frame in self.frames:
            octets = frame[1]
            if octets[12:14] == b"\x08\x00" and octets[ETHERNET + 9] == 6:
                tcp = ETHERNET + 4 * (octets[ETHERNET] & 15)
                at = tcp + 4 * (octets[tcp + 12] >> 4)
                if octets[at + 4:at + 8] == b"\x1a\x2b\x3c\x4d":
                    yield frame, at

    def write(self, folder, name):
        path = os.path.join(folder, name)
        with open(path, "wb") as f:
            f.write(self.head)
            for time, octets, length in self.frames:
                f.write(struct.pack("<IIII", time // 1000000, time % 1000000, len(octets), length) + octets)
        return path


def mend(octets):
    """Makes the TCP checksum right."""
    tcp = ETHERNET + 4 * (octets[ETHERNET] & 15)
    end = ETHERNET + struct.unpack_from(">H", octets, ETHERNET + 2)[0]
    octets[tcp + 16:tcp + 18] = b"\0\0"
    covered = octets[ETHERNET + 12:ETHERNET + 20] + struct.pack(">HH", 6, end - tcp) + octets[tcp:end]
    covered += bytes(len(covered) % 2)
    total = sum(struct.unpack(">%dH" % (len(covered) // 2), covered))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    octets[tcp + 16:tcp + 18] = struct.pack(">H", ~total & 0xffff)


CLIENT, SERVER = "10.77.13.2", "10.77.21.2"


def shifted(source, seconds, delay):
    """As seen behind a path: another clock, a hop on, the server's side later for what the client sends."""
    copy = Copy(source)
    for frame in copy.frames:
        octets = frame[1]
        client = octets[ETHERNET + 12:ETHERNET + 16] == bytes(map(int, CLIENT.split(".")))
        frame[0] += seconds * 1000000 + (delay if client else -delay)
        octets[ETHERNET + 8] += -1 if client else 1
    copy.frames.sort(key=lambda f: f[0])
    return copy


def check_clock(source, folder):
    for seconds in (-3600, 0, 5):
        report = pair(source, shifted(source, seconds, 2000).write(folder, "clock%d.pcap" % seconds))
        clock, call = report["clock"], report["calls"][0]
        common.ok(abs(clock["offset_seconds"] - seconds) < 0.0005, "a clock %d s away is found" % seconds, clock)
        common.ok(abs(clock["uncertainty_seconds"] - 0.002) < 0.0005, "... to half of the way there and back", clock)
        for key, first in (("pns_to_pac", FIRST), ("pac_to_pns", SECOND)):
            delay = call[key]["delay_seconds"]
            same("... %s" % key, {"passes_first": first, "dropped": NONE, "reordered": NONE}, call[key])
            common.ok(abs(delay["mean"] - 0.002) < 0.0005, "... and the delay", delay)


def check_mangled(source, folder):
    copy = shifted(source, 0, 1000)
    to_pac = [f for f in copy.gre(CLIENT)]
    data = [(f, at) for f, at in to_pac if f[1][at] & 0x10 and f[2] > at + 60]
    data[3][0][1][data[3][1] + 30] ^= 0x55          # an octet of a payload
    data[4][0][1][data[4][1] + 1] |= 0x08           # a reserved bit
    acknowledged = [(f, at) for f, at in data if f[1][at + 1] & 0x80]
    frame, at = acknowledged[-1]
    frame[1][at + 15] ^= 1                          # an acknowledgment number
    dropped = [copy.frames.index(data[k][0]) + 1 for k in (6, 7)]
    for k in (6, 7):
        copy.frames.remove(data[k][0])
    report = pair(source, copy.write(folder, "mangled.pcap"))
    way = report["calls"][0]["pns_to_pac"]
    same("each change is found", {"payload": 1, "length": 0, "header": 1, "header_bits": 8, "acknowledgment": 1,
                                  "call_id": 0}, way["changed"])
    same("what was taken out is missed", {"dropped": counts(2, 2), "appeared": NONE}, way)
    common.ok(len(way["dropped_frames"]) == 2 == len(dropped), "... and its frames are named", way["dropped_frames"])
    same("the other direction is untouched",
         {"dropped": NONE, "appeared": NONE}, report["calls"][0]["pac_to_pns"])


def check_messages(source, folder):
    """Reserved octets, a value and a name are changed; then once more without the checksums."""
    copy = shifted(source, 0, 1000)
    for frame, at in copy.messages():
        kind = frame[1][at + 9]
        if kind == 1:
            frame[1][at + 11] = 7                   # Reserved0
            frame[1][at + 28:at + 32] = b"evil"     # Host Name
        elif kind == 8:
            frame[1][at + 25] ^= 1                  # Packet Receive Window Size
        mend(frame[1])
    report = pair(source, copy.write(folder, "messages.pcap"))
    connection = report["connections"][0]
    changes = {c["field"]: c for c in connection["changes"]}
    common.ok(set(changes) == {"reserved0", "host_name", "packet_recv_window_size"}, "the changed fields are named",
              *changes.values())
    common.ok(changes["reserved0"]["values"] == [0, 7] and changes["reserved0"]["kind"] == "reserved",
              "a reserved field is one", changes["reserved0"])
    common.ok(changes["host_name"]["values"][SECOND].startswith("evil") and changes["host_name"]["kind"] == "text",
              "text is shown as text", changes["host_name"])
    common.ok(changes["packet_recv_window_size"]["from"] == "receiver", "... and who had sent it")
    common.ok(connection["bad_checksums"] == [0, 0], "... and its checksums are right", connection["bad_checksums"])
    for frame, at in copy.messages():
        if frame[1][at + 9] == 8:
            frame[1][at + 25] ^= 1
    connection = pair(source, copy.write(folder, "checksums.pcap"), status=3)["connections"][0]
    same("a message with a wrong checksum does not count", {"bad_checksums": [0, 1], "messages_unmatched": [1, 0]},
         connection)


def check_partial(source, folder):
    """The second capture began late and ended early: what it could not see was not dropped."""
    copy = shifted(source, 0, 1000)
    middle = len(copy.frames) // 2
    copy.frames = copy.frames[middle - 10:middle + 10]
    report = pair(source, copy.write(folder, "partial.pcap"))
    for key in ("pns_to_pac", "pac_to_pns"):
        same("a shorter capture: %s" % key, {"dropped": NONE, "appeared": NONE}, report["calls"][0][key])
        common.ok(report["calls"][0][key]["outside"][FIRST] > 0, "... what it could not see is counted apart")


def check_gre_alone(source, folder):
    """Without control connections, and with addresses whose order the NAT reverses."""
    copy = shifted(source, 1, 1000)
    old, new = (bytes(map(int, a.split("."))) for a in (CLIENT, "203.0.113.7"))
    copy.frames = [f for f, _ in copy.gre()]
    for octets in (f[1] for f in copy.frames):
        for at in (ETHERNET + 12, ETHERNET + 16):
            if octets[at:at + 4] == old:
                octets[at:at + 4] = new
    second = copy.write(folder, "alone.pcap")
    for first in (source, Copy(source)):
        if isinstance(first, Copy):
            first.frames = [f for f, _ in first.gre()]
            first = first.write(folder, "alone-first.pcap")
        report = pair(first, second)
        same("GRE alone is matched by what is in it", {"connections": 0, "calls": 1, "packets_dropped": 0,
                                                       "packets_appeared": 0}, report["summary"])
        call = report["calls"][0]
        common.ok(sorted(call["pns"] + call["pac"]) == sorted([CLIENT, "203.0.113.7", SERVER, SERVER]),
                  "... and whose is which side", call["pns"], call["pac"])
        common.ok(call["pns"] == [SERVER, SERVER] or call["pac"] == [SERVER, SERVER], "... in the same order",
                  call["pns"], call["pac"])


def check_cut(source, folder):
    """The second capture kept only headers and a few octets."""
    copy = shifted(source, 0, 1000)
    for frame in copy.frames:
        octets = frame[1]
        if octets[12:14] == b"\x08\x00" and octets[ETHERNET + 9] == 47:
            del octets[ETHERNET + 20 + 16 + 24:]
    report = pair(source, copy.write(folder, "cut.pcap"))
    same("a capture with cut packets", {"calls": 1, "packets_dropped": 0, "packets_changed": 0}, report["summary"])


def check_mirror(source, folder):
    """The second capture has every frame twice, as a mirror port makes it."""
    copy = shifted(source, 0, 1000)
    copy.frames = [g for f in copy.frames for g in (f, [f[0] + 3, f[1], f[2]])]
    report = pair(source, copy.write(folder, "mirror.pcap"))
    same("what a mirror port copies is no duplicate", {"packets_duplicated": 0, "packets_dropped": 0,
                                                       "packets_appeared": 0}, report["summary"])


def check_use(folder):
    loss = [recording("r-loss." + side) for side in ("clientside", "serverside")]
    for arguments in (loss[:1], loss + loss[:1], ["--only", "GRE"] + loss, ["--strict"] + loss,
                      ["--secrets", os.devnull] + loss, ["--format", "xml"] + loss, ["--max-records", "0"] + loss):
        done = common.run("audit", "--pair", *arguments)
        common.ok(done.returncode == 2 and not done.stdout and done.stderr, "wrong use is said: %s" % arguments[:2],
                  done.returncode, done.stderr)
    report = pair(recording("r-mppe40"), recording("r-noauth"), status=3)
    same("strangers are not taken for each other", {"connections": 0, "calls": 0, "connections_unmatched": [1, 1]},
         report["summary"])
    common.ok(report["notices"], "... and that is said")
    report = pair(*loss, "--max-records", "100", status=3)
    common.ok(len(report["notices"]) == 2, "limits are said", *report["notices"])
    same("... and what they cost is not loss", {"dropped": counts(0, 0), "appeared": NONE},
         report["calls"][0]["pac_to_pns"])
    pair(loss[0], os.path.join(folder, "none.pcap"), status=3)
    cut = os.path.join(folder, "damaged.pcap")
    with gzip.open(loss[1], "rb") as f, open(cut, "wb") as to:
        to.write(f.read()[:-5])
    report = pair(loss[0], cut, status=3)
    same("a damaged capture is compared as far as it goes", {"connections": 1, "calls": 1}, report["summary"])
    swapped = pair(*loss[::-1])["calls"][0]["pns_to_pac"]
    same("the order of the captures may be the other", {"passes_first": SECOND, "dropped": counts(16, 13)}, swapped)
    again = [common.run("audit", "--pair", *loss).stdout for _ in range(2)]
    common.ok(again[0] == again[1] and "dropped" in again[0], "the same captures give the same text")
    hidden = common.run("audit", "--pair", "--anonymize", *loss).stdout
    common.ok("10.77." not in hidden and "host-1" in hidden, "--anonymize hides addresses", hidden[:500])


def check_rubbish(source, folder):
    """Nothing that is in a capture makes it fail."""
    random.seed(2637)
    for n in range(25):
        copy = Copy(source)
        for frame in copy.frames:
            for _ in range(n % 4):
                frame[1][random.randrange(ETHERNET, len(frame[1]))] = random.randrange(256)
        random.shuffle(copy.frames)
        for options in ((), ("--format", "json")):
            done = common.run("audit", "--pair", *options, source, copy.write(folder, "rubbish.pcap"))
            if done.returncode not in (0, 3):
                common.ok(False, "rubbish %d" % n, done.returncode, done.stderr)
                return
    common.ok(True, "rubbish is compared, too")


def main():
    folder = common.temporary_folder()
    check_paths()
    check_helper()
    check_no_helper()
    source = recording("r-mschapv2-mppe128")
    for check in (check_clock, check_mangled, check_messages, check_partial, check_gre_alone, check_cut, check_mirror,
                  check_rubbish):
        check(source, folder)
    check_use(folder)
    common.end()


main()
