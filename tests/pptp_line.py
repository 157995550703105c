#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""PPP for a client: runs a command on a pty and speaks LCP there until it, or the command, is ended."""
import os
import pty
import subprocess
import sys
import tty

import peer

master, slave = pty.openpty()
tty.setraw(slave)
client = subprocess.Popen(sys.argv[1:], stdin=slave, stdout=slave, stderr=subprocess.DEVNULL)
os.close(slave)
os.set_blocking(master, False)
line = peer.Line(master)
line.open_lcp(patience=3600)
line.until(lambda: line.ended, patience=3600)
client.wait()
