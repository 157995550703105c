# SPDX-License-Identifier: GPL-2.0-or-later
"""What corpus.py and mutate.py share: from a trace script to the findings of an audit."""
import concurrent.futures
import itertools
import os
import re
import struct

import common

FOLDER = common.temporary_folder()
PARALLEL = min(os.cpu_count() or 1, 8)
_number = itertools.count()


class Broken(Exception):
    """The script does not compile, or the audit did not come to its end."""


class Audit:
    """One script, compiled and audited."""

    def __init__(self, report, script, path):
        self.path = path
        self.hosts = {"PAC": "10.0.0.1", "PNS": "10.0.0.2"}  # what a script names so, where no message does
        for line in re.findall(r"^hosts .*", script, re.M):
            self.hosts.update((k.upper(), v) for k, v in re.findall(r"\b(pac|pns)=(\S+)", line))
        self.findings = report["findings"]
        self.connections = {c["id"]: c for t in report["tunnels"] for c in t["control_connections"]}

    def side(self, finding):
        """Whom it blames: PAC, PNS, originator, receiver, sender, or none; as a set."""
        at_fault = finding["at_fault"]
        if at_fault is None:
            return {"none"}
        out = {finding["role"]}
        if finding["role"] is None:
            out = {role for role in self.hosts if self.hosts[role] == at_fault}
        c = self.connections.get(finding["control_connection"])
        if c:
            out.add("originator" if at_fault == c["originator"] else "receiver")
        if at_fault == source(self.path, finding["frame"]):
            out.add("sender")
        return out


def source(path, number):
    """The address that a frame of a capture comes from; of Ethernet only."""
    with open(path, "rb") as f:
        octets = f.read()
    at, count = 24, 1
    while at + 16 <= len(octets):
        length = struct.unpack_from("<I", octets, at + 8)[0]
        if count == number:
            return address(octets[at + 16:at + 16 + length])
        at += 16 + length
        count += 1
    return None


def address(frame):
    at = 12
    while frame[at:at + 2] in (b"\x81\x00", b"\x88\xa8"):
        at += 4
    if frame[at:at + 2] == b"\x08\x00":
        return ".".join(str(o) for o in frame[at + 14:at + 18])
    return None


def make(script, path):
    """Compiles a script's text."""
    with open(path + ".trace", "w", encoding="utf-8") as f:
        f.write(script)
    done = common.run("trace", "make", path + ".trace", "-o", path)
    if done.returncode:
        raise Broken(done.stderr)
    os.unlink(path + ".trace")


def audit(script, *options):
    """Of a script's text.  Exit status 3 is right where the capture lacks something."""
    path = os.path.join(FOLDER, "%d.pcap" % next(_number))
    make(script, path)
    done = common.run("audit", "--no-progress", "--format", "json", *options, path)
    if done.returncode not in (0, 1, 3):
        raise Broken("audit: exit status %d: %s" % (done.returncode, done.stderr))
    return Audit(common.parse(done.stdout), script, path)


def words(finding):
    """A finding in a line."""
    return "%(severity)s %(id)s frame %(frame)s, %(role)s %(at_fault)s, %(count)s times: %(message)s" % finding


def each(function, cases):
    """The results of a function for cases, in their order; several at a time."""
    with concurrent.futures.ThreadPoolExecutor(PARALLEL) as pool:
        return zip(cases, pool.map(function, cases))


def check_all(check, cases):
    """One test for each case: check(case) returns what is wrong, as lines.  A case has a name first."""
    def guarded(case):
        try:
            return check(case)
        except Broken as e:
            return [str(e)]
    for case, wrong in each(guarded, cases):
        common.ok(not wrong, case[0], *wrong)
