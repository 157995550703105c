#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Emulated peers and real ones, in network namespaces of their own; those not installed are skipped."""
import os
import pty
import shutil
import subprocess
import sys
import time
import tty

import common
import netns
import peer

HERE, THERE = "10.88.0.1", "10.88.0.2"
BAD_HERE, BAD_THERE = "10.89.0.1", "10.89.0.2"
MANY = 500


def skip(description, reason):
    common.ok(True, "%s # SKIP %s" % (description, reason))


def missing(*programs):
    return next((p + " is not installed" for p in programs if not shutil.which(p)), None)


def established(status):
    return status.get("connections") and status["connections"][0]["state"] == "established"


def resident(process):
    """Memory in KB."""
    with open("/proc/%d/status" % process.pid, encoding="ascii") as f:
        return int(next(line for line in f if line.startswith("VmRSS")).split()[1])


def errors(path):
    """Findings of severity error in a capture, in one line each."""
    found, report = peer.audited(path)
    if found is None:
        return [report]
    return ["%s %s" % (f["id"], f["message"]) for f in report["findings"] if f["severity"] == "error"]


# --- others -----------------------------------------------------------------------------------------


def pptp_client(folder, other):
    """Debian's pptp against our PAC: it opens LCP with it, and is echoed."""
    why = missing("pptp")
    if why:
        skip("pptp-linux and our PAC", why)
        return
    if subprocess.run("mkdir -p /var/run/pptp && mount -t tmpfs none /var/run/pptp", shell=True,
                      check=False).returncode:
        skip("pptp-linux and our PAC", "there is no /var/run/pptp to mount over")
        return
    pac = peer.Emulated(folder, "pac-pptp", "pac", "--listen", HERE)
    master, slave = pty.openpty()
    tty.setraw(slave)
    client = subprocess.Popen([*other.prefix, "pptp", HERE, "--nolaunchpppd", "--nohostroute", "--loglevel",
                               "0"], stdin=slave, stdout=slave, stderr=subprocess.DEVNULL)
    os.close(slave)
    os.set_blocking(master, False)
    line = peer.Line(master)
    common.ok(line.open_lcp(), "pptp-linux: LCP is open", pac.said())
    common.ok(line.echo(9), "pptp-linux: an LCP echo comes back", pac.said())
    good, last = pac.reaches(lambda s: s["calls"] and s["calls"][0]["ppp"]["state"] != "starting")
    common.ok(good and last["calls"][0]["kind"] == "outgoing", "pptp-linux: our side says so too", last)
    netns.end(client)
    os.close(master)
    good, last = pac.reaches(lambda s: not s["calls"])
    common.ok(good, "pptp-linux: its call is over when it ends", last)
    common.ok(pac.stop() == 0, "the PAC stops", pac.said())


def pptpd_server(folder, other):
    """Our PNS against Debian's pptpd, whose pppd is a stub."""
    why = missing("pptpd")
    if why:
        skip("pptpd and our PNS", why)
        return
    server, said = peer.pptpd(folder, None, other.prefix)
    peer.wait_for(lambda: " %s:1723" % "0.0.0.0" in other.run("ss", "-ltn"))
    pns = peer.Emulated(folder, "pns-pptpd", "pns", "--connect", THERE, "--calls", "1")
    common.ok(peer.wait_for(lambda: os.path.exists(said)), "pptpd: its stub has come to an end of LCP",
              pns.said())
    if os.path.exists(said):
        with open(said, encoding="utf-8") as f:
            told = common.parse(f.read())
        common.ok(told["lcp"], "pptpd: LCP is open", told, pns.said())
        common.ok(told["echoes"], "pptpd: our side answers LCP echoes", told, pns.said())
    good, last = pns.reaches(lambda s: s["calls"] and s["calls"][0]["ppp"]["state"] != "starting")
    common.ok(good, "pptpd: our side says so too", last)
    common.ok(pns.stop() == 0, "the PNS stops", pns.said())
    netns.end(server)
    ours = [e for e in errors(pns.pcap) if "the PNS" in e]
    common.ok(not ours, "pptpd: nothing is found about our side", *ours)


