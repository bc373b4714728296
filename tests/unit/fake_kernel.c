/* SPDX-License-Identifier: BSD-2-Clause */
/* The fake's calls, in the order of abi/calls.h. */
#include "tests/unit/fake_kernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/frame.h"
#include "console/attach.h"
#include "console/call.h"
#include "console/graves.h"
#include "console/main.h"

struct fake_kernel fake;

static char output[FAKE_OUTPUT + 1];

struct arguments {
	uint64_t a, b, c, d;
};

static void *pointer(uint64_t address)
{
	return (void *)(uintptr_t)address;
}

static uint64_t free_bytes(void)
{
	return fake.host.ram_free;
}

static struct fake_partition *at(uint64_t slot)
{
	if (slot >= MAX_PARTITIONS || fake.partitions[slot].info.state == PART_NONE)
		return NULL;
	return &fake.partitions[slot];
}

static void set_state(struct fake_partition *partition, enum part_state state,
		      enum part_reason reason)
{
	partition->info.state = state;
	partition->info.reason = reason;
	partition->info.stopped_tsc = state == PART_STOPPED ? fake.tsc : 0;
	partition->off_at = partition->enter_at = 0;
	fake.events |= CONSOLE_PARTITION;
}

/* The VMM lets its guest run, or refuses to. */
static void enter_guest(struct fake_partition *partition)
{
	partition->enter_at = 0;
	if (!fake.refusal) {
		partition->info.entered_tsc = fake.tsc;
		fake.events |= CONSOLE_PARTITION;
		return;
	}
	snprintf(partition->info.report, REPORT_SIZE, "%s", fake.refusal);
	set_state(partition, PART_STOPPED, REASON_REFUSED);
}

/* What VMMs do, and guests that were asked to switch themselves off, when its time has come. */
static void pass_time(void)
{
	for (unsigned i = 0; i < MAX_PARTITIONS; i++) {
		struct fake_partition *partition = &fake.partitions[i];

		if (partition->info.state == PART_RUNNING && partition->enter_at && fake.load_runs)
			partition->info.run_tsc = fake.tsc;
		if (partition->info.state == PART_RUNNING && partition->enter_at &&
		    fake.tsc >= partition->enter_at)
			enter_guest(partition);
		if (partition->info.state == PART_RUNNING && partition->off_at &&
		    fake.tsc >= partition->off_at)
			set_state(partition, PART_STOPPED, REASON_POWEROFF);
	}
}

static uint64_t next_happening(void)
{
	uint64_t first = 0;

	for (unsigned i = 0; i < MAX_PARTITIONS; i++) {
		const uint64_t times[] = {fake.partitions[i].off_at, fake.partitions[i].enter_at};

		for (unsigned k = 0; k < ARRAY_SIZE(times); k++) {
			if (times[k] && (!first || times[k] < first))
				first = times[k];
		}
	}
	return first;
}

static int64_t do_wait(const struct arguments *args)
{
	uint64_t deadline = args->a, happening;
	uint32_t events;

	if (fake.line_takes && fake.line_room == 0 && !fake.line_holds) {
		fake.line_room = fake.line_takes;
		fake.events |= CONSOLE_UART_SPACE;
	}
	pass_time();
	happening = next_happening();
	if (!fake.events && !(deadline && deadline <= fake.tsc)) {
		uint64_t until = deadline;

		if (happening && (!until || happening < until))
			until = happening;
		if (!until || fake.stand_still)
			fake.idle = true;
		else if (until > fake.tsc)
			fake.tsc = until;
		pass_time();
	}
	events = fake.events;
	fake.events = 0;
	return events ? events : CONSOLE_TIMEOUT;
}

static int64_t do_uart_read(const struct arguments *args)
{
	size_t size = args->b < fake.input_size ? args->b : fake.input_size;

	if (size == 0)
		return 0;
	memcpy(pointer(args->a), fake.input, size);
	fake.input += size;
	fake.input_size -= size;
	return (int64_t)size;
}

static int64_t do_uart_write(const struct arguments *args)
{
	size_t size = args->b;

	if (fake.line_takes) {
		size = size < fake.line_room ? size : fake.line_room;
		fake.line_room -= size;
	}
	if (size > FAKE_OUTPUT - fake.output_size)
		abort();
	memcpy(fake.output + fake.output_size, pointer(args->a), size);
	fake.output_size += size;
	fake.output[fake.output_size] = '\0';
	return (int64_t)size;
}

