/* SPDX-License-Identifier: BSD-2-Clause */
/* The console's calls. All run on CPU 0, one at a time. */
#include "abi/calls.h"
#include "abi/info.h"
#include "arch/x86_64/cpu_features.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/user_copy.h"
#include "arch/x86_64/virt.h"
#include "drivers/tsc.h"
#include "drivers/uart.h"
#include "kernel/calls.h"
#include "kernel/console.h"
#include "kernel/cpu.h"
#include "kernel/create.h"
#include "kernel/debug.h"
#include "kernel/display.h"
#include "kernel/facts.h"
#include "kernel/log.h"
#include "kernel/machine.h"
#include "kernel/partition.h"
#include "kernel/power.h"
#include "kernel/stats.h"
#include "lib/copy.h"

enum { COPY_MAX = 1024 };

/* An argument that is a number of something: what does not fit stays a number that nothing has. */
static uint32_t narrow(uint64_t argument)
{
	return argument >> 32 ? 0xfffffffe : (uint32_t)argument;
}

static int64_t call_wait(const struct call_args *args)
{
	console_wait(args->frame, args->arg[0]);
}

static int64_t call_uart_read(const struct call_args *args)
{
	uint8_t bytes[COPY_MAX];
	size_t count = uart_read(bytes, MIN(args->arg[1], sizeof(bytes)));

	if (count && !user_copy_out(args->arg[0], bytes, count))
		return ERR_FAULT;
	return (int64_t)count;
}

static int64_t call_uart_write(const struct call_args *args)
{
	uint8_t bytes[COPY_MAX];
	size_t count = MIN(args->arg[1], sizeof(bytes));

	if (!user_copy_in(bytes, args->arg[0], count))
		return ERR_FAULT;
	return (int64_t)uart_write(bytes, count);
}

static int64_t call_log_read(const struct call_args *args)
{
	char text[COPY_MAX];
	uint64_t position;
	size_t count;

	if (!user_copy_in(&position, args->arg[0], sizeof(position)))
		return ERR_FAULT;
	count = log_read(&position, text, MIN(args->arg[2], sizeof(text)));
	if (!user_copy_out(args->arg[0], &position, sizeof(position)) ||
	    (count && !user_copy_out(args->arg[1], text, count)))
		return ERR_FAULT;
	return (int64_t)count;
}

static int64_t answer(uint64_t to, const void *from, size_t size)
{
	return user_copy_out(to, from, size) ? ERR_NONE : ERR_FAULT;
}

static int64_t call_host_info(const struct call_args *args)
{
	struct host_info info = {
		.cpu_count = cpu_count(),
		.image_count = machine.image_count,
		.partition_limit = MAX_PARTITIONS,
		.tsc_khz = tsc_khz(),
		.now_tsc = tsc_read(),
		.now_wall = machine_wall_now(),
		.boot_tsc = machine.boot_tsc,
		.calibration_tsc = machine.calibration_tsc,
	};
	struct extent_totals totals;

	spin_lock(&machine.memory_lock);
	totals = extent_totals(&machine.extents);
	info.extent_count = machine.extents.count;
	spin_unlock(&machine.memory_lock);
	info.ram_total = totals.ram;
	info.ram_free = totals.free;
	info.ram_clean = totals.clean;
	str_copy(info.cpu_vendor, sizeof(info.cpu_vendor), cpu_features.vendor_name);
	str_copy(info.cpu_model, sizeof(info.cpu_model), cpu_features.model_name);
	str_copy(info.backend, sizeof(info.backend), machine.virt ? machine.virt->name : "none");
	str_copy(info.backend_reason, sizeof(info.backend_reason), machine.virt_reason);
	str_copy(info.build, sizeof(info.build), machine_build);
	return answer(args->arg[0], &info, sizeof(info));
}

static int64_t call_cpu_info(const struct call_args *args)
{
	struct cpu_info info = {0};
	uint64_t number = args->arg[0];

	if (number >= cpu_count())
		return ERR_NOENT;
	stats_cpu((unsigned)number, &info);
	return answer(args->arg[1], &info, sizeof(info));
}

