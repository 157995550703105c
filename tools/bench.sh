#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Speed and memory of `pptpscope audit --format json` against an empty pcap_loop, tcpdump and tshark.
#
# usage: make bench                        5 GB in TMPDIR and some fifteen minutes
#        make bench BENCH_SHRINK=100       a hundredth of it; the bars are then shown, not judged
#        BENCH_ROUNDS=N (5)                interleaved rounds, of which medians are taken
#
# What counts is CPU time, user and system, of a whole process; what is printed are medians of the
# ratios of each round, so that a machine with other work to do spoils little.
set -u
: "${BENCH_SHRINK:=1}" "${BENCH_ROUNDS:=5}"
: "${PPTPSCOPE:=./pptpscope}" "${PCAP_EMPTY:=tests/bench/pcap_empty}"

dir=$(mktemp -d "${TMPDIR:-/tmp}/pptpscope-bench.XXXXXX") || exit 3
trap 'rm -rf "$dir"' EXIT
trap 'exit 3' HUP INT TERM
missed=0

complain() {
	echo "bench: $*" >&2
	exit 3
}
command -v python3 >/dev/null 2>&1 || complain "python3 is needed to measure"

# measure COMMAND...: prints "CPU-SECONDS PEAK-KILOBYTES"; the output goes nowhere
measure() {
	python3 -c '
import os, sys
pid = os.fork()
if pid == 0:
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    os.execvp(sys.argv[1], sys.argv[1:])
_, status, used = os.wait4(pid, 0)
code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128
if code not in (0, 1):
    sys.exit("bench: exit status %d of %s" % (code, " ".join(sys.argv[1:])))
print(used.ru_utime + used.ru_stime, used.ru_maxrss)
' "$@" || exit 3
}

# load NAME OPTION...: makes $dir/NAME.pcap and warms it
load() {
	name=$1
	shift
	echo "making $name: trace load $*" >&2
	"$PPTPSCOPE" trace load "$@" -o "$dir/$name.pcap" || complain "cannot make $name"
	cat "$dir/$name.pcap" >/dev/null
}

