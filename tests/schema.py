#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Validates every kind of JSON that pptpscope prints against doc/schema/."""
import glob
import os
import random
import warnings

import common

try:
    import jsonschema
except ImportError:
    common.skip_all("python3-jsonschema is not installed")

BASE = "https://pptpscope.invalid/"  # nothing is fetched from there
warnings.filterwarnings("ignore", category=DeprecationWarning)
SCHEMAS = os.path.join(common.SRC, "doc", "schema")


def validator(name):
    with open(os.path.join(SCHEMAS, "pptpscope-%s-1.schema.json" % name), encoding="utf-8") as f:
        schema = common.parse(f.read())
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    # One schema may name parts of another, by its file.
    others = {}
    for path in glob.glob(os.path.join(SCHEMAS, "*.json")):
        with open(path, encoding="utf-8") as f:
            others[BASE + os.path.basename(path)] = common.parse(f.read())
    base = BASE + "pptpscope-%s-1.schema.json" % name
    return kind(schema, resolver=jsonschema.RefResolver(base, schema, store=others))


def faults(check, document):
    return ["%s: %s" % ("/".join(map(str, e.absolute_path)), e.message[:300])
            for e in check.iter_errors(document)]


def uncounted(report):
    """Captures whose packets are not each inspected, or counted once under a reason."""
    wrong = []
    for c in report.get("captures", []) if report.get("schema") == "pptpscope-report-1" else []:
        counted = sum(c.get("inspected", {}).values()) + sum(u["packets"] for u in c["unseen"])
        if counted != c["packets"]:
            wrong.append("%s: %d packets, %d of them counted" % (c["file"], c["packets"], counted))
    return wrong


def judge(check, description, arguments, statuses=(0, 1, 3), by_line=False):
    done = common.run(*arguments)
    if done.returncode not in statuses:
        common.ok(False, description, "exit status %d" % done.returncode, done.stderr)
        return
    try:
        documents = common.lines(done.stdout) if by_line else [common.parse(done.stdout)]
    except ValueError as e:
        common.ok(False, description, e)
        return
    wrong = [f for d in documents for f in faults(check, d) + uncounted(d)]
    common.ok(bool(documents) or by_line, description + " prints something")
    common.ok(not wrong, description, *wrong)


def damaged(folder):
    """Captures that bring out the rarer parts of a report."""
    out = []
    random.seed(47)
    for n, path in enumerate(p for p in common.captured() if p.endswith(".pcap")):
        with open(path, "rb") as f:
            data = bytearray(f.read())
        for _ in range(30):
            data[random.randrange(24, len(data))] = random.randrange(256)
        out.append(os.path.join(folder, "damaged%02d.pcap" % n))
        with open(out[-1], "wb") as f:
            f.write(data[:-7])
    return out


def halves(path, folder, first):
    """A capture as two files, the first of which has so many packets: what opened a connection lies in it."""
    with open(path, "rb") as f:
        data = f.read()
    at = 24
    for _ in range(first):
        at += 16 + int.from_bytes(data[at + 8:at + 12], "little")
    parts = [os.path.join(folder, name) for name in ("first.pcap", "second.pcap")]
    for part, octets in zip(parts, (data[:at], data[:24] + data[at:])):
        with open(part, "wb") as f:
            f.write(octets)
    return parts


def main():
    report, decoded, rules, pair, events = map(validator, ("report", "decode", "rules", "pair", "events"))
    folder = common.temporary_folder()
    captures = common.captured() + common.made(folder)
    for path in captures:
        name = os.path.basename(path)
        judge(report, "audit of " + name, ("audit", "--format", "json", path))
        judge(decoded, "decode of " + name, ("decode", "--format", "json", path), by_line=True)
    for n, path in enumerate(captures):
        judge(events, "events of " + os.path.basename(path),
              ("monitor", "--format", ("json", "json", "eve")[n % 3], "--read-pipe", path), by_line=True)
    for option in (("--anonymize",), ("--verbose",), ("--expect", os.devnull), ("--any-port",), ("--max-calls", "1")):
        judge(events, "monitor " + " ".join(option), ("monitor", "--format", "json", "--read-pipe", captures[0], *option),
              by_line=True)
    other = next(p for p in captures if "other-port" in p)
    for first in (1, 2, 3, 5):
        judge(report, "audit of another port, cut after %d packets" % first,
              ("audit", "--format", "json", *halves(other, folder, first)))
    for path in damaged(folder):
        name = os.path.basename(path)
        judge(report, "audit of " + name, ("audit", "--format", "json", path))
        judge(decoded, "decode of " + name, ("decode", "--format", "json", path), by_line=True)
    some = [p for p in captures if "r-accel" in p]
    judge(report, "audit of several captures", ("audit", "--format", "json", *some))
    for option in (("--anonymize",), ("--verbose",), ("--quiet",), ("--show-secrets",), ("--profile", "ms-ptpt"),
                   ("--max-calls", "1"), ("--max-connections", "1"), ("--max-tunnels", "1"),
                   ("--filter", "tcp"), ("--filter", "proto 47")):
        judge(report, "audit " + " ".join(option), ("audit", "--format", "json", *option, *some))
    for first, second in zip(captures, captures[1:]):
        judge(pair, "pair of %s and %s" % (os.path.basename(first), os.path.basename(second)),
              ("audit", "--pair", "--format", "json", first, second))
    judge(pair, "pair of anonymous captures", ("audit", "--pair", "--anonymize", "--format", "json", *some[:2]))
    judge(report, "audit of nothing that can be read", ("audit", "--format", "json", os.devnull), (3,))
    for option in (("--anonymize",), ("--verbose",), ("--show-secrets",)):
        judge(decoded, "decode " + " ".join(option), ("decode", "--format", "json", *option, *some), by_line=True)
    with open(os.path.join(folder, "secrets"), "w", encoding="utf-8") as f:
        f.write("lab:labpass\n")
    judge(decoded, "decode --secrets", ("decode", "--format", "json", "--secrets", f.name,
                                        *[p for p in captures if "mppe128" in p]), by_line=True)
    judge(rules, "rules", ("rules", "--format", "json"))
    judge(rules, "rules --passive", ("rules", "--format", "json", "--passive"))
    common.end()


main()