static int64_t do_log_read(const struct arguments *args)
{
	uint64_t *position = pointer(args->a);
	size_t length = fake.log ? strlen(fake.log) : 0;
	size_t size;

	if (*position >= length)
		return 0;
	size = length - *position < args->c ? length - *position : args->c;
	memcpy(pointer(args->b), fake.log + *position, size);
	*position += size;
	return (int64_t)size;
}

static int64_t do_host_info(const struct arguments *args)
{
	fake.host.now_tsc = fake.tsc;
	memcpy(pointer(args->a), &fake.host, sizeof(fake.host));
	return 0;
}

static int64_t do_cpu_info(const struct arguments *args)
{
	if (args->a >= fake.host.cpu_count)
		return ERR_NOENT;
	memcpy(pointer(args->b), &fake.cpus[args->a], sizeof(fake.cpus[0]));
	return 0;
}

/* Free memory and then one extent for each partition. */
static int64_t do_extent_info(const struct arguments *args)
{
	struct extent_info *to = pointer(args->b);
	uint32_t index = 0, written = 0;

	for (int i = -1; i < MAX_PARTITIONS && written < args->c; i++) {
		struct extent_info extent = {
			.owner = OWNER_FREE, .size = free_bytes(), .start = 1 << 20};

		if (i >= 0 && fake.partitions[i].info.state == PART_NONE)
			continue;
		if (i >= 0) {
			extent.owner = OWNER_PARTITION;
			extent.slot = (uint32_t)i;
			extent.size = fake.partitions[i].info.memory;
		}
		if (index++ >= args->a)
			to[written++] = extent;
	}
	return written;
}

static int64_t do_image_info(const struct arguments *args)
{
	if (args->a >= fake.host.image_count)
		return ERR_NOENT;
	memcpy(pointer(args->b), &fake.images[args->a], sizeof(fake.images[0]));
	return 0;
}

static int64_t do_image_map(const struct arguments *args)
{
	static const uint8_t zeros[IMAGE_WINDOW];
	uint64_t *size = pointer(args->b);
	const void *bytes;

	if (args->a == IMAGE_CONFIG && fake.config) {
		*size = fake.config_size;
		return (int64_t)(uintptr_t)fake.config;
	}
	if (args->a >= fake.host.image_count)
		return ERR_NOENT;
	bytes = fake.image_bytes[args->a];
	*size = fake.images[args->a].size;
	return (int64_t)(uintptr_t)(bytes ? bytes : zeros);
}

/* What the console has mapped: its process is gone with the test, whatever it forgot. */
static void *mapped[256];

static void **find_mapping(const void *memory)
{
	for (unsigned i = 0; i < ARRAY_SIZE(mapped); i++) {
		if (mapped[i] == memory)
			return &mapped[i];
	}
	return NULL;
}

static int64_t do_mem_map(const struct arguments *args)
{
	void **place = find_mapping(NULL);
	size_t size = args->a * PAGE_SIZE;

	if (!place)
		return ERR_LIMIT;
	*place = aligned_alloc(PAGE_SIZE, size);
	memset(*place, 0, size);
	fake.mapped_pages += args->a;
	return (int64_t)(uintptr_t)*place;
}

static int64_t do_mem_unmap(const struct arguments *args)
{
	void **place = args->a ? find_mapping(pointer(args->a)) : NULL;

	if (!place)
		return ERR_NOENT;
	for (unsigned i = 0; i < MAX_PARTITIONS; i++) {
		if (fake.partitions[i].info.state != PART_NONE && fake.partitions[i].ring == *place)
			return ERR_BUSY;
	}
	free(*place);
	*place = NULL;
	fake.mapped_pages -= args->b;
	return 0;
}

static uint64_t desc_bytes(const struct part_desc *desc)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < desc->range_count; i++)
		bytes += desc->ranges[i].size;
	return bytes;
}

/* The kernel chooses where the console left it open. */
static int take_cpus(const struct part_desc *desc, struct part_info *info, uint32_t slot)
{
	for (uint32_t i = 0; i < desc->vcpu_count; i++) {
		uint32_t cpu = desc->cpus[i];

		if (!(desc->flags & PART_DEDICATED)) {
			info->cpus[i] = cpu == CPU_ANY ? 0 : cpu;
			continue;
		}
		for (uint32_t c = 1; cpu == CPU_ANY && c < fake.host.cpu_count; c++)
			cpu = fake.cpus[c].state == CPU_POOL ? c : cpu;
		if (cpu == CPU_ANY || fake.cpus[cpu].state != CPU_POOL)
			return ERR_BUSY;
		fake.cpus[cpu].state = CPU_DEDICATED;
		fake.cpus[cpu].admits = 0;
		fake.cpus[cpu].partition = slot;
		info->cpus[i] = cpu;
	}
	return 0;
}

