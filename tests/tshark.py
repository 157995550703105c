#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares `decode --format json` with tshark, field by field, on every capture there is.

tshark looks at each TCP segment by itself and at the first message in it only, so what is compared
is the first message of a segment, where it lies wholly in that segment.
"""
import os
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree

import common

# What we call a field that has another name in tshark; where there are two, the message decides.
NAMES = {"type": ("pptp_message_type",), "error": ("error_code",), "cause": ("cause_code",),
         "control_result": ("result_code",), "stop_result": ("result_code",), "echo_result": ("result_code",),
         "out_result": ("result_code",), "in_result": ("result_code",), "disc_result": ("result_code",),
         "timeout_errors": ("time_out_errors",), "call_Statistics": ("call_statistics",),
         "packet_receive_window_size": ("packet_recv_window_size",),
         # section 2.9 has Call Bearer Type, 2.10 and 2.11 have Packet Transmit Delay
         "bearer_type": ("bearer_type", "call_bearer_type"),
         "packet_processing_delay": ("packet_processing_delay", "packet_transmit_delay")}

# Where tshark is wrong, or looks at something else: capture, frame (None: all), reason.
TSHARK_DIFFERS = (
    ("p-not-pptp-client.pcap", 4, "takes an HTTP request for a message"),
    ("not-pptp.pcap", 6, "takes the middle of another protocol for a message"),
    ("wrong-cookie.pcap", 6, "reads a message that has another cookie"),
    ("wrong-cookie.pcap", 8, "reads a message that has another cookie"),
    ("management-message.pcap", 6, "reads a management message as if it were one for control"),
    ("clean-lost-segment.pcap", 12, "takes the end of a message whose beginning was lost for a message"),
    ("clean-midstream-within.pcap", 1, "takes the end of a message that began before the capture for a message"),
    ("bad-checksum.pcap", 6, "reads a segment with a wrong checksum, which the receiver drops"),
    ("bad-checksum.pcap", 7, "takes the good copy after it for a retransmission"),
    ("other-port.pcap", None, "looks at port 1723 only"),
    ("clean-mirrored.pcap", None, "reads the second copies of a mirror port as packets of their own"),
    ("clean-mirrored-routed.pcap", None, "reads the second copies of a mirror port as packets of their own"),
    ("path-duplicates.pcap", 9, "reads a copy of which we do not know yet whether a mirror port made it"),
    ("gre-illegal-bits.pcap", 12, "looks for a checksum, which a version 1 header has no room for"),
    ("gre-illegal-bits.pcap", 13, "looks for routing, which a version 1 header has no room for"),
    ("gre-illegal-bits.pcap", 17, "ends where the protocol is another one than PPP"),
    ("gre-missing-key.pcap", 8, "leaves out Payload Length and Call ID where the key bit is clear"),
    ("gre-missing-key.pcap", 9, "leaves out Payload Length and Call ID where the key bit is clear"),
)
DIFFERS = {(capture, frame) for capture, frame, _ in TSHARK_DIFFERS}

GRE_FIELDS = {"gre.flags.checksum": "c", "gre.flags.routing": "r", "gre.flags.key": "k",
              "gre.flags.sequence_number": "s", "gre.flags.strict_source_route": "ssr",
              "gre.flags.recursion_control": "recur", "gre.flags.ack": "a", "gre.flags.reserved": "flags",
              "gre.flags.version": "ver",
              "gre.proto": "protocol_type", "gre.key.payload_length": "payload_length",
              "gre.key.call_id": "call_id", "gre.sequence_number": "sequence_number",
              "gre.ack_number": "acknowledgment_number"}


def tshark(path):
    """(frame, protocols in order) for each frame with a control message or GRE"""
    xml = subprocess.run(["tshark", "-n", "-r", path, "-Y", "pptp || gre", "-T", "pdml", "-J", "pptp gre icmp icmpv6"],
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True).stdout
    for packet in ElementTree.fromstring(xml):
        frame = next(f.get("show") for f in packet[0] if f.get("name") == "num")
        yield int(frame), [p for p in packet if p.get("name") in ("pptp", "gre", "icmp", "icmpv6")]


def control_fields(proto):
    """[(our names, octets in hexadecimal)] of a control message"""
    fields = []
    reserved = 0
    for field in proto:
        name = (field.get("name") or "").replace("pptp.", "", 1)
        # "data" is what tshark makes of octets it has no field for
        if not name or name == "data" or field.get("value") is None:
            continue
        if name == "reserved":
            name = "reserved%d" % reserved
            reserved += 1
        fields.append((NAMES.get(name, (name,)), field.get("value")))
    return fields


def gre_fields(proto):
    """{our name: value} of a GRE header"""
    fields = dict.fromkeys(GRE_FIELDS.values())
    for field in proto.iter("field"):
        name = GRE_FIELDS.get(field.get("name"))
        if name:
            fields[name] = int(field.get("value"), 16)
    return fields


def of_tshark(path):
    """Two maps from frames: the first control message, and the GRE header if its version is 1."""
    control, gre = {}, {}
    for frame, protos in tshark(path):
        # after an ICMP header everything is a quotation; before one, ICMP is what the tunnel carries
        if protos and protos[0].get("name") == "pptp":
            control[frame] = control_fields(protos[0])
        elif protos and protos[0].get("name") == "gre":
            fields = gre_fields(protos[0])
            if fields["ver"] == 1:
                gre[frame] = fields
    return control, gre


def control_of_ours(messages):
    """frame -> the first message that begins in it; frames that hold a part of a message only."""
    first, parts = {}, set()
    for m in messages:
        if m["type"] != "control":
            continue
        if len(m["frames"]) > 1:
            parts.update(m["frames"])
        else:
            first.setdefault(m["frame"], m)
    return first, parts


def same(ours, octets):
    if isinstance(ours, int):
        return ours == int(octets, 16)
    text = bytes.fromhex(octets).split(b"\0")[0]
    return ours == "".join(chr(c) if 0x20 <= c < 0x7f and c != 0x5c else "\\x%02x" % c for c in text)


def compare_control(theirs, messages, differs):
    ours, parts = control_of_ours(messages)
    wrong = []
    compared = 0
    for frame in sorted(set(theirs) - parts):
        if differs(frame):
            continue
        if frame not in ours:
            wrong.append("frame %d: tshark sees a message, we do not" % frame)
            continue
        fields = ours[frame]["fields"]
        for names, octets in theirs[frame]:
            compared += 1
            value = next((fields[n] for n in names if n in fields), None)
            if value is None or not same(value, octets):
                wrong.append("frame %d: %s is %r here and %s there" % (frame, names[0], value, octets))
    for frame in sorted(set(ours) - set(theirs)):
        if ours[frame]["status"] == "ok" and not differs(frame):
            wrong.append("frame %d: we see a message, tshark does not" % frame)
    return wrong, compared


def compare_gre(theirs, messages, differs):
    ours = {m["frame"]: m for m in messages if m["type"] == "gre" and m["fields"]["ver"] in (1, None)}
    wrong = ["frame %d: GRE seen by %s only" % (f, "us" if f in ours else "tshark")
             for f in sorted(set(ours) ^ set(theirs)) if not differs(f)]
    compared = 0
    for frame in sorted(set(ours) & set(theirs)):
        if differs(frame) or ours[frame]["status"] == "cut":
            continue
        for field, value in theirs[frame].items():
            compared += 1
            if ours[frame]["fields"].get(field) != value:
                wrong.append("frame %d: %s is %r here and %r there" %
                             (frame, field, ours[frame]["fields"].get(field), value))
    return wrong, compared


def main():
    if not shutil.which("tshark"):
        common.skip_all("tshark is not installed")
    total = 0
    for path in common.captured() + common.made(common.temporary_folder()):
        name = os.path.basename(path)
        done = common.run("decode", "--format", "json", "--no-progress", path)
        messages = common.lines(done.stdout)
        control, gre = of_tshark(path)
        def differs(frame, name=name):
            return (name, frame) in DIFFERS or (name, None) in DIFFERS

        for what, judge, theirs in (("control messages", compare_control, control), ("GRE", compare_gre, gre)):
            wrong, compared = judge(theirs, messages, differs)
            common.ok(not wrong, "%s: %s, %d fields" % (name, what, compared), *wrong)
            total += compared
    common.ok(total > 100000, "%d fields were compared" % total)
    common.end()


main()
