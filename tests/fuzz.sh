#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Every fuzz target runs over its seeds, and over mutations of them.
. "$(dirname "$0")/tap.sh"

targets=$(cd "$srcdir/tests/fuzz" && for f in fuzz_*.c; do echo "${f%.c}"; done)
python=$(command -v python3)

# A program of libFuzzer has to be told not to fuzz.
still_of() {
	if "$1" -help=1 2>&1 </dev/null | grep -q libFuzzer; then
		echo -runs=0
	fi
}

for target in $targets; do
	program=$builddir/tests/fuzz/$target
	seeds=$srcdir/tests/fuzz/seeds/${target#fuzz_}
	if [ ! -x "$program" ]; then
		tap_not_ok "$target is built"
		continue
	fi
	if [ ! -d "$seeds" ]; then
		tap_not_ok "$target has seeds in tests/fuzz/seeds/${target#fuzz_}"
		continue
	fi
	still=$(still_of "$program")
	# shellcheck disable=SC2086
	if log=$("$program" $still "$seeds" 2>&1); then
		tap_ok "$target takes its seeds"
	else
		tap_not_ok "$target takes its seeds" "$log"
	fi
	if [ -z "$python" ]; then
		tap_skip "$target takes mutations of its seeds" "no python3"
		continue
	fi
	mkdir -p "$tap_tmp/$target"
	"$python" - "$seeds" "$tap_tmp/$target" <<-'PYTHON'
		import os, random, sys
		random.seed(2637)
		seeds = [open(os.path.join(sys.argv[1], f), "rb").read() for f in sorted(os.listdir(sys.argv[1]))]
		for n in range(300):
		    data = bytearray(random.choice(seeds))
		    for _ in range(random.randint(1, 6)):
		        at = random.randrange(len(data) + 1)
		        kind = random.randrange(5)
		        if kind == 0 and at < len(data):
		            data[at] = random.randrange(256)
		        elif kind == 1 and at < len(data):
		            data[at] = random.choice((0, 1, 0x7f, 0x80, 0xff))
		        elif kind == 2:
		            del data[at:at + random.randint(1, 16)]
		        elif kind == 3:
		            data[at:at] = bytes(random.randrange(256) for _ in range(random.randint(1, 16)))
		        else:
		            del data[at:]
		    open(os.path.join(sys.argv[2], str(n)), "wb").write(data)
	PYTHON
	# shellcheck disable=SC2086
	if log=$("$program" $still "$tap_tmp/$target" 2>&1); then
		tap_ok "$target takes mutations of its seeds"
	else
		tap_not_ok "$target takes mutations of its seeds" "$log"
	fi
done
tap_end
