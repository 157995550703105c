#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares what decode finds inside PPP with tshark, field by field: on every capture there is, and on
packets made here of what no capture has.
"""
import ipaddress
import os
import shutil
import struct
import subprocess
import xml.etree.ElementTree as ElementTree

import common

# tshark's fields: how we call them, and what their octets are.
OPTION = ("option", "int")
LENGTH = ("option_length", "int")
MAP = {
    "ppp.code": ("code", "int"), "ppp.identifier": ("identifier", "int"), "ppp.length": ("length", "int"),
    "ppp.magic_number": ("magic_number", "int"), "ppp.oui": ("oui", "int"), "ppp.kind": ("kind", "int"),
    "ppp.data": ("data", "octets"),

    "lcp.magic_number": ("magic_number", "int"), "lcp.data": ("data", "octets"),
    "lcp.message": ("message", "text"), "lcp.secs_remaining": ("seconds_remaining", "int"),
    "lcp.rej_proto": ("rejected_protocol", "int"),
    "lcp.opt.type": OPTION, "lcp.opt.length": LENGTH,
    "lcp.opt.oui": ("oui", "int"), "lcp.opt.kind": ("kind", "int"), "lcp.opt.data": ("data", "octets"),
    "lcp.opt.mru": ("mru", "int"), "lcp.opt.asyncmap": ("accm", "int"),
    "lcp.opt.auth_protocol": ("authentication_protocol", "int"), "lcp.opt.algorithm": ("algorithm", "int"),
    "lcp.opt.quality_protocol": ("quality_protocol", "int"),
    "lcp.opt.reporting_period": ("reporting_period", "int"),
    "lcp.opt.magic_number": ("magic_number", "int"),
    "lcp.opt.fcs_alternatives": ("fcs_alternatives", "int"), "lcp.opt.maximum": ("maximum", "int"),
    "lcp.opt.window": ("window", "int"), "lcp.opt.hdlc_address": ("hdlc_address", "octets"),
    "lcp.opt.operation": ("operation", "int"), "lcp.opt.message": ("message", "text"),
    "lcp.opt.mrru": ("mrru", "int"), "lcp.opt.ep_disc_class": ("class", "int"),
    "lcp.opt.ip_address": ("address", "address"), "lcp.opt.802_1_address": ("address", "octets"),
    "lcp.opt.magic_block": ("address", "octets"), "lcp.opt.psndn": ("address", "octets"),
    "lcp.opt.mode": ("mode", "int"), "lcp.opt.link_discrim": ("link_discriminator", "int"),
    "lcp.opt.code": ("code", "int"), "lcp.opt.max_susp_classes": ("suspendable_classes", "int"),
    "lcp.opt.MIBenum": ("character_set", "int"), "lcp.opt.language_tag": ("language", "text"),

    "ipcp.opt.type": OPTION, "ipcp.opt.length": LENGTH,
    "ipcp.opt.src_address": ("source_address", "address"),
    "ipcp.opt.dst_address": ("destination_address", "address"),
    "ipcp.opt.compress_proto": ("compression_protocol", "int"),
    "ipcp.opt.max_slot_id": ("max_slot_id", "int"), "ipcp.opt.comp_slot_id": ("comp_slot_id", "int"),
    "ipcp.opt.tcp_space": ("tcp_space", "int"), "ipcp.opt.non_tcp_space": ("non_tcp_space", "int"),
    "ipcp.opt.f_max_period": ("f_max_period", "int"), "ipcp.opt.f_max_time": ("f_max_time", "int"),
    "ipcp.opt.max_header": ("max_header", "int"), "ipcp.opt.max_cid": ("max_cid", "int"),
    "ipcp.opt.mrru": ("mrru", "int"), "ipcp.opt.ip_address": ("ip_address", "address"),
    "ipcp.opt.mobilenodehomeaddress": ("mobile_ipv4", "address"),
    "ipcp.opt.pri_dns_address": ("primary_dns", "address"),
    "ipcp.opt.pri_nbns_address": ("primary_nbns", "address"),
    "ipcp.opt.sec_dns_address": ("secondary_dns", "address"),
    "ipcp.opt.sec_nbns_address": ("secondary_nbns", "address"),

    "ipv6cp.opt.type": OPTION, "ipv6cp.opt.length": LENGTH,
    "ipv6cp.interface_identifier": ("interface_identifier", "octets"),

    "ccp.opt.type": OPTION, "ccp.opt.length": LENGTH,
    "ccp.opt.oui": ("oui", "int"), "ccp.opt.subtype": ("subtype", "int"), "ccp.opt.data": ("data", "octets"),
    "ccp.opt.supported_bits": ("supported_bits", "int"),
    "ccp.opt.history_count": ("history_count", "int"), "ccp.opt.cm.check_mode": ("check_mode", "int"),
    "ccp.opt.vd.vers": ("version", "int"), "ccp.opt.vd.dict": ("dictionary", "int"),
    "ccp.opt.window": ("window", "int"), "ccp.opt.method": ("method", "int"),
    "ccp.opt.mbz": ("reserved", "int"), "ccp.opt.chk": ("check_method", "int"),

    "cbcp.opt.type": OPTION, "cbcp.opt.length": LENGTH,
    "cbcp.callback_delay": ("callback_delay", "int"), "cbcp.address_type": ("address_type", "int"),
    "cbcp.address": ("addresses", "text"),
    "bacp.opt.type": OPTION, "bacp.opt.length": LENGTH, "bacp.magic_number": ("magic_number", "int"),
    "bacp.link_speed": ("link_speed", "int"), "bacp.link_type": ("link_type", "int"),
    "bap.type": ("code", "int"), "bap.identifier": ("identifier", "int"), "bap.length": ("length", "int"),
    "bap.opt.type": OPTION, "bap.opt.length": LENGTH, "bap.response_code": ("response_code", "int"),
    "bap.reason": ("reason", "text"), "bap.link_discriminator": ("link_discriminator", "int"),
    "bap.call_status": ("status", "int"), "bap.call_action": ("action", "int"),

    "pap.code": ("code", "int"), "pap.identifier": ("identifier", "int"), "pap.length": ("length", "int"),
    "pap.peer_id.length": ("peer_id_length", "int"), "pap.peer_id": ("peer_id", "text"),
    "pap.password.length": ("password_length", "int"), "pap.password": ("password", "text"),
    "pap.message.length": ("message_length", "int"), "pap.message": ("message", "text"),

    "chap.code": ("code", "int"), "chap.identifier": ("identifier", "int"), "chap.length": ("length", "int"),
    "chap.value_size": ("value_size", "int"), "chap.value": ("value", "octets"), "chap.name": ("name", "text"),
    "chap.message": ("message", "text"),

    "eap.code": ("code", "int"), "eap.id": ("identifier", "int"), "eap.len": ("length", "int"),
    "eap.type": ("type", "int"), "eap.identity": ("identity", "text"), "eap.notification": ("message", "text"),
    "eap.desired_type": ("desired_type", "int"),
    "eap.md5.value_size": ("value_size", "int"), "eap.md5.value": ("value", "octets"),
    "eap.tls.len": ("tls_message_length", "int"),
    "eap.ext.vendor_id": ("vendor_id", "int"), "eap.ext.vendor_type": ("vendor_type", "int"),
    "eap.ms_chap_v2.opcode": ("ms_chapv2_opcode", "int"), "eap.ms_chap_v2.id": ("ms_chapv2_id", "int"),
    "eap.ms_chap_v2.length": ("ms_length", "int"), "eap.ms_chap_v2.value_size": ("value_size", "int"),
    "eap.ms_chap_v2.challenge": ("value", "octets"), "eap.ms_chap_v2.name": ("name", "text"),
    "eap.ms_chap_v2.peer_challenge": ("peer_challenge", "octets"),
    "eap.ms_chap_v2.reserved": ("reserved", "octets"),
    "eap.ms_chap_v2.nt_response": ("nt_response", "octets"), "eap.ms_chap_v2.flags": ("flags", "int"),
    "eap.ms_chap_v2.message": ("message", "text"), "eap.ms_chap_v2.failure_request": ("message", "text"),

    "mp.seq": ("sequence_number", "int"),

    "ip.version": ("version", "high"), "ip.hdr_len": ("header_length", "low"), "ip.dsfield": ("tos", "int"),
    "ip.len": ("total_length", "int"), "ip.id": ("identification", "int"), "ip.flags": ("flags", "int"),
    "ip.frag_offset": ("fragment_offset", "int"), "ip.ttl": ("ttl", "int"), "ip.proto": ("ip_protocol", "int"),
    "ip.checksum": ("header_checksum", "int"), "ip.src": ("src", "address"), "ip.dst": ("dst", "address"),
    "ipv6.version": ("version", "high"), "ipv6.tclass": ("traffic_class", "int"),
    "ipv6.flow": ("flow_label", "int"), "ipv6.plen": ("payload_length", "int"),
    "ipv6.nxt": ("ip_protocol", "int"), "ipv6.hlim": ("hop_limit", "int"),
    "ipv6.src": ("src", "address"), "ipv6.dst": ("dst", "address"),
    "tcp.srcport": ("src_port", "int"), "tcp.dstport": ("dst_port", "int"),
    "udp.srcport": ("src_port", "int"), "udp.dstport": ("dst_port", "int"),
    "icmp.type": ("icmp_type", "int"), "icmp.code": ("icmp_code", "int"),
    "icmpv6.type": ("icmp_type", "int"), "icmpv6.code": ("icmp_code", "int"),
}
# Of the layers above IP no more than what is mapped is compared; of these every field.
WHOLE = ("lcp", "ipcp", "ipv6cp", "ccp", "cbcp", "bacp", "bap", "pap", "chap", "eap")
LAYERS = WHOLE + ("mp", "ip", "ipv6", "tcp", "udp", "icmp", "icmpv6")
# Fields that gather or split others, that say what tshark thinks of them, or that name an option.
# Option 24 of CCP is Deflate by its draft; tshark reads it as Magnalink, which got the number later.
IGNORED = ("ccp.opt.fe", "ccp.opt.p", "ccp.opt.History", "ccp.opt.contexts",
           "", "_ws.expert", "pap.data", "chap.data", "eap.tls.flags", "ccp.opt.cm", "ccp.opt.vd",
           "ccp.opt.cm.reserved", "cbcp.no_callback", "eap.identity.full")
IGNORED_BELOW = ("lcp.opt.asyncmap.", "lcp.opt.fcs_alternatives.", "ccp.opt.supported_bits.", "eap.tls.flags.",
                 "_ws.", "eap.identity.", "eap.dictionary", "eap.mitm")

# tshark reads on behind the end that GRE's Payload Length sets.
TSHARK_DIFFERS = {("gre-length-lies.pcap", 13)}

# Frames of PPP for what the captures lack, in hexadecimal.
N16 = "01020304050607081112131415161718"
N24 = N16 + "2122232425262728"
MADE = (
    "c021 01 01 001d 0305 c223 05 0305 c223 80 0506 deadbeef 0903 07 0a03 10 0d03 06",
    "c021 03 01 0021 1104 05dc 1202 1307 02 c0000201 1309 03 010203040506 1303 00 1704 0102",
    "c021 01 01 0016 1b04 02 04 1c08 00000003 656e 0d06 03 353535",
    "c021 01 01 000c 0408 c025 00000bb8",  # where tshark 4.0 gives up before the period
    "c021 04 01 000e 0304 c023 1306 01 aabbcc",
    "c021 09 02 000a 01020304 aabb", "c021 0a 02 0008 01020304", "c021 0b 02 0008 01020304",
    "c021 0c 02 000a 01020304 5241", "c021 0d 02 000d 01020304 0000003c 68",
    "8021 01 01 0028 0306 0a630001 8106 08080808 8206 01020304 8306 08080404 8406 01020305 0206 002d 0f01",
    "8021 01 01 000e 010a 01020304 05060708", "8021 01 01 000a 0406 01020304",
    "8057 01 01 000e 010a 0211223344556677",
    "80fd 01 01 0021 1206 010000f1 1a04 7800 1503 2f 1105 0001 03 0007 00600a 05 01 0102 0202",
    "80fd 0e 03 0004",
    "c023 01 07 0010 03 6c6162 07 6c616270617373", "c023 03 07 0007 02 6e6f",
    "c223 02 09 0039 31" + N24 + N24 + "01 6c6162", "c223 04 03 0017 453d363931 20523d31 20433d6162 204d3d6e6f",
    "c227 01 01 0005 01", "c227 02 01 0008 01 6c6162", "c227 01 01 0007 02 6869", "c227 02 01 0006 03 1a",
    "c227 01 01 0016 04 10" + N16, "c227 02 01 0016 04 10" + N16,
    "c227 01 01 0020 1a 01 05 001b 10" + N16 + "7061632e6171",
    "c227 02 01 003e 1a 02 05 0039 31" + N16 + 16 * "0" + N24 + "00 6c6162",
    "c227 01 01 0012 1a 04 05 000d 453d363931 20523d30", "c227 02 01 0006 1a 03", "c227 01 01 0006 0d 20",
    "c227 03 01 0004", "c227 04 01 0004",
    "c029 03 01 0006 0102", "c029 02 01 000d 0209 0a 01 3535353500",
    "c02b 01 01 000a 0106 01020304", "c02d 02 01 0009 01 0404 6f6b", "c02d 07 01 000c 0604 11 01 0504 0007",
    "21 45000018 000140004006 0000 0a630001 0a63000a 1f900050",
    "ff03 0021 4500001c 000140004011 0000 0a630001 0a63000a 00350400 0008 0000",
    "57 60012345 0008 3a 40 20010db8000000000000000000000001 20010db8000000000000000000000002 8000 0000 00000000",
)


def make(path):
    """A capture of raw IP with a frame of PPP in each packet."""
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
        for n, frame in enumerate(MADE):
            ppp = bytes.fromhex(frame)
            gre = struct.pack(">HHHHI", 0x3001, 0x880b, len(ppp), 7, n) + ppp
            ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(gre), n, 0x4000, 64, 47, 0,
                             bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2)))
            f.write(struct.pack("<IIII", 1000 + n, 0, len(ip + gre), len(ip + gre)) + ip + gre)
    return path


def normal(kind, octets):
    """tshark's octets as our JSON has them"""
    if kind == "int":
        return int(octets, 16)
    if kind == "high":
        return int(octets, 16) >> 4
    if kind == "low":
        return int(octets, 16) & 15
    if kind == "octets":
        return octets
    if kind == "address":
        return str(ipaddress.ip_address(bytes.fromhex(octets)))
    return "".join(chr(c) if 0x20 <= c < 0x7f and c != 0x5c else "\\x%02x" % c for c in bytes.fromhex(octets))


