/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The three formats. Accessed and dirty are set beforehand where they are the hardware's to set:
 * tables then need no write from it, and nobody here reads them.
 */
#include "arch/x86_64/page_format.h"

/* SDM 3A 4.5.4 "Linear-Address Translation with 4-Level Paging and 5-Level Paging". */
enum host_bit {
	HOST_P = BIT(0),
	HOST_W = BIT(1),
	HOST_U = BIT(2),
	HOST_PWT = BIT(3),
	HOST_PCD = BIT(4),
	HOST_A = BIT(5),
	HOST_D = BIT(6),
	HOST_PS = BIT(7),
	HOST_G = BIT(8),
	HOST_NX = BIT(63),
};

/* SDM 3C 29.3.2 "EPT Translation Mechanism". */
enum ept_bit {
	EPT_R = BIT(0),
	EPT_W = BIT(1),
	EPT_X = BIT(2),
	EPT_TYPE = BITS(5, 3),
	EPT_LARGE = BIT(7),
	EPT_A = BIT(8), /* both are ignored where the EPT pointer does not ask for them */
	EPT_D = BIT(9),
};

#define EPT_TYPE_OF(type) ((uint64_t)(type) << 3)

const struct page_format page_format_host = {
	.levels = 4,
	.present = HOST_P,
	.table = HOST_P | HOST_W | HOST_A,
	.leaf = HOST_P | HOST_A,
	.write = HOST_W | HOST_D,
	.no_exec = HOST_NX,
	.user = HOST_U,
	.global = HOST_G,
	.large = HOST_PS,
	.cache = {[PAGE_WB] = 0, [PAGE_WC] = HOST_PWT, [PAGE_UC] = HOST_PCD | HOST_PWT},
	.cache_mask = HOST_PCD | HOST_PWT,
	.write_xor_exec = true,
};

const struct page_format page_format_npt = {
	.levels = 4,
	.present = HOST_P,
	.table = HOST_P | HOST_W | HOST_U | HOST_A,
	.leaf = HOST_P | HOST_U | HOST_A,
	.write = HOST_W | HOST_D,
	.no_exec = HOST_NX,
	.large = HOST_PS,
	.cache = {[PAGE_WB] = 0, [PAGE_WC] = HOST_PWT, [PAGE_UC] = HOST_PCD | HOST_PWT},
	.cache_mask = HOST_PCD | HOST_PWT,
};

/*
 * A leaf is always readable: write without read is a misconfiguration (SDM 3C 29.3.3.1 "EPT
 * Misconfigurations"), and execute-only is a capability that we have no use for.
 */
const struct page_format page_format_ept = {
	.levels = 4,
	.present = EPT_R | EPT_W | EPT_X,
	.table = EPT_R | EPT_W | EPT_X | EPT_A,
	.leaf = EPT_R | EPT_A,
	.write = EPT_W | EPT_D,
	.exec = EPT_X,
	.large = EPT_LARGE,
	.cache = {[PAGE_WB] = EPT_TYPE_OF(6), [PAGE_WC] = EPT_TYPE_OF(1), [PAGE_UC] = EPT_TYPE_OF(0)},
	.cache_mask = EPT_TYPE,
};
