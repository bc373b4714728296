/* SPDX-License-Identifier: BSD-2-Clause */
/* The address types and the few macros that every file may use, in both rings and on the host. */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Host-physical, guest-physical and guest-virtual addresses, in bytes. */
typedef uint64_t hpa_t;
typedef uint64_t gpa_t;
typedef uint64_t gva_t;

#define BIT(n) (1ULL << (n))
/* A mask of the bits high..low, both included. */
#define BITS(high, low) ((~0ULL >> (63 - (high))) & (~0ULL << (low)))

#define KIB(n) ((uint64_t)(n) << 10)
#define MIB(n) ((uint64_t)(n) << 20)
#define GIB(n) ((uint64_t)(n) << 30)

#define PAGE_SHIFT 12
#define PAGE_SIZE  KIB(4)
#define PAGE_MASK  (PAGE_SIZE - 1)

#define ALIGN_DOWN(value, align) ((value) & ~((uint64_t)(align)-1))
#define ALIGN_UP(value, align)	 (((value) + ((uint64_t)(align)-1)) & ~((uint64_t)(align)-1))

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define MIN(a, b)	  ((a) < (b) ? (a) : (b))
#define MAX(a, b)	  ((a) > (b) ? (a) : (b))

#define CONTAINER_OF(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

#define must_check	  __attribute__((warn_unused_result))
#define noreturn	  __attribute__((noreturn))
#define printf_like(f, a) __attribute__((format(printf, f, a)))