def inner(packet):
    """The layers behind the first GRE header; none where an ICMP error quotes it."""
    names = [p.get("name") for p in packet]
    if "gre" not in names or "icmp" in names[:names.index("gre")]:
        return []
    return [p for p in packet[names.index("gre") + 1:] if p.get("name") in LAYERS]


def of_layer(layer, unknown):
    """[(our name, value)] in the order of the packet"""
    found = []
    for field in layer.iter("field"):
        name = field.get("name") or ""
        known = MAP.get(name)
        # what comes with a Terminate-Request is a sentence for people
        if name in ("ppp.data", "lcp.data") and found[:1] in ([("code", 5)], [("code", 6)]):
            known = ("message", "text")
        elif name == "lcp.opt.data" and found[-1][0] == "class":
            known = ("address", "octets")
        if field.get("hide"):
            continue
        if known and field.get("value"):
            found.append((known[0], normal(known[1], field.get("value"))))
        elif (not known and layer.get("name") in WHOLE and field.get("value") and not len(field)
              and name not in IGNORED and not name.startswith(IGNORED_BELOW)):
            unknown.add(name)
    return found


def of_tshark(path, unknown):
    """frame -> (names of the layers, their fields)"""
    xml = subprocess.run(["tshark", "-n", "-o", "ip.check_checksum:false", "-r", path, "-Y", "gre", "-T", "pdml", "-J",
                          "gre ppp " + " ".join(LAYERS)],
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True).stdout
    frames = {}
    for packet in ElementTree.fromstring(xml):
        frame = next(f.get("show") for f in packet[0] if f.get("name") == "num")
        layers = inner(packet)
        if layers:
            frames[int(frame)] = ([p.get("name") for p in layers],
                                  [pair for p in layers[:2] for pair in of_layer(p, unknown)])
    return frames