def nmap_probe(folder, other):
    why = missing("nmap")
    script = "/usr/share/nmap/scripts/pptp-version.nse"
    if why or not os.path.exists(script):
        skip("nmap's pptp-version and our PAC", why or "it has no pptp-version")
        return
    pac = peer.Emulated(folder, "pac-nmap", "pac", "--listen", HERE)
    told = other.run("nmap", "-n", "-Pn", "-sV", "--version-intensity", "0", "-p1723", "--script",
                     "pptp-version", HERE)
    common.ok("1723/tcp open" in told and "pptpscope" in told and "Firmware: 1" in told,
              "nmap recognises our PAC", told, pac.said())
    good, last = pac.reaches(lambda s: not s["connections"])
    common.ok(good, "nmap leaves no connection behind", last)
    common.ok(pac.stop() == 0, "the PAC stops")


# --- our own ----------------------------------------------------------------------------------------


def all_kinds(folder, other):
    """Outgoing calls, incoming ones over a modem and ISDN, between two namespaces."""
    pac = peer.Emulated(folder, "pac-kinds", "pac", "--listen", HERE)
    pns = peer.Emulated(folder, "pns-kinds", "pns", "--connect", HERE, "--calls", "1", "--ping",
                        prefix=other.prefix)
    good, last = pns.reaches(lambda s: len(peer.open_calls(s)) == 1)
    common.ok(good, "an outgoing call: PPP is open", last, pns.said())
    for bearer, speed in (("analog", 28800), ("digital", 64000)):
        done = pac.hook("dut-ring", "5550100", "5550200", "bearer=" + bearer, "speed=%d" % speed)
        common.ok(done.returncode == 0, "a telephone rings: " + bearer, done)
    good, last = pns.reaches(lambda s: len(peer.open_calls(s)) == 3)
    common.ok(good and sum(c["kind"] == "incoming" for c in last["calls"]) == 2,
              "incoming calls: PPP is open", last)
    lines = {row["digital"]: row for row in pac.status()["lines"] if row["incoming"]}
    common.ok(lines[False]["connect_speed"] == 28800 and lines[True]["connect_speed"] == 64000,
              "at the speeds of their lines", lines)
    pac.hook("dut-telco", "hangup")
    good, last = pns.reaches(lambda s: len(s["calls"]) == 2)
    common.ok(good, "a caller hangs up", last)
    common.ok(pns.stop() == 0 and pac.stop() == 0, "both stop")
    for p in (pac, pns):
        found = errors(p.pcap)
        common.ok(not found, "nothing is found in the capture of " + p.name, *found)


def echoed(status):
    return sum(c["ppp"]["ping_replies"] > 0 for c in status["calls"])


def many(folder, other):
    """Hundreds of calls at once, each with traffic."""
    pac = peer.Emulated(folder, "pac-many", "pac", "--listen", HERE)
    pns = peer.Emulated(folder, "pns-many", "pns", "--connect", HERE, "--ping", prefix=other.prefix)
    pac.reaches(established)
    before = resident(pac.process), resident(pns.process)
    start = time.monotonic()
    for n in range(MANY):
        if pns.hook("dut-dial", "5550000").returncode != 0:
            common.ok(False, "call %d is dialled" % n, pns.said()[-2000:])
            break
    good, last = pns.reaches(lambda s: len(peer.open_calls(s)) == MANY and echoed(s) == MANY, 120)
    took = time.monotonic() - start
    common.ok(good, "%d calls at once, each with PPP open and an echo through GRE" % MANY, len(last["calls"]),
              echoed(last), pns.said()[-2000:], pac.said()[-2000:])
    grown = [resident(p.process) - b for p, b in zip((pac, pns), before)]
    print("# %d calls in %.1f s; memory of the PAC %d KB, of the PNS %d KB: %.0f and %.0f KB a call" %
          (MANY, took, resident(pac.process), resident(pns.process), grown[0] / MANY, grown[1] / MANY))
    common.ok(max(grown) < 200 * MANY, "less than 200 KB a call", grown)
    load(pns, last)
    common.ok(pns.stop() == 0, "the PNS stops")
    good, last = pac.reaches(lambda s: not s["calls"])
    common.ok(good, "all calls are over", len(last["calls"]))
    common.ok(pac.stop() == 0, "the PAC stops")
    found = errors(pac.pcap)
    common.ok(not found, "nothing is found in the capture of it", *found)


