/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A UEFI application that leaves a machine as bad ones are, for who is started after it. Words: no-rtc,
 * no-reset (the FADT says so, and has no S5 either), time=WHAT, reset=WHAT (the runtime service is replaced
 * by code of its own, in memory of runtime services). WHAT: good, flip, ports, keyboard, spin, mixed, fault,
 * privileged, gate.
 */
#include <efi.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

extern const uint8_t service_good[], service_flip[], service_ports[], service_keyboard[],
	service_spin[], service_mixed[], service_fault[], service_privileged[], service_gate[],
	services_start[], services_end[];

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *table);

enum {
	RSDP_XSDT = 24,
	SDT_LENGTH = 4,
	SDT_SUM = 9,
	SDT_HEADER = 36,
	FADT_BOOT_ARCH = 109,
	FADT_FLAGS = 112,
	FADT_SIGNATURE = 0x50434146, /* "FACP" */
};

static EFI_GUID loaded_image_guid = LOADED_IMAGE_PROTOCOL;
static EFI_GUID acpi20_guid = ACPI_20_TABLE_GUID;

static uint64_t read(const uint8_t *from, unsigned size)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < size; i++)
		value |= (uint64_t)from[i] << 8 * i;
	return value;
}

static bool is_guid(const EFI_GUID *a, const EFI_GUID *b)
{
	const uint8_t *left = (const uint8_t *)a, *right = (const uint8_t *)b;

	for (unsigned i = 0; i < sizeof(*a); i++)
		if (left[i] != right[i])
			return false;
	return true;
}

/* Whether the load options have the word, a prefix and a rest. */
static bool has_word(const EFI_LOADED_IMAGE *loaded, const char *prefix, const char *rest)
{
	const CHAR16 *text = loaded->LoadOptions;
	UINTN length = loaded->LoadOptionsSize / sizeof(CHAR16);

	for (UINTN start = 0; start < length; start++) {
		UINTN at = start;
		const char *c = prefix;

		while (*c && at < length && text[at] == (CHAR16)*c)
			c++, at++;
		if (*c)
			continue;
		for (c = rest; *c && at < length && text[at] == (CHAR16)*c; c++)
			at++;
		if (!*c)
			return true;
	}
	return false;
}

static uint8_t *find_fadt(const EFI_SYSTEM_TABLE *table)
{
	for (UINTN i = 0; i < table->NumberOfTableEntries; i++) {
		const EFI_CONFIGURATION_TABLE *entry = &table->ConfigurationTable[i];
		const uint8_t *xsdt;

		if (!is_guid(&entry->VendorGuid, &acpi20_guid))
			continue;
		xsdt = (const uint8_t *)read((const uint8_t *)entry->VendorTable + RSDP_XSDT, 8);
		for (uint64_t at = SDT_HEADER; at < read(xsdt + SDT_LENGTH, 4); at += 8) {
			uint8_t *sdt = (uint8_t *)read(xsdt + at, 8);

			if (read(sdt, 4) == FADT_SIGNATURE)
				return sdt;
		}
	}
	return NULL;
}

static void change_fadt(uint8_t *fadt, bool no_rtc, bool no_reset)
{
	uint8_t sum = 0;

	if (no_rtc)
		fadt[FADT_BOOT_ARCH] |= 1 << 5;
	if (no_reset) {
		fadt[FADT_FLAGS + 1] &= (uint8_t) ~(1 << 2); /* RESET_REG_SUP */
		fadt[FADT_FLAGS + 2] |= 1 << 4;		     /* HW_REDUCED_ACPI */
	}
	fadt[SDT_SUM] = 0;
	for (uint64_t i = 0; i < read(fadt + SDT_LENGTH, 4); i++)
		sum = (uint8_t)(sum + fadt[i]);
	fadt[SDT_SUM] = (uint8_t)-sum;
}

/* Where the service named by the word's rest stands in the copy, or old. */
static void *choose(const EFI_LOADED_IMAGE *loaded, const char *prefix, uint8_t *copy, void *old)
{
	static const struct {
		const char *name;
		const uint8_t *code;
	} services[] = {
		{"good", service_good},	  {"flip", service_flip},
		{"ports", service_ports}, {"keyboard", service_keyboard},
		{"spin", service_spin},	  {"mixed", service_mixed},
		{"fault", service_fault}, {"privileged", service_privileged},
		{"gate", service_gate},
	};

	for (unsigned i = 0; i < sizeof(services) / sizeof(services[0]); i++)
		if (has_word(loaded, prefix, services[i].name))
			return copy + (services[i].code - services_start);
	return old;
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *table)
{
	EFI_BOOT_SERVICES *boot = table->BootServices;
	EFI_RUNTIME_SERVICES *services = table->RuntimeServices;
	EFI_PHYSICAL_ADDRESS pages;
	const EFI_LOADED_IMAGE *loaded;
	UINT32 crc = 0;
	uint8_t *fadt, *copy;
	void *found;

	if (boot->HandleProtocol(image, &loaded_image_guid, &found) != EFI_SUCCESS)
		return EFI_LOAD_ERROR;
	loaded = found;
	/* The second page is for flip. */
	if (boot->AllocatePages(AllocateAnyPages, EfiRuntimeServicesCode, 2, &pages) != EFI_SUCCESS)
		return EFI_OUT_OF_RESOURCES;
	copy = (uint8_t *)pages;
	for (long i = 0; i < services_end - services_start; i++)
		copy[i] = services_start[i];
	*(void **)&services->GetTime = choose(loaded, "time=", copy, (void *)services->GetTime);
	*(void **)&services->ResetSystem = choose(loaded, "reset=", copy,
						  (void *)services->ResetSystem);
	services->Hdr.CRC32 = 0;
	if (boot->CalculateCrc32(services, services->Hdr.HeaderSize, &crc) != EFI_SUCCESS)
		return EFI_LOAD_ERROR;
	services->Hdr.CRC32 = crc;
	fadt = find_fadt(table);
	if (!fadt)
		return EFI_NOT_FOUND;
	change_fadt(fadt, has_word(loaded, "no-rtc", ""), has_word(loaded, "no-reset", ""));
	return EFI_SUCCESS;
}
