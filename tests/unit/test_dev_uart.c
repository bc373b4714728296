/* SPDX-License-Identifier: BSD-2-Clause */
/* The 16550A against its data sheet, and against what drivers of real systems try on it. */
/* sources: vmm/bus.c vmm/timers.c vmm/dev/uart.c vmm/dev/uart_line.c */
#include "tests/unit/dev_fakes.h"

#include "tests/unit/dev_fake_irq.h"
#include "tests/unit/random.h"
#include "vmm/dev/uart.h"

enum { DATA = 0x3f8, IER, IIR, LCR, MCR, LSR, MSR, SCR, FCR = IIR };
enum { RDI = 1, THRI = 2, RLSI = 4, MSI = 8, OUT2 = 8, LOOP = 0x10 };

static struct uart uart;

static int setup(void **state)
{
	(void)state;
	fake_start();
	memset(fake_irq, 0, sizeof(fake_irq));
	assert_int_equal(uart_init(&uart, &uart_com1), ERR_NONE);
	bus_seal();
	out8(MCR, OUT2 | 3);
	return 0;
}

static bool irq(void)
{
	return fake_irq[GSI_COM1].level;
}

static unsigned rises(void)
{
	return fake_irq[GSI_COM1].rises;
}

static void type(const char *text)
{
	memcpy(fake.in + fake.in_count, text, strlen(text));
	fake.in_count += strlen(text);
	uart_console_input(&uart);
}

static void reset_values(void **state)
{
	(void)state;
	uart.dev.ops->reset(&uart.dev);
	assert_int_equal(in8(IER), 0);
	assert_int_equal(in8(IIR), 0x01);
	assert_int_equal(in8(LCR), 0);
	assert_int_equal(in8(MCR), 0);
	assert_int_equal(in8(LSR), 0x60);
	assert_int_equal(in8(MSR), 0xb0);
}

static void registers_keep_their_bits(void **state)
{
	(void)state;
	for (unsigned value = 0; value < 256; value++) {
		out8(SCR, value);
		assert_int_equal(in8(SCR), value);
		out8(LCR, value);
		assert_int_equal(in8(LCR), value);
		out8(LCR, 0);
		out8(IER, value);
		assert_int_equal(in8(IER), value & 0x0f);
		out8(MCR, value);
		assert_int_equal(in8(MCR), value & 0x1f);
		out8(LSR, value);
		out8(MSR, value);
	}
	assert_int_equal(in8(LSR) & 0x60, 0x60);
}

static void the_divisor_is_behind_dlab(void **state)
{
	(void)state;
	out8(IER, 0x05);
	out8(LCR, 0x83);
	out8(DATA, 0x0c);
	out8(IER, 0xa5);
	assert_int_equal(in8(DATA), 0x0c);
	assert_int_equal(in8(IER), 0xa5);
	assert_int_equal(fake.out_count, 0);
	out8(LCR, 0x03);
	assert_int_equal(in8(IER), 0x05);
	out8(DATA, 'x');
	assert_int_equal(fake.out_count, 1);
}

static void characters_are_sent_at_once(void **state)
{
	(void)state;
	for (const char *p = "Hello"; *p != '\0'; p++) {
		assert_int_equal(in8(LSR), 0x60);
		out8(DATA, (uint8_t)*p);
	}
	assert_memory_equal(fake.out, "Hello", 5);
}

static void thre_interrupts_when_enabled_and_after_each_character(void **state)
{
	(void)state;
	out8(IER, THRI);
	assert_true(irq());
	assert_int_equal(in8(IIR), 0x02);
	assert_false(irq()); /* reading IIR was the acknowledge */
	assert_int_equal(in8(IIR), 0x01);
	out8(DATA, 'a');
	assert_true(irq());
	assert_int_equal(in8(IIR), 0x02);
	out8(IER, 0);
	out8(IER, THRI); /* enabling again asks again */
	assert_true(irq());
	out8(IER, THRI); /* but writing the same value does not */
	in8(IIR);
	out8(IER, THRI);
	assert_false(irq());
}

