#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Judges the corpus of conversations: each fault is found, under its id only, and nothing else is.

traces/rules/ID.bad.trace (or ID-WORDS.bad.trace) breaks the requirement ID and no other; its first
line tells where:

    # Violates: ID frame N by PAC|PNS|originator|receiver|sender|none

and further lines by what profile (# Profile: NAME), with what options for what another id always
says better (# Audit: --only ID), how sure and how grave it is where the rule alone does not say so
(# Certainty: certain, # Severity: note), and what comes with it (# Also: ID ...): notes, or the
fault of the other side that this one answers wrongly.  The other scripts there keep what
"# Satisfies: ID ..." lists, perhaps in answer to faults ("# Also" again), which are then the only
ones.  traces/clean/ and traces/corpus/clean-* break nothing, whatever the capture makes of them.
"""
import glob
import os
import re
import sys

import common
import judged

RULES = os.path.join(common.SRC, "traces", "rules")
CLEAN = os.path.join(common.SRC, "traces", "clean")
VIOLATES = re.compile(r"# Violates: (\S+) frame (\d+) by (PAC|PNS|originator|receiver|sender|none)$")

# Reported only where they are asked for: another id says the same better.
SUBSUMED = {"CALL-UNIQ-01", "MSG-LEN-01", "MSG-RSVD-01", "PACIN-EST-02", "PACOUT-ERRCODE-01", "PACOUT-EST-01",
            "PACOUT-ILLEGAL-02", "PACOUT-REPLY-01"}

# Notes that an honest conversation gets all the same, and why they are right.  LOSSY: disguises in
# which the capture lacks what was sent, or has it too late.
LOSSY = "lossy"
NOTES = {
    # 32 packets at 56000 bit/s take seven seconds; the script sets the delay to something for show.
    ("clean-every-message", "ATO-PPD-02"),
    # What is not in the capture may not have been sent: the first data were 1 or more, or were
    # acknowledged before they came.
    (LOSSY, "GRE-SEQ-START-01"), (LOSSY, "GRE-ACK-04"),
    # Two clients behind one address look like one that opened two connections: suspected, no more.
    ("2 behind one address", "CCSM-ONE-01"),
}


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def stem(path):
    return os.path.basename(path)[:-len(".trace")]


def header(text, key):
    """The words of all lines "# KEY: words" before the first statement."""
    out = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        if line.startswith("# %s: " % key):
            out += line.split(":", 1)[1].split()
    return out


def options(text):
    profile = header(text, "Profile")
    return ["--profile", profile[0]] if profile else []


# --- requirements, one by one -----------------------------------------------------------------

def rules():
    done = common.run("rules", "--passive", "--format", "json")
    return {r["id"]: r for r in common.parse(done.stdout)["rules"]}


def check_place(out, frame, side, finding, rule, certainty, severity):
    wrong = []
    if finding["frame"] != frame:
        wrong.append("expected in frame %d: %s" % (frame, judged.words(finding)))
    if side not in out.side(finding):
        wrong.append("expected at fault: %s: %s" % (side, judged.words(finding)))
    certainty = certainty[0] if certainty else rule["passive"]["certainty"]
    if certainty not in (finding["certainty"], "conditional"):
        wrong.append("%s, expected %s" % (finding["certainty"], certainty))
    if severity and finding["severity"] != severity[0]:
        wrong.append("%s, expected %s" % (finding["severity"], severity[0]))
    if finding["count"] != 1:
        wrong.append("found %d times" % finding["count"])
    if not finding["evidence"] or not finding["message"]:
        wrong.append("no evidence, or nothing to say")
    return wrong


def check_bad(case):
    _, path, by_id = case
    text = read(path)
    match = VIOLATES.match(text.splitlines()[0])
    if not match:
        return ["first line: %s" % text.splitlines()[0]]
    wanted, frame, side = match[1], int(match[2]), match[3]
    if not stem(path).startswith(wanted) or wanted not in by_id:
        return ["%s is no requirement of this name" % wanted]
    extra = header(text, "Audit")
    if extra and extra != ["--only", wanted]:
        return ["# Audit: %s" % " ".join(extra)]
    if wanted in SUBSUMED:
        extra = ["--only", wanted]
    out = judged.audit(text, *options(text), *extra)
    found = [f for f in out.findings if f["id"] == wanted]
    also = header(text, "Also")
    blamed = {f["at_fault"] for f in found}
    wrong = ["not expected: " + judged.words(f) for f in out.findings if f["id"] != wanted and
             not (f["id"] in also and (f["severity"] == "note" or f["at_fault"] not in blamed))]
    if len(found) != 1:
        return wrong + ["expected one finding of %s: found %d" % (wanted, len(found))] + \
            [judged.words(f) for f in found]
    return wrong + check_place(out, frame, side, found[0], by_id[wanted], header(text, "Certainty"),
                               header(text, "Severity"))


def check_good(case):
    _, path, by_id = case
    text = read(path)
    kept, also = header(text, "Satisfies"), set(header(text, "Also"))
    out = judged.audit(text, *options(text))
    found = {f["id"] for f in out.findings}
    return (["%s is not judged passively" % i for i in kept if i not in by_id] +
            ["both kept and broken: " + i for i in also.intersection(kept)] +
            ["not found: " + i for i in sorted(also - found)] +
            [judged.words(f) for f in out.findings if f["id"] not in also])


def requirements():
    by_id = rules()
    paths = sorted(glob.glob(RULES + "/*.trace"))
    bad = [p for p in paths if p.endswith(".bad.trace")]
    good = [p for p in paths if p not in bad]
    judged.check_all(check_bad, [("%s is found" % stem(p)[:-len(".bad")], p, by_id) for p in bad])
    judged.check_all(check_good, [("%s is clean" % stem(p), p, by_id) for p in good])
    broken = {i for p in bad for i in header(read(p), "Violates")[:1]}
    kept = {i for p in good for i in header(read(p), "Satisfies")}
    for i in sorted(by_id):
        scripts = (("breaks", broken), ("keeps", kept))
        wrong = ["no script %s it" % what for what, ids in scripts if i not in ids]
        common.ok(not wrong, "%s has its scripts" % i, *wrong)


# --- clean conversations ------------------------------------------------------------------------

def check_clean(case):
    """case: name, script, base; notes may be listed under the name of the base."""
    name, script, base = case
    out = judged.audit(script)
    return [judged.words(f) for f in out.findings if f["severity"] != "note" or (base, f["id"]) not in NOTES]


def corpus_cases():
    for path in sorted(glob.glob(common.CORPUS + "/clean-*.trace")):
        yield "%s yields nothing" % stem(path), read(path), stem(path)


def statements(text):
    """The lines of a script of traces/clean/, without comments."""
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def sends(statement):
    return statement.split()[0] in ("pac", "pns")


def writes(statement):
    """Whether it is a control message."""
    words = statement.split()
    return sends(statement) and words[1].isupper()


# What may become of all frames of a conversation: lines before the script.
WHOLE = (
    ["set every=%d" % n for n in (1, 2, 3, 5, 7, 11, 13, 16, 20, 31)] +
    ["set every=%d reverse" % n for n in (1, 9, 40, 100)] +
    ["set frag=%d" % n for n in (8, 16, 24, 64, 128)] +
    ["set frag=24 reverse", "set frag=64 mirror=same", "set every=10 mirror=same"] +
    ["set mirror=same", "set mirror=routed", "set mirror=routed every=30"] +
    ["set snap=%d" % n for n in range(54, 201, 3)] +
    ["set snap=%d every=25" % n for n in range(60, 101, 10)] +
    ["set trailer=%d" % n for n in (1, 6, 18)] +
    ["hosts vlan=7", "hosts vlan=7,8,9", "set offload", "set df ttl=1", "set zerosum", "set dup"] +
    ["hosts pac=10.0.0.2 pns=10.0.0.1", "hosts pac=192.0.2.1 pns=10.1.1.1"] +
    ["hosts pac=2001:db8::1 pns=2001:db8::2"] +
    ["link %s" % n for n in ("raw", "ipv4", "null", "loop", "ppp", "ppp-hdlc", "sll", "sll2")] +
    ["acks each", "acks none", "spacing 1us", "spacing 20ms", "spacing 200ms", "spacing 900ms"] +
    ["capture pac", "capture pns", "capture pac; set every=9", "capture pns; set snap=70"]
)


def disguise(name, what, lines, base=None):
    """base: under which name NOTES has what is allowed."""
    return "%s: %s" % (name, what), "\n".join(lines) + "\n", base or name


def wholly(base, lines):
    for how in WHOLE:
        yield disguise(base, how, [how] + lines)


def partly(base, lines):
    """What happens to one statement, or from it on."""
    for k, line in enumerate(lines):
        head, rest, tail = lines[:k], lines[k:], lines[k + 1:]
        yield disguise(base, "begins before '%s'" % line, ["capture off"] + head + ["capture on"] + rest)
        yield disguise(base, "ends before '%s'" % line, head + ["capture off"] + rest)
        yield disguise(base, "only pns from '%s'" % line, head + ["capture pns"] + rest, LOSSY)
        yield disguise(base, "only pac from '%s'" % line, head + ["capture pac"] + rest, LOSSY)
        for gap in (2, 4, 9):
            yield disguise(base, "%d statements lost from '%s'" % (gap, line),
                           head + ["capture off"] + rest[:gap] + ["capture on"] + rest[gap:], LOSSY)
        if not sends(line):
            continue
        for how in ("dup", "dup delay=40us", "mirror=routed"):
            yield disguise(base, "'%s' %s" % (line, how), head + [line + " " + how] + tail)
        for how in ("lost", "frag=16 piece=1 lost", "delay=1.5ms", "snap=60"):
            yield disguise(base, "'%s' %s" % (line, how), head + [line + " " + how] + tail, LOSSY)
    yield from control(base, lines)


def control(base, lines):
    """What happens to one control message."""
    for k, line in enumerate(lines):
        head, tail = lines[:k], lines[k + 1:]
        if not writes(line):
            continue
        again = line.split()[0] + " retransmit"
        for how in ("every=4 reverse", "split=1,15"):
            yield disguise(base, "'%s' %s" % (line, how), head + [line + " " + how] + tail)
        for how in ("split=5 piece=0 lost", "split=13 piece=1 lost", "every=1 piece=8 lost",
                    "split=12 piece=0 delay=40ms"):
            yield disguise(base, "'%s' %s" % (line, how), head + [line + " " + how] + tail, LOSSY)
        yield disguise(base, "'%s' lost and sent again" % line,
                       head + [line + " drop", "wait 300ms", again] + tail)
        yield disguise(base, "'%s' lost unseen and sent again" % line,
                       head + [line + " drop lost", "wait 1.5", again] + tail)
        yield disguise(base, "'%s' sent again without need" % line, head + [line, "wait 200ms", again] + tail)
        if tail and tail[0].split()[0] != line.split()[0]:
            yield disguise(base, "'%s' sent again much later" % line,
                           head + [line, tail[0], "wait 2", again] + tail[1:])


def wrapping(base, lines):
    """TCP numbers that pass 2^32 at every place of the start, and within later messages."""
    for before in list(range(0, 330, 11)) + list(range(330, 700, 23)):
        isn = 2 ** 32 - 1 - before
        yield disguise(base, "2^32 after %d octets" % before,
                       [lines[0] + " isn=%d peer_isn=%d" % (isn, isn)] + lines[1:])


def tunnels_wrapping():
    for below in range(0, 12):
        yield disguise("tunnel", "2^32 after %d packets" % below,
                       ["call pns=7 pac=24", "pns gre restart=%d" % (2 ** 32 - below - 1),
                        "pac gre restart=%d ack" % (2 ** 32 - below // 2 - 1), "traffic 20"])


def coalesced():
    """Messages that may travel together, cut at every octet of their segments."""
    for n in list(range(1, 60)) + list(range(60, 500, 17)):
        yield disguise("coalesced", "cut after %d octets" % n,
                       ["open", "wait 61", "coalesce split=%d { pns OCRQ; pns OCRQ; pns ECHORQ }" % n,
                        "coalesce split=%d { pac OCRP call=1; pac ECHORP; pac OCRP call=2 }" % (n % 84),
                        "traffic 2",
                        "coalesce split=%d { pns CCRQ call=1; pns SLI call=2; pns CCRQ call=2 }" % (n % 56),
                        "coalesce { pac CDN call=1; pac CDN call=2 }", "pns stop"])


def many_calls():
    for calls in (1, 2, 30, 300):
        for how in ("", "coalesce", "coalesce every=100"):
            def together(block, how=how):
                return "%s { %s }" % (how, block) if how else block
            yield disguise("%d calls" % calls, how or "one by one",
                           ["spacing 0.1ms", "open",
                            together("repeat %d { pns OCRQ }" % calls),
                            together("repeat %d { pac OCRP call=$i+1 }" % calls),
                            "repeat 3 as round { repeat %d { pns gre ack call=$i+1; pac gre ack } }" % calls,
                            together("repeat %d { pns CCRQ call=$i+1 }" % calls),
                            together("repeat %d { pac CDN call=$i+1 }" % calls), "pns stop"])


def translated():
    """Several PNS behind one address: conversations of one pair, their statements in turn."""
    for clients in (2, 3, 7):
        for ids in ("call_id=0", "call_id=5", ""):
            lines = ["hosts pac=192.0.2.1 pns=198.51.100.9"]
            lines += ["conversation c%d pac=192.0.2.1 pns=198.51.100.9" % c for c in range(clients)]
            for statement in ("pns connect", "pns SCCRQ", "pac SCCRP", "pns OCRQ " + ids, "pac OCRP",
                              "pns SLI", "pns gre ack", "pac gre ack", "pns gre ack", "pac gre ack",
                              "wait 61", "pns ECHORQ", "pac ECHORP", "pns CCRQ", "pac CDN", "pns STOPRQ",
                              "pac STOPRP", "pns fin", "pac fin", "pns ack"):
                if statement.startswith("wait"):
                    lines.append(statement)
                    continue
                lines += ["@c%d %s" % (c, statement) for c in range(clients)]
            yield disguise("%d behind one address" % clients, ids or "ids of their own", lines)


def clean():
    cases = list(corpus_cases())
    for path in sorted(glob.glob(CLEAN + "/*.trace")):
        base, lines = stem(path), statements(read(path))
        cases.append(disguise(base, "as it is", lines))
        cases += wholly(base, lines)
        cases += partly(base, lines)
        cases += wrapping(base, lines)
    cases += tunnels_wrapping()
    cases += coalesced()
    cases += many_calls()
    cases += translated()
    judged.check_all(check_clean, cases)


def main():
    requirements()
    clean()
    common.end()


if __name__ == "__main__":
    sys.exit(main())
