/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See terminal.h. */
#include "tools/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

unsigned terminal_width(int fd)
{
	struct winsize size;
	const char *columns = getenv("COLUMNS");

	if (!isatty(fd))
		return 0;
	if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return columns ? (unsigned)strtoul(columns, NULL, 10) : 80;
}

bool terminal_colour(unsigned width)
{
	const char *term = getenv("TERM");

	return width && !getenv("NO_COLOR") && term && strcmp(term, "dumb") != 0;
}
