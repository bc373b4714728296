/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds the screen's memory, and writes lines there from the top. */
#include "kernel/display.h"

#include "abi/info.h"
#include "abi/layout.h"
#include "arch/x86_64/kernel_space.h"
#include "boot/boot_info.h"
#include "drivers/port.h"
#include "kernel/log.h"
#include "lib/canvas.h"

/* IBM VGA "CRT Controller Registers": Cursor Start, whose bit 5 switches the cursor off. */
enum { CRTC_INDEX = 0x3d4, CRTC_DATA = 0x3d5, CRTC_CURSOR_START = 0x0a, CRTC_CURSOR_OFF = 0x20 };

static const char rest_text[] = "(the rest is on the serial line)";

/* b: set at boot. l: under the log's lock, or in a panic. */
static const struct boot_framebuffer *source; /* b */
static uint64_t size;			      /* b: bytes; 0: no screen that can be drawn on */
static struct canvas canvas;		      /* b */
static uint32_t column, row;		      /* l: where the next character goes */
static bool given;			      /* CPU 0: the console has it */
static bool panicking;

void display_init(const struct boot_info *info)
{
	source = &info->framebuffer;
	if (!source->address)
		return;
	size = canvas_init(&canvas, (enum canvas_kind)source->kind, source->pitch, source->width,
			   source->height, source->bits_per_pixel);
	/* A loader that lies must not make the screen out of somebody's memory. */
	if (size > ~source->address || boot_has_ram(info, source->address, source->address + size))
		size = 0;
	if (size && source->address + size <= GIB(4))
		canvas.base = (volatile uint8_t *)(uintptr_t)source->address;
}

void display_stop(void)
{
	canvas.base = NULL;
}

static void clear_row(void)
{
	canvas_put_row(&canvas, row, "", 0);
	column = 0;
}

static void clear_all(void)
{
	for (row = 0; row < canvas.rows; row++)
		clear_row();
	row = 0;
}

/* In a panic what came first matters most: it stays. */
static void next_row(void)
{
	row++;
	if (row >= canvas.rows && !panicking)
		row = 0;
	if (row + 1 == canvas.rows && panicking) {
		canvas_put_row(&canvas, row, rest_text, sizeof(rest_text) - 1);
		row = canvas.rows;
	}
	if (row < canvas.rows)
		clear_row();
}

static void write(const char *text, size_t length)
{
	for (size_t i = 0; i < length && row < canvas.rows; i++) {
		if (text[i] == '\r')
			continue;
		if (text[i] == '\n' || column == canvas.columns)
			next_row();
		if (text[i] != '\n' && row < canvas.rows)
			canvas_put(&canvas, column++, row, text[i], false);
	}
}

void display_start(void)
{
	if (!size) {
		log_print(LOG_INFO,
			  source->address ? "display: kind %u, %u bits, %u by %u at 0x%lx: "
					    "cannot be drawn on"
					  : "display: the loader gave none",
			  source->kind, source->bits_per_pixel, source->width, source->height,
			  source->address);
		return;
	}
	canvas.base = mmio_map(source->address, size, PAGE_WC);
	if (!canvas.base) {
		size = 0;
		return;
	}
	if (source->kind == CANVAS_TEXT) {
		port_hardware.write8(CRTC_INDEX, CRTC_CURSOR_START);
		port_hardware.write8(CRTC_DATA, CRTC_CURSOR_OFF);
	}
	clear_all();
	log_set_echo(write);
	log_print(LOG_INFO, "display: %u by %u characters, %s at 0x%lx", canvas.columns, canvas.rows,
		  source->kind == CANVAS_TEXT ? "VGA text" : "framebuffer", source->address);
}

int display_give(struct page_space *space, struct screen_info *info)
{
	hpa_t first = ALIGN_DOWN(source->address, PAGE_SIZE);
	uint64_t offset = source->address - first;
	int err = ERR_NONE;

	if (!size)
		return ERR_NOENT;
	if (!given)
		err = page_map(space, USER_SCREEN_BASE, first, ALIGN_UP(offset + size, PAGE_SIZE),
			       PAGE_USER | PAGE_READ | PAGE_WRITE | PAGE_CACHE_WC);
	if (err)
		return err;
	given = true;
	log_set_echo(NULL);
	*info = (struct screen_info){
		.address = USER_SCREEN_BASE + offset,
		.pitch = source->pitch,
		.width = source->width,
		.height = source->height,
		.bits_per_pixel = source->bits_per_pixel,
		.kind = source->kind,
	};
	return ERR_NONE;
}

bool display_is_given(hpa_t pa, uint64_t length)
{
	hpa_t first = ALIGN_DOWN(source->address, PAGE_SIZE);

	return given && pa >= first && pa + length <= ALIGN_UP(source->address + size, PAGE_SIZE);
}

void display_panic_write(const char *text, size_t length)
{
	if (!canvas.base)
		return;
	if (!panicking) {
		panicking = true;
		clear_all();
	}
	write(text, length);
}
