/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the console says that an image needs, beside what the VMM's loader does with the same image: it never
 * refuses what is loaded; and of a bzImage, an ELF file and a flat binary it accepts nothing else.
 */
/* sources: console/image_need.c console/layout.c vmm/loader.c vmm/loader_known.c vmm/loader_linux.c
 * vmm/loader_elf.c vmm/loader_pvh.c vmm/loader_multiboot.c vmm/loader_multiboot2.c vmm/multiboot2_info.c
 * vmm/acpi_writer.c
 * vmm/loader_flat.c vmm/memory_map.c vmm/partition.c vmm/guest_mem.c tests/unit/vmm_fixture.c
 * tests/unit/loader_images.c lib/format.c */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/vmm_fixture.h"
#include <cmocka.h>

#include "console/image_need.h"
#include "console/layout.h"
#include "tests/unit/loader_images.h"
#include "vmm/loader.h"

enum { ROUNDS = 20000, MODULES_MAX = 3 };

/* A partition, and what both say of it. */
struct both {
	uint64_t memory;
	struct part_boot boot;
	unsigned module_count;
	uint64_t modules[MODULES_MAX];
	uint64_t needed;
	const char *why; /* the loader's */
};

static uint64_t below(uint64_t end)
{
	return ((uint64_t)random() << 31 ^ (uint64_t)random()) % end;
}

/* As likely small as large. */
static uint64_t any_size(unsigned bits)
{
	return below(1ULL << (1 + below(bits)));
}

static uint64_t any_page(unsigned bits)
{
	return ALIGN_DOWN(any_size(bits), PAGE_SIZE);
}

/* The loader plans, and writes nothing: modules have a size and no bytes. */
static void ask_loader(const struct image *image, struct both *both)
{
	fixture_init(both->memory);
	fixture_config.boot = both->boot;
	fixture_image(IMAGE_KERNEL, "kernel", image->bytes, image->size);
	for (unsigned i = 0; i < both->module_count; i++)
		fixture_image(IMAGE_MODULE, "module", image->bytes, both->modules[i]);
	both->why = loader_begin(0xf0000);
}

static void ask_both(const struct image *image, struct both *both)
{
	const struct image_view view = {image->bytes, MIN(image->size, IMAGE_WINDOW), image->size};
	struct image_need need = image_need(&view, &both->boot);
	uint64_t modules = 0;

	for (unsigned i = 0; i < both->module_count; i++)
		modules += ALIGN_UP(both->modules[i], PAGE_SIZE);
	both->needed = image_need_memory(&need, modules);
	ask_loader(image, both);
}

static bool is_accepted(const struct both *both)
{
	return both->needed <= both->memory;
}

static void check_no_false_refusal(const struct both *both)
{
	if (!is_accepted(both) && !both->why)
		fail_msg("memory=%lx: the console wants %lx, and the loader does with it",
			 both->memory, both->needed);
}

/* And with what the console names, it is loaded; with a page less it is not. */
static void check_exact(const struct image *image, struct both *both)
{
	check_no_false_refusal(both);
	if (is_accepted(both) && both->why)
		fail_msg("memory=%lx: the console wants %lx only, and the loader says: %s",
			 both->memory, both->needed, both->why);
	if (both->needed == LAYOUT_NEVER || both->needed >= GIB(64))
		return;
	both->memory = MAX(ALIGN_UP(both->needed, PAGE_SIZE), LAYOUT_MIN);
	ask_loader(image, both);
	if (both->why)
		fail_msg("memory=%lx is not enough: %s", both->memory, both->why);
	both->memory = ALIGN_UP(both->needed, PAGE_SIZE) - PAGE_SIZE;
	if (both->memory < LAYOUT_MIN)
		return;
	ask_loader(image, both);
	assert_non_null(both->why);
}

static struct both any_partition(void)
{
	struct both both = {.memory = LAYOUT_MIN + any_page(33),
			    .module_count = (unsigned)below(MODULES_MAX + 1)};

	for (unsigned i = 0; i < both.module_count; i++)
		both.modules[i] = 1 + any_size(random() % 8 ? 26 : 33);
	return both;
}

