/* SPDX-License-Identifier: BSD-2-Clause */
/* list, show and stats: what there is to know about partitions. */
#include "console/call.h"
#include "console/clock.h"
#include "console/handlers.h"
#include "console/host.h"
#include "console/layout.h"
#include "console/number.h"
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

static void format_up(char to[CLOCK_TEXT])
{
	uint64_t now = call_clock();

	if (info.state == PART_RUNNING || info.state == PART_PAUSED)
		clock_duration(to, now > info.started_tsc ? now - info.started_tsc : 0);
	else
		str_copy(to, CLOCK_TEXT, "-");
}

static enum table_answer fill_partition(struct table_row *row, unsigned index)
{
	const struct partition *partition = partition_at(index);
	char size[NUMBER_TEXT], up[CLOCK_TEXT];

	if (index >= MAX_PARTITIONS)
		return TABLE_END;
	if (!partition || !partition_query(partition, &info))
		return TABLE_SKIP;
	format_up(up);
	str_copy(row->cell[0], TABLE_CELL, partition->name);
	str_copy(row->cell[1], TABLE_CELL, partition_state_text(info.state));
	format(row->cell[2], TABLE_CELL, "%u %s", info.vcpu_count,
	       info.flags & PART_DEDICATED ? "own" : "pool");
	str_copy(row->cell[3], TABLE_CELL,
		 number_size_text(size, layout_asked(info.ranges, partition_range_count(&info))));
	str_copy(row->cell[4], TABLE_CELL, up);
	if (partition->op.kind != OP_NONE)
		str_copy(row->cell[5], TABLE_CELL, op_text(partition->op.kind));
	else if (info.state == PART_STOPPED)
		str_copy(row->cell[5], TABLE_CELL, partition_reason_text(info.reason));
	return TABLE_ROW;
}

void show_list(const struct invocation *in)
{
	static const struct table table = {
		.columns = 6,
		.titles = {"NAME", "STATE", "CPUS", "MEMORY", "UP", "NOTE"},
		.right = 1 << 3 | 1 << 4,
	};

	(void)in;
	text_table(&table, fill_partition);
}

static void show_images(void)
{
	static const char *const roles[] = {
		[IMAGE_KERNEL] = "kernel",
		[IMAGE_INITRD] = "initrd",
		[IMAGE_MODULE] = "module",
	};
	static struct image_info image;

	for (uint32_t i = 0; i < partition_image_count(&info); i++) {
		const struct part_image *use = &info.images[i];

		const char *text = info.boot.texts + MIN(use->text, TEXTS_SIZE - 1u);

		if (use->role < ARRAY_SIZE(roles) && host_image(use->image, &image))
			text_field(roles[use->role], "%s%s%s", image.name, text[0] ? " " : "", text);
	}
	if (info.boot.protocol == BOOT_FLAT)
		text_field("flat", "load=%lxh entry=%lxh", info.boot.load, info.boot.entry);
}

static void show_share(void)
{
	char cap[NUMBER_TEXT], waited[CLOCK_TEXT];

	format(cap, sizeof(cap), "%u %%", info.cap);
	text_field("share", "weight %u, cap %s, waited %s for its CPUs",
		   info.weight ? info.weight : WEIGHT_DEFAULT, info.cap ? cap : "none",
		   clock_duration(waited, info.steal_tsc));
}

static void show_place(void)
{
	char cpus[200], memory[NUMBER_TEXT], pool[NUMBER_TEXT];

	format_cpus(cpus, sizeof(cpus));
	text_field(info.flags & PART_DEDICATED ? "cpus" : "vcpus", "%u%s%s%s", info.vcpu_count,
		   cpus[0] ? " on " : "", cpus, info.flags & PART_SMT_SHARE ? ", smt=share" : "");
	if (!(info.flags & PART_DEDICATED))
		show_share();
	text_field("memory", "%s, RAM in it %lu KiB",
		   number_size_text(memory, layout_asked(info.ranges, partition_range_count(&info))),
		   info.memory >> 10);
	text_field("objects", "%lu KiB in the kernel (%s), page tables %lu KiB", info.pool >> 10,
		   number_size_text(pool, info.pool), info.pool_tables >> 10);
	for (uint32_t i = 0; i < partition_range_count(&info); i++)
		text_field("range", "%09lx to %09lx", info.ranges[i].gpa,
			   info.ranges[i].gpa + info.ranges[i].size - 1);
}

