/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The audit: every address space that a CPU can load, and every nested table, leaf by leaf, against the
 * owners of the frames. Guest frames in their own VMM only, kernel frames in no ring-3 space but as the
 * programs' text, W^X in the kernel's half.
 *
 * A step looks at so many leaves, or ports, and the next goes on there: thousands of leaves under
 * the memory's lock would be milliseconds in which nothing else runs on CPU 0.
 */
#include "arch/x86_64/kernel_space.h"
#include "arch/x86_64/virt.h"
#include "kernel/console.h"
#include "kernel/debug.h"
#include "kernel/display.h"
#include "kernel/machine.h"
#include "kernel/partition.h"
#include "lib/format.h"

/* A leaf costs up to five questions to the extents, a port one to the backend's map. */
enum { STEP_LEAVES = 32, STEP_PORTS = 512, PORTS = 0x10000 };

/*
 * The spaces by number: the kernel's, the console's, then two of each slot. Those of a partition
 * that ends meanwhile are left out; one that comes meanwhile may be, too.
 */
enum {
	SPACE_KERNEL,
	SPACE_CONSOLE,
	SPACE_FIRST_SLOT,
	SPACES = SPACE_FIRST_SLOT + 2 * MAX_PARTITIONS
};

static struct audit {
	unsigned port;	      /* the next one to be looked at */
	unsigned number;      /* of the space */
	uint64_t va;	      /* where in it the next step begins */
	uint64_t serial;      /* of the partition it belongs to */
	unsigned left;	      /* leaves that this step may still look at */
	const char *space;    /* what is being walked, for the report */
	uint32_t slot;	      /* whose it is; MAX_PARTITIONS: the console's or the kernel's */
	uint64_t guest_pages; /* guest memory seen in this space */
	uint64_t open_ports;
	struct audit_report report;
} state; /* CPU 0, one call at a time */

static void violation(struct audit *audit, const char *rule, const struct page_mapping *m)
{
	if (audit->report.violations++)
		return;
	format(audit->report.first, AUDIT_VIOLATION,
	       "%s slot %u: va 0x%lx -> pa 0x%lx size 0x%lx: %s", audit->space, audit->slot, m->va,
	       m->pa, m->size, rule);
}

static bool owned(const struct page_mapping *m, enum extent_owner owner, uint32_t slot, bool pool)
{
	const struct extent_tag tag = {.owner = owner, .slot = slot, .is_pool = pool};

	return extent_owned(&machine.extents, m->pa, m->size, tag);
}

/* A leaf of a VMM's lower half. */
static void check_vmm(struct audit *audit, const struct page_mapping *m)
{
	bool writable = m->prot & PAGE_WRITE;

	if (m->prot & PAGE_WRITE && m->prot & PAGE_EXEC)
		violation(audit, "writable and executable", m);
	if (owned(m, OWNER_PARTITION, audit->slot, false))
		audit->guest_pages += m->size / PAGE_SIZE;
	else if (owned(m, OWNER_PARTITION, audit->slot, true) || owned(m, OWNER_CONSOLE, 0, false))
		return;
	else if (owned(m, OWNER_IMAGE, 0, false) || owned(m, OWNER_KERNEL, 0, false)) {
		if (writable)
			violation(audit, "an image or the program's text is writable", m);
	} else {
		violation(audit, "a frame of another owner", m);
	}
}

static void check_nested(struct audit *audit, const struct page_mapping *m)
{
	audit->guest_pages += m->size / PAGE_SIZE;
	if (!owned(m, OWNER_PARTITION, audit->slot, false))
		violation(audit, "a frame that is not this guest's memory", m);
}

static void check_console(struct audit *audit, const struct page_mapping *m)
{
	if (m->prot & PAGE_WRITE && m->prot & PAGE_EXEC)
		violation(audit, "writable and executable", m);
	if (owned(m, OWNER_CONSOLE, 0, false) || owned(m, OWNER_IMAGE, 0, false) ||
	    owned(m, OWNER_KERNEL, 0, false))
		return;
	if (display_is_given(m->pa, m->size))
		return;
	violation(audit, "a frame that is not the console's", m);
}

/* A pool stands where its slot says, so one question to the extents is enough. */
static bool is_pool(const struct page_mapping *m)
{
	uint64_t slot = (m->va - KERNEL_POOL_BASE) / KERNEL_POOL_STRIDE;

	return slot < MAX_PARTITIONS && owned(m, OWNER_PARTITION, (uint32_t)slot, true);
}

static void check_kernel(struct audit *audit, const struct page_mapping *m)
{
	if (m->prot & PAGE_WRITE && m->prot & PAGE_EXEC)
		violation(audit, "writable and executable", m);
	if (m->prot & PAGE_USER)
		violation(audit, "user-accessible in the kernel's half", m);
	if (is_pool(m) || owned(m, OWNER_KERNEL, 0, false))
		return;
	/* Another CPU scrubs just now, through its window: what it may scrub, extents say. */
	if (m->va - KERNEL_WINDOW_BASE < MAX_CPUS * KERNEL_WINDOW_SIZE)
		return;
	/* What is left has to be no RAM that anybody may own: device registers, firmware tables. */
	if (extent_has_ram(&machine.extents, m->pa, m->size))
		violation(audit, "RAM that is not the kernel's", m);
}

typedef void check_fn(struct audit *audit, const struct page_mapping *m);

