/* SPDX-License-Identifier: BSD-2-Clause */
/* create: reads its keys, has everything checked, and only then asks the kernel for anything. */
#include "console/create.h"

#include "console/call.h"
#include "console/handlers.h"
#include "console/host.h"
#include "console/layout.h"
#include "console/number.h"
#include "console/session.h"
#include "console/text.h"
#include "lib/copy.h"
#include "lib/format.h"
#include "lib/string.h"

static struct create create;

enum {
	KEY_IS_CPUS,
	KEY_IS_VCPUS,
	KEY_IS_ON,
	KEY_IS_MEMORY,
	KEY_IS_KERNEL,
	KEY_IS_INITRD,
	KEY_IS_MODULE,
	KEY_IS_CMDLINE,
	KEY_IS_BOOT,
	KEY_IS_LOAD,
	KEY_IS_ENTRY,
	KEY_IS_TESTDEV,
	KEY_IS_WEIGHT,
	KEY_IS_CAP,
	KEY_IS_SMT,
	KEY_IS_LOG,
	KEY_IS_CONSOLE,
	KEY_TOTAL
};

static const struct command_key keys[KEY_TOTAL] = {
	[KEY_IS_CPUS] = {"cpus", "N", KEY_COUNT, false,
			 "vCPUs, each with a CPU of its own (1 to 64)"},
	[KEY_IS_VCPUS] = {"vcpus", "N", KEY_COUNT, false,
			  "vCPUs that share the CPUs of the pool (1 to 64)"},
	[KEY_IS_ON] = {"on", "LIST", KEY_CPUS, false, "the CPUs by number: on=3 or on=2-3,5"},
	[KEY_IS_MEMORY] = {"memory", "SIZE", KEY_SIZE, false,
			   "128M; K, M, G or T; a multiple of 4K, at least 1M"},
	[KEY_IS_KERNEL] = {"kernel", "IMAGE", KEY_IMAGE, false, "what is started"},
	[KEY_IS_INITRD] = {"initrd", "IMAGE", KEY_IMAGE, false, "its initial RAM disk"},
	[KEY_IS_MODULE] = {"module", "IMAGE", KEY_IMAGE, true,
			   "a further image; repeatable; \"IMAGE text\" gives it a text"},
	[KEY_IS_CMDLINE] = {"cmdline", "\"TEXT\"", KEY_TEXT, false, "the guest's command line"},
	[KEY_IS_BOOT] = {"boot", "PROTOCOL", KEY_TEXT, false,
			 "linux pvh multiboot2 multiboot sector flat; else by its look"},
	[KEY_IS_LOAD] = {"load", "ADDRESS", KEY_TEXT, false,
			 "the kernel is a flat binary that goes there"},
	[KEY_IS_ENTRY] = {"entry", "ADDRESS", KEY_TEXT, false,
			  "where the flat binary is entered, if not at its begin"},
	[KEY_IS_TESTDEV] = {"testdev", "on|off", KEY_SWITCH, false,
			    "for test guests: exit port F4h, debug E9h, fw_cfg, pc-testdev"},
	[KEY_IS_WEIGHT] = {"weight", "N", KEY_COUNT, false,
			   "its share of pool CPUs, against others (1 to 10000, else 100)"},
	[KEY_IS_CAP] = {"cap", "PERCENT", KEY_COUNT, false,
			"of one CPU that its vCPUs may use at most together"},
	[KEY_IS_SMT] = {"smt", "share", KEY_TEXT, false,
			"cpus= may be threads of cores of others that say so, too"},
	[KEY_IS_LOG] = {"log", "SIZE", KEY_SIZE, false,
			"how much output is kept: 64K (default) to 512K"},
	[KEY_IS_CONSOLE] = {"console", "lossless", KEY_TEXT, false,
			    "its guest waits longer than 5 s for who reads it"},
};

const struct command_keys create_keys = {KEY_TOTAL, keys};

