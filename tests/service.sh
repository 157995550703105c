#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The examples of a service: options that exist, and a unit that systemd takes.
. "$(dirname "$0")/tap.sh"

"$PPTPSCOPE" monitor --help | sed -n 's/^ .*--\([a-z-]*\).*/\1/p' | sort -u >"$tap_tmp/known"
# comments that are prose have more words, or begin with a capital letter
sed -n 's/^#\{0,1\}\([a-z][a-z-]*\)\( [^ ]*\| ".*"\)\{0,1\}$/\1/p' "$srcdir/doc/monitor.conf" |
	sort -u >"$tap_tmp/used"
tap_is "options of monitor.conf were found" yes "$([ "$(wc -l <"$tap_tmp/used")" -gt 15 ] && echo yes)"
tap_is "every option of monitor.conf exists" "" "$(comm -13 "$tap_tmp/known" "$tap_tmp/used")"

# read as it is, up to the first thing that this machine does not have
sed 's/^interface .*/interface no-such-interface/; /^output/d; /^evidence-dir/d; /^metrics/d' \
	"$srcdir/doc/monitor.conf" >"$tap_tmp/monitor.conf"
message=$("$PPTPSCOPE" monitor --config "$tap_tmp/monitor.conf" 2>&1 >/dev/null)
case $message in
*no-such-interface*) tap_ok "monitor.conf is taken up to its interface" ;;
*) tap_not_ok "monitor.conf is taken up to its interface" "$message" ;;
esac

unit=pptpscope-monitor.service
if command -v systemd-analyze >/dev/null 2>&1; then
	# the program need not be installed for that
	sed "s,/usr/local/bin/pptpscope,/bin/true,; /^Documentation/d" "$srcdir/doc/$unit" >"$tap_tmp/$unit"
	tap_is "systemd takes the unit" "" "$(systemd-analyze verify --man=no "$tap_tmp/$unit" 2>&1)"
else
	tap_skip "systemd takes the unit" "no systemd-analyze"
fi
tap_end
