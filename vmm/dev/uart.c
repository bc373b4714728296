/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Owns the 16550A's registers, FIFOs and interrupts. Written to National's data sheet "PC16550D
 * Universal Asynchronous Receiver/Transmitter with FIFOs".
 *
 * A character that is sent is in the console's ring at once, so THR is empty again when the write
 * returns. While the ring is full, characters gather in the FIFO, THRE stays 0, and what a guest
 * writes beyond the FIFO's size is lost and counted, as on the chip. Nothing is lost on the way in:
 * characters stay in the ring until the receiver has room. The line has no rate and no frame
 * format.
 */
#include "vmm/dev/uart.h"

#include "vmm/bus.h"
#include "vmm/dev/irq.h"
#include "vmm/dev/uart_regs.h"
#include "vmm/dev/wiring.h"

static unsigned trigger_level(const struct uart *uart)
{
	static const uint8_t levels[] = {1, 4, 8, 14};

	return uart_fifo_mode(uart) ? levels[uart->fcr >> 6] : 1;
}

const struct uart_place uart_com1 = {"COM1", PORT_COM1, GSI_COM1, true};
const struct uart_place uart_com2 = {"COM2", PORT_COM2, GSI_COM2, false};

/* What stands in IIR: the pending interrupt of highest priority ("Interrupt Control Functions"). */
static uint8_t interrupt(const struct uart *uart)
{
	if ((uart->ier & IER_LINE) != 0 && (uart->lsr_errors & LSR_ERRORS) != 0)
		return IIR_LINE;
	if ((uart->ier & IER_RDA) != 0 && uart->rx.count >= trigger_level(uart))
		return IIR_RDA;
	if ((uart->ier & IER_RDA) != 0 && uart->timed_out)
		return IIR_TIMEOUT;
	if ((uart->ier & IER_THRE) != 0 && uart->thre_pending)
		return IIR_THRE;
	if ((uart->ier & IER_MODEM) != 0 && (uart->msr & MSR_DELTAS) != 0)
		return IIR_MODEM;
	return IIR_NONE;
}

/* Brings the IRQ up to date. In loopback OUT2's pin is inactive, and with it the PC's interrupt. */
void uart_update_irq(struct uart *uart)
{
	bool line = (uart->mcr & (MCR_OUT2 | MCR_LOOP)) == MCR_OUT2 && interrupt(uart) != IIR_NONE;

	if (line != uart->line) {
		uart->line = line;
		irq_set(uart->place->gsi, line);
	}
}

static void write_fcr(struct uart *uart, uint8_t value)
{
	/*
	 * The other bits are taken only together with the enable; a change of it clears both FIFOs.
	 */
	bool changes = ((value ^ uart->fcr) & FCR_ENABLE) != 0;

	if (changes || (value & (FCR_ENABLE | FCR_CLEAR_RX)) == (FCR_ENABLE | FCR_CLEAR_RX))
		uart_clear_rx(uart);
	if (changes || (value & (FCR_ENABLE | FCR_CLEAR_TX)) == (FCR_ENABLE | FCR_CLEAR_TX))
		uart_clear_tx(uart);
	uart->fcr = (value & FCR_ENABLE) != 0 ? value & FCR_KEPT : 0;
	/* What waits in the ring makes a new edge, so the line has to be seen to fall before it comes. */
	uart_update_irq(uart);
	uart_fill(uart);
}

static void write_ier(struct uart *uart, uint8_t value)
{
	uint8_t rises = value & (uint8_t)~uart->ier;

	uart->ier = value & IER_BITS;
	/* Enabling the interrupt with THR empty makes one: drivers start their output so. */
	if ((rises & IER_THRE) != 0 && uart->tx.count == 0)
		uart->thre_pending = true;
	/* The timeout's time went on meanwhile: a driver that writes a record masks for its length. */
	if ((rises & IER_RDA) != 0)
		uart_arm_timeout(uart);
}

static void write_lcr(struct uart *uart, uint8_t value)
{
	bool starts = (value & ~uart->lcr & LCR_BREAK) != 0;

	uart->lcr = value;
	/* A break is received as one zero character; the console has no such thing. */
	if (starts && uart_loops(uart))
		uart_receive(uart, 0, LSR_BREAK);
}

static void write_mcr(struct uart *uart, uint8_t value)
{
	uart->mcr = value & MCR_BITS;
	uart_update_modem(uart);
	uart_fill(uart);
}

static uint8_t read_iir(struct uart *uart)
{
	uint8_t iir = interrupt(uart);

	if (iir == IIR_THRE) {
		uart->thre_pending = false;
		uart_update_irq(uart);
	}
	return (uint8_t)(iir | (uart_fifo_mode(uart) ? IIR_FIFO : 0));
}

/* An error deeper in the FIFO, or shown and not yet read ("Line Status Register, bit 7"). */
static bool fifo_has_error(const struct uart *uart)
{
	unsigned errors = uart->lsr_errors & LSR_CHARACTER;

	for (unsigned i = 0; i < uart->rx.count; i++)
		errors |= uart->rx.flags[(uart->rx.first + i) % UART_FIFO_SIZE];
	return uart_fifo_mode(uart) && errors != 0;
}

static uint8_t read_lsr(struct uart *uart)
{
	unsigned lsr = uart->lsr_errors | (uart->tx.count == 0 ? LSR_THRE | LSR_IDLE : 0);

	if (uart->rx.count > 0)
		lsr |= LSR_READY | (fifo_has_error(uart) ? LSR_FIFO_ERROR : 0);
	if (uart->lsr_errors != 0) {
		uart->lsr_errors = 0;
		uart_update_irq(uart);
	}
	return (uint8_t)lsr;
}

