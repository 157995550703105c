# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# TAP for shell scripts; read with ".".  Call tap_end last.

tap_count=0
tap_failed=0

# tap_ok DESCRIPTION, tap_not_ok DESCRIPTION [DETAIL]
tap_ok() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1"
}

tap_not_ok() {
	tap_count=$((tap_count + 1))
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_count - $1"
	[ -z "${2-}" ] || printf '%s\n' "$2" | sed -n '1,40s/^/#   /p'
}

# tap_skip DESCRIPTION REASON
tap_skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

# tap_skip_all REASON: for when nothing can be tested here
tap_skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

# tap_is DESCRIPTION EXPECTED ACTUAL
tap_is() {
	if [ "$2" = "$3" ]; then
		tap_ok "$1"
	else
		tap_not_ok "$1" "expected '$2', got '$3'"
	fi
}

tap_end() {
	echo "1..$tap_count"
	exit $((tap_failed > 0))
}

: "${srcdir:=$(cd "$(dirname "$0")/.." && pwd)}"
: "${builddir:=$PWD}"
: "${PPTPSCOPE:=$builddir/pptpscope}"
tap_tmp=$(mktemp -d "${TMPDIR:-/tmp}/pptpscope-test.XXXXXX") || exit 99
trap 'rm -rf "$tap_tmp"' EXIT
trap 'exit 99' HUP INT TERM
