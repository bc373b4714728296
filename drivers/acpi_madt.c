/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The MADT: CPUs, IOAPICs, and how ISA interrupts and NMIs are wired. Firmware pads it with CPUs
 * that are not there and lists others twice, so what is dropped is counted and told once.
 */
#include "drivers/acpi_table.h"

/* ACPI 5.2.12 "Multiple APIC Description Table (MADT)" */
enum madt_layout {
	MADT_LAPIC_ADDRESS = 36,
	MADT_FLAGS = 40,
	MADT_ENTRIES = 44,
	MADT_PCAT_COMPAT = 1 << 0,
};

enum madt_cpu_flag {
	CPU_ENABLED = 1 << 0,
	CPU_ONLINE_CAPABLE = 1 << 1,
};

/* ACPI 5.2.12.5 "Interrupt Source Override Structure": MPS INTI flags */
enum inti_flag {
	INTI_POLARITY = 3 << 0,
	INTI_ACTIVE_LOW = 3 << 0,
	INTI_TRIGGER = 3 << 2,
	INTI_LEVEL = 3 << 2,
};

enum {
	LAPIC_ID_ALL = 0xff, /* broadcast: nobody's id */
	LAPIC_UID_ALL = 0xff,
	ISA_IRQS = 16,
	LINT_INPUTS = 2,
};

#define X2APIC_ID_ALL 0xffffffffU

/* What was dropped. */
struct counts {
	uint32_t bad, twice, too_many;
};

struct madt {
	struct acpi_parser *parser;
	struct counts cpus, ioapics, overrides, nmis;
};

/* A CPU that runs takes the place of one that could be plugged in later, if there is one. */
static struct acpi_cpu *cpu_slot(struct acpi_info *info, const struct acpi_cpu *cpu)
{
	if (info->cpu_count < MAX_CPUS)
		return &info->cpus[info->cpu_count++];
	for (uint32_t i = MAX_CPUS; i > 0 && cpu->enabled; i--) {
		if (!info->cpus[i - 1].enabled)
			return &info->cpus[i - 1];
	}
	return NULL;
}

static void add_cpu(struct madt *madt, const struct acpi_cpu *cpu)
{
	struct acpi_info *info = madt->parser->info;
	struct acpi_cpu *slot;

	/* Padding, which says nothing and may repeat anything. */
	if (!cpu->enabled && !cpu->online_capable)
		return;
	if (cpu->apic_id == X2APIC_ID_ALL) {
		madt->cpus.bad++;
		return;
	}
	for (uint32_t i = 0; i < info->cpu_count; i++) {
		if (info->cpus[i].apic_id == cpu->apic_id) {
			madt->cpus.twice++;
			return;
		}
	}
	slot = cpu_slot(info, cpu);
	if (slot) {
		*slot = *cpu;
	} else if (cpu->enabled) {
		info->cpus_lost++;
		madt->cpus.too_many++;
	}
}

static void handle_lapic(struct madt *madt, const struct acpi_table *entry)
{
	uint8_t id = acpi_u8(entry, 3);
	uint32_t flags = acpi_u32(entry, 4);
	struct acpi_cpu cpu = {
		.apic_id = id == LAPIC_ID_ALL ? X2APIC_ID_ALL : id,
		.uid = acpi_u8(entry, 2),
		.enabled = flags & CPU_ENABLED,
		.online_capable = flags & CPU_ONLINE_CAPABLE,
	};

	add_cpu(madt, &cpu);
}

static void handle_x2apic(struct madt *madt, const struct acpi_table *entry)
{
	uint32_t flags = acpi_u32(entry, 8);
	struct acpi_cpu cpu = {
		.apic_id = acpi_u32(entry, 4),
		.uid = acpi_u32(entry, 12),
		.enabled = flags & CPU_ENABLED,
		.online_capable = flags & CPU_ONLINE_CAPABLE,
	};

	add_cpu(madt, &cpu);
}

static void handle_ioapic(struct madt *madt, const struct acpi_table *entry)
{
	struct acpi_info *info = madt->parser->info;
	struct acpi_ioapic ioapic = {
		.id = acpi_u8(entry, 2),
		.address = acpi_u32(entry, 4),
		.gsi_base = acpi_u32(entry, 8),
	};

	if (ioapic.address == 0 || (ioapic.address & 0xf)) {
		madt->ioapics.bad++;
		return;
	}
	for (uint32_t i = 0; i < info->ioapic_count; i++) {
		if (info->ioapics[i].address == ioapic.address ||
		    info->ioapics[i].gsi_base == ioapic.gsi_base) {
			madt->ioapics.twice++;
			return;
		}
	}
	if (info->ioapic_count == ACPI_MAX_IOAPICS)
		madt->ioapics.too_many++;
	else
		info->ioapics[info->ioapic_count++] = ioapic;
}

