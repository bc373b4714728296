/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hostile VMM's dispatch: as vmm/main.c, but a partition whose command line says attack=NAME is
 * attacked from. Partitions without the word are served as always, by the same handlers.
 */
#include "vmm/main.h"

#include "lib/copy.h"
#include "lib/format.h"
#include "lib/string.h"
#include "tests/guests/hostile_vmm/attack.h"
#include "vmm/call.h"
#include "vmm/host_end.h"
#include "vmm/partition.h"
#include "vmm/upcall.h"

static const upcall_t handlers[EXIT_REASONS] = {
	[EXIT_EVENT] = upcall_event,
	[EXIT_IO] = upcall_io,
	[EXIT_IO_STRING] = upcall_io_string,
	[EXIT_MMIO] = upcall_mmio,
	[EXIT_LENGTH] = upcall_length,
	[EXIT_MSR] = upcall_msr,
	[EXIT_CR] = upcall_cr,
	[EXIT_INTA] = upcall_inta,
	[EXIT_TASK_SWITCH] = upcall_task_switch,
	[EXIT_TRIPLE_FAULT] = upcall_triple_fault,
};

static const struct attack *const tables[] = {attacks_insn, attacks_memory, attacks_call,
					      attacks_resume, attacks_time};

static const struct attack *attack; /* NULL: behave */
static uint64_t variant;

static noreturn void end(uint32_t code, const char *text, va_list args)
{
	char line[256];
	size_t length = format(line, sizeof(line), "%s", code ? "BROKE: " : "held: ");

	length += vformat(line + length, sizeof(line) - length, text, args);

	call_part_end(REASON_POWEROFF, code, line, length);
}

noreturn void attack_held(const char *text, ...)
{
	va_list args;

	va_start(args, text);
	end(0, text, args);
}

noreturn void attack_broke(const char *text, ...)
{
	va_list args;

	va_start(args, text);
	end(1, text, args);
}

int64_t attack_call(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	int64_t answer;

	asm volatile("int %1"
		     : "=a"(answer)
		     : "i"(CALL_VECTOR), "a"(number), "D"(a), "S"(b), "d"(c), "c"(d)
		     : "memory", "cc");
	return answer;
}

/* The text after `word` on the command line, up to a space, or false. */
static bool word_value(const char *word, char *to, size_t size)
{
	for (const char *at = partition->cmdline; *at; at++) {
		const char *end;

		if ((at != partition->cmdline && at[-1] != ' ') || !str_starts(at, word))
			continue;
		at += strlen(word);
		end = strchr(at, ' ');
		str_copy(to, MIN(size, end ? (size_t)(end - at) + 1 : size), at);
		return true;
	}
	return false;
}

static const struct attack *find_attack(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(tables); i++)
		for (const struct attack *a = tables[i]; a->name; a++)
			if (!strcmp(a->name, name))
				return a;
	attack_broke("attack=%s is unknown", name);
}

static void choose(void)
{
	char text[40];

	if (!word_value("attack=", text, sizeof(text)))
		return;
	attack = find_attack(text);
	if (word_value("n=", text, sizeof(text)) && !str_to_u64(text, strlen(text), &variant))
		attack_broke("n=%s is no number", text);
}

static noreturn void start(struct frame *frame)
{
	struct resume resume;

	choose();
	if (attack && attack->run)
		attack->run(frame, variant);
	resume = upcall_event(frame);
	if (attack && attack->resume)
		attack->resume(frame, variant, &resume);
	call_resume(resume);
}

noreturn void vmm_main(struct frame *frame, uint64_t vcpu)
{
	struct resume resume;

	if (frame->reason == EXIT_EVENT && frame->events & EVENT_START)
		start(frame);
	if (vcpu && attack && attack->other_vcpu)
		attack->other_vcpu(frame, variant);
	resume = handlers[frame->reason](frame);
	host_end_if_asked();
	call_resume(resume);
}
