#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Two emulated peers, a modem and a pcap in a network namespace of their own."""
import os
import re
import socket

import common
import netns
import peer

try:
    import jsonschema
except ImportError:
    jsonschema = None

PAC, PNS = "127.0.0.1", "127.0.0.2"


def usage():
    """What is refused before anything is opened."""
    done = common.run("emulate", "--list-faults")
    names = [line.split()[0] for line in done.stdout.splitlines()]
    common.ok(done.returncode == 0 and len(names) > 1, "--list-faults lists", done.stderr)
    same = common.run("emulate", "--fault", "list")
    common.ok(same.stdout == done.stdout, "--fault list is the same")
    pac_only = next(line.split()[0] for line in done.stdout.splitlines() if line.split()[1:3][0] == "PAC"
                    and "PNS" not in line.split()[1:3])
    for why, arguments in (("no role", ()), ("an unknown role", ("pad",)), ("two roles", ("pac", "pns")),
                           ("an unknown fault", ("pac", "--fault", "NO-SUCH-01")),
                           ("a fault of the other role", ("pns", "--fault", pac_only)),
                           ("an unknown profile", ("pac", "--profile", "rfc9")),
                           ("a bad port", ("pac", "--listen", "127.0.0.1:99999")),
                           ("a time scale of nothing", ("pac", "--time-scale", "0")),
                           ("a user without a password", ("pac", "--user", "lab")),
                           ("encryption without a password", ("pac", "--mppe")),
                           ("an unknown format", ("pac", "--format", "xml")),
                           ("--send without a hook", ("--send", "/nowhere"))):
        done = common.run("emulate", *arguments)
        common.ok(done.returncode == 2 and done.stderr, "wrong usage: " + why, done.returncode, done.stderr)
    done = common.run("emulate", "--send", "/nowhere", "dut-log")
    common.ok(done.returncode == 3, "nobody listens at the control socket", done.returncode, done.stderr)


def settings(folder):
    """Lines of a configuration that are wrong are named."""
    path = os.path.join(folder, "bad.conf")
    for line in ("frobnicate 1", "timers reply=soon", "lines analog=-1", "number 1 perhaps", "host-name",
                 'host-name "open', "auth SPAP", "addresses 10.0.0.1", "script noise=1001", "fault NONE-01",
                 "strict maybe", "announce window=65536"):
        with open(path, "w", encoding="utf-8") as f:
            f.write("# comment\n\n%s\n" % line)
        done = common.run("emulate", "pac", "--config", path)
        common.ok(done.returncode == 2 and path + ", line 3: " in done.stderr, "refused: " + line,
                  done.stderr)
    example = os.path.join(common.SRC, "doc", "emulate.conf")
    p = peer.Emulated(folder, "example", "pac", "--config", example, "--listen", PAC)
    common.ok(p.up, "the example configuration is taken", p.said())
    if p.up:
        status = p.status()
        common.ok(len(status.get("modems", [])) == 1, "its modem is there", status)
        common.ok(p.stop() == 0, "and it stops", p.said())


def check_schema(name, status):
    if not jsonschema:
        return
    path = os.path.join(common.SRC, "doc", "schema", "pptpscope-emulate-1.schema.json")
    with open(path, encoding="utf-8") as f:
        schema = common.parse(f.read())
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    common.ok(status and not list(kind(schema).iter_errors(status)), "status of %s fits the schema" % name,
              *[e.message for e in kind(schema).iter_errors(status)])


def quiet(path, name, allowed=()):
    """An audit of a capture has nothing to say."""
    found, report = peer.audited(path)
    said = [report] if found is None else [f for f in report["findings"] if f["id"] not in allowed]
    common.ok(not said, "nothing is found in the capture of " + name, *said)
    return report


def hooks(pac, pns):
    """Everything that can be asked for, once."""
    done = pns.hook("dut-dial", "5550123")
    common.ok(done.returncode == 0 and done.stdout.strip().isdigit(), "dut-dial tells a Call ID", done)
    good, last = pns.reaches(lambda s: len(peer.open_calls(s)) == 3)
    common.ok(good, "the call that was dialled by hook is up", last)
    done = pac.hook("dut-telco", "status")
    rows = common.parse(done.stdout) if done.returncode == 0 else []
    common.ok(any(r["number"] == "5550123" and r["live"] for r in rows), "dut-telco status has its line",
              done)
    done = pac.hook("dut-telco", "number", "busy")
    common.ok(done.returncode == 0 and done.stdout.strip(), "a number that is busy", done)
    before = pns.status()["counts"]["calls_down"]
    pns.hook("dut-dial", done.stdout.strip())
    good, last = pns.reaches(lambda s: s["counts"]["calls_down"] == before + 1)
    common.ok(good, "it was busy", last)
    done = pac.hook("dut-ring", "5559999", "5551111", "bearer=digital")
    common.ok(done.returncode == 0 and done.stdout.strip().isdigit(), "dut-ring tells a Call ID", done)
    good, last = pns.reaches(lambda s: len(peer.open_calls(s)) == 4)
    common.ok(good and any(c["kind"] == "incoming" for c in last["calls"]), "the telephone call is up", last)
    done = pac.hook("dut-wan-error", "crc=3")
    common.ok(done.returncode == 0, "dut-wan-error", done)
    done = pns.hook("dut-traffic", "packets=20", "rate=200", "size=200")
    common.ok(done.returncode == 0, "dut-traffic", done)
    good, last = pns.reaches(lambda s: max(c["ppp"]["ping_replies"] for c in s["calls"]) >= 20)
    common.ok(good, "it is answered", last)
    common.ok(pns.hook("dut-log", "5").stdout.count("\n") == 5, "dut-log has the last lines")
    common.ok(pns.hook("dut-wan-error").returncode == 77, "a PNS counts no line errors")
    common.ok(pac.hook("dut-frobnicate").returncode == 77, "an unknown hook is none of the device's")
    common.ok(pns.hook("dut-hangup", "all").returncode == 0, "dut-hangup")
    good, last = pac.reaches(lambda s: not s["calls"])
    common.ok(good, "all calls are over", last)
    common.ok(pns.hook("dut-hangup").returncode == 1, "without a call it is not possible now")


