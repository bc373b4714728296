# SPDX-License-Identifier: BSD-2-Clause
# The tiny guests: each tests/guests/NAME.c becomes build/tiny/NAME.elf, with NAME.S and NAME/ if there are any,
# and the guests' own small library.

TINY_OBJ := $(BUILD)/obj/tiny
TINY_LIB := $(wildcard tests/guests/lib/*.c tests/guests/lib/*.S) \
	lib/string.c lib/format.c lib/copy.c
TINY_NAMES := $(patsubst tests/guests/%.c,%,$(wildcard tests/guests/*.c))
TINY_ELFS := $(TINY_NAMES:%=$(BUILD)/tiny/%.elf)

# The images of tests/system/test_protocols.py have no format, or one that no linker writes: raw bytes.
PROTOCOL_DIR := $(BUILD)/tiny/protocols
PROTOCOL_IMAGES := $(addprefix $(PROTOCOL_DIR)/,sector.bin flat.bin multiboot.bin multiboot2.bin both.bin \
	real.bin)

tiny_objects = $(addprefix $(TINY_OBJ)/,$(addsuffix .o,$(1)))

.PHONY: tiny
tiny: $(TINY_ELFS) $(PROTOCOL_IMAGES)

# $(1): name of the guest
define tiny_rule
$(BUILD)/tiny/$(1).elf: $(call tiny_objects,$(wildcard tests/guests/$(1).c tests/guests/$(1).S tests/guests/$(1)/*.[cS]) $(TINY_LIB))
endef
$(foreach name,$(TINY_NAMES),$(eval $(call tiny_rule,$(name))))

$(TINY_ELFS): tests/guests/lib/guest.ld $(BUILD)/obj/flags
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(LD) $(LDFLAGS) --strip-debug -T tests/guests/lib/guest.ld -o $@ $(filter %.o,$^)

$(TINY_OBJ)/%.c.o: %.c $(BUILD)/obj/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(USER_CFLAGS) $(EXTRA_CFLAGS) -MMD -MP -c $< -o $@

$(TINY_OBJ)/%.S.o: %.S $(BUILD)/obj/flags
	@mkdir -p $(@D)
	$(call say,AS,$<)
	$(Q)$(CC) $(ASFLAGS) -MMD -MP -c $< -o $@

-include $(patsubst %,$(TINY_OBJ)/%.d,$(wildcard tests/guests/*.[cS] tests/guests/*/*.[cS]) $(TINY_LIB))

$(PROTOCOL_DIR)/sector.bin: PROTOCOL_AT := 0x7c00
$(PROTOCOL_DIR)/sector.bin: tests/guests/protocols/sector.S
$(PROTOCOL_DIR)/real.bin: PROTOCOL_AT := 0x8000
$(PROTOCOL_DIR)/real.bin: tests/guests/protocols/real.S
$(PROTOCOL_DIR)/flat.bin: PROTOCOL_AT := 0x30000
$(PROTOCOL_DIR)/multiboot.bin $(PROTOCOL_DIR)/multiboot2.bin $(PROTOCOL_DIR)/both.bin: PROTOCOL_AT := 0x200000
$(PROTOCOL_DIR)/multiboot.bin $(PROTOCOL_DIR)/both.bin: PROTOCOL_FLAGS += -DWITH_MULTIBOOT
$(PROTOCOL_DIR)/multiboot2.bin $(PROTOCOL_DIR)/both.bin: PROTOCOL_FLAGS += -DWITH_MULTIBOOT2
$(filter-out %/sector.bin %/real.bin,$(PROTOCOL_IMAGES)): tests/guests/protocols/protected.S

$(PROTOCOL_IMAGES): $(BUILD)/obj/flags
	@mkdir -p $(@D)
	$(call say,AS,$@)
	$(Q)$(CC) -m32 -c $(PROTOCOL_FLAGS) -o $@.o $(filter %.S,$^)
	$(Q)$(LD) -m elf_i386 -Ttext=$(PROTOCOL_AT) -e _start --oformat=binary -o $@ $@.o
