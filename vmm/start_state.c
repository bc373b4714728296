/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes the register states in which vCPUs start, and the tables in memory that go with them. */
#include "vmm/start_state.h"

#include "lib/string.h"
#include "vmm/cpu_bits.h"
#include "vmm/dev/wiring.h"
#include "vmm/guest_layout.h"
#include "vmm/guest_mem.h"
#include "vmm/loader_plan.h"

/* Access rights: SDM 3A 3.4.5 "Segment Descriptors" and 7.2.3 "TSS Descriptor in 64-bit mode". */
enum {
	DATA = SEG_ATTR_P | SEG_ATTR_S | 3,  /* read, write, accessed */
	CODE = SEG_ATTR_P | SEG_ATTR_S | 11, /* execute, read, accessed */
	LDT = SEG_ATTR_P | 2,
	BUSY_TSS = SEG_ATTR_P | 11,
	FLAT = SEG_ATTR_G | SEG_ATTR_DB,
	FLAT_LONG = SEG_ATTR_G | SEG_ATTR_L,
};

/* The Linux boot protocol's selectors, which suit the others too. */
enum { SELECTOR_CS = 0x10, SELECTOR_DS = 0x18, GDT_ENTRIES = 4 };

enum { CR0_ET = 1 << 4, EFER_LME = 1 << 8 };

#define CR0_CD 0x40000000u
#define CR0_NW 0x20000000u

enum { PTE_PRESENT = 1 << 0, PTE_WRITE = 1 << 1, PTE_LARGE = 1 << 7, PTES = 512, DIRECTORIES = 4 };

/* IBM PC AT Technical Reference, "Equipment" of the BIOS data area */
enum { EQUIPMENT_FPU = 1 << 1, EQUIPMENT_COM_SHIFT = 9 };

#define DR6_INIT 0xffff0ff0u
#define DR7_INIT 0x400u
#define PAT_INIT 0x0007040600070406ULL

static uint64_t descriptor(uint16_t attributes)
{
	/* Base 0, limit FFFFFh: SDM 3A figure 3-8 "Segment Descriptor" */
	return 0x000f00000000ffffULL | (uint64_t)(attributes & 0xff) << 40 |
	       (uint64_t)(attributes >> 8 & 0xf) << 52;
}

static void put_gdt(uint16_t code)
{
	const uint64_t gdt[GDT_ENTRIES] = {0, 0, descriptor(code), descriptor(DATA | FLAT)};

	load_put(GUEST_GDT, gdt, sizeof(gdt));
}

/* The first 4 GiB, by 2 MiB pages: PML4, PDPT, page directories. */
static void put_page_tables(void)
{
	uint64_t *table = guest_ptr(GUEST_PAGE_TABLE, (2 + DIRECTORIES) * PAGE_SIZE);
	const uint64_t flags = PTE_PRESENT | PTE_WRITE;

	memset(table, 0, 2 * PAGE_SIZE);
	table[0] = (GUEST_PAGE_TABLE + PAGE_SIZE) | flags;
	for (uint64_t i = 0; i < DIRECTORIES; i++)
		table[PTES + i] = (GUEST_PAGE_TABLE + (2 + i) * PAGE_SIZE) | flags;
	for (uint64_t i = 0; i < DIRECTORIES * PTES; i++)
		table[2 * PTES + i] = i * MIB(2) | flags | PTE_LARGE;
}

/*
 * A PC's BIOS data area says where conventional memory ends, and which serial ports there are. The extended
 * one begins with its own size in KiB: of 0 GRUB looks for the RSDP nowhere.
 */
static void put_bios_data(void)
{
	const uint16_t segment = GUEST_EBDA >> 4, kib = GUEST_EBDA >> 10;
	const uint16_t com[] = {PORT_COM1, PORT_COM2};
	const uint16_t equipment = EQUIPMENT_FPU | ARRAY_SIZE(com) << EQUIPMENT_COM_SHIFT;
	const uint8_t ebda_kib = (GUEST_HOLE - GUEST_EBDA) >> 10;

	load_put(GUEST_BDA_COM, com, sizeof(com));
	load_put(GUEST_BDA_EQUIPMENT, &equipment, sizeof(equipment));
	load_put(GUEST_EBDA, &ebda_kib, sizeof(ebda_kib));
	load_put(GUEST_BDA_EBDA_SEGMENT, &segment, sizeof(segment));
	load_put(GUEST_BDA_BASE_KIB, &kib, sizeof(kib));
}

