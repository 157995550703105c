#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What is inside the calls of the recordings: authentication, encryption, addresses, end and grade.

The truths come from who made the recordings: what the peers were told to do, and their logs.  The
user is "lab" with the password "labpass", and one recording has the inner packets as the client saw
them.
"""
import gzip
import json
import os
import struct

import common

MSCHAP2 = {"protocol": "MS-CHAPv2", "authenticator": "pac", "user": "lab", "outcome": "success",
           "rounds": 1, "error": None, "password": None}
MD5 = dict(MSCHAP2, protocol="CHAP-MD5")
PAP = dict(MSCHAP2, protocol="PAP", password="********")
DENIED = dict(MSCHAP2, outcome="failure", error=691, message="Access denied")
NONE = {"protocol": "none", "authenticator": None, "user": None, "outcome": None, "rounds": 0}
ADDRESSES = ("10.99.0.10", "10.99.0.1")
NOWHERE = (None, None)


def mppe(packets, bits=128, gaps=0):
    return {"protocol": "MPPE", "bits": bits, "stateful": False, "secret": "none", "packets": packets,
            "decrypted": 0, "coherency_gaps": gaps, "resets": 0}


def call(authentication, encryption, ended_by, grade, state="open", addresses=ADDRESSES, **more):
    """The truth about a call; more: keys of its "ppp"."""
    return dict(more, authentication=authentication, encryption=encryption, ended_by=ended_by,
                grade=grade, state=state, addresses=addresses)


LCP_ONLY = call(NONE, None, "pns", "F", "lcp", NOWHERE)
UNANSWERED = call(None, None, None, None, "lcp", NOWHERE)
TRUTH = {
    "p-basic": [dict(LCP_ONLY, ended_by="pac")],
    "p-closed-port": [],
    "p-nat-helper-two.inside1": [LCP_ONLY],
    "p-nat-helper-two.inside2": [LCP_ONLY],
    "p-nat-helper-two.outside": [LCP_ONLY, LCP_ONLY],
    "p-nat-nohelper-two.inside1": [UNANSWERED],
    "p-nat-nohelper-two.inside2": [UNANSWERED],
    "p-nat-nohelper-two.outside": [UNANSWERED, UNANSWERED],
    "p-nmap": [],
    "p-not-pptp-client": [],
    "p-server-ends": [dict(LCP_ONLY, ended_by=None)],
    "p-silent-server": [],
    "r-accel-loss.clientside": [call(MSCHAP2, mppe(589, gaps=4), "pns", "D")],
    "r-accel-loss.serverside": [call(MSCHAP2, mppe(586, gaps=7), "pns", "D")],
    "r-accel-md5": [call(MD5, None, "pns", "E")],
    "r-accel-mschapv2-mppe128": [call(MSCHAP2, mppe(20), "pns", "D")],
    "r-accel-term": [call(MSCHAP2, mppe(10), "pac", "D")],
    "r-accel-twocalls": [call(MSCHAP2, mppe(6), "pns", "D"), None],
    "r-badpass-mschapv2": [call(DENIED, None, "pns", "D", "authenticating", NOWHERE)],
    "r-chapmd5": [call(MD5, None, "pns", "E")],
    "r-deflate": [call(MD5, None, "pns", "E", compression={"protocol": "Deflate", "packets": 20})],
    "r-duplicate.clientside": [call(MSCHAP2, mppe(600), "pns", "D")],
    "r-duplicate.serverside": [call(MSCHAP2, mppe(600), "pns", "D")],
    "r-end-client-callmgr-term": [call(MSCHAP2, mppe(6), None, "D")],
    "r-end-server-pppd": [call(MSCHAP2, mppe(6), "pac", "D")],
    "r-end-server-pptpctrl-kill9": [call(MSCHAP2, mppe(6), None, "D")],
    "r-frag-router.client": [call(MSCHAP2, mppe(26), "pns", "D")],
    "r-frag-router.server": [call(MSCHAP2, mppe(26), "pns", "D")],
    "r-gre-dropped": [UNANSWERED],
    "r-idle-echo": [call(MSCHAP2, mppe(6), "pns", "D")],
    "r-idle-echo-fast": [call(MSCHAP2, mppe(6), "pns", "D")],
    "r-lcpecho": [call(MSCHAP2, mppe(0), "pns", "D")],
    "r-long": [call(MSCHAP2, mppe(10876), "pns", "D")],
    "r-loss.clientside": [call(MSCHAP2, mppe(574, gaps=13), "pns", "D")],
    "r-loss.serverside": [call(MSCHAP2, mppe(574, gaps=12), "pns", "D")],
    "r-midcall-capture": [call(None, None, "pns", None, "terminated", NOWHERE)],
    "r-mppe40": [call(MSCHAP2, mppe(22, bits=40), "pns", "E")],
    "r-mschapv2-mppe128": [call(MSCHAP2, mppe(20), "pns", "D")],
    "r-mschapv2-mppe128.inner": [],
    "r-mschapv2-nomppe": [call(MSCHAP2, None, "pns", "E")],
    "r-noauth": [call(NONE, None, "pns", "F")],
    "r-pap": [call(PAP, None, "pns", "F")],
    "r-reorder.clientside": [call(MSCHAP2, mppe(602), "pns", "D")],
    "r-reorder.serverside": [call(MSCHAP2, mppe(602), "pns", "D")],
    # the first one's client only noticed by silence
    "r-two-calls-one-control": [call(MSCHAP2, mppe(3), None, "D"), call(MSCHAP2, mppe(0), "pns", "D")],
    "r-two-clients": [call(MSCHAP2, mppe(10), "pns", "D"),
                      call(MSCHAP2, mppe(10), "pns", "D", addresses=("10.99.0.11", "10.99.0.1"))],
    "r-vanish-server": [call(MSCHAP2, mppe(6), None, "D")],
}
folder = common.temporary_folder()


def stem(path):
    name = os.path.basename(path)
    return name[:name.index(".pcap")]


def secrets(name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def audit(path, *options):
    done = common.run("audit", "--quiet", "--format", "json", *options, path)
    return common.parse(done.stdout)


def calls_of(report):
    return [c for t in report["tunnels"] for c in t["calls"]]


def part(what, true, seen):
    if true is None or seen is None:
        return [] if true is seen else ["%s: expected %r, got %r" % (what, true, seen)]
    return ["%s %s: expected %r, got %r" % (what, k, v, seen.get(k))
            for k, v in true.items() if seen.get(k) != v]


def check_call(true, seen):
    if true is None or seen["ppp"] is None:
        return part("ppp", true, seen["ppp"])
    ppp = seen["ppp"]
    wrong = []
    for key in true:
        if key == "addresses":
            wrong += part(key, dict(zip(("pns", "pac"), true[key])), ppp[key])
        elif key == "grade":
            wrong += part("security", true[key] and {"grade": true[key]}, seen["security"])
        elif isinstance(true[key], (dict, type(None))) and key != "ended_by":
            wrong += part(key, true[key], ppp[key])
        elif ppp[key] != true[key]:
            wrong.append("%s: expected %r, got %r" % (key, true[key], ppp[key]))
    return wrong


def check_truths():
    for path in common.captured():
        true, seen = TRUTH.get(stem(path)), calls_of(audit(path))
        if true is None or len(true) != len(seen):
            common.ok(False, "%s: its calls are as is known" % stem(path), "%d calls, %r" % (len(seen), true))
            continue
        wrong = [w for t, s in zip(true, seen) for w in check_call(t, s)]
        common.ok(not wrong, "%s: what was inside is as is known" % stem(path), *wrong)


def check_decrypted(right, false):
    """Every MPPE packet of every recording is decrypted with the password, and none without."""
    for path in common.captured():
        true = [c["encryption"]["packets"] for c in TRUTH.get(stem(path), ()) if c and c["encryption"]]
        if not true:
            continue
        for name, file, state, share in (("the password", right, "verified", 1),
                                         ("another one", false, "wrong", 0)):
            seen = [c["ppp"]["encryption"] for c in calls_of(audit(path, "--secrets", file))
                    if c["ppp"] and c["ppp"]["encryption"]]
            common.ok([(e["secret"], e["packets"], e["decrypted"]) for e in seen] ==
                      [(state, n, share * n) for n in true],
                      "%s: decrypted with %s" % (stem(path), name), seen)


# --- captures ------------------------------------------------------------------------------------

LINK_HEADER = {101: 0, 113: 16, 12: 0, 276: 20, 1: 14}


def packets(path):
    """The IP packets of a pcap file."""
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as f:
        data = f.read()
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    skip = LINK_HEADER[struct.unpack(order + "I", data[20:24])[0] & 0xffff]
    at, out = 24, []
    while at < len(data):
        caplen = struct.unpack(order + "I", data[at + 8:at + 12])[0]
        out.append(data[at + 16 + skip:at + 16 + caplen])
        at += 16 + caplen
    return out


def inside_of(name, *options):
    out = os.path.join(folder, "inside.pcap")
    path = [p for p in common.captured() if stem(p) == name][0]
    done = common.run("audit", "--quiet", "--output", os.devnull, "--write-decrypted", out, *options, path)
    return packets(out) if done.returncode in (0, 1, 3) else [done.stderr]


def as_ipv4(packet):
    """The packet by its own length: a link may pad."""
    return packet[:struct.unpack(">H", packet[2:4])[0]]


def valid(packet):
    words = struct.unpack(">10H", packet[:20])
    total = sum(words)
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return packet[0] == 0x45 and total == 0xffff and words[1] == len(packet)


def check_written(right):
    inner = [as_ipv4(p) for p in packets(os.path.join(common.CAPTURED, "r-mschapv2-mppe128.inner.pcap"))]
    got = inside_of("r-mschapv2-mppe128", "--secrets", right)
    common.ok(len(inner) == 20 and sorted(inner) == sorted(map(as_ipv4, got)),
              "what is decrypted is what the client saw", len(inner), len(got))
    common.ok(inside_of("r-mschapv2-mppe128") == [], "nothing is decrypted without a secret")
    for name, count in (("r-mppe40", 22), ("r-loss.serverside", 574), ("r-reorder.clientside", 602),
                        ("r-duplicate.clientside", 600), ("r-frag-router.client", 26)):
        got = inside_of(name, "--secrets", right)
        common.ok(len(got) == count and all(map(valid, got)), "%s: %d packets come out whole" % (name, count),
                  len(got))
    got = inside_of("r-pap")
    common.ok(len(got) == 20 and all(map(valid, got)), "packets in clear are written, too", len(got))


# --- secrets -------------------------------------------------------------------------------------


def state_with(text, name="r-mschapv2-mppe128"):
    """What --secrets with these lines makes of a recording: a state, or the message."""
    path = os.path.join(common.CAPTURED, name + ".pcap")
    done = common.run("audit", "--quiet", "--format", "json", "--secrets", secrets("some", text), path)
    if done.returncode == 2:
        return done.stderr
    return calls_of(common.parse(done.stdout))[0]["ppp"]["encryption"]["secret"]


def check_secrets():
    # MD4 of "labpass" in UTF-16
    nt_hash = "a4596a98eda080ebcb04e486adbf3d3c"
    for what, text, expected in (
            ("an NT hash", "lab:nthash:%s\n" % nt_hash, "verified"),
            ("an NT hash in capitals", "lab:nthash:%s\n" % nt_hash.upper(), "verified"),
            ("another NT hash", "lab:nthash:%s\n" % ("0" * 32), "wrong"),
            ("remarks, empty lines and DOS ends of lines",
             "# mine\r\n\r\nother:x:y\r\nlab:labpass\r\n", "verified"),
            ("a last line without end", "lab:labpass", "verified"),
            ("somebody else's", "other:labpass\n", "none"),
            ("a blank that belongs to the password", "lab:labpass \n", "wrong")):
        common.ok(state_with(text) == expected, "%s: %s" % (what, expected), state_with(text))
    for what, text, number in (("no colon", "lab:labpass\nlab2\n", 2),
                               ("a short hash", "lab:nthash:0123\n", 1),
                               ("a name that is there twice", "a:b\nlab:x\nlab:y\n", 3)):
        said = state_with(text)
        common.ok("line %d:" % number in said and "labpass" not in said, "refused: %s" % what, said)
    done = common.run("audit", "--secrets", os.path.join(folder, "absent"), common.captured()[0])
    common.ok(done.returncode == 2 and "absent" in done.stderr, "a file that is not there is refused",
              done.stderr)
    capture = os.path.join(folder, "kept.pcap")
    with open(os.path.join(common.CAPTURED, "r-pap.pcap"), "rb") as f:
        original = f.read()
    with open(capture, "wb") as f:
        f.write(original)
    done = common.run("audit", "--write-decrypted", capture, capture)
    with open(capture, "rb") as f:
        common.ok(done.returncode == 2 and f.read() == original, "a capture is not written over itself",
                  done.stderr)


def check_masks():
    path = os.path.join(common.CAPTURED, "r-pap.pcap")
    for options in ((), ("--format", "json"), ("--verbose",)):
        hidden = common.run("audit", "--quiet", *options, path).stdout
        shown = common.run("audit", "--quiet", "--show-secrets", *options, path).stdout
        common.ok("labpass" not in hidden and "********" in hidden and "labpass" in shown,
                  "audit %s masks the password unless told otherwise" % " ".join(options))
    masked = audit(path, "--anonymize")
    ppp = calls_of(masked)[0]["ppp"]
    common.ok(ppp["authentication"]["user"].startswith("name-") and
              ppp["addresses"]["pns"].startswith("host-"),
              "--anonymize masks user and addresses", ppp["authentication"], ppp["addresses"])


def check_proof():
    """The frames that are named are those of the recording."""
    right = secrets("right", "lab:labpass\n")
    seen = calls_of(audit(os.path.join(common.CAPTURED, "r-badpass-mschapv2.pcap"), "--secrets", right))[0]
    auth = seen["ppp"]["authentication"]
    frames = {k: auth[k + "_frame"] for k in ("challenge", "response", "outcome")}
    common.ok(frames == {"challenge": 18, "response": 21, "outcome": 22}, "the frames of a failed login",
              frames)
    common.ok(auth["secret"] == "wrong", "a wrong password is said to be wrong", auth)
    common.ok(seen["ppp"]["end_frame"] == 23, "the frame that ended PPP", seen["ppp"]["end_frame"])
    ppp = calls_of(audit(os.path.join(common.CAPTURED, "r-lcpecho.pcap")))[0]["ppp"]
    echo = ppp["echo"]
    common.ok(echo["pns"]["requests"] > 5 and echo["pac"]["requests"] > 5 and
              all(e["requests"] - e["replies"] <= 1 for e in (echo["pns"], echo["pac"])),
              "LCP echoes of both ends are answered", echo)
    ppp = calls_of(audit(os.path.join(common.CAPTURED, "r-gre-dropped.pcap")))[0]["ppp"]
    common.ok(ppp["lcp"]["pns"]["requests"] + ppp["lcp"]["pns"]["retransmissions"] == 10 and
              ppp["lcp"]["pac"] is None, "ten requests that nobody answered", ppp["lcp"])


check_truths()
check_decrypted(secrets("right", "lab:labpass\n"), secrets("false", "lab:Labpass\n"))
check_written(secrets("right", "lab:labpass\n"))
check_secrets()
check_masks()
check_proof()


def check_decode():
    """decode --secrets prints what is in each encrypted packet, and the schema knows it."""
    path = next(p for p in common.captured() if os.path.basename(p) == "r-mschapv2-mppe128.pcap")
    lines = common.run("decode", "--format", "json", "--secrets", secrets("decode", "lab:labpass\n"), path).stdout
    inside = [json.loads(x) for x in lines.splitlines() if '"type":"decrypted"' in x]
    common.ok(len(inside) == 20 and all(x["ppp"]["protocol_name"] == "IP" for x in inside),
              "decode prints the twenty packets that were encrypted", len(inside))
    text = common.run("decode", "--secrets", secrets("decode", "lab:labpass\n"), path).stdout
    common.ok(text.count("decrypted, IP: 10.99.0.10 > 10.99.0.1, ICMP") == 10, "... and as text", text[-400:])
    text = common.run("decode", "--verbose", "--secrets", secrets("decode", "lab:labpass\n"), path).stdout
    common.ok(text.count("decrypted\n") == 20, "... and field by field", text.count("decrypted"))
    text = common.run("decode", "--secrets", secrets("decode", "lab:wrong\n"), path).stdout
    common.ok("decrypted" not in text, "nothing is decrypted with a wrong password")


check_decode()
common.end()