/* The fields that say where it goes. Where it could not be entered, memory is no matter: that is left out. */
static void place_linux(struct image *image)
{
	bool relocatable = random() % 4, high = random() % 8 == 0;

	image_put16(image, 0x206, (uint16_t)(high ? 0x20c : 0x20a + below(6)));
	image_put16(image, 0x236, high || random() % 4);
	image_put32(image, 0x22c, random() % 4 ? 0x7fffffff : (uint32_t)any_size(32));
	image_put32(image, 0x230, 1u << (12 + below(random() % 4 ? 13 : 20)));
	image->bytes[0x234] = relocatable;
	image_put64(image, 0x258, (relocatable ? 0 : MIB(1)) + any_page(high ? 34 : 28));
	image_put32(image, 0x260, (uint32_t)(LINUX_KERNEL_SIZE + any_size(random() % 8 ? 27 : 31)));
}

static void test_linux(void **state)
{
	struct image image = image_linux();
	unsigned accepted = 0;

	(void)state;
	srandom(1);
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct both both = any_partition();

		place_linux(&image);
		both.boot.protocol = random() % 2 ? BOOT_LINUX : BOOT_BY_IMAGE;
		ask_both(&image, &both);
		accepted += is_accepted(&both);
		check_exact(&image, &both);
	}
	assert_in_range(accepted, ROUNDS / 10, ROUNDS - ROUNDS / 10);
	image_free(&image);
}

/* Two segments that do not meet. */
static void spread(struct image *image, bool wide)
{
	uint64_t begin = MIB(1) + any_page(random() % 8 ? 27 : 34);
	uint64_t size = 0x1000 + any_size(27), second = 0x100 + any_size(24);
	uint64_t next = ALIGN_UP(begin + size, PAGE_SIZE) + any_page(20);

	if (wide) {
		image_put64(image, ELF64_PH + 24, begin);
		image_put64(image, ELF64_PH + 40, size);
		image_put64(image, ELF64_PH + ELF64_PH_SIZE + 24, next);
		image_put64(image, ELF64_PH + ELF64_PH_SIZE + 40, second);
	} else {
		image_put32(image, ELF32_PH + 12, (uint32_t)begin);
		image_put32(image, ELF32_PH + 20, (uint32_t)size);
		image_put32(image, ELF32_PH + ELF32_PH_SIZE + 12, (uint32_t)next);
		image_put32(image, ELF32_PH + ELF32_PH_SIZE + 20, (uint32_t)second);
	}
	/* The entry, which the note says, is in the first. */
	image_put32(image, ELF_NOTE_AT + 36, (uint32_t)begin);
}

/* What stands above 4 GiB can be entered nowhere, which is not for the console to say. */
static bool is_low(const struct image *image, bool wide)
{
	uint64_t begin = 0;

	memcpy(&begin, image->bytes + (wide ? ELF64_PH + 24 : ELF32_PH + 12), wide ? 8 : 4);
	return begin < GIB(3) - MIB(256);
}

static void check_elf(struct image image, bool wide)
{
	unsigned accepted = 0;

	for (unsigned round = 0; round < ROUNDS / 2; round++) {
		struct both both = any_partition();

		spread(&image, wide);
		both.boot.protocol = random() % 2 ? BOOT_PVH : BOOT_BY_IMAGE;
		ask_both(&image, &both);
		accepted += is_accepted(&both);
		if (is_low(&image, wide))
			check_exact(&image, &both);
		else
			check_no_false_refusal(&both);
	}
	assert_in_range(accepted, ROUNDS / 20, ROUNDS / 2 - ROUNDS / 20);
	image_free(&image);
}

static void test_elf(void **state)
{
	(void)state;
	srandom(2);
	check_elf(image_elf64(), true);
	check_elf(image_elf32(), false);
}

static void test_flat(void **state)
{
	struct image image = image_sector();

	(void)state;
	srandom(3);
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct both both = any_partition();

		both.boot.protocol = BOOT_FLAT;
		both.boot.load = both.boot.entry = MIB(1) + any_size(random() % 8 ? 28 : 31);
		ask_both(&image, &both);
		check_exact(&image, &both);
	}
	image_free(&image);
}

