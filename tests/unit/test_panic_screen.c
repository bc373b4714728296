/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's part of the screen: whose memory it may be, the log's lines, a panic, the hand-over. */
/* sources: kernel/display.c lib/canvas.c lib/font.c */
#include "kernel/display.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "abi/info.h"
#include "abi/layout.h"
#include "arch/x86_64/kernel_space.h"
#include "boot/boot_info.h"
#include "drivers/port.h"
#include "kernel/log.h"
#include "lib/canvas.h"

enum { COLUMNS = 40, ROWS = 6 };

static uint16_t cells[ROWS][COLUMNS];
static struct boot_info info;
static void (*echo)(const char *text, size_t size);
static uint64_t mapped_va, mapped_size;
static unsigned mapped_prot;

static void write_port(uint16_t number, uint8_t value)
{
	(void)number, (void)value;
}

const struct port_ops port_hardware = {.write8 = write_port};

void log_set_echo(void (*to)(const char *text, size_t size))
{
	echo = to;
}

void log_print(enum log_level level, const char *text, ...)
{
	(void)level, (void)text;
}

volatile void *mmio_map(hpa_t pa, uint64_t size, enum page_cache cache)
{
	assert_int_equal(pa, info.framebuffer.address);
	assert_int_equal(size, sizeof(cells));
	assert_int_equal(cache, PAGE_WC);
	return cells;
}

int page_map(struct page_space *space, uint64_t va, hpa_t pa, uint64_t size, unsigned prot)
{
	(void)space;
	assert_int_equal(pa % PAGE_SIZE, 0);
	mapped_va = va;
	mapped_size = size;
	mapped_prot = prot;
	return ERR_NONE;
}

static const char *row(unsigned number)
{
	static char text[COLUMNS + 1];

	for (unsigned i = 0; i < COLUMNS; i++)
		text[i] = (char)cells[number][i];
	for (unsigned i = COLUMNS; i > 0 && text[i - 1] == ' '; i--)
		text[i - 1] = '\0';
	return text;
}

static void find_screen(hpa_t address)
{
	memset(cells, 0x55, sizeof(cells));
	echo = NULL;
	info.framebuffer = (struct boot_framebuffer){.address = address,
						     .pitch = COLUMNS * 2,
						     .width = COLUMNS,
						     .height = ROWS,
						     .bits_per_pixel = 16,
						     .kind = CANVAS_TEXT};
	display_init(&info);
}

/* A framebuffer that would be somebody's memory is none; nor is one that does not end. */
static void test_lies(void **state)
{
	static const hpa_t wrong[] = {MIB(1), MIB(2) - 1, MIB(1) - sizeof(cells) + 1,
				      UINT64_MAX - 8};

	(void)state;
	info.range_count = 2;
	info.ranges[0] = (struct boot_range){MIB(1), MIB(2), BOOT_RAM};
	info.ranges[1] = (struct boot_range){MIB(2), MIB(3), BOOT_RESERVED};
	for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct screen_info given;

		find_screen(wrong[i]);
		display_panic_write("x", 1); /* into the memory of this test, if it were drawn */
		display_start();
		assert_null(echo);
		assert_int_equal(display_give(NULL, &given), ERR_NOENT);
	}
	assert_int_equal(cells[0][0], 0x5555);
}

static void say(const char *text)
{
	echo(text, strlen(text));
}

static void test_log(void **state)
{
	(void)state;
	find_screen(MIB(2));
	display_stop();
	display_start();
	assert_non_null(echo);
	for (unsigned i = 0; i < ROWS; i++)
		say("line\n");
	/* From the top again, over the oldest. */
	say("new\n");
	assert_string_equal(row(0), "new");
	assert_string_equal(row(1), "");
	assert_string_equal(row(2), "line");
	say("0123456789012345678901234567890123456789wrapped\n");
	assert_string_equal(row(2), "wrapped");
}

static void test_give(void **state)
{
	struct screen_info given;

	(void)state;
	find_screen(MIB(2) + 0x10);
	display_start();
	assert_false(display_is_given(MIB(2), PAGE_SIZE));
	assert_int_equal(display_give(NULL, &given), ERR_NONE);
	assert_null(echo);
	assert_int_equal(given.address, USER_SCREEN_BASE + 0x10);
	assert_int_equal(mapped_va, USER_SCREEN_BASE);
	assert_int_equal(mapped_size, PAGE_SIZE);
	assert_int_equal(mapped_prot, PAGE_USER | PAGE_READ | PAGE_WRITE | PAGE_CACHE_WC);
	assert_true(display_is_given(MIB(2), PAGE_SIZE));
	assert_false(display_is_given(MIB(2), 2 * PAGE_SIZE));
	assert_false(display_is_given(MIB(2) - PAGE_SIZE, PAGE_SIZE));
	/* The console was restarted: it is mapped still. */
	mapped_va = 0;
	assert_int_equal(display_give(NULL, &given), ERR_NONE);
	assert_int_equal(mapped_va, 0);
}

/* What was said first stays, and that there is more is said. */
static void test_panic(void **state)
{
	(void)state;
	find_screen(MIB(2));
	display_start();
	for (unsigned i = 0; i < 20; i++) {
		char text[] = "line a\r\n";

		text[5] = (char)('a' + i);
		display_panic_write(text, sizeof(text) - 1);
	}
	assert_string_equal(row(0), "line a");
	assert_string_equal(row(ROWS - 2), "line e");
	assert_string_equal(row(ROWS - 1), "(the rest is on the serial line)");
}

int main(void)
{
	/* In this order: the last two leave the screen given away, and a panic under way. */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lies),
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_give),
		cmocka_unit_test(test_panic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
