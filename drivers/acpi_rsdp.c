/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds the RSDP. ACPI 5.2.5.1 "Finding the RSDP on IA-PC Systems" tells where it is when nobody
 * hands it over; on UEFI machines the loader does.
 */
#include "drivers/acpi_table.h"

#include "lib/string.h"

/* ACPI 5.2.5.3 "Root System Description Pointer (RSDP) Structure" */
enum rsdp_layout {
	RSDP_REVISION = 15,
	RSDP_RSDT = 16,
	RSDP_OLD_SIZE = 20,
	RSDP_LENGTH = 20,
	RSDP_XSDT = 24,
	RSDP_NEW_SIZE = 36,
	RSDP_ALIGN = 16,
};

/* The BIOS data area's word with the segment of the extended one. */
#define BDA_EBDA_SEGMENT 0x40e

static const uint8_t signature[8] = "RSD PTR ";

/* The part that ACPI 2.0 added: it is right, or it is not used. */
static void take_new_part(struct acpi_parser *parser, const struct acpi_table *bytes,
			  struct acpi_rsdp *rsdp)
{
	uint32_t length = acpi_u32(bytes, RSDP_LENGTH);

	if (length == RSDP_NEW_SIZE && bytes->size >= length &&
	    acpi_sum_is_zero(bytes->data, length)) {
		rsdp->xsdt = acpi_u64(bytes, RSDP_XSDT);
		return;
	}
	acpi_note(parser, "RSDP: its ACPI 2.0 part is wrong, only the RSDT is used");
}

/* Reads the RSDP from 20 bytes or 36. Says nothing: a search meets many that are not it. */
static bool take(struct acpi_parser *parser, const uint8_t *data, uint32_t size,
		 struct acpi_rsdp *rsdp)
{
	struct acpi_table bytes = {.data = data, .size = size};

	if (size < RSDP_OLD_SIZE || memcmp(data, signature, sizeof(signature)) != 0 ||
	    !acpi_sum_is_zero(data, RSDP_OLD_SIZE))
		return false;
	rsdp->revision = acpi_u8(&bytes, RSDP_REVISION);
	rsdp->rsdt = acpi_u32(&bytes, RSDP_RSDT);
	rsdp->xsdt = 0;
	/* An old copy of a new RSDP: the loader cut it, and there is nothing to complain about. */
	if (rsdp->revision >= 2 && size > RSDP_OLD_SIZE)
		take_new_part(parser, &bytes, rsdp);
	return true;
}

static bool search(struct acpi_parser *parser, hpa_t start, uint32_t size, struct acpi_rsdp *rsdp)
{
	const uint8_t *data = parser->source->map(start, size);

	for (uint32_t at = 0; data && at + RSDP_OLD_SIZE <= size; at += RSDP_ALIGN) {
		if (take(parser, data + at, MIN(size - at, (uint32_t)RSDP_NEW_SIZE), rsdp)) {
			rsdp->address = start + at;
			return true;
		}
	}
	return false;
}

/* 0 if there is none: the word is only believed if it points to where such an area can be. */
static hpa_t ebda_address(struct acpi_parser *parser)
{
	const uint8_t *data = parser->source->map(BDA_EBDA_SEGMENT, sizeof(uint16_t));
	uint16_t segment = 0;

	if (data)
		memcpy(&segment, data, sizeof(segment));
	return segment >= 0x8000 && segment < 0xa000 ? (hpa_t)segment << 4 : 0;
}

bool acpi_find_rsdp(struct acpi_parser *parser, struct acpi_rsdp *rsdp)
{
	const struct acpi_source *source = parser->source;
	hpa_t ebda;

	rsdp->address = 0;
	if (source->rsdp) {
		if (take(parser, source->rsdp, source->rsdp_size, rsdp))
			return true;
		acpi_note(parser, "RSDP: the loader's copy is wrong, searching for it");
	}
	ebda = ebda_address(parser);
	return (ebda && search(parser, ebda, (uint32_t)KIB(1), rsdp)) ||
	       search(parser, 0xe0000, (uint32_t)KIB(128), rsdp);
}