static bool refuse(const struct command_key_value *value, const char *rule)
{
	text_error("%s=%.80s: %s", keys[value->key].name, value->value, rule);
	return false;
}

static bool take_count(const struct command_key_value *value)
{
	uint64_t count;

	if (!number_parse(value->value, &count) || count == 0 || count > MAX_VCPUS)
		return refuse(value, "must be a number from 1 to 64");
	if (create.cpus || create.vcpus)
		return refuse(value, "cpus= and vcpus= exclude each other");
	if (value->key == KEY_IS_CPUS)
		create.cpus = count;
	else
		create.vcpus = count;
	return true;
}

static bool take_weight(const struct command_key_value *value)
{
	uint64_t weight;

	if (!number_parse(value->value, &weight) || weight < WEIGHT_MIN || weight > WEIGHT_MAX)
		return refuse(value, "must be a number from 1 to 10000");
	create.desc.weight = (uint32_t)weight;
	return true;
}

static bool take_cap(const struct command_key_value *value)
{
	uint64_t cap;

	if (!number_parse(value->value, &cap) || cap > 100 * MAX_VCPUS)
		return refuse(value, "must be percent of one CPU, at most 100 for each vCPU");
	create.desc.cap = (uint32_t)cap;
	return true;
}

static bool take_smt(const struct command_key_value *value)
{
	if (strcmp(value->value, "share"))
		return refuse(value, "can be share, or be left out");
	create.smt_share = true;
	return true;
}

static bool take_log(const struct command_key_value *value)
{
	uint64_t size;

	if (!number_parse_size(value->value, &size) || !ring_size_is_valid(size))
		return refuse(value, "must be 64K, 128K, 256K or 512K");
	create.ring.size = size;
	return true;
}

static bool take_console(const struct command_key_value *value)
{
	if (strcmp(value->value, "lossless"))
		return refuse(value, "can be lossless, or be left out");
	create.lossless = true;
	return true;
}

static bool take_on(const struct command_key_value *value)
{
	static const char *const rules[] = {
		[LIST_SYNTAX] = "must be CPU numbers and ranges, as in 2-3,5",
		[LIST_TOO_MANY] = "names more than 64 CPUs",
		[LIST_TWICE] = "names a CPU twice",
	};
	enum number_list_error error = number_parse_list(value->value, create.on, MAX_VCPUS,
							 &create.on_count);

	create.on_text = value->value;
	return error == LIST_OK ? true : refuse(value, rules[error]);
}

static bool take_memory(const struct command_key_value *value)
{
	uint64_t bytes;

	if (!number_parse_size(value->value, &bytes))
		return refuse(value, "must be a number with K, M, G or T, as in 512M");
	if (bytes % LAYOUT_GRANULE)
		return refuse(value, "must be a multiple of 4K");
	if (bytes < LAYOUT_MIN || bytes > LAYOUT_MAX)
		return refuse(value, "must be from 1M to 64T");
	create.memory = bytes;
	create.memory_text = value->value;
	return true;
}

static bool take_boot(const struct command_key_value *value)
{
	static const char *const names[BOOT_PROTOCOLS] = {
		[BOOT_LINUX] = "linux",		  [BOOT_PVH] = "pvh",
		[BOOT_MULTIBOOT2] = "multiboot2", [BOOT_MULTIBOOT] = "multiboot",
		[BOOT_SECTOR] = "sector",	  [BOOT_FLAT] = "flat",
	};

	for (uint32_t i = BOOT_BY_IMAGE + 1; i < BOOT_PROTOCOLS; i++) {
		if (!strcmp(value->value, names[i])) {
			create.desc.boot.protocol = i;
			return true;
		}
	}
	return refuse(value, "must be linux, pvh, multiboot2, multiboot, sector or flat");
}

static bool take_address(const struct command_key_value *value)
{
	uint64_t address;

	if (!number_parse(value->value, &address))
		return refuse(value, "must be an address, as in 0x100000");
	if (value->key == KEY_IS_LOAD) {
		create.desc.boot.load = address;
		create.has_load = true;
	} else {
		create.desc.boot.entry = address;
		create.has_entry = true;
	}
	return true;
}

