/* SPDX-License-Identifier: BSD-2-Clause */
/* list, show and stats: what there is to know about partitions. */
#include "console/call.h"
#include "console/create.h"
#include "console/exits.h"
#include "console/graves.h"
#include "console/handlers.h"
#include "console/host.h"
#include "console/layout.h"
#include "console/op.h"
#include "console/ring.h"
#include "console/text.h"
#include "lib/copy.h"
#include "lib/format.h"
#include "lib/string.h"

/* Used by one command at a time. */
static struct part_info info;

/* "2-3,5"; ends with … if it does not fit. */
static void format_cpus(char *to, size_t size)
{
	size_t used = 0;

	to[0] = '\0';
	for (uint32_t i = 0; i < info.vcpu_count; i++) {
		uint32_t first = info.cpus[i];
		uint32_t last = first;

		if (first == CPU_ANY)
			continue;
		while (i + 1 < info.vcpu_count && info.cpus[i + 1] == last + 1) {
			last++;
			i++;
		}
		if (used + 24 > size) {
			format(to + used, size - used, ",...");
			return;
		}
		used += format(to + used, size - used, last > first ? "%s%u-%u" : "%s%u",
			       used ? "," : "", first, last);
	}
}

static struct fact up_fact(void)
{
	uint64_t now = call_clock();

	if (!partition_is_up(info.state))
		return fact_none("up_us");
	return fact_time("up_us", now > info.started_tsc ? now - info.started_tsc : 0);
}

/* What was asked for when it was created. */
static struct fact memory_fact(void)
{
	return fact_size("memory", layout_asked(info.ranges, partition_range_count(&info)));
}

/* Of the partition that info is of; until the next call. */
static const char *note(const struct partition *partition)
{
	static char text[PARTITION_TEXT];

	if (partition->op.kind != OP_NONE)
		return op_text(partition->op.kind);
	partition_note(partition, &info, text);
	return text;
}

static const char *state_text(const struct partition *partition)
{
	return partition_state_text(partition_shown_state(partition, &info));
}

static bool with_graves;

/* Of a destroyed one there is a name, and what it said. */
static enum table_answer fill_grave(struct table_row *row, unsigned index)
{
	const struct grave *grave = graves_at(index);

	if (index >= GRAVES)
		return TABLE_END;
	if (!grave)
		return TABLE_SKIP;
	row->fact[0] = fact_text("name", grave->name);
	row->fact[1] = fact_text("state", "destroyed");
	row->fact[2] = fact_none("vcpus");
	row->fact[3] = fact_none("memory");
	row->fact[4] = fact_none("up_us");
	row->fact[5] = fact_text("note", "logs has its output");
	row->fact[6] = fact_none("dedicated");
	return TABLE_ROW;
}

static enum table_answer fill_partition(struct table_row *row, unsigned index)
{
	const struct partition *partition = partition_at(index);

	if (index >= MAX_PARTITIONS)
		return with_graves ? fill_grave(row, index - MAX_PARTITIONS) : TABLE_END;
	if (!partition || !partition_query(partition, &info))
		return TABLE_SKIP;
	format(row->cell[2], TABLE_CELL, "%u %s", info.vcpu_count,
	       info.flags & PART_DEDICATED ? "own" : "pool");
	row->fact[0] = fact_text("name", partition->name);
	row->fact[1] = fact_text("state", state_text(partition));
	row->fact[2] = fact_number("vcpus", info.vcpu_count);
	row->fact[3] = memory_fact();
	row->fact[4] = up_fact();
	row->fact[5] = fact_text("note", note(partition));
	row->fact[6] = fact_bool("dedicated", info.flags & PART_DEDICATED);
	return TABLE_ROW;
}

void show_list(const struct invocation *in)
{
	static const struct table table = {
		.key = "partitions",
		.columns = 6,
		.titles = {"NAME", "STATE", "CPUS", "MEMORY", "UP", "NOTE"},
		.right = 1 << 3 | 1 << 4,
	};

	with_graves = in->flags & FLAG_ALL;
	text_table(&table, fill_partition);
}

static void show_image(const char *role, const char *name, const char *text)
{
	text_open("");
	text_facts(role, text[0] ? "% %" : "%",
		   FACTS(fact_text("name", name), fact_text("text", text), fact_text("role", role)));
	text_close();
}

