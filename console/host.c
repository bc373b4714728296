/* SPDX-License-Identifier: BSD-2-Clause */
/* host and images. The lines "memory OWNER …" are kept stable: programs read them. */
#include "console/host.h"

#include "console/call.h"
#include "console/clock.h"
#include "console/handlers.h"
#include "console/main.h"
#include "console/text.h"
#include "lib/format.h"
#include "lib/string.h"

enum { EXTENTS_AT_ONCE = 64 };

bool host_image(uint32_t index, struct image_info *image)
{
	if (index >= MAX_IMAGES || call_image_info(index, image) < 0)
		return false;
	image->name[NAME_SIZE - 1] = '\0';
	return true;
}

int host_find_image(const char *name)
{
	static struct image_info image;

	for (uint32_t i = 0; host_image(i, &image); i++) {
		if (!strcmp(image.name, name))
			return (int)i;
	}
	return -1;
}

void host_query(struct host_info *info)
{
	if (call_host_info(info) < 0)
		memset(info, 0, sizeof(*info));
	info->cpu_vendor[sizeof(info->cpu_vendor) - 1] = '\0';
	info->cpu_model[sizeof(info->cpu_model) - 1] = '\0';
	info->backend[sizeof(info->backend) - 1] = '\0';
	info->backend_reason[sizeof(info->backend_reason) - 1] = '\0';
	info->build[sizeof(info->build) - 1] = '\0';
	info->cpu_count = MIN(info->cpu_count, (uint32_t)MAX_CPUS);
}

void host_query_cpu(uint32_t cpu, struct cpu_info *info)
{
	if (call_cpu_info(cpu, info) < 0)
		memset(info, 0, sizeof(*info));
}

/* What one owner has. */
struct holding {
	uint64_t bytes, extents, clean, pool, largest;
};

static struct {
	struct holding owner[OWNER_PARTITION];
	struct holding partition[MAX_PARTITIONS];
} holdings;

static void add_extent(const struct extent_info *extent)
{
	struct holding *holding;

	if (extent->owner < OWNER_PARTITION)
		holding = &holdings.owner[extent->owner];
	else if (extent->slot < MAX_PARTITIONS)
		holding = &holdings.partition[extent->slot];
	else
		return;
	holding->bytes += extent->size;
	holding->extents++;
	holding->largest = MAX(holding->largest, extent->size);
	if (extent->clean)
		holding->clean += extent->size;
	if (extent->is_pool)
		holding->pool += extent->size;
}

/* Bounded by the count that the kernel gave at first, however its answers go. */
static void add_up(uint32_t extent_count)
{
	static struct extent_info extents[EXTENTS_AT_ONCE];
	uint32_t first = 0;

	memset(&holdings, 0, sizeof(holdings));
	while (first < extent_count) {
		size_t count = call_extent_info(first, extents, EXTENTS_AT_ONCE);

		for (size_t i = 0; i < count; i++)
			add_extent(&extents[i]);
		if (count == 0)
			return;
		first += (uint32_t)count;
	}
}

uint64_t host_largest_free(void)
{
	static struct host_info info;

	host_query(&info);
	add_up(info.extent_count);
	return holdings.owner[OWNER_FREE].largest;
}

static void show_machine(const struct host_info *info)
{
	char now[CLOCK_TEXT];
	bool none = !strcmp(info->backend, "none");
	const char *model = info->cpu_model;

	/* Brand strings are padded on the left by some makers. */
	while (*model == ' ')
		model++;
	text_field("build", "%s", info->build);
	text_facts("processor", "%, %",
		   FACTS(fact_text("vendor", info->cpu_vendor), fact_text("model", model)));
	text_facts("backend", none ? "%: %" : "%",
		   FACTS(fact_text("backend", info->backend),
			 none ? fact_text("backend_reason", info->backend_reason)
			      : fact_none("backend_reason")));
	text_facts("clock", "% kHz, up %, %",
		   FACTS(fact_number("tsc_khz", info->tsc_khz),
			 fact_time("up_us", info->now_tsc - info->boot_tsc),
			 fact_text("time", clock_date(now, info->now_wall))));
	if (console_prompt_tsc())
		text_facts("boot", "% ticks to the prompt, % of them for the clocks",
			   FACTS(fact_number("boot_ticks", console_prompt_tsc() - info->boot_tsc),
				 fact_number("calibration_ticks", info->calibration_tsc)));
}