static void set_all_data(struct frame *frame, struct seg data)
{
	static const uint8_t segments[] = {SEG_ES, SEG_SS, SEG_DS, SEG_FS, SEG_GS};

	for (unsigned i = 0; i < ARRAY_SIZE(segments); i++)
		frame->seg[segments[i]] = data;
}

/* What the boot states and INIT have in common. */
static void set_common(struct frame *frame)
{
	memset(frame->gpr, 0, sizeof(frame->gpr));
	frame->rflags = RFLAGS_ONE;
	frame->shadow = 0;
	frame->control = (struct frame_control){0};
	frame->seg[SEG_LDTR] = (struct seg){.attributes = LDT, .limit = 0xffff};
	frame->seg[SEG_TR] = (struct seg){.attributes = BUSY_TSS, .limit = 0xffff};
	frame->idtr = (struct table_reg){.limit = 0xffff};
	frame->gdtr = (struct table_reg){.limit = 0xffff};
	if (!(frame->groups & GROUP_SYSTEM))
		frame->system = (struct frame_system){.pat = PAT_INIT};
	frame->system.dr6 = DR6_INIT;
	frame->system.dr7 = DR7_INIT;
}

static void set_flat(struct frame *frame, const struct boot_entry *entry)
{
	bool long_mode = entry->mode == ENTRY_LONG;
	uint16_t code = (uint16_t)(CODE | (long_mode ? FLAT_LONG : FLAT));

	put_gdt(code);
	set_all_data(frame, (struct seg){SELECTOR_DS, DATA | FLAT, UINT32_MAX, 0});
	frame->seg[SEG_CS] = (struct seg){SELECTOR_CS, code, UINT32_MAX, 0};
	frame->seg[SEG_TR].limit = 0x67;
	frame->gdtr = (struct table_reg){.base = GUEST_GDT, .limit = GDT_ENTRIES * 8 - 1};
	frame->idtr.limit = entry->idt_limit;
	frame->control.cr0 = CR0_PE | CR0_ET;
	if (!long_mode)
		return;
	put_page_tables();
	frame->control.cr0 |= CR0_NE | CR0_PG;
	frame->control.cr3 = GUEST_PAGE_TABLE;
	frame->control.cr4 = CR4_PAE;
	frame->control.efer = EFER_LME | EFER_LMA;
}

static void set_real(struct frame *frame)
{
	set_all_data(frame, (struct seg){0, DATA, 0xffff, 0});
	frame->seg[SEG_CS] = (struct seg){0, CODE, 0xffff, 0};
	frame->idtr.limit = REAL_IDT_LIMIT;
	frame->control.cr0 = CR0_ET;
}

void start_state_boot(struct frame *frame, const struct boot_entry *entry)
{
	frame->groups = 0; /* all of it is new */
	set_common(frame);
	frame->rip = entry->rip;
	frame->gpr[GPR_RAX] = entry->rax;
	frame->gpr[GPR_RBX] = entry->rbx;
	frame->gpr[GPR_RDX] = entry->rdx;
	frame->gpr[GPR_RSI] = entry->rsi;
	frame->gpr[GPR_RSP] = entry->rsp;
	put_bios_data();
	if (entry->mode == ENTRY_REAL)
		set_real(frame);
	else
		set_flat(frame, entry);
}

void start_state_init(struct frame *frame, uint32_t signature)
{
	uint64_t cache = CR0_CD | CR0_NW;

	if (frame->groups & GROUP_CONTROL)
		cache = frame->control.cr0 & (CR0_CD | CR0_NW);
	set_common(frame);
	frame->rip = 0xfff0;
	frame->gpr[GPR_RDX] = signature;
	frame->control.cr0 = cache | CR0_ET;
	set_all_data(frame, (struct seg){0, DATA, 0xffff, 0});
	frame->seg[SEG_CS] = (struct seg){0xf000, CODE, 0xffff, 0xffff0000};
}

void start_state_sipi(struct frame *frame, uint32_t signature, uint8_t vector)
{
	start_state_init(frame, signature);
	frame->rip = 0;
	frame->seg[SEG_CS] = (struct seg){(uint16_t)(vector << 8), CODE, 0xffff,
					  (uint64_t)vector << 12};
}