/* A flat binary is what load= makes one. */
static bool check_boot(void)
{
	struct part_boot *boot = &create.desc.boot;

	if (!create.has_load && create.has_entry) {
		text_error("entry= goes with load= only: other images say it themselves");
		return false;
	}
	if (!create.has_load && boot->protocol == BOOT_FLAT) {
		text_error("boot=flat: load= is missing");
		return false;
	}
	if (!create.has_load)
		return true;
	if (boot->protocol && boot->protocol != BOOT_FLAT) {
		text_error("load= goes with boot=flat only: other images say it themselves");
		return false;
	}
	boot->protocol = BOOT_FLAT;
	if (!create.has_entry)
		boot->entry = boot->load;
	return true;
}

static bool no_image(const struct command_key_value *value)
{
	static struct image_info image;
	char known[400];
	size_t used = 0;

	known[0] = '\0';
	for (uint32_t i = 0; host_image(i, &image); i++)
		used += format(known + used, sizeof(known) - used, "%s%s", used ? ", " : "",
			       image.name);
	text_error("%s=%.40s: there is no such image; there is %s", keys[value->key].name,
		   value->value, used ? known : "none at all");
	return false;
}

/* Behind the others' texts; the first byte is the empty one. */
static bool take_text(struct part_image *image, const char *text)
{
	size_t at = MAX(create.texts, 1u), size = strlen(text) + 1;

	if (size > TEXTS_SIZE - at)
		return false;
	memcpy(create.desc.boot.texts + at, text, size);
	image->text = (uint32_t)at;
	create.texts = at + size;
	return true;
}

static bool take_image(const struct command_key_value *value)
{
	static const uint32_t roles[KEY_TOTAL] = {
		[KEY_IS_KERNEL] = IMAGE_KERNEL,
		[KEY_IS_INITRD] = IMAGE_INITRD,
		[KEY_IS_MODULE] = IMAGE_MODULE,
	};
	const char *space = value->key == KEY_IS_MODULE ? strchr(value->value, ' ') : NULL;
	struct part_image *image = &create.desc.images[create.desc.image_count];
	size_t length = space ? (size_t)(space - value->value) : strlen(value->value);
	char name[NAME_SIZE] = "";
	int index;

	/* A longer name is none of an image. */
	if (length < NAME_SIZE)
		memcpy(name, value->value, length);
	index = host_find_image(name);
	if (index < 0)
		return no_image(value);
	if (create.desc.image_count == MAX_PART_IMAGES)
		return refuse(value, "a partition has at most 8 images");
	*image = (struct part_image){.image = (uint32_t)index, .role = roles[value->key]};
	if (space && !take_text(image, space + 1))
		return refuse(value, "the modules' texts have at most 1022 characters together");
	create.desc.image_count++;
	return true;
}

static bool take_cmdline(const struct command_key_value *value)
{
	if (!str_copy(create.desc.cmdline, CMDLINE_SIZE, value->value)) {
		text_error("cmdline= has at most %d characters", CMDLINE_SIZE - 1);
		return false;
	}
	return true;
}

static bool take_testdev(const struct command_key_value *value)
{
	bool on = !strcmp(value->value, "on");

	if (!on && strcmp(value->value, "off"))
		return refuse(value, "must be on or off");
	create.desc.flags |= on ? PART_TESTDEV : 0;
	return true;
}

