#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Damaged input, a full disk and wrong usage: the program says what is wrong and keeps its promises
# about the exit status, and never dies by a signal.
. "$(dirname "$0")/tap.sh"
cd "$tap_tmp" || exit 99

captured=$srcdir/traces/captured
good=$captured/r-accel-twocalls.pcap

# run COMMAND...: leaves its exit status in $status, what it printed in out and err
run() {
	"$@" >out 2>err </dev/null
	status=$?
}

# exits DESCRIPTION STATUSES ARGUMENT...: pptpscope ends with one of STATUSES
exits() {
	what=$1
	allowed=$2
	shift 2
	run "$PPTPSCOPE" "$@"
	case " $allowed " in
	*" $status "*) tap_ok "$what" ;;
	*) tap_not_ok "$what" "exit status $status, allowed: $allowed
$(tail -n 20 err)" ;;
	esac
}

# complains DESCRIPTION WORDS: the last run said WORDS on standard error, on few lines
complains() {
	if grep -q -e "$2" err && [ "$(wc -l <err)" -le 5 ]; then
		tap_ok "$1"
	else
		tap_not_ok "$1" "no '$2' in: $(cat err)"
	fi
}

# --- wrong usage: 2, and a hint
exits "no command" 2
exits "unknown command" 2 frobnicate
complains "... says so" "frobnicate"
exits "audit without a capture" 2 audit
exits "decode without a capture" 2 decode
exits "unknown option" 2 audit --frobnicate "$good"
complains "... names it" "frobnicate"
exits "option without its argument" 2 audit --format
exits "unknown format" 2 audit --format morse "$good"
complains "... names it" "morse"
exits "unknown profile" 2 audit --profile rfc9999 "$good"
exits "filter that does not compile" 2 audit --filter 'host and and' "$good"
exits "port that is none" 2 audit --port 99999 "$good"
exits "limit that is no number" 2 audit --max-calls many "$good"
exits "trace without a subcommand" 2 trace
exits "trace make without -o" 2 trace make nothing.trace
exits "rules with an unknown id" 2 rules NO-SUCH-RULE
exits "rules with an unknown level" 2 rules --level PERHAPS

# --- help and version: 0, on standard output
for command in '' audit decode trace rules; do
	# shellcheck disable=SC2086
	exits "--help of pptpscope $command" 0 $command --help
	tap_is "... goes to standard output" "yes" "$([ -s out ] && [ ! -s err ] && echo yes)"
done
exits "--version" 0 --version
tap_is "... tells it" "pptpscope" "$(cut -d ' ' -f 1 out)"

# --- what cannot be read: 3, and the reason
exits "no such file" 3 audit /nonexistent/x.pcap
complains "... says so" "No such file"
exits "a folder" 3 audit "$tap_tmp"
: >empty.pcap
exits "an empty file" 3 audit empty.pcap
printf 'this is no capture\n' >text.pcap
exits "a text" 3 audit text.pcap
complains "... says so" "text.pcap"
head -c 12 "$good" >header.pcap
exits "half a file header" 3 audit header.pcap
cp "$good" secret.pcap
chmod 000 secret.pcap
if [ -r secret.pcap ]; then
	tap_skip "a file without permission" "this user may read everything"
else
	exits "a file without permission" 3 audit secret.pcap
	complains "... says so" "Permission denied"
fi
exits "one bad capture of two: the other is reported" 3 audit --format json text.pcap "$good"
tap_is "... with its calls" yes "$(grep -q Call-Clear-Request out && echo yes)"

# --- standard input
run sh -c "\"$PPTPSCOPE\" audit --format json - <\"$good\""
tap_is "standard input is read" yes "$([ "$status" -le 1 ] && grep -q Call-Clear-Request out && echo yes)"
run sh -c "gzip -c \"$good\" | \"$PPTPSCOPE\" audit --format json -"
tap_is "compressed standard input is read" yes "$([ "$status" -le 1 ] && grep -q Call-Clear-Request out && echo yes)"

