/* SPDX-License-Identifier: BSD-2-Clause */
/* --json: what comes out is one line that a strict reader of RFC 8259 takes, whatever guests have written. */
/* sources: console/[a-z]*.c tests/unit/fake_kernel.c lib/[a-r]*.c */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "abi/frame.h"
#include "console/json.h"
#include "console/main.h"
#include "tests/unit/fake_expect.h"

#define GOOD "memory=64M kernel=kernel"

/* The reader returns where the value ends, or NULL. It takes no blanks: we write none. */
static const char *read_value(const char *at);

static const char *read_string(const char *at)
{
	if (*at++ != '"')
		return NULL;
	while (*at != '"') {
		if (*at < ' ' || *at > '~')
			return NULL;
		if (*at == '\\' && at[1] == 'u') {
			for (unsigned i = 2; i < 6; i++) {
				if (!isxdigit((unsigned char)at[i]))
					return NULL;
			}
			at += 6;
		} else if (*at == '\\') {
			if (!at[1] || !strchr("\"\\/bfnrt", at[1]))
				return NULL;
			at += 2;
		} else {
			at++;
		}
	}
	return at + 1;
}

static const char *read_number(const char *at)
{
	size_t digits = strspn(at, "0123456789");

	return digits == 0 || (*at == '0' && digits > 1) ? NULL : at + digits;
}

static const char *read_member(const char *at, bool keyed)
{
	if (keyed) {
		at = read_string(at);
		if (!at || *at++ != ':')
			return NULL;
	}
	return read_value(at);
}

static const char *read_level(const char *at, char end)
{
	if (*at == end)
		return at + 1;
	while ((at = read_member(at, end == '}'))) {
		if (*at == end)
			return at + 1;
		if (*at++ != ',')
			return NULL;
	}
	return NULL;
}

static const char *read_value(const char *at)
{
	static const char *const words[] = {"true", "false", "null"};

	for (unsigned i = 0; i < 3; i++) {
		if (!strncmp(at, words[i], strlen(words[i])))
			return at + strlen(words[i]);
	}
	if (*at == '{')
		return read_level(at + 1, '}');
	if (*at == '[')
		return read_level(at + 1, ']');
	return *at == '"' ? read_string(at) : read_number(at);
}

/* The text is one line of JSON and then this. */
static void expect_json(const char *text, const char *then)
{
	const char *end = *text == '{' ? read_value(text) : NULL;

	if (!end || strncmp(end, "\r\n", 2))
		fail_msg("no JSON: %s", text);
	assert_string_equal(end + 2, then);
}

static char written[512];

static void put(const char *text, size_t length)
{
	strncat(written, text, length);
}

static void test_writer(void **state)
{
	struct json json;

	(void)state;
	written[0] = '\0';
	json_start(&json, put);
	assert_true(json_open_object(&json, "unused"));
	json_text(&json, "t", "a\"\\\n\x1b\x7f\xe9", 7);
	json_number(&json, "n", UINT64_MAX);
	assert_true(json_open_array(&json, "a"));
	assert_true(json_in_array(&json));
	json_word(&json, "unused", "null");
	json_open_object(&json, "unused");
	json_close(&json);
	json_open_array(&json, "unused");
	json_close(&json);
	json_close(&json);
	json_text(&json, "", "", 0);
	json_close(&json);
	json_close(&json);
	assert_string_equal(written, "{\"t\":\"a\\\"\\\\\\u000a\\u001b\\u007f\\u00e9\","
				     "\"n\":18446744073709551615,\"a\":[null,{},[]],\"\":\"\"}");
}

static void test_depth(void **state)
{
	struct json json;

	(void)state;
	written[0] = '\0';
	json_start(&json, put);
	for (unsigned i = 0; i < JSON_DEPTH; i++)
		assert_true(json_open_array(&json, ""));
	assert_false(json_open_array(&json, ""));
	assert_false(json_open_object(&json, ""));
	for (unsigned i = 0; i < JSON_DEPTH; i++)
		json_close(&json);
	assert_ptr_equal(read_value(written), written + 2 * JSON_DEPTH);
}

static int boot(void **state)
{
	(void)state;
	fake_reset();
	fake_boot();
	fake_command("create web " GOOD " cmdline=\"x=\\\"1\\\" 50%\"");
	fake_command("create db cpus=1 on=3 " GOOD " module=\"tiny odd \\\\ text\"");
	fake_command("start web");
	fake_command("start db");
	fake_end("db", REASON_TRIPLE, "rip 1000\n\"quoted\" \x1b[2J\xff\n");
	fake_run();
	fake_command("mode script");
	return 0;
}

static void test_list(void **state)
{
	(void)state;
	expect_json(fake_command("list --json"), "ok\r\n");
	fake_expect("{\"partitions\":[{\"name\":\"web\",\"state\":\"running\",\"vcpus\":1,"
		    "\"memory\":67108864,\"up_us\":");
	fake_expect("{\"name\":\"db\",\"state\":\"stopped\",\"vcpus\":1,\"memory\":67108864,"
		    "\"up_us\":null,\"note\":\"triple fault\",\"dedicated\":true}]}\r\n");
}

