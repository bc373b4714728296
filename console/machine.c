/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands about the machine as a whole: its log, its power, and what its debugging calls tell. */
#include "console/call.h"
#include "console/handlers.h"
#include "console/host.h"
#include "console/log.h"
#include "console/notation.h"
#include "console/op.h"
#include "console/session.h"
#include "console/text.h"
#include "console/uart.h"
#include "lib/format.h"
#include "lib/string.h"

#define AUDIT_FORM "audit: %lu partitions, %lu spaces, %lu mappings, digest %016lx, %lu violations"

static enum session_answer step_log(void)
{
	if (log_show_step())
		return SESSION_AGAIN;
	text_close();
	return SESSION_DONE;
}

/* What only shows may end anywhere. */
static bool interrupt_show(void)
{
	return true;
}

void machine_log(const struct invocation *in)
{
	(void)in;
	text_open_list("log");
	log_show_begin();
	session_continue(step_log, interrupt_show);
}

/* --yes, or a question; a script has nobody to ask. */
static void confirm(const struct invocation *in, const char *question, void (*yes)(void))
{
	if (in->flags & FLAG_YES)
		yes();
	else if (!session_has_person(in->line))
		text_fail(CODE_CONFIRM, "a script must say --yes");
	else
		session_ask(question, yes);
}

static unsigned count_up(void)
{
	struct partition *partition = NULL;
	unsigned count = 0;

	while ((partition = partition_next(partition))) {
		uint32_t state = partition_state(partition);

		count += partition_is_up(state);
	}
	return count;
}

static void power(enum power_action action, const char *text)
{
	int64_t result;

	text_print("%s", text);
	uart_flush();
	result = call_power(action);
	if (result < 0)
		op_fail(result);
}

static void reboot(void)
{
	power(POWER_REBOOT, "the machine restarts");
}

static void poweroff(void)
{
	power(POWER_OFF, "the machine switches off");
}

static const char *power_question(const char *what)
{
	static char question[96];
	unsigned count = count_up();

	if (count)
		format(question, sizeof(question),
		       "%u partition%s not stopped. %s the machine? [y/N] ", count,
		       count == 1 ? " is" : "s are", what);
	else
		format(question, sizeof(question), "%s the machine? [y/N] ", what);
	return question;
}

void machine_reboot(const struct invocation *in)
{
	confirm(in, power_question("Restart"), reboot);
}

void machine_poweroff(const struct invocation *in)
{
	confirm(in, power_question("Switch off"), poweroff);
}

static struct {
	enum debug_command command;
	uint64_t argument;
	char text[16 * 1024];
} debug;

static void show_debug(size_t length)
{
	text_print_lines(debug.text, length, 0);
}

static enum session_answer step_debug(void)
{
	int64_t result = call_debug(debug.command, debug.argument, debug.text, sizeof(debug.text));

	if (result < 0)
		op_fail(result);
	else
		show_debug(strnlen(debug.text, call_bytes(result, sizeof(debug.text))));
	return SESSION_DONE;
}

static void start_debug(void)
{
	memset(debug.text, 0, sizeof(debug.text));
	session_continue(step_debug, interrupt_show);
}

static void prepare_debug(enum debug_command command, uint64_t argument)
{
	debug.command = command;
	debug.argument = argument;
}

static struct {
	bool goes_on; /* it takes many steps; the report comes with the last */
	struct audit_report report;
} audit;

/* For a program the sentence, too, which was all that it got at first. */
static void show_audit_lines(void)
{
	text_open_list("lines");
	text_print(AUDIT_FORM, audit.report.partitions, audit.report.spaces, audit.report.mappings,
		   audit.report.digest, audit.report.violations);
	if (audit.report.first[0])
		text_print("%s", audit.report.first);
	text_close();
}

static void show_audit_facts(void)
{
	const char *first = audit.report.first;
	char digest[20];

	format(digest, sizeof(digest), "%016lx", audit.report.digest);
	text_facts(NULL, "",
		   FACTS(fact_number("partitions", audit.report.partitions),
			 fact_number("spaces", audit.report.spaces),
			 fact_number("mappings", audit.report.mappings), fact_text("digest", digest),
			 fact_number("violations", audit.report.violations),
			 first[0] ? fact_text("first_violation", first)
				  : fact_none("first_violation")));
}

static enum session_answer step_audit(void)
{
	int64_t result = call_debug(DEBUG_AUDIT, audit.goes_on, &audit.report, sizeof(audit.report));

	audit.goes_on = true;
	if (result == ERR_AGAIN)
		return SESSION_AGAIN;
	if (result < 0) {
		op_fail(result);
		return SESSION_DONE;
	}
	audit.report.first[AUDIT_VIOLATION - 1] = '\0';
	if (notation_is_json())
		show_audit_facts();
	show_audit_lines();
	return SESSION_DONE;
}

void machine_audit(const struct invocation *in)
{
	(void)in;
	memset(&audit, 0, sizeof(audit));
	session_continue(step_audit, interrupt_show);
}

void machine_debug_panic(const struct invocation *in)
{
	prepare_debug(DEBUG_PANIC, in->number[0]);
	confirm(in, "The machine will be lost. Go on? [y/N] ", start_debug);
}

static bool check_cpu(uint64_t number)
{
	static struct host_info host;
	struct cpu_info cpu = {.state = CPU_ABSENT};

	host_query(&host);
	if (number < host.cpu_count)
		host_query_cpu((uint32_t)number, &cpu);
	if (cpu.state == CPU_POOL || cpu.state == CPU_DEDICATED)
		return true;
	text_fail(CODE_NAME, "there is no cpu %lu that runs", number);
	return false;
}

void machine_debug_stacks(const struct invocation *in)
{
	if (!check_cpu(in->number[0]))
		return;
	prepare_debug(DEBUG_STACKS, in->number[0]);
	start_debug();
}

void machine_debug_cpu(const struct invocation *in)
{
	if (!check_cpu(in->number[0]))
		return;
	prepare_debug(DEBUG_CPU_PANIC, in->number[0]);
	confirm(in, "The machine will be lost. Go on? [y/N] ", start_debug);
}

void machine_debug_stuck(const struct invocation *in)
{
	if (!check_cpu(in->number[0]))
		return;
	if (in->number[1] > 3600) {
		text_fail(CODE_USAGE, "at most 3600 seconds");
		return;
	}
	prepare_debug(DEBUG_CPU_STUCK, in->number[1] << 16 | in->number[0]);
	confirm(in, "That CPU and what runs on it will stand still. Go on? [y/N] ", start_debug);
}

void machine_debug_vcpu(const struct invocation *in)
{
	if (!partition_check_vcpu(in->partition, in->number[1]))
		return;
	prepare_debug(DEBUG_VCPU, (uint64_t)in->partition->slot << 8 | in->number[1]);
	start_debug();
}

void machine_debug_random(const struct invocation *in)
{
	if (!partition_check_vcpu(in->partition, in->number[1]))
		return;
	if (in->number[2] >> 48) {
		text_fail(CODE_USAGE, "the seed must be below 2^48");
		return;
	}
	prepare_debug(DEBUG_RANDOM_STATE,
		      in->number[2] << 16 | (uint64_t)in->partition->slot << 8 | in->number[1]);
	confirm(in, "Its guest will be damaged. Go on? [y/N] ", start_debug);
}