/* A kernel of which nothing is known: what is beside it has to be above 1 MiB. */
static void test_modules(void **state)
{
	static const char *const none = "it is no Linux bzImage";
	struct image image = image_sector();

	(void)state;
	srandom(4);
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct both both = any_partition();

		ask_both(&image, &both);
		check_exact(&image, &both);
	}
	image.bytes[510] = 0;
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct both both = {.memory = LAYOUT_MIN};

		ask_both(&image, &both);
		assert_true(is_accepted(&both));
		assert_memory_equal(both.why, none, strlen(none));
	}
	image_free(&image);
}

typedef struct image (*make_t)(void);

static struct image spoilt(void)
{
	static const make_t makers[] = {image_linux,	 image_elf64,	   image_elf32,
					image_multiboot, image_multiboot2, image_sector};
	struct image image = makers[below(ARRAY_SIZE(makers))]();

	for (uint64_t count = below(6); count; count--)
		image.bytes[below(MIN(image.size, 0x300u))] = (uint8_t)random();
	if (random() % 8 == 0)
		image_multiboot_flags(&image, 0x100, random() % 2 ? 0x10003 : 3);
	if (random() % 8 == 0)
		image_multiboot2_header(&image, 0x80, (uint32_t)below(0x80));
	if (random() % 8 == 0 && image.size >= 512)
		image_put16(&image, 510, 0xaa55);
	return image;
}

/* Any bytes: what is loaded is not refused, by whatever protocol. */
static void test_lies(void **state)
{
	unsigned loaded = 0, refused = 0;

	(void)state;
	srandom(5);
	for (unsigned round = 0; round < 10 * ROUNDS; round++) {
		struct image image = spoilt();
		struct both both = {.memory = LAYOUT_MIN + any_page(26),
				    .module_count = (unsigned)below(2),
				    .modules = {1 + any_size(22)}};

		both.boot.protocol = random() % 2 ? (uint32_t)below(BOOT_PROTOCOLS) : BOOT_BY_IMAGE;
		both.boot.load = both.boot.entry = any_size(26);
		ask_both(&image, &both);
		check_no_false_refusal(&both);
		loaded += !both.why;
		refused += !is_accepted(&both);
		image_free(&image);
	}
	assert_in_range(loaded, ROUNDS, 10 * ROUNDS);
	assert_in_range(refused, ROUNDS, 10 * ROUNDS);
}

/* It is asked for by a look at what there is, and no byte behind it: the sanitizer watches. */
static void test_cut_off(void **state)
{
	static const make_t makers[] = {image_linux, image_elf64, image_elf32, image_multiboot,
					image_multiboot2};

	(void)state;
	for (unsigned kind = 0; kind < ARRAY_SIZE(makers); kind++) {
		struct image whole = makers[kind]();

		for (size_t size = 0; size < 0x400; size++) {
			uint8_t *bytes = malloc(size ? size : 1);
			const struct image_view view = {bytes, size, GIB(1)};
			const struct part_boot boot = {0};

			memcpy(bytes, whole.bytes, size);
			assert_true(image_need(&view, &boot).begin >= MIB(1));
			free(bytes);
		}
		image_free(&whole);
	}
}