static int64_t do_part_create(const struct arguments *args)
{
	const struct part_desc *desc = pointer(args->a);
	uint32_t slot = 0;
	struct part_info *info;

	fake.last_desc = *desc;
	while (slot < fake.host.partition_limit && fake.partitions[slot].info.state != PART_NONE)
		slot++;
	if (slot == fake.host.partition_limit)
		return ERR_LIMIT;
	if (desc_bytes(desc) + fake.pool > fake.host.ram_free)
		return ERR_NOMEM;
	memset(&fake.partitions[slot], 0, sizeof(fake.partitions[slot]));
	info = &fake.partitions[slot].info;
	if (take_cpus(desc, info, slot))
		return ERR_BUSY;
	memcpy(info->name, desc->name, NAME_SIZE);
	memcpy(info->cmdline, desc->cmdline, CMDLINE_SIZE);
	memcpy(info->ranges, desc->ranges, sizeof(info->ranges));
	memcpy(info->images, desc->images, sizeof(info->images));
	info->boot = desc->boot;
	info->state = PART_STOPPED;
	info->vcpu_count = desc->vcpu_count;
	info->flags = desc->flags;
	info->memory = desc_bytes(desc);
	info->pool = fake.pool;
	fake.host.ram_free -= info->memory + info->pool;
	fake.partitions[slot].ring = pointer(desc->ring);
	fake.partitions[slot].ring_size = desc->ring_size;
	return slot;
}

/* PART_DYING: it has ended, and its vCPUs are still on their way out. No event follows when they are. */
static bool leaves(struct fake_partition *partition)
{
	if (partition->info.state != PART_DYING)
		return false;
	partition->info.state = PART_STOPPED;
	return true;
}

static int64_t do_part_start(const struct arguments *args)
{
	struct fake_partition *partition = at(args->a);

	if (!partition)
		return ERR_NOENT;
	if (leaves(partition))
		return ERR_AGAIN;
	if (partition->info.state != PART_STOPPED)
		return ERR_STATE;
	partition->info.start_count++;
	partition->info.started_tsc = fake.tsc;
	partition->info.report[0] = '\0';
	partition->info.entered_tsc = 0;
	set_state(partition, PART_RUNNING, REASON_NONE);
	partition->enter_at = fake.tsc + fake.load_delay;
	return 0;
}

static int64_t do_part_stop(const struct arguments *args)
{
	struct fake_partition *partition = at(args->a);

	if (!partition)
		return ERR_NOENT;
	if (leaves(partition))
		return ERR_AGAIN;
	if (partition->info.state != PART_STOPPED)
		set_state(partition, PART_STOPPED, REASON_OPERATOR);
	return 0;
}

static int64_t do_part_pause(const struct arguments *args)
{
	struct fake_partition *partition = at(args->a);

	if (!partition)
		return ERR_NOENT;
	if (partition->info.state != (args->b ? PART_RUNNING : PART_PAUSED))
		return ERR_STATE;
	set_state(partition, args->b ? PART_PAUSED : PART_RUNNING, REASON_NONE);
	return 0;
}

static int64_t do_part_destroy(const struct arguments *args)
{
	struct fake_partition *partition = at(args->a);

	if (!partition)
		return ERR_NOENT;
	if (leaves(partition))
		return ERR_AGAIN;
	if (partition->info.state != PART_STOPPED)
		return ERR_STATE;
	for (uint32_t cpu = 0; cpu < fake.host.cpu_count; cpu++) {
		if (fake.cpus[cpu].state == CPU_DEDICATED && fake.cpus[cpu].partition == args->a)
			fake.cpus[cpu].state = CPU_POOL, fake.cpus[cpu].admits = 3;
	}
	fake.host.ram_free += partition->info.memory + partition->info.pool;
	memset(partition, 0, sizeof(*partition));
	return 0;
}

