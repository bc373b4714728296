# SPDX-License-Identifier: BSD-2-Clause
# build/freehold.efi: the UEFI loader with the kernel in it, by GNU-EFI's start-up code; and the tree
# of an EFI system partition around it.

EFI_OBJ := $(BUILD)/obj/efi
EFI_SOURCES := $(wildcard boot/efi/*.c boot/efi/*.S) lib/string.c lib/format.c
EFI_OBJECTS := $(addprefix $(EFI_OBJ)/,$(addsuffix .o,$(EFI_SOURCES)))

EFI_INCLUDES := -isystem /usr/include/efi -isystem /usr/include/efi/x86_64

EFI_CFLAGS := $(filter-out -fno-pic,$(TARGET_CFLAGS))
EFI_CFLAGS += -fpic -fvisibility=hidden # the firmware loads it anywhere, and relocates it
EFI_CFLAGS += -fshort-wchar # L"" is the firmware's UCS-2
EFI_CFLAGS += -DGNU_EFI_USE_MS_ABI # the firmware's services are called as what they are
EFI_CFLAGS += $(EFI_INCLUDES)

ESP ?= $(BUILD)/esp

.PHONY: efi esp
efi: $(BUILD)/freehold.efi

$(BUILD)/freehold.stripped: $(BUILD)/freehold.elf
	$(Q)$(OBJCOPY) --strip-all $< $@

$(EFI_OBJ)/lib/string.c.o: EXTRA_CFLAGS := $(STRING_FLAGS)

$(EFI_OBJ)/%.c.o: %.c $(BUILD)/obj/flags | $(SETUP_EFI)
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(EFI_CFLAGS) $(EXTRA_CFLAGS) -MMD -MP -c $< -o $@

$(EFI_OBJ)/%.S.o: %.S $(BUILD)/freehold.stripped
	@mkdir -p $(@D)
	$(call say,AS,$<)
	$(Q)$(CC) $(ASFLAGS) -DKERNEL_FILE='"$(BUILD)/freehold.stripped"' -MMD -MP -c $< -o $@

# $@ of $^, by way of an ELF file of the same name beside the objects.
define efi_link
	$(call say,LD,$@)
	$(Q)$(LD) -nostdlib -shared -Bsymbolic -znocombreloc --no-undefined --build-id=none \
		-T /usr/lib/elf_x86_64_efi.lds \
		/usr/lib/crt0-efi-x86_64.o $^ /usr/lib/libgnuefi.a -o $(EFI_OBJ)/$(@F).so
	$(Q)$(OBJCOPY) -j .text -j .sdata -j .data -j .rodata -j .dynamic -j .dynsym -j '.rel*' -j .reloc \
		--target=efi-app-x86_64 --subsystem=10 $(EFI_OBJ)/$(@F).so $@
endef

$(BUILD)/freehold.efi: $(EFI_OBJECTS)
	$(efi_link)

# What makes the firmware a bad one, for tests.
EFI_SPOIL_OBJECTS := $(addprefix $(EFI_OBJ)/,$(addsuffix .o,$(wildcard tests/efi/*.c tests/efi/*.S)))
$(BUILD)/spoil.efi: $(EFI_SPOIL_OBJECTS)
	$(efi_link)

# With a key, the loader on the ESP is signed.
SIGNED := $(BUILD)/freehold-signed.efi
ESP_EFI := $(if $(KEY)$(CERT),$(SIGNED),$(BUILD)/freehold.efi)

.PHONY: sign
sign: $(SIGNED)
	@echo 'made $(SIGNED): for machines whose Secure Boot trusts $(CERT)'

# Always anew: the key may be another.
$(SIGNED): $(BUILD)/freehold.efi FORCE | $(SETUP_SIGN)
	@for word in 'KEY=$(KEY)' 'CERT=$(CERT)'; do \
		[ -n "$${word#*=}" ] || { echo "sign: say KEY=file CERT=file, both in PEM" >&2; exit 2; }; \
		[ -r "$${word#*=}" ] || { echo "sign: $$word cannot be read" >&2; exit 2; }; done
	$(Q)sbsign --key '$(KEY)' --cert '$(CERT)' --output $@ $< >$@.log 2>&1 || \
		{ cat $@.log >&2; echo "sign: sbsign cannot sign with KEY=$(KEY) CERT=$(CERT)" >&2; rm -f $@; exit 2; }
	@sbverify --cert '$(CERT)' $@ >$@.log 2>&1 || \
		{ cat $@.log >&2; echo "sign: KEY=$(KEY) is not the key of CERT=$(CERT)" >&2; rm -f $@; exit 2; }

esp: $(ESP_EFI)
	@[ -n '$(CONFIG)' ] || { echo "esp: say CONFIG=file; guests/freehold.conf is one" >&2; exit 2; }
	$(Q)$(PYTHON) tools/mkesp.py --efi $< --config '$(CONFIG)' \
		$(foreach image,$(IMAGES),--image '$(image)') --out '$(ESP)'
	@echo 'made $(ESP): copy what is in it to an EFI system partition'

# What needs firmware is tested against a fake one, by the same declarations.
EFI_TESTED := boot/efi/exit.c tests/unit/test_efi_exit.c
$(EFI_TESTED:%=$(BUILD)/obj/unit/%.o) $(EFI_TESTED:%=$(BUILD)/obj/coverage/%.o): \
	EXTRA_CFLAGS := $(EFI_INCLUDES) -fshort-wchar -DGNU_EFI_USE_MS_ABI

# tests/system/test_uefi.py starts them.
system test test-long: $(BUILD)/freehold.efi $(BUILD)/spoil.efi | $(SETUP_SIGN)

-include $(EFI_OBJECTS:.o=.d) $(EFI_SPOIL_OBJECTS:.o=.d)