static void show_images(void)
{
	static const char *const roles[] = {
		[IMAGE_KERNEL] = "kernel",
		[IMAGE_INITRD] = "initrd",
		[IMAGE_MODULE] = "module",
	};
	static struct image_info image;

	text_open_list("images");
	for (uint32_t i = 0; i < partition_image_count(&info); i++) {
		const struct part_image *use = &info.images[i];

		const char *text = info.boot.texts + MIN(use->text, TEXTS_SIZE - 1u);

		if (use->role < ARRAY_SIZE(roles) && host_image(use->image, &image))
			show_image(roles[use->role], image.name, text);
	}
	text_close();
	if (info.boot.protocol == BOOT_FLAT)
		text_facts("flat", "load=% entry=%",
			   FACTS(fact_hex("load", info.boot.load),
				 fact_hex("entry", info.boot.entry)));
}

static void show_share(void)
{
	struct fact cap = fact_of(info.cap ? FACT_PERCENT : FACT_NONE, "cap_percent", info.cap);

	cap.text = "none";
	text_facts("share", "weight %, cap %, waited % for its CPUs",
		   FACTS(fact_number("weight", info.weight ? info.weight : WEIGHT_DEFAULT), cap,
			 fact_time("waited_us", info.steal_tsc)));
}

static void show_ranges(void)
{
	text_open_list("ranges");
	for (uint32_t i = 0; i < partition_range_count(&info); i++) {
		uint64_t first = info.ranges[i].gpa;

		text_open("");
		text_facts("range", "% to %",
			   FACTS(fact_address("first", first),
				 fact_address("last", first + info.ranges[i].size - 1)));
		text_close();
	}
	text_close();
}

/* Of what it was made from: the text of a key, or null and for people what is without it. */
static struct fact key_fact(const struct partition *partition, unsigned key, const char *json,
			    const char *without)
{
	const char *value = definition_get(&partition->definition, key);
	struct fact fact = value ? fact_text(json, value) : fact_none(json);

	if (!value)
		fact.text = without;
	return fact;
}

static void show_place(const struct partition *partition)
{
	static const char *const forms[2][2] = {{"%", "%, smt=share"},
						{"% on %", "% on %, smt=share"}};
	char cpus[200];
	bool dedicated = info.flags & PART_DEDICATED, share = info.flags & PART_SMT_SHARE;

	format_cpus(cpus, sizeof(cpus));
	text_facts(dedicated ? "cpus" : "vcpus", forms[cpus[0] != '\0'][share],
		   FACTS(fact_number("vcpus", info.vcpu_count), fact_text("on", cpus),
			 fact_bool("dedicated", dedicated), fact_bool("smt_share", share)));
	text_facts("asked", "on=%", FACTS(key_fact(partition, KEY_IS_ON, "asked_on", "any")));
	if (!dedicated)
		show_share();
	text_facts("memory", "%, RAM in it %", FACTS(memory_fact(), fact_kib("ram", info.memory)));
	text_facts("objects", "% in the kernel, page tables %",
		   FACTS(fact_kib("objects", info.pool), fact_kib("tables", info.pool_tables)));
	show_ranges();
}

static void show_policy(const struct partition *partition)
{
	static const char *const autostarts[2][2] = {{"off", "off, after %"}, {"on", "on, after %"}};
	const struct partition_policy *policy = &partition->policy;

	text_facts("restart", "%",
		   FACTS(fact_text("restart", partition_restart_text(policy->restart)),
			 fact_bool("waits", partition->restarts.at != 0)));
	text_facts("autostart", autostarts[policy->autostart][policy->after[0] != '\0'],
		   FACTS(key_fact(partition, KEY_IS_AFTER, "after", "-"),
			 fact_bool("autostart", policy->autostart)));
	if (partition->last_end[0])
		text_facts("last end", "%", FACTS(fact_text("last_end", partition->last_end)));
}

static void show_ring(const struct partition *partition)
{
	struct ring_view view;
	bool lossless;

	if (!partition->ring.shared)
		return;
	view = ring_look(&partition->ring, 0);
	lossless = ring_is_lossless(&partition->ring);
	text_facts("log", lossless ? "%, console lossless" : "%",
		   FACTS(fact_size("log", partition->ring.size), fact_bool("lossless", lossless)));
	text_facts("output", "% bytes, % of them kept",
		   FACTS(fact_number("output_bytes", view.start + view.size),
			 fact_number("output_kept", view.size)));
}

static void show_state(const struct partition *partition, const char *described)
{
	text_facts(
		"state", "%",
		FACTS(fact_text(NULL, partition->op.kind ? op_text(partition->op.kind) : described),
		      fact_text("state", state_text(partition)), fact_text("note", note(partition))));
}

