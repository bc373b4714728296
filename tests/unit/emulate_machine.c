/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest for the emulator's tests, and its one device. */
#include "tests/unit/emulate_machine.h"

#include <stdlib.h>
#include <string.h>

#include "vmm/cpu_bits.h"

enum { TABLES = 0x1000, P = 1, RW = 2, US = 4, A = 32, D = 64 };

static bool device_at(struct machine *machine, gpa_t gpa, unsigned size)
{
	machine->last_gpa = gpa;
	machine->last_size = size;
	return !machine->refuse && gpa >= MACHINE_DEVICE &&
	       gpa + size <= MACHINE_DEVICE + sizeof(machine->device);
}

static bool mmio_read(void *context, gpa_t gpa, unsigned size, uint64_t *value)
{
	struct machine *machine = context;

	if (!device_at(machine, gpa, size))
		return false;
	machine->reads++;
	memcpy(value, machine->device + (gpa - MACHINE_DEVICE), size);
	return true;
}

static bool mmio_write(void *context, gpa_t gpa, unsigned size, uint64_t value)
{
	struct machine *machine = context;

	if (!device_at(machine, gpa, size))
		return false;
	machine->writes++;
	memcpy(machine->device + (gpa - MACHINE_DEVICE), &value, size);
	return true;
}

static bool port_in(void *context, uint16_t port, unsigned size, void *data, size_t count)
{
	struct machine *machine = context;

	(void)port;
	machine->port_calls++;
	memcpy(data, machine->port_data + machine->port_count, size * count);
	machine->port_count += size * count;
	return !machine->refuse;
}

static bool port_out(void *context, uint16_t port, unsigned size, const void *data, size_t count)
{
	struct machine *machine = context;

	(void)port;
	machine->port_calls++;
	memcpy(machine->port_data + machine->port_count, data, size * count);
	machine->port_count += size * count;
	return !machine->refuse;
}

static uint64_t *entry_at(struct machine *machine, gpa_t table, gva_t linear, unsigned shift)
{
	return (uint64_t *)(void *)(machine->ram + table) + (linear >> shift & 511);
}

static void map(struct machine *machine, gva_t linear, gpa_t gpa)
{
	*entry_at(machine, TABLES, linear, 39) = (TABLES + 0x1000) | P | RW | US;
	*entry_at(machine, TABLES + 0x1000, linear, 30) = (TABLES + 0x2000) | P | RW | US;
	*entry_at(machine, TABLES + 0x2000, linear,
		  21) = (TABLES + 0x3000 + (linear >> 21 & 1) * 0x1000) | P | RW | US;
	*entry_at(machine, TABLES + 0x3000 + (linear >> 21 & 1) * 0x1000, linear, 12) = gpa | P |
											RW | US;
}

uint64_t *machine_entry(struct machine *machine, unsigned page)
{
	return entry_at(machine, TABLES + 0x3000, MACHINE_DATA + page * 4096, 12);
}

static gpa_t page_gpa(unsigned page)
{
	return (page & 1 ? (gpa_t)MACHINE_DEVICE : MACHINE_RAM_DATA) + page * 4096;
}

uint8_t *machine_data(struct machine *machine, unsigned offset)
{
	if (offset / 4096 & 1)
		return machine->device + offset;
	return machine->ram + MACHINE_RAM_DATA + offset;
}

void machine_put(struct machine *machine, unsigned offset, const void *from, size_t count)
{
	for (size_t i = 0; i < count; i++)
		*machine_data(machine, offset + (unsigned)i) = ((const uint8_t *)from)[i];
}

void machine_get(struct machine *machine, unsigned offset, void *to, size_t count)
{
	for (size_t i = 0; i < count; i++)
		((uint8_t *)to)[i] = *machine_data(machine, offset + (unsigned)i);
}

void machine_reset_frame(struct machine *machine)
{
	struct frame *frame = &machine->frame;

	memset(frame, 0, sizeof(*frame));
	frame->reason = EXIT_MMIO;
	frame->groups = GROUP_GPR | GROUP_IP | GROUP_CONTROL | GROUP_SEGMENT;
	frame->rip = MACHINE_CODE;
	frame->rflags = RFLAGS_ONE;
	frame->control.cr0 = CR0_PE | CR0_PG | CR0_WP | CR0_AM;
	frame->control.cr3 = TABLES;
	frame->control.cr4 = CR4_PAE | CR4_OSFXSR | CR4_OSXSAVE;
	frame->control.efer = EFER_LMA | EFER_NXE | 1 << 8;
	for (unsigned i = 0; i < SEG_COUNT; i++)
		frame->seg[i] = (struct seg){
			.attributes = 3 | SEG_ATTR_S | SEG_ATTR_P | SEG_ATTR_DB | SEG_ATTR_G,
			.limit = 0xffffffff,
		};
	frame->seg[SEG_CS].attributes = 0xb | SEG_ATTR_S | SEG_ATTR_P | SEG_ATTR_L | SEG_ATTR_G;
}

void machine_set_mode(struct machine *machine, enum insn_mode mode, bool protected_mode)
{
	struct frame *frame = &machine->frame;
	unsigned size = mode == INSN_MODE_32 ? SEG_ATTR_DB : 0;

	frame->control.efer &= ~(uint64_t)EFER_LMA;
	frame->control.cr0 &= ~(uint64_t)CR0_PG;
	if (!protected_mode)
		frame->control.cr0 &= ~(uint64_t)CR0_PE;
	for (unsigned i = 0; i <= SEG_GS; i++) {
		frame->seg[i].attributes = (uint16_t)((i == SEG_CS ? 0xb : 3) | SEG_ATTR_S |
						      SEG_ATTR_P | size);
		frame->seg[i].limit = mode == INSN_MODE_32 ? 0xffffffff : 0xffff;
	}
	frame->rip = mode == INSN_MODE_32 ? MACHINE_RAM_CODE : 0;
	frame->seg[SEG_CS].base = mode == INSN_MODE_32 ? 0 : MACHINE_RAM_CODE;
}

void machine_set_code(struct machine *machine, const void *bytes, size_t count)
{
	memcpy(machine->ram + MACHINE_RAM_CODE, bytes, count);
}

void machine_init(struct machine *machine)
{
	static const struct emulate_ops ops = {mmio_read, mmio_write, port_in, port_out};
	static const struct guest_cpu cpu = {.maxphyaddr = 40, .gib_pages = true};
	static const struct guest_range range = {0, MACHINE_RAM};

	memset(machine, 0, sizeof(*machine));
	machine->ram = calloc(1, MACHINE_RAM);
	if (!guest_mem_init(machine->ram, &range, 1))
		abort();
	map(machine, MACHINE_CODE, MACHINE_RAM_CODE);
	map(machine, MACHINE_CODE + 4096, MACHINE_RAM_CODE + 4096);
	for (unsigned i = 0; i < MACHINE_PAGES; i++)
		map(machine, MACHINE_DATA + i * 4096, page_gpa(i));
	machine->e = (struct emulate){
		.frame = &machine->frame, .ops = &ops, .context = machine, .cpu = &cpu};
	machine_reset_frame(machine);
}

void machine_free(struct machine *machine)
{
	free(machine->ram);
}

enum emulate_result machine_step(struct machine *machine)
{
	enum emulate_result result = emulate_fetch(&machine->e);

	if (result == EMULATE_DONE)
		result = emulate_one(&machine->e);
	if (result == EMULATE_DONE)
		machine->frame.rip += machine->e.skip;
	return result;
}
