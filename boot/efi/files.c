/* SPDX-License-Identifier: BSD-2-Clause */
/* UEFI 2.10 13.4 "Simple File System Protocol", 13.5 "File Protocol". */
#include "boot/efi/files.h"

#include "boot/efi/firmware.h"
#include "boot/modules.h"
#include "lib/string.h"

#define CONFIG_PATH   L"\\freehold\\freehold.conf"
#define IMAGES_FOLDER L"\\freehold\\images"

/* So much is read at a time: often enough for who watches, seldom enough for the firmware. */
#define CHUNK MIB(4)

/* Room for an entry of a folder: file systems allow names of 255 characters. */
union entry {
	EFI_FILE_INFO info;
	uint8_t bytes[sizeof(EFI_FILE_INFO) + 512];
};

static EFI_GUID file_system_guid = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID;
static EFI_GUID file_info_guid = EFI_FILE_INFO_ID;

static EFI_FILE_HANDLE open_in(EFI_FILE_HANDLE folder, CHAR16 *path)
{
	EFI_FILE_HANDLE file;

	if (folder->Open(folder, &file, path, EFI_FILE_MODE_READ, 0) != EFI_SUCCESS)
		return NULL;
	return file;
}

static EFI_FILE_HANDLE open_volume(EFI_LOADED_IMAGE *loaded)
{
	EFI_FILE_IO_INTERFACE *volume;
	EFI_FILE_HANDLE root;
	void *found = NULL;

	if (firmware_services()->HandleProtocol(loaded->DeviceHandle, &file_system_guid, &found) !=
	    EFI_SUCCESS)
		return NULL;
	volume = found;
	if (volume->OpenVolume(volume, &root) != EFI_SUCCESS)
		return NULL;
	return root;
}

/* True if all size bytes came. A dot for each chunk. */
static bool read_all(EFI_FILE_HANDLE file, hpa_t to, uint64_t size)
{
	for (uint64_t done = 0; done < size;) {
		UINTN count = MIN(CHUNK, size - done);

		if (file->Read(file, &count, (void *)(uintptr_t)(to + done)) != EFI_SUCCESS ||
		    count == 0)
			return false;
		done += count;
		firmware_say_part(".");
	}
	return true;
}

/* What is wrong, or NULL. The name is set. */
static const char *load(EFI_FILE_HANDLE file, uint64_t size, struct boot_module *module)
{
	if (size == 0)
		return "it is empty";
	module->start = firmware_allocate(size);
	if (module->start == 0)
		return "there is not that much free memory below 4 GiB";
	module->size = size;
	firmware_say_part("freehold: reading ");
	firmware_say_part(module->name);
	firmware_say_part(" ");
	if (!read_all(file, module->start, size)) {
		firmware_say_part("\r\n");
		return "it cannot be read to its end";
	}
	firmware_say_part(" done\r\n");
	return NULL;
}

static bool read_config(EFI_FILE_HANDLE root, struct boot_module *module)
{
	EFI_FILE_HANDLE file = open_in(root, CONFIG_PATH);
	union entry entry;
	UINTN size = sizeof(entry);
	const char *wrong;

	if (!file) {
		firmware_say("there is no \\freehold\\freehold.conf on the volume I was loaded from");
		return false;
	}
	memcpy(module->name, BOOT_CONFIG_NAME, sizeof(BOOT_CONFIG_NAME));
	wrong = file->GetInfo(file, &file_info_guid, &size, &entry) == EFI_SUCCESS
			? load(file, entry.info.FileSize, module)
			: "its size cannot be found out";
	file->Close(file);
	if (wrong)
		firmware_say("\\freehold\\freehold.conf: %s", wrong);
	return !wrong;
}

/* What is wrong with it, or NULL. A name that is too long is kept cut, to be told. */
static const char *take_name(char name[BOOT_NAME_SIZE], const CHAR16 *from)
{
	for (uint32_t i = 0; from[i]; i++) {
		if (i == BOOT_NAME_SIZE - 1)
			return "its name is longer than 31 characters";
		if (from[i] <= ' ' || from[i] > '~')
			return "its name has blanks, or what is not ASCII";
		name[i] = (char)from[i];
	}
	return NULL;
}

/* One that cannot be had is passed on as one of no bytes: the kernel's log tells of it, too. */
static void read_image(EFI_FILE_HANDLE folder, const EFI_FILE_INFO *info, struct boot_module *module)
{
	const char *wrong = take_name(module->name, info->FileName);
	EFI_FILE_HANDLE file;

	if (!wrong) {
		file = open_in(folder, (CHAR16 *)(uintptr_t)info->FileName);
		wrong = file ? load(file, info->FileSize, module) : "it cannot be opened";
		if (file)
			file->Close(file);
	}
	if (!wrong)
		return;
	firmware_say("\\freehold\\images\\%s: %s; I go on without it", module->name, wrong);
	if (module->start)
		firmware_free_last();
	module->start = module->size = 0;
}

/* A folder is read entry by entry; an entry of size 0 is its end. */
static void read_images(EFI_FILE_HANDLE folder, struct files *files)
{
	for (;;) {
		union entry entry;
		UINTN size = sizeof(entry);

		if (folder->Read(folder, &size, &entry) != EFI_SUCCESS) {
			firmware_say("the folder \\freehold\\images cannot be read to its end");
			return;
		}
		if (size == 0)
			return;
		if (entry.info.Attribute & EFI_FILE_DIRECTORY)
			continue;
		if (files->count == BOOT_MAX_MODULES) {
			firmware_say(
				"\\freehold\\images has more than %d files: I leave out the rest",
				BOOT_MAX_MODULES - 1);
			return;
		}
		read_image(folder, &entry.info, &files->files[files->count++]);
	}
}

bool files_read(EFI_LOADED_IMAGE *loaded, struct files *files)
{
	EFI_FILE_HANDLE root = open_volume(loaded), folder;
	bool good;

	if (!root) {
		firmware_say("the volume I was loaded from has no file system that I can read");
		return false;
	}
	good = read_config(root, &files->files[0]);
	files->count = 1;
	/* No folder is no image: a configuration may do without. */
	folder = good ? open_in(root, IMAGES_FOLDER) : NULL;
	if (folder) {
		read_images(folder, files);
		folder->Close(folder);
	}
	root->Close(root);
	return good;
}