/* FNV-1a, by words of 64 bits: the same tables, the same digest. */
static uint64_t fold(uint64_t digest, uint64_t word)
{
	return (digest ^ word) * 0x100000001b3ULL;
}

static void add_to_digest(struct audit *audit, const struct page_mapping *m)
{
	const uint64_t words[] = {audit->number, m->va, m->pa, m->size, m->prot};

	if (m->va - KERNEL_WINDOW_BASE < MAX_CPUS * KERNEL_WINDOW_SIZE)
		return;
	for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
		audit->report.digest = fold(audit->report.digest, words[i]);
}

/* page_visit_fn of one kind of space, which ends its step in time. */
static bool step_on(struct audit *audit, const struct page_mapping *m, check_fn *check)
{
	audit->report.mappings++;
	add_to_digest(audit, m);
	check(audit, m);
	audit->va = m->va + m->size;
	return --audit->left;
}

static bool visit_kernel(void *context, const struct page_mapping *m)
{
	return step_on(context, m, check_kernel);
}

static bool visit_console(void *context, const struct page_mapping *m)
{
	return step_on(context, m, check_console);
}

static bool visit_vmm(void *context, const struct page_mapping *m)
{
	return step_on(context, m, check_vmm);
}

static bool visit_nested(void *context, const struct page_mapping *m)
{
	return step_on(context, m, check_nested);
}

struct space {
	const char *name;
	const struct page_space *space;
	const struct partition *part; /* NULL: the kernel's or the console's */
	page_visit_fn *visit;
	bool has_upper_half;
};

/* False: there is none of this number. */
static bool find_space(unsigned number, struct space *found)
{
	const struct partition *part;

	if (number == SPACE_KERNEL) {
		*found = (struct space){"kernel", &kernel_space, NULL, visit_kernel, false};
		return true;
	}
	if (number == SPACE_CONSOLE) {
		*found = (struct space){"console", console_space(), NULL, visit_console, true};
		return true;
	}
	part = partitions[(number - SPACE_FIRST_SLOT) / 2];
	if (!part)
		return false;
	if (number % 2 == SPACE_FIRST_SLOT % 2)
		*found = (struct space){"vmm", &part->space, part, visit_vmm, true};
	else
		*found = (struct space){"nested", &part->nested, part, visit_nested, false};
	return true;
}

/* The upper half of every root has to be the kernel's own, entry by entry. */
static void check_root(struct audit *audit, const struct space *s)
{
	for (unsigned i = 256; i < 512; i++)
		if (s->space->root[i] != kernel_space.root[i] && !audit->report.violations++)
			format(audit->report.first, AUDIT_VIOLATION,
			       "%s slot %u: root entry %u differs from the kernel's", s->name,
			       audit->slot, i);
}

static void begin_space(struct audit *audit, const struct space *s)
{
	audit->space = s->name;
	audit->slot = s->part ? s->part->slot : MAX_PARTITIONS;
	audit->serial = s->part ? s->part->serial : 0;
	audit->guest_pages = 0;
	audit->report.spaces++;
	audit->report.partitions += s->part && s->has_upper_half;
	if (s->has_upper_half)
		check_root(audit, s);
}

/* A guest's memory is all in both its spaces. */
static void end_space(struct audit *audit, const struct space *s)
{
	uint64_t configured = 0;

	if (!s->part)
		return;
	for (uint32_t i = 0; i < s->part->desc.range_count; i++)
		configured += s->part->desc.ranges[i].size / PAGE_SIZE;
	if (audit->guest_pages != configured && !audit->report.violations++)
		format(audit->report.first, AUDIT_VIOLATION,
		       "slot %u: %lu pages configured, %lu in its %s", s->part->slot, configured,
		       audit->guest_pages, s->name);
}

static void next_space(struct audit *audit)
{
	audit->number++;
	audit->va = 0;
}

/* Some leaves of the space that is at turn. */
static void step_space(struct audit *audit)
{
	struct space s;

	if (!find_space(audit->number, &s)) {
		next_space(audit);
		return;
	}
	/* The slot has another partition than when this space was begun: from its begin. */
	if (!audit->va || (s.part && s.part->serial != audit->serial)) {
		audit->va = s.space->first;
		begin_space(audit, &s);
	}
	audit->left = STEP_LEAVES;
	if (!page_visit(s.space, audit->va, s.space->last, s.visit, audit) && audit->va &&
	    audit->va - 1 < s.space->last)
		return;
	end_space(audit, &s);
	next_space(audit);
}

/* Every port, as the maps have it: closed but for the backend's list. */
static void step_ports(struct audit *audit)
{
	unsigned end = MIN(audit->port + STEP_PORTS, (unsigned)PORTS);

	for (; audit->port < end; audit->port++)
		audit->open_ports += machine.virt && machine.virt->port_open((uint16_t)audit->port);
}

static void check_ports(struct audit *audit)
{
	if (audit->open_ports && !audit->report.violations++)
		format(audit->report.first, AUDIT_VIOLATION, "%lu ports are open to guests",
		       audit->open_ports);
}

int audit(bool begin, struct audit_report *report)
{
	if (begin)
		state = (struct audit){.report.digest = 0xcbf29ce484222325ULL};
	if (state.port < PORTS) {
		step_ports(&state);
		return ERR_AGAIN;
	}
	spin_lock(&machine.memory_lock);
	step_space(&state);
	spin_unlock(&machine.memory_lock);
	if (state.number < SPACES)
		return ERR_AGAIN;
	check_ports(&state);
	*report = state.report;
	return ERR_NONE;
}
