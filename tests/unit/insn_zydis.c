/* SPDX-License-Identifier: BSD-2-Clause */
/* Compares our decoder with Zydis, operand by operand. */
#include "tests/unit/insn_zydis.h"

#include <string.h>

#include <Zydis/Zydis.h>

#include "abi/frame.h"

struct pair {
	ZydisMnemonic mnemonic;
	enum insn_op op;
};

#define SAME(name)                                 \
	{                                          \
		ZYDIS_MNEMONIC_##name, INSN_##name \
	}
#define AS(name, op)                             \
	{                                        \
		ZYDIS_MNEMONIC_##name, INSN_##op \
	}
#define CONDITIONS(zydis, op)                                                               \
	AS(zydis##O, op), AS(zydis##NO, op), AS(zydis##B, op), AS(zydis##NB, op),           \
		AS(zydis##Z, op), AS(zydis##NZ, op), AS(zydis##BE, op), AS(zydis##NBE, op), \
		AS(zydis##S, op), AS(zydis##NS, op), AS(zydis##P, op), AS(zydis##NP, op),   \
		AS(zydis##L, op), AS(zydis##NL, op), AS(zydis##LE, op), AS(zydis##NLE, op)
#define SIZES(name)	 AS(name##B, name), AS(name##W, name), AS(name##D, name), AS(name##Q, name)
#define PORT_SIZES(name) AS(name##B, name), AS(name##W, name), AS(name##D, name)

/* clang-format off */
/* What our decoder must know, with the name that it must give it. */
static const struct pair pairs[] = {
	SAME(ADD), SAME(OR), SAME(ADC), SAME(SBB), SAME(AND), SAME(SUB), SAME(XOR), SAME(CMP),
	SAME(ROL), SAME(ROR), SAME(RCL), SAME(RCR), SAME(SHL), SAME(SHR), SAME(SAR),
	SAME(TEST), SAME(NOT), SAME(NEG), SAME(INC), SAME(DEC), SAME(SHLD), SAME(SHRD),
	SAME(MUL), SAME(IMUL), SAME(DIV), SAME(IDIV), SAME(MOV), SAME(MOVZX), SAME(MOVSX),
	SAME(MOVSXD), SAME(MOVBE), SAME(LEA), SAME(XCHG), SAME(XADD), SAME(CMPXCHG),
	AS(CMPXCHG8B, CMPXCHG8B), AS(CMPXCHG16B, CMPXCHG8B), SAME(BT), SAME(BTS), SAME(BTR),
	SAME(BTC), SAME(BSF), SAME(BSR), SAME(TZCNT), SAME(LZCNT), SAME(POPCNT),
	CONDITIONS(SET, SETCC), CONDITIONS(CMOV, CMOVCC), CONDITIONS(J, JCC),
	SAME(BSWAP), SAME(CRC32), AS(CBW, CBW), AS(CWDE, CBW), AS(CDQE, CBW), AS(CWD, CWD),
	AS(CDQ, CWD), AS(CQO, CWD), SAME(DAA), SAME(DAS), SAME(AAA), SAME(AAS), SAME(AAM), SAME(AAD),
	SAME(SALC), SAME(XLAT), SAME(LAHF), SAME(SAHF), SAME(PUSH), SAME(POP),
	AS(PUSHA, PUSHA), AS(PUSHAD, PUSHA), AS(POPA, POPA), AS(POPAD, POPA), AS(PUSHF, PUSHF),
	AS(PUSHFD, PUSHF), AS(PUSHFQ, PUSHF), AS(POPF, POPF), AS(POPFD, POPF), AS(POPFQ, POPF),
	SAME(ENTER), SAME(LEAVE), SAME(CALL), SAME(JMP), SAME(RET), AS(IRET, IRET), AS(IRETD, IRET),
	AS(IRETQ, IRET), SAME(LOOPNE), SAME(LOOPE), SAME(LOOP), AS(JCXZ, JCXZ), AS(JECXZ, JCXZ),
	AS(JRCXZ, JCXZ), SAME(INT), SAME(INT3), SAME(INTO), AS(INT1, ICEBP), SAME(BOUND),
	SAME(SYSCALL), SAME(SYSRET), SAME(SYSENTER), SAME(SYSEXIT), SIZES(MOVS), SIZES(CMPS),
	SIZES(STOS), SIZES(LODS), SIZES(SCAS), PORT_SIZES(INS), PORT_SIZES(OUTS), SAME(IN), SAME(OUT),
	SAME(CLC), SAME(STC), SAME(CMC), SAME(CLD), SAME(STD), SAME(CLI), SAME(STI), SAME(CLAC),
	SAME(STAC), SAME(NOP), SAME(PAUSE), AS(PREFETCH, PREFETCH), AS(PREFETCHW, PREFETCH),
	AS(PREFETCHWT1, PREFETCH), AS(PREFETCHNTA, PREFETCH), AS(PREFETCHT0, PREFETCH),
	AS(PREFETCHT1, PREFETCH), AS(PREFETCHT2, PREFETCH), AS(LFENCE, FENCE), AS(MFENCE, FENCE),
	AS(SFENCE, FENCE), AS(UD0, UD), AS(UD1, UD), AS(UD2, UD), SAME(LDS), SAME(LES), SAME(LSS),
	SAME(LFS), SAME(LGS), SAME(ARPL), SAME(LAR), SAME(LSL), SAME(VERR), SAME(VERW), SAME(SLDT),
	SAME(STR), SAME(LLDT), SAME(LTR), SAME(SGDT), SAME(SIDT), SAME(LGDT), SAME(LIDT),
	SAME(SWAPGS), SAME(RDFSBASE), SAME(RDGSBASE), SAME(WRFSBASE), SAME(WRGSBASE), SAME(CLTS),
	SAME(LMSW), SAME(SMSW), SAME(CPUID), SAME(RDMSR), SAME(WRMSR), SAME(RDTSC), SAME(RDTSCP),
	SAME(RDPMC), SAME(RDPRU), SAME(RDPID), SAME(RDRAND), SAME(RDSEED), SAME(RDPKRU), SAME(WRPKRU),
	SAME(XGETBV), SAME(XSETBV), SAME(HLT), SAME(MONITOR), SAME(MWAIT), SAME(MONITORX),
	SAME(MWAITX), SAME(INVD), SAME(WBINVD), SAME(INVLPG), SAME(INVLPGA),
	SAME(INVLPGB), SAME(TLBSYNC), SAME(INVPCID), SAME(CLFLUSH), SAME(CLFLUSHOPT), SAME(CLWB),
	SAME(CLZERO), SAME(CLDEMOTE), SAME(RSM), SAME(GETSEC), SAME(ENCLS), SAME(ENCLU), SAME(PCONFIG),
	SAME(UMONITOR), SAME(UMWAIT), SAME(TPAUSE), SAME(SERIALIZE), SAME(XBEGIN), SAME(XABORT),
	SAME(XEND), SAME(XTEST), AS(FXSAVE, FXSAVE), AS(FXSAVE64, FXSAVE), AS(FXRSTOR, FXRSTOR),
	AS(FXRSTOR64, FXRSTOR), AS(XSAVE, XSAVE), AS(XSAVE64, XSAVE), AS(XRSTOR, XRSTOR),
	AS(XRSTOR64, XRSTOR), AS(XSAVEOPT, XSAVEOPT), AS(XSAVEOPT64, XSAVEOPT), AS(XSAVEC, XSAVEC),
	AS(XSAVEC64, XSAVEC), AS(XSAVES, XSAVES), AS(XSAVES64, XSAVES), AS(XRSTORS, XRSTORS),
	AS(XRSTORS64, XRSTORS), SAME(LDMXCSR), SAME(STMXCSR), SAME(VMCALL), SAME(VMMCALL), SAME(VMRUN),
	SAME(VMLOAD), SAME(VMSAVE), SAME(STGI), SAME(CLGI), SAME(SKINIT), SAME(VMLAUNCH),
	SAME(VMRESUME), SAME(VMXOFF), SAME(VMXON), SAME(VMPTRLD), SAME(VMPTRST), SAME(VMCLEAR),
	SAME(VMREAD), SAME(VMWRITE), SAME(VMFUNC), SAME(INVEPT), SAME(INVVPID),
	AS(MOVUPS, MOVU), AS(MOVUPD, MOVU), AS(MOVDQU, MOVU), AS(LDDQU, MOVU), AS(MOVAPS, MOVA),
	AS(MOVAPD, MOVA), AS(MOVDQA, MOVA), AS(MOVNTPS, MOVA), AS(MOVNTPD, MOVA), AS(MOVNTDQ, MOVA),
	AS(MOVNTDQA, MOVA), AS(MOVNTI, MOV), AS(MOVSS, MOVSCALAR),
	AS(MOVLPS, MOVLO), AS(MOVLPD, MOVLO), AS(MOVHLPS, MOVLO), AS(MOVHPS, MOVHI),
	AS(MOVHPD, MOVHI), AS(MOVLHPS, MOVHI), AS(VMOVUPS, MOVU), AS(VMOVUPD, MOVU),
	AS(VMOVDQU, MOVU), AS(VLDDQU, MOVU), AS(VMOVAPS, MOVA), AS(VMOVAPD, MOVA), AS(VMOVDQA, MOVA),
	AS(VMOVNTPS, MOVA), AS(VMOVNTPD, MOVA), AS(VMOVNTDQ, MOVA), AS(VMOVNTDQA, MOVA),
	AS(VMOVSS, MOVSCALAR), AS(VMOVSD, MOVSCALAR), AS(VMOVD, MOVD), AS(VMOVDQA32, MOVA),
	AS(VMOVDQA64, MOVA), AS(VMOVDQU8, MOVU), AS(VMOVDQU16, MOVU), AS(VMOVDQU32, MOVU),
	AS(VMOVDQU64, MOVU), AS(MOVNTQ, MOVMM), AS(VMOVLPS, MOVLO), AS(VMOVLPD, MOVLO),
	AS(VMOVHLPS, MOVLO), AS(VMOVHPS, MOVHI), AS(VMOVHPD, MOVHI), AS(VMOVLHPS, MOVHI),
	AS(MOVD, MOVD), AS(MOVQ, MOVD), AS(VMOVQ, MOVD), AS(VLDMXCSR, SIMD), AS(VSTMXCSR, SIMD),
	AS(VCMPSD, SIMD),
};
/* clang-format on */

/* Names that Zydis uses for more than one of our operations. */
static bool ambiguous(ZydisMnemonic mnemonic, const struct insn *insn)
{
	enum insn_op op = insn->op;

	if (op == INSN_SIMD &&
	    (insn->prefixes & PREFIX_VEX)) /* the VEX space of a processor that is gone */
		return true;
	switch ((int)mnemonic) {
	case ZYDIS_MNEMONIC_PAUSE: /* with REX.B it is XCHG for us; both are one byte of opcode */
		return op == INSN_XCHG;
	case ZYDIS_MNEMONIC_MOV:
		return op == INSN_MOV_SREG || op == INSN_MOV_CR || op == INSN_MOV_DR;
	case ZYDIS_MNEMONIC_SHL:
		return op == INSN_SAL;
	case ZYDIS_MNEMONIC_IMUL:
		return op == INSN_IMUL2;
	case ZYDIS_MNEMONIC_PUSH:
		return op == INSN_PUSH_SREG;
	case ZYDIS_MNEMONIC_POP:
		return op == INSN_POP_SREG;
	case ZYDIS_MNEMONIC_CALL:
		return op == INSN_CALL_FAR;
	case ZYDIS_MNEMONIC_JMP:
		return op == INSN_JMP_FAR;
	case ZYDIS_MNEMONIC_RET:
		return op == INSN_RET_FAR;
	case ZYDIS_MNEMONIC_CMPSD:
	case ZYDIS_MNEMONIC_MOVSD: /* the string and the vector instruction */
		return op == INSN_SIMD || op == INSN_MOVSCALAR;
	case ZYDIS_MNEMONIC_MOVQ:
	case ZYDIS_MNEMONIC_VMOVQ:
		return op == INSN_MOVSCALAR || op == INSN_MOVD || op == INSN_MOVMM ||
		       op == INSN_SIMD;
	case ZYDIS_MNEMONIC_MOVD:
		return op == INSN_MOVD || op == INSN_MOVMM || op == INSN_SIMD;
	case ZYDIS_MNEMONIC_VMOVLPS: /* by EVEX the halves are only measured */
	case ZYDIS_MNEMONIC_VMOVLPD:
	case ZYDIS_MNEMONIC_VMOVHLPS:
	case ZYDIS_MNEMONIC_VMOVHPS:
	case ZYDIS_MNEMONIC_VMOVHPD:
	case ZYDIS_MNEMONIC_VMOVLHPS:
		return op == INSN_SIMD && (insn->prefixes & PREFIX_EVEX);
	case ZYDIS_MNEMONIC_NOP:
		return op == INSN_PREFETCH || op == INSN_CLDEMOTE;
	case ZYDIS_MNEMONIC_WBINVD: /* this version does not know the other */
		return op == INSN_WBNOINVD;
	default:
		return false;
	}
}

static enum insn_op expected_op(ZydisMnemonic mnemonic)
{
	static uint8_t by_mnemonic[ZYDIS_MNEMONIC_MAX_VALUE + 1];
	static bool filled;

	for (size_t i = 0; !filled && i < ARRAY_SIZE(pairs); i++)
		by_mnemonic[pairs[i].mnemonic] = (uint8_t)pairs[i].op;
	filled = true;
	return by_mnemonic[mnemonic];
}

static bool is_paired(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		if (!strcmp(name, ZydisMnemonicGetString(pairs[i].mnemonic)))
			return true;
	return false;
}

const char *zydis_unpaired(void)
{
	for (int i = 1; i <= ZYDIS_MNEMONIC_MAX_VALUE; i++) {
		const char *name = ZydisMnemonicGetString((ZydisMnemonic)i);

		if (i == ZYDIS_MNEMONIC_VPREFETCHNTA) /* of a processor that is gone */
			continue;
		if (name[0] == 'v' && is_paired(name + 1) && !is_paired(name))
			return name;
	}
	return NULL;
}

/* A number as in enum gpr, with INSN_REG_RIP and INSN_REG_NONE. */
static unsigned register_number(ZydisRegister reg)
{
	unsigned id;

	if (reg == ZYDIS_REGISTER_NONE)
		return INSN_REG_NONE;
	if (reg == ZYDIS_REGISTER_RIP || reg == ZYDIS_REGISTER_EIP)
		return INSN_REG_RIP;
	id = (unsigned)ZydisRegisterGetId(reg);
	if (ZydisRegisterGetClass(reg) == ZYDIS_REGCLASS_GPR8 && id >= 8)
		id -= 4;
	return id;
}

static bool memory_same(const struct insn *insn, const ZydisDecodedOperand *operand)
{
	unsigned segment = (unsigned)ZydisRegisterGetId(operand->mem.segment);

	/* Zydis 4.0.0 takes R13D for a base where there is none; LLVM agrees with us. */
	if (operand->mem.base == ZYDIS_REGISTER_R13D && insn->memory && insn->modrm >> 6 == 0 &&
	    insn->base == INSN_REG_NONE)
		return true;
	if (!insn->memory || register_number(operand->mem.base) != insn->base ||
	    register_number(operand->mem.index) != insn->index)
		return false;
	if (insn->index != INSN_REG_NONE && operand->mem.scale != 1 << insn->scale)
		return false;
	if (operand->mem.type == ZYDIS_MEMOP_TYPE_MEM && segment != insn->segment)
		return false;
	if (insn->memory_size != INSN_SIZE_UNKNOWN && operand->size / 8 != insn->memory_size)
		return false;
	/* Zydis extends what the address size cuts off anyway in another way. */
	return !((uint64_t)(operand->mem.disp.value ^ insn->displacement) &
		 (~0ULL >> (64 - 8 * insn->address_size)));
}

/* A register operand must be the one in reg or rm, by the operand's place in the instruction. */
static bool register_same(const struct insn *insn, const ZydisDecodedOperand *operand)
{
	unsigned number = register_number(operand->reg.value);
	ZydisRegisterClass class = ZydisRegisterGetClass(operand->reg.value);

	if (operand->encoding == ZYDIS_OPERAND_ENCODING_MODRM_REG && number != insn->reg)
		return insn->op == INSN_MOV_CR && insn->reg == 8;
	if (operand->encoding == ZYDIS_OPERAND_ENCODING_MODRM_RM &&
	    (insn->memory || number != insn->rm))
		return false;
	if (operand->encoding == ZYDIS_OPERAND_ENCODING_OPCODE && number != insn->rm)
		return false;
	if (operand->encoding == ZYDIS_OPERAND_ENCODING_NDSNDD &&
	    number != (insn->vvvv & (insn->mode == INSN_MODE_64 ? 31u : 7u)))
		return false;
	if (insn->form == FORM_RM_REG && operand->encoding == ZYDIS_OPERAND_ENCODING_MODRM_REG &&
	    class >= ZYDIS_REGCLASS_GPR8 && class <= ZYDIS_REGCLASS_GPR64)
		return operand->size / 8 == insn->operand_size || insn->op == INSN_ARPL;
	return true;
}

static bool immediate_same(const struct insn *insn, const ZydisDecodedOperand *operand)
{
	uint64_t mask = operand->size < 64 ? BIT(operand->size) - 1 : ~0ULL;
	uint64_t other = operand->id && insn->op == INSN_ENTER ? insn->immediate2 : insn->immediate;

	if (operand->encoding == ZYDIS_OPERAND_ENCODING_NONE)
		return true; /* the 1 of a shift by one */
	return !((operand->imm.value.u ^ other) & mask);
}

static bool operand_same(const struct insn *insn, const ZydisDecodedOperand *operand)
{
	switch (operand->type) {
	case ZYDIS_OPERAND_TYPE_MEMORY:
		return insn->form == FORM_STRING || insn->op == INSN_XLAT ||
		       memory_same(insn, operand);
	case ZYDIS_OPERAND_TYPE_REGISTER:
		return register_same(insn, operand);
	case ZYDIS_OPERAND_TYPE_IMMEDIATE:
		return immediate_same(insn, operand);
	case ZYDIS_OPERAND_TYPE_POINTER:
		return operand->ptr.segment == insn->immediate2 &&
		       !((operand->ptr.offset ^ insn->immediate) & BITS(15, 0));
	case ZYDIS_OPERAND_TYPE_UNUSED:
		break;
	}
	return false;
}

/* A string's source is a hidden operand; its segment is what an override changes. */
static bool string_same(const struct insn *insn, const ZydisDecodedInstruction *other,
			const ZydisDecodedOperand *operands)
{
	for (unsigned i = 0; i < other->operand_count; i++) {
		const ZydisDecodedOperand *operand = &operands[i];
		unsigned base;

		if (operand->type != ZYDIS_OPERAND_TYPE_MEMORY)
			continue;
		base = register_number(operand->mem.base);
		if (operand->size / 8 != insn->operand_size)
			return false;
		if (base == GPR_RSI &&
		    (unsigned)ZydisRegisterGetId(operand->mem.segment) != insn->segment)
			return false;
	}
	return true;
}

/* Which mask, what it does to what is off, and how much of the operand each of its bits stands for. */
static bool mask_same(const struct insn *insn, const ZydisDecodedInstruction *other,
		      const ZydisDecodedOperand *operands)
{
	bool zeroes = other->avx.mask.mode == ZYDIS_MASK_MODE_ZEROING;
	unsigned mask = insn->mask & MASK_REGISTER;

	if (!(insn->prefixes & PREFIX_EVEX))
		return !insn->mask;
	if (zeroes != !!(insn->mask & MASK_ZERO))
		return false;
	if (mask && register_number(other->avx.mask.reg) != mask)
		return false;
	return !insn->element || operands[0].element_size == 8 * insn->element;
}

static const char *compare(const struct insn *insn, const ZydisDecodedInstruction *other,
			   const ZydisDecodedOperand *operands)
{
	enum insn_op op = expected_op(other->mnemonic);

	if (insn->length != other->length)
		return "length";
	if (op != INSN_NONE && insn->op != op && !ambiguous(other->mnemonic, insn))
		return "operation";
	if (insn->op == INSN_SIMD || insn->op == INSN_FPU)
		return NULL;
	if (!mask_same(insn, other, operands))
		return "mask";
	if (insn->address_size * 8 != other->address_width && insn->op != INSN_ENCLS &&
	    insn->op != INSN_ENCLU) /* which Zydis takes for 32-bit ones in every mode */
		return "address size";
	if (insn->form == FORM_STRING && !string_same(insn, other, operands))
		return "string operand";
	for (unsigned i = 0; i < other->operand_count_visible; i++)
		if (!operand_same(insn, &operands[i]))
			return "operand";
	return NULL;
}

static void initialize(ZydisDecoder *decoder, enum insn_mode mode)
{
	static const ZydisMachineMode modes[] = {ZYDIS_MACHINE_MODE_LEGACY_16,
						 ZYDIS_MACHINE_MODE_LEGACY_32,
						 ZYDIS_MACHINE_MODE_LONG_64};
	static const ZydisStackWidth widths[] = {ZYDIS_STACK_WIDTH_16, ZYDIS_STACK_WIDTH_32,
						 ZYDIS_STACK_WIDTH_64};

	ZydisDecoderInit(decoder, modes[mode], widths[mode]);
	/* Guests are told of neither, so their opcodes are the NOPs that they were. */
	ZydisDecoderEnableMode(decoder, ZYDIS_DECODER_MODE_MPX, ZYAN_FALSE);
	ZydisDecoderEnableMode(decoder, ZYDIS_DECODER_MODE_CET, ZYAN_FALSE);
}

/*
 * What we accept and Zydis does not: vector and FPU opcodes that we only measure; prefixes before an
 * 0F 01 instruction, which the processor ignores; and AMD's LOCK MOV CR0 for CR8.
 */
static bool may_accept(const struct insn *insn)
{
	return insn->op == INSN_SIMD || insn->op == INSN_FPU || insn->opcode == 0x01 ||
	       (insn->op == INSN_MOV_CR && (insn->prefixes & PREFIX_LOCK));
}

enum opinion zydis_compare(const uint8_t *bytes, size_t count, enum insn_mode mode, const char **why)
{
	static ZydisDecoder decoders[3];
	ZydisDecodedInstruction other;
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
	struct insn insn;
	bool ours, theirs;

	if (!decoders[mode].machine_mode && !decoders[mode].stack_width)
		initialize(&decoders[mode], mode);
	ours = insn_decode(bytes, count, mode, &insn) == INSN_OK;
	theirs = ZYAN_SUCCESS(
		ZydisDecoderDecodeFull(&decoders[mode], bytes, count, &other, operands));
	if (!ours && !theirs)
		return OPINION_BOTH_REFUSE;
	if (ours && theirs)
		*why = compare(&insn, &other, operands);
	else if (theirs)
		*why = expected_op(other.mnemonic) != INSN_NONE ? "ours refuses" : NULL;
	else
		*why = may_accept(&insn) ? NULL : "ours accepts";
	if (*why)
		return OPINION_DIFFERENT;
	return ours && theirs ? OPINION_SAME : OPINION_LEFT_OUT;
}
