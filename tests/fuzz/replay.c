/* SPDX-License-Identifier: BSD-2-Clause */
/* Stands in for libFuzzer where a harness is built without it: gives it the files of the folders named. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void give(const char *folder, const char *name)
{
	static uint8_t bytes[1 << 20];
	char path[4096];
	FILE *file;
	size_t size;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "rb");
	if (!file) {
		perror(path);
		exit(1);
	}
	size = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	LLVMFuzzerTestOneInput(bytes, size);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		DIR *folder = opendir(argv[i]);

		if (!folder) {
			perror(argv[i]);
			return 1;
		}
		for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
			if (entry->d_name[0] != '.')
				give(argv[i], entry->d_name);
		}
		closedir(folder);
	}
	return 0;
}
