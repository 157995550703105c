# SPDX-License-Identifier: GPL-2.0-or-later
"""A network of its own for a test, which nothing else of the machine sees."""
import ctypes
import os
import shutil
import signal
import subprocess
import sys

import common

INSIDE = "PPTPSCOPE_TEST_NETNS"
CAP_NET_RAW = 13
PR_CAPBSET_DROP = 24


def enter():
    """Runs the script again within a network namespace, or skips it where that is not allowed."""
    if os.environ.get(INSIDE):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return
    for tool in ("unshare", "ip", "nsenter"):
        if not shutil.which(tool):
            common.skip_all(tool + " is not installed")
    how = ["unshare"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user"]
    how += ["--net", "--mount"]  # programs that keep a socket in /var/run get one of their own
    tried = subprocess.run(how + ["ip", "link", "set", "lo", "up"], stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
    if tried.returncode != 0:
        common.skip_all("no network namespace may be made here: " + tried.stdout.strip().replace("\n", " "))
    os.environ[INSIDE] = "1"
    os.execvp(how[0], how + [sys.executable, "-B", *sys.argv])


def without_raw_sockets():
    """In a child before it runs a program: that may not open raw sockets."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_CAPBSET_DROP, CAP_NET_RAW, 0, 0, 0) != 0:
        os._exit(99)


def processes(word):
    """Command lines with this word in it, of processes in this namespace and no other of the machine."""
    own, found = os.stat("/proc/self/ns/net").st_ino, []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/cmdline" % pid, "rb") as f:
                line = f.read().replace(b"\0", b" ").decode("utf-8", "replace")
            if word in line.split() and os.stat("/proc/%s/ns/net" % pid).st_ino == own:
                found.append("%s %s" % (pid, line))
        except OSError:  # it has ended
            pass
    return found


class Other:
    """A second namespace, joined to this one by a pair of interfaces."""

    def __init__(self, own, its):
        self.keeper = subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE)
        self.keeper.stdin.write(b"\n")
        self.keeper.stdin.flush()
        self.keeper.stdout.readline()  # it is there
        self.prefix = ["nsenter", "--target", str(self.keeper.pid), "--net"]
        subprocess.run(["ip", "link", "add", "here", "type", "veth", "peer", "name", "there", "netns",
                        str(self.keeper.pid)], check=True)
        subprocess.run(["ip", "addr", "add", own + "/24", "dev", "here"], check=True)
        subprocess.run(["ip", "link", "set", "here", "up"], check=True)
        self.run("ip", "addr", "add", its + "/24", "dev", "there")
        self.run("ip", "link", "set", "there", "up")
        self.run("ip", "link", "set", "lo", "up")

    def run(self, *command):
        return subprocess.run(self.prefix + list(command), check=True, stdout=subprocess.PIPE,
                              universal_newlines=True).stdout

    def close(self):
        """Its processes have to be ended before."""
        subprocess.run(["ip", "link", "del", "here"], check=False)
        self.keeper.stdin.close()
        self.keeper.wait()


def end(process, how=signal.SIGTERM, patience=15):
    """Ends a process of ours by its id and tells its status; None: it had to be killed."""
    if process.poll() is None:
        process.send_signal(how)
    try:
        return process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return None
