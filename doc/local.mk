# SPDX-License-Identifier: GPL-2.0-or-later
dist_doc_DATA = README.md NEWS %D%/design.md %D%/emulate.conf %D%/monitor.conf %D%/pptpscope-monitor.service
schemadir = $(docdir)/schema
dist_schema_DATA = \
	%D%/schema/pptpscope-conform-1.schema.json \
	%D%/schema/pptpscope-decode-1.schema.json \
	%D%/schema/pptpscope-emulate-1.schema.json \
	%D%/schema/pptpscope-events-1.schema.json \
	%D%/schema/pptpscope-pair-1.schema.json \
	%D%/schema/pptpscope-replay-1.schema.json \
	%D%/schema/pptpscope-report-1.schema.json \
	%D%/schema/pptpscope-rules-1.schema.json
