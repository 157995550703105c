/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options from a file: what is read, what is refused and how that is said, and who wins. */
#include "tools/live_config.h"

#include "tests/unit/folder.h"

void suite_live_config(void);

static const struct option_desc options[] = {
	{ 'i', "interface", "NAME", "repeatable" },
	{ 'o', "output", "FILE", "a file" },
	{ 0, "status", NULL, "takes none" },
	{ 0, "config", "FILE", "a file" },
	{ 0, NULL, NULL, NULL },
};
static const struct command command = { .name = "test", .operands = "", .help = "", .options = options };

/* Reads a file of that text; err without the folder's name. */
static bool read_text(const char *text, struct live_config *c, char err[256])
{
	char folder[FOLDER_ROOM], path[FOLDER_PATH], whole[512] = "";
	bool fine;

	folder_make(folder);
	folder_write(folder, "f", text);
	snprintf(path, sizeof(path), "%s/f", folder);
	fine = live_config_read(path, &command, c, whole, sizeof(whole));
	snprintf(err, 256, "%s", fine ? "" : whole + strlen(folder) + 1);
	folder_remove(folder);
	return fine;
}

static void expect_entry(const struct live_config *c, size_t i, unsigned line, const char *name,
			 const char *value)
{
	CU_ASSERT_FATAL(i < c->count);
	CU_ASSERT_EQUAL(c->entries[i].line, line);
	CU_ASSERT_STRING_EQUAL(c->entries[i].name, name);
	CU_ASSERT_EQUAL(!c->entries[i].value, !value);
	if (value && c->entries[i].value) {
		CU_ASSERT_STRING_EQUAL(c->entries[i].value, value);
	}
}

static void test_lines(void)
{
	struct live_config c;
	char err[256];

	CU_ASSERT_TRUE_FATAL(
		read_text("# comment\n\n interface\teth0  # which\r\ninterface a#b\n"
			  "output \" a \\\"b\\\" # \\\\ \" # c\nstatus\nstatus # yes\noutput \"\"\n"
			  "output a b=c",
			  &c, err));
	CU_ASSERT_EQUAL(c.count, 7);
	expect_entry(&c, 0, 3, "interface", "eth0");
	expect_entry(&c, 1, 4, "interface", "a#b");
	expect_entry(&c, 2, 5, "output", " a \"b\" # \\ ");
	expect_entry(&c, 3, 6, "status", NULL);
	expect_entry(&c, 4, 7, "status", NULL);
	expect_entry(&c, 5, 8, "output", "");
	expect_entry(&c, 6, 9, "output", "a b=c");
	live_config_free(&c);
	CU_ASSERT_TRUE(read_text("", &c, err));
	CU_ASSERT_EQUAL(c.count, 0);
	live_config_free(&c);
}

static void expect_mistake(const char *text, const char *message)
{
	struct live_config c;
	char err[256];

	CU_ASSERT_FALSE(read_text(text, &c, err));
	CU_ASSERT_STRING_EQUAL(err, message);
	CU_ASSERT_EQUAL(c.count, 0);
}

static void test_mistakes(void)
{
	struct live_config c;
	char err[256] = "";

	expect_mistake("status\nnonsense x\n", "f:2: there is no option 'nonsense'");
	expect_mistake("interface\n", "f:1: 'interface' needs a value: NAME");
	expect_mistake("interface # eth0\n", "f:1: 'interface' needs a value: NAME");
	expect_mistake("status yes\n", "f:1: 'status' takes no value, but there is 'yes'");
	expect_mistake("--status\n", "f:1: options stand here without '--': status");
	expect_mistake("config x\n", "f:1: 'config' is for the command line only");
	expect_mistake("help\n", "f:1: 'help' is for the command line only");
	expect_mistake("output \"x\n", "f:1: the closing quote is missing");
	expect_mistake("output \"x\\\n", "f:1: only \\\" and \\\\ can follow a backslash between quotes");
	expect_mistake("output \"x\" y\n", "f:1: there is something behind the closing quote: y");
	CU_ASSERT_FALSE(live_config_read("/nonexistent/f", &command, &c, err, sizeof(err)));
	CU_ASSERT_STRING_EQUAL(err, "/nonexistent/f: No such file or directory");
	CU_ASSERT_FALSE(live_config_read("/", &command, &c, err, sizeof(err)));
	CU_ASSERT_STRING_EQUAL(err, "/: Is a directory");
}

static void test_who_wins(void)
{
	const char *arguments[] = { "test", "-i", "lo", "--config", "f", "-i", "eth9", "--", "-x", NULL };
	struct options *o, *merged;
	struct live_config c;
	char err[256];
	int status, argc = 0;
	char **argv;

	CU_ASSERT_TRUE_FATAL(read_text("interface eth0\noutput -\nstatus\noutput --status\n", &c, err));
	o = options_parse(&command, 9, (char **)arguments, &status);
	CU_ASSERT_PTR_NOT_NULL_FATAL(o);
	argv = live_config_argv(&c, o, &argc);
	CU_ASSERT_PTR_NOT_NULL_FATAL(argv);
	merged = options_parse(&command, argc, argv, &status);
	CU_ASSERT_PTR_NOT_NULL_FATAL(merged);
	CU_ASSERT_EQUAL(options_count(merged, "interface"), 2);
	CU_ASSERT_STRING_EQUAL(options_nth(merged, "interface", 0), "lo");
	CU_ASSERT_STRING_EQUAL(options_nth(merged, "interface", 1), "eth9");
	CU_ASSERT_EQUAL(options_count(merged, "output"), 2);
	CU_ASSERT_STRING_EQUAL(options_value(merged, "output", ""), "--status");
	CU_ASSERT_EQUAL(options_count(merged, "status"), 1);
	CU_ASSERT_STRING_EQUAL(options_value(merged, "config", ""), "f");
	CU_ASSERT_EQUAL(options_operands(merged), 1);
	CU_ASSERT_STRING_EQUAL(options_operand(merged, 0), "-x");
	options_free(merged);
	live_config_argv_free(argv);
	options_free(o);
	live_config_free(&c);
}

void suite_live_config(void)
{
	CU_pSuite s = CU_add_suite("live_config", NULL, NULL);

	CU_add_test(s, "lines", test_lines);
	CU_add_test(s, "mistakes", test_mistakes);
	CU_add_test(s, "the command line wins", test_who_wins);
}