median() {
	sort -g | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

# column FILE N: the median of a column
column() {
	awk -v n="$2" '{ print $n }' "$1" | median
}

shrunk() {
	awk -v n="$1" -v by="$BENCH_SHRINK" -v least="${2:-1}" \
		'BEGIN { n = int(n / by); print n < least ? least : n }'
}

# verdict VALUE RELATION BAR
verdict() {
	if awk -v a="$1" -v b="$3" "BEGIN { exit !(a $2 b) }"; then
		echo "ok"
	else
		echo "MISSED"
	fi
}

# line WHAT VALUE UNIT RELATION BAR
line() {
	judged=$(verdict "$2" "$4" "$5")
	[ "$judged" = ok ] || missed=$((missed + 1))
	printf '%-42s %10.2f %-9s bar %s %-9s %s\n' "$1" "$2" "$3" "$4" "$5" "$judged"
}

audit() {
	measure "$PPTPSCOPE" audit --quiet --format json "$1"
}

# against_loop NAME PACKETS BAR DIRECTIONS CONNECTIONS
against_loop() {
	: >"$dir/times"
	for _ in $(seq "$BENCH_ROUNDS"); do
		ours=$(audit "$dir/$1.pcap") || exit 3
		floor=$(measure "$PCAP_EMPTY" "$dir/$1.pcap") || exit 3
		echo "$ours $floor" | awk '{ print $1 / $3, $1, $3, $2 }' >>"$dir/times"
	done
	awk -v n="$2" -v ours="$(column "$dir/times" 2)" -v floor="$(column "$dir/times" 3)" -v name="$1" \
		'BEGIN { printf "%s: %d packets, %.0f ns each, pcap_loop %.0f ns\n", name, n, ours / n * 1e9, floor / n * 1e9 }'
	line "$1: time / empty pcap_loop" "$(column "$dir/times" 1)" x '<=' "$3"
	memory "$1" "$(column "$dir/times" 4)" "$4" "$5"
}

# memory NAME KILOBYTES DIRECTIONS CONNECTIONS
memory() {
	bar=$(awk -v d="$3" -v c="$4" 'BEGIN { printf "%.1f", 16 + (256 * d + 1024 * c) / 1048576 }')
	line "$1: peak memory" "$(awk -v k="$2" 'BEGIN { print k / 1024 }')" MB '<=' "$bar"
}

# against_tool NAME BAR FULL FULL-PACKETS SLICE SLICE-PACKETS TOOL...
against_tool() {
	what=$1
	bar=$2
	full=$3
	packets=$4
	slice=$5
	few=$6
	shift 6
	if ! command -v "$1" >/dev/null 2>&1; then
		printf '%-42s not installed\n' "$what"
		return
	fi
	: >"$dir/times"
	for _ in $(seq "$BENCH_ROUNDS"); do
		ours=$(audit "$full") || exit 3
		theirs=$(measure "$@" "$slice") || exit 3
		echo "$ours $theirs" | awk -v n="$packets" -v m="$few" '{ print ($3 / m) / ($1 / n) }' >>"$dir/times"
	done
	line "packets per second / $what" "$(column "$dir/times" 1)" x '>=' "$bar"
}

packets=$(shrunk 5000000 1000)
load small --calls 1000 --pairs 100 --packets "$packets" --payload 100
against_loop small "$packets" 0.9 2000 0
few=$(shrunk 500000 1000)
load slice --calls 1000 --pairs 100 --packets "$few" --payload 100
against_tool "tcpdump -nn" 30 "$dir/small.pcap" "$packets" "$dir/slice.pcap" "$few" tcpdump -nn -r
few=$(shrunk 50000 1000)
load slice --calls 1000 --pairs 100 --packets "$few" --payload 100
against_tool "tshark -T json" 1000 "$dir/small.pcap" "$packets" "$dir/slice.pcap" "$few" tshark -n -T json -r
rm -f "$dir/small.pcap" "$dir/slice.pcap"

packets=$(shrunk 1000000 1000)
load large --calls 1000 --pairs 100 --packets "$packets" --payload 1400
against_loop large "$packets" 0.6 2000 0
rm -f "$dir/large.pcap"

connections=$(shrunk 200000 100)
live=$(shrunk 1000 10)
load ctl --connections "$connections" --live "$live"
packets=$("$PPTPSCOPE" audit --quiet --format json "$dir/ctl.pcap" |
	grep -o '"packets": *[0-9]*' | sed '1s/.* *://;1q')
against_loop ctl "$packets" 6 $((2 * live)) "$live"
rm -f "$dir/ctl.pcap"

# A million calls cost something to set up and to report, however many packets they have: what a
# packet costs is the difference between few and many of them.
packets=$(shrunk 5000000 10000)
calls=$(shrunk 1000000 1000)
load few --control --random-order --pairs 1000 --calls 1000 --packets "$packets"
load many --control --random-order --pairs 1000 --calls "$calls" --packets "$packets"
load more --control --random-order --pairs 1000 --calls "$calls" --packets $((3 * packets))
: >"$dir/times"
for _ in $(seq "$BENCH_ROUNDS"); do
	few=$(audit "$dir/few.pcap") || exit 3
	many=$(audit "$dir/many.pcap") || exit 3
	more=$(audit "$dir/more.pcap") || exit 3
	echo "$few $many $more" | awk '{ print ($5 - $3) / 2 / $1, $3 / $1, $4 }' >>"$dir/times"
done
line "$calls calls at once: packet / 1000 calls" "$(column "$dir/times" 1)" x '<=' 4
printf '%-42s %10.2f %-9s (5 packets a call, set-up and report included)\n' "$calls calls at once: all / 1000 calls" \
	"$(column "$dir/times" 2)" x
memory "$calls calls at once" "$(column "$dir/times" 3)" $((2 * calls)) 1000

if [ "$missed" != 0 ] && [ "$BENCH_SHRINK" = 1 ]; then
	echo "$missed bars missed"
	exit 1
fi
[ "$BENCH_SHRINK" = 1 ] || echo "shrunk by $BENCH_SHRINK: the bars are not judged"