/*
 * On an edge-triggered input each new interrupt needs its own rise, also if the last was not read.
 */
static void each_transmission_is_a_new_edge(void **state)
{
	(void)state;
	out8(IER, THRI);
	assert_int_equal(rises(), 1);
	out8(DATA, 'a');
	assert_int_equal(rises(), 2);
	out8(DATA, 'b');
	assert_int_equal(rises(), 3);
	assert_true(irq());
}

static void a_full_ring_holds_thre_down(void **state)
{
	(void)state;
	out8(FCR, 1);
	fake.out_space = 3;
	for (unsigned i = 0; i < 3; i++)
		out8(DATA, 'a' + i);
	assert_int_equal(in8(LSR), 0x60);
	out8(IER, THRI);
	in8(IIR);
	out8(DATA, 'd');
	assert_int_equal(in8(LSR), 0x00);
	assert_false(irq());
	for (unsigned i = 0; i < 15; i++)
		out8(DATA, 'e' + i);
	assert_int_equal(uart.dropped, 0);
	out8(DATA, '!'); /* beyond the FIFO */
	assert_int_equal(uart.dropped, 1);
	fake.out_space = 4;
	uart_console_space(&uart);
	assert_int_equal(in8(LSR), 0x00);
	assert_false(irq());
	fake.out_space = 100;
	uart_console_space(&uart);
	assert_int_equal(in8(LSR), 0x60);
	assert_true(irq());
	assert_int_equal(in8(IIR), 0xc2);
	assert_int_equal(fake.out_count, 19);
	assert_memory_equal(fake.out, "abcdefghijklmnopqrs", 19);
}

static void without_fifo_one_character_waits(void **state)
{
	(void)state;
	fake.out_space = 0;
	out8(DATA, 'a');
	assert_int_equal(in8(LSR), 0x00);
	out8(DATA, 'b');
	assert_int_equal(uart.dropped, 1);
	fake.out_space = 9;
	uart_console_space(&uart);
	assert_int_equal(fake.out_count, 1);
	assert_int_equal(fake.out[0], 'a');
}

/* Nobody tells when the ring no longer waits for its reader: the UART looks by itself. */
static void a_held_character_is_tried_again_by_the_clock(void **state)
{
	const uint64_t second = 1000000000;

	(void)state;
	out8(IER, THRI);
	in8(IIR);
	fake.out_space = 0;
	out8(DATA, 'a');
	fake_go(6 * second);
	assert_int_equal(in8(LSR), 0x00);
	fake.out_space = 1;
	fake_go(3 * second);
	assert_int_equal(fake.out_count, 0);
	fake_go(2 * second);
	assert_int_equal(fake.out_count, 1);
	assert_int_equal(in8(LSR), 0x60);
	assert_true(irq());
	/* Nothing is held, so nothing is armed; and a reset forgets what was. */
	fake_go(20 * second);
	assert_int_equal(fake.deadline, UINT64_MAX);
	fake.out_space = 0;
	out8(DATA, 'b');
	assert_int_not_equal(fake.deadline, UINT64_MAX);
	uart.dev.ops->reset(&uart.dev);
	fake_go(20 * second);
	assert_int_equal(fake.deadline, UINT64_MAX);
}

static void order_is_kept_when_space_comes_back_unnoticed(void **state)
{
	(void)state;
	out8(FCR, 1);
	fake.out_space = 0;
	out8(DATA, '1');
	out8(DATA, '2');
	fake.out_space = 10;
	out8(DATA, '3');
	assert_int_equal(fake.out_count, 3);
	assert_memory_equal(fake.out, "123", 3);
	assert_int_equal(in8(LSR), 0x60);
}

static void a_block_goes_in_one_call(void **state)
{
	uint8_t block[4096];

	(void)state;
	memset(block, 'z', sizeof(block));
	out8(IER, THRI);
	bus_port_write_block(DATA, 1, block, sizeof(block));
	assert_int_equal(fake.puts, 1);
	assert_int_equal(fake.out_count, 4096);
	assert_int_equal(rises(), 2);
	bus_port_write_block(DATA, 1, block, 0);
	assert_int_equal(rises(), 2);
}

