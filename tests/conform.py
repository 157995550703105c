#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The active tests, against pptpscope's own peer: a correct one passes, and each fault fails its test."""
import concurrent.futures
import os
import socket
import threading
import xml.etree.ElementTree

import common

try:
    import jsonschema
except ImportError:
    jsonschema = None

# Tests that do not run against a correct peer with all hooks but with this.
NOT_PASSED = {
    "CCSM-RECV-VER-01": ("--versions", "0.9"),
    "CCSM-ORIG-VER-01": ("--versions", "0.9"),
}
SCORE = 0.95
ROLES = ("pac", "pns")


def conform(*arguments):
    return common.run("conform", *arguments)


def own(role, *arguments):
    return conform("--dut", role, "--self", *arguments)


def validator():
    if not jsonschema:
        return None
    path = os.path.join(common.SRC, "doc", "schema", "pptpscope-conform-1.schema.json")
    with open(path, encoding="utf-8") as f:
        schema = common.parse(f.read())
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    return kind(schema)


CHECK = validator()


def report(done, what):
    """The JSON of a run, held to the schema; None when there is none."""
    try:
        document = common.parse(done.stdout)
    except ValueError as e:
        common.ok(False, what + " prints JSON", e, done.stderr)
        return None
    if CHECK:
        wrong = ["%s: %s" % ("/".join(map(str, e.absolute_path)), e.message[:200]) for e in CHECK.iter_errors(document)]
        common.ok(not wrong, what + " keeps to the schema", *wrong)
    counted = {v: sum(t["verdict"] == v for t in document["tests"]) for v in document["summary"]}
    common.ok(counted == document["summary"], what + " counts its tests", counted, document["summary"])
    return document


def verdicts(document, verdict):
    return {t["id"]: t for t in document["tests"] if t["verdict"] == verdict}


def lines(tests):
    return ["%s: %s" % (name, t["observed"] or t["reason"]) for name, t in tests.items()]


# --- words ------------------------------------------------------------------------------------------------


def usage():
    for why, arguments in (("no role", ("--self",)), ("an unknown role", ("--dut", "pad", "--self")),
                           ("no device", ("--dut", "pac")), ("two devices", ("--dut", "pac", "192.0.2.1", "192.0.2.2")),
                           ("an unknown id", ("--dut", "pac", "--self", "--only", "NO-SUCH-01")),
                           ("a selection without tests", ("--dut", "pac", "--self", "--only", "PNSIN")),
                           ("an unknown format", ("--dut", "pac", "--self", "--format", "xml")),
                           ("an unknown profile", ("--dut", "pac", "--self", "--profile", "rfc9")),
                           ("an unknown fault", ("--dut", "pac", "--self", "--fault", "NO-SUCH-01")),
                           ("a time scale of nothing", ("--dut", "pac", "--self", "--time-scale", "0")),
                           ("a test that does not exist", ("--describe", "NO-SUCH-01"))):
        done = conform(*arguments)
        common.ok(done.returncode == 2 and done.stderr, "wrong usage: " + why, done.returncode, done.stderr)


def lists():
    described = set()
    for role in ROLES:
        done = conform("--dut", role, "--list")
        ids = [line.split()[0] for line in done.stdout.splitlines()]
        common.ok(done.returncode == 0 and len(ids) > 250 and len(set(ids)) == len(ids),
                  "--list of the tests for a " + role, len(ids), done.stderr)
        described.update(ids)
        dry = own(role, "--dry-run", "--fast")
        skipped = sum(" skip: " in line for line in dry.stdout.splitlines())
        common.ok("%d tests would run, %d would be skipped." % (len(ids) - skipped, skipped) in dry.stdout,
                  "--dry-run of " + role, dry.stdout[-200:])
    silent = [name for name in sorted(described)
              if not {"Requirement:", "Stimulus:", "Expected:", "Hooks:"} <= set(conform("--describe", name).stdout.split())]
    common.ok(not silent, "--describe says it of each", silent)


# --- a correct peer ------------------------------------------------------------------------------------------