# --- cut at any octet: never a crash, and what came before the cut is reported
size=$(wc -c <"$good")
worst=
at=1
while [ "$at" -lt "$size" ]; do
	head -c "$at" "$good" >cut.pcap
	run "$PPTPSCOPE" audit --quiet cut.pcap
	case $status in
	0 | 1 | 3) ;;
	*) worst="$worst $at:$status" ;;
	esac
	at=$((at + 97))
done
tap_is "cut at every 97th octet" "" "$worst"
head -c 3000 "$good" >cut.pcap
exits "a capture that ends within a packet" 3 audit --format json cut.pcap
tap_is "... is marked damaged" yes "$(grep -q '"damaged":true' out && echo yes)"
tap_is "... and reported as far as it goes" yes "$(grep -q Start-Control-Connection-Request out && echo yes)"

# --- octets changed: never a crash
if command -v python3 >/dev/null 2>&1; then
	python3 - "$captured" <<-'PYTHON'
		import os, random, struct, sys
		random.seed(1723)
		names = sorted(n for n in os.listdir(sys.argv[1]) if n.endswith(".pcap"))
		for n in range(60):
		    data = bytearray(open(os.path.join(sys.argv[1], names[n % len(names)]), "rb").read())
		    for _ in range(1 + n % 40):
		        data[random.randrange(24, len(data))] = random.randrange(256)
		    open("bent%02d.pcap" % n, "wb").write(data)
		for n in range(20):
		    body = bytes(random.randrange(256) for _ in range(2000))
		    open("noise%02d.pcap" % n, "wb").write(body if n % 2 else
		        struct.pack("<IHHIIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, random.choice((0, 1, 9, 101, 113, 228, 276))) + body)
		# records that lie about their length
		for n, (caplen, length) in enumerate(((0xffffffff, 10), (0x7fffffff, 0x7fffffff), (0, 0), (10, 0), (262145, 262145))):
		    open("lie%d.pcap" % n, "wb").write(struct.pack("<IHHIIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1) +
		        struct.pack("<IIII", 0, 0, caplen, length) + bytes(100))
	PYTHON
	worst=
	for f in bent*.pcap noise*.pcap lie*.pcap; do
		for command in audit decode; do
			run "$PPTPSCOPE" $command --quiet "$f"
			case $status in
			0 | 1 | 3) ;;
			*) worst="$worst $command:$f:$status" ;;
			esac
		done
	done
	tap_is "octets changed, noise, lying lengths" "" "$worst"
else
	tap_skip "octets changed, noise, lying lengths" "no python3"
fi

# --- cut by the snap length: fewer octets, no false findings about them
if command -v editcap >/dev/null 2>&1; then
	worst=
	for snap in 14 30 34 54 60 80 100; do
		editcap -s $snap "$good" snap.pcap 2>/dev/null
		run "$PPTPSCOPE" audit --format json snap.pcap
		case $status in
		0 | 1 | 3) ;;
		*) worst="$worst $snap:$status" ;;
		esac
	done
	tap_is "cut by the snap length" "" "$worst"
else
	tap_skip "cut by the snap length" "no editcap"
fi

# --- a full disk: 3, and the reason
if [ -w /dev/full ]; then
	for format in text json; do
		for command in audit decode; do
			run sh -c "\"$PPTPSCOPE\" $command --format $format \"$good\" >/dev/full"
			tap_is "$command --format $format on a full disk" 3 "$status"
			complains "... says so" "No space left"
		done
	done
	exits "audit --output on a full disk" 3 audit --output /dev/full "$good"
	exits "trace load on a full disk" 3 trace load --calls 10 --packets 20000 -o /dev/full
	run sh -c "\"$PPTPSCOPE\" rules >/dev/full"
	tap_is "rules on a full disk" 3 "$status"
else
	tap_skip "a full disk" "no /dev/full"
fi
exits "--output into a folder that is not there" "2 3" audit --output /nonexistent/x "$good"

# --- same input, same octets out
run "$PPTPSCOPE" audit --format json "$good"
cp out first
run "$PPTPSCOPE" audit --format json "$good"
tap_is "the same capture gives the same report" yes "$(cmp -s out first && echo yes)"
run "$PPTPSCOPE" audit --format json --output file.json "$good"
tap_is "--output writes what would be printed" yes "$(cmp -s file.json first && echo yes)"
tap_end
