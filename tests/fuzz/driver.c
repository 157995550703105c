/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes an ordinary program of a fuzz target: runs it over the files and folders it is given, so
 * that `make check` with any compiler keeps the targets alive and their seeds harmless.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned long inputs;

static int complain(const char *path)
{
	fprintf(stderr, "%s: %s\n", path, strerror(errno));
	return EXIT_FAILURE;
}

static int run_file(const char *path, size_t size)
{
	/* exactly as many octets as there are, so that a sanitizer sees the first one too many */
	uint8_t *data = malloc(size ? size : 1);
	FILE *in = fopen(path, "rb");
	size_t got;

	if (!data || !in) {
		free(data);
		return complain(path);
	}
	got = fread(data, 1, size, in);
	fclose(in);
	LLVMFuzzerTestOneInput(data, got);
	free(data);
	inputs++;
	return EXIT_SUCCESS;
}

static int run(const char *path);

static int run_folder(const char *path)
{
	int worst = EXIT_SUCCESS;
	struct dirent **entry;
	int n = scandir(path, &entry, NULL, alphasort);

	if (n < 0)
		return complain(path);
	for (int i = 0; i < n; i++) {
		char inner[4096];

		snprintf(inner, sizeof(inner), "%s/%s", path, entry[i]->d_name);
		if (entry[i]->d_name[0] != '.' && run(inner) != EXIT_SUCCESS)
			worst = EXIT_FAILURE;
		free(entry[i]);
	}
	free(entry);
	return worst;
}

static int run(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return complain(path);
	return S_ISDIR(st.st_mode) ? run_folder(path) : run_file(path, (size_t)st.st_size);
}

int main(int argc, char **argv)
{
	int worst = EXIT_SUCCESS;

	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	for (int i = 1; i < argc; i++)
		if (run(argv[i]) != EXIT_SUCCESS)
			worst = EXIT_FAILURE;
	printf("%lu inputs\n", inputs);
	return worst;
}