/* What idle CPUs did for the memory that is free. */
static void show_cleaning(uint32_t cpu_count)
{
	uint64_t bytes = 0, ticks = 0;
	struct cpu_info cpu;

	for (uint32_t i = 0; i < cpu_count; i++) {
		host_query_cpu(i, &cpu);
		bytes += cpu.cleaned;
		ticks += cpu.clean_tsc;
	}
	text_facts("cleaning", "% by idle CPUs in % ticks",
		   FACTS(fact_kib("cleaned", bytes), fact_number("cleaning_ticks", ticks)));
}

static void show_holding(const char *form, const char *key, const char *name,
			 const struct holding *holding)
{
	text_open("");
	text_facts(NULL, form,
		   FACTS(fact_text(key, name), fact_kib("memory", holding->bytes),
			 fact_number("extents", holding->extents),
			 fact_kib("objects", holding->pool)));
	text_close();
}

static void show_memory(const struct host_info *info)
{
	static const char *const names[OWNER_PARTITION] = {
		[OWNER_KERNEL] = "kernel",
		[OWNER_IMAGE] = "images",
		[OWNER_CONSOLE] = "console",
		[OWNER_FIRMWARE] = "firmware",
	};
	const struct holding *nobody = &holdings.owner[OWNER_FREE];

	add_up(info->extent_count);
	text_open("memory");
	text_facts(NULL, "memory total %", FACTS(fact_kib("total", info->ram_total)));
	text_facts(NULL, "memory free % in % extents, clean %, largest %",
		   FACTS(fact_kib("free", info->ram_free), fact_number("extents", nobody->extents),
			 fact_kib("clean", info->ram_clean), fact_kib("largest", nobody->largest)));
	text_close();
	text_open_list("owners");
	for (unsigned i = 0; i < OWNER_PARTITION; i++) {
		const struct holding *holding = &holdings.owner[i];

		if (names[i])
			show_holding("memory % % in % extents", "owner", names[i], holding);
	}
	for (uint32_t slot = 0; slot < MAX_PARTITIONS; slot++) {
		const struct holding *holding = &holdings.partition[slot];

		if (holding->bytes)
			show_holding("memory partition % % in % extents, of it kernel objects %",
				     "partition", partition_name(slot), holding);
	}
	text_close();
}

static enum table_answer fill_cpu(struct table_row *row, unsigned index)
{
	static const char *const states[] = {
		[CPU_ABSENT] = "absent", [CPU_POOL] = "pool",	    [CPU_DEDICATED] = "dedicated",
		[CPU_FAILED] = "failed", [CPU_SIBLING] = "sibling",
	};
	static struct host_info host;
	static struct cpu_info info;
	uint64_t total;
	bool owned;

	if (index == 0)
		host_query(&host);
	if (index >= host.cpu_count)
		return TABLE_END;
	host_query_cpu(index, &info);
	total = info.idle_tsc + info.busy_tsc;
	format(row->cell[0], TABLE_CELL, "cpu %u", index);
	owned = info.partition < MAX_PARTITIONS &&
		(info.state == CPU_DEDICATED || info.state == CPU_SIBLING);
	row->fact[0] = fact_number("cpu", index);
	row->fact[1] = fact_text("state",
				 info.state < ARRAY_SIZE(states) ? states[info.state] : "?");
	row->fact[2] = owned ? fact_text("partition", partition_name(info.partition))
			     : fact_none("partition");
	row->fact[3] = fact_number("vcpus", info.vcpus);
	row->fact[4] = fact_of(FACT_PERCENT, "idle_percent",
			       total >= 100 ? info.idle_tsc / (total / 100) : 0);
	row->fact[5] = fact_number("core", info.core);
	row->fact[6] = fact_number("apic_id", info.apic_id);
	return TABLE_ROW;
}

void host_show(const struct invocation *in)
{
	static const struct table cpus = {
		.key = "cpus",
		.columns = 7,
		.titles = {"CPU", "STATE", "PARTITION", "VCPUS", "IDLE", "CORE", "APIC ID"},
		.right = 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6,
	};
	static struct host_info info;

	(void)in;
	host_query(&info);
	show_machine(&info);
	show_cleaning(info.cpu_count);
	show_memory(&info);
	text_table(&cpus, fill_cpu);
}

static enum table_answer fill_image(struct table_row *row, unsigned index)
{
	static struct image_info image;

	if (!host_image(index, &image))
		return TABLE_END;
	row->fact[0] = fact_text("name", image.name);
	row->fact[1] = fact_number("bytes", image.size);
	row->fact[2] = fact_number("partitions", image.users);
	return TABLE_ROW;
}

void host_images(const struct invocation *in)
{
	static const struct table table = {
		.key = "images",
		.columns = 3,
		.titles = {"IMAGE", "BYTES", "PARTITIONS"},
		.right = 1 << 1 | 1 << 2,
	};

	(void)in;
	text_table(&table, fill_image);
}
