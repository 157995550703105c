#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
The active tests over sockets, against a device that shares nothing with us (tests/device): no failure when it is
right, whichever way it chooses where the RFC leaves a choice; and failures when it is a mutant.

Each run has a network namespace of its own, so many stand beside each other: most of their time is waiting. Where
the machine is too busy for that, a device answers too late and a test is right to say so: what went wrong beside
others is tried once more with nothing of ours beside it, and counts then.
"""
import concurrent.futures
import itertools
import os
import shlex
import signal
import subprocess
import sys

import common
import netns

DEVICE = os.path.join(common.SRC, "tests", "device", "device.py")
ADDRESS = "192.0.2.1"
TESTERS = ("198.51.100.7", "10.0.0.7", "203.0.113.7", "203.0.113.8")
BESIDE = 40
PARTS = 16  # of the suite, each in a namespace
STYLES = (("pac", "mild"), ("pac", "strict"), ("pns", "strict"), ("pns", "both"))
# What a mutant does wrong, and the test that is to fail.
MUTANTS = (
    ("pac", "sccrp-reserved0", "SCCRP-RSVD0-01"), ("pac", "ocrp-peer", "OCRP-PEER-01"),
    ("pac", "cdn-peer-id", "CDN-CALLID-01"), ("pac", "icrp-result-ignored", "PACIN-WAIT-02"),
    ("pac", "no-reassembly", "TCP-STREAM-01"), ("pac", "collision-reversed", "COLL-WINNER-01"),
    ("pac", "late-delivered", "OOS-LATE-01"), ("pac", "window-ignored", "WIN-MAX-01"),
    ("pns", "echo-identifier-signed", "ECHORP-IDENT-01"), ("pns", "ccrq-pac-id", "CCRQ-CALLID-01"),
    ("pns", "sli-own-id", "SLI-PEER-01"), ("pns", "gre-start", "GRE-SEQ-START-01"),
    ("pns", "ack-goes-back", "GRE-ACK-03"), ("pns", "iccn-unknown-used", "PNSIN-ILLEGAL-01"),
)


# --- within a namespace ----------------------------------------------------------------------------------


def inside(folder, role, style, mutant, *arguments):
    """Runs conform against a device of its own; its report is the output."""
    for command in [["link", "set", "lo", "mtu", "1500", "up"]] + \
            [["addr", "add", address + "/32", "dev", "lo"] for address in (ADDRESS,) + TESTERS]:
        subprocess.run(["ip"] + command, check=True)
    control = os.path.join(folder, "control")
    command = [sys.executable, "-B", "-S", DEVICE]
    device = subprocess.Popen(command + [role, "--listen", ADDRESS, "--control", control, "--style", style] +
                              (["--mutant", mutant] if mutant else []), stdout=subprocess.PIPE)
    device.stdout.readline()
    hook = " ".join(shlex.quote(word) for word in command + ["hook", control])
    sources = [word for address in TESTERS for word in ("--source", address)]
    done = subprocess.run([common.PPTPSCOPE, "conform", "--dut", role, "--hook", hook, "--fast", "--format", "json",
                           *sources, *arguments, ADDRESS], stdin=subprocess.DEVNULL)
    status = netns.end(device, signal.SIGTERM)
    if status != 0:
        sys.exit("the device ended with %s" % status)
    sys.exit(done.returncode)


# --- outside -----------------------------------------------------------------------------------------------

_runs = itertools.count()


def run(folder, role, style, ids, mutant=""):
    """The report of these tests (None: none) and what was said."""
    own = os.path.join(folder, str(next(_runs)))
    os.mkdir(own)
    done = subprocess.run(["unshare", "--net", sys.executable, "-B", os.path.abspath(__file__), "inside", own, role, style,
                           mutant, *[word for name in ids for word in ("--only", name)]],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True)
    try:
        return common.parse(done.stdout), done.stderr
    except ValueError:
        return None, done.stderr or "status %d" % done.returncode


def tests_of(role):
    listed = common.run("conform", "--dut", role, "--list").stdout
    return [line.split()[0] for line in listed.splitlines()]


def bad_tests(report):
    return [t for t in report["tests"] + report["sanity"] if t["verdict"] not in ("pass", "skipped")]


def wrong(report):
    return ["%s: %s, %s" % (t["id"], t["verdict"], t["observed"] or t["reason"]) for t in bad_tests(report)]


def clean(folder, role, style, parts):
    """Each part is the ids of a run and its outcome."""
    passed, bad = 0, []
    for ids, (report, said) in parts:
        again = ids
        if report:
            passed += report["summary"]["pass"]
            again = sorted({t["id"] for t in bad_tests(report)} & set(ids)) or (ids if bad_tests(report) else [])
        if again:
            common.diag("once more, alone:", role, style, *again, *(wrong(report) if report else [said]))
            report, said = run(folder, role, style, again)
            passed += report["summary"]["pass"] if report else 0
            bad += wrong(report) if report else [said]
    common.ok(not bad and passed > 200, "a %s in the %s style passes" % (role, style), passed, *bad)


def killed(folder, role, mutant, test, outcome):
    report, said = outcome
    if not report or test not in failed(report):
        common.diag("once more, alone:", role, mutant, said)
        report, said = run(folder, role, "mild", [test], mutant)
    common.ok(report and test in failed(report), "the mutant %s of a %s fails %s" % (mutant, role, test), said,
              *(wrong(report) if report else []))


def failed(report):
    return [t["id"] for t in report["tests"] if t["verdict"] == "fail"]


def main():
    if sys.argv[1:2] == ["inside"]:
        inside(*sys.argv[2:])
    netns.enter()
    folder = common.temporary_folder()
    with concurrent.futures.ThreadPoolExecutor(BESIDE) as pool:
        styles = [(role, style, [(ids, pool.submit(run, folder, role, style, ids))
                                 for ids in (tests_of(role)[part::PARTS] for part in range(PARTS))])
                  for role, style in STYLES]
        mutants = [(role, mutant, test, pool.submit(run, folder, role, "mild", [test], mutant))
                   for role, mutant, test in MUTANTS]
    for role, style, parts in styles:
        clean(folder, role, style, [(ids, future.result()) for ids, future in parts])
    for role, mutant, test, future in mutants:
        killed(folder, role, mutant, test, future.result())
    common.end()


main()
