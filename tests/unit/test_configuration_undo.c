/* SPDX-License-Identifier: BSD-2-Clause */
/* What happens beside a commit or its undo: questions, starts under way, other commands, a failure. */
/* sources: console/[a-z]*.c tests/unit/fake_kernel.c lib/[a-r]*.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "console/main.h"
#include "tests/unit/fake_expect.h"

#define GOOD "memory=64M kernel=kernel"

/* Time passes where a test says so. */
static int boot(void **state)
{
	(void)state;
	fake_reset();
	fake_boot();
	fake.stand_still = true;
	return 0;
}

static void commands(const char *const *lines)
{
	for (; *lines; lines++)
		fake_command(*lines);
}
#define COMMANDS(...) commands((const char *const[]){__VA_ARGS__, NULL})

static void pass_seconds(unsigned seconds)
{
	fake_clear();
	fake.tsc += (uint64_t)seconds * FAKE_HZ;
	fake.events |= CONSOLE_TIMEOUT;
	fake_run();
}

static void turn(unsigned count)
{
	while (count-- > 0)
		console_turn();
}

static void type(const char *text, unsigned turns)
{
	fake_type(text);
	turn(turns);
}

static void expect_not(const char *part)
{
	if (strstr(fake_output(), part))
		fail_msg("\"%s\" is in:\n%s", part, fake_output());
}

static void fail_and_boot(void)
{
	fake.events |= CONSOLE_RESTARTED;
	fake_clear();
	fake_boot();
}

/* By the undo the name is another partition's. */
static void test_question_about_a_name(void **state)
{
	(void)state;
	COMMANDS("create web " GOOD, "create tmp " GOOD, "start web", "start tmp", "edit",
		 "rename web prod", "rename tmp web", "commit confirmed 30", "destroy web");
	fake_expect("web is running. Destroy it? [y/N] ");
	type("ye", 2);
	pass_seconds(31);
	fake_expect("\r\nit was broken off: nothing was done\r\n"
		    "[nobody confirmed: the commit is undone]\r\n");
	assert_true(fake_has_prompt());
	fake_expect_in("y", "error: y: ");
	assert_int_equal(fake_find("web")->info.state, PART_RUNNING);
	assert_int_equal(fake_find("tmp")->info.state, PART_RUNNING);
	assert_int_equal(fake.count[CALL_PART_DESTROY], 0);
}

/* The undo is under way when it is answered. */
static void test_question_of_a_commit(void **state)
{
	(void)state;
	COMMANDS("create a " GOOD, "create b " GOOD, "create c " GOOD, "start c", "edit",
		 "set a memory=32M", "set b memory=32M", "commit confirmed 30", "edit", "destroy c",
		 "commit");
	fake_expect("Commit? [y/N] ");
	fake.again[CALL_PART_CREATE] = 100;
	fake.tsc += 31ull * FAKE_HZ;
	turn(30);
	fake_type("y\r");
	fake_run();
	fake_expect("[the configuration is what it was before the commit; a, b were made anew; the "
		    "candidate stays as it is]\r\n");
	assert_int_equal(fake_find("c")->info.state, PART_RUNNING);
	fake_expect_in("commit", "c would be destroyed\r\nCommit? [y/N] ");
	fake_expect_in("y", "committed\r\n");
}

/* Its second restart is a second away. */
static void make_waiting(const char *name)
{
	fake_end(name, REASON_TRIPLE, "");
	fake_run();
	fake_end(name, REASON_TRIPLE, "");
	fake_run();
}

/* What was right when it was asked is not when it is answered: it runs. */
static void test_commit_is_checked_at_its_answer(void **state)
{
	(void)state;
	COMMANDS("create web " GOOD " restart=on-failure", "create db " GOOD, "start web",
		 "start db");
	make_waiting("web");
	COMMANDS("edit", "set web memory=32M", "destroy db", "commit");
	fake_expect("db would be destroyed\r\nCommit? [y/N] ");
	pass_seconds(3);
	assert_int_equal(fake_find("web")->info.state, PART_RUNNING);
	fake_expect_in("y", "error: commit web: it is running: memory= cannot be changed before it "
			    "is stopped [rule 15]\r\n");
	assert_int_equal(fake.count[CALL_PART_STOP], 0);
	assert_non_null(fake_find("db"));
}

