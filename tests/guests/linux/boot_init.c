/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first process of a Linux guest whose boot is measured: prints the TSC at its own start and the one
 * that a stamped kernel (tests/system/kernel_stamp.py) has left in boot_params at its entry, then waits.
 * Linked without a C library, so that nothing runs before the TSC is read.
 */
#include <stddef.h>
#include <stdint.h>

enum { STAMP_OFFSET = 0xd00 }; /* where kernel_stamp.py writes: eddbuf of "The Zero Page" */

/* Linux, arch/x86/entry/syscalls/syscall_64.tbl. */
enum syscall {
	SYS_WRITE = 1,
	SYS_OPEN = 2,
	SYS_PREAD = 17,
	SYS_PAUSE = 34,
	SYS_MKDIR = 83,
	SYS_MOUNT = 165,
};

_Noreturn void _start(void);

static int64_t call(enum syscall number, const void *a, const void *b, uint64_t c, uint64_t d)
{
	register uint64_t r10 asm("r10") = d;
	register uint64_t r8 asm("r8") = 0;
	int64_t result;

	asm volatile("syscall"
		     : "=a"(result)
		     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
		     : "rcx", "r11", "memory");
	return result;
}

static uint64_t tsc_read(void)
{
	uint32_t low, high;

	asm volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

/* 0 says that there is none: the test then fails. */
static uint64_t stamp_read(void)
{
	uint64_t stamp = 0;
	int64_t file;

	call(SYS_MKDIR, "/sys", NULL, 0, 0);
	call(SYS_MOUNT, "sysfs", "/sys", (uint64_t)(uintptr_t) "sysfs", 0);
	file = call(SYS_OPEN, "/sys/kernel/boot_params/data", NULL, 0, 0);
	/* The descriptor is passed as a pointer is: in a register. */
	call(SYS_PREAD, (const void *)(uintptr_t)file, &stamp, sizeof(stamp), STAMP_OFFSET);
	return stamp;
}

static char *put_text(char *to, const char *text)
{
	while (*text)
		*to++ = *text++;
	return to;
}

static char *put_hex(char *to, uint64_t value)
{
	for (int shift = 60; shift >= 0; shift -= 4)
		*to++ = "0123456789abcdef"[value >> shift & 0xf];
	return to;
}

_Noreturn void _start(void)
{
	uint64_t now = tsc_read();
	char line[64], *end = line;

	end = put_hex(put_text(end, "entry "), stamp_read());
	end = put_hex(put_text(end, " init "), now);
	*end++ = '\n';
	call(SYS_WRITE, (const void *)1, line, (uint64_t)(end - line), 0);
	for (;;)
		call(SYS_PAUSE, NULL, NULL, 0, 0);
}