static bool (*const takers[KEY_TOTAL])(const struct command_key_value *value) = {
	[KEY_IS_CPUS] = take_count,	 [KEY_IS_VCPUS] = take_count,
	[KEY_IS_ON] = take_on,		 [KEY_IS_MEMORY] = take_memory,
	[KEY_IS_KERNEL] = take_image,	 [KEY_IS_INITRD] = take_image,
	[KEY_IS_MODULE] = take_image,	 [KEY_IS_CMDLINE] = take_cmdline,
	[KEY_IS_WEIGHT] = take_weight,	 [KEY_IS_CAP] = take_cap,
	[KEY_IS_SMT] = take_smt,	 [KEY_IS_TESTDEV] = take_testdev,
	[KEY_IS_BOOT] = take_boot,	 [KEY_IS_LOAD] = take_address,
	[KEY_IS_ENTRY] = take_address,	 [KEY_IS_LOG] = take_log,
	[KEY_IS_CONSOLE] = take_console,
};

static bool has_kernel(void)
{
	for (uint32_t i = 0; i < create.desc.image_count; i++) {
		if (create.desc.images[i].role == IMAGE_KERNEL)
			return true;
	}
	return false;
}

static bool take_keys(const struct invocation *in)
{
	memset(&create, 0, sizeof(create));
	str_copy(create.desc.name, NAME_SIZE, in->name);
	for (unsigned i = 0; i < in->value_count; i++) {
		if (!takers[in->values[i].key](&in->values[i]))
			return false;
	}
	if (!create.memory) {
		text_error("memory= is missing");
		return false;
	}
	if (!has_kernel()) {
		text_error("kernel= is missing");
		return false;
	}
	return check_boot();
}

static bool check_machine(const struct invocation *in)
{
	static struct host_info host;
	struct partition *other = partition_find(in->name);
	char state[PARTITION_TEXT];
	unsigned count = 0;

	if (other) {
		partition_describe(other, state);
		text_error("a partition of that name exists; it is %s", state);
		return false;
	}
	host_query(&host);
	if (!strcmp(host.backend, "none")) {
		text_error("this machine cannot run guests: %s", host.backend_reason);
		return false;
	}
	for (other = partition_next(NULL); other; other = partition_next(other))
		count++;
	if (count >= host.partition_limit) {
		text_error("there %s %u partition%s already, and this build has room for no more",
			   count == 1 ? "is" : "are", count, count == 1 ? "" : "s");
		return false;
	}
	return true;
}

/* The VMM and the console share it; it must be there before the partition is. */
static int64_t step_ring(void)
{
	size_t size = create.ring.size ? create.ring.size : RING_OUT_MIN;
	int64_t result = ring_make(&create.ring, size, create.lossless);

	if (result < 0 && result != ERR_AGAIN)
		text_error("no memory for its console: %lu KiB are needed", RING_PAGES(size) * 4);
	create.desc.ring = call_address(create.ring.shared);
	create.desc.ring_size = size;
	return result;
}

static void tell_created(void)
{
	static struct part_info info;
	const struct partition *partition = partition_find(create.desc.name);
	char size[NUMBER_TEXT];

	if (!partition || !partition_query(partition, &info))
		return;
	text_print("%s: created with %s and %u %s%s", info.name,
		   number_size_text(size, create.memory), info.vcpu_count,
		   info.flags & PART_DEDICATED ? "dedicated CPU" : "pool vCPU",
		   info.vcpu_count == 1 ? "" : "s");
}

static enum session_answer step_create(void)
{
	int64_t slot = create.ring.shared ? 0 : step_ring();

	if (slot == 0)
		slot = call_part_create(&create.desc);
	if (slot == ERR_AGAIN)
		return SESSION_AGAIN;
	if (!create.ring.shared)
		return SESSION_DONE;
	if (slot >= 0 && partition_add((uint32_t)MIN(slot, (int64_t)MAX_PARTITIONS),
				       create.desc.name, create.ring)) {
		tell_created();
		return SESSION_DONE;
	}
	ring_free(&create.ring);
	create_explain(&create, slot);
	return SESSION_DONE;
}

void create_run(const struct invocation *in)
{
	if (check_machine(in) && take_keys(in) && create_place_cpus(&create) &&
	    create_check_share(&create) && create_place_memory(&create))
		session_continue(step_create, NULL);
}
