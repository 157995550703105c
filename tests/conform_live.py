#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Active tests over real sockets: an emulated peer in a network namespace is the device."""
import os
import shlex
import shutil
import subprocess
import sys
import time

import common
import netns
import peer

DEVICE = "192.0.2.1"
TESTERS = ("198.51.100.7", "10.0.0.7", "203.0.113.7", "203.0.113.8")
SCALE = "0.05"  # of the protocol's minutes
AREAS = {
    "pac": ("TCP-STREAM", "SCCRP-RESULT", "COLL", "STOPRQ-CLEAR", "ECHORP-REPLY", "OCRP-CALLID",
            "OCRP-RESULT-03", "ICRQ-CALLID", "PACIN-EST-02", "CDN-RESULT", "GRE-ACK-01"),
    "pns": ("TCP-STREAM", "TCP-CLOSE-01", "SCCRQ-MAXCH", "COLL", "STOPRQ-REASON", "ECHORP-REPLY", "OCRQ-CALLID",
            "ICRP-CALLID", "PNSIN-EST-02", "CCRQ-CALLID", "SLI-PEER", "GRE-CALLID-02", "OOS-LATE"),
}
# Not those that answer just before a minute is over: on a busy machine that is too late.
WAITING = ("KA-ESTAB", "KA-REPLY-01", "ECHORQ-LEN")


def addresses():
    for address in (DEVICE,) + TESTERS:
        subprocess.run(["ip", "addr", "add", address + "/32", "dev", "lo"], check=True)


def only(areas):
    return [word for area in areas for word in ("--only", area)]


def sources(count=len(TESTERS)):
    return [word for address in TESTERS[:count] for word in ("--source", address)]


def verdict_lines(done, document):
    if not document:
        return [done.stderr]
    return ["%s %s: %s" % (t["id"], t["verdict"], t["observed"] or t["reason"]) for t in document["tests"]
            if t["verdict"] not in ("pass", "skipped")] + [str(s) for s in document["sanity"] if s["verdict"] != "pass"]


