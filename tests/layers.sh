#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Who may know whom (doc/design.md): the arrows between folders, the confinement of what is foreign,
# and names that libnids would take for its own.
. "$(dirname "$0")/tap.sh"
cd "$srcdir" || exit 99

# An arrow is "may include".
arrows='
dissectors  dissectors
conformance conformance dissectors
analyzer    analyzer conformance dissectors
traces      traces dissectors
tools       tools analyzer conformance dissectors traces
'

# Folders of ours that a folder includes, each with the file that does.
included() {
	find "$1" -name '*.[ch]' -o -name '*.def' |
		xargs grep -n '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' /dev/null |
		sed 's/^\([^:]*\):[0-9]*:.*"\([^"]*\)".*/\1 \2/'
}

echo "$arrows" | while read -r folder allowed; do
	[ "$folder" ] || continue
	included "$folder" | while read -r file header; do
		case " $allowed " in
		*" ${header%%/*} "*) ;;
		*) echo "$file includes $header" ;;
		esac
	done >"$tap_tmp/$folder"
done
for folder in dissectors conformance analyzer traces tools; do
	tap_is "$folder includes only what it may" "" "$(cat "$tap_tmp/$folder" 2>&1)"
done

# A file that no local.mk names would be left out of the archive, or not be tested.
for folder in dissectors conformance conformance/suite conformance/telco analyzer traces tools tests tests/unit \
	tests/fuzz; do
	for file in "$folder"/*.[ch] "$folder"/*.def "$folder"/*.sh "$folder"/*.py; do
		[ -e "$file" ] || continue
		case $folder in
		tests*) grep -q "%D%/${file#tests/}" tests/local.mk || echo "$file" ;;
		*) grep -q "%D%/${file#*/}" "${folder%%/*}/local.mk" || echo "$file" ;;
		esac
	done
done >"$tap_tmp/forgotten"
tap_is "every source is in its local.mk" "" "$(cat "$tap_tmp/forgotten")"
suites=$(sed -n 's/^void \(suite_[a-z0-9_]*\)(void)$/\1/p' tests/unit/test_*.c | while read -r suite; do
	grep -q "^	$suite,\$" tests/unit/main_*.c || echo "$suite"
done)
tap_is "every suite is in its main" "" "$suites"

# users HEADER-PATTERN: files that include <HEADER>
users() {
	grep -lE "^[[:space:]]*#[[:space:]]*include[[:space:]]*<($1)>" \
		dissectors/*.[ch] conformance/*.[ch] conformance/*/*.[ch] analyzer/*.[ch] traces/*.[ch] \
		tools/*.[ch] tests/unit/*.[ch] tests/fuzz/*.c 2>/dev/null | LC_ALL=C sort
}

# confined WHAT HEADER-PATTERN FILE-PATTERN...
confined() {
	what=$1
	found=$(users "$2")
	shift 2
	for file in $found; do
		for pattern; do
			# shellcheck disable=SC2254
			case $file in
			$pattern) continue 2 ;;
			esac
		done
		echo "$file"
	done >"$tap_tmp/strays"
	tap_is "$what stays where it belongs" "" "$(cat "$tap_tmp/strays")"
}

confined libnids 'nids\.h' analyzer/reassembly.c
confined libpcap 'pcap\.h|pcap/.*' 'analyzer/capture*.[ch]' traces/writer.c analyzer/reassembly.c
confined json-c 'json\.h|json-c/.*|json_.*' 'analyzer/report_json*.[ch]'
confined CUnit 'CUnit/.*' 'tests/unit/*'
confined decompression 'zlib\.h|zstd\.h' analyzer/source.c
confined fibers 'ucontext\.h' conformance/fiber.c
confined nettle 'nettle/.*' 'dissectors/mppe.[ch]' dissectors/community_id.c
confined libmicrohttpd 'microhttpd\.h' tools/live_metrics.c
confined libseccomp 'seccomp\.h' tools/live_confine.c
confined capabilities 'linux/capability\.h|sys/capability\.h' tools/live_privilege.c
# The control socket of the emulator is a socket of this machine only (AF_UNIX).
confined 'the network' 'sys/socket\.h|sys/un\.h|netdb\.h|netinet/(in|tcp)\.h' 'conformance/net_socket*.[ch]' \
	tools/address.c tools/emulate_control.c tools/live_confine.c tools/live_metrics.c tools/live_notify.c \
	tools/live_worker.c tools/live_workers.c tests/unit/live_tool.c

# Only tools/ and the writers of reports print.
talkers=$(grep -nE '(^|[^a-z_])(v?printf|puts|putchar|perror)[[:space:]]*\(|[^a-z_](stdout|stderr)[^a-z_]' \
	dissectors/*.[ch] conformance/*.[ch] conformance/*/*.[ch] traces/*.[ch] analyzer/*.[ch] |
	grep -vE '^analyzer/(report|decode)[a-z_]*\.[ch]:|^[^:]*:[0-9]*:[[:space:]]*(/?\*|//)|__attribute__|format\(printf')
tap_is "libraries return, they do not talk" "" "$talkers"

# Time comes from packets, so that a replay gives the same report; or from the net (conformance/net.h).
clocks=$(grep -nE '(^|[^a-z_])(time|gettimeofday|clock_gettime|localtime(_r)?)[[:space:]]*\(' \
	dissectors/*.[ch] conformance/*.[ch] conformance/*/*.[ch] traces/*.[ch] analyzer/*.[ch] |
	grep -vE '^[^:]*:[0-9]*:[[:space:]]*/?\*|^conformance/net_socket\.c:')
tap_is "no library reads the clock" "" "$clocks"

# libnids calls some of its functions through the PLT: a function of ours by one of their names
# would be called in their place.
theirs='process_tcp process_icmp find_stream mkhash init_hash detect_scan scan_init scan_exit
tcp_init tcp_exit tcp_procs tcp_check_timeouts ip_frag_init ip_frag_exit ip_defrag_stub
ip_options_compile ip_fast_csum ip_compute_csum ip_check_ext my_tcp_check my_udp_check
register_callback unregister_callback test_malloc raw_init set_all_promisc'
library=$(ldd "$PPTPSCOPE" 2>/dev/null | awk '/libnids/ { print $3 }')
if [ "$library" ]; then
	theirs="$theirs $("${NM:-nm}" -D --defined-only "$library" 2>/dev/null | awk '{ print $3 }' | sed 's/@.*//')"
fi
if "${NM:-nm}" --version >/dev/null 2>&1 && [ -e "$builddir/libanalyzer.a" ]; then
	echo "$theirs" | tr ' ' '\n' | grep -vE '^(_init|_fini|_edata|_end|__bss_start)?$' | sort -u >"$tap_tmp/theirs"
	"${NM:-nm}" -g --defined-only "$builddir"/lib*.a "$builddir"/tools/*.o 2>/dev/null |
		awk 'NF == 3 { print $3 }' | sort -u >"$tap_tmp/ours"
	tap_is "the names of our symbols were read" yes "$([ -s "$tap_tmp/ours" ] && echo yes)"
	tap_is "no symbol of ours has a name of libnids" "" "$(comm -12 "$tap_tmp/theirs" "$tap_tmp/ours")"
else
	tap_skip "no symbol of ours has a name of libnids" "no nm, or nothing built"
fi
tap_end
