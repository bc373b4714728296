/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pair of 8259A interrupt controllers of a PC, with the ELCR that chooses edge or level per
 * input.
 */
#pragma once

#include "abi/errors.h"
#include "lib/types.h"
#include "vmm/device.h"

enum { PIC_IRQS = 16 };

/* One 8259A. All of it is guarded by the pair's lock. */
struct pic_chip {
	uint8_t lines; /* the inputs now */
	uint8_t irr;  /* requests latched from edges; level inputs are added when it is looked at */
	uint8_t isr;  /* in service */
	uint8_t imr;  /* masked */
	uint8_t elcr; /* inputs that are level-triggered */
	uint8_t lowest;	   /* the input of lowest priority: 7 unless rotated */
	uint8_t icw[5];	   /* as written; [0] is not used */
	uint8_t next_icw;  /* 2 to 4: what a write to the odd port is; 0: it is OCW1 */
	bool special_mask; /* OCW3 */
	bool poll;	   /* OCW3: the next read is a poll */
	bool read_isr;	   /* OCW3: the even port reads ISR, else IRR */
	bool rotate_auto;  /* OCW2: rotate in automatic-EOI mode */
	bool is_slave;
};

struct pic {
	struct device dev;
	struct pic_chip chip[2]; /* master, slave */
	bool output;		 /* INTR, as pic_output() was told */
};

/* Clears the model and claims its ports. */
enum err must_check pic_init(struct pic *pic);

/* Drives IRQ irq (0 to 15, not 2). */
void pic_set(struct pic *pic, unsigned irq, bool level);

/* The CPU's interrupt acknowledge cycle: the vector, which is input 7's if the request is gone. */
uint8_t pic_inta(struct pic *pic);