static void a_block_that_does_not_fit_fills_the_fifo_and_is_counted(void **state)
{
	uint8_t block[100];

	(void)state;
	out8(FCR, 1);
	for (unsigned i = 0; i < sizeof(block); i++)
		block[i] = (uint8_t)i;
	fake.out_space = 50;
	bus_port_write_block(DATA, 1, block, sizeof(block));
	assert_int_equal(fake.out_count, 50);
	assert_int_equal(in8(LSR), 0);
	assert_int_equal(uart.dropped, 34);
	fake.out_space = 1000;
	bus_port_write_block(DATA, 1, block, 2);
	assert_int_equal(fake.out_count, 68);
	assert_int_equal(fake.out[65], 65);
	assert_int_equal(fake.out[66], 0);
}

static void blocks_to_other_registers_are_single_writes(void **state)
{
	const uint8_t block[] = {1, 2, 3};

	(void)state;
	bus_port_write_block(SCR, 1, block, 3);
	assert_int_equal(in8(SCR), 3);
	out8(LCR, 0x80);
	bus_port_write_block(DATA, 1, block, 3);
	assert_int_equal(in8(DATA), 3);
	assert_int_equal(fake.out_count, 0);
	out8(LCR, 3);
	out8(MCR, LOOP);
	out8(FCR, 1);
	bus_port_write_block(DATA, 1, block, 3);
	assert_int_equal(in8(DATA), 1);
	assert_int_equal(in8(DATA), 2);
	assert_int_equal(fake.out_count, 0);
}

static void without_fifo_each_character_interrupts(void **state)
{
	(void)state;
	out8(IER, RDI);
	type("abc");
	assert_true(irq());
	assert_int_equal(in8(IIR), 0x04);
	assert_int_equal(in8(LSR), 0x61);
	/* A handler that reads one character an interrupt gets an edge for each. */
	assert_int_equal(in8(DATA), 'a');
	assert_int_equal(rises(), 2);
	assert_int_equal(in8(DATA), 'b');
	assert_int_equal(rises(), 3);
	assert_int_equal(in8(DATA), 'c');
	assert_int_equal(rises(), 3);
	assert_false(irq());
	assert_int_equal(in8(LSR), 0x60);
	assert_int_equal(in8(DATA), 'c'); /* the register shows its last */
}

static void the_fifo_interrupts_at_its_trigger_level(void **state)
{
	static const unsigned levels[4] = {1, 4, 8, 14};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		out8(FCR, i << 6 | 7);
		out8(IER, RDI);
		assert_int_equal(in8(IIR), 0xc1);
		for (unsigned n = 1; n <= 16; n++) {
			type("x");
			assert_int_equal(in8(IIR), n >= levels[i] ? 0xc4 : 0xc1);
			assert_int_equal(irq(), n >= levels[i]);
		}
		for (unsigned n = 16; n > levels[i] - 1; n--) {
			assert_int_equal(in8(IIR), 0xc4);
			in8(DATA);
		}
		assert_int_equal(in8(IIR), 0xc1); /* below the level the request is gone */
	}
}

static void a_timeout_tells_of_what_stays_below_the_level(void **state)
{
	(void)state;
	out8(LCR, 0x83); /* 8n1 at 9600: a character is 1.04 ms */
	out8(DATA, 12);
	out8(IER, 0);
	out8(LCR, 0x03);
	out8(FCR, 0xc7);
	out8(IER, RDI);
	type("ab");
	fake_go(4160000);
	assert_int_equal(in8(IIR), 0xc1);
	fake_go(10000);
	assert_true(irq());
	assert_int_equal(in8(IIR), 0xcc);
	assert_int_equal(in8(DATA), 'a');
	assert_int_equal(in8(IIR), 0xc1); /* reading starts it anew */
	fake_go(4100000);
	assert_int_equal(in8(IIR), 0xc1);
	type("c");
	fake_go(4100000);
	assert_int_equal(in8(IIR), 0xc1); /* a character does too */
	fake_go(100000);
	assert_int_equal(in8(IIR), 0xcc);
	in8(DATA);
	in8(DATA);
	assert_int_equal(in8(IIR), 0xc1);
	fake_go(100000000);
	assert_int_equal(in8(IIR), 0xc1); /* nothing there: none */
	assert_true(fake.expiries < 10);
}

