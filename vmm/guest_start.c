/* SPDX-License-Identifier: BSD-2-Clause */
/* Starts the guest: memory, CPUID, devices, tables, images, registers, in that order. */
#include "vmm/guest_start.h"

#include "vmm/acpi_tables.h"
#include "vmm/bios.h"
#include "vmm/bus.h"
#include "vmm/call.h"
#include "vmm/cpuid.h"
#include "vmm/dev/pc.h"
#include "vmm/fw_cfg.h"
#include "vmm/guest_features.h"
#include "vmm/guest_layout.h"
#include "vmm/guest_mem.h"
#include "vmm/host.h"
#include "vmm/host_clock.h"
#include "vmm/loader.h"
#include "vmm/memory_map.h"
#include "vmm/msr.h"
#include "vmm/partition.h"
#include "vmm/pc_testdev.h"
#include "vmm/report.h"
#include "vmm/start_state.h"
#include "vmm/test_device.h"

#define NS_PER_SECOND 1000000000u

void *guest_ram = (void *)USER_GUEST_BASE;

/* The largest comes first: the look-up of vmm/guest_mem.h is fastest there. */
static void sort_by_size(struct guest_range *ranges, unsigned count)
{
	for (unsigned i = 1; i < count; i++)
		for (unsigned j = i; j && ranges[j - 1].size < ranges[j].size; j--) {
			struct guest_range smaller = ranges[j - 1];

			ranges[j - 1] = ranges[j];
			ranges[j] = smaller;
		}
}

static void start_memory(void)
{
	struct guest_range ranges[MAX_RANGES];
	const char *why = memory_map_check();

	if (why)
		report_refuse("memory: %s", why);
	for (unsigned i = 0; i < partition->range_count; i++)
		ranges[i] = (struct guest_range){partition->ranges[i].gpa,
						 partition->ranges[i].size};
	sort_by_size(ranges, partition->range_count);
	if (!guest_mem_init(guest_ram, ranges, partition->range_count))
		report_refuse("memory: the ranges are not whole pages, or overlap");
}

/* One table for all vCPUs: the kernel patches the APIC id. */
static void start_cpuid(void)
{
	const struct cpuid_guest guest = {
		.host = cpuid_execute,
		.vcpu_count = partition->vcpu_count,
		.phys_bits = partition->phys_bits,
		.tsc_khz = partition->tsc_khz,
	};
	struct cpuid_entry entries[CPUID_ENTRIES_MAX];
	unsigned count = cpuid_build(&guest, entries);
	int error = call_cpuid_set(entries, count);

	if (error)
		report_refuse("the kernel refuses the CPUID table: error %d", error);
	guest_features_init(entries, count);
	for (unsigned i = 0; i < partition->vcpu_count && i < MAX_VCPUS; i++)
		msr_init(i);
}

static uint64_t memory_above(gpa_t start)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < partition->range_count; i++)
		if (partition->ranges[i].gpa >= start)
			sum += partition->ranges[i].size;
	return sum;
}

static enum err start_test_devices(void)
{
	enum err error = test_device_init();

	if (!error)
		error = pc_testdev_init();
	return error ? error
		     : fw_cfg_init(partition_low_end() + memory_above(GIB(4)),
				   partition->vcpu_count);
}

static void start_devices(void)
{
	/* host_now() was 0 at start_wall: the RTC's seconds begin when those of KVM's wall clock do. */
	const uint64_t wall = partition->start_wall + host_now();
	const struct pc_config config = {
		.rtc =
			{
				.wall_clock = (int64_t)(wall / NS_PER_SECOND),
				.wall_ns = (uint32_t)(wall % NS_PER_SECOND),
				.memory_below_4g = partition_low_end(),
				.memory_above_4g = memory_above(GIB(4)),
			},
		.ioapic_id = MADT_IOAPIC_ID,
	};
	enum err error = pc_init(&config);

	if (!error && (partition->flags & PART_TESTDEV))
		error = start_test_devices();
	if (error)
		report_refuse("the devices cannot be made: error %d", error);
	bus_seal();
}

static void start_loading(void)
{
	const struct vmm_image *kernel = partition_image(IMAGE_KERNEL);
	const char *why;

	bios_put();
	acpi_tables_put(); /* before the image: a loader copies the RSDP */
	why = loader_begin(GUEST_BIOS);
	if (why)
		report_refuse("image %s: %s", kernel ? kernel->name : "(none)", why);
}

static void begin(void)
{
	host_clock_init();
	start_memory();
	start_cpuid();
	start_devices();
	start_loading();
}

bool guest_start(struct frame *frame)
{
	static bool loading;
	struct boot_entry entry;

	if (!loading)
		begin();
	loading = !loader_go_on(&entry);
	if (!loading)
		start_state_boot(frame, &entry);
	return !loading;
}