static void test_show(void **state)
{
	(void)state;
	expect_json(fake_command("show web --json"), "ok\r\n");
	fake_expect("\"cmdline\":\"x=\\\"1\\\" 50%\"");
	fake_expect("\"cap_percent\":null");
	expect_json(fake_command("show db --json"), "ok\r\n");
	fake_expect("\"state\":\"stopped\",\"note\":\"triple fault\"");
	fake_expect("{\"name\":\"tiny\",\"text\":\"odd \\\\ text\",\"role\":\"module\"}");
	fake_expect("\"report\":\"rip 1000\\u000a\\\"quoted\\\" \\u001b[2J\\u00ff\\u000a\"");
	fake_expect(
		"\"ranges\":[{\"first\":0,\"last\":655359},{\"first\":786432,\"last\":67108863}]");
}

static void test_others(void **state)
{
	static const char *const lines[] = {"stats web --json", "host --json", "images --json",
					    "audit --json"};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(lines); i++)
		expect_json(fake_command(lines[i]), "ok\r\n");
	assert_string_equal(fake_command("audit --json"),
			    "{\"partitions\":0,\"spaces\":0,\"mappings\":0,"
			    "\"digest\":\"0000000000000000\",\"violations\":0,"
			    "\"first_violation\":null,\"lines\":[\"audit: 0 partitions, 0 spaces, "
			    "0 mappings, digest 0000000000000000, 0 violations\"]}\r\nok\r\n");
	memset(&fake.audit, 0xff, sizeof(fake.audit));
	expect_json(fake_command("audit --json"), "ok\r\n");
	fake_expect("\"mappings\":18446744073709551615,\"digest\":\"ffffffffffffffff\","
		    "\"violations\":18446744073709551615,\"first_violation\":\"\\u00ff");
	fake_command("host --json");
	fake_expect("\"memory\":{\"total\":2147483648,\"free\":");
	fake_expect("{\"owner\":\"kernel\",\"memory\":");
	fake_expect("{\"partition\":\"db\",\"memory\":");
	fake_expect("{\"cpu\":0,\"state\":\"pool\",\"partition\":null,");
	fake.log = "[0.000001] kernel up\nok\n\"\\ \x1b[2J\xc3\xa9\nlast without end";
	expect_json(fake_command("log --json"), "ok\r\n");
	fake_expect("{\"log\":[\"[0.000001] kernel up\",\"ok\",\"\\\"\\\\ \\u001b[2J\\u00c3\\u00a9\","
		    "\"last without end\"]}\r\n");
}

static char long_log[200 * 1024];

/* To a person, too, and nothing that is typed or happens meanwhile gets into the line. */
static void test_undisturbed(void **state)
{
	(void)state;
	fake_command("mode human");
	for (size_t i = 0; i + 1 < sizeof(long_log); i++)
		long_log[i] = i % 60 ? 'x' : '\n';
	fake.log = long_log;
	fake_clear();
	fake_type("log --json\r");
	console_turn();
	fake_type("list");
	fake_end("web", REASON_POWEROFF, "");
	fake_run();
	assert_null(strstr(fake_output(), "xlist"));
	assert_non_null(strstr(fake_output(), "log --json\r\n{\"log\":["));
	expect_json(strchr(fake_output(), '{'), "[web stopped: powered off]\r\nfreehold> list");
}

/* Ctrl-C ends the line where it is, and it is valid. */
static void test_interrupted(void **state)
{
	(void)state;
	for (size_t i = 0; i + 1 < sizeof(long_log); i++)
		long_log[i] = i % 60 ? 'x' : '\n';
	fake.log = long_log;
	fake_clear();
	fake_type("log --json\r");
	console_turn();
	fake_type("\x03");
	fake_run();
	expect_json(fake_output(), "error EINTR log: it was interrupted\r\n");
	assert_true(fake.output_size < sizeof(long_log) / 2);
}

/* Errors come instead of JSON, or behind it. */
static void test_errors(void **state)
{
	(void)state;
	assert_string_equal(fake_command("show x --json"),
			    "error ENAME show x: there is no partition of that name\r\n");
	fake.fail[CALL_DEBUG] = ERR_NOSYS;
	assert_string_equal(fake_command("audit --json"),
			    "error EKERNEL audit: this kernel cannot do it\r\n");
	assert_non_null(strstr(fake_command("start db --json"), "error EUSAGE start"));
}

/* `time` tells behind the line; without partitions the list is empty. */
static void test_shapes(void **state)
{
	const char *end;

	(void)state;
	end = read_value(fake_command("time list --json"));
	assert_non_null(end);
	assert_non_null(strstr(end, "\r\ntook "));
	fake_command("destroy web --yes\rdestroy db --yes");
	assert_string_equal(fake_command("list --json"), "{\"partitions\":[]}\r\nok\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_writer),
		cmocka_unit_test(test_depth),
		cmocka_unit_test_setup(test_list, boot),
		cmocka_unit_test_setup(test_show, boot),
		cmocka_unit_test_setup(test_others, boot),
		cmocka_unit_test_setup(test_undisturbed, boot),
		cmocka_unit_test_setup(test_interrupted, boot),
		cmocka_unit_test_setup(test_errors, boot),
		cmocka_unit_test_setup(test_shapes, boot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