static uint8_t read_msr(struct uart *uart)
{
	uint8_t msr = uart->msr;

	uart->msr &= (uint8_t)~MSR_DELTAS;
	uart_update_irq(uart);
	return msr;
}

/*
 * Each read that changes something brings the IRQ up to date: drivers poll LSR, where nothing does.
 */
static uint8_t read_reg(struct uart *uart, unsigned reg)
{
	bool dlab = (uart->lcr & LCR_DLAB) != 0;

	switch (reg) {
	case REG_DATA:
		return dlab ? uart->divisor[0] : uart_read_character(uart);
	case REG_IER:
		return dlab ? uart->divisor[1] : uart->ier;
	case REG_IIR:
		return read_iir(uart);
	case REG_LCR:
		return uart->lcr;
	case REG_MCR:
		return uart->mcr;
	case REG_LSR:
		return read_lsr(uart);
	case REG_MSR:
		return read_msr(uart);
	default:
		return uart->scr;
	}
}

static void write_reg(struct uart *uart, unsigned reg, uint8_t value)
{
	if (reg <= REG_IER && (uart->lcr & LCR_DLAB) != 0) {
		uart->divisor[reg] = value;
		return;
	}
	switch (reg) {
	case REG_DATA:
		uart_transmit(uart, value);
		break;
	case REG_IER:
		write_ier(uart, value);
		break;
	case REG_FCR:
		write_fcr(uart, value);
		break;
	case REG_LCR:
		write_lcr(uart, value);
		break;
	case REG_MCR:
		write_mcr(uart, value);
		break;
	case REG_SCR:
		uart->scr = value;
		break;
	default: /* LSR and MSR are for reading: writing them is for the factory's tests */
		break;
	}
}

static uint32_t io_read(struct device *dev, uint16_t port, unsigned size)
{
	struct uart *uart = CONTAINER_OF(dev, struct uart, dev);
	uint8_t value;

	(void)size;
	spin_lock(&dev->lock);
	value = read_reg(uart, (unsigned)port - uart->place->port);
	spin_unlock(&dev->lock);
	return value;
}

static void io_write(struct device *dev, uint16_t port, unsigned size, uint32_t value)
{
	struct uart *uart = CONTAINER_OF(dev, struct uart, dev);

	(void)size;
	spin_lock(&dev->lock);
	write_reg(uart, (unsigned)port - uart->place->port, (uint8_t)value);
	uart_update_irq(uart);
	spin_unlock(&dev->lock);
}

/* A string of writes to THR that nothing could come in between goes to the console in one piece. */
static void io_write_block(struct device *dev, uint16_t port, const uint8_t *data, size_t count)
{
	struct uart *uart = CONTAINER_OF(dev, struct uart, dev);
	unsigned reg = (unsigned)port - uart->place->port;

	spin_lock(&dev->lock);
	if (reg == REG_DATA && (uart->lcr & LCR_DLAB) == 0 && !uart_loops(uart)) {
		uart_transmit_block(uart, data, count);
		uart_update_irq(uart);
	} else {
		for (size_t i = 0; i < count; i++) {
			write_reg(uart, reg, data[i]);
			uart_update_irq(uart);
		}
	}
	spin_unlock(&dev->lock);
}

static void expired(struct device *dev, struct device_timer *timer, uint64_t now)
{
	struct uart *uart = CONTAINER_OF(dev, struct uart, dev);

	(void)now;
	spin_lock(&dev->lock);
	if (timer == &uart->held_timer) {
		uart_look_again(uart);
	} else {
		uart->timer_runs = false;
		uart_arm_timeout(uart);
	}
	uart_update_irq(uart);
	spin_unlock(&dev->lock);
}

void uart_console_input(struct uart *uart)
{
	spin_lock(&uart->dev.lock);
	uart_fill(uart);
	uart_update_irq(uart);
	spin_unlock(&uart->dev.lock);
}

void uart_console_space(struct uart *uart)
{
	spin_lock(&uart->dev.lock);
	uart_drain(uart);
	uart_update_irq(uart);
	spin_unlock(&uart->dev.lock);
}

uint64_t uart_dropped(struct uart *uart)
{
	uint64_t dropped;

	spin_lock(&uart->dev.lock);
	dropped = uart->dropped;
	spin_unlock(&uart->dev.lock);
	return dropped;
}

/*
 * Master reset: the scratch register, the divisor and the FIFOs' contents it would leave as they
 * are.
 */
static void reset(struct device *dev)
{
	struct uart *uart = CONTAINER_OF(dev, struct uart, dev);

	spin_lock(&dev->lock);
	uart_drain(uart);
	uart->ier = 0;
	uart->fcr = 0;
	uart->lcr = 0;
	uart->mcr = 0;
	uart->scr = 0;
	uart->lsr_errors = 0;
	uart->divisor[0] = 1;
	uart->divisor[1] = 0;
	uart->msr = uart_modem_lines(uart);
	uart_clear_rx(uart);
	uart_clear_tx(uart);
	uart->thre_pending = false;
	uart->timer_runs = false;
	timer_cancel(&uart->timer);
	uart->held = false;
	timer_cancel(&uart->held_timer);
	uart_update_irq(uart);
	spin_unlock(&dev->lock);
}

static const struct device_ops ops = {
	.reset = reset,
	.expired = expired,
	.io_read = io_read,
	.io_write = io_write,
	.io_write_block = io_write_block,
	.io_sizes = SIZE_1,
};

enum err uart_init(struct uart *uart, const struct uart_place *place)
{
	*uart = (struct uart){.dev = {.name = place->name, .ops = &ops}, .place = place};
	uart->timer.owner = uart->held_timer.owner = &uart->dev;
	reset(&uart->dev);
	return bus_claim_ports(&uart->dev, place->port, 8);
}
