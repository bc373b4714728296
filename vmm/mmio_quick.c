/* SPDX-License-Identifier: BSD-2-Clause */
/* Polling a device register, without the emulator. */
#include "vmm/mmio_quick.h"

#include "vmm/bus.h"
#include "vmm/device.h"
#include "vmm/insn_cache.h"
#include "vmm/lapic_page.h"
#include "vmm/walk_quick.h"

/* The cache's entry for the bytes that now stand at RIP, if they are a move of that direction; else NULL. */
static inline const struct insn_entry *find_move(const struct frame *frame, enum insn_move move)
{
	const struct insn_entry *entry = insn_cache_place(frame->vcpu, frame->rip);
	struct guest_word low, high;
	gpa_t gpa;

	if (entry->move != move || !(frame->seg[SEG_CS].attributes & SEG_ATTR_L) ||
	    (frame->rip & PAGE_MASK) > PAGE_SIZE - sizeof(entry->words) ||
	    !walk_quick_fetch(frame, frame->rip, &gpa))
		return NULL;
	low = guest_read_word(gpa);
	high = guest_read_word(gpa + sizeof(uint64_t));
	if (!low.ok || !high.ok || low.value != entry->words[0] || high.value != entry->words[1])
		return NULL;
	return entry;
}

static inline gva_t operand_address(const struct frame *frame, const struct insn *insn)
{
	gva_t linear = (gva_t)insn->displacement;

	if (insn->base < GPR_COUNT)
		linear += frame->gpr[insn->base];
	else if (insn->base == INSN_REG_RIP)
		linear += frame->rip + insn->length;
	if (insn->index != INSN_REG_NONE)
		linear += frame->gpr[insn->index] << insn->scale;
	return linear;
}

static inline bool is_address_of_exit(const struct frame_mmio *mmio, gva_t linear, unsigned size)
{
	return !((linear ^ mmio->gpa) & PAGE_MASK) && (linear & PAGE_MASK) + size <= PAGE_SIZE &&
	       (!mmio->gva_valid || mmio->gva == linear);
}

static inline uint64_t stored(const struct frame *frame, const struct insn_entry *entry)
{
	uint64_t value;

	if (entry->immediate)
		value = entry->insn.immediate;
	else
		value = frame->gpr[entry->gpr] >> (entry->high_byte ? 8 : 0);
	return value & ~0ULL >> (64 - 8 * entry->insn.operand_size);
}

static inline bool read_device(const struct frame *frame, unsigned size, uint64_t *value)
{
	struct device *dev;
	uint64_t offset;
	gpa_t gpa = frame->mmio.gpa;

	if (lapic_page_has(frame, gpa)) {
		*value = lapic_page_read(gpa, size);
		return true;
	}
	dev = bus_mmio_device(gpa, size, false, &offset);
	if (!dev)
		return false;
	*value = dev->ops->mmio_read(dev, offset, size);
	return true;
}

static inline bool write_device(const struct frame *frame, unsigned size, uint64_t value)
{
	struct device *dev;
	uint64_t offset;
	gpa_t gpa = frame->mmio.gpa;

	if (lapic_page_has(frame, gpa)) {
		lapic_page_write(gpa, size, value);
		return true;
	}
	dev = bus_mmio_device(gpa, size, true, &offset);
	if (!dev)
		return false;
	dev->ops->mmio_write(dev, offset, size, value);
	return true;
}

bool mmio_quick(const struct frame *frame, struct resume *answer)
{
	const struct frame_mmio *mmio = &frame->mmio;
	bool write = mmio->access & MMIO_WRITE;
	const struct insn_entry *entry = find_move(frame, write ? INSN_MOVE_STORE : INSN_MOVE_LOAD);
	unsigned size;

	if (!entry || mmio->access & (MMIO_FETCH | MMIO_WALK))
		return false;
	size = entry->insn.operand_size;
	if (!is_address_of_exit(mmio, operand_address(frame, &entry->insn), size))
		return false;
	*answer = (struct resume){.insn_len = entry->insn.length};
	if (write)
		return write_device(frame, size, stored(frame, entry));
	answer->groups = GROUP_REPLY;
	answer->size = (uint8_t)size;
	answer->high_byte = entry->high_byte;
	answer->gpr = entry->gpr;
	return read_device(frame, size, &answer->value);
}
