# SPDX-License-Identifier: BSD-2-Clause
# The kernel: build/freehold.elf, and build/freehold-hostile.elf with the hostile VMM in it.
#
# The symbol table for panics needs the addresses that linking gives, so the kernel is linked twice:
# first with an empty table, then with the one made of the first result. The table is the last thing
# in .rodata, behind .text, so that no function moves; the build fails if one did.

KERNEL_OBJ := $(BUILD)/obj/kernel
GEN := $(BUILD)/gen

ASM_OFFSETS := arch/x86_64/asm_offsets.c
KERNEL_SOURCES := $(filter-out $(ASM_OFFSETS),$(wildcard boot/*.c boot/*.S \
	arch/x86_64/*.c arch/x86_64/*.S \
	arch/x86_64/svm/*.c arch/x86_64/svm/*.S arch/x86_64/vmx/*.c arch/x86_64/vmx/*.S \
	drivers/*.c drivers/*.S kernel/*.c kernel/*.S lib/*.c lib/*.S))
KERNEL_OBJECTS := $(addprefix $(KERNEL_OBJ)/,$(addsuffix .o,$(KERNEL_SOURCES)))

.PHONY: hostile
hostile: $(BUILD)/freehold-hostile.elf

# $(1): name of the kernel, $(2): of the VMM in it.
define kernel_rules
$(GEN)/$(1)/images.o: tools/images.S $(BUILD)/$(2).stripped $(BUILD)/console.stripped
	@mkdir -p $$(@D)
	$$(call say,AS,$$@)
	$$(Q)$$(CC) $$(ASFLAGS) -DVMM_IMAGE='"$(BUILD)/$(2).stripped"' \
		-DCONSOLE_IMAGE='"$(BUILD)/console.stripped"' -c $$< -o $$@

$(GEN)/$(1)/pass1.elf: $$(KERNEL_OBJECTS) $(GEN)/$(1)/images.o $(GEN)/no_symbols.o linker.ld
	$$(call say,LD,$$@)
	$$(Q)$$(LD) $$(LDFLAGS) -T linker.ld -o $$@ $$(filter %.o,$$^)

$(GEN)/$(1)/symbols.S: $(GEN)/$(1)/pass1.elf tools/symbols.py
	$$(Q)$$(NM) -n $$< | $$(PYTHON) tools/symbols.py >$$@

$(BUILD)/$(1).elf: $$(KERNEL_OBJECTS) $(GEN)/$(1)/images.o $(GEN)/$(1)/symbols.o linker.ld
	$$(call say,LD,$$@)
	$$(Q)$$(LD) $$(LDFLAGS) -T linker.ld -Map=$$@.map -o $$@ $$(filter %.o,$$^)
	@$$(NM) -n $$@ | $$(PYTHON) tools/symbols.py | cmp -s - $(GEN)/$(1)/symbols.S || \
		{ echo "$$@: functions moved between the two links" >&2; exit 1; }
endef
$(eval $(call kernel_rules,freehold,vmm))
$(eval $(call kernel_rules,freehold-hostile,vmm-hostile))

$(GEN)/no_symbols.S: tools/symbols.py
	@mkdir -p $(@D)
	$(Q)$(PYTHON) tools/symbols.py </dev/null >$@

$(GEN)/%.o: $(GEN)/%.S
	$(Q)$(CC) $(ASFLAGS) -c $< -o $@

$(KERNEL_OBJ)/%.c.o: %.c $(BUILD)/obj/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(KERNEL_CFLAGS) $(EXTRA_CFLAGS) -MMD -MP -c $< -o $@

$(KERNEL_OBJ)/%.S.o: %.S $(GEN)/asm_offsets.h $(BUILD)/obj/flags
	@mkdir -p $(@D)
	$(call say,AS,$<)
	$(Q)$(CC) $(ASFLAGS) -MMD -MP -c $< -o $@

# DEFINE(name, value) in that file leaves lines `->name value` in the compiler's assembly.
$(GEN)/asm_offsets.h: $(wildcard $(ASM_OFFSETS)) $(BUILD)/obj/flags
	@mkdir -p $(@D)
	$(Q)$(if $(filter %.c,$^),$(CC) $(KERNEL_CFLAGS) -MMD -MP -MT $@ -MF $@.d -S -o $@.s $(ASM_OFFSETS),: >$@.s)
	@{ echo '/* Generated from $(ASM_OFFSETS). */'; echo '#pragma once'; sed -n \
		's/^.*->\([A-Za-z_0-9]*\) *\$$\{0,1\}\(-\{0,1\}[0-9]*\).*$$/#define \1 \2/p' $@.s; } >$@

-include $(KERNEL_OBJECTS:.o=.d) $(GEN)/asm_offsets.h.d