/* "The timeout timer is reset after a new character" while it is not told; told, it is until one is read. */
static void a_timeout_that_is_told_stays(void **state)
{
	(void)state;
	out8(FCR, 0xc7);
	out8(IER, RDI);
	type("a");
	fake_go(1000000);
	assert_int_equal(in8(IIR), 0xcc);
	type("b");
	assert_true(irq());
	assert_int_equal(in8(IIR), 0xcc);
	assert_int_equal(rises(), 1);
	assert_int_equal(in8(DATA), 'a');
	assert_int_equal(in8(IIR), 0xc1);
	fake_go(1000000);
	assert_int_equal(in8(IIR), 0xcc);
	assert_int_equal(in8(DATA), 'b');
	assert_false(irq());
}

/* IER gates the interrupt, not the time: a driver that masks over and over hears of a lone character. */
static void masking_does_not_hold_the_timeout_up(void **state)
{
	(void)state;
	out8(LCR, 0x03);
	out8(FCR, 0x81);
	out8(IER, RDI);
	type("a");
	for (unsigned i = 0; i < 100; i++) {
		out8(IER, 0);
		assert_false(irq());
		fake_go(5000000);
		out8(IER, RDI);
		assert_true(irq());
		assert_int_equal(in8(IIR), 0xcc);
	}
	assert_int_equal(rises(), 100);
	assert_int_equal(in8(DATA), 'a');
	assert_int_equal(in8(IIR), 0xc1);
	/* Masked shorter than the time, it is told when the time is over, 4 * 10 bits after it came. */
	type("b");
	for (unsigned i = 0; i < 34; i++) {
		out8(IER, 0);
		fake_go(10000);
		out8(IER, RDI);
		assert_false(irq());
	}
	fake_go(8000);
	assert_true(irq());
	in8(DATA);
	/* It came while masked, and nothing is armed for what nobody would hear. */
	out8(IER, 0);
	fake_go(1000000);
	type("c");
	assert_int_equal(fake.deadline, UINT64_MAX);
	fake_go(340000);
	out8(IER, RDI);
	assert_false(irq());
	out8(IER, 0);
	fake_go(8000);
	assert_int_equal(in8(IIR), 0xc1);
	out8(IER, RDI);
	assert_int_equal(in8(IIR), 0xcc);
}

static void a_burst_costs_one_timer(void **state)
{
	(void)state;
	out8(FCR, 0xc1);
	out8(IER, RDI);
	for (unsigned i = 0; i < 10; i++) {
		type("a");
		fake_go(1000);
	}
	assert_int_equal(fake.deadlines_set, 1);
	fake_go(1000000);
	assert_true(irq());
	assert_true(fake.expiries <= 2);
}

static void the_level_outranks_the_timeout(void **state)
{
	(void)state;
	out8(FCR, 0x41);
	out8(IER, RDI);
	type("abcd");
	fake_go(1000000000);
	assert_int_equal(in8(IIR), 0xc4);
}

static void a_divisor_of_0_makes_no_storm(void **state)
{
	(void)state;
	out8(LCR, 0x80);
	out8(DATA, 0);
	out8(LCR, 0);
	out8(FCR, 0xc1);
	out8(IER, RDI);
	type("a");
	fake_go(99000);
	assert_false(irq());
	fake_go(1000);
	assert_true(irq());
	assert_true(fake.expiries <= 2);
}

static void input_waits_in_the_ring_and_none_is_lost(void **state)
{
	char text[201];

	(void)state;
	for (unsigned i = 0; i < 200; i++)
		text[i] = (char)('!' + i % 90);
	text[200] = '\0';
	out8(FCR, 1);
	type(text);
	for (unsigned i = 0; i < 200; i++) {
		assert_int_equal(in8(LSR), 0x61);
		assert_int_equal(in8(DATA), text[i]);
	}
	assert_int_equal(in8(LSR), 0x60);
}

