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

# tshark's name of a field, where it is not ours.
NAMES = {"type": "pptp_message_type", "error": "error_code", "cause": "cause_code",
         "control_result": "result_code", "stop_result": "result_code", "echo_result": "result_code",
         "out_result": "result_code", "in_result": "result_code", "disc_result": "result_code",
         "timeout_errors": "time_out_errors", "call_Statistics": "call_statistics"}

# Where tshark is wrong, or shows something else.  (capture, frame): reason
TSHARK_IS_WRONG = {
    ("p-not-pptp-client.pcap", 4): "takes an HTTP request for a message of type 21584",
}

GRE_FIELDS = {"gre.flags.checksum": "c", "gre.flags.routing": "r", "gre.flags.key": "k",
              "gre.flags.sequence_number": "s", "gre.flags.strict_source_route": "ssr",
              "gre.flags.recursion_control": "recur", "gre.flags.ack": "a", "gre.flags.version": "ver",
              "gre.proto": "protocol_type", "gre.key.payload_length": "payload_length",
              "gre.key.call_id": "call_id", "gre.sequence_number": "sequence_number",
              "gre.ack_number": "acknowledgment_number"}


def tshark(*arguments):
    return subprocess.run(["tshark", "-n", *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=True).stdout


def control_of_tshark(path):
    """frame -> [(name, value as shown, octets in hexadecimal)]"""
    out = {}
    for packet in ElementTree.fromstring(tshark("-r", path, "-Y", "pptp", "-T", "pdml", "-J", "pptp")):
        protos = {}
        for proto in packet:
            protos.setdefault(proto.get("name"), proto)
        if "pptp" not in protos:
            continue
        frame = int(next(f.get("show") for f in protos["geninfo"] if f.get("name") == "num"))
        fields = []
        reserved = 0
        for field in protos["pptp"]:
            name = (field.get("name") or "").replace("pptp.", "", 1)
            if not name or field.get("value") is None:
                continue
            if name == "reserved":
                name = "reserved%d" % reserved
                reserved += 1
            fields.append((NAMES.get(name, name), field.get("show"), field.get("value")))
        out[frame] = fields
    return out


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


def same(ours, shown, octets):
    if isinstance(ours, int):
        return ours == int(octets, 16)
    text = bytes.fromhex(octets).split(b"\0")[0]
    return ours == "".join(chr(c) if 0x20 <= c < 0x7f and c != 0x5c else "\\x%02x" % c for c in text)


def compare_control(name, path, messages):
    theirs = control_of_tshark(path)
    ours, parts = control_of_ours(messages)
    wrong = []
    compared = 0
    for frame, fields in sorted(theirs.items()):
        if frame in parts or (name, frame) in TSHARK_IS_WRONG:
            continue
        message = ours.get(frame)
        if message is None:
            wrong.append("frame %d: tshark sees a message, we do not" % frame)
            continue
        for field, shown, octets in fields:
            if field not in message["fields"]:
                wrong.append("frame %d: we do not know %s" % (frame, field))
            elif not same(message["fields"][field], shown, octets):
                wrong.append("frame %d: %s is %r here and %s there" %
                             (frame, field, message["fields"][field], octets))
            compared += 1
    for frame in sorted(set(ours) - set(theirs)):
        if ours[frame]["status"] == "ok" and (name, frame) not in TSHARK_IS_WRONG:
            wrong.append("frame %d: we see a message, tshark does not" % frame)
    return wrong, compared


def number(text):
    return {"True": 1, "False": 0}[text] if text in ("True", "False") else int(text, 0)


def gre_of_tshark(path):
    """frame -> {our name: value}; only frames whose first IP payload is GRE version 1"""
    arguments = ["-r", path, "-Y", "gre.flags.version == 1 && !icmp", "-T", "fields", "-E", "occurrence=f", "-e", "frame.number"]
    for field in GRE_FIELDS:
        arguments += ["-e", field]
    out = {}
    for line in tshark(*arguments).decode().splitlines():
        values = line.split("\t")
        out[int(values[0])] = {ours: number(v) if v else None for ours, v in zip(GRE_FIELDS.values(), values[1:])}
    return out


def compare_gre(path, messages):
    theirs = gre_of_tshark(path)
    ours = {m["frame"]: m for m in messages if m["type"] == "gre" and m["status"] != "cut"}
    wrong = ["frame %d: GRE seen %s only" % (f, "by us" if f in ours else "by tshark")
             for f in sorted(set(ours) ^ set(theirs))]
    compared = 0
    for frame in sorted(set(ours) & set(theirs)):
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
        wrong, compared = compare_control(name, path, messages)
        common.ok(not wrong, "%s: control messages, %d fields" % (name, compared), *wrong)
        total += compared
        wrong, compared = compare_gre(path, messages)
        common.ok(not wrong, "%s: GRE, %d fields" % (name, compared), *wrong)
        total += compared
    common.ok(total > 100000, "%d fields were compared" % total)
    common.end()


main()
