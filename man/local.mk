# SPDX-License-Identifier: GPL-2.0-or-later
# pptpscope-rules(7) is written by 'pptpscope rules --format man'; tests/man.sh checks that it is fresh.
man_pages = \
	%D%/pptpscope-rules.7 \
	%D%/pptpscope-trace.5 \
	%D%/pptpscope.1
dist_man_MANS += $(man_pages)
