/* SPDX-License-Identifier: BSD-2-Clause */
/* What people take for a kernel, and what they can do instead: only for the refusal's text. */
#include "lib/string.h"
#include "vmm/loader_plan.h"

enum { MARK_MAX = 6 };

/* The bytes by which a file of the kind is known, and where they stand. */
struct known {
	uint32_t at;
	uint8_t length;
	char mark[MARK_MAX];
	const char *text;
};

#define COMPRESSED(by) "it is compressed by " by ": unpack it first"

static const struct known all[] = {
	{0, 2, "\x1f\x8b", COMPRESSED("gzip")},
	{0, 6, "\xfd\x37zXZ", COMPRESSED("xz")},
	{0, 4, "\x28\xb5\x2f\xfd", COMPRESSED("zstd")},
	{0, 3, "BZh", COMPRESSED("bzip2")},
	{0, 3, "\x5d\0\0", COMPRESSED("lzma")},
	{0, 4, "\x04\x22\x4d\x18", COMPRESSED("lz4")},
	{0, 4, "\x02\x21\x4c\x18", COMPRESSED("lz4")},
	{0, 4, "\x89LZO", COMPRESSED("lzop")},
	{0, 5, "07070",
	 "it is a cpio archive, as an initrd is: kernel= names the kernel, initrd= this one"},
	{0, 4, "QFI\xfb", "it is a disk in qcow2: take the kernel out of it"},
	{32769, 5, "CD001", "it is a CD: take the kernel out of it"},
	{0, 2, "MZ",
	 "it is an EFI application, and no Linux bzImage: there is no firmware that starts it"},
};

const char *load_known(const struct vmm_image *image)
{
	for (unsigned i = 0; i < ARRAY_SIZE(all); i++) {
		char bytes[MARK_MAX];

		if (load_image_read(image, all[i].at, bytes, all[i].length) &&
		    memcmp(bytes, all[i].mark, all[i].length) == 0)
			return all[i].text;
	}
	return NULL;
}
