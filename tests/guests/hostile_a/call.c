/* SPDX-License-Identifier: BSD-2-Clause */
/* THREATS A07 and H01: there is no hypercall, whatever its number and the mode in which it is made. */
#include "tests/guests/hostile_a/cases.h"

#include "tests/guests/lib/random.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/trap.h"
#include "tests/guests/lib/vendor.h"
#include "tests/guests/lib/words.h"

enum { ENOSYS = 38 }; /* Linux's number for "no such function" */

uint64_t call_64_vmcall(uint64_t rax), call_64_vmmcall(uint64_t rax);
uint64_t call_32_vmcall(uint64_t rax), call_32_vmmcall(uint64_t rax);

void a_test_hypercall(void)
{
	struct hypercall own = hypercall_of(true), other = hypercall_of(false);
	struct code_run run = {.rax = 0x1234, .rbx = 1, .rcx = 2, .rdx = 3};
	struct fault fault = code_fault(&run, own.code, HYPERCALL_SIZE, false);

	test_check(fault.vector == NO_FAULT, "%s: vector %d", own.name, fault.vector);
	test_check((int64_t)run.rax < 0, "%s answers %lx", own.name, run.rax);
	test_check(run.rbx == 1 && run.rcx == 2 && run.rdx == 3, "%s changes registers", own.name);
	fault = code_fault(&run, own.code, HYPERCALL_SIZE, true);
	test_check(fault.vector == VECTOR_UD, "%s at CPL 3: vector %d", own.name, fault.vector);
	for (unsigned user = 0; user < 2; user++) {
		fault = code_fault(&run, other.code, HYPERCALL_SIZE, user);
		test_check(fault.vector == VECTOR_UD, "%s, the other vendor's, at CPL %u: vector %d",
			   other.name, 3 * user, fault.vector);
	}
}

static void check_number(uint64_t number)
{
	bool intel = vendor_is_intel();
	uint64_t wide = intel ? call_64_vmcall(number) : call_64_vmmcall(number);
	uint64_t narrow = intel ? call_32_vmcall(number) : call_32_vmmcall(number);

	test_check(wide == (uint64_t)-ENOSYS, "call %lx answers %lx", number, wide);
	/* There it is EAX that is answered, as by any instruction that writes it. */
	test_check(narrow == (uint32_t)-ENOSYS, "call %lx of 32-bit code answers %lx", number,
		   narrow);
}

void a_test_hypercall_numbers(void)
{
	uint64_t calls = words_number("calls", 1 << 16), seed = 1;

	for (uint64_t number = 0; number < calls; number++)
		check_number(number);
	for (unsigned bit = 16; bit < 64; bit++) {
		check_number(BIT(bit));
		check_number(random_next(&seed) << 32 | random_next(&seed) % calls);
	}
}