/* One that nobody was told of: asked anew, with its name. */
static void test_commit_asks_of_each(void **state)
{
	(void)state;
	COMMANDS("create web " GOOD " restart=on-failure", "create db " GOOD, "start web",
		 "start db");
	make_waiting("web");
	COMMANDS("edit", "destroy web", "destroy db", "commit");
	fake_expect("\r\ndb would be destroyed\r\nCommit? [y/N] ");
	pass_seconds(3);
	fake_expect_in("y", "web, db would be destroyed\r\nCommit? [y/N] ");
	fake_expect_in("n", "nothing was done");
	fake_command("commit");
	fake_expect_in("y", "committed\r\n");
	assert_null(fake_find("web"));
	assert_null(fake_find("db"));
}

/* One whose memory is still scrubbed is stopped for the kernel, and is started all the same. */
static void test_start_under_way(void **state)
{
	(void)state;
	fake.again[CALL_PART_START] = 20;
	fake_type("edit\rcreate job " GOOD " autostart=on\rcommit\r"
		  "edit\rset job cmdline=x\rcommit\r");
	fake_run();
	assert_string_equal(fake_find("job")->info.cmdline, "x");
	assert_int_equal(fake_find("job")->info.state, PART_RUNNING);
	/* By hand; and one that is reset, and is undone. */
	COMMANDS("create web " GOOD);
	type("start web\r", 2);
	type("\x03", 2);
	fake_type("edit\rset web cmdline=x\rcommit\r");
	fake_run();
	assert_string_equal(fake_find("web")->info.cmdline, "x");
	assert_int_equal(fake_find("web")->info.state, PART_RUNNING);
	fake_command("stop web --force");
	COMMANDS("edit", "set web cmdline=y", "commit confirmed 30", "start web");
	type("reset web\r", 3);
	type("\x03", 1);
	pass_seconds(31);
	assert_string_equal(fake_find("web")->info.cmdline, "x");
	assert_int_equal(fake_find("web")->info.state, PART_RUNNING);
}

/* The kernel refuses to take it away: it is started where it is. */
static void test_start_under_way_stays(void **state)
{
	(void)state;
	COMMANDS("create web " GOOD);
	fake.again[CALL_PART_START] = 20;
	fake.fail_once[CALL_PART_DESTROY] = ERR_BUSY;
	type("start web\r", 2);
	type("\x03", 2);
	fake_type("edit\rset web cmdline=x\rcommit\r");
	fake_run();
	fake_expect("nothing was committed: all is as it was before\r\n");
	assert_string_equal(fake_find("web")->info.cmdline, "");
	assert_int_equal(fake_find("web")->info.state, PART_RUNNING);
}

/* While another one is scrubbed its restart comes due: it does not run for a moment, and is not stopped. */
static void test_restart_while_another_leaves(void **state)
{
	(void)state;
	COMMANDS("create db " GOOD, "create web " GOOD " restart=on-failure", "start web");
	make_waiting("web");
	COMMANDS("edit", "destroy db", "set web memory=32M");
	fake.again[CALL_PART_DESTROY] = 20;
	type("commit\r", 5);
	fake.tsc += 3ull * FAKE_HZ;
	fake_run();
	fake_expect("committed");
	assert_int_equal(fake.count[CALL_PART_STOP], 0);
	assert_int_equal(fake_find("web")->info.start_count, 1);
	assert_int_equal(fake_find("web")->info.state, PART_RUNNING);
}

/* web was made to run with the configuration that nobody confirms; `hand` is made meanwhile. */
static void begin_undo(unsigned turns)
{
	COMMANDS("create web " GOOD " cmdline=good", "create db " GOOD " cmdline=good", "edit",
		 "set web cmdline=bad", "set db cmdline=bad", "commit confirmed 30", "start web",
		 "create hand " GOOD);
	fake.again[CALL_PART_CREATE] = fake.again[CALL_PART_DESTROY] = 2;
	fake_clear();
	fake.tsc += 31ull * FAKE_HZ;
	turn(turns);
}

