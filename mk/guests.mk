# SPDX-License-Identifier: BSD-2-Clause
# The guests: Debian's kernels, unmodified, each with an initrd of ours, and what else of Debian's boots by itself.
# The shipped ones (cloud, amd64) are those that `make run` needs; the zoo is for the tests.

GUESTS := $(BUILD)/guests
guest_files = $(foreach kernel,$(1),$(GUESTS)/$(kernel)/vmlinuz $(GUESTS)/initrd-$(kernel).gz)
GUEST_FILES := $(call guest_files,cloud amd64)
ZOO_IMAGES := $(addprefix $(GUESTS)/,memtest/boot/memtest86+x64.bin memtest/boot/memtest86+ia32.bin \
	xen/xen.elf xen-utils/usr/lib/xen-4.17/boot/xen-shim invaders/boot/invaders.exec mach/mach.elf)
ZOO_FILES := $(call guest_files,rt 686 686-pae) $(ZOO_IMAGES)

.PHONY: guests zoo
guests: $(GUEST_FILES)
zoo: $(ZOO_FILES)

# One stamp for each group of packages of guests/fetch.
$(GUESTS)/fetched-%: guests/fetch | $(SETUP_RUN)
	$(call say,FETCH,$(GUESTS) $*)
	$(Q)guests/fetch $(GUESTS) $*
	@touch $@

# $(1): folders, $(2): the group that they come with, $(3): the group that their busybox comes with, if another
define guest_rules
$(foreach kernel,$(1),$(GUESTS)/$(kernel)/vmlinuz): $(GUESTS)/fetched-$(2)
	@touch -c $$@

$(foreach kernel,$(1),$(GUESTS)/initrd-$(kernel).gz): $(GUESTS)/initrd-%.gz: guests/make_initrd \
		$(wildcard guests/initrd/*) $(GUESTS)/fetched-$(2) $(3:%=$(GUESTS)/fetched-%)
	$$(call say,INITRD,$$@)
	$(Q)guests/make_initrd $(GUESTS)/$$* $(GUESTS)/$(if $(filter i386,$(2)),busybox-i386,busybox) $$@
endef
$(eval $(call guest_rules,cloud amd64,shipped))
$(eval $(call guest_rules,rt,zoo,shipped))
$(eval $(call guest_rules,686 686-pae,i386))

$(ZOO_IMAGES): $(GUESTS)/fetched-zoo
	@touch -c $@