static void fcr_clears_what_it_says(void **state)
{
	(void)state;
	out8(FCR, 1);
	type("abc");
	out8(FCR, 3);
	assert_int_equal(in8(LSR), 0x60);
	fake.out_space = 0;
	out8(DATA, 'x');
	assert_int_equal(in8(LSR), 0x00);
	out8(FCR, 5);
	assert_int_equal(in8(LSR), 0x60);
	fake.out_space = 10;
	uart_console_space(&uart);
	assert_int_equal(fake.out_count, 0);
	/* A change of mode clears the transmitter too. */
	fake.out_space = 0;
	out8(DATA, 'y');
	assert_int_equal(in8(LSR), 0x00);
	out8(FCR, 0);
	assert_int_equal(in8(LSR), 0x60);
	fake.out_space = 10;
	out8(FCR, 1);
	/* Without the enable bit, the clear bits and the level are ignored. */
	type("a");
	out8(FCR, 0);
	assert_int_equal(in8(LSR), 0x60); /* the change of mode cleared it */
	type("b");
	out8(FCR, 0xc6);
	assert_int_equal(in8(LSR), 0x61);
	assert_int_equal(in8(IIR), 0x01);
}

static void what_waits_behind_a_cleared_fifo_is_a_new_edge(void **state)
{
	(void)state;
	out8(FCR, 0x81);
	out8(IER, RDI);
	type("0123456789abcdefghijklmnopqrstuvwxyz");
	assert_int_equal(rises(), 1);
	out8(FCR, 0x83);
	assert_true(irq());
	assert_int_equal(rises(), 2);
	assert_int_equal(in8(DATA), 'g');
	/* What clears nothing makes none. */
	out8(FCR, 0x81);
	assert_int_equal(rises(), 2);
}

static void iir_shows_the_highest_priority(void **state)
{
	(void)state;
	out8(LCR, 3);
	out8(MCR, LOOP | OUT2 | 4);
	out8(FCR, 1);
	out8(IER, 0x0f);
	out8(MCR, LOOP); /* deltas, and the ring's end */
	out8(DATA, 'a');
	out8(LCR, 0x43); /* a break: line status */
	in8(DATA);	 /* 'a'; the break is the next */
	assert_int_equal(in8(IIR), 0xc6);
	assert_int_equal(in8(LSR), 0xf1); /* break, data ready, error in the FIFO */
	assert_int_equal(in8(IIR), 0xc4);
	assert_int_equal(in8(DATA), 0);
	assert_int_equal(in8(IIR), 0xc2);
	assert_int_equal(in8(IIR), 0xc0);
	assert_int_equal(in8(MSR), 0x0f);
	assert_int_equal(in8(IIR), 0xc1);
}

static void the_loop_returns_characters_and_sends_none(void **state)
{
	(void)state;
	out8(LCR, 3);
	out8(MCR, LOOP | 0x0a);
	assert_int_equal(in8(MSR) & 0xf0, 0x90); /* what drivers look for */
	out8(DATA, 0xa5);
	assert_int_equal(in8(LSR), 0x61);
	assert_int_equal(in8(DATA), 0xa5);
	assert_int_equal(fake.out_count, 0);
	out8(LCR, 0); /* five bits */
	out8(DATA, 0xff);
	assert_int_equal(in8(DATA), 0x1f);
	/* Console input does not come in between, and comes after. */
	type("k");
	assert_int_equal(in8(LSR), 0x60);
	out8(MCR, 0);
	assert_int_equal(in8(DATA), 'k');
}

static void the_loop_wires_the_modem_lines(void **state)
{
	static const uint8_t expect[16] = {0x00, 0x20, 0x10, 0x30, 0x40, 0x60, 0x50, 0x70,
					   0x80, 0xa0, 0x90, 0xb0, 0xc0, 0xe0, 0xd0, 0xf0};

	(void)state;
	for (unsigned mcr = 0; mcr < 16; mcr++) {
		out8(MCR, LOOP | mcr);
		assert_int_equal(in8(MSR) & 0xf0, expect[mcr]);
	}
	out8(MCR, LOOP | 4);
	in8(MSR);
	out8(MCR, LOOP);
	assert_int_equal(in8(MSR), 0x04); /* the ring ended */
	out8(MCR, LOOP | 4);
	assert_int_equal(in8(MSR), 0x40); /* its beginning is no delta */
	out8(MCR, LOOP | 2);
	assert_int_equal(in8(MSR), 0x15);
	assert_int_equal(in8(MSR), 0x10);
}