static void expect_undone(void)
{
	assert_string_equal(fake_find("web")->info.cmdline, "good");
	assert_string_equal(fake_find("db")->info.cmdline, "good");
	assert_int_equal(fake_find("web")->info.state, PART_RUNNING);
	assert_int_equal(fake_find("db")->info.state, PART_STOPPED);
	assert_null(fake_find("hand"));
	fake_expect_in("rollback", "there is no earlier configuration");
	fake_expect_in("confirm", "nothing waits to be confirmed");
}

/* The promise is kept wherever the console fails, and as often as it does. */
static void test_failure_in_undo(void **state)
{
	(void)state;
	for (unsigned turns = 1; turns < 40; turns++) {
		for (unsigned again = 0; again < 24; again += 3) {
			boot(NULL);
			begin_undo(turns);
			fake.events |= CONSOLE_RESTARTED;
			if (again) {
				console_start();
				turn(again);
				fake.events |= CONSOLE_RESTARTED;
			}
			fake_boot();
			expect_undone();
		}
	}
}

/* It was to be undone, and nothing of that was noted yet. */
static void test_failure_before_undo(void **state)
{
	(void)state;
	boot(NULL);
	begin_undo(1);
	fake.blob_size[BLOB_APPLY] = 0;
	fail_and_boot();
	fake_expect("[the configuration is what it was before the commit; ");
	assert_string_equal(fake_find("web")->info.cmdline, "good");
	assert_string_equal(fake_find("db")->info.cmdline, "good");
	fake_expect_in("rollback", "there is no earlier configuration");
}

/* A commit that is cut off: who was stopped to be destroyed, or was being started, runs again. */
static void test_failure_in_commit(void **state)
{
	unsigned undone = 0;

	(void)state;
	for (unsigned turns = 1; turns < 30; turns++) {
		boot(NULL);
		COMMANDS("create web " GOOD, "create db " GOOD, "create off " GOOD, "start web",
			 "start off");
		fake_end("off", REASON_POWEROFF, "");
		fake_run();
		fake.again[CALL_PART_CREATE] = fake.again[CALL_PART_DESTROY] = 2;
		fake.again[CALL_PART_START] = 30;
		type("start db\r", 2);
		type("\x03", 2);
		fake_type("edit\rdestroy web\rset db cmdline=x\rset off cmdline=x\rcommit --yes\r");
		turn(turns);
		fake.again[CALL_PART_START] = 0;
		fail_and_boot();
		assert_int_equal(fake_find("off")->info.state, PART_STOPPED);
		if (!strstr(fake_output(), "was under way; it is undone"))
			continue;
		undone++;
		assert_int_equal(fake_find("web")->info.state, PART_RUNNING);
		assert_int_equal(fake_find("db")->info.state, PART_RUNNING);
	}
	assert_in_range(undone, 5, 29);
}

/* A failure does not make whole what could not be had again. */
static void test_failure_in_undo_in_part(void **state)
{
	(void)state;
	boot(NULL);
	begin_undo(2);
	fake.fail[CALL_PART_CREATE] = ERR_NOMEM;
	for (unsigned i = 0; i < 40 && !strstr(fake_output(), "could not be made again"); i++)
		console_turn();
	fake.fail[CALL_PART_CREATE] = 0;
	fail_and_boot();
	fake_expect("[the undoing of a commit was under way; it goes on]\r\n");
	fake_expect("[not all of the configuration before the commit could be had again; rollback "
		    "opens it;");
	assert_true(!fake_find("web") != !fake_find("db"));
	fake_expect_in("rollback", "the candidate is what was before the last commit");
	fake_expect_in("commit", "committed\r\n");
	assert_string_equal(fake_find("web")->info.cmdline, "good");
	assert_string_equal(fake_find("db")->info.cmdline, "good");
}

/* A commit is under way, nobody waits for it, and the next thing that the kernel does will be refused. */
static void begin_failing_commit(void)
{
	COMMANDS("edit", "create web " GOOD, "create job " GOOD);
	fake.again[CALL_PART_CREATE] = 20;
	type("commit\r", 2);
	type("\x03", 2);
}