static void handle_override(struct madt *madt, const struct acpi_table *entry)
{
	struct acpi_info *info = madt->parser->info;
	uint8_t bus = acpi_u8(entry, 2);
	uint16_t flags = acpi_u16(entry, 8);
	struct acpi_override override = {
		.irq = acpi_u8(entry, 3),
		.gsi = acpi_u32(entry, 4),
		.active_low = (flags & INTI_POLARITY) == INTI_ACTIVE_LOW,
		.level = (flags & INTI_TRIGGER) == INTI_LEVEL,
	};

	if (bus != 0 || override.irq >= ISA_IRQS) {
		madt->overrides.bad++;
		return;
	}
	for (uint32_t i = 0; i < info->override_count; i++) {
		if (info->overrides[i].irq == override.irq) {
			madt->overrides.twice++;
			return;
		}
	}
	/*
	 * ACPI 5.2.9: the SCI is a shareable, level, active low interrupt, where nothing else is
	 * said.
	 */
	if (info->fadt.present && override.irq == info->fadt.sci_irq) {
		override.active_low |= (flags & INTI_POLARITY) == 0;
		override.level |= (flags & INTI_TRIGGER) == 0;
	}
	info->overrides[info->override_count++] = override;
}

static void add_nmi(struct madt *madt, uint32_t uid, uint16_t flags, uint8_t lint)
{
	struct acpi_info *info = madt->parser->info;
	struct acpi_nmi nmi = {
		.uid = uid,
		.lint = lint,
		.active_low = (flags & INTI_POLARITY) == INTI_ACTIVE_LOW,
		.level = (flags & INTI_TRIGGER) == INTI_LEVEL,
	};

	if (lint >= LINT_INPUTS) {
		madt->nmis.bad++;
		return;
	}
	for (uint32_t i = 0; i < info->nmi_count; i++) {
		if (info->nmis[i].uid == uid && info->nmis[i].lint == lint) {
			madt->nmis.twice++;
			return;
		}
	}
	if (info->nmi_count == ACPI_MAX_NMIS)
		madt->nmis.too_many++;
	else
		info->nmis[info->nmi_count++] = nmi;
}

static void handle_lapic_nmi(struct madt *madt, const struct acpi_table *entry)
{
	uint8_t uid = acpi_u8(entry, 2);

	add_nmi(madt, uid == LAPIC_UID_ALL ? ACPI_NMI_ALL_CPUS : uid, acpi_u16(entry, 3),
		acpi_u8(entry, 5));
}

static void handle_x2apic_nmi(struct madt *madt, const struct acpi_table *entry)
{
	add_nmi(madt, acpi_u32(entry, 4), acpi_u16(entry, 2), acpi_u8(entry, 8));
}

static void handle_lapic_address(struct madt *madt, const struct acpi_table *entry)
{
	madt->parser->info->lapic_address = acpi_u64(entry, 4);
}

/* ACPI 5.2.12 "Interrupt Controller Structure Types"; the numbers we do not know are not for us. */
static const struct {
	uint8_t type, size;
	void (*handle)(struct madt *madt, const struct acpi_table *entry);
} handlers[] = {
	{0, 8, handle_lapic},	     {1, 12, handle_ioapic},	    {2, 10, handle_override},
	{4, 6, handle_lapic_nmi},    {5, 12, handle_lapic_address}, {9, 16, handle_x2apic},
	{10, 12, handle_x2apic_nmi},
};

static void handle_entry(struct madt *madt, const struct acpi_entry *entry)
{
	for (size_t i = 0; i < ARRAY_SIZE(handlers); i++) {
		if (handlers[i].type != entry->type)
			continue;
		if (entry->bytes.size >= handlers[i].size)
			handlers[i].handle(madt, &entry->bytes);
		else
			acpi_note(madt->parser, "APIC: an entry of type %u is too short, ignored",
				  entry->type);
		return;
	}
}

static void tell(struct madt *madt, const char *what, const struct counts *counts)
{
	if (counts->bad)
		acpi_note(madt->parser, "APIC: %u impossible %s ignored", counts->bad, what);
	if (counts->twice)
		acpi_note(madt->parser, "APIC: %u %s occur twice, the first ones count",
			  counts->twice, what);
	if (counts->too_many)
		acpi_note(madt->parser, "APIC: %u %s more than this build can use",
			  counts->too_many, what);
}

void acpi_decode_madt(struct acpi_parser *parser, const struct acpi_table *table)
{
	struct madt madt = {.parser = parser};
	struct acpi_entry entry;
	uint32_t at = MADT_ENTRIES;

	parser->info->lapic_address = acpi_u32(table, MADT_LAPIC_ADDRESS);
	parser->info->has_8259 = acpi_u32(table, MADT_FLAGS) & MADT_PCAT_COMPAT;
	while (acpi_next_entry(parser, table, &at, &entry))
		handle_entry(&madt, &entry);
	tell(&madt, "CPUs", &madt.cpus);
	tell(&madt, "IOAPICs", &madt.ioapics);
	tell(&madt, "overrides", &madt.overrides);
	tell(&madt, "NMIs", &madt.nmis);
	if (parser->info->cpu_count == 0)
		acpi_note(parser, "APIC: no CPU");
}