static int64_t do_part_event(const struct arguments *args)
{
	struct fake_partition *partition = at(args->a);

	if (!partition)
		return ERR_NOENT;
	partition->events |= (uint32_t)args->b;
	if (args->b & EVENT_SPACE && partition->ring)
		partition->ring->out_waiting = 0;
	if (args->b & EVENT_POWER && fake.power_delay)
		partition->off_at = fake.tsc + fake.power_delay;
	return 0;
}

static int64_t do_part_rename(const struct arguments *args)
{
	struct fake_partition *partition = at(args->a);
	const char *name = pointer(args->b);

	if (!partition)
		return ERR_NOENT;
	if (fake_find(name) && fake_find(name) != partition)
		return ERR_EXIST;
	memcpy(partition->info.name, name, NAME_SIZE);
	return 0;
}

static int64_t do_part_share(const struct arguments *args)
{
	struct fake_partition *partition = at(args->a);

	if (!partition)
		return ERR_NOENT;
	if (partition->info.flags & PART_DEDICATED)
		return ERR_INVAL;
	partition->info.weight = (uint32_t)args->b;
	partition->info.cap = (uint32_t)args->c;
	return 0;
}

static int64_t do_part_info(const struct arguments *args)
{
	const struct fake_partition *partition = at(args->a);

	if (!partition)
		return ERR_NOENT;
	memcpy(pointer(args->b), &partition->info, sizeof(partition->info));
	return 0;
}

static int64_t do_vcpu_info(const struct arguments *args)
{
	const struct fake_partition *partition = at(args->a);
	struct vcpu_info info = {.exits = {5, 0, 7}, .upcalls = 3, .interrupts = 2};

	if (!partition || args->b >= partition->info.vcpu_count)
		return ERR_NOENT;
	info.activity = partition->activity;
	info.open = partition->open;
	info.timer_tsc = partition->timer_tsc;
	for (unsigned i = 0; i < ARRAY_SIZE(partition->counts); i++)
		info.exits[i] += partition->counts[i];
	if (fake.huge) {
		memset(&info, 0xff, sizeof(info));
		info.activity = ACTIVITY_WAIT_SIPI;
	}
	memcpy(pointer(args->c), &info, sizeof(info));
	return 0;
}

/* Leaf 1 hides VMX (ECX bit 5) of the processor below, and adds the hypervisor's bit. */
static int64_t do_part_cpuid(const struct arguments *args)
{
	static const struct cpuid_entry entries[] = {
		{.leaf = 0, .eax = 0x16},
		{.leaf = 1, .ecx = 0x80000001},
		{.leaf = 7, .flags = CPUID_HAS_SUBLEAF},
	};
	const struct fake_partition *partition = at(args->a);

	if (!partition || !partition->info.start_count || args->b >= ARRAY_SIZE(entries))
		return ERR_NOENT;
	memcpy(pointer(args->c), &entries[args->b], sizeof(entries[0]));
	return 0;
}

static int64_t do_stats_name(const struct arguments *args)
{
	static const char *const names[] = {
		[FAKE_CPUID] = "cpuid",
		[FAKE_MSR] = "msr",
		[FAKE_IO] = "io",
		[FAKE_HLT] = "hlt",
		[FAKE_TRIPLE_FAULT] = "triple-fault",
		[FAKE_INJECTED] = "injected",
	};

	if (args->a >= ARRAY_SIZE(names))
		return ERR_NOENT;
	snprintf(pointer(args->b), args->c, "%s", names[args->a]);
	return 0;
}

static int64_t do_facts(const struct arguments *args)
{
	memcpy(pointer(args->a), &fake.facts, sizeof(fake.facts));
	return 0;
}

static int64_t do_exits_read(const struct arguments *args)
{
	static const struct fake_exits none;
	const struct fake_partition *partition = at(args->a);
	struct exit_window *window = pointer(args->b);
	struct exit_record *to = pointer(args->c);
	const struct fake_exits *exits = &none;
	uint64_t asked, oldest;
	int64_t count = 0;

	if (!partition || window->vcpu >= partition->info.vcpu_count)
		return ERR_NOENT;
	if (window->vcpu < ARRAY_SIZE(partition->exits) && partition->exits[window->vcpu])
		exits = partition->exits[window->vcpu];
	oldest = exits->end - MIN(exits->end, (uint64_t)EXIT_RECORDS);
	asked = MIN(window->position, exits->end);
	window->position = MAX(asked, oldest);
	window->lost = window->position - asked;
	window->begin = exits->begin;
	window->end = exits->end;
	/* As the kernel: a piece at a time. */
	while (count < 32 && (uint64_t)count < args->d && window->position < window->end)
		to[count++] = exits->records[window->position++ % EXIT_RECORDS];
	return count;
}

