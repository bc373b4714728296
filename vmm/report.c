/* SPDX-License-Identifier: BSD-2-Clause */
/* Formats the guest's registers for a report and ends the partition with it. */
#include "vmm/report.h"

#include "lib/format.h"
#include "vmm/call.h"

static const char gpr_names[GPR_COUNT][4] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp",
					     "rsi", "rdi", "r8",  "r9",	 "r10", "r11",
					     "r12", "r13", "r14", "r15"};

/* A text that grows in a buffer of fixed size. */
struct text {
	char *to;
	size_t size, length;
};

static void add(struct text *text, const char *pattern, ...) printf_like(2, 3);

static void add(struct text *text, const char *pattern, ...)
{
	va_list args;

	va_start(args, pattern);
	text->length += vformat(text->to + text->length, text->size - text->length, pattern, args);
	va_end(args);
}

static void add_gprs(struct text *text, const struct frame *frame)
{
	for (unsigned i = 0; i < GPR_COUNT; i++)
		add(text, "%s%s=%lx", i % 4 ? " " : "\n", gpr_names[i], frame->gpr[i]);
}

size_t report_registers(const struct frame *frame, char *to, size_t size)
{
	struct text text = {to, size, 0};

	add(&text, "\nvcpu=%u exit=%x", frame->vcpu, frame->exit_code);
	if (frame->groups & GROUP_IP)
		add(&text, " rip=%lx rflags=%lx", frame->rip, frame->rflags);
	if (frame->groups & (GROUP_CS | GROUP_SEGMENT))
		add(&text, " cs=%x", frame->seg[SEG_CS].selector);
	if (frame->groups & GROUP_SEGMENT)
		add(&text, " ss=%x", frame->seg[SEG_SS].selector);
	if (frame->groups & GROUP_CONTROL)
		add(&text, "\ncr0=%lx cr2=%lx cr3=%lx cr4=%lx efer=%lx", frame->control.cr0,
		    frame->control.cr2, frame->control.cr3, frame->control.cr4, frame->control.efer);
	if (frame->groups & GROUP_GPR)
		add_gprs(&text, frame);
	return text.length;
}

noreturn void report_refuse(const char *text, ...)
{
	char buffer[REPORT_SIZE];
	va_list args;
	size_t length;

	va_start(args, text);
	length = vformat(buffer, sizeof(buffer), text, args);
	va_end(args);
	call_part_end(REASON_REFUSED, 0, buffer, length);
}

noreturn void report_end(const struct frame *frame, enum part_reason reason, const char *text, ...)
{
	char buffer[REPORT_SIZE];
	va_list args;
	size_t length;

	va_start(args, text);
	length = vformat(buffer, sizeof(buffer), text, args);
	va_end(args);
	length += report_registers(frame, buffer + length, sizeof(buffer) - length);
	call_part_end(reason, 0, buffer, length);
}
