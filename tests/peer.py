# SPDX-License-Identifier: GPL-2.0-or-later
"""Emulated peers as processes, and PPP on a line, for tests that talk."""
import json
import os
import select
import signal
import struct
import subprocess
import sys
import termios
import time
import tty

import common
import netns

PATIENCE = 30  # seconds until something that should happen is held not to


def wait_for(what, patience=PATIENCE):
    """Until what() is true: its value, or the last one."""
    deadline = time.monotonic() + patience
    while True:
        value = what()
        if value or time.monotonic() > deadline:
            return value
        time.sleep(0.02)


class Emulated:
    """A `pptpscope emulate`, with a control socket and a status file in a folder."""

    def __init__(self, folder, name, role, *options, prefix=(), preexec_fn=None):
        self.name = name
        self.socket = os.path.join(folder, name + ".sock")
        self.status_file = os.path.join(folder, name + ".json")
        self.said_file = os.path.join(folder, name + ".log")
        self.pcap = os.path.join(folder, name + ".pcap")
        with open(self.said_file, "wb") as said:
            self.process = subprocess.Popen(
                [*prefix, common.PPTPSCOPE, "emulate", role, "--verbose", "--control", self.socket,
                 "--format", "json", "--status-file", self.status_file, "--pcap", self.pcap, *options],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said, preexec_fn=preexec_fn)
        self.up = wait_for(lambda: self.process.poll() is not None or "is up" in self.said())
        self.up = self.up and self.process.poll() is None

    def said(self):
        with open(self.said_file, encoding="utf-8") as f:
            return f.read()

    def hook(self, *words):
        return common.run("emulate", "--send", self.socket, *words)

    def status(self):
        """As it is now; {} when there is none."""
        if os.path.exists(self.status_file):
            os.unlink(self.status_file)
        self.process.send_signal(signal.SIGUSR1)
        if not wait_for(lambda: os.path.exists(self.status_file)):
            return {}
        with open(self.status_file, encoding="utf-8") as f:
            return common.parse(f.read())

    def reaches(self, what, patience=PATIENCE):
        """Waits for a status of which what is true; the last status."""
        last = {}

        def look():
            nonlocal last
            last = self.status()
            return last and what(last)
        good = wait_for(look, patience)
        return good, last

    def stop(self):
        return netns.end(self.process)


def open_calls(status):
    return [c for c in status.get("calls", []) if c["ppp"]["state"] == "open"]


# --- PPP on an asynchronous line --------------------------------------------------------------------


def _fcs(octets):
    fcs = 0xffff
    for octet in octets:
        fcs ^= octet
        for _ in range(8):
            fcs = fcs >> 1 ^ (0x8408 if fcs & 1 else 0)
    return fcs ^ 0xffff