def correct(role, folder):
    done = own(role, "--format", "json", "--pcap-dir", os.path.join(folder, role))
    document = report(done, "the suite against our " + role)
    if not document:
        return
    common.ok(done.returncode == 0, "our %s passes" % role, done.returncode, done.stderr, *lines(verdicts(document, "fail")))
    rest = {t["id"]: t for t in document["tests"] if t["verdict"] != "pass"}
    unknown = {name: t for name, t in rest.items() if name not in NOT_PASSED or NOT_PASSED[name][0] not in t["reason"]}
    common.ok(not unknown, "each test of a %s passes, or has a known reason" % role, *lines(unknown))
    common.ok(all(s["verdict"] == "pass" for s in document["sanity"]) and len(document["sanity"]) == 2,
              "the sanity tests of " + role, document["sanity"])
    lost = [t["id"] for t in document["tests"] if t["verdict"] == "pass" and
            not (t["capture"] and os.path.exists(os.path.join(folder, role, t["capture"])))]
    common.ok(not lost, "each test of %s has a capture" % role, lost)
    unclean = [t["id"] for t in document["tests"] if t["close_verdict"] == "unclean"]
    common.ok(not unclean, "our %s ends in order what tests leave open" % role, unclean)
    again = own(role, "--format", "json", "--pcap-dir", os.path.join(folder, role))
    common.ok(again.stdout == done.stdout, "the same run of %s, the same octets" % role)
    strict = own(role, "--strict", "--quiet")
    common.ok(strict.returncode == 0, "our %s gives no warnings" % role, strict.stdout)
    seeds = [own(role, "--quiet", "--seed", str(seed)) for seed in (2, 77)]
    common.ok(all(s.returncode == 0 for s in seeds), "other seeds, the same verdicts for " + role,
              *[s.stdout for s in seeds])
    several = own(role, "--versions", "0.9", "--format", "json")
    document = report(several, "a %s of several versions" % role)
    common.ok(several.returncode == 0 and document and not verdicts(document, "skipped"),
              "with --versions our %s passes every test" % role, several.returncode)
    scaled = [own(role, "--quiet", "--time-scale", factor) for factor in ("0.05", "3")]
    common.ok(all(s.returncode == 0 for s in scaled), "other time scales, the same verdicts for " + role,
              *[s.stdout for s in scaled])


def less(role):
    """Without hooks, without waiting, by the other profile."""
    done = own(role, "--hooks-off", "--format", "json")
    document = report(done, "a %s without hooks" % role)
    if document:
        skipped = verdicts(document, "skipped")
        common.ok(done.returncode == 0 and all("hook" in t["reason"] or "--versions" in t["reason"] for t in skipped.values()),
                  "without hooks tests of %s are skipped with the reason" % role, done.returncode,
                  *lines(verdicts(document, "fail")), *lines(skipped))
        common.ok(not any("hook" in (t["reason"] or "") for t in verdicts(document, "pass").values()) and len(skipped) > 30,
                  "... and never passed", len(skipped))
    done = own(role, "--fast", "--format", "json")
    document = report(done, "a fast run of " + role)
    if document:
        waiting = [t for t in document["tests"] if "--fast" in (t["reason"] or "")]
        common.ok(done.returncode == 0 and len(waiting) > 10, "--fast leaves tests of %s out" % role, len(waiting))
    done = own(role, "--profile", "ms-ptpt", "--format", "json")
    document = report(done, "the ms-ptpt profile of " + role)
    if document:
        common.ok(done.returncode == 0 and any(t["id"].startswith("MSP-") for t in document["tests"]),
                  "our %s by the ms-ptpt profile" % role, done.returncode, *lines(verdicts(document, "fail")))


def hopeless():
    """What a device never does is waited for in a few tests, and not in all that would need it.  Time is virtual."""
    for role, fault in (("pac", "OCRP-ONE-01.none"), ("pns", "ICRP-ONE-01.none"), ("pac", "GRE-VER-01")):
        document = report(own(role, "--fast", "--fault", fault, "--format", "json"), "a %s with %s" % (role, fault))
        if document:
            waited = ["%s %.0f s" % (t["id"], t["duration_seconds"]) for t in document["tests"]
                      if t["duration_seconds"] > 40]
            common.ok(len(waited) < 8 and sum(t["duration_seconds"] for t in document["tests"]) < 2400,
                      "%s does not make a run of a %s long" % (fault, role), *waited)


# --- faults ----------------------------------------------------------------------------------------------------


def caught(role, fault, tested):
    """Whether the test of a fault's id fails, or where it has none, any that shows its finding; else why not."""
    name = fault.split(".")[0]
    profile = ("--profile", "ms-ptpt") if name.startswith("MSP-") else NOT_PASSED.get(name, ())
    only = ("--only", name) if name in tested else ()
    done = own(role, "--fault", fault, "--strict", "--format", "json", *only, *profile)
    try:
        document = common.parse(done.stdout)
    except ValueError:
        return "no report: %d %s" % (done.returncode, done.stderr)
    tests = [t for t in document["tests"] if name in (t["id"], *t["findings"])]
    if not tests:
        return "no test: %s" % (done.stderr or document["sanity"])
    if any(t["verdict"] == "fail" for t in tests):
        return None
    return "%s %s" % (tests[0]["verdict"], tests[0]["reason"] or "")


def faults(role):
    listed = conform("--dut", role, "--list-faults").stdout.splitlines()
    names = [line.split()[0] for line in listed]
    tested = {line.split()[0] for profile in ("rfc2637", "ms-ptpt")
              for line in conform("--dut", role, "--list", "--profile", profile).stdout.splitlines() if line.strip()}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        missed = {n: why for n, why in zip(names, pool.map(lambda n: caught(role, n, tested), names)) if why}
    score = 1 - len(missed) / len(names) if names else 0
    print("# mutation score of the tests for a %s: %.3f (%d of %d faults)" %
          (role, score, len(names) - len(missed), len(names)))
    for name, why in missed.items():
        print("# not caught: %s: %s" % (name, why))
    common.ok(len(names) > 100 and score >= SCORE, "faults of a %s fail the tests of their ids" % role,
              *["%s: %s" % m for m in missed.items()])


