/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The numbers of "The Multiboot2 Specification version 2.0" that we use. Preprocessor constants
 * only: the header in entry.S and the parser both read them.
 */
#pragma once

/* 3.1.1 "The layout of Multiboot2 header" */
#define MULTIBOOT2_HEADER_MAGIC 0xe85250d6
#define MULTIBOOT2_ARCH_I386	0

/* 3.1.3 "General tag structure" and what follows it */
#define MULTIBOOT2_HEADER_END	       0
#define MULTIBOOT2_HEADER_REQUEST      1
#define MULTIBOOT2_HEADER_ENTRY	       3
#define MULTIBOOT2_HEADER_MODULE_ALIGN 6
#define MULTIBOOT2_HEADER_RELOCATABLE  10
#define MULTIBOOT2_HEADER_OPTIONAL     1 /* flags: a loader that does not know the tag may go on */
#define MULTIBOOT2_PREFER_LOWEST       1

/* 3.3 "I386 machine state": EAX */
#define MULTIBOOT2_LOADER_MAGIC 0x36d76289

/* 3.6 "Boot information format" */
#define MULTIBOOT2_TAG_END	   0
#define MULTIBOOT2_TAG_CMDLINE	   1
#define MULTIBOOT2_TAG_LOADER	   2
#define MULTIBOOT2_TAG_MODULE	   3
#define MULTIBOOT2_TAG_MMAP	   6
#define MULTIBOOT2_TAG_FRAMEBUFFER 8
#define MULTIBOOT2_TAG_EFI64	   12
#define MULTIBOOT2_TAG_ACPI_OLD	   14
#define MULTIBOOT2_TAG_ACPI_NEW	   15
#define MULTIBOOT2_TAG_EFI_MMAP	   17
#define MULTIBOOT2_TAG_ALIGN	   8