def message_of(fields):
    """A Success or Failure, put together from its parts"""
    letters = (("error_code", "E=%d"), ("retry", "R=%d"), ("new_challenge", "C=%s"), ("version", "V=%d"),
               ("authenticator_response", "S=%s"), ("text", "M=%s"))
    formats = dict(letters)
    return " ".join(formats[name] % value for name, value in fields.items() if name in formats)


def flat_fields(ppp, fields):
    if "error_code" in fields or "authenticator_response" in fields:
        for name, value in fields.items():
            if name in ("type", "ms_chapv2_opcode", "ms_chapv2_id", "ms_length"):
                yield name, value
        yield "message", message_of(fields)
        return
    for name, value in fields.items():
        if name == "desired_types":
            yield from (("desired_type", t) for t in value)
        elif ppp["protocol_name"] == "CHAP" and name in ("lm_response", "peer_challenge"):
            # tshark leaves the value of a Response in one piece
            parts = [fields.get(n, "") for n in ("peer_challenge", "reserved", "lm_response", "nt_response")]
            yield "value", "".join(parts) + "%02x" % fields["flags"]
        elif ppp["protocol_name"] != "CHAP" or name not in ("reserved", "nt_response", "flags"):
            yield name, value


def of_ours(ppp):
    flat = [(n, ppp[n]) for n in ("code", "identifier", "length") if ppp[n] is not None]
    flat += flat_fields(ppp, ppp.get("fields", {}))
    for option in ppp.get("options", []):
        flat += [("option", option["number"]), ("option_length", option["length"])]
        if option["name"] != "deflate_draft":
            flat += option["fields"].items()
    return flat