static void an_overrun_in_the_loop_is_told(void **state)
{
	(void)state;
	out8(LCR, 3);
	out8(MCR, LOOP);
	out8(DATA, 'a');
	out8(DATA, 'b');
	assert_int_equal(in8(LSR), 0x63);
	assert_int_equal(in8(LSR), 0x61);
	assert_int_equal(in8(DATA), 'b'); /* the register was overwritten */
	out8(FCR, 1);
	for (unsigned i = 0; i < 17; i++)
		out8(DATA, i);
	assert_int_equal(in8(LSR), 0x63);
	for (unsigned i = 0; i < 16; i++)
		assert_int_equal(in8(DATA), i); /* the FIFO keeps what it had */
	assert_int_equal(in8(LSR), 0x60);
}

static void errors_stay_with_their_character(void **state)
{
	(void)state;
	out8(LCR, 3);
	out8(MCR, LOOP);
	out8(FCR, 1);
	out8(DATA, 'a');
	out8(LCR, 0x43);
	out8(LCR, 0x03);
	out8(DATA, 'b');
	assert_int_equal(in8(LSR), 0xe1); /* somewhere in the FIFO, not yet at its head */
	assert_int_equal(in8(DATA), 'a');
	assert_int_equal(in8(LSR), 0xf1);
	assert_int_equal(in8(LSR), 0x61);
	assert_int_equal(in8(DATA), 0);
	assert_int_equal(in8(DATA), 'b');
}

static void out2_and_the_loop_gate_the_irq(void **state)
{
	(void)state;
	out8(MCR, 0);
	out8(IER, THRI);
	assert_false(irq());
	out8(MCR, OUT2);
	assert_true(irq());
	out8(MCR, OUT2 | LOOP);
	assert_false(irq());
	assert_int_equal(in8(IIR) & 0x0f, 0x02); /* IIR shows it all the same */
}

/* The steps of a well-known driver's probe. */
static void a_driver_finds_a_16550a(void **state)
{
	(void)state;
	out8(IER, 0);
	assert_int_equal(in8(IER) & 0x0f, 0);
	out8(IER, 0x0f);
	assert_int_equal(in8(IER) & 0x0f, 0x0f);
	out8(IER, 0);
	out8(LCR, 0xbf);
	out8(FCR, 0); /* EFR on others */
	out8(LCR, 0);
	out8(FCR, 1);
	assert_int_equal(in8(IIR) >> 6, 3);
	out8(FCR, 0x21);
	assert_int_equal(in8(IIR) & 0x20, 0); /* no 64-byte FIFO */
	out8(IER, 0x40);
	assert_int_equal(in8(IER), 0); /* no sleep or UUE bits */
	out8(MCR, 0x80);
	assert_int_equal(in8(MCR), 0);
	/* Its test for a lost THRE: enabling must ask again, with the IRQ and without. */
	out8(MCR, OUT2);
	out8(IER, THRI);
	assert_int_equal(in8(IIR) & 1, 0);
	out8(IER, 0);
	out8(IER, THRI);
	assert_int_equal(in8(IIR) & 1, 0);
}