def conform(role, *arguments, scale=SCALE, **how):
    done = subprocess.run([common.PPTPSCOPE, "conform", "--dut", role, "--time-scale", scale, "--format", "json",
                           *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True, **how)
    try:
        return done, common.parse(done.stdout)
    except ValueError:
        return done, None


def passes(what, done, document, least):
    """Nothing failed, and enough passed."""
    passed = document["summary"]["pass"] if document else 0
    bad = verdict_lines(done, document)
    return common.ok(done.returncode == 0 and passed >= least and not bad, what, done.returncode, passed, *bad)


def with_hooks(role, folder):
    device = peer.Emulated(folder, role, role, "--listen", DEVICE, "--strict", "--time-scale", SCALE)
    hook = "%s emulate --send %s" % (shlex.quote(common.PPTPSCOPE), shlex.quote(device.socket))
    captures = os.path.join(folder, role + ".pcaps")
    done, document = conform(role, *sources(), "--hook", hook, "--pcap-dir", captures, *only(AREAS[role]), DEVICE)
    passes("tests of a %s over sockets" % role, done, document, 15)
    if document:
        some = [t["capture"] for t in document["tests"] if t["verdict"] == "pass" and t["id"].startswith("GRE")]
        audit = common.run("audit", *[os.path.join(captures, name) for name in some])
        common.ok(some and audit.returncode in (0, 1) and "GRE" in audit.stdout, "captures of them can be audited",
                  audit.stderr)
    started = time.monotonic()
    done, document = conform(role, *sources(), "--jobs", "4", *only(WAITING), DEVICE)
    beside = time.monotonic() - started
    passes("tests of a %s that wait, side by side" % role, done, document, 4)
    if document:
        alone = sum(t["duration_seconds"] for t in document["tests"])
        common.ok(beside < 0.8 * alone, "... take less time than one after the other", beside, alone)
    status = device.stop()
    common.ok(status == 0, "the %s is well afterwards" % role, status, device.said()[-500:])


def without_raw_sockets(folder):
    device = peer.Emulated(folder, "plain", "pac", "--listen", DEVICE, "--time-scale", SCALE)
    done, document = conform("pac", *sources(1), *only(("GRE-CALLID", "ECHORP")), DEVICE,
                             preexec_fn=netns.without_raw_sockets)
    passes("without raw sockets", done, document, 5)
    if document:
        skipped = {t["id"]: t["reason"] for t in document["tests"] if t["verdict"] == "skipped"}
        common.ok(skipped and all("raw socket" in r for r in skipped.values()) and
                  all(name.startswith("GRE") for name in skipped), "... tests of tunnel packets are skipped", skipped)
    device.stop()


def a_client(folder):
    """A device that only connects: started for each test, and waited for."""
    command = "exec %s emulate pns --connect %s --time-scale %s --dial 5551234" % (
        shlex.quote(common.PPTPSCOPE), TESTERS[0], SCALE)
    done, document = conform("pns", "--listen", TESTERS[0], "--exec", command,
                             *only(("SCCRQ-LEN", "SCCRQ-VER", "OCRQ-LEN", "ECHORP-IDENT", "TCP-PORT-02")))
    passes("a client that is started for each test", done, document, 4)
    if document:
        listens = [t for t in document["tests"] if t["id"] == "TCP-PORT-02"]
        common.ok(listens and listens[0]["verdict"] == "skipped" and "--listen" in listens[0]["reason"],
                  "... nothing is opened to it", listens)
    left = netns.processes("--connect")
    common.ok(not left, "... and it does not outlive the run", *left)


def never_comes():
    """A client that ends instead of connecting is not waited for."""
    started = time.monotonic()
    done, document = conform("pns", "--listen", TESTERS[0], "--exec", "exit 7", *only(("OCRQ-LEN",)))
    said = document["sanity"][0]["observed"] or document["sanity"][0]["reason"] if document else done.stderr
    common.ok(done.returncode == 3 and "status 7" in said, "a client that ends at once: its status is told", said)
    common.ok(time.monotonic() - started < 30, "... soon", time.monotonic() - started)


# Known deviations of pptp-linux that its source explains, and what is right of it.
CLIENT_FAILS = ("SCCRQ-MAXCH-01", "MSG-COOKIE-02", "MSG-SYNC-01", "OCRQ-SERIAL-01", "CCSM-STOP-LOCAL-01",
                "CCSM-STOP-REPLY-04", "WIN-MAX-01", "WIN-ACKDUE-01")
CLIENT_PASSES = ("SCCRQ-LEN-01", "SCCRQ-VER-01", "MSG-INVALID-01", "OCRQ-LEN-01", "OCRQ-BEARER-02",
                 "ECHORP-REPLY-01", "CCRQ-LEN-01", "CCRQ-CALLID-01", "PACOUT-ERRCODE-01", "PNSOUT-IDLE-01",
                 "PNSOUT-WR-03", "PNSOUT-EST-02", "CCSM-STOP-REPLY-01", "GRE-CALLID-01", "GRE-SEQ-START-01",
                 "GRE-ACK-01", "GRE-PPP-01")
CLIENT_LACKS = ("STOPRQ-LEN-01", "ICRP-LEN-01", "CALL-CROSS-01", "CALL-MULTI-01", "OCRQ-CALLID-01")
CLIENT = "198.18.1.1"
CLIENT_ADDRESSES = ["198.18.0.%d" % i for i in range(1, 17)]


# The same of pptpd, where the RFC and its source agree that it is not as it should be.
SERVER_FAILS = ("TCP-STREAM-01", "MSG-INVALID-02", "SCCRP-RESULT-04", "SCCRP-FRAMCAP-02", "SCCRP-BEARCAP-02",
                "CCRQ-RESP-01", "CCSM-RECV-VER-02", "CCSM-DUP-SCCRQ-01", "ERR-BADVAL-01")
SERVER_PASSES = ("TCP-STREAM-02", "SCCRP-LEN-01", "SCCRP-RSVD0-01", "STOPRP-LEN-01", "ECHORP-REPLY-01", "OCRP-LEN-01",
                 "OCRP-PEER-01", "OCRP-CALLID-01", "CCSM-STOP-REPLY-01", "GRE-CALLID-01", "GRE-ACK-01", "GRE-PPP-01")
SERVER_LACKS = ("ERR-NORES-01",)


def known_peer(what, role, known_as, done, document, fails, passes, lacks):
    """A real peer: its known deviations are found, and nothing else."""
    verdicts = {t["id"]: t["verdict"] for t in document["tests"]} if document else {}
    common.ok(done.returncode == 1 and document and document["complete"], what, done.returncode, done.stderr)
    for name, verdict in ((fails, "fail"), (passes, "pass"), (lacks, "unsupported")):
        other = ["%s %s" % (i, verdicts.get(i)) for i in name if verdicts.get(i) != verdict]
        common.ok(not other, "... %s where it should" % verdict, *other, *(verdict_lines(done, document) if other else ()))
    ids = [t["id"] for t in document["tests"]] if document else []
    listed = [line.split()[0] for line in common.run("conform", "--dut", role, "--list").stdout.splitlines()
              if line and line.split()[0] in ids]
    common.ok(ids == listed, "... in the order of the list", ids, listed)
    unknown = [t["id"] for t in document["tests"] if t["verdict"] == "fail" and
               known_as not in (t["known_as"] or ())] if document else ["no report"]
    common.ok(not unknown, "... and what fails is known of it", unknown)


def pptpd(folder):
    """Debian's server, with PPP that only answers."""
    what = "pptpd as device"
    if not shutil.which("pptpd"):
        common.ok(True, what + " # SKIP pptpd is not installed")
        return
    subprocess.run(["ip", "addr", "add", "192.0.2.2/32", "dev", "lo"], check=True)
    server, _ = peer.pptpd(folder, "192.0.2.2")
    peer.wait_for(lambda: "192.0.2.2:1723" in subprocess.run(["ss", "-ltn"], stdout=subprocess.PIPE, check=True,
                                                             universal_newlines=True).stdout)
    done, document = conform("pac", "--fast", *sources(), *only(SERVER_FAILS + SERVER_PASSES + SERVER_LACKS),
                             "192.0.2.2", scale="1")
    known_peer(what, "pac", "poptop", done, document, SERVER_FAILS, SERVER_PASSES, SERVER_LACKS)
    netns.end(server)


def pptp_linux():
    """Debian's client, sixteen of it side by side."""
    what = "pptp-linux as device"
    if not shutil.which("pptp"):
        common.ok(True, what + " # SKIP pptp is not installed")
        return
    if subprocess.run("mkdir -p /var/run/pptp && mount -t tmpfs none /var/run/pptp", shell=True,
                      check=False).returncode:
        common.ok(True, what + " # SKIP there is no /var/run/pptp to mount over")
        return
    for address in CLIENT_ADDRESSES + [CLIENT]:
        subprocess.run(["ip", "addr", "add", address + "/32", "dev", "lo"], check=True)
    ends = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pptp_line.py")
    command = "exec %s -B %s pptp $PPTPSCOPE_SERVER --nolaunchpppd --localbind %s" % (
        shlex.quote(sys.executable), shlex.quote(ends), CLIENT)
    tests = CLIENT_FAILS + CLIENT_PASSES + CLIENT_LACKS
    done, document = conform("pns", "--fast", "--listen", CLIENT_ADDRESSES[0],
                             *[word for a in CLIENT_ADDRESSES[1:] for word in ("--source", a)],
                             "--exec", command, *only(tests), scale="1")
    known_peer(what, "pns", "pptpclient", done, document, CLIENT_FAILS, CLIENT_PASSES, CLIENT_LACKS)
    left = netns.processes("--localbind")
    common.ok(not left, "... and no process of it is left", *left)


def goes_away(folder):
    """A device that ends in the middle: one message, the rest is skipped."""
    device = peer.Emulated(folder, "mortal", "pac", "--listen", DEVICE, "--time-scale", SCALE)
    hook = "kill %d; sleep 1; exit 0; :" % device.process.pid
    done, document = conform("pac", *sources(1), "--hook", hook, *only(("SCCRP-RESULT-03", "STOPRP", "ECHORP")), DEVICE)
    device.process.wait()
    common.ok(done.returncode == 3 and document and not document["complete"], "a device that goes away: status 3",
              done.returncode, done.stderr)
    if document:
        skipped = [t for t in document["tests"] if t["verdict"] == "skipped" and "down since" in t["reason"]]
        common.ok(len(skipped) > 5 and document["sanity"][-1]["verdict"] == "fail", "... the rest is skipped",
                  document["summary"], document["sanity"])


def main():
    netns.enter()
    addresses()
    folder = common.temporary_folder()
    for role in AREAS:
        with_hooks(role, folder)
    without_raw_sockets(folder)
    a_client(folder)
    never_comes()
    pptpd(folder)
    pptp_linux()
    goes_away(folder)
    common.end()


main()
