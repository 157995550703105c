#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The command 'pptpscope rules': selections, formats, and what it says to mistakes.
. "$(dirname "$0")/tap.sh"

# ids ARGUMENT...: how many requirements are listed
ids() {
	"$PPTPSCOPE" rules "$@" | grep -c -E '^[A-Z]+-[A-Z0-9-]+-[0-9]{2} '
}

# status ARGUMENT...: exit status; standard output has to stay empty
status() {
	"$PPTPSCOPE" rules "$@" >"$tap_tmp/out" 2>"$tap_tmp/err"
	got=$?
	[ -s "$tap_tmp/out" ] && got="$got with output"
	[ -s "$tap_tmp/err" ] || got="$got without a message"
	echo "$got"
}

tap_is "all are listed" 440 "$(ids)"
tap_is "the total is told" "440 requirements, 317 judged passively, 413 actively" \
	"$("$PPTPSCOPE" rules | tail -n 1)"
tap_is "--passive" 317 "$(ids --passive)"
tap_is "--active" 413 "$(ids --active)"
tap_is "--passive --active" 290 "$(ids --passive --active)"
tap_is "--area" 34 "$(ids --area gre)"
tap_is "two areas" 44 "$(ids --area GRE --area OOS)"
tap_is "--level" 5 "$(ids --level must-not)"
tap_is "two levels" 61 "$(ids --level MUST --level 'MUST NOT')"
tap_is "--level and --area" 8 "$(ids --level MUST --area MSP --area OCRQ --area OCRP --passive)"
tap_is "--profile" 378 "$(ids --profile ms-ptpt)"
tap_is "beginning of an id" 4 "$(ids gre-ack)"
tap_is "several beginnings" 11 "$(ids GRE-ACK COLL)"

"$PPTPSCOPE" rules OCRP-CALLID-01 tcp-port-02 >"$tap_tmp/explained"
for words in '^OCRP-CALLID-01$' 'section *RFC 2637, 2\.8$' 'level *MUST$' 'obliged *PAC$' 'severity *error' \
	'passive *yes, conditional' 'withheld *NO_SYNC ' '  MIDSTREAM ' 'active *yes, of a PAC' \
	'ms-ptpt *the same' '^TCP-PORT-02$' 'passive *no: '; do
	if grep -q -- "$words" "$tap_tmp/explained"; then
		tap_ok "explained: $words"
	else
		tap_not_ok "explained: $words" "$(cat "$tap_tmp/explained")"
	fi
done
tap_is "--verbose explains all" 440 "$("$PPTPSCOPE" rules --verbose | grep -c '^    section ')"
tap_is "no line is too long" "" "$("$PPTPSCOPE" rules --verbose | awk 'length($0) > 80')"

"$PPTPSCOPE" rules --format json GRE-ACK >"$tap_tmp/json"
tap_is "one requirement a line" 4 "$(grep -c '^{"id":"GRE-ACK-0[1-4]",' "$tap_tmp/json")"
"$PPTPSCOPE" rules --format json --output "$tap_tmp/file" GRE-ACK
tap_is "--output" "$(cat "$tap_tmp/json")" "$(cat "$tap_tmp/file")"

tap_is "unknown id" 2 "$(status GRE-NONE-01)"
tap_is "unknown id among others" 2 "$(status GRE GRE-AC)"
tap_is "empty id" 2 "$(status '')"
tap_is "unknown area" 2 "$(status --area PAC)"
tap_is "unknown level" 2 "$(status --level SHALL)"
tap_is "unknown profile" 2 "$(status --profile rfc)"
tap_is "unknown format" 2 "$(status --format junit)"
tap_is "nothing fits" 2 "$(status --passive TCP-PORT-02)"
tap_is "file that cannot be made" 3 "$(status --output "$tap_tmp/none/file")"
tap_end
