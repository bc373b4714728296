/* SPDX-License-Identifier: BSD-2-Clause */
/* The keys of create and set, and what each means. */
#include "console/create.h"

#include "console/handlers.h"
#include "console/host.h"
#include "console/layout.h"
#include "console/number.h"
#include "console/rules.h"
#include "lib/copy.h"
#include "lib/format.h"
#include "lib/string.h"

static const struct command_key keys[KEY_TOTAL] = {
	[KEY_IS_CPUS] = {"cpus", "N", KEY_COUNT, KEY_ONCE,
			 "vCPUs, each with a CPU of its own (1 to 64)"},
	[KEY_IS_VCPUS] = {"vcpus", "N", KEY_COUNT, KEY_ONCE,
			  "vCPUs that share the CPUs of the pool (1 to 64)"},
	[KEY_IS_ON] = {"on", "LIST", KEY_CPUS, KEY_ONCE, "the CPUs by number: on=3 or on=2-3,5"},
	[KEY_IS_MEMORY] = {"memory", "SIZE", KEY_SIZE, KEY_ONCE,
			   "128M; K, M, G or T; a multiple of 4K, at least 2M"},
	[KEY_IS_KERNEL] = {"kernel", "IMAGE", KEY_IMAGE, KEY_ONCE, "what is started"},
	[KEY_IS_INITRD] = {"initrd", "IMAGE", KEY_IMAGE, KEY_ONCE, "its initial RAM disk"},
	[KEY_IS_MODULE] = {"module", "IMAGE", KEY_IMAGE, KEY_REPEATS,
			   "a further image; repeatable; \"IMAGE text\" gives it a text"},
	[KEY_IS_CMDLINE] = {"cmdline", "\"TEXT\"", KEY_TEXT, KEY_ONCE, "the guest's command line"},
	[KEY_IS_BOOT] = {"boot", "linux|pvh|multiboot2|multiboot|sector|flat", KEY_CHOICE, KEY_ONCE,
			 "how it is started; else by its look"},
	[KEY_IS_LOAD] = {"load", "ADDRESS", KEY_TEXT, KEY_ONCE,
			 "the kernel is a flat binary that goes there"},
	[KEY_IS_ENTRY] = {"entry", "ADDRESS", KEY_TEXT, KEY_ONCE,
			  "where the flat binary is entered, if not at its begin"},
	[KEY_IS_TESTDEV] = {"testdev", "on|off", KEY_CHOICE, KEY_ONCE,
			    "for test guests: exit port F4h, debug E9h, fw_cfg, pc-testdev"},
	[KEY_IS_WEIGHT] = {"weight", "N", KEY_COUNT, KEY_ONCE,
			   "its share of pool CPUs, against others (1 to 10000, else 100)"},
	[KEY_IS_CAP] = {"cap", "PERCENT", KEY_COUNT, KEY_ONCE,
			"of one CPU that its vCPUs may use together; 0: no limit"},
	[KEY_IS_SMT] = {"smt", "share", KEY_CHOICE, KEY_ONCE,
			"cpus= may be threads of cores of others that say so, too"},
	[KEY_IS_RESTART] = {"restart", "never|on-failure|always", KEY_CHOICE, KEY_ONCE,
			    "when it is started again; else never; a reset always is"},
	[KEY_IS_AUTOSTART] = {"autostart", "on|off", KEY_CHOICE, KEY_ONCE,
			      "start it when freehold.conf or a commit is done"},
	[KEY_IS_AFTER] = {"after", "NAME", KEY_PARTITION, KEY_ONCE,
			  "autostart it after that partition"},
	[KEY_IS_LOG] = {"log", "64K|128K|256K|512K", KEY_CHOICE, KEY_ONCE,
			"how much output is kept; else 64K"},
	[KEY_IS_CONSOLE] = {"console", "lossless", KEY_CHOICE, KEY_ONCE,
			    "its guest waits longer than 5 s for who reads it"},
};

const struct command_keys create_keys = {KEY_TOTAL, keys};

static bool refuse(const struct command_key_value *value, const char *what)
{
	rule_error(RULE_VALUE, "%s=%.80s: %s", keys[value->key].name, value->value, what);
	return false;
}

static bool take_count(struct create *create, const struct command_key_value *value)
{
	uint64_t count;

	if (!number_parse(value->value, &count) || count == 0 || count > MAX_VCPUS)
		return refuse(value, "must be a number from 1 to 64");
	if (create->cpus || create->vcpus) {
		rule_error(RULE_FIT, "%s=%.24s: cpus= and vcpus= exclude each other",
			   keys[value->key].name, value->value);
		return false;
	}
	if (value->key == KEY_IS_CPUS)
		create->cpus = count;
	else
		create->vcpus = count;
	return true;
}

