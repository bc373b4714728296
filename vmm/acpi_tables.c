/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Places the ACPI tables, and writes the pointers that lead to them: RSDP, RSDT, XSDT; and the
 * FACS.
 */
#include "vmm/acpi_tables.h"

#include "lib/string.h"
#include "vmm/guest_layout.h"
#include "vmm/guest_mem.h"
#include "vmm/partition.h"
#include "vmm/report.h"

/* ACPI 6.5 5.2.5.3 "Root System Description Pointer (RSDP) Structure" */
struct rsdp {
	char signature[8];
	uint8_t checksum; /* of the first 20 bytes */
	char oem_id[6];
	uint8_t revision;
	uint32_t rsdt, length;
	uint64_t xsdt;
	uint8_t extended_checksum, reserved[3];
} __attribute__((packed));

static_assert(sizeof(struct rsdp) == 36, "the specification's size");

/* 5.2.10 "Firmware ACPI Control Structure (FACS)": nothing but its frame is used. */
struct facs {
	char signature[4];
	uint32_t length, hardware_signature, waking_vector, global_lock, flags;
	uint64_t x_waking_vector;
	uint8_t version, reserved[31];
};

static_assert(sizeof(struct facs) == 64, "the specification's size");

enum { RSDP_V1_SIZE = 20, TABLES = 4 };

static void put_facs(void)
{
	struct facs facs = {.signature = {'F', 'A', 'C', 'S'}, .length = sizeof(facs), .version = 2};

	memcpy(guest_ptr(GUEST_ACPI_NVS, sizeof(facs)), &facs, sizeof(facs));
}

static void put_rsdp(gpa_t rsdt, gpa_t xsdt)
{
	struct rsdp rsdp = {
		.signature = {'R', 'S', 'D', ' ', 'P', 'T', 'R', ' '},
		.oem_id = {'F', 'R', 'E', 'E', 'H', 'O'},
		.revision = 2,
		.rsdt = (uint32_t)rsdt,
		.length = sizeof(rsdp),
		.xsdt = xsdt,
	};

	rsdp.checksum = acpi_checksum(&rsdp, RSDP_V1_SIZE);
	rsdp.extended_checksum = acpi_checksum(&rsdp, sizeof(rsdp));
	memcpy(guest_ptr(GUEST_BIOS, sizeof(rsdp)), &rsdp, sizeof(rsdp));
}

static gpa_t put_rsdt(struct acpi_writer *writer, const gpa_t tables[TABLES])
{
	acpi_begin(writer, "RSDT", 1);
	for (unsigned i = 0; i < TABLES; i++)
		acpi_put32(writer, (uint32_t)tables[i]);
	return acpi_end(writer);
}

static gpa_t put_xsdt(struct acpi_writer *writer, const gpa_t tables[TABLES])
{
	acpi_begin(writer, "XSDT", 1);
	for (unsigned i = 0; i < TABLES; i++)
		acpi_put64(writer, tables[i]);
	return acpi_end(writer);
}

void acpi_tables_put(void)
{
	struct acpi_writer writer = {
		.to = guest_ptr(GUEST_ACPI, GUEST_ACPI_NVS - GUEST_ACPI),
		.gpa = GUEST_ACPI,
		.size = GUEST_ACPI_NVS - GUEST_ACPI,
	};
	gpa_t tables[TABLES], dsdt, rsdt, xsdt;

	put_facs();
	dsdt = acpi_put_dsdt(&writer);
	tables[0] = acpi_put_fadt(&writer, GUEST_ACPI_NVS, dsdt);
	tables[1] = acpi_put_madt(&writer, partition->vcpu_count);
	tables[2] = acpi_put_spcr(&writer);
	tables[3] = acpi_put_mcfg(&writer);
	rsdt = put_rsdt(&writer, tables);
	xsdt = put_xsdt(&writer, tables);
	if (writer.overflow)
		report_refuse("the ACPI tables do not fit into their area");
	put_rsdp(rsdt, xsdt);
}