class Line:
    """A descriptor on which PPP is spoken in frames of RFC 1662: enough to open LCP and to be echoed."""

    def __init__(self, fd, out=None):
        self.fd, self.out = fd, fd if out is None else out
        self.octets, self.frame, self.escaped = b"", bytearray(), False
        self.magic = os.urandom(4)
        self.acked, self.granted, self.ended, self.echoed = False, False, False, []
        self.others = []

    def send(self, code, identifier, data=b""):
        body = b"\xff\x03\xc0\x21" + struct.pack("!BBH", code, identifier, 4 + len(data)) + data
        body += struct.pack("<H", _fcs(body))
        line = bytearray(b"~")
        for octet in body:
            line += bytes((0x7d, octet ^ 0x20)) if octet < 0x20 or octet in (0x7d, 0x7e) else bytes((octet,))
        os.write(self.out, bytes(line + b"~"))

    def request(self):
        self.send(1, 1, b"\x05\x06" + self.magic)

    def _take(self, body):
        if len(body) < 8 or _fcs(body[:-2]) != struct.unpack("<H", body[-2:])[0]:
            return
        body = body[2:-2] if body[:2] == b"\xff\x03" else body[:-2]
        if body[:2] != b"\xc0\x21":
            self.others.append(body[:2].hex())
            return
        code, identifier, length = struct.unpack("!BBH", body[2:6])
        data = body[6:2 + length]
        if code == 1:
            refused = self._refused(data)
            self.send(4 if refused else 2, identifier, refused or data)
            self.granted |= not refused
        elif code == 2:
            self.acked = True
        elif code == 9:
            self.send(10, identifier, self.magic + data[4:])
        elif code == 10:
            self.echoed.append(identifier)
        elif code == 5:
            self.send(6, identifier)
            self.ended = True

    @staticmethod
    def _refused(options):
        """Options that this end does not know: authentication, and whatever is not about framing."""
        bad, at = b"", 0
        while at + 2 <= len(options) and options[at + 1] >= 2:
            one = options[at:at + options[at + 1]]
            if one[0] not in (1, 2, 5, 7, 8):
                bad += one
            at += len(one)
        return bad

    def read(self, seconds):
        """Takes what comes within seconds; False: the line has ended."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            got = os.read(self.fd, 4096)
        except BlockingIOError:
            return True
        except OSError:
            return False
        for octet in got:
            if octet == 0x7e:
                self._take(bytes(self.frame))
                self.frame, self.escaped = bytearray(), False
            elif octet == 0x7d:
                self.escaped = True
            else:
                self.frame.append(octet ^ 0x20 if self.escaped else octet)
                self.escaped = False
        return bool(got)

    def until(self, what, patience=PATIENCE, again=None):
        """Reads until what() is true; again() is called every second meanwhile."""
        deadline, due = time.monotonic() + patience, 0
        while not what() and time.monotonic() < deadline:
            if again and time.monotonic() >= due:
                again()
                due = time.monotonic() + 1
            if not self.read(0.1):
                break
        return bool(what())

    def open_lcp(self, patience=PATIENCE):
        return self.until(lambda: self.acked and self.granted, patience,
                          again=lambda: None if self.acked else self.request())

    def echo(self, identifier, patience=PATIENCE):
        return self.until(lambda: identifier in self.echoed, patience,
                          again=lambda: self.send(9, identifier, self.magic + b"echo"))


class Terminal:
    """A terminal at a modem's pty."""

    def __init__(self, path):
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self.fd, termios.TCSANOW)
        self.text = ""

    def type(self, text):
        self.text = ""
        os.write(self.fd, text.encode())

    def sees(self, text, patience=PATIENCE):
        """Reads until text has come; octets behind it stay for who reads next."""
        deadline = time.monotonic() + patience
        while text not in self.text and time.monotonic() < deadline:
            if select.select([self.fd], [], [], 0.1)[0]:
                self.text += os.read(self.fd, 1).decode("latin-1")
        return text in self.text

    def close(self):
        os.close(self.fd)


def audited(path):
    """What an audit finds in a capture: ids, and the report."""
    done = common.run("audit", "--format", "json", path)
    try:
        report = common.parse(done.stdout)
    except ValueError:
        return None, done.stderr
    return sorted(f["id"] for f in report["findings"]), report


def pptpd(folder, address=None, prefix=()):
    """Debian's server with stub() for its pppd, at an address or all: its process, and where a stub says what came."""
    said, program, conf = (os.path.join(folder, "pptpd." + n) for n in ("said", "ppp", "conf"))
    with open(program, "w", encoding="utf-8") as f:
        f.write("#!/bin/sh\nexec '%s' -B '%s' --said '%s' 2>'%s.err'\n" %
                (sys.executable, os.path.abspath(__file__), said, said))
    os.chmod(program, 0o755)
    with open(conf, "w", encoding="utf-8") as f:
        f.write("localip 10.98.0.1\nremoteip 10.98.0.10-200\nppp %s\n" % program)
        f.write("listen %s\n" % address if address else "")
    return subprocess.Popen([*prefix, "pptpd", "-f", "-c", conf, "-o", os.devnull, "-p",
                             os.path.join(folder, "pptpd.pid")], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL), said


def stub(argv):
    """As a program on a line: opens LCP, sends three echoes, says so in a file, and stays until the end."""
    said = argv[argv.index("--said") + 1]
    line = Line(0, 1)
    if os.isatty(0):
        tty.setraw(0)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    up = line.open_lcp()
    echoes = up and all(line.echo(n, 10) for n in (1, 2, 3))
    with open(said + ".new", "w", encoding="utf-8") as f:
        json.dump({"lcp": up, "echoes": echoes}, f)
    os.rename(said + ".new", said)
    while line.read(1) and not line.ended:
        pass


if __name__ == "__main__":
    stub(sys.argv[1:])
