# SPDX-License-Identifier: BSD-2-Clause
# Making a bootable ISO of the kernel, a configuration and images, and running it in an emulator.

# What `make run` starts unless told otherwise: two Linux guests.
DEFAULT_IMAGES := cloud-kernel=$(GUESTS)/cloud/vmlinuz cloud-initrd=$(GUESTS)/initrd-cloud.gz
EMULATOR ?= qemu
FIRMWARE ?= bios
# efi: freehold.efi from a tree as `make esp` makes it
LOADER ?= grub
# Bochs takes its CPUs in turns, each as slow as all before together.
CPUS ?= $(if $(filter bochs,$(EMULATOR)),1,4)
MEM ?= 2G
# Two guests with a CPU each need a third for everything else.
DEFAULT_CONFIG := guests/$(if $(filter 1 2,$(CPUS)),freehold-pool.conf,freehold.conf)
CPU ?=
# multi: each CPU of QEMU's runs on a core of its own; see tools/machine.py for what that breaks.
THREAD ?= single
QEMU_EXTRA ?=
KERNEL_CMDLINE ?=
ISO ?= $(BUILD)/freehold.iso

mkiso = $(PYTHON) tools/mkiso.py --kernel $(BUILD)/freehold.elf --config '$(1)' \
	$(foreach image,$(2),--image '$(image)') --cmdline '$(KERNEL_CMDLINE)' --out '$(ISO)'

run_words = --emulator '$(EMULATOR)' --firmware '$(FIRMWARE)' --loader '$(LOADER)' --cpus '$(CPUS)' --mem '$(MEM)' \
	--thread '$(THREAD)' $(if $(CPU),--cpu '$(CPU)') --extra='$(QEMU_EXTRA)'

.PHONY: iso run run-words
iso: $(BUILD)/freehold.elf | $(SETUP_RUN)
	@[ -n '$(CONFIG)' ] || { echo "iso: say CONFIG=file; guests/freehold.conf is one" >&2; exit 2; }
	$(Q)$(call mkiso,$(CONFIG),$(IMAGES))
	@echo 'made $(ISO)'

RUN_ESP := $(BUILD)/run-esp
run_config = $(or $(CONFIG),$(DEFAULT_CONFIG))
run_images = $(or $(IMAGES),$(DEFAULT_IMAGES))

make_run_grub = $(call mkiso,$(run_config),$(run_images))
make_run_efi = $(PYTHON) tools/mkesp.py --efi $(BUILD)/freehold.efi --config '$(run_config)' \
	$(foreach image,$(run_images),--image '$(image)') --out '$(RUN_ESP)'
run_medium_grub = --iso '$(ISO)'
run_medium_efi = --esp '$(RUN_ESP)'

run: run-words $(BUILD)/freehold.elf $(if $(filter efi,$(LOADER)),$(BUILD)/freehold.efi) \
		$(if $(IMAGES),,$(GUEST_FILES))
	$(Q)$(make_run_$(LOADER))
	$(Q)BUILD='$(BUILD)' $(PYTHON) tools/run.py $(run_medium_$(LOADER)) $(run_words)

# A wrong word is told before anything is fetched and made.
run-words: | $(SETUP_RUN) $(if $(filter bochs,$(EMULATOR)),$(SETUP_TEST))
	$(Q)$(PYTHON) tools/run.py --check $(run_words)
