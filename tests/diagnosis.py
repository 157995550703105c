#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Why calls fail: every script of traces/diagnosis/ is diagnosed as its first lines say, no more, no less.

    # Diagnosis: CODE at ADDRESS|- connection|call N

names one of the diagnoses of the Nth connection or call; "# Diagnosis: none" is a script of which
nothing can be said.  Every code of the contract has a script.  The recordings of real peers are
diagnosed as is known of them.
"""
import collections
import glob
import os
import re

import common

FOLDER = os.path.join(common.SRC, "traces", "diagnosis")
LINE = re.compile(r"# Diagnosis: (?:none|(\S+) at (\S+) (connection|call) (\d+))$")
CODES = {
    "tcp-refused", "tcp-no-answer", "not-pptp", "control-no-reply", "version-mismatch", "not-authorized",
    "control-refused", "call-refused", "call-no-reply", "gre-blocked", "gre-blocked-to-pac",
    "gre-blocked-to-pns", "gre-unreachable", "lcp-no-agreement", "auth-no-common-method", "auth-failed",
    "encryption-not-agreed", "compression-reset-storm", "no-address", "keepalive-lost", "peer-vanished",
    "tcp-reset", "nat-call-id-mangled", "call-id-collision", "mtu-black-hole", "window-stall", "heavy-loss",
    "heavy-reordering", "path-duplicates", "healthy",
}
temporary = common.temporary_folder()

# Codes of the calls of the recordings, one by one; what is not here has healthy calls.
RECORDED = {
    "p-basic": [["no-address"]],
    "p-closed-port": [],
    "p-nat-helper-two.inside1": [["no-address"]],
    "p-nat-helper-two.inside2": [["no-address"]],
    "p-nat-helper-two.outside": [["nat-call-id-mangled", "no-address"]] * 2,
    "p-nat-nohelper-two.inside1": [["gre-blocked-to-pns"]],
    "p-nat-nohelper-two.inside2": [["gre-blocked-to-pns"]],
    "p-nat-nohelper-two.outside": [["gre-unreachable"]] * 2,
    "p-nmap": [],
    "p-not-pptp-client": [],
    "p-server-ends": [["no-address"]],
    "p-silent-server": [],
    "r-accel-loss.clientside": [["heavy-loss"]],
    "r-accel-loss.serverside": [["heavy-loss"]],
    "r-accel-twocalls": [["healthy"], ["call-refused"]],
    "r-badpass-mschapv2": [["auth-failed"]],
    "r-duplicate.clientside": [["path-duplicates"]],
    "r-duplicate.serverside": [["path-duplicates"]],
    "r-gre-dropped": [["gre-blocked-to-pns"]],
    "r-loss.clientside": [["heavy-loss"]],
    "r-loss.serverside": [["heavy-loss"]],
    "r-mschapv2-mppe128.inner": [],
    "r-reorder.clientside": [["heavy-reordering"]],
    "r-reorder.serverside": [["heavy-reordering"]],
    # the server forgot the first one
    "r-two-calls-one-control": [["peer-vanished"], ["healthy"]],
    "r-two-clients": [["healthy"], ["healthy"]],
    # its connection tells: the server was not heard of any more
    "r-vanish-server": [[]],
}
CONNECTIONS = {
    "p-closed-port": [["tcp-refused"]],
    "p-nat-helper-two.outside": [["healthy"], ["healthy"]],
    "p-nat-nohelper-two.outside": [["healthy"], ["healthy"]],
    "p-nmap": [["tcp-reset"], ["healthy"]],
    "p-not-pptp-client": [["not-pptp"]],
    "p-silent-server": [["control-no-reply"]],
    "r-midcall-capture": [[]],
    "r-mschapv2-mppe128.inner": [],
    "r-two-clients": [["healthy"], ["healthy"]],
    "r-vanish-server": [["keepalive-lost", "peer-vanished"]],
}


def audit(path):
    return common.parse(common.run("audit", "--quiet", "--format", "json", path).stdout)


def things(report, key):
    return sorted((c for t in report["tunnels"] for c in t[key]), key=lambda c: c["id"])


def diagnoses(report):
    """(code, at fault, kind, id) of all, and each diagnosis itself."""
    out = []
    for key, kind in (("control_connections", "connection"), ("calls", "call")):
        out += [((d["code"], d["at_fault"] or "-", kind, c["id"]), d)
                for c in things(report, key) for d in c["diagnosis"]]
    return out


def wanted(text):
    out = []
    for line in text.splitlines():
        match = LINE.match(line)
        if not match:
            return out, line.startswith("# SPDX") and text.startswith("# Diagnosis: ")
        if match[1]:
            out.append((match[1], match[2], match[3], int(match[4])))
    return out, False


def sound(report, d):
    """What a diagnosis must have to be of use."""
    last = report["captures"][0]["packets"]
    return d["summary"] and d["next"].endswith(".") and d["evidence"] and \
        all(1 <= frame <= last for frame in d["evidence"]) and \
        (d["code"] == "healthy" or d["at_fault"] or d["at_fault_words"])


def check_script(path):
    with open(path, encoding="utf-8") as f:
        expected, whole = wanted(f.read())
    name = os.path.basename(path)[:-len(".trace")]
    capture = os.path.join(temporary, name + ".pcap")
    done = common.run("trace", "make", path, "-o", capture)
    if done.returncode or not whole:
        common.ok(False, "%s compiles, and says what it shows" % name, done.stderr)
        return set()
    report = audit(capture)
    found = diagnoses(report)
    missing = collections.Counter(expected) - collections.Counter(k for k, _ in found)
    extra = [(k, d["summary"]) for k, d in found if k not in expected]
    common.ok(not missing and len(found) == len(expected), "%s: as the script says" % name,
              "missing: %s" % sorted(missing), "not expected: %s" % extra)
    common.ok(all(sound(report, d) for _, d in found), "%s: frames, whose fault and what next" % name, found)
    return {k[0] for k, _ in found if k in expected}


def check_recording(path):
    name = os.path.basename(path)
    name = name[:name.index(".pcap")]
    report = audit(path)
    calls = [[d["code"] for d in c["diagnosis"]] for c in things(report, "calls")]
    connections = [[d["code"] for d in c["diagnosis"]] for c in things(report, "control_connections")]
    common.ok(calls == RECORDED.get(name, [["healthy"]]), "%s: calls as is known" % name, calls)
    common.ok(connections == CONNECTIONS.get(name, [["healthy"]]), "%s: connections as is known" % name,
              connections)
    common.ok(all(sound(report, d) for _, d in diagnoses(report)), "%s: proof and advice" % name)
    return {name: report}


def recorded(reports, name):
    return things(reports[name], "calls")[0]["diagnosis"][0]


def check_words(reports):
    d = recorded(reports, "r-badpass-mschapv2")
    common.ok(d["at_fault"] == "10.77.13.2" and d["evidence"] == [18, 21, 22] and
              all(w in d["summary"] for w in ("E=691", "wrong user name or password", '"lab"', "MS-CHAPv2")),
              "a wrong password: whose, by what, and the error in words", d)
    d = recorded(reports, "p-nat-nohelper-two.outside")
    common.ok("10.77.20.1" in d["summary"] and "GRE of the PAC" in d["summary"],
              "ICMP: the hop that says so, and about whose GRE", d)


def check_summary():
    path = os.path.join(common.CAPTURED, "r-badpass-mschapv2.pcap")
    out = common.run("audit", "--quiet", path).stdout
    common.ok(re.search(r"^ +1 call: auth-failed", out, re.M), "the report begins with what is wrong",
              out[:1200])
    path = os.path.join(common.CAPTURED, "r-pap.pcap")
    out = common.run("audit", "--quiet", path).stdout
    common.ok(not re.search(r"^ +1 call: ", out, re.M), "... and with nothing where all is well", out[:1200])


shown = set()
for script in sorted(glob.glob(FOLDER + "/*.trace")):
    shown |= check_script(script)
common.ok(shown == CODES, "every code has a script", sorted(CODES ^ shown))
seen = {}
for recording in common.captured():
    seen.update(check_recording(recording))
check_words(seen)
check_summary()
golden = ""
for path in glob.glob(os.path.join(common.SRC, "tests", "golden", "*.txt")):
    with open(path, encoding="utf-8") as f:
        golden += f.read()
for code in sorted(CODES):
    common.ok("diagnosis  %s " % code in golden, "a golden report has " + code)
common.end()