void fake_exit(struct fake_partition *partition, unsigned vcpu, enum fake_exit kind, uint64_t rip,
	       uint32_t code, uint64_t info)
{
	struct fake_exits *exits = partition->exits[vcpu];

	exits->records[exits->end++ % EXIT_RECORDS] = (struct exit_record){
		.rip = rip, .code = code, .info = info, .tsc = fake.tsc, .kind = kind};
}

static int64_t do_part_cost(const struct arguments *args)
{
	const struct part_cost cost = {.pool = fake.pool};

	memcpy(pointer(args->b), &cost, sizeof(cost));
	return 0;
}

static int64_t do_blob_set(const struct arguments *args)
{
	if (args->a >= BLOB_KEYS || args->c > FAKE_BLOB)
		return ERR_INVAL;
	memcpy(fake.blobs[args->a], pointer(args->b), args->c);
	fake.blob_size[args->a] = (uint32_t)args->c;
	return 0;
}

static int64_t do_blob_get(const struct arguments *args)
{
	size_t size = args->a < BLOB_KEYS ? fake.blob_size[args->a] : 0;

	size = size < args->c ? size : args->c;
	memcpy(pointer(args->b), fake.blobs[args->a], size);
	return (int64_t)size;
}

static int64_t do_power(const struct arguments *args)
{
	fake.power_calls++;
	fake.power_action = (uint32_t)args->a;
	return 0;
}

static int64_t do_audit(const struct arguments *args)
{
	size_t size = args->d < sizeof(fake.audit) ? args->d : sizeof(fake.audit);

	memcpy(pointer(args->c), &fake.audit, size);
	return (int64_t)size;
}

static int64_t do_debug(const struct arguments *args)
{
	if (args->a == DEBUG_AUDIT)
		return do_audit(args);
	if (fake.debug)
		return snprintf(pointer(args->c), args->d, "%s", fake.debug);
	return snprintf(pointer(args->c), args->d, "debug %lu %lx\nsecond line\n", args->a, args->b);
}

static int64_t do_screen(const struct arguments *args)
{
	struct screen_info *info = pointer(args->a);

	if (!fake.screen)
		return ERR_NOENT;
	*info = (struct screen_info){.address = (uintptr_t)fake.screen,
				     .pitch = FAKE_COLUMNS * 2,
				     .width = FAKE_COLUMNS,
				     .height = FAKE_ROWS,
				     .bits_per_pixel = 16,
				     .kind = 2};
	return 0;
}

static int64_t (*const calls[FAKE_CALLS])(const struct arguments *) = {
	[CALL_WAIT] = do_wait,
	[CALL_UART_READ] = do_uart_read,
	[CALL_UART_WRITE] = do_uart_write,
	[CALL_LOG_READ] = do_log_read,
	[CALL_HOST_INFO] = do_host_info,
	[CALL_CPU_INFO] = do_cpu_info,
	[CALL_EXTENT_INFO] = do_extent_info,
	[CALL_IMAGE_INFO] = do_image_info,
	[CALL_IMAGE_MAP] = do_image_map,
	[CALL_MEM_MAP] = do_mem_map,
	[CALL_MEM_UNMAP] = do_mem_unmap,
	[CALL_PART_CREATE] = do_part_create,
	[CALL_PART_START] = do_part_start,
	[CALL_PART_STOP] = do_part_stop,
	[CALL_PART_PAUSE] = do_part_pause,
	[CALL_PART_DESTROY] = do_part_destroy,
	[CALL_PART_EVENT] = do_part_event,
	[CALL_PART_INFO] = do_part_info,
	[CALL_VCPU_INFO] = do_vcpu_info,
	[CALL_STATS_NAME] = do_stats_name,
	[CALL_BLOB_SET] = do_blob_set,
	[CALL_BLOB_GET] = do_blob_get,
	[CALL_POWER] = do_power,
	[CALL_DEBUG] = do_debug,
	[CALL_PART_CPUID] = do_part_cpuid,
	[CALL_PART_RENAME] = do_part_rename,
	[CALL_PART_SHARE] = do_part_share,
	[CALL_SCREEN] = do_screen,
	[CALL_PART_COST] = do_part_cost,
	[CALL_EXITS_READ] = do_exits_read,
	[CALL_FACTS] = do_facts,
};

