/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The 16550 and its two rings. Registers as in the PC16550D data sheet, "Registers". Interrupt and
 * poll do the same service; polling is for lines whose interrupts get lost or were never wired.
 */
#include "drivers/uart.h"

#include "arch/x86_64/insn.h"
#include "drivers/tsc.h"
#include "lib/spinlock.h"
#include "lib/string.h"

enum uart_reg {
	REG_DATA = 0, /* RBR, THR; DLL if LCR_DLAB */
	REG_IER = 1,  /* DLM if LCR_DLAB */
	REG_IIR = 2,  /* written: FCR */
	REG_LCR = 3,
	REG_MCR = 4,
	REG_LSR = 5,
	REG_MSR = 6,
	REG_SCR = 7,
};

enum ier { IER_RX = BIT(0), IER_THRE = BIT(1), IER_LINE = BIT(2) };
enum iir { IIR_NONE = BIT(0), IIR_SOURCE = BITS(3, 0), IIR_FIFO = BITS(7, 6) };
enum fcr {
	FCR_ENABLE = BIT(0),
	FCR_CLEAR_RX = BIT(1),
	FCR_CLEAR_TX = BIT(2),
	FCR_TRIGGER_8 = BIT(7)
};
enum lcr { LCR_8N1 = 3, LCR_DLAB = BIT(7) };
/* OUT2 is the gate of a PC's interrupt line. */
enum mcr {
	MCR_DTR = BIT(0),
	MCR_RTS = BIT(1),
	MCR_OUT2 = BIT(3),
	MCR_LOOP = BIT(4),
	MCR_HELD = MCR_DTR | MCR_OUT2, /* "do not send now", to a line that looks at RTS */
	MCR_OPEN = MCR_HELD | MCR_RTS,
};
enum lsr {
	LSR_DATA = BIT(0),
	LSR_OVERRUN = BIT(1),
	LSR_THRE = BIT(5),
	LSR_TEMT = BIT(6),
	LSR_ABSENT = 0xff
};
enum msr { MSR_CTS = BIT(4), MSR_DSR = BIT(5), MSR_RI = BIT(6), MSR_DCD = BIT(7) };

enum {
	FIFO_DEPTH = 16,
	DRAIN_LOOKS = 20000,
	DIVISOR_115200 = 1,
	/*
	 * One pass of service handles so many bytes: a device that always has one more cannot hold
	 * us.
	 */
	RX_PASS_MAX = 256,
	/*
	 * A panic looks at the transmitter about every 6 us, and in vain for half a minute in all: a
	 * byte takes 87 us, but an emulator on a busy machine may not get to its line for seconds. The
	 * pause between two looks lets it get there: each access to a port keeps it out.
	 */
	PANIC_LOOKS = 5 * 1000 * 1000,
	PANIC_PAUSE_US = 5,
	/* Calls of uart_poll in a row that find work before we no longer trust the interrupt. */
	TRUST_LOST = 2,
	POLL_RELAXED_US = 100 * 1000,
	POLL_EAGER_US = 1000, /* a FIFO of 16 bytes lasts 1.4 ms at 115200 */
};

/* Power-of-two rings; the counters run freely. */
static_assert((UART_TX_SIZE & (UART_TX_SIZE - 1)) == 0 && (UART_RX_SIZE & (UART_RX_SIZE - 1)) == 0,
	      "masks");

/* l: under lock. b: set at boot. p: read without the lock in a panic. */
static spinlock_t lock = SPINLOCK(LOCK_UART);
static struct uart_bus port;	       /* b */
static struct uart_stats stats;	       /* l; present and has_fifo b */
static uint8_t tx[UART_TX_SIZE];       /* l p */
static uint8_t rx[UART_RX_SIZE];       /* l */
static uint32_t tx_head, tx_tail;      /* l p: head - tail bytes wait */
static uint32_t rx_head, rx_tail;      /* l */
static uint8_t ier;		       /* l: what the register holds */
static bool interrupts_on;	       /* b */
static bool rx_held;		       /* l: our ring was full; the line is asked to wait */
static bool writer_waits;	       /* l: a write fell short */
static unsigned work_found;	       /* l: polls in a row that found work */
static unsigned panic_looks;	       /* p: how often a panic may still look in vain */
static void (*notify_owner)(unsigned); /* b */

static uint8_t reg_read(enum uart_reg reg)
{
	return port.read(&port, reg);
}

static void reg_write(enum uart_reg reg, unsigned value)
{
	port.write(&port, reg, (uint8_t)value);
}

/*
 * Some clones have no scratch register, and some emulators no loopback: one of the two is proof
 * enough.
 */
static bool has_scratch(void)
{
	reg_write(REG_SCR, 0x55);
	if (reg_read(REG_SCR) != 0x55)
		return false;
	reg_write(REG_SCR, 0xaa);
	return reg_read(REG_SCR) == 0xaa;
}

