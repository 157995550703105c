# SPDX-License-Identifier: GPL-2.0-or-later
"""What the Python tests share: TAP, running pptpscope, reading its JSON."""
import atexit
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile

SRC = os.environ.get("srcdir") or os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PPTPSCOPE = os.environ.get("PPTPSCOPE") or os.path.join(os.getcwd(), "pptpscope")
CAPTURED = os.path.join(SRC, "traces", "captured")
CORPUS = os.path.join(SRC, "traces", "corpus")

_count = 0
_failed = 0


def diag(*words):
    """A remark that is no test."""
    print("# " + " ".join(str(word) for word in words).replace("\n", "\n# "), flush=True)


def ok(passed, description, *details):
    """One test; details are printed when it fails."""
    global _count, _failed
    _count += 1
    _failed += not passed
    print("%sok %d - %s" % ("" if passed else "not ", _count, description))
    if not passed:
        for line in details[:20]:
            print("#   " + str(line).replace("\n", "\n#   "))
    sys.stdout.flush()
    return passed


def skip(description, reason):
    """One test that cannot be made here."""
    global _count
    _count += 1
    print("ok %d - %s # SKIP %s" % (_count, description, reason))


def skip_all(reason):
    print("1..0 # SKIP " + reason)
    sys.exit(0)


# tests/all names those that a further configuration need not run again.
if os.path.splitext(os.path.basename(sys.argv[0]))[0] in os.environ.get("TESTS_LEFT_OUT", "").split():
    skip_all("left out here, as TESTS_LEFT_OUT says: it runs in other configurations")


def end():
    print("1..%d" % _count)
    sys.exit(_failed > 0)


def temporary_folder():
    folder = tempfile.mkdtemp(prefix="pptpscope-test.")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def captured():
    """The recordings, by path."""
    return sorted(glob.glob(CAPTURED + "/*.pcap") + glob.glob(CAPTURED + "/*.pcap.gz"))


def made(folder):
    """The scripts of the corpus compiled into folder, by path; a script that fails is a failed test."""
    out = []
    for script in sorted(glob.glob(CORPUS + "/*.trace")):
        name = os.path.basename(script)[:-len(".trace")] + ".pcap"
        path = os.path.join(folder, name)
        done = run("trace", "make", script, "-o", path)
        if done.returncode == 0:
            out.append(path)
        else:
            ok(False, "%s compiles" % os.path.basename(script), done.stderr)
    return out


def run(*arguments):
    return subprocess.run([PPTPSCOPE, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, universal_newlines=True, encoding="utf-8")


def _no_repeated_key(pairs):
    keys = [k for k, _ in pairs]
    if len(set(keys)) != len(keys):
        raise ValueError("repeated key in object: %s" % sorted(k for k in set(keys) if keys.count(k) > 1))
    return dict(pairs)


def _no_constant(name):
    raise ValueError("not JSON: " + name)


def parse(text):
    """Strict: no key twice, no NaN."""
    return json.loads(text, object_pairs_hook=_no_repeated_key, parse_constant=_no_constant)


def lines(text):
    return [parse(line) for line in text.splitlines()]