int64_t call_invoke(enum call number, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	struct arguments args = {a, b, c, d};

	fake.tsc += 500;
	if (!calls[number])
		return ERR_NOSYS;
	fake.count[number]++;
	fake.audit_begun += number == CALL_DEBUG && a == DEBUG_AUDIT && b == 0;
	if (fake.fail[number])
		return fake.fail[number];
	if (fake.fail_once[number]) {
		int64_t answer = fake.fail_once[number];

		fake.fail_once[number] = 0;
		return answer;
	}
	if (fake.again_given[number] < fake.again[number]) {
		fake.again_given[number]++;
		return ERR_AGAIN;
	}
	fake.again_given[number] = 0;
	return calls[number](&args);
}

uint64_t call_clock(void)
{
	return fake.tsc += 100;
}

void call_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t to[4])
{
	(void)subleaf;
	memset(to, 0, 4 * sizeof(to[0]));
	to[0] = leaf == 0 ? 0x16 : 0;
	to[2] = leaf == 1 ? 0x21 | fake.cpuid_1_ecx | (fake.below[0] ? 1u << 31 : 0) : 0;
	if (leaf == 0x80000000)
		to[0] = 0x8000000a;
	to[1] = leaf == 7 ? fake.cpuid_7_ebx : leaf == 0x80000008 ? fake.ext_8_ebx : 0;
	to[3] = leaf == 7	     ? fake.cpuid_7_edx
		: leaf == 0x80000007 ? fake.ext_7_edx
		: leaf == 0x8000000a ? fake.ext_a_edx
				     : 0;
	if (leaf == 0x40000000)
		memcpy(to + 1, fake.below, sizeof(fake.below));
}

static void add_image(const char *name, uint64_t size)
{
	struct image_info *image = &fake.images[fake.host.image_count++];

	snprintf(image->name, NAME_SIZE, "%s", name);
	image->size = size;
}

void fake_reset(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(mapped); i++) {
		free(mapped[i]);
		mapped[i] = NULL;
	}
	memset(&fake, 0, sizeof(fake));
	fake.mapped_pages = 0 - (uint64_t)GRAVES_PAGES; /* the console takes them at its start */
	fake.output = output;
	output[0] = '\0';
	fake.tsc = FAKE_HZ;
	fake.host.cpu_count = 4;
	fake.host.partition_limit = MAX_PARTITIONS;
	fake.host.tsc_khz = FAKE_HZ / 1000;
	fake.host.now_wall = 1767225600ULL * 1000000000;
	fake.host.ram_total = GIB(2);
	fake.host.ram_free = GIB(1);
	fake.host.ram_clean = MIB(512);
	fake.host.extent_count = 1 + MAX_PARTITIONS;
	snprintf(fake.host.backend, sizeof(fake.host.backend), "SVM");
	snprintf(fake.host.cpu_vendor, sizeof(fake.host.cpu_vendor), "AuthenticAMD");
	snprintf(fake.host.cpu_model, sizeof(fake.host.cpu_model), "  Test processor");
	snprintf(fake.host.build, sizeof(fake.host.build), "Freehold test");
	for (uint32_t i = 0; i < 4; i++)
		fake.cpus[i] = (struct cpu_info){.apic_id = i,
						 .core = i,
						 .admits = i ? 3 : 0,
						 .partition = CPU_ANY,
						 .state = CPU_POOL,
						 .idle_tsc = 900,
						 .busy_tsc = 100};
	add_image("kernel", 7000000);
	add_image("initrd", 1000000);
	add_image("tiny", 4096);
}

void fake_type_bytes(const void *bytes, size_t size)
{
	fake.input = bytes;
	fake.input_size = size;
	fake.events |= CONSOLE_UART_INPUT;
}

void fake_type(const char *text)
{
	fake_type_bytes(text, strlen(text));
}

void fake_type_detach_key(void)
{
	static char key[2];

	key[0] = (char)(attach_key_text()[sizeof("Ctrl-") - 1] - '@');
	fake_type(key);
}

bool fake_has_prompt(void)
{
	static const char *const prompts[] = {"freehold> ", "freehold(edit)> "};
	bool has = false;

	for (unsigned i = 0; i < ARRAY_SIZE(prompts); i++) {
		size_t size = strlen(prompts[i]);

		has |= fake.output_size >= size &&
		       !memcmp(fake.output + fake.output_size - size, prompts[i], size);
	}
	return has;
}