def compare(frame, theirs, ours):
    """The fields that tshark has, in their order, and nothing between them that it calls by the same name."""
    names = {name for name, _ in theirs}
    mine = [pair for pair in ours if pair[0] in names]
    if mine == theirs:
        return []
    return ["frame %d: %r here, %r there" % (frame, [p for p in mine if p not in theirs] or mine,
                                             [p for p in theirs if p not in mine] or theirs)]


def compare_capture(path, seen, unknown):
    done = common.run("decode", "--format", "json", "--show-secrets", "--no-progress", path)
    ours = {m["frame"]: m["ppp"] for m in common.lines(done.stdout) if m["type"] == "gre" and m["ppp"]}
    wrong = []
    compared = 0
    for frame, (layers, theirs) in sorted(of_tshark(path, unknown).items()):
        if (os.path.basename(path), frame) in TSHARK_DIFFERS:
            continue
        # what is GRE of PPTP and what is not, tshark.py compares
        if frame not in ours or ours[frame]["status"] == "cut":
            continue
        seen.update(layers[:1])
        compared += len(theirs)
        wrong += compare(frame, theirs, of_ours(ours[frame]))
    return wrong, compared


def main():
    if not shutil.which("tshark"):
        common.skip_all("tshark is not installed")
    folder = common.temporary_folder()
    seen = set()
    unknown = set()
    total = 0
    for path in common.captured() + common.made(folder) + [make(os.path.join(folder, "ppp.pcap"))]:
        wrong, compared = compare_capture(path, seen, unknown)
        common.ok(not wrong, "%s: PPP, %d fields" % (os.path.basename(path), compared), *wrong)
        total += compared
    common.ok(not unknown, "all of tshark's fields are compared", *sorted(unknown))
    missing = set(WHOLE + ("ip", "ipv6")) - seen
    common.ok(not missing, "packets of every protocol were compared", *sorted(missing))
    common.ok(total > 4000, "%d fields were compared" % total)
    common.end()


main()