def pair(folder):
    """Calls up, PPP open, pings answered, hooks, status, a clean stop, and captures without findings."""
    pac = peer.Emulated(folder, "pac", "pac", "--listen", PAC)
    pns = peer.Emulated(folder, "pns", "pns", "--connect", PAC, "--listen", PNS, "--calls", "2", "--ping",
                        "--dial", "5550000")
    common.ok(pac.up and pns.up, "both are up", pac.said(), pns.said())
    good, last = pns.reaches(lambda s: len(peer.open_calls(s)) == 2 and
                             all(c["ppp"]["ping_replies"] for c in s["calls"]))
    common.ok(good, "two calls with PPP open and pings answered", last, pns.said(), pac.said())
    hooks(pac, pns)
    for p in (pac, pns):
        check_schema(p.name, p.status())
    common.ok(pns.stop() == 0, "the PNS stops", pns.said())
    common.ok(os.path.exists(pns.status_file), "its last status is written")
    good, last = pac.reaches(lambda s: not s["connections"])
    common.ok(good, "the PAC has seen that", last)
    common.ok(pac.stop() == 0 and not os.path.exists(pac.socket), "the PAC stops and takes its socket along")
    for p in (pac, pns):
        report = quiet(p.pcap, p.name)
        messages = report["tunnels"][0]["control_connections"][0]["messages"]
        common.ok(messages.get("Stop-Control-Connection-Request") == 1 and
                  messages.get("Stop-Control-Connection-Reply") == 1, "the stop was exchanged: " + p.name,
                  messages)
        common.ok(messages.get("WAN-Error-Notify"), "line errors were notified: " + p.name, messages)
        common.ok(len(report["tunnels"][0]["calls"]) == 5, "five calls were seen: " + p.name)


def encrypted(folder):
    """A user, and MPPE."""
    secrets = os.path.join(folder, "secrets")
    with open(secrets, "w", encoding="utf-8") as f:
        f.write("other:nothing\nlab:labpass\n")
    options = ("--user", "lab", "--password-file", secrets, "--mppe")
    pac = peer.Emulated(folder, "mppe-pac", "pac", "--listen", PAC, *options)
    pns = peer.Emulated(folder, "mppe-pns", "pns", "--connect", PAC, "--listen", PNS, "--calls", "1",
                        "--ping", *options)
    good, last = pns.reaches(lambda s: peer.open_calls(s) and s["calls"][0]["ppp"]["ping_replies"])
    common.ok(good, "PPP is open with a user", last, pns.said())
    if good:
        ppp = last["calls"][0]["ppp"]
        common.ok(ppp["authentication"] == "MS-CHAPv2" and ppp["mppe_bits"] == 128, "MS-CHAPv2 and MPPE", ppp)
    wrong = os.path.join(folder, "wrong")
    with open(wrong, "w", encoding="utf-8") as f:
        f.write("lab:labpasS\n")
    common.ok(pns.stop() == 0, "stopped")
    pns = peer.Emulated(folder, "wrong-pns", "pns", "--connect", PAC, "--listen", PNS, "--calls", "1",
                        "--password-file", wrong)
    good, last = pns.reaches(lambda s: s["counts"]["calls_down"])
    common.ok(good and not last["counts"]["ppp_open"], "a wrong password is not let in", last, pns.said())
    common.ok(pns.stop() == 0 and pac.stop() == 0, "both stop")
    # Both sides end the call that was not let in; on one machine TCP acknowledges what nobody has read yet.
    quiet(pac.pcap, pac.name, allowed=("PNSOUT-EST-01",))
    done = common.run("audit", "--format", "json", "--secrets", secrets, pac.pcap)
    call = common.parse(done.stdout)["tunnels"][0]["calls"][0]
    common.ok(call["ppp"]["encryption"]["secret"] == "verified" and call["ppp"]["encryption"]["decrypted"],
              "the capture can be decrypted", call["ppp"])