void show_partition(const struct invocation *in)
{
	char state[PARTITION_TEXT];

	if (!partition_query(in->partition, &info)) {
		text_fail(CODE_NAME, "the kernel knows it no more");
		return;
	}
	partition_describe(in->partition, state);
	text_field("name", "%s", in->partition->name);
	show_state(in->partition, state);
	text_facts("starts", "%, up %, CPU time %",
		   FACTS(fact_number("starts", info.start_count), up_fact(),
			 fact_time("cpu_time_us", info.run_tsc)));
	if (!partition_is_up(info.state) && info.start_count)
		text_facts("exit code", "% (%)",
			   FACTS(fact_number("exit_code", info.exit_code),
				 fact_hex(NULL, info.exit_code)));
	show_place(in->partition);
	show_images();
	text_facts("boot", "%", FACTS(key_fact(in->partition, KEY_IS_BOOT, "boot", "by its look")));
	text_field("cmdline", "%s", info.cmdline);
	text_facts("testdev", info.flags & PART_TESTDEV ? "on" : "off",
		   FACTS(fact_bool("testdev", info.flags & PART_TESTDEV)));
	show_policy(in->partition);
	show_ring(in->partition);
	if (info.report[0])
		text_block("report", info.report, strnlen(info.report, REPORT_SIZE));
}

/* stats: the table's callback has no argument but the row. */
static struct {
	uint32_t slot;
	uint32_t vcpus;
	uint64_t exits[EXIT_COUNTERS];
	uint64_t upcalls, interrupts;
} stats;

static enum table_answer fill_vcpu(struct table_row *row, unsigned index)
{
	static const char *const activities[] = {
		[ACTIVITY_RUN] = "running",
		[ACTIVITY_HALT] = "halted",
		[ACTIVITY_WAIT_SIPI] = "waiting for SIPI",
		[ACTIVITY_SHUTDOWN] = "shut down",
	};
	static struct vcpu_info vcpu;
	uint64_t exits = 0;

	if (index >= stats.vcpus || call_vcpu_info(stats.slot, index, &vcpu) < 0)
		return TABLE_END;
	for (unsigned i = 0; i < EXIT_COUNTERS; i++)
		exits += vcpu.exits[i];
	format(row->cell[0], TABLE_CELL, "vcpu %u", index);
	row->fact[0] = fact_number("vcpu", index);
	row->fact[1] = fact_of(vcpu.cpu == CPU_ANY ? FACT_NONE : FACT_NUMBER, "cpu", vcpu.cpu);
	/* What it was at when its partition ended tells nothing. */
	row->fact[2] = partition_is_up(info.state)
			       ? fact_text("activity", vcpu.activity < ARRAY_SIZE(activities)
							       ? activities[vcpu.activity]
							       : "?")
			       : fact_none("activity");
	row->fact[3] = fact_time("cpu_time_us", vcpu.run_tsc);
	row->fact[4] = fact_time("waited_us", vcpu.steal_tsc);
	row->fact[5] = fact_number("exits", exits);
	row->fact[6] = fact_number("upcalls", vcpu.upcalls);
	row->fact[7] = fact_number("interrupts", vcpu.interrupts);
	return TABLE_ROW;
}

static void add_up_exits(void)
{
	static struct vcpu_info vcpu;

	memset(stats.exits, 0, sizeof(stats.exits));
	for (uint32_t i = 0; i < stats.vcpus; i++) {
		if (call_vcpu_info(stats.slot, i, &vcpu) < 0)
			continue;
		for (unsigned counter = 0; counter < EXIT_COUNTERS; counter++)
			stats.exits[counter] += vcpu.exits[counter];
	}
}

static enum table_answer fill_exit(struct table_row *row, unsigned index)
{
	if (index >= EXIT_COUNTERS)
		return TABLE_END;
	if (!stats.exits[index])
		return TABLE_SKIP;
	str_copy(row->cell[0], TABLE_CELL, exits_name(index));
	row->fact[1] = fact_number("count", stats.exits[index]);
	return TABLE_ROW;
}

void show_stats(const struct invocation *in)
{
	static const struct table vcpus = {
		.key = "vcpus",
		.columns = 8,
		.titles = {"VCPU", "CPU", "ACTIVITY", "CPU TIME", "WAITED", "EXITS", "UPCALLS",
			   "INTERRUPTS"},
		.right = 1 << 1 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7,
	};
	static const struct table exits = {
		.key = "exits", .columns = 2, .titles = {"EXIT", "COUNT"}, .right = 1 << 1};

	partition_query(in->partition, &info);
	stats.slot = in->partition->slot;
	stats.vcpus = info.vcpu_count;
	add_up_exits();
	text_table(&vcpus, fill_vcpu);
	text_table(&exits, fill_exit);
}