static int64_t call_extent_info(const struct call_args *args)
{
	uint64_t count = 0;

	/* One at a time: the answer is bounded, the console asks for the rest. */
	while (count < MIN(args->arg[2], 32ULL)) {
		struct extent_info info = {0};
		bool found;

		spin_lock(&machine.memory_lock);
		found = extent_describe(&machine.extents, narrow(args->arg[0] + count), &info);
		spin_unlock(&machine.memory_lock);
		if (!found)
			break;
		if (!user_copy_out(args->arg[1] + count * sizeof(info), &info, sizeof(info)))
			return ERR_FAULT;
		count++;
	}
	return (int64_t)count;
}

static int64_t call_image_info(const struct call_args *args)
{
	const struct machine_image *image;
	struct image_info info = {0};

	if (args->arg[0] >= machine.image_count)
		return ERR_NOENT;
	image = &machine.images[args->arg[0]];
	str_copy(info.name, sizeof(info.name), image->name);
	info.size = image->size;
	info.start = image->start;
	info.users = image->users;
	return answer(args->arg[1], &info, sizeof(info));
}

static int64_t call_image_map(const struct call_args *args)
{
	uint64_t size = 0;
	int64_t va = console_image_map(narrow(args->arg[0]), &size);

	if (va > 0 && !user_copy_out(args->arg[1], &size, sizeof(size)))
		return ERR_FAULT;
	return va;
}

static int64_t call_mem_map(const struct call_args *args)
{
	return console_mem_map(args->arg[0]);
}

static int64_t call_mem_unmap(const struct call_args *args)
{
	return console_mem_unmap(args->arg[0], args->arg[1]);
}

static struct part_desc desc; /* that the call is about: too large for the stack; there is one console */

static int64_t call_part_create(const struct call_args *args)
{
	if (!user_copy_in(&desc, args->arg[0], sizeof(desc)))
		return ERR_FAULT;
	return part_create(&desc);
}

static int64_t call_part_cost(const struct call_args *args)
{
	struct part_cost cost;
	int err;

	if (!user_copy_in(&desc, args->arg[0], sizeof(desc)))
		return ERR_FAULT;
	err = create_cost(&desc, &cost);
	return err ? err : answer(args->arg[1], &cost, sizeof(cost));
}

static int64_t call_part_start(const struct call_args *args)
{
	return part_start(narrow(args->arg[0]));
}

static int64_t call_part_stop(const struct call_args *args)
{
	return part_stop(narrow(args->arg[0]));
}

static int64_t call_part_pause(const struct call_args *args)
{
	return part_pause(narrow(args->arg[0]), args->arg[1] != 0);
}

static int64_t call_part_destroy(const struct call_args *args)
{
	return part_destroy(narrow(args->arg[0]));
}

static int64_t call_part_event(const struct call_args *args)
{
	return part_event(narrow(args->arg[0]), narrow(args->arg[1]));
}

static int64_t call_part_rename(const struct call_args *args)
{
	char name[NAME_SIZE];

	if (!user_copy_in(name, args->arg[1], sizeof(name)))
		return ERR_FAULT;
	return part_rename(narrow(args->arg[0]), name);
}

static int64_t call_part_share(const struct call_args *args)
{
	return part_share(narrow(args->arg[0]), narrow(args->arg[1]), narrow(args->arg[2]));
}

static int64_t call_part_info(const struct call_args *args)
{
	static struct part_info info;
	int err = part_describe(narrow(args->arg[0]), &info);

	return err ? err : answer(args->arg[1], &info, sizeof(info));
}

static int64_t call_vcpu_info(const struct call_args *args)
{
	struct vcpu_info info;
	int err = part_describe_vcpu(narrow(args->arg[0]), narrow(args->arg[1]), &info);

	return err ? err : answer(args->arg[2], &info, sizeof(info));
}

static int64_t call_part_cpuid(const struct call_args *args)
{
	struct cpuid_entry entry;
	int err = part_describe_cpuid(narrow(args->arg[0]), narrow(args->arg[1]), &entry);

	return err ? err : answer(args->arg[2], &entry, sizeof(entry));
}