def faulty(folder):
    """A fault is found in the capture under its id."""
    name = "OCRP-RSVD0-01"
    pac = peer.Emulated(folder, "faulty", "pac", "--listen", PAC, "--fault", name)
    pns = peer.Emulated(folder, "liberal", "pns", "--connect", PAC, "--listen", PNS, "--calls", "1")
    good, last = pns.reaches(peer.open_calls)
    common.ok(good, "a liberal peer bears it", last, pns.said())
    common.ok(pac.status().get("faults") == [name], "the status names it")
    pns.stop()
    strict = peer.Emulated(folder, "strict", "pns", "--connect", PAC, "--listen", PNS, "--calls", "1",
                           "--strict")
    good, last = strict.reaches(lambda s: s["counts"]["rejected"])
    common.ok(good, "a strict one does not", last, strict.said())
    strict.stop()
    pac.stop()
    found, report = peer.audited(pac.pcap)
    common.ok(name in (found or ()), "the audit finds " + name, found, report)


def unprivileged(folder):
    """Without raw sockets there are control connections, and it says so."""
    pac = peer.Emulated(folder, "unprivileged", "pac", "--listen", PAC, preexec_fn=netns.without_raw_sockets)
    common.ok(pac.up and re.search("GRE.*control connections work", pac.said(), re.S), "it says so",
              pac.said())
    pns = peer.Emulated(folder, "unheard", "pns", "--connect", PAC, "--listen", PNS)
    good, last = pns.reaches(lambda s: s["connections"] and s["connections"][0]["state"] == "established")
    common.ok(good, "a control connection is up", last)
    common.ok(pac.status().get("gre") is False, "the status says so too")
    common.ok(pns.stop() == 0 and pac.stop() == 0, "both stop")
    quiet(pac.pcap, pac.name)


def modem(folder):
    """Dials in from a terminal, speaks PPP with the PNS through the PAC, and hangs up."""
    conf = os.path.join(folder, "modem.conf")
    with open(conf, "w", encoding="utf-8") as f:
        f.write("lines analog=2\nnumber 5550002 busy\nscript train=0.2\n")
    pac = peer.Emulated(folder, "modem-pac", "pac", "--listen", PAC, "--config", conf, "--modem-pty",
                        "5551001")
    path = pac.process.stdout.readline().decode().split()[2]
    pns = peer.Emulated(folder, "modem-pns", "pns", "--connect", PAC, "--listen", PNS)
    pac.reaches(lambda s: s["connections"] and s["connections"][0]["state"] == "established")
    terminal = peer.Terminal(path)
    terminal.type("ATE0\r")
    common.ok(terminal.sees("OK\r\n"), "the modem answers", terminal.text)
    terminal.type("ATDT555-0002\r")
    common.ok(terminal.sees("BUSY\r\n"), "a busy number", terminal.text)
    terminal.type("ATDT5550000\r")
    common.ok(terminal.sees("CONNECT 33600\r\n"), "the PAC answers", terminal.text, pac.said())
    line = peer.Line(terminal.fd)
    common.ok(line.open_lcp(), "LCP is open through the tunnel", pns.said())
    common.ok(line.echo(7), "an LCP echo comes back")
    good, last = pac.reaches(lambda s: s["lines"][0]["modem_port"] and s["lines"][0]["state"] == "connected")
    common.ok(good and last["lines"][0]["dialing_number"] == "5551001", "the line tells who dials", last)
    check_schema("modem-pac", last)
    # silence, the escape, silence: PPP of the PNS does not count, it goes the other way
    line.until(lambda: False, 1.5)
    terminal.type("+++")
    common.ok(terminal.sees("OK\r\n", 10), "the escape leads to commands", terminal.text)
    terminal.type("ATH\r")
    common.ok(terminal.sees("OK\r\n"), "hung up")
    good, last = pns.reaches(lambda s: not s["calls"])
    common.ok(good, "the call is over at the PNS", last)
    terminal.close()
    common.ok(pns.stop() == 0 and pac.stop() == 0, "both stop")
    quiet(pac.pcap, pac.name)


def stale(folder):
    """The socket of an emulator that was killed is taken over; that of a living one, or a file, is not."""
    path = os.path.join(folder, "stale.sock")
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(path)
    dead.close()
    p = peer.Emulated(folder, "stale", "pac", "--listen", PAC)
    common.ok(p.up, "a stale socket is taken over", p.said())
    done = common.run("emulate", "pac", "--listen", "127.0.0.3", "--control", path)
    common.ok(done.returncode == 3, "one in use is not", done.returncode, done.stderr)
    p.stop()
    with open(path, "w", encoding="utf-8") as f:
        f.write("precious")
    done = common.run("emulate", "pac", "--listen", PAC, "--control", path)
    with open(path, encoding="utf-8") as f:
        common.ok(done.returncode == 3 and f.read() == "precious", "a file is left alone", done.stderr)


def main():
    netns.enter()
    folder = common.temporary_folder()
    usage()
    settings(folder)
    pair(folder)
    encrypted(folder)
    faulty(folder)
    unprivileged(folder)
    modem(folder)
    stale(folder)
    common.end()


main()