void fake_run(void)
{
	fake.idle = false;
	for (unsigned turns = 0; !fake.idle; turns++) {
		if (turns > 5000000) {
			fprintf(stderr, "the console does not come to rest; its last output:\n%s\n",
				fake.output + (fake.output_size > 500 ? fake.output_size - 500 : 0));
			abort();
		}
		console_turn();
	}
}

void fake_boot(void)
{
	console_start();
	fake_run();
}

void fake_boot_with_web(void)
{
	fake_reset();
	fake_boot();
	fake_command("create web memory=64M kernel=kernel");
}

/*
 * Is what stands at `next`, below a line, the rest of it? It is indented by four, and its first word would
 * not have fitted above.
 */
static bool goes_on(const char *line, const char *end, const char *next)
{
	const char *word = next + 4;

	return !strncmp(next, "    ", 4) && *word != ' ' && end > line && end[-1] != '\\' &&
	       (size_t)(end - line) + 1 + strcspn(word, " \r") > FAKE_COLUMNS;
}

/* The output with lines as they were before they were broken for the screen. */
const char *fake_output(void)
{
	static char whole[FAKE_OUTPUT + 1];
	const char *line = fake.output, *end;
	size_t used = 0, indent = 0;

	if (!strstr(fake.output, "\r\n    "))
		return fake.output;
	while ((end = strstr(line, "\r\n"))) {
		bool more = goes_on(line, end, end + 2);
		size_t length = (size_t)(end - line) - indent;

		memcpy(whole + used, line + indent, length);
		memcpy(whole + used + length, more ? " " : "\r\n", more ? 1 : 2);
		used += length + (more ? 1 : 2);
		indent = more ? 4 : 0;
		line = end + 2;
	}
	strcpy(whole + used, line + indent);
	return whole;
}

void fake_clear(void)
{
	fake.output_size = 0;
	fake.output[0] = '\0';
}

const char *fake_command(const char *line)
{
	static char typed[128 * 1024];

	fake_clear();
	snprintf(typed, sizeof(typed), "%s\r", line);
	fake_type(typed);
	fake_run();
	return fake_output();
}

struct fake_partition *fake_find(const char *name)
{
	for (unsigned i = 0; i < MAX_PARTITIONS; i++) {
		struct fake_partition *partition = &fake.partitions[i];

		if (partition->info.state != PART_NONE && !strcmp(partition->info.name, name))
			return partition;
	}
	return NULL;
}

void fake_end(const char *name, enum part_reason reason, const char *report)
{
	struct fake_partition *partition = fake_find(name);

	snprintf(partition->info.report, REPORT_SIZE, "%s", report);
	set_state(partition, PART_STOPPED, reason);
}

/* A stamp for each line, without the VMM's economy. */
static void stamp_line(struct fake_partition *partition, uint8_t byte)
{
	struct console_ring *ring = partition->ring;
	uint64_t place = ring->stamp_head % RING_STAMPS(partition->ring_size);

	if (!partition->in_line && byte == '\r')
		return;
	if (!partition->in_line) {
		ring_stamps(ring)[place] = fake.tsc >> RING_STAMP_UNIT << RING_STAMP_POSITION |
					   (ring->out_head & (BIT(RING_STAMP_POSITION) - 1));
		ring->stamp_head++;
	}
	partition->in_line = byte != '\n';
}

size_t fake_guest_write(struct fake_partition *partition, const void *bytes, size_t size)
{
	struct console_ring *ring = partition->ring;
	const uint8_t *from = bytes;
	size_t done = 0;

	while (done < size) {
		if (ring->attached && ring->out_head - ring->out_tail >= partition->ring_size) {
			ring->out_waiting = 1;
			break;
		}
		stamp_line(partition, from[done]);
		ring_out(ring,
			 partition->ring_size)[ring->out_head % partition->ring_size] = from[done++];
		ring->out_head++;
	}
	if (done && ring->wake)
		fake.events |= CONSOLE_OUTPUT;
	return done;
}

size_t fake_guest_read(struct fake_partition *partition, void *bytes, size_t size)
{
	struct console_ring *ring = partition->ring;
	uint8_t *to = bytes;
	size_t done = 0;

	while (done < size && ring->in_tail < ring->in_head)
		to[done++] = ring->in[ring->in_tail++ % RING_IN_SIZE];
	return done;
}
