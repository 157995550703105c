#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The manual pages are clean, and pptpscope(1) and --help name the same commands and options.
. "$(dirname "$0")/tap.sh"

page=$srcdir/man/pptpscope.1

if command -v man >/dev/null 2>&1 && command -v groff >/dev/null 2>&1; then
	for each in "$srcdir"/man/*.[1-9]; do
		# MANROFFSEQ= keeps man from guessing preprocessors out of the first line
		said=$(MANROFFSEQ='' MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$each" 2>&1 >/dev/null)
		tap_is "${each##*/} has no warnings" "" "$said"
	done
else
	tap_skip "the manual pages have no warnings" "no man or groff"
fi

# The part of the page between ".SS COMMAND" and the next heading.
section() {
	awk -v name="$1" '/^\.S[SH]/ { on = $1 == ".SS" && tolower($2) == name && NF == 2 } on' "$page"
}

# Long options that a section describes: those in its .TP tags.
described() {
	section "$1" | awk '/^\.T[PQ]/ { tag = 1; next } tag { print; tag = 0 }' |
		sed 's/\\-/-/g; s/\\f.//g; s/\\&//g' | grep -oE -e '--[a-z][a-z-]*' | sort -u
}

# Long options that --help lists.
helped() {
	"$PPTPSCOPE" "$1" --help | sed -n '/^Options:/,/^$/p' |
		grep -oE -e '^ +(-[A-Za-z0-9],)? *--[a-z][a-z-]*' | grep -oE -e '--[a-z-]*' | sort -u
}

commands=$("$PPTPSCOPE" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
tap_is "--help lists commands" yes "$([ "$commands" ] && echo yes)"
sections=$(sed -n '/^\.SH COMMANDS/,/^\.SH [^C]/s/^\.SS \([a-z]*\)$/\1/p' "$page")
tap_is "the page has a section for each command" "$(echo "$commands" | sort)" "$(echo "$sections" | sort)"
for command in $commands; do
	helped "$command" >"$tap_tmp/helped"
	described "$command" >"$tap_tmp/described"
	tap_is "--help of $command was read" yes "$([ -s "$tap_tmp/helped" ] && echo yes)"
	tap_is "every option of $command is in the page" "" "$(comm -23 "$tap_tmp/helped" "$tap_tmp/described")"
	tap_is "the page invents no option of $command" "" "$(comm -13 "$tap_tmp/helped" "$tap_tmp/described")"
done
tap_is "the page tells every exit status" "0 1 2 3" \
	"$(sed -n '/^\.SH "EXIT STATUS"/,/^\.SH [^E]/s/^\.B \([0-9]\)$/\1/p' "$page" | tr '\n' ' ' | sed 's/ $//')"
tap_end
