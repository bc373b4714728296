/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The audit: every address space that a CPU can load, and every nested table, leaf by leaf, against the
 * owners of the frames. Guest frames in their own VMM only, kernel frames in no ring-3 space but as the
 * programs' text, W^X in the kernel's half.
 */
#include "arch/x86_64/kernel_space.h"
#include "arch/x86_64/virt.h"
#include "kernel/console.h"
#include "kernel/debug.h"
#include "kernel/machine.h"
#include "kernel/partition.h"
#include "lib/format.h"

struct audit {
	const char *space; /* what is being walked, for the report */
	uint32_t slot;	   /* whose it is; MAX_PARTITIONS: the console's or the kernel's */
	bool nested;
	uint64_t leaves;
	uint64_t guest_pages; /* guest memory seen in this space */
	uint64_t violations;
	char first[160]; /* the first violation */
	uint64_t spaces;
};

static void violation(struct audit *audit, const char *rule, const struct page_mapping *m)
{
	if (audit->violations++)
		return;
	format(audit->first, sizeof(audit->first), "%s slot %u: va 0x%lx -> pa 0x%lx size 0x%lx: %s",
	       audit->space, audit->slot, m->va, m->pa, m->size, rule);
}

static bool owned(const struct page_mapping *m, enum extent_owner owner, uint32_t slot, bool pool)
{
	const struct extent_tag tag = {.owner = owner, .slot = slot, .is_pool = pool};

	return extent_owned(&machine.extents, m->pa, m->size, tag);
}

/* A leaf of a VMM's lower half. */
static bool visit_vmm(void *context, const struct page_mapping *m)
{
	struct audit *audit = context;
	bool writable = m->prot & PAGE_WRITE;

	audit->leaves++;
	if (m->prot & PAGE_WRITE && m->prot & PAGE_EXEC)
		violation(audit, "writable and executable", m);
	if (owned(m, OWNER_PARTITION, audit->slot, false))
		audit->guest_pages += m->size / PAGE_SIZE;
	else if (owned(m, OWNER_PARTITION, audit->slot, true) || owned(m, OWNER_CONSOLE, 0, false))
		return true;
	else if (owned(m, OWNER_IMAGE, 0, false) || owned(m, OWNER_KERNEL, 0, false)) {
		if (writable)
			violation(audit, "an image or the program's text is writable", m);
	} else {
		violation(audit, "a frame of another owner", m);
	}
	return true;
}

static bool visit_nested(void *context, const struct page_mapping *m)
{
	struct audit *audit = context;

	audit->leaves++;
	audit->guest_pages += m->size / PAGE_SIZE;
	if (!owned(m, OWNER_PARTITION, audit->slot, false))
		violation(audit, "a frame that is not this guest's memory", m);
	return true;
}

static bool visit_console(void *context, const struct page_mapping *m)
{
	struct audit *audit = context;

	audit->leaves++;
	if (m->prot & PAGE_WRITE && m->prot & PAGE_EXEC)
		violation(audit, "writable and executable", m);
	if (owned(m, OWNER_CONSOLE, 0, false) || owned(m, OWNER_IMAGE, 0, false) ||
	    owned(m, OWNER_KERNEL, 0, false))
		return true;
	violation(audit, "a frame that is not the console's", m);
	return true;
}

