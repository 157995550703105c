#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Recorded conversations of emulated peers played again, in a network namespace of their own."""
import os
import subprocess

import common
import netns
import peer

try:
    import jsonschema
except ImportError:
    jsonschema = None

PAC, PNS = "127.0.0.1", "127.0.0.2"


def replay(*arguments, preexec_fn=None):
    """The status, the report and what was said."""
    done = subprocess.run([common.PPTPSCOPE, "replay", "--format", "json", *arguments], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True,
                          encoding="utf-8", preexec_fn=preexec_fn)
    return done.returncode, read(done.stdout, arguments), done.stderr


def read(text, what):
    """A report, which has to fit its schema; {} for none."""
    try:
        report = common.parse(text)
    except ValueError as e:
        return {"no report": str(e)}
    if jsonschema:
        path = os.path.join(common.SRC, "doc", "schema", "pptpscope-replay-1.schema.json")
        with open(path, encoding="utf-8") as f:
            schema = common.parse(f.read())
        kind = jsonschema.validators.validator_for(schema)
        kind.check_schema(schema)
        wrong = [e.message for e in kind(schema).iter_errors(report)]
        common.ok(not wrong, "a report fits the schema", what, *wrong)
    return report


def usage(folder):
    """What is refused, and what cannot be done."""
    good = os.path.join(common.CAPTURED, "p-basic.pcap")
    for why, arguments in (("no side", (good, PAC)), ("an unknown side", ("--as", "pad", good, PAC)),
                           ("no peer", ("--as", "pns", good)), ("no capture", ("--as", "pns")),
                           ("a peer and --listen", ("--as", "pac", "--listen", PAC, good, PAC)),
                           ("two peers", ("--as", "pns", good, PAC, PAC)),
                           ("a bad timeout", ("--as", "pns", "--timeout", "soon", good, PAC)),
                           ("--fast and a scale", ("--as", "pns", "--fast", "--time-scale", "2", good, PAC)),
                           ("a field that is none", ("--as", "pns", "--ignore", "colour", good, PAC)),
                           ("an unknown format", ("--as", "pns", "--format", "xml", good, PAC)),
                           ("a bad filter", ("--as", "pns", "--filter", "no such", good, PAC)),
                           ("the other side connects", ("--as", "pac", good, PAC)),
                           ("this side connects", ("--as", "pns", "--listen", PAC, good))):
        done = common.run("replay", *arguments)
        common.ok(done.returncode == 2 and done.stderr, "wrong usage: " + why, done.returncode, done.stderr)
    nothing = os.path.join(folder, "nothing.pcap")
    with open(good, "rb") as full, open(nothing, "wb") as f:
        f.write(full.read(24))  # the header alone
    for why, arguments in (("no such capture", ("--as", "pns", "/nowhere.pcap", PAC)),
                           ("no PPTP in it", ("--as", "pns", nothing, PAC)),
                           ("no such connection", ("--as", "pns", "--connection", "77", good, PAC))):
        done = common.run("replay", *arguments)
        common.ok(done.returncode == 3 and done.stderr.count("\n") == 1, "not possible: " + why, done.returncode,
                  done.stderr)
    status, report, _ = replay("--as", "pns", good, PAC)
    common.ok(status == 3 and report["summary"]["result"] == "not-connected" and
              report["summary"]["reason"] == "connection refused", "nobody listens", status, report)


def record(folder):
    """A call between two peers that work, as both have seen it."""
    pac = peer.Emulated(folder, "pac", "pac", "--listen", PAC)
    pns = peer.Emulated(folder, "pns", "pns", "--connect", PAC, "--listen", PNS, "--calls", "1", "--ping", "--dial",
                        "5550000")
    good, last = pns.reaches(lambda s: peer.open_calls(s) and s["calls"][0]["ppp"]["ping_replies"])
    common.ok(good, "there is something to record", last, pns.said())
    common.ok(pns.stop() == 0, "the PNS stops", pns.said())
    good, last = pac.reaches(lambda s: not s["connections"])
    common.ok(good and pac.stop() == 0, "the PAC stops", last, pac.said())
    return pac.pcap, pns.pcap


def as_pns(folder, capture):
    """At a PAC like the recorded one, and at one that is not."""
    pac = peer.Emulated(folder, "same", "pac", "--listen", PAC)
    again = os.path.join(folder, "again.pcap")
    status, report, said = replay("--as", "pns", "--source", PNS, "--pcap", again, capture, PAC)
    summary = report.get("summary", {})
    common.ok(status == 0 and summary["result"] == "same" and not report["differences"],
              "the same peer does the same", status, report, said, pac.said())
    common.ok(summary["whole"] and summary["tunnel_played"] and summary["messages"]["came"] >= 3 and
              summary["packets"]["ppp_came"] == summary["packets"]["ppp_expected"] > 3, "all of it", summary)
    found, audited = peer.audited(again)
    common.ok(found == [], "what was said and heard is a capture without findings", found, audited)
    status, report, said = replay("--as", "pns", "--fast", "--no-gre", "--source", PNS, capture, PAC)
    common.ok(status == 0 and not report["summary"]["tunnel_played"], "without the tunnel, fast", report, said)
    done = common.run("replay", "--as", "pns", "--fast", "--verbose", "--anonymize", "--source", PNS, capture, PAC)
    common.ok(done.returncode == 0 and "the peer does what it did" in done.stdout and
              "Outgoing-Call-Reply" in done.stdout and PAC not in done.stdout, "in words, anonymous", done.stdout)
    pac.stop()


