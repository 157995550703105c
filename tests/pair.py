#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""audit --pair: what lies between two recordings of the same calls.

What was dropped is checked against the data packets of `decode` in each recording alone: a sequence
number that stands in one and not in the other did not come through.
"""
import json
import os

import common

try:
    import jsonschema
except ImportError:
    common.skip_all("no python3-jsonschema")

with open(os.path.join(common.SRC, "doc", "schema", "pptpscope-pair-1.schema.json"), encoding="utf-8") as f:
    SCHEMA = jsonschema.Draft7Validator(json.load(f))


def recording(name):
    return next(p for p in common.captured() if os.path.basename(p).split(".pcap")[0] == name)


def paired(first, second, *options):
    done = common.run("audit", "--pair", "--format", "json", *options, recording(first), recording(second))
    common.ok(done.returncode == 0, "%s and %s are compared" % (first, second), done.returncode, done.stderr)
    report = json.loads(done.stdout)
    wrong = [e.message[:200] for e in SCHEMA.iter_errors(report)]
    common.ok(not wrong, "the report on %s fits its schema" % first, *wrong)
    return report


def sequences(name):
    """Sequence numbers of data by sender."""
    out = {}
    for line in common.run("decode", "--format", "json", recording(name)).stdout.splitlines():
        packet = json.loads(line)
        if packet["type"] == "gre" and packet["fields"]["sequence_number"] is not None:
            out.setdefault(packet["src"], set()).add(packet["fields"]["sequence_number"])
    return out


def lossy(first, second, pns, pac):
    report = paired(first, second)
    common.ok(len(report["connections"]) == 1 and len(report["calls"]) == 1, "%s: one connection, one call" % first)
    call = report["calls"][0]
    a, b = sequences(first), sequences(second)
    # The first recording is at the client: what the PNS sends passes there first.
    for direction, host, before, after in (("pns_to_pac", pns, a, b), ("pac_to_pns", pac, b, a)):
        lost = len(before[host] - after[host])
        common.ok(call[direction]["dropped"]["data"] == lost, "%s: %s has dropped %d data packets"
                  % (first, direction, lost), call[direction]["dropped"])
        common.ok(call[direction]["call_id"][0] == call[direction]["call_id"][1], "%s: %s keeps its Call ID"
                  % (first, direction))


def changes(report):
    return {(c["message"], c["field"]) for connection in report["connections"] for c in connection["changes"]}


lossy("r-loss.clientside", "r-loss.serverside", "10.77.13.2", "10.77.21.2")
lossy("r-accel-loss.clientside", "r-accel-loss.serverside", "10.78.13.2", "10.78.21.2")

for name in ("p-nat-helper-two.inside1", "p-nat-helper-two.inside2"):
    nat = paired(name, "p-nat-helper-two.outside")
    common.ok(len(nat["connections"]) == 1 and len(nat["calls"]) == 1, "%s: one of the two is matched" % name)
    inside, outside = nat["calls"][0]["pns_call_id"]
    port = nat["connections"][0]["originator"][1]["port"]
    common.ok(inside != outside == port, "%s: the PNS Call ID became the TCP source port" % name, inside, outside)
    common.ok(("Outgoing-Call-Request", "call_id") in changes(nat), "%s: the request was changed" % name,
              changes(nat))
    for direction in ("pns_to_pac", "pac_to_pns"):
        common.ok(nat["calls"][0][direction]["dropped"]["packets"] == 0, "%s: %s loses nothing" % (name, direction))

none = paired("p-nat-nohelper-two.inside1", "p-nat-nohelper-two.outside")
common.ok(none["calls"][0]["pns_call_id"][0] == none["calls"][0]["pns_call_id"][1],
          "without the helper the Call ID stays")
common.ok(none["calls"][0]["pac_to_pns"]["dropped"]["packets"] > 0, "... and the GRE of the server does not come in",
          none["calls"][0]["pac_to_pns"])

done = common.run("audit", "--pair", recording("r-pap"))
common.ok(done.returncode == 2, "one capture is wrong usage", done.returncode)
done = common.run("audit", "--pair", recording("r-pap"), recording("r-noauth"))
common.ok(done.returncode == 3, "captures of different calls have nothing in common", done.returncode)
common.end()