/* A pool stands where its slot says, so one question to the extents is enough. */
static bool is_pool(const struct page_mapping *m)
{
	uint64_t slot = (m->va - KERNEL_POOL_BASE) / KERNEL_POOL_STRIDE;

	return slot < MAX_PARTITIONS && owned(m, OWNER_PARTITION, (uint32_t)slot, true);
}
static bool visit_kernel(void *context, const struct page_mapping *m)
{
	struct audit *audit = context;
	bool ram;

	audit->leaves++;
	if (m->prot & PAGE_WRITE && m->prot & PAGE_EXEC)
		violation(audit, "writable and executable", m);
	if (m->prot & PAGE_USER)
		violation(audit, "user-accessible in the kernel's half", m);
	if (is_pool(m) || owned(m, OWNER_KERNEL, 0, false))
		return true;
	/* Another CPU scrubs just now, through its window: what it may scrub, extents say. */
	if (m->va - KERNEL_WINDOW_BASE < MAX_CPUS * KERNEL_WINDOW_SIZE)
		return true;
	/* What is left has to be no RAM that anybody may own: device registers, firmware tables. */
	ram = false;
	for (uint32_t i = 0; i < machine.extents.count; i++) {
		const struct extent *e = &machine.extents.extents[i];

		if (e->owner != OWNER_FIRMWARE && m->pa < (e->start + e->pages) * PAGE_SIZE &&
		    e->start * PAGE_SIZE < m->pa + m->size)
			ram = true;
	}
	if (ram)
		violation(audit, "RAM that is not the kernel's", m);
	return true;
}

static void walk(struct audit *audit, const char *name, uint32_t slot,
		 const struct page_space *space, page_visit_fn *visit)
{
	audit->space = name;
	audit->slot = slot;
	audit->spaces++;
	page_visit(space, space->first, space->last, visit, audit);
}

/* The upper half of every root has to be the kernel's own, entry by entry. */
static void check_root(struct audit *audit, const char *name, uint32_t slot,
		       const struct page_space *space)
{
	for (unsigned i = 256; i < 512; i++)
		if (space->root[i] != kernel_space.root[i] && !audit->violations++)
			format(audit->first, sizeof(audit->first),
			       "%s slot %u: root entry %u differs from the kernel's", name, slot, i);
}

static void audit_partition(struct audit *audit, const struct partition *part)
{
	uint64_t in_vmm, in_nested, configured = 0;

	audit->guest_pages = 0;
	walk(audit, "vmm", part->slot, &part->space, visit_vmm);
	check_root(audit, "vmm", part->slot, &part->space);
	in_vmm = audit->guest_pages;
	audit->guest_pages = 0;
	walk(audit, "nested", part->slot, &part->nested, visit_nested);
	in_nested = audit->guest_pages;
	for (uint32_t i = 0; i < part->desc.range_count; i++)
		configured += part->desc.ranges[i].size / PAGE_SIZE;
	if ((in_vmm != configured || in_nested != configured) && !audit->violations++)
		format(audit->first, sizeof(audit->first),
		       "slot %u: %lu pages configured, %lu in its VMM, %lu in its nested tables",
		       part->slot, configured, in_vmm, in_nested);
}

/* Every port, and every MSR that the maps cover: closed but for the backend's list. */
static unsigned count_open_ports(void)
{
	unsigned open = 0;

	for (uint32_t port = 0; machine.virt && port <= 0xffff; port++)
		open += machine.virt->port_open((uint16_t)port);
	return open;
}

size_t audit(char *text, size_t size)
{
	struct audit audit = {0};
	uint64_t partition_count = 0;
	unsigned ports = count_open_ports();

	spin_lock(&machine.memory_lock);
	walk(&audit, "kernel", MAX_PARTITIONS, &kernel_space, visit_kernel);
	walk(&audit, "console", MAX_PARTITIONS, console_space(), visit_console);
	check_root(&audit, "console", MAX_PARTITIONS, console_space());
	for (unsigned slot = 0; slot < MAX_PARTITIONS; slot++)
		if (partitions[slot]) {
			audit_partition(&audit, partitions[slot]);
			partition_count++;
		}
	spin_unlock(&machine.memory_lock);
	if (ports && !audit.violations++)
		format(audit.first, sizeof(audit.first), "%u ports are open to guests", ports);
	return format(text, size,
		      "audit: %lu partitions, %lu spaces, %lu mappings, %lu violations\n%s%s",
		      partition_count, audit.spaces, audit.leaves, audit.violations,
		      audit.violations ? audit.first : "", audit.violations ? "\n" : "");
}