# --- baselines, other formats -------------------------------------------------------------------------------------


def baseline(folder):
    path = os.path.join(folder, "accepted")
    fault = ("--fault", "OCRP-RSVD0-01")
    wrote = own("pac", "--only", "OCRP", *fault, "--write-expect", path)
    common.ok(wrote.returncode == 1, "a fault fails the run", wrote.returncode)
    same = own("pac", "--only", "OCRP", *fault, "--expect", path, "--format", "json")
    document = report(same, "a run against a baseline")
    common.ok(same.returncode == 0 and document and document["baseline"]["unchanged"] and not document["baseline"]["new"],
              "what the baseline accepts does not fail it", same.returncode, document and document["baseline"])
    fresh = own("pac", "--only", "OCRP", *fault, "--fault", "OCRP-SPEED-02", "--expect", path)
    common.ok(fresh.returncode == 1 and " 0 new" not in fresh.stdout, "what it does not does", fresh.stdout[-300:])
    fixed = own("pac", "--only", "OCRP", "--expect", path)
    common.ok(fixed.returncode == 0 and "fixed: OCRP-RSVD0-01 fail" in fixed.stdout, "what is gone is listed",
              fixed.stdout[-300:])
    with open(path, "a", encoding="utf-8") as f:
        f.write("nonsense\n")
    common.ok(own("pac", "--expect", path).returncode == 2, "a baseline with nonsense is wrong usage")
    common.ok(own("pac", "--expect", path + ".none").returncode == 3, "a baseline that is not there")


def junit(folder):
    path = os.path.join(folder, "report.xml")
    done = own("pac", "--fault", "OCRP-RSVD0-01", "--format", "junit", "--output", path)
    to_stdout = own("pac", "--fault", "OCRP-RSVD0-01", "--format", "junit")
    with open(path, encoding="utf-8") as f:
        text = f.read()
    common.ok(text == to_stdout.stdout, "JUnit in a file, and on standard output")
    root = xml.etree.ElementTree.fromstring(text)
    suites = root.findall("testsuite")
    cases = [c for s in suites for c in s.findall("testcase")]
    names = [s.get("name") for s in suites]
    common.ok(len(set(names)) == len(names) and "RFC 2637 section 2.8" in names, "a testsuite for each section", names)
    common.ok(int(root.get("tests")) == len(cases) and len({c.get("name") for c in cases}) == len(cases),
              "its counts are right", root.attrib, len(cases))
    failures = [c.get("name") for c in cases if c.find("failure") is not None]
    common.ok("OCRP-RSVD0-01" in failures and int(root.get("failures")) == len(failures) and done.returncode == 1,
              "a failed test is a failure", failures)


# --- devices that are none -----------------------------------------------------------------------------------------


class Strange:
    """A TCP server on this machine that does one thing to whoever comes."""

    def __init__(self, manner):
        self.manner = manner
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=(connection,), daemon=True).start()

    def talk(self, connection):
        with connection:
            try:
                self.manner(connection)
            except OSError:
                pass

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)  # wakes accept()
        self.listener.close()


def closes(connection):
    connection.close()


def silent(connection):
    while connection.recv(4096):
        pass


def garbage(connection):
    connection.sendall(b"220 mail.example ESMTP\r\n")
    silent(connection)


def floods(connection):
    while True:
        connection.sendall(b"\x00" * 65536)


def strange():
    """One message, status 3, soon, whatever the device does."""
    for manner in (closes, silent, garbage, floods):
        device = Strange(manner)
        done = conform("--dut", "pac", "--format", "json", "127.0.0.1:%d" % device.port)
        device.close()
        document = report(done, "a device that is %s" % manner.__name__)
        common.ok(done.returncode == 3 and document and not document["tests"] and len(document["sanity"]) == 1 and
                  (document["sanity"][0]["reason"] or document["sanity"][0]["observed"]),
                  "a device that is %s: one message" % manner.__name__, done.returncode, done.stdout[-500:])
    refused = Strange(closes)
    refused.close()
    done = conform("--dut", "pac", "127.0.0.1:%d" % refused.port)
    common.ok(done.returncode == 3 and "refused" in done.stdout and len(done.stdout) < 1000, "a device that is not there",
              done.returncode, done.stdout)
    done = conform("--dut", "pac", "192.0.2.1:99999")
    common.ok(done.returncode == 3 and done.stderr, "an address that is none", done.returncode, done.stderr)
    done = conform("--dut", "pac", "--pcap-dir", "/dev/null/nowhere", "--self")
    common.ok(done.returncode == 3 and done.stderr, "a folder that cannot be", done.returncode, done.stderr)
    done = own("pac", "--only", "TCP", "--output", "/dev/full")
    common.ok(done.returncode == 3 and done.stderr, "a full disk", done.returncode, done.stderr)


def main():
    folder = common.temporary_folder()
    usage()
    lists()
    for role in ROLES:
        correct(role, folder)
        less(role)
    baseline(folder)
    junit(folder)
    strange()
    hopeless()
    for role in ROLES:
        faults(role)
    common.end()


main()
