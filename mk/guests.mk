# SPDX-License-Identifier: BSD-2-Clause
# The guests that we ship: Debian's cloud and amd64 kernels, unmodified, each with an initrd of ours.

GUESTS := $(BUILD)/guests
GUEST_FILES := $(foreach kernel,cloud amd64,$(GUESTS)/$(kernel)/vmlinuz $(GUESTS)/initrd-$(kernel).gz)

.PHONY: guests
guests: $(GUEST_FILES)

$(GUESTS)/fetched: guests/fetch | $(SETUP_RUN)
	$(call say,FETCH,$(GUESTS))
	$(Q)guests/fetch $(GUESTS)
	@touch $@

$(GUESTS)/%/vmlinuz: $(GUESTS)/fetched
	@touch -c $@

$(GUESTS)/initrd-%.gz: guests/make_initrd $(wildcard guests/initrd/*) $(GUESTS)/fetched
	$(call say,INITRD,$@)
	$(Q)guests/make_initrd $(GUESTS)/$* $(GUESTS)/busybox $@
