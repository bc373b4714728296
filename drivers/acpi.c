/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walks the root table and hands each table that we know to its decoder. The order is ours, not the
 * firmware's: what one table says may matter for the next (the SCI's number for the MADT's
 * overrides).
 */
#include "drivers/acpi.h"

#include "drivers/acpi_table.h"
#include "lib/string.h"

/* One entry of the root table that leads to a table. */
struct root_entry {
	hpa_t address;
	char signature[5];
};

struct root {
	uint32_t count;
	struct root_entry entries[ACPI_MAX_TABLES];
};

static struct root scratch;

static bool is_listed(const struct root *root, hpa_t address)
{
	for (uint32_t i = 0; i < root->count; i++) {
		if (root->entries[i].address == address)
			return true;
	}
	return false;
}

/* Puts what the root table points to into *root, each address once. size is that of an entry. */
static void list_tables(struct acpi_parser *parser, const struct acpi_table *table, uint32_t size,
			struct root *root)
{
	uint32_t lost = 0, twice = 0, holes = 0;

	root->count = 0;
	for (uint32_t at = ACPI_HEADER_SIZE; at < table->size && size <= table->size - at;
	     at += size) {
		hpa_t address = size == 8 ? acpi_u64(table, at) : acpi_u32(table, at);
		struct root_entry *entry = &root->entries[root->count];

		if (root->count == ACPI_MAX_TABLES) {
			lost++;
		} else if (is_listed(root, address)) {
			twice++;
		} else if (acpi_peek(parser, address, entry->signature)) {
			entry->address = address;
			root->count++;
		} else {
			holes++;
		}
	}
	if (lost)
		acpi_note(parser, "%s: %u entries too many, ignored", table->signature, lost);
	if (twice)
		acpi_note(parser, "%s: %u entries occur twice", table->signature, twice);
	if (holes)
		acpi_note(parser, "%s: %u entries lead nowhere", table->signature, holes);
}

static bool find_root(struct acpi_parser *parser, const struct acpi_rsdp *rsdp, struct root *root)
{
	struct acpi_table table;

	if (rsdp->xsdt && acpi_open(parser, rsdp->xsdt, "XSDT", &table)) {
		list_tables(parser, &table, 8, root);
		return true;
	}
	if (rsdp->rsdt && acpi_open(parser, rsdp->rsdt, "RSDT", &table)) {
		list_tables(parser, &table, 4, root);
		return true;
	}
	acpi_note(parser, "RSDP: leads to no root table");
	return false;
}

/* Opens the first table of that signature that is right. */
static bool open_first(struct acpi_parser *parser, const struct root *root, const char *signature,
		       struct acpi_table *table)
{
	bool found = false;

	for (uint32_t i = 0; i < root->count; i++) {
		if (strcmp(root->entries[i].signature, signature) != 0)
			continue;
		if (found)
			acpi_note(parser, "%s at 0x%llx ignored: not the first", signature,
				  (unsigned long long)root->entries[i].address);
		else
			found = acpi_open(parser, root->entries[i].address, signature, table);
	}
	return found;
}

/* "DMA Remapping Reporting Structure" of Intel's VT-d: the opt-out counts together with INTR_REMAP. */
enum { DMAR_FLAGS = 37, DMAR_INTR_REMAP = 1 << 0, DMAR_X2APIC_OPT_OUT = 1 << 1 };

static void decode_dmar(struct acpi_parser *parser, const struct acpi_table *table)
{
	const unsigned both = DMAR_INTR_REMAP | DMAR_X2APIC_OPT_OUT;

	parser->info->x2apic_opt_out = (acpi_u8(table, DMAR_FLAGS) & both) == both;
	parser->info->dmar = (struct acpi_place){table->address, table->size};
}

static void decode_ivrs(struct acpi_parser *parser, const struct acpi_table *table)
{
	parser->info->ivrs = (struct acpi_place){table->address, table->size};
}

static const struct {
	const char *signature;
	void (*decode)(struct acpi_parser *parser, const struct acpi_table *table);
} decoders[] = {
	{"FACP", acpi_decode_fadt}, /* first: the MADT's decoder wants the SCI */
	{"APIC", acpi_decode_madt}, {"MCFG", acpi_decode_mcfg}, {"HPET", acpi_decode_hpet},
	{"SPCR", acpi_decode_spcr}, {"DMAR", decode_dmar},	{"IVRS", decode_ivrs},
};

/* The DSDT, then the SSDTs, until one of them has it. */
static void search_s5(struct acpi_parser *parser, const struct root *root)
{
	struct acpi_info *info = parser->info;
	struct acpi_table table;

	if (info->fadt.dsdt && acpi_open(parser, info->fadt.dsdt, "DSDT", &table))
		acpi_find_s5(parser, &table);
	for (uint32_t i = 0; i < root->count && !info->s5.present; i++) {
		if (strcmp(root->entries[i].signature, "SSDT") == 0 &&
		    acpi_open(parser, root->entries[i].address, "SSDT", &table))
			acpi_find_s5(parser, &table);
	}
	if (!info->s5.present)
		acpi_note(parser, "DSDT: no \\_S5, the machine cannot be switched off");
}

void acpi_parse(const struct acpi_source *source, struct acpi_info *info)
{
	struct acpi_parser parser = {source, info};
	struct acpi_table table;
	struct acpi_rsdp rsdp;

	memset(info, 0, sizeof(*info));
	if (!acpi_find_rsdp(&parser, &rsdp)) {
		acpi_note(&parser, "RSDP: not found, so there is no ACPI");
		return;
	}
	if (!find_root(&parser, &rsdp, &scratch))
		return;
	info->present = true;
	info->revision = rsdp.revision;
	info->rsdp = rsdp.address;
	for (size_t i = 0; i < ARRAY_SIZE(decoders); i++) {
		if (open_first(&parser, &scratch, decoders[i].signature, &table))
			decoders[i].decode(&parser, &table);
	}
	search_s5(&parser, &scratch);
}
