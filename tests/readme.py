#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What README.md shows is what is printed today.  With --accept it is made so (tests/regold)."""
import os
import re
import shlex
import subprocess
import sys

import common

README = os.path.join(common.SRC, "README.md")
EXAMPLE = re.compile(r"^```\n\$ (pptpscope .*)\n((?:(?!```).*\n)*)```$", re.M)


def printed(command):
    """Runs it in the source folder, where its captures are."""
    line = re.sub(r"^pptpscope\b", shlex.quote(common.PPTPSCOPE), command)
    done = subprocess.run(["sh", "-c", line], cwd=common.SRC, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, universal_newlines=True, encoding="utf-8")
    # AddressSanitizer remarks that tests run as fibers.
    return re.sub(r"^==\d+==WARNING: ASan doesn't fully support makecontext.*\n", "", done.stdout, flags=re.M)


def main():
    with open(README, encoding="utf-8") as f:
        text = f.read()
    if sys.argv[1:] == ["--accept"]:
        fresh = EXAMPLE.sub(lambda m: "```\n$ %s\n%s```" % (m.group(1), printed(m.group(1))), text)
        with open(README, "w", encoding="utf-8") as f:
            f.write(fresh)
        return
    examples = list(EXAMPLE.finditer(text))
    common.ok(examples, "README.md has examples")
    for m in examples:
        now = printed(m.group(1))
        common.ok(m.group(2) == now, m.group(1), "printed now:", now)
    common.end()


main()