static void refuse_commit(void)
{
	fake.fail[CALL_PART_CREATE] = ERR_LIMIT;
	turn(30);
	fake.fail[CALL_PART_CREATE] = 0;
}

/* Its error is nobody's answer: the command that runs has not failed. */
static void test_errors_beside_a_script(void **state)
{
	(void)state;
	COMMANDS("create db " GOOD, "start db", "mode script");
	begin_failing_commit();
	fake_clear();
	type("wait db /ready/ 60\r", 2);
	refuse_commit();
	fake_guest_write(fake_find("db"), "ready\n", 6);
	fake_run();
	assert_string_equal(fake_output(),
			    "db: matched in: ready\r\nok\r\n"
			    "event error: create web: a limit of this build is reached\r\n"
			    "event nothing was committed: all is as it was before\r\n");
}

/* Nor does the command's error name what the commit was about. */
static void test_errors_beside_a_person(void **state)
{
	(void)state;
	COMMANDS("create db " GOOD, "start db");
	begin_failing_commit();
	type("wait db /ready/ 5\r", 2);
	turn(30); /* web is made, and job is begun */
	pass_seconds(6);
	fake_expect("error: wait db: no match within 5 s");
	boot(NULL);
	COMMANDS("create db " GOOD, "start db");
	begin_failing_commit();
	fake_clear();
	type("time wait db /ready/ 60\r", 2);
	refuse_commit();
	fake_expect("[error: create web: a limit of this build is reached]\r\n");
	fake_guest_write(fake_find("db"), "ready\n", 6);
	fake_run();
	fake_expect("db: matched in: ready\r\n");
	expect_not("error: wait");
}

/* The same of a set that was left alone; whoever waits for it is answered as ever. */
static void test_errors_of_a_set(void **state)
{
	(void)state;
	COMMANDS("create web " GOOD, "create db " GOOD, "start db");
	fake.again[CALL_PART_DESTROY] = 20;
	fake.fail_once[CALL_PART_CREATE] = ERR_LIMIT;
	fake_expect_in("set web cmdline=x",
		       "\r\nerror: create web: a limit of this build is reached\r\n");
	fake.fail_once[CALL_PART_CREATE] = ERR_LIMIT;
	type("set web cmdline=x\r", 2);
	type("\x03", 2);
	fake_expect("web: it is changed in the background\r\n");
	fake_command("wait db /never/ 1");
	fake_run();
	fake_expect("[error: create web: a limit of this build is reached]\r\n");
	assert_string_equal(fake_find("web")->info.cmdline, "");
}

/* Who follows one that is destroyed in the background learns why no more comes. */
static void test_logs_of_one_that_goes(void **state)
{
	(void)state;
	COMMANDS("create web " GOOD, "start web");
	fake_guest_write(fake_find("web"), "one\n", 4);
	fake.again[CALL_PART_DESTROY] = 20;
	type("destroy web --yes\r", 2);
	type("\x03", 2);
	fake_expect("in the background\r\n");
	type("logs -f web\r", 2);
	fake_expect(" one\r\n");
	turn(40);
	fake_expect("error: logs web: it is gone\r\n");
	fake_expect_in("list", "freehold> ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_question_about_a_name, boot),
		cmocka_unit_test_setup(test_question_of_a_commit, boot),
		cmocka_unit_test_setup(test_commit_is_checked_at_its_answer, boot),
		cmocka_unit_test_setup(test_commit_asks_of_each, boot),
		cmocka_unit_test_setup(test_start_under_way, boot),
		cmocka_unit_test_setup(test_start_under_way_stays, boot),
		cmocka_unit_test_setup(test_restart_while_another_leaves, boot),
		cmocka_unit_test(test_failure_before_undo),
		cmocka_unit_test(test_failure_in_commit),
		cmocka_unit_test(test_failure_in_undo),
		cmocka_unit_test(test_failure_in_undo_in_part),
		cmocka_unit_test_setup(test_errors_beside_a_script, boot),
		cmocka_unit_test_setup(test_errors_beside_a_person, boot),
		cmocka_unit_test_setup(test_errors_of_a_set, boot),
		cmocka_unit_test_setup(test_logs_of_one_that_goes, boot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
