# SPDX-License-Identifier: BSD-2-Clause
# Making a bootable ISO of the kernel, a configuration and images, and running it in an emulator.

# What `make run` starts unless told otherwise: two Linux guests.
DEFAULT_IMAGES := cloud-kernel=$(GUESTS)/cloud/vmlinuz cloud-initrd=$(GUESTS)/initrd-cloud.gz
EMULATOR ?= qemu
FIRMWARE ?= bios
# Bochs takes its CPUs in turns, each as slow as all before together.
CPUS ?= $(if $(filter bochs,$(EMULATOR)),1,4)
MEM ?= 2G
# Two guests with a CPU each need a third for everything else.
DEFAULT_CONFIG := guests/$(if $(filter 1 2,$(CPUS)),freehold-pool.conf,freehold.conf)
CPU ?=
QEMU_EXTRA ?=
KERNEL_CMDLINE ?=
ISO ?= $(BUILD)/freehold.iso

mkiso = $(PYTHON) tools/mkiso.py --kernel $(BUILD)/freehold.elf --config '$(1)' \
	$(foreach image,$(2),--image '$(image)') --cmdline '$(KERNEL_CMDLINE)' --out '$(ISO)'

run_words = --emulator '$(EMULATOR)' --firmware '$(FIRMWARE)' --cpus '$(CPUS)' --mem '$(MEM)' \
	$(if $(CPU),--cpu '$(CPU)') --extra='$(QEMU_EXTRA)'

.PHONY: iso run run-words
iso: $(BUILD)/freehold.elf | $(SETUP_RUN)
	@[ -n '$(CONFIG)' ] || { echo "iso: say CONFIG=file; guests/freehold.conf is one" >&2; exit 2; }
	$(Q)$(call mkiso,$(CONFIG),$(IMAGES))
	@echo 'made $(ISO)'

run: run-words $(BUILD)/freehold.elf $(if $(IMAGES),,$(GUEST_FILES))
	$(Q)$(call mkiso,$(or $(CONFIG),$(DEFAULT_CONFIG)),$(or $(IMAGES),$(DEFAULT_IMAGES)))
	$(Q)BUILD='$(BUILD)' $(PYTHON) tools/run.py --iso '$(ISO)' $(run_words)

# A wrong word is told before anything is fetched and made.
run-words: | $(SETUP_RUN) $(if $(filter bochs,$(EMULATOR)),$(SETUP_TEST))
	$(Q)$(PYTHON) tools/run.py --check $(run_words)