def load(pns, status):
    """Echoes on many calls at once: how many a second."""
    calls = [c["call_id"] for c in status["calls"]][:100]
    replies = sum(c["ppp"]["ping_replies"] for c in status["calls"])
    start = time.monotonic()
    for call in calls:
        pns.hook("dut-traffic", "packets=100", "rate=0", "size=200", "call=%d" % call)
    wanted = replies + 100 * len(calls)
    good, last = pns.reaches(lambda s: sum(c["ppp"]["ping_replies"] for c in s["calls"]) >= wanted, 60)
    took = time.monotonic() - start
    got = sum(c["ppp"]["ping_replies"] for c in last["calls"]) - replies
    common.ok(good, "%d echoes on %d calls come back" % (100 * len(calls), len(calls)), got)
    print("# %d echoes in %.1f s: %.0f GRE packets a second" % (got, took, 2 * got / took))


def bad_path(folder, other):
    """Delay, overtaking and loss: PPP opens, echoes come back, and nobody breaks a rule."""
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        skip("a bad path", "/dev/net/tun may not be used")
        return
    path = subprocess.Popen([sys.executable, "-B", os.path.join(common.SRC, "tests", "badpath.py"),
                             str(other.keeper.pid), "20", "30", "30", "4711"], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if path.stdout.readline() != b"up\n":
        skip("a bad path", path.stderr.read().decode().strip().splitlines()[-1])
        return
    here = "ip addr add %s peer %s dev bad && ip link set bad up"
    subprocess.run(here % (BAD_HERE, BAD_THERE), shell=True, check=True)
    other.run("sh", "-c", here % (BAD_THERE, BAD_HERE))
    pac = peer.Emulated(folder, "pac-bad", "pac", "--listen", BAD_HERE)
    pns = peer.Emulated(folder, "pns-bad", "pns", "--connect", BAD_HERE, "--calls", "5", "--ping",
                        prefix=other.prefix)
    good = all(p.reaches(lambda s: len(peer.open_calls(s)) == 5, 90)[0] for p in (pac, pns))
    last = pns.status()
    common.ok(good, "a bad path: five calls with PPP open", last, pns.said())
    for c in last["calls"]:
        pns.hook("dut-traffic", "packets=200", "rate=100", "call=%d" % c["call_id"])
    # PPP of a call may begin anew on such a path, and takes its time then: all calls together count.
    good, last = pns.reaches(lambda s: sum(c["ppp"]["ping_replies"] for c in s["calls"]) > 300, 60)
    common.ok(good, "a bad path: echoes come back", last)
    common.ok(sum(c["gre"]["lost"] for c in last["calls"]) > 0, "a bad path: losses are counted", last)
    common.ok(sum(c["gre"]["late"] for c in last["calls"]) > 0, "a bad path: packets come late", last)
    common.ok(pns.stop() == 0 and pac.stop() == 0, "both stop")
    path.stdin.close()
    path.wait()
    for p in (pac, pns):
        found = errors(p.pcap)
        common.ok(not found, "nothing is found in the capture of " + p.name, *found)


def main():
    netns.enter()
    folder = common.temporary_folder()
    other = netns.Other(HERE, THERE)
    for test in (all_kinds, pptp_client, pptpd_server, nmap_probe, many, bad_path):
        test(folder, other)
    other.close()
    common.end()


main()
