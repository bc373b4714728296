# SPDX-License-Identifier: BSD-2-Clause
# The compiler flags, each with its reason. Everything is compiled by one of these sets: the kernel's,
# ring 3's, the unit tests', the fuzzers'.

comma := ,

# The first group of flags (commas join a group) that this compiler takes without a word, or none.
cc_option = $(shell for group in $(1); do flags=$$(echo $$group | tr , ' '); \
	if echo 'extern int x;' | $(CC) -Werror $$flags -xc -c - -o /dev/null 2>/dev/null; \
	then echo $$flags; break; fi; done)

# The house rules, for every C file, hosted or not.
WARNINGS := -Wall -Wextra -Werror
WARNINGS += -Wshadow # of two variables with one name, one is used by mistake
WARNINGS += -Wconversion # a value that silently loses bits is a check that is missing
WARNINGS += -Wundef # a misspelt macro in a condition counts as 0
WARNINGS += -Wvla # a stack has a fixed size, and a VLA can step over its guard page
WARNINGS += -Wcast-qual # what is const stands in read-only pages
WARNINGS += -Wstrict-prototypes # f() would take anything
WARNINGS += -Wmissing-prototypes # a function is either static or in a header
WARNINGS += -Wswitch-enum # whoever adds an enum value must look at every switch

# Everything that runs on the machine itself, in either ring.
TARGET_CFLAGS := -std=gnu17 -ffreestanding -O2 -g $(WARNINGS)
TARGET_CFLAGS += -mgeneral-regs-only # the guest's FPU state stays live while we run
TARGET_CFLAGS += -mno-red-zone # interrupts and upcalls push below the stack pointer
TARGET_CFLAGS += -fno-common # two definitions of one variable are an error
TARGET_CFLAGS += -fno-pic # linked to fixed addresses: no GOT, nothing to relocate
TARGET_CFLAGS += -fno-stack-protector # until there is a per-CPU canary to compare with
TARGET_CFLAGS += -fno-strict-aliasing # hardware tables are read through more than one type
TARGET_CFLAGS += -fwrapv # overflow is checked by us and must not be reasoned away
TARGET_CFLAGS += -fno-delete-null-pointer-checks # address 0 is memory to us
TARGET_CFLAGS += -fno-omit-frame-pointer # a panic walks the frames for its backtrace
TARGET_CFLAGS += -momit-leaf-frame-pointer # what calls nothing is on the stack's top: RIP names it
TARGET_CFLAGS += -fno-asynchronous-unwind-tables # nobody here unwinds by tables
TARGET_CFLAGS += -fcf-protection=none # no CET yet: endbr64 would be dead weight in each function
TARGET_CFLAGS += -ffile-prefix-map=$(CURDIR)=. # the same sources give the same bytes anywhere
# A variable that is used before it is set is 0, not what the stack held. clang before 16 wants to be
# told that we know the flag's history.
TARGET_CFLAGS += $(call cc_option,-ftrivial-auto-var-init=zero \
	-ftrivial-auto-var-init=zero$(comma)-enable-trivial-auto-var-init-zero-knowing-it-will-be-removed-from-clang)
TARGET_CFLAGS += -I.

KERNEL_CFLAGS := $(TARGET_CFLAGS)
KERNEL_CFLAGS += -mcmodel=kernel # linked into the top 2 GiB
USER_CFLAGS := $(TARGET_CFLAGS)

# Assembly sees the project's headers and the generated offsets.
ASFLAGS := -I. -I$(BUILD) -g -ffile-prefix-map=$(CURDIR)=. -Wundef -Werror

# Whatever an input section is called, the linker scripts must know it: an orphan would land anywhere.
LDFLAGS := -nostdlib -static --orphan-handling=error --fatal-warnings
LDFLAGS += -z max-page-size=4096 # segments are mapped page by page
LDFLAGS += -z noexecstack
LDFLAGS += --build-id=none # a note section that nobody reads

# Hosted: the sanitizers must be able to see an overflow, so none of the flags that define it away.
HOST_CFLAGS := -std=gnu17 -O1 -g -I. $(WARNINGS) -fno-omit-frame-pointer
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all
