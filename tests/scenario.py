#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Scenarios: one file is a trace and a test.  Played at pptpscope's own peer, in memory."""
import glob
import os

import common

SCENARIOS = os.path.join(common.SRC, "traces", "scenarios")
folder = common.temporary_folder()


def path(name):
    return os.path.join(folder, name)


def same(what, expected, actual):
    common.ok(expected == actual, what, "expected %r" % (expected,), "got %r" % (actual,))


def play(scenario, *more, dut="pac"):
    """Exit status and the only test of a run against our own peer."""
    done = common.run("conform", "--dut", dut, "--self", "--no-progress", "--format", "json",
                      "--scenario", scenario, *more)
    try:
        tests = common.parse(done.stdout)["tests"]
    except ValueError:
        return done.returncode, {"verdict": done.stderr}
    return done.returncode, tests[0] if len(tests) == 1 else {"verdict": "%d tests" % len(tests)}


def passes(what, scenario, *more, dut="pac"):
    status, test = play(scenario, *more, dut=dut)
    same(what + " passes", (0, "pass", None), (status, test["verdict"], test.get("observed")))
    return test


def write(name, text):
    with open(path(name), "w", encoding="utf-8") as out:
        out.write(text)
    return path(name)


def recorded(capture, *more):
    """A scenario of a capture."""
    name = path(os.path.basename(capture) + ".trace")
    done = common.run("audit", "--quiet", "--output", os.devnull, "--write-scenario", name, *more, capture)
    common.ok(done.returncode in (0, 1), os.path.basename(capture) + " is written as a scenario", done.stderr)
    return name


def examples():
    """Each is a trace, and passes."""
    scripts = sorted(glob.glob(SCENARIOS + "/*.trace"))
    common.ok(len(scripts) >= 5, "there are examples")
    for script in scripts:
        name = os.path.basename(script)
        made = common.run("trace", "make", script, "-o", path("made.pcap"))
        same(name + " is a trace", (0, ""), (made.returncode, made.stderr))
        passes(name, script)


def differences():
    """What goes wrong is told exactly."""
    status, test = play(write("wrong.trace", "open\npns OCRQ call_id=5\n"
                                             "expect pac OCRP result_code=busy within 30s\n"))
    same("a difference fails", (1, "fail"), (status, test["verdict"]))
    same("... and is told", "Outgoing-Call-Reply: result_code is 1 (connected), not 4 (busy)",
         test.get("observed"))
    same("... with the statement", "pac OCRP result_code=busy within 30s (line 3)", test.get("expected"))
    status, test = play(write("fault.trace", "open; pns ECHORQ identifier=7; pac ECHORP; stop"),
                        "--fault", "ECHORP-IDENT-01")
    same("a peer with a fault fails", (1, "fail"), (status, test["verdict"]))
    done = common.run("conform", "--dut", "pac", "--self", "--no-progress",
                      "--scenario", write("bad.trace", "open\nfrobnicate\n"))
    common.ok(':2: there is no statement "frobnicate"' in done.stderr, "a mistake is told with its line",
              done.stderr)
    same("... and the run is not complete", 3, done.returncode)


def again():
    """A recording of our own peer, written as a scenario, passes against it."""
    os.mkdir(path("captures"))
    for name in ("start", "outgoing", "split", "stop"):
        test = passes(name, os.path.join(SCENARIOS, name + ".trace"), "--pcap-dir", path("captures"))
        capture = os.path.join(path("captures"), test.get("capture") or "none")
        passes(name + ", as it was recorded,", recorded(capture))


def recordings():
    """So do recordings of others, as far as those did what our peer does."""
    passes("what nmap asked", recorded(os.path.join(common.CAPTURED, "p-nmap.pcap")))
    status, test = play(recorded(os.path.join(common.CAPTURED, "r-chapmd5.pcap")))
    same("where pptpd closes without a word, our peer says what it must", (1, "fail"), (status, test["verdict"]))
    same("... which is the difference", "the device sent Call-Disconnect-Notify with result_code 4 (request)",
         test.get("observed"))
    made = common.run("trace", "make", os.path.join(common.CORPUS, "clean-incoming.trace"), "-o", path("in.pcap"))
    same("a trace of an incoming call", 0, made.returncode)
    passes("a PNS that takes the calls of a recorded PAC", recorded(path("in.pcap"), "--scenario-dut", "pns"),
           dut="pns")


examples()
differences()
again()
recordings()
common.end()