def differences(folder, capture):
    pac = peer.Emulated(folder, "faulty", "pac", "--listen", PAC, "--fault", "OCRP-RSVD0-01")
    status, report, said = replay("--as", "pns", "--source", PNS, "--fast", capture, PAC)
    found = [(d["kind"], d["message"], d["field"], d["expected"]) for d in report.get("differences", [])]
    common.ok(status == 1 and found == [("field", "Outgoing-Call-Reply", "reserved0", 0)],
              "a fault is a difference", status, report, said)
    done = common.run("replay", "--as", "pns", "--source", PNS, "--fast", capture, PAC)
    common.ok(done.returncode == 1 and "Reserved0: 0x" in done.stdout and "1 difference" in done.stdout, "in words",
              done.stdout, done.stderr)
    status, report, said = replay("--as", "pns", "--source", PNS, "--fast", "--ignore", "reserved0", capture, PAC)
    common.ok(status == 0, "that may be ignored", report, said)
    pac.stop()


def unprivileged(folder, capture):
    pac = peer.Emulated(folder, "plain", "pac", "--listen", PAC)
    status, report, said = replay("--as", "pns", "--source", PNS, "--fast", capture, PAC,
                                  preexec_fn=netns.without_raw_sockets)
    common.ok(status == 3 and not report["differences"] and any("CAP_NET_RAW" in n for n in report["notices"]),
              "without raw sockets the messages are played, and it is said", status, report, said)
    pac.stop()


class Listening:
    """A replay that waits for its peer."""

    def __init__(self, *arguments):
        self.arguments = arguments
        self.process = subprocess.Popen([common.PPTPSCOPE, "replay", "--format", "json", *arguments],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        universal_newlines=True, encoding="utf-8")
        self.said = self.process.stderr.readline()

    def end(self):
        """Once it has ended by itself."""
        out, err = self.process.communicate()
        return self.process.returncode, read(out, self.arguments), self.said + err


def as_pac(folder, capture):
    """The recorded PAC waits; a PNS like the recorded one comes."""
    waiting = Listening("--as", "pac", "--listen", PAC, capture)
    common.ok("waiting" in waiting.said, "it says that it waits", waiting.said)
    pns = peer.Emulated(folder, "caller", "pns", "--connect", PAC, "--listen", PNS, "--calls", "1", "--ping", "--dial",
                        "5550000")
    good, last = pns.reaches(peer.open_calls)
    common.ok(good, "PPP is open with what is played", last, pns.said())
    common.ok(pns.stop() == 0, "the PNS stops", pns.said())
    status, report, said = waiting.end()
    common.ok(status == 0 and report["summary"]["whole"], "the PNS does the same", status, report, said)
    waiting = Listening("--as", "pac", "--listen", PAC, capture)
    netns.end(waiting.process)
    status, report, said = waiting.end()
    common.ok(status == 3 and report["summary"]["result"] == "not-connected", "a signal ends the wait", status, report)


def others(folder):
    """Recordings of other programs: whatever comes of it, it ends and is reported."""
    pac = peer.Emulated(folder, "others", "pac", "--listen", PAC)
    played = 0
    for capture in common.captured():
        done = common.run("audit", "--format", "json", capture)
        tunnels = common.parse(done.stdout)["tunnels"]
        first = [c for t in tunnels for c in t["control_connections"] if c["id"] == 1]
        if not first or os.path.getsize(capture) > 100000:
            continue
        status, report, said = replay("--as", "pns", "--source", PNS, "--fast", "--timeout", "0.2", "--no-gre",
                                      "--quiet", capture, PAC)
        if status == 2 and "--listen" in said:
            continue
        common.ok(status in (0, 1, 3) and "summary" in report, os.path.basename(capture), status, report, said)
        played += status in (0, 1)
    common.ok(played > 5, "several of them were played", played)
    common.ok(pac.stop() == 0, "the peer is well", pac.said())


def main():
    netns.enter()
    folder = common.temporary_folder()
    usage(folder)
    pac, pns = record(folder)
    as_pns(folder, pns)
    differences(folder, pns)
    unprivileged(folder, pns)
    as_pac(folder, pac)
    others(folder)
    common.end()


main()