static bool take_weight(struct create *create, const struct command_key_value *value)
{
	uint64_t weight;

	if (!number_parse(value->value, &weight) || weight < WEIGHT_MIN || weight > WEIGHT_MAX)
		return refuse(value, "must be a number from 1 to 10000");
	create->desc.weight = (uint32_t)weight;
	return true;
}

static bool take_cap(struct create *create, const struct command_key_value *value)
{
	uint64_t cap;

	if (!number_parse(value->value, &cap) || cap > 100 * MAX_VCPUS)
		return refuse(value, "must be percent of one CPU, at most 100 for each vCPU");
	create->desc.cap = (uint32_t)cap;
	return true;
}

static bool take_smt(struct create *create, const struct command_key_value *value)
{
	if (strcmp(value->value, "share"))
		return refuse(value, "can be share, or be left out");
	create->smt_share = true;
	return true;
}

static bool take_log(struct create *create, const struct command_key_value *value)
{
	uint64_t size;

	if (!number_parse_size(value->value, &size) || !ring_size_is_valid(size))
		return refuse(value, "must be 64K, 128K, 256K or 512K");
	create->ring_size = size;
	return true;
}

static bool take_console(struct create *create, const struct command_key_value *value)
{
	if (strcmp(value->value, "lossless"))
		return refuse(value, "can be lossless, or be left out");
	create->lossless = true;
	return true;
}

static bool take_on(struct create *create, const struct command_key_value *value)
{
	static const char *const rules[] = {
		[LIST_SYNTAX] = "must be CPU numbers and ranges, as in 2-3,5",
		[LIST_TOO_MANY] = "names more than 64 CPUs",
		[LIST_TWICE] = "names a CPU twice",
	};
	enum number_list_error error = number_parse_list(value->value, create->on, MAX_VCPUS,
							 &create->on_count);

	create->on_text = value->value;
	return error == LIST_OK ? true : refuse(value, rules[error]);
}

static bool take_memory(struct create *create, const struct command_key_value *value)
{
	uint64_t bytes;

	if (!number_parse_size(value->value, &bytes))
		return refuse(value, "must be a number with K, M, G or T, as in 512M");
	if (bytes % LAYOUT_GRANULE)
		return refuse(value, "must be a multiple of 4K");
	if (bytes < LAYOUT_MIN || bytes > LAYOUT_MAX)
		return refuse(value, "must be from 2M to 64T");
	create->memory = bytes;
	create->memory_text = value->value;
	return true;
}

static bool take_boot(struct create *create, const struct command_key_value *value)
{
	static const char *const names[BOOT_PROTOCOLS] = {
		[BOOT_LINUX] = "linux",		  [BOOT_PVH] = "pvh",
		[BOOT_MULTIBOOT2] = "multiboot2", [BOOT_MULTIBOOT] = "multiboot",
		[BOOT_SECTOR] = "sector",	  [BOOT_FLAT] = "flat",
	};

	for (uint32_t i = BOOT_BY_IMAGE + 1; i < BOOT_PROTOCOLS; i++) {
		if (!strcmp(value->value, names[i])) {
			create->desc.boot.protocol = i;
			return true;
		}
	}
	return refuse(value, "must be linux, pvh, multiboot2, multiboot, sector or flat");
}

static bool take_address(struct create *create, const struct command_key_value *value)
{
	uint64_t address;

	if (!number_parse(value->value, &address))
		return refuse(value, "must be an address, as in 0x100000");
	if (value->key == KEY_IS_LOAD) {
		create->desc.boot.load = address;
		create->has_load = true;
	} else {
		create->desc.boot.entry = address;
		create->has_entry = true;
	}
	return true;
}

/* A flat binary is what load= makes one. */
static bool check_boot(struct create *create)
{
	struct part_boot *boot = &create->desc.boot;

	if (!create->has_load && create->has_entry) {
		rule_error(RULE_BOOT, "entry= goes with load= only: other images say it themselves");
		return false;
	}
	if (!create->has_load && boot->protocol == BOOT_FLAT) {
		rule_error(RULE_BOOT, "boot=flat: load= is missing");
		return false;
	}
	if (!create->has_load)
		return true;
	if (boot->protocol && boot->protocol != BOOT_FLAT) {
		rule_error(RULE_BOOT,
			   "load= goes with boot=flat only: other images say it themselves");
		return false;
	}
	boot->protocol = BOOT_FLAT;
	if (!create->has_entry)
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
	rule_error(RULE_IMAGE, "%s=%.40s: there is no such image; there is %s",
		   keys[value->key].name, value->value, used ? known : "none at all");
	return false;
}

/* Behind the others' texts; the first byte is the empty one. */
static bool take_text(struct create *create, struct part_image *image, const char *text)
{
	size_t at = MAX(create->texts, 1u), size = strlen(text) + 1;

	if (size > TEXTS_SIZE - at)
		return false;
	memcpy(create->desc.boot.texts + at, text, size);
	image->text = (uint32_t)at;
	create->texts = at + size;
	return true;
}

