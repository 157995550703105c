#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs every line of golden.list and compares what is printed, and the exit status, with golden/.
#
# usage: golden.sh [--accept] [NAME]...
#   --accept writes the expected files instead (tests/regold does that for you)
. "$(dirname "$0")/tap.sh"

accept=
if [ "${1-}" = --accept ]; then
	accept=1
	shift
fi

# Traces are compiled in a folder that looks the same everywhere, so that reports do too.
work=$tap_tmp/work
mkdir -p "$work/corpus" "$work/diagnosis"
ln -s "$srcdir/traces/captured" "$work/captured"
cd "$work" || exit 99

# input_ready captured/X | corpus/X.trace: prints the path of a capture, made when it is a script
input_ready() {
	case $1 in
	*.trace)
		made=${1%.trace}.pcap
		[ -e "$made" ] || "$PPTPSCOPE" trace make "$srcdir/traces/$1" -o "$made" >&2 || return 1
		echo "$made"
		;;
	-) ;;
	*) echo "$1" ;;
	esac
}

wanted() {
	[ $# -gt 1 ] || return 0
	name=$1
	shift
	for each; do
		[ "$name" = "$each" ] && return 0
	done
	return 1
}

# run INPUT[,INPUT]... ARGUMENT...: standard output, then standard error marked as such
run() {
	inputs=
	for each in $(echo "$1" | tr , ' '); do
		ready=$(input_ready "$each") || return 99
		inputs="$inputs $ready"
	done
	shift
	# shellcheck disable=SC2086
	"$PPTPSCOPE" "$@" $inputs >"$tap_tmp/out" 2>"$tap_tmp/err"
	got=$?
	{
		sed 's/\("name":"pptpscope","version":"\)[^"]*/\1VERSION/' "$tap_tmp/out"
		sed 's/^/stderr| /' "$tap_tmp/err"
	} >"$tap_tmp/all"
	return $got
}

while read -r name input expected status arguments; do
	case $name in
	'' | '#'*) continue ;;
	esac
	wanted "$name" "$@" || continue
	# shellcheck disable=SC2086
	run "$input" $arguments
	got=$?
	if [ "$accept" ]; then
		cp "$tap_tmp/all" "$srcdir/tests/golden/$expected"
		[ "$got" = "$status" ] || echo "$name: exit status is $got, golden.list says $status"
	elif [ "$got" != "$status" ]; then
		tap_not_ok "$name" "exit status $got, expected $status
$(cat "$tap_tmp/err")"
	elif ! cmp -s "$srcdir/tests/golden/$expected" "$tap_tmp/all"; then
		tap_not_ok "$name" "$(diff -u "$srcdir/tests/golden/$expected" "$tap_tmp/all" 2>&1)"
	else
		tap_ok "$name"
	fi
done <"$srcdir/tests/golden.list"

[ -z "$accept" ] || exit 0
# An expected file that no line names would never be compared.
if [ $# = 0 ]; then
	unused=$(for f in "$srcdir"/tests/golden/*; do
		awk -v f="${f##*/}" '$3 == f { found = 1 } END { exit !found }' "$srcdir/tests/golden.list" ||
			echo "${f##*/}"
	done)
	tap_is "every expected file has its line" "" "$unused"
fi
tap_end
