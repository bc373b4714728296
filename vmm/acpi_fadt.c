/* SPDX-License-Identifier: BSD-2-Clause */
/* The FADT: where the fixed ACPI hardware is, and what this PC has. */
#include "vmm/acpi_tables.h"

#include "lib/string.h"
#include "vmm/dev/wiring.h"

/* ACPI 6.5 5.2.3.2 "Generic Address Structure" */
struct gas {
	uint8_t space, bits, offset, access;
	uint64_t address;
} __attribute__((packed));

enum { SPACE_IO = 1, ACCESS_BYTE = 1, ACCESS_WORD = 2, ACCESS_DWORD = 3 };

/* 5.2.9 "Fixed ACPI Description Table (FADT)", revision 5, after the header. */
struct fadt {
	uint32_t firmware_ctrl, dsdt;
	uint8_t reserved0, preferred_pm_profile;
	uint16_t sci_int;
	uint32_t smi_cmd;
	uint8_t acpi_enable, acpi_disable, s4bios_req, pstate_cnt;
	uint32_t pm1a_evt_blk, pm1b_evt_blk, pm1a_cnt_blk, pm1b_cnt_blk, pm2_cnt_blk, pm_tmr_blk;
	uint32_t gpe0_blk, gpe1_blk;
	uint8_t pm1_evt_len, pm1_cnt_len, pm2_cnt_len, pm_tmr_len, gpe0_len, gpe1_len, gpe1_base;
	uint8_t cst_cnt;
	uint16_t p_lvl2_lat, p_lvl3_lat, flush_size, flush_stride;
	uint8_t duty_offset, duty_width, day_alrm, mon_alrm, century;
	uint16_t iapc_boot_arch;
	uint8_t reserved1;
	uint32_t flags;
	struct gas reset_reg;
	uint8_t reset_value;
	uint16_t arm_boot_arch;
	uint8_t minor;
	uint64_t x_firmware_ctrl, x_dsdt;
	struct gas x_pm1a_evt, x_pm1b_evt, x_pm1a_cnt, x_pm1b_cnt, x_pm2_cnt, x_pm_tmr, x_gpe0,
		x_gpe1;
	struct gas sleep_control, sleep_status;
} __attribute__((packed));

static_assert(sizeof(struct fadt) + sizeof(struct acpi_header) == 268, "revision 5");
static_assert(offsetof(struct fadt, flags) + sizeof(struct acpi_header) == 112, "no hole");

/* Table 5-10 "Fixed ACPI Description Table Fixed Feature Flags" */
enum {
	FLAG_WBINVD = 1 << 0,
	FLAG_PROC_C1 = 1 << 2,
	FLAG_SLP_BUTTON = 1 << 5, /* not in the fixed registers; the power button (bit 4) is */
	FLAG_FIX_RTC = 1 << 6,	  /* nor is the RTC's wake status */
	FLAG_TMR_VAL_EXT = 1 << 8,
	FLAG_RESET_REG_SUP = 1 << 10,
	FLAG_HEADLESS = 1 << 12,
};

/* Table 5-11 "IA-PC Boot Architecture Flags". No bit for the 8042: nothing is connected to it. */
enum { BOOT_LEGACY_DEVICES = 1 << 0, BOOT_NO_VGA = 1 << 2 };

enum { PROFILE_ENTERPRISE_SERVER = 4, LATENCY_NONE = 0xfff };

static struct gas io(uint16_t port, uint8_t bits, uint8_t access)
{
	return (struct gas){.space = SPACE_IO, .bits = bits, .access = access, .address = port};
}

gpa_t acpi_put_fadt(struct acpi_writer *writer, gpa_t facs, gpa_t dsdt)
{
	const struct fadt fadt = {
		.firmware_ctrl = (uint32_t)facs,
		.dsdt = (uint32_t)dsdt,
		.x_dsdt = dsdt,
		.preferred_pm_profile = PROFILE_ENTERPRISE_SERVER,
		.sci_int = GSI_SCI,
		.smi_cmd = PORT_SMI_CMD,
		.acpi_enable = ACPI_ENABLE_VALUE,
		.acpi_disable = ACPI_DISABLE_VALUE,
		.pm1a_evt_blk = PORT_PM1_EVT,
		.pm1a_cnt_blk = PORT_PM1_CNT,
		.pm_tmr_blk = PORT_PM_TMR,
		.pm1_evt_len = 4,
		.pm1_cnt_len = 2,
		.pm_tmr_len = 4,
		.p_lvl2_lat = LATENCY_NONE,
		.p_lvl3_lat = LATENCY_NONE,
		.century = ACPI_CENTURY_INDEX,
		.iapc_boot_arch = BOOT_LEGACY_DEVICES | BOOT_NO_VGA,
		.flags = FLAG_WBINVD | FLAG_PROC_C1 | FLAG_SLP_BUTTON | FLAG_FIX_RTC |
			 FLAG_TMR_VAL_EXT | FLAG_RESET_REG_SUP | FLAG_HEADLESS,
		.reset_reg = io(PORT_RESET, 8, ACCESS_BYTE),
		.reset_value = ACPI_RESET_VALUE,
		.x_pm1a_evt = io(PORT_PM1_EVT, 32, ACCESS_WORD),
		.x_pm1a_cnt = io(PORT_PM1_CNT, 16, ACCESS_WORD),
		.x_pm_tmr = io(PORT_PM_TMR, 32, ACCESS_DWORD),
	};

	acpi_begin(writer, "FACP", 5);
	acpi_put(writer, &fadt, sizeof(fadt));
	return acpi_end(writer);
}
