#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Audits every recording and holds the report to what is known to be true of it: truth.json.

The truths come from who made the recordings (what the peers were told to do, their logs) and from
an independent count of what is in them, never from pptpscope.
"""
import os

import common

TRUTH = os.path.join(common.SRC, "tests", "truth.json")
GRE = ("pns_to_pac", "pac_to_pns")


def differences(what, expected, actual):
    """The keys of expected whose values actual does not have."""
    return ["%s %s: expected %r, got %r" % (what, k, v, actual.get(k))
            for k, v in expected.items() if actual.get(k) != v]


def check_connection(true, connection):
    what = "connection from port %s" % true["originator_port"]
    wrong = differences(what, {k: v for k, v in true.items() if k != "messages"}, connection)
    messages = {k: v for k, v in connection["messages"].items() if v}
    if messages != true["messages"]:
        wrong.append("%s messages: expected %r, got %r" % (what, true["messages"], messages))
    return wrong


def check_call(true, call, tunnel):
    what = "call %s" % true["pns_call_id"]
    plain = {k: v for k, v in true.items() if k not in GRE + ("pns", "pac")}
    wrong = differences(what, plain, call)
    wrong += differences(what + " tunnel", {k: true[k] for k in ("pns", "pac") if k in true}, tunnel)
    for direction in GRE:
        seen = (call.get("gre") or {}).get(direction)
        if true[direction] is None:
            if seen and seen["packets"]:
                wrong.append("%s %s: expected no GRE, got %r" % (what, direction, seen))
        elif not seen:
            wrong.append("%s %s: expected GRE, got none" % (what, direction))
        else:
            wrong += differences("%s %s" % (what, direction), true[direction], seen)
    return wrong


def check_findings(true, report):
    """Requirements that are known to be broken in it, and some that are known to be kept."""
    seen = {f["id"] for f in report["findings"]}
    return (["finding %s is missing" % i for i in true.get("findings", ()) if i not in seen] +
            ["finding %s is false" % i for i in true.get("no_findings", ()) if i in seen])


def check(true, report):
    connections = [c for t in report["tunnels"] for c in t["control_connections"]]
    calls = [(c, t) for t in report["tunnels"] for c in t["calls"]]
    wrong = differences("capture", {"packets": true["packets"], "damaged": False}, report["captures"][0])
    for name, expected, actual in (("tunnels", true["tunnels"], report["tunnels"]),
                                   ("control connections", len(true["control_connections"]), connections),
                                   ("calls", len(true["calls"]), calls)):
        if len(actual) != expected:
            wrong.append("%s: expected %d, got %d" % (name, expected, len(actual)))
    if wrong:
        return wrong
    for t in true["control_connections"]:
        match = [c for c in connections if c["originator_port"] == t["originator_port"]]
        wrong += check_connection(t, match[0]) if match else ["no connection from port %(originator_port)s" % t]
    for t in true["calls"]:
        match = [c for c in calls if c[0]["pns_call_id"] == t["pns_call_id"]]
        wrong += check_call(t, *match[0]) if match else ["no call with PNS Call ID %(pns_call_id)s" % t]
    return wrong + check_findings(true, report)


def main():
    with open(TRUTH, encoding="utf-8") as f:
        truth = common.parse(f.read())
    names = {os.path.basename(p) for p in common.captured()}
    common.ok(names == set(truth), "every recording has its truth", sorted(names ^ set(truth)))
    for name in sorted(names):
        stem = name.split(".")[0]
        common.ok(os.path.exists(os.path.join(common.CAPTURED, stem + ".md")), "%s.md tells of %s" % (stem, name))
    for path in common.captured():
        name = os.path.basename(path)
        done = common.run("audit", "--no-progress", "--format", "json", path)
        if not common.ok(done.returncode in (0, 1), "audit of %s" % name, done.returncode, done.stderr):
            continue
        wrong = check(truth.get(name, {}), common.parse(done.stdout)) if name in truth else []
        common.ok(not wrong, "%s is reported as it is" % name, *wrong)
    common.end()


main()