/* A boot sector may begin as an ELF file does, and a Multiboot header overrides program headers. */
static void test_not_certain(void **state)
{
	struct both both = {.memory = MIB(2)};
	struct image image = image_elf64();

	(void)state;
	image_put64(&image, ELF64_PH + 40, MIB(64));
	ask_both(&image, &both);
	assert_int_equal(both.needed, MIB(65));
	image_multiboot_flags(&image, 0x200, 3);
	ask_both(&image, &both);
	assert_int_equal(both.needed, MIB(65));
	image_multiboot_flags(&image, 0x200, 0x10003);
	ask_both(&image, &both);
	assert_int_equal(both.needed, MIB(1));
	both.boot.protocol = BOOT_PVH;
	ask_both(&image, &both);
	assert_int_equal(both.needed, MIB(65));
	both.boot.protocol = BOOT_BY_IMAGE;
	image_multiboot_flags(&image, 0x200, 3);
	image_multiboot2_header(&image, 0x300, 24);
	ask_both(&image, &both);
	assert_int_equal(both.needed, MIB(65));
	image_put16(&image, 0x310, 2); /* the address tag */
	ask_both(&image, &both);
	assert_int_equal(both.needed, MIB(1));
	image_put32(&image, 0x300, 0);
	image_put16(&image, 510, 0xaa55);
	ask_both(&image, &both);
	assert_int_equal(both.needed, MIB(1));
	image_free(&image);
}

/* The last page below initrd_addr_max can be had, and no other. */
static void test_module_limit(void **state)
{
	struct both both = {.memory = MIB(64), .module_count = 1, .modules = {PAGE_SIZE}};
	struct image image = image_linux();
	uint32_t end = LINUX_PREF + LINUX_INIT_SIZE;

	(void)state;
	for (uint32_t limit = end; limit < end + 3 * PAGE_SIZE; limit += 512) {
		image_put32(&image, 0x22c, limit - 1);
		ask_both(&image, &both);
		assert_int_equal(both.needed,
				 limit < end + PAGE_SIZE ? LAYOUT_NEVER : end + PAGE_SIZE);
		assert_int_equal(is_accepted(&both), !both.why);
	}
	image_free(&image);
}

static void check_segments(uint64_t first, uint64_t second, uint64_t size, uint64_t needed)
{
	struct both both = {.memory = GIB(6)};
	struct image image = image_elf64();

	image_multiboot_flags(&image, 0x200, 3);
	both.boot.protocol = BOOT_MULTIBOOT;
	image_put64(&image, 24, first); /* e_entry */
	image_put64(&image, ELF64_PH + 24, first);
	image_put64(&image, ELF64_PH + ELF64_PH_SIZE + 24, second);
	image_put64(&image, ELF64_PH + ELF64_PH_SIZE + 32, 0);
	image_put64(&image, ELF64_PH + ELF64_PH_SIZE + 40, size);
	ask_both(&image, &both);
	assert_int_equal(both.needed, needed);
	assert_int_equal(is_accepted(&both), !both.why);
	image_free(&image);
}

/* What is empty stands nowhere, below 1 MiB all is there, and what is in two ranges is not certain. */
static void test_segments(void **state)
{
	(void)state;
	check_segments(MIB(2), MIB(4), KIB(4), MIB(4) + KIB(4));
	check_segments(MIB(2), GIB(3) + MIB(1), 0, MIB(2) + KIB(8));
	check_segments(MIB(2), GIB(3) + MIB(1), KIB(4), LAYOUT_NEVER);
	check_segments(MIB(2), KIB(64), KIB(4), MIB(2) + KIB(8));
	check_segments(MIB(2), GIB(5), KIB(4), MIB(1));
}

/* No partition is that large. */
static void test_beyond(void **state)
{
	struct both both = {.memory = MIB(64)};
	struct image image = image_sector();

	(void)state;
	both.boot.protocol = BOOT_FLAT;
	both.boot.load = both.boot.entry = LAYOUT_MAX + GIB(1) - image.size;
	ask_both(&image, &both);
	assert_int_equal(both.needed, LAYOUT_MAX);
	both.boot.load = both.boot.entry = LAYOUT_MAX + GIB(1);
	ask_both(&image, &both);
	assert_int_equal(both.needed, LAYOUT_NEVER);
	assert_non_null(both.why);
	image_free(&image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_linux),	    cmocka_unit_test(test_elf),
		cmocka_unit_test(test_flat),	    cmocka_unit_test(test_modules),
		cmocka_unit_test(test_lies),	    cmocka_unit_test(test_cut_off),
		cmocka_unit_test(test_not_certain), cmocka_unit_test(test_module_limit),
		cmocka_unit_test(test_segments),    cmocka_unit_test(test_beyond),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
