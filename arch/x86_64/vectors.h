/* SPDX-License-Identifier: BSD-2-Clause */
/* The host's interrupt vectors, all of them. The processor's own (0 to 31) are enum exception. */
#pragma once

enum vector {
	VECTOR_FIRST_INTERRUPT = 0x20,
	VECTOR_LEGACY_BASE = 0x20, /* the masked 8259s: what still comes is spurious, no EOI */
	VECTOR_LEGACY_END = 0x2f,
	VECTOR_CALL = 0x80, /* CALL_VECTOR of abi/calls.h: the only gate with DPL 3 */
	VECTOR_UART = 0xe0,
	VECTOR_DEVICE_END = 0xef,
	/*
	 * Higher vectors have higher priority: SDM 3A 11.8.3 "Interrupt, Task, and Processor
	 * Priority".
	 */
	VECTOR_KICK = 0xf0,  /* look at your pending words */
	VECTOR_TIMER = 0xf1, /* this CPU's local APIC timer */
	VECTOR_ERROR = 0xfe,
	VECTOR_SPURIOUS = 0xff, /* low four bits must be ones on old local APICs; needs no EOI */
};
