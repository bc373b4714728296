/* SPDX-License-Identifier: BSD-2-Clause */
/* SDM 2A "CPUID--CPU Identification"; APM3 Appendix E "Obtaining Processor Information". */
#include "console/cpuid_names.h"

#include "lib/format.h"

static const struct cpuid_features table[] = {
	{1, 0, CPUID_ECX,
	 .names = "sse3 pclmulqdq dtes64 monitor ds-cpl vmx smx eist tm2 ssse3 cnxt-id sdbg "
		  "fma cx16 xtpr pdcm - pcid dca sse4.1 sse4.2 x2apic movbe popcnt "
		  "tsc-deadline aes xsave osxsave avx f16c rdrand hypervisor",
	 .live = 1 << 27},
	{1, 0, CPUID_EDX,
	 .names = "fpu vme de pse tsc msr pae mce cx8 apic - sep mtrr pge mca cmov pat pse36 "
		  "psn clfsh - ds acpi mmx fxsr sse sse2 ss htt tm ia64 pbe"},
	{6, 0, CPUID_EAX, .names = "dts turbo arat - pln ecmd ptm hwp"},
	{7, 0, CPUID_EBX,
	 .names = "fsgsbase tsc-adjust sgx bmi1 hle avx2 fdp-excptn smep bmi2 erms invpcid "
		  "rtm rdt-m no-fpu-cs-ds mpx rdt-a avx512f avx512dq rdseed adx smap "
		  "avx512ifma - clflushopt clwb pt avx512pf avx512er avx512cd sha avx512bw "
		  "avx512vl"},
	{7, 0, CPUID_ECX,
	 .names = "prefetchwt1 avx512vbmi umip pku ospke waitpkg avx512vbmi2 cet-ss gfni "
		  "vaes vpclmulqdq avx512vnni avx512bitalg tme avx512vpopcntdq - la57 - - - "
		  "- - rdpid kl bus-lock cldemote - movdiri movdir64b enqcmd sgx-lc pks",
	 .live = 1 << 4},
	{7, 0, CPUID_EDX,
	 .names = "- sgx-keys avx512-4vnniw avx512-4fmaps fsrm uintr - - avx512-vp2intersect "
		  "srbds-ctrl md-clear rtm-always-abort - - serialize hybrid tsxldtrk - "
		  "pconfig arch-lbr cet-ibt - amx-bf16 avx512-fp16 amx-tile amx-int8 ibrs "
		  "stibp l1d-flush arch-cap core-cap ssbd"},
	{7, 1, CPUID_EAX,
	 .names = "- - - - avx-vnni avx512-bf16 - - - - fzrm fsrs fsrc - - - - - - - - "
		  "amx-fp16 hreset avx-ifma"},
	{0xd, 1, CPUID_EAX, .names = "xsaveopt xsavec xgetbv1 xsaves xfd"},
	{0x40000101, 0, CPUID_EAX,
	 .names = "clocksource nop-io-delay mmu-op clocksource2 async-pf steal-time eoi "
		  "unhalt - tlb-flush - send-ipi - - - - - - - - - - - - clocksource-stable"},
	{0x80000001, 0, CPUID_ECX,
	 .names = "lahf64 cmp-legacy svm extapic cr8-legacy abm sse4a misalignsse prefetchw "
		  "osvw ibs xop skinit wdt - lwp fma4 tce - nodeid - tbm topoext "
		  "perfctr-core perfctr-nb - dbx perftsc perfctr-l2 mwaitx"},
	{0x80000001, 0, CPUID_EDX,
	 .names = "fpu vme de pse tsc msr pae mce cx8 apic - syscall mtrr pge mca cmov pat "
		  "pse36 - mp nx - mmxext mmx fxsr ffxsr page1gb rdtscp - lm 3dnowext 3dnow"},
	{0x80000007, 0, CPUID_EDX,
	 .names = "ts fid vid ttp tm stc 100mhz hwpstate invariant-tsc cpb"},
	{0x80000008, 0, CPUID_EBX,
	 .names = "clzero irperf xsaveerptr invlpgb rdpru - mbe - mcommit wbnoinvd - - ibpb "
		  "- ibrs stibp ibrs-always stibp-always ibrs-preferred - efer-lmsle - - "
		  "ppin ssbd virt-ssbd ssb-no"},
	{0x80000021, 0, CPUID_EAX,
	 .names = "no-nested-data-bp - lfence-serializing smm-pg-lock - - null-sel-base"},
};

const struct cpuid_features *cpuid_features_of(uint32_t leaf, uint32_t subleaf,
					       enum cpuid_register reg)
{
	for (unsigned i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].leaf == leaf && table[i].subleaf == subleaf && table[i].reg == reg)
			return &table[i];
	return NULL;
}

void cpuid_feature_name(const struct cpuid_features *features, unsigned bit, char to[CPUID_NAME])
{
	const char *at = features->names;
	unsigned length = 0;

	for (unsigned i = 0; i < bit && *at; i++) {
		while (*at && *at != ' ')
			at++;
		at += *at == ' ';
	}
	while (at[length] && at[length] != ' ' && length < CPUID_NAME - 1) {
		to[length] = at[length];
		length++;
	}
	to[length] = '\0';
	if (!length || (length == 1 && to[0] == '-'))
		format(to, CPUID_NAME, "bit%u", bit);
}
