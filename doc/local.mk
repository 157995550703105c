# SPDX-License-Identifier: GPL-2.0-or-later
dist_doc_DATA = %D%/design.md README.md NEWS
EXTRA_DIST += %D%/schema