static bool take_image(struct create *create, const struct command_key_value *value)
{
	static const uint32_t roles[KEY_TOTAL] = {
		[KEY_IS_KERNEL] = IMAGE_KERNEL,
		[KEY_IS_INITRD] = IMAGE_INITRD,
		[KEY_IS_MODULE] = IMAGE_MODULE,
	};
	const char *space = value->key == KEY_IS_MODULE ? strchr(value->value, ' ') : NULL;
	struct part_image *image = &create->desc.images[create->desc.image_count];
	size_t length = space ? (size_t)(space - value->value) : strlen(value->value);
	char name[NAME_SIZE] = "";
	int index;

	/* A longer name is none of an image. */
	if (length < NAME_SIZE)
		memcpy(name, value->value, length);
	index = host_find_image(name);
	if (index < 0)
		return no_image(value);
	if (create->desc.image_count == MAX_PART_IMAGES) {
		rule_error(RULE_IMAGE, "%s=%.40s: a partition has at most 8 images",
			   keys[value->key].name, value->value);
		return false;
	}
	*image = (struct part_image){.image = (uint32_t)index, .role = roles[value->key]};
	if (space && !take_text(create, image, space + 1))
		return refuse(value, "the modules' texts have at most 1022 characters together");
	create->desc.image_count++;
	return true;
}

static bool take_cmdline(struct create *create, const struct command_key_value *value)
{
	if (!str_copy(create->desc.cmdline, CMDLINE_SIZE, value->value)) {
		rule_error(RULE_VALUE, "cmdline= has at most %d characters", CMDLINE_SIZE - 1);
		return false;
	}
	return true;
}

static bool is_switch(const struct command_key_value *value, bool *on)
{
	*on = !strcmp(value->value, "on");
	return *on || !strcmp(value->value, "off") ? true : refuse(value, "must be on or off");
}

static bool take_testdev(struct create *create, const struct command_key_value *value)
{
	bool on;

	if (!is_switch(value, &on))
		return false;
	create->desc.flags |= on ? PART_TESTDEV : 0;
	return true;
}

static bool take_restart(struct create *create, const struct command_key_value *value)
{
	static const char *const names[] = {
		[RESTART_NEVER] = "never",
		[RESTART_ON_FAILURE] = "on-failure",
		[RESTART_ALWAYS] = "always",
	};

	for (uint32_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(value->value, names[i])) {
			create->policy.restart = i;
			return true;
		}
	}
	return refuse(value, "must be never, on-failure or always");
}

static bool take_autostart(struct create *create, const struct command_key_value *value)
{
	return is_switch(value, &create->policy.autostart);
}

/* That it exists is for check.c: it may be made later. */
static bool take_after(struct create *create, const struct command_key_value *value)
{
	if (!command_name_is_valid(value->value))
		return refuse(value, "must be the name of a partition");
	str_copy(create->policy.after, NAME_SIZE, value->value);
	return true;
}

static bool (*const takers[KEY_TOTAL])(struct create *create,
				       const struct command_key_value *value) = {
	[KEY_IS_CPUS] = take_count,	 [KEY_IS_VCPUS] = take_count,
	[KEY_IS_ON] = take_on,		 [KEY_IS_MEMORY] = take_memory,
	[KEY_IS_KERNEL] = take_image,	 [KEY_IS_INITRD] = take_image,
	[KEY_IS_MODULE] = take_image,	 [KEY_IS_CMDLINE] = take_cmdline,
	[KEY_IS_WEIGHT] = take_weight,	 [KEY_IS_CAP] = take_cap,
	[KEY_IS_SMT] = take_smt,	 [KEY_IS_LOG] = take_log,
	[KEY_IS_CONSOLE] = take_console,

	[KEY_IS_TESTDEV] = take_testdev, [KEY_IS_BOOT] = take_boot,
	[KEY_IS_LOAD] = take_address,	 [KEY_IS_ENTRY] = take_address,
	[KEY_IS_RESTART] = take_restart, [KEY_IS_AUTOSTART] = take_autostart,
	[KEY_IS_AFTER] = take_after,
};

static bool has_kernel(const struct create *create)
{
	for (uint32_t i = 0; i < create->desc.image_count; i++) {
		if (create->desc.images[i].role == IMAGE_KERNEL)
			return true;
	}
	return false;
}

bool create_parse(struct create *create, const char *name, const struct definition *definition)
{
	static struct command_key_value values[COMMAND_KEYS];
	unsigned count = definition_values(definition, values);

	memset(create, 0, sizeof(*create));
	str_copy(create->desc.name, NAME_SIZE, name);
	for (unsigned i = 0; i < count; i++) {
		if (!takers[values[i].key](create, &values[i]))
			return false;
	}
	if (!create->memory) {
		rule_error(RULE_MISSING, "memory= is missing");
		return false;
	}
	if (!has_kernel(create)) {
		rule_error(RULE_MISSING, "kernel= is missing");
		return false;
	}
	return check_boot(create);
}