static void show_ring(const struct partition *partition)
{
	struct ring_view view;

	if (!partition->ring)
		return;
	view = ring_look(partition->ring, 0);
	text_field("output", "%lu bytes, %lu of them kept", view.start + view.size, view.size);
}

void show_partition(const struct invocation *in)
{
	char state[PARTITION_TEXT], up[CLOCK_TEXT], run[CLOCK_TEXT];

	if (!partition_query(in->partition, &info)) {
		text_fail(CODE_NAME, "the kernel knows it no more");
		return;
	}
	partition_describe(in->partition, state);
	format_up(up);
	text_field("name", "%s", in->partition->name);
	text_field("state", "%s", in->partition->op.kind ? op_text(in->partition->op.kind) : state);
	text_field("starts", "%u, up %s, CPU time %s", info.start_count, up,
		   clock_duration(run, info.run_tsc));
	if (info.state == PART_STOPPED && info.start_count)
		text_field("exit code", "%u (%xh)", info.exit_code, info.exit_code);
	show_place();
	show_images();
	text_field("cmdline", "%s", info.cmdline);
	if (info.flags & PART_TESTDEV)
		text_field("testdev", "on");
	show_ring(in->partition);
	if (info.report[0]) {
		text_print("report");
		text_print_lines(info.report, strnlen(info.report, REPORT_SIZE), 2);
	}
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
	char run[CLOCK_TEXT];
	uint64_t exits = 0;

	if (index >= stats.vcpus || call_vcpu_info(stats.slot, index, &vcpu) < 0)
		return TABLE_END;
	for (unsigned i = 0; i < EXIT_COUNTERS; i++)
		exits += vcpu.exits[i];
	format(row->cell[0], TABLE_CELL, "vcpu %u", index);
	if (vcpu.cpu == CPU_ANY)
		str_copy(row->cell[1], TABLE_CELL, "-");
	else
		format(row->cell[1], TABLE_CELL, "%u", vcpu.cpu);
	str_copy(row->cell[2], TABLE_CELL,
		 vcpu.activity < ARRAY_SIZE(activities) ? activities[vcpu.activity] : "?");
	str_copy(row->cell[3], TABLE_CELL, clock_duration(run, vcpu.run_tsc));
	str_copy(row->cell[4], TABLE_CELL, clock_duration(run, vcpu.steal_tsc));
	format(row->cell[5], TABLE_CELL, "%lu", exits);
	format(row->cell[6], TABLE_CELL, "%lu", vcpu.upcalls);
	format(row->cell[7], TABLE_CELL, "%lu", vcpu.interrupts);
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
	char name[TABLE_CELL] = "";

	if (index >= EXIT_COUNTERS || call_stats_name(index, name, sizeof(name)) < 0)
		return TABLE_END;
	if (!stats.exits[index])
		return TABLE_SKIP;
	name[sizeof(name) - 1] = '\0';
	str_copy(row->cell[0], TABLE_CELL, name);
	format(row->cell[1], TABLE_CELL, "%lu", stats.exits[index]);
	return TABLE_ROW;
}

void show_stats(const struct invocation *in)
{
	static const struct table vcpus = {
		.columns = 8,
		.titles = {"VCPU", "CPU", "ACTIVITY", "CPU TIME", "WAITED", "EXITS", "UPCALLS",
			   "INTERRUPTS"},
		.right = 1 << 1 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7,
	};
	static const struct table exits = {
		.columns = 2, .titles = {"EXIT", "COUNT"}, .right = 1 << 1};

	partition_query(in->partition, &info);
	stats.slot = in->partition->slot;
	stats.vcpus = info.vcpu_count;
	add_up_exits();
	text_table(&vcpus, fill_vcpu);
	text_table(&exits, fill_exit);
}