static int64_t call_facts(const struct call_args *args)
{
	struct machine_facts facts;

	facts_describe(&facts);
	return answer(args->arg[0], &facts, sizeof(facts));
}

static int64_t call_exits_read(const struct call_args *args)
{
	static struct exit_record records[32]; /* a longer answer is asked for in pieces */
	struct exit_window window;
	int count;

	if (!user_copy_in(&window, args->arg[1], sizeof(window)))
		return ERR_FAULT;
	count = part_read_exits(narrow(args->arg[0]), &window, records,
				(unsigned)MIN(args->arg[3], (uint64_t)ARRAY_SIZE(records)));
	if (count < 0)
		return count;
	if (!user_copy_out(args->arg[2], records, (size_t)count * sizeof(records[0])) ||
	    !user_copy_out(args->arg[1], &window, sizeof(window)))
		return ERR_FAULT;
	return count;
}

static int64_t call_stats_name(const struct call_args *args)
{
	const char *name = vm_exit_name(narrow(args->arg[0]));
	char text[32] = {0};

	if (!name)
		return ERR_NOENT;
	str_copy(text, sizeof(text), name);
	return answer(args->arg[1], text, MIN(args->arg[2], sizeof(text)));
}

static int64_t call_blob_set(const struct call_args *args)
{
	return console_blob_set(narrow(args->arg[0]), args->arg[1], args->arg[2]);
}

static int64_t call_blob_get(const struct call_args *args)
{
	return console_blob_get(narrow(args->arg[0]), args->arg[1], args->arg[2]);
}

static int64_t call_power(const struct call_args *args)
{
	if (args->arg[0] > POWER_REBOOT)
		return ERR_INVAL;
	machine_power((enum power_action)args->arg[0]);
}

static int64_t call_debug(const struct call_args *args)
{
	return debug_call(narrow(args->arg[0]), args->arg[1], args->arg[2], args->arg[3]);
}

static int64_t call_screen(const struct call_args *args)
{
	struct screen_info info;
	int err = display_give(console_space(), &info);

	return err ? err : answer(args->arg[0], &info, sizeof(info));
}

const call_fn console_calls[] = {
	[CALL_WAIT] = call_wait,
	[CALL_UART_READ] = call_uart_read,
	[CALL_UART_WRITE] = call_uart_write,
	[CALL_LOG_READ] = call_log_read,
	[CALL_HOST_INFO] = call_host_info,
	[CALL_CPU_INFO] = call_cpu_info,
	[CALL_EXTENT_INFO] = call_extent_info,
	[CALL_IMAGE_INFO] = call_image_info,
	[CALL_IMAGE_MAP] = call_image_map,
	[CALL_MEM_MAP] = call_mem_map,
	[CALL_MEM_UNMAP] = call_mem_unmap,
	[CALL_PART_CREATE] = call_part_create,
	[CALL_PART_START] = call_part_start,
	[CALL_PART_STOP] = call_part_stop,
	[CALL_PART_PAUSE] = call_part_pause,
	[CALL_PART_DESTROY] = call_part_destroy,
	[CALL_PART_EVENT] = call_part_event,
	[CALL_PART_INFO] = call_part_info,
	[CALL_VCPU_INFO] = call_vcpu_info,
	[CALL_STATS_NAME] = call_stats_name,
	[CALL_BLOB_SET] = call_blob_set,
	[CALL_BLOB_GET] = call_blob_get,
	[CALL_POWER] = call_power,
	[CALL_DEBUG] = call_debug,
	[CALL_PART_CPUID] = call_part_cpuid,
	[CALL_PART_RENAME] = call_part_rename,
	[CALL_PART_SHARE] = call_part_share,
	[CALL_SCREEN] = call_screen,
	[CALL_PART_COST] = call_part_cost,
	[CALL_EXITS_READ] = call_exits_read,
	[CALL_FACTS] = call_facts,
};
const unsigned console_call_count = ARRAY_SIZE(console_calls);
