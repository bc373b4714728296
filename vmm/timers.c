/* SPDX-License-Identifier: BSD-2-Clause */
/* Owns the list of armed device timers, sorted by time, and the deadline asked of the kernel. */
#include "vmm/timers.h"

#include "vmm/device.h"
#include "vmm/host.h"

/* All below is guarded by lock, the innermost of the VMM's. */
static spinlock_t lock;
static struct device_timer *head;
static size_t armed_count;
static uint64_t asked = UINT64_MAX; /* the deadline that the kernel has */

/* A call to the kernel costs more than all else here: only for a change. */
static void ask(void)
{
	uint64_t when = head != NULL ? head->when : UINT64_MAX;

	if (when == asked)
		return;
	asked = when;
	host_set_deadline(when);
}

static void unlink(struct device_timer *timer)
{
	struct device_timer **at = &head;

	if (!timer->armed)
		return;
	while (*at != timer)
		at = &(*at)->next;
	*at = timer->next;
	timer->armed = false;
	armed_count--;
}

void timer_arm(struct device_timer *timer, uint64_t when_ns)
{
	struct device_timer **at = &head;

	spin_lock(&lock);
	unlink(timer);
	while (*at != NULL && (*at)->when <= when_ns)
		at = &(*at)->next;
	timer->when = when_ns;
	timer->next = *at;
	timer->armed = true;
	*at = timer;
	armed_count++;
	ask();
	spin_unlock(&lock);
}

void timer_cancel(struct device_timer *timer)
{
	spin_lock(&lock);
	unlink(timer);
	ask();
	spin_unlock(&lock);
}

/* Takes the first timer off the queue if it is due. */
static struct device_timer *pop(uint64_t now)
{
	struct device_timer *timer;

	spin_lock(&lock);
	timer = head;
	if (timer != NULL && timer->when <= now)
		unlink(timer);
	else
		timer = NULL;
	spin_unlock(&lock);
	return timer;
}

void timers_expire(uint64_t now)
{
	struct device_timer *timer;
	size_t budget;

	spin_lock(&lock);
	budget = armed_count;
	spin_unlock(&lock);

	while (budget-- > 0 && (timer = pop(now)) != NULL)
		timer->owner->ops->expired(timer->owner, timer, now);

	spin_lock(&lock);
	/* The kernel's deadline is spent, or may be: an equal one has to be asked for again. */
	asked = UINT64_MAX;
	ask();
	spin_unlock(&lock);
}

void timers_init(void)
{
	head = NULL;
	armed_count = 0;
	asked = UINT64_MAX;
}
