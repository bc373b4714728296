/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The 8254, the RTC and the ACPI PM block under a virtual clock: any accesses, any pauses.
 * Promised: no event storm (the clamps hold), time in the RTC is a calendar's, and the interrupt
 * wires agree with the registers.
 */
/* sources: vmm/bus.c vmm/timers.c vmm/dev/pit.c vmm/dev/pit_counter.c vmm/dev/rtc.c
 * vmm/dev/rtc_time.c vmm/dev/rtc_alarm.c vmm/dev/rtc_cmos.c vmm/dev/acpi_pm.c */
#include "tests/unit/dev_host.h"

#include "tests/fuzz/fuzz_dev_input.h"
#include "tests/unit/dev_fake_irq.h"
#include "vmm/dev/acpi_pm.h"
#include "vmm/dev/pit.h"
#include "vmm/dev/rtc.h"

/*
 * The devices' events come at most every 100 us (8254) and 122 us (RTC); the PM timer's far apart.
 */
enum { MIN_EVENT_NS = 40000 };

static struct pit pit;
static struct rtc rtc;
static struct acpi_pm pm;

static const uint16_t ports[] = {0x40,	0x41,  0x42,  0x43,  0x61,  0x70,  0x71,
				 0x72,	0x73,  0xb2,  0xb3,  0x600, 0x601, 0x602,
				 0x603, 0x604, 0x605, 0x606, 0x608, 0x60a};

static uint16_t port_of(uint8_t byte)
{
	return ports[byte % ARRAY_SIZE(ports)];
}

static unsigned size_of(uint8_t byte)
{
	return 1U << (byte >> 6) % 3;
}

/* Waits, and counts the kernel's deadlines on the way. */
static void wait(uint64_t ns)
{
	unsigned before = fake.expiries;

	/* Long pauses with a fast timer are many steps: the host is away for part of them. */
	if (ns > 20000000) {
		fake.now += ns - 20000000;
		ns = 20000000;
	}
	fake_go(ns);
	check(fake.expiries - before <= ns / MIN_EVENT_NS + 8);
}

/* As drivers do it: the index, and then the data. */
static void access_rtc(struct play *play, bool write)
{
	uint8_t index = play_byte(play) & 0x3f;

	out8(0x70, index);
	if (write)
		out8(0x71, play_byte(play));
	else
		told(in8(0x71));
	if (!write && index == 0x0c)
		check(rtc.ram[0x0c] == 0 && !fake_irq[GSI_RTC].level);
}

/* It runs: whatever was written, what is read a second later is a time. */
static void check_time(bool binary)
{
	uint8_t minute, month;

	out8(0x70, 0x02);
	minute = in8(0x71);
	check(rtc.held || (binary ? minute < 60 : (minute >> 4) < 6 && (minute & 15) < 10));
	out8(0x70, 0x08);
	month = in8(0x71);
	check(rtc.held ||
	      (month >= 1 && (binary ? month <= 12 : month <= 0x12 && (month & 15) < 10)));
}

static void check_rtc(void)
{
	uint8_t b, c, index = rtc.index[0];

	/* The guest's own index is put back at the end: what it reads next is not what was looked at here. */
	out8(0x70, 0x0b);
	b = in8(0x71);
	c = rtc.ram[0x0c];
	check(fake_irq[GSI_RTC].level == ((b & c & 0x70) != 0));
	if ((b & 0x80) == 0 && (rtc.ram[0x0a] & 0x70) == 0x20)
		check_time((b & 4) != 0);
	rtc.index[0] = index;
}

static void check_pm(void)
{
	uint32_t events = bus_port_read(0x600, 4), control = bus_port_read(0x604, 2);

	check((control & ~0x1c03U) == 0);
	check((events & ~0x05210121U) == 0);
	/* A carry may have been noticed by this very read; its interrupt follows with its event. */
	if (fake_irq[GSI_SCI].level)
		check((control & 1) != 0 && (events & events >> 16) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct rtc_config config = {.wall_clock = 1767225600, .memory_below_4g = MIB(64)};
	struct play play = {data, MIN(size, 2048)};

	fake_start();
	memset(fake_irq, 0, sizeof(fake_irq));
	check(pit_init(&pit) == ERR_NONE && rtc_init(&rtc, &config) == ERR_NONE);
	check(acpi_pm_init(&pm) == ERR_NONE);
	bus_seal();
	while (play.left > 0) {
		uint8_t what = play_byte(&play);

		switch (what % 8) {
		case 0:
		case 1:
		case 2: {
			uint8_t where = play_byte(&play);

			bus_port_write(port_of(where), size_of(where), play_word(&play) * 0x10001U);
			break;
		}
		case 3:
			access_rtc(&play, (what & 0x80) != 0);
			break;
		case 4:
			told(bus_port_read(port_of(what >> 3), size_of(what)));
			break;
		case 5:
		case 6:
			wait(play_time(&play));
			break;
		default:
			if (what == 7)
				bus_reset_devices();
			else if (what == 15)
				acpi_pm_press_power(&pm);
			else
				timers_expire(fake.now); /* a spurious event */
			break;
		}
		check_rtc();
		check_pm();
	}
	return 0;
}
