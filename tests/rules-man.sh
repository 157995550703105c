#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# pptpscope-rules(7) is what the table of requirements makes of it today, and is clean roff.
. "$(dirname "$0")/tap.sh"

page=$srcdir/man/pptpscope-rules.7

"$PPTPSCOPE" rules --format man >"$tap_tmp/page" || tap_not_ok "the page is made"
if cmp -s "$page" "$tap_tmp/page"; then
	tap_ok "the page is fresh"
else
	tap_not_ok "the page is fresh" "run: pptpscope rules --format man >man/pptpscope-rules.7
$(diff -u "$page" "$tap_tmp/page")"
fi

"$PPTPSCOPE" rules | sed -n 's/^\([A-Z]*-[A-Z0-9-]*\) .*/\1/p' >"$tap_tmp/ids"
sed -n 's/^\.B \([A-Z]*\\-[A-Z0-9\\-]*\)$/\1/p' "$page" | tr -d '\\' >"$tap_tmp/tags"
tap_is "it has every requirement, in order" "$(cat "$tap_tmp/ids")" "$(grep -E -- '-[0-9]{2}$' "$tap_tmp/tags")"

if command -v mandoc >/dev/null 2>&1; then
	tap_is "mandoc finds nothing wrong" "" "$(mandoc -T lint -W warning "$page" 2>&1)"
elif command -v groff >/dev/null 2>&1; then
	tap_is "groff finds nothing wrong" "" "$(groff -man -ww -z "$page" 2>&1)"
else
	tap_skip "the page is clean roff" "neither mandoc nor groff is here"
fi
tap_end
