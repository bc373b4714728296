/* SPDX-License-Identifier: BSD-2-Clause */
/* top: what each partition used in the latest second, or one in detail: two looks and their difference. */
#include "console/answer.h"
#include "console/call.h"
#include "console/clock.h"
#include "console/exits.h"
#include "console/handlers.h"
#include "console/host.h"
#include "console/layout.h"
#include "console/live.h"
#include "console/number.h"
#include "console/pager.h"
#include "console/ring.h"
#include "console/screen.h"
#include "console/text.h"
#include "lib/copy.h"
#include "lib/format.h"
#include "lib/string.h"

enum { BUSIEST = 3 };

/* Counters of one partition at one time. */
struct look {
	bool valid;
	uint64_t serial; /* start_count: another start has counters of its own */
	uint64_t run_tsc, steal_tsc, upcalls, output;
	uint64_t exits[EXIT_COUNTERS];
};

static struct {
	bool once;
	const struct partition *only; /* NULL: all */
	uint64_t tsc, passed;
	uint64_t idle[MAX_CPUS];
	uint64_t idle_passed, cpus; /* of all CPUs that run */
	struct look before[MAX_PARTITIONS], now[MAX_PARTITIONS];
} top;

static struct part_info info;

static void add_vcpu(struct look *look, uint32_t slot, uint32_t index)
{
	static struct vcpu_info vcpu;

	if (call_vcpu_info(slot, index, &vcpu) < 0)
		return;
	look->upcalls += vcpu.upcalls;
	for (unsigned i = 0; i < EXIT_COUNTERS; i++)
		look->exits[i] += vcpu.exits[i];
}

static void look_at(const struct partition *partition, struct look *look)
{
	memset(look, 0, sizeof(*look));
	if (!partition_query(partition, &info))
		return;
	look->valid = true;
	look->serial = info.start_count;
	look->run_tsc = info.run_tsc;
	look->steal_tsc = info.steal_tsc;
	if (partition->ring.shared)
		look->output = ring_head(&partition->ring);
	for (uint32_t i = 0; i < info.vcpu_count; i++)
		add_vcpu(look, partition->slot, i);
}

static void look_at_cpus(void)
{
	static struct host_info host;
	struct cpu_info cpu;

	host_query(&host);
	top.idle_passed = top.cpus = 0;
	for (uint32_t i = 0; i < host.cpu_count; i++) {
		host_query_cpu(i, &cpu);
		if (cpu.state != CPU_POOL && cpu.state != CPU_DEDICATED)
			continue;
		top.cpus++;
		top.idle_passed += cpu.idle_tsc - MIN(top.idle[i], cpu.idle_tsc);
		top.idle[i] = cpu.idle_tsc;
	}
}

static void look_at_all(void)
{
	struct partition *partition = NULL;
	uint64_t now = call_clock();

	memcpy(top.before, top.now, sizeof(top.before));
	memset(top.now, 0, sizeof(top.now));
	while ((partition = partition_next(partition)))
		look_at(partition, &top.now[partition->slot % MAX_PARTITIONS]);
	look_at_cpus();
	top.passed = MAX(now - top.tsc, (uint64_t)1);
	top.tsc = now;
}

/* What came to a counter since the look before; after a start it began at 0. */
static uint64_t grown(uint32_t slot, uint64_t now, uint64_t before)
{
	const struct look *a = &top.before[slot], *b = &top.now[slot];

	return a->valid && a->serial == b->serial && now >= before ? now - before : now;
}

#define GROWN(slot, counter) grown(slot, top.now[slot].counter, top.before[slot].counter)

static uint64_t per_second(uint64_t count)
{
	return count * (clock_hz() / 1000) / MAX(top.passed / 1000, (uint64_t)1);
}

/* Tenths of a percent of one CPU. */
static void put_percent(char cell[TABLE_CELL], uint64_t ticks)
{
	uint64_t tenths = ticks * 1000 / top.passed;

	format(cell, TABLE_CELL, "%lu.%lu %%", tenths / 10, tenths % 10);
}