static bool has_loopback(void)
{
	uint8_t before = reg_read(REG_MCR), status;

	/* In loopback RTS appears as CTS and OUT2 as DCD: "Modem Control Register". */
	reg_write(REG_MCR, MCR_LOOP | MCR_RTS | MCR_OUT2);
	status = reg_read(REG_MSR) & (MSR_CTS | MSR_DSR | MSR_RI | MSR_DCD);
	reg_write(REG_MCR, before);
	return status == (MSR_CTS | MSR_DCD);
}

static bool probe(void)
{
	if (reg_read(REG_LSR) == LSR_ABSENT)
		return false;
	return has_scratch() || has_loopback();
}

/*
 * What firmware and loader still send goes out first: a FIFO that is cleared loses it, and a DesignWare
 * ignores what is written to LCR meanwhile. A FIFO's worth at 9600 baud takes 17 ms; a read of a port, some
 * 1 us.
 */
static void let_go_out(void)
{
	for (unsigned i = 0; i < DRAIN_LOOKS && !(reg_read(REG_LSR) & LSR_TEMT); i++)
		;
}

static void program(void)
{
	unsigned divisor = port.divisor ? port.divisor : DIVISOR_115200;

	reg_write(REG_IER, 0);
	reg_write(REG_LCR, LCR_DLAB);
	if (!port.keep_rate || !(reg_read(REG_DATA) | reg_read(REG_IER))) {
		reg_write(REG_DATA, divisor & 0xff);
		reg_write(REG_IER, divisor >> 8);
	}
	reg_write(REG_LCR, LCR_8N1);
	reg_write(REG_IIR, FCR_ENABLE | FCR_CLEAR_RX | FCR_CLEAR_TX | FCR_TRIGGER_8);
	reg_write(REG_MCR, MCR_OPEN);
	ier = 0;
}

bool uart_init(const struct uart_bus *bus)
{
	uint8_t iir;

	port = *bus;
	stats = (struct uart_stats){0};
	tx_head = tx_tail = rx_head = rx_tail = 0;
	interrupts_on = writer_waits = rx_held = false;
	panic_looks = PANIC_LOOKS;
	work_found = 0;
	if (!probe())
		return false;
	let_go_out();
	program();
	iir = reg_read(REG_IIR);
	/* With all interrupts off none is pending. Plain memory reads as what was written to the FCR. */
	if ((iir & IIR_SOURCE) != IIR_NONE)
		return false;
	stats.present = true;
	stats.has_fifo = (iir & IIR_FIFO) == IIR_FIFO;
	stats.polled = true; /* until interrupts are enabled */
	return true;
}

/*
 * With lock. The THRE interrupt is wanted only while something waits, the one of input only while there
 * is room: or they would never be silent.
 */
static void set_ier(void)
{
	uint8_t wanted = 0;

	if (interrupts_on)
		wanted = (rx_held ? 0 : IER_RX) | IER_LINE | (tx_head != tx_tail ? IER_THRE : 0);
	if (wanted != ier) {
		ier = wanted;
		reg_write(REG_IER, wanted);
	}
}

void uart_enable_interrupts(void)
{
	if (!stats.present)
		return;
	spin_lock(&lock);
	interrupts_on = true;
	stats.polled = false;
	set_ier();
	spin_unlock(&lock);
}

void uart_set_notify(void (*notify)(unsigned events))
{
	notify_owner = notify;
}

/*
 * With lock. What finds our ring full stays in the device: an emulated one passes that on to whoever sends,
 * a real one can hold 16 bytes and drops RTS.
 */
static void hold(bool held)
{
	if (held == rx_held)
		return;
	rx_held = held;
	stats.rx_holds += held;
	reg_write(REG_MCR, held ? MCR_HELD : MCR_OPEN);
}

/* With lock. Returns true if a byte came. */
static bool receive(uint8_t status)
{
	unsigned count = 0;

	for (; status & (LSR_DATA | LSR_OVERRUN); status = reg_read(REG_LSR)) {
		stats.rx_overruns += (status & LSR_OVERRUN) != 0;
		hold(rx_head - rx_tail == UART_RX_SIZE);
		if (!(status & LSR_DATA) || rx_held || count == RX_PASS_MAX)
			break;
		rx[rx_head++ % UART_RX_SIZE] = reg_read(REG_DATA);
		count++;
		stats.rx_bytes++;
	}
	return count != 0;
}

/* With lock, when the transmitter is empty. Returns true if there was something to send. */
static bool transmit(void)
{
	unsigned room = stats.has_fifo ? FIFO_DEPTH : 1, sent = 0;

	for (; sent < room && tx_tail != tx_head; sent++)
		reg_write(REG_DATA, tx[tx_tail++ % UART_TX_SIZE]);
	stats.tx_bytes += sent;
	return sent != 0;
}