static void any_sequence_keeps_the_line_consistent(void **state)
{
	(void)state;
	for (unsigned step = 0; step < 200000; step++) {
		uint32_t draw = (uint32_t)next_random();
		uint16_t port = (uint16_t)(DATA + (draw >> 8 & 7));

		switch (draw >> 29) {
		case 0:
		case 1:
		case 2:
			out8(port, draw >> 16 & 0xff);
			break;
		case 3:
			fake.out_space = draw >> 16 & 31;
			fake.out_count = 0;
			uart_console_space(&uart);
			break;
		case 4:
			if (fake.in_count < 200)
				type("q");
			break;
		case 5:
			fake_go(draw >> 8);
			break;
		default:
			in8(port);
			break;
		}
		assert_true(uart.rx.count <= 16 && uart.tx.count <= 16);
		assert_true(uart.rx.first < 16 && uart.tx.first < 16);
		assert_int_equal(irq(), uart.line);
		/* The IRQ is IIR's bit 0, behind the gate. */
		struct uart copy = uart;
		bool pending = (in8(IIR) & 1) == 0;

		assert_int_equal(copy.line, pending && (copy.mcr & (OUT2 | LOOP)) == OUT2);
		uart.thre_pending = copy.thre_pending;
		uart.line = copy.line;
		irq_set(GSI_COM1, copy.line);
	}
}

/* COM2: all there but a partner. What is sent is gone at once, and no ring sees it. */
static void a_port_without_a_line_is_found_and_silent(void **state)
{
	static struct uart second;

	(void)state;
	fake_start();
	memset(fake_irq, 0, sizeof(fake_irq));
	assert_int_equal(uart_init(&second, &uart_com2), ERR_NONE);
	bus_seal();
	out8(0x2f9, 0x0f);
	assert_int_equal(in8(0x2f9), 0x0f);
	assert_int_equal(in8(0x2fe), 0); /* no CTS, DSR, DCD: there is no cable */
	out8(0x2fa, 0x01);
	out8(0x2fc, 0x08);
	assert_true(fake_irq[3].level);
	assert_int_equal(in8(0x2fa), 0xc2); /* THRE, with FIFOs */
	fake.out_space = 0;
	fake.in_count = 4;
	for (unsigned i = 0; i < 100; i++)
		out8(0x2f8, i);
	bus_port_write_block(0x2f8, 1, "block", 5);
	uart_console_input(&second);
	uart_console_space(&second);
	assert_int_equal(in8(0x2fd), 0x60);
	assert_int_equal(fake.in_count, 4);
	assert_int_equal(fake.puts, 0);
	assert_int_equal(uart_dropped(&second), 0);
	out8(0x2fc, 0x18); /* in the loop it talks to itself */
	out8(0x2fb, 0x03);
	out8(0x2f8, 'x');
	assert_int_equal(in8(0x2f8), 'x');
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(reset_values),
		T(registers_keep_their_bits),
		T(the_divisor_is_behind_dlab),
		T(characters_are_sent_at_once),
		T(thre_interrupts_when_enabled_and_after_each_character),
		T(each_transmission_is_a_new_edge),
		T(a_full_ring_holds_thre_down),
		T(without_fifo_one_character_waits),
		T(a_held_character_is_tried_again_by_the_clock),
		T(order_is_kept_when_space_comes_back_unnoticed),
		T(a_block_goes_in_one_call),
		T(a_block_that_does_not_fit_fills_the_fifo_and_is_counted),
		T(blocks_to_other_registers_are_single_writes),
		T(without_fifo_each_character_interrupts),
		T(the_fifo_interrupts_at_its_trigger_level),
		T(a_timeout_tells_of_what_stays_below_the_level),
		T(a_timeout_that_is_told_stays),
		T(masking_does_not_hold_the_timeout_up),
		T(a_burst_costs_one_timer),
		T(the_level_outranks_the_timeout),
		T(a_divisor_of_0_makes_no_storm),
		T(input_waits_in_the_ring_and_none_is_lost),
		T(fcr_clears_what_it_says),
		T(what_waits_behind_a_cleared_fifo_is_a_new_edge),
		T(iir_shows_the_highest_priority),
		T(the_loop_returns_characters_and_sends_none),
		T(the_loop_wires_the_modem_lines),
		T(an_overrun_in_the_loop_is_told),
		T(errors_stay_with_their_character),
		T(out2_and_the_loop_gate_the_irq),
		T(a_driver_finds_a_16550a),
		T(a_port_without_a_line_is_found_and_silent),
		T(any_sequence_keeps_the_line_consistent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
