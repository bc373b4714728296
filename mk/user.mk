# SPDX-License-Identifier: BSD-2-Clause
# The ring-3 programs: build/vmm.elf, build/console.elf and the hostile VMM that the tests use. Each
# has a .stripped copy, which is what the kernel embeds.

USER_OBJ := $(BUILD)/obj/user

VMM_SOURCES := $(wildcard vmm/*.c vmm/*.S vmm/dev/*.c)
CONSOLE_SOURCES := $(wildcard console/*.c console/*.S)
LIB_SOURCES := $(wildcard lib/*.c lib/*.S)
HOSTILE_SOURCES := $(filter-out vmm/main.c,$(VMM_SOURCES)) \
	$(wildcard tests/guests/hostile_vmm/*.c tests/guests/hostile_vmm/*.S)

user_objects = $(addprefix $(USER_OBJ)/,$(addsuffix .o,$(1) $(LIB_SOURCES)))

$(BUILD)/vmm.elf: $(call user_objects,$(VMM_SOURCES))
$(BUILD)/console.elf: $(call user_objects,$(CONSOLE_SOURCES))
$(BUILD)/vmm-hostile.elf: $(call user_objects,$(HOSTILE_SOURCES))

USER_ELFS := $(addprefix $(BUILD)/,vmm.elf console.elf vmm-hostile.elf)
$(USER_ELFS): user.ld $(BUILD)/obj/flags
	$(call say,LD,$@)
	$(Q)$(LD) $(LDFLAGS) -T user.ld -Map=$@.map -o $@ $(filter %.o,$^)

$(BUILD)/%.stripped: $(BUILD)/%.elf
	$(Q)$(OBJCOPY) --strip-all $< $@

$(USER_OBJ)/%.c.o: %.c $(BUILD)/obj/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(USER_CFLAGS) $(EXTRA_CFLAGS) -MMD -MP -c $< -o $@

$(USER_OBJ)/%.S.o: %.S $(BUILD)/obj/flags
	@mkdir -p $(@D)
	$(call say,AS,$<)
	$(Q)$(CC) $(ASFLAGS) -MMD -MP -c $< -o $@

# Another compiler or other flags make every object stale.
$(BUILD)/obj/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(CC) $(KERNEL_CFLAGS) $(USER_CFLAGS) $(ASFLAGS) $(LDFLAGS)' >$@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

.PHONY: FORCE
FORCE:

-include $(patsubst %.o,%.d,$(call user_objects,$(sort $(VMM_SOURCES) $(CONSOLE_SOURCES) $(HOSTILE_SOURCES))))