/*
 * With lock. Does what there is to do; returns enum uart_event, and in *work if there was anything.
 */
static unsigned service(bool *work)
{
	uint8_t status = reg_read(REG_LSR);
	unsigned events = 0;

	*work = false;
	/*
	 * The device went away (a hot-unplugged card): all ones is neither data nor an empty
	 * transmitter.
	 */
	if (status == LSR_ABSENT)
		return 0;
	if (receive(status)) {
		*work = true;
		events |= UART_INPUT;
	}
	if (status & LSR_THRE && transmit()) {
		*work = true;
		if (writer_waits && tx_head - tx_tail <= UART_TX_SIZE / 2) {
			writer_waits = false;
			events |= UART_SPACE;
		}
	}
	set_ier();
	return events;
}

static void tell(unsigned events)
{
	if (events && notify_owner)
		notify_owner(events);
}

size_t uart_write(const void *bytes, size_t size)
{
	const uint8_t *from = bytes;
	size_t taken, first;

	if (!stats.present)
		return size;
	spin_lock(&lock);
	taken = MIN(size, (size_t)(UART_TX_SIZE - (tx_head - tx_tail)));
	first = MIN(taken, (size_t)(UART_TX_SIZE - tx_head % UART_TX_SIZE));
	memcpy(tx + tx_head % UART_TX_SIZE, from, first);
	memcpy(tx, from + first, taken - first);
	tx_head += (uint32_t)taken;
	writer_waits |= taken < size;
	if (tx_head != tx_tail && reg_read(REG_LSR) & LSR_THRE)
		transmit();
	set_ier();
	spin_unlock(&lock);
	return taken;
}

size_t uart_read(void *bytes, size_t size)
{
	uint8_t *to = bytes;
	size_t count, first;

	if (!stats.present)
		return 0;
	spin_lock(&lock);
	count = MIN(size, (size_t)(rx_head - rx_tail));
	first = MIN(count, (size_t)(UART_RX_SIZE - rx_tail % UART_RX_SIZE));
	memcpy(to, rx + rx_tail % UART_RX_SIZE, first);
	memcpy(to + first, rx, count - first);
	rx_tail += (uint32_t)count;
	if (rx_held && rx_head - rx_tail <= UART_RX_SIZE / 2) {
		hold(false);
		set_ier();
	}
	spin_unlock(&lock);
	return count;
}

void uart_interrupt(void)
{
	unsigned events = 0, pass;
	bool work;

	if (!stats.present)
		return;
	spin_lock(&lock);
	/*
	 * An edge comes only when the line was low in between: so go on until IIR says that nothing
	 * is pending. Reading IIR and MSR ends the two sources that service() does not.
	 */
	for (pass = 0; pass < FIFO_DEPTH && !(reg_read(REG_IIR) & IIR_NONE); pass++) {
		events |= service(&work);
		if (!work)
			reg_read(REG_MSR);
	}
	if (pass) {
		stats.interrupts++;
		work_found = 0;
		stats.polled = false;
	}
	spin_unlock(&lock);
	tell(events);
}

unsigned uart_poll(void)
{
	unsigned events;
	bool work;

	if (!stats.present)
		return POLL_RELAXED_US;
	spin_lock(&lock);
	events = service(&work);
	work_found = work ? work_found + 1 : 0;
	stats.polls_with_work += work;
	if (work_found >= TRUST_LOST)
		stats.polled = true;
	spin_unlock(&lock);
	tell(events);
	/*
	 * One poll that found work is followed closely by a second, which tells chance from loss.
	 */
	return stats.polled || work ? POLL_EAGER_US : POLL_RELAXED_US;
}

/* Waits for the transmitter while there is patience left, and looks once in any case. */
static bool panic_wait(void)
{
	const uint64_t pause = us_to_tsc(PANIC_PAUSE_US);

	while (!(reg_read(REG_LSR) & LSR_THRE)) {
		if (panic_looks == 0) {
			stats.panic_timeouts++;
			return false;
		}
		panic_looks--;
		for (uint64_t start = tsc_read(); tsc_read() - start < pause;)
			cpu_pause();
	}
	return true;
}

static void panic_put(uint8_t byte)
{
	if (panic_wait())
		reg_write(REG_DATA, byte);
}

void uart_panic_write(const char *text, size_t size)
{
	if (!stats.present)
		return;
	/*
	 * The counters may be torn if another CPU was stopped within the lock: never more than a
	 * ring of them.
	 */
	for (uint32_t left = MIN(tx_head - tx_tail, (uint32_t)UART_TX_SIZE); left; left--)
		panic_put(tx[tx_tail++ % UART_TX_SIZE]);
	tx_tail = tx_head;
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r'))
			panic_put('\r');
		panic_put((uint8_t)text[i]);
	}
}

void uart_get_stats(struct uart_stats *copy)
{
	spin_lock(&lock);
	*copy = stats;
	spin_unlock(&lock);
}