/* "port 120, hlt 30": as much as fits behind the other columns. */
static void put_busiest(char cell[TABLE_CELL], uint32_t slot, size_t room)
{
	uint64_t told = 0;
	size_t used = 0;

	for (unsigned n = 0; n < BUSIEST; n++) {
		char one[TABLE_CELL];
		unsigned best = EXIT_COUNTERS;

		for (unsigned i = 0; i < EXIT_COUNTERS; i++)
			if (GROWN(slot, exits[i]) && !(told >> i & 1) &&
			    (best == EXIT_COUNTERS ||
			     GROWN(slot, exits[i]) > GROWN(slot, exits[best])))
				best = i;
		if (best == EXIT_COUNTERS)
			return;
		told |= 1ULL << best;
		format(one, sizeof(one), "%s%.16s %lu", used ? ", " : "", exits_name(best),
		       per_second(GROWN(slot, exits[best])));
		if (used + strlen(one) > room)
			return;
		used += format(cell + used, TABLE_CELL - used, "%s", one);
	}
}

static uint64_t all_exits(uint32_t slot)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < EXIT_COUNTERS; i++)
		sum += GROWN(slot, exits[i]);
	return sum;
}

static enum table_answer fill_partition(struct table_row *row, unsigned slot)
{
	const struct partition *partition = partition_at(slot);
	char size[NUMBER_TEXT];

	if (slot >= MAX_PARTITIONS)
		return TABLE_END;
	if (!partition || (top.only && top.only != partition) || !top.now[slot].valid ||
	    !partition_query(partition, &info))
		return TABLE_SKIP;
	format(row->cell[0], TABLE_CELL, "%.12s", partition->name);
	str_copy(row->cell[1], TABLE_CELL,
		 partition_state_text(partition_shown_state(partition, &info)));
	put_percent(row->cell[2], GROWN(slot, run_tsc));
	put_percent(row->cell[3], GROWN(slot, steal_tsc));
	str_copy(row->cell[4], TABLE_CELL,
		 number_size_text(size, layout_asked(info.ranges, partition_range_count(&info))));
	format(row->cell[5], TABLE_CELL, "%lu", per_second(GROWN(slot, output)));
	format(row->cell[6], TABLE_CELL, "%lu", per_second(all_exits(slot)));
	put_busiest(row->cell[7], slot, 20);
	return TABLE_ROW;
}

static enum table_answer fill_exit(struct table_row *row, unsigned kind)
{
	uint32_t slot = top.only->slot;

	if (kind >= EXIT_COUNTERS)
		return TABLE_END;
	if (!top.now[slot].exits[kind])
		return TABLE_SKIP;
	str_copy(row->cell[0], TABLE_CELL, exits_name(kind));
	format(row->cell[1], TABLE_CELL, "%lu", per_second(GROWN(slot, exits[kind])));
	format(row->cell[2], TABLE_CELL, "%lu", top.now[slot].exits[kind]);
	return TABLE_ROW;
}

static void show_machine(void)
{
	static struct host_info host;
	char up[CLOCK_TEXT], size[NUMBER_TEXT];
	uint64_t idle = top.cpus ? top.idle_passed * 100 / (top.cpus * top.passed) : 0;

	host_query(&host);
	text_print("up %s, %lu CPUs %lu %% idle, %s free",
		   clock_duration(up, host.now_tsc - host.boot_tsc), top.cpus,
		   MIN(idle, (uint64_t)100), number_size_text(size, host.ram_free));
}

static void show_one(uint32_t slot)
{
	static const struct table exits = {
		.columns = 3, .titles = {"EXIT", "A SECOND", "IN ALL"}, .right = 1 << 1 | 1 << 2};

	text_print("%lu upcalls a second", per_second(GROWN(slot, upcalls)));
	text_table(&exits, fill_exit);
}

static bool show(void)
{
	static const struct table partitions = {
		.columns = 8,
		.titles = {"NAME", "STATE", "CPU", "STEAL", "MEMORY", "OUT/S", "EXITS/S", "BUSIEST"},
		.right = 1 << 2 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6,
	};

	look_at_all();
	if (!top.once) {
		screen_clear();
		pager_begin(); /* the pages before are gone from the screen, whoever read them */
	}
	show_machine();
	text_table(&partitions, fill_partition);
	if (top.only)
		show_one(top.only->slot);
	return !top.once;
}

void top_run(const struct invocation *in)
{
	memset(&top, 0, sizeof(top));
	top.once = in->line || in->flags & FLAG_ONCE || answer_is_script();
	top.only = in->partition;
	look_at_all();
	live_run(clock_hz(), !top.once, show);
}
