# SPDX-License-Identifier: GPL-3.0-or-later
# otasim: `make help` lists the targets.

MODE    ?= release
MPI     ?=
BUILD   := build/$(MODE)$(if $(MPI),-mpi)
PREFIX  ?= /usr/local
DESTDIR ?=
VERSION := $(shell sed -n 's/^.define OTASIM_VERSION "\(.*\)"/\1/p' sim/otasim.h)

# What the library links, by pkg-config, and the Debian packages that hold it.
LIBS     := gsl libcjson sqlite3
PACKAGES := gcc libc6-dev make pkg-config libgsl-dev libcjson-dev \
            libsqlite3-dev libcmocka-dev gnuplot-nox fonts-dejavu-core
# MPI=1: runs on several processes, by mpirun, of a build folder of its own.
ifneq ($(MPI),)
LIBS     += ompi-c
PACKAGES += openmpi-bin libopenmpi-dev
endif

CC       ?= cc
WARN     := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror \
            -Wstrict-prototypes -Wmissing-prototypes
# gcc would clear a struct by "rep stos", which takes long to get going.
CLEAR    := -mmemset-strategy=libcall:-1:noalign
FLAGS_release := -O3 -g $(shell echo 'int x;' | $(CC) $(CLEAR) -x c -c \
                 -o /dev/null - 2>/dev/null && echo '$(CLEAR)')
FLAGS_debug   := -O0 -g3
FLAGS_asan    := -O1 -g -fsanitize=address,undefined \
                 -fno-sanitize-recover=all -fno-omit-frame-pointer
# No FP contraction: a result must not depend on how the compiler fuses sums.
OPENMP   ?= -fopenmp
WARN     += $(if $(OPENMP),,-Wno-unknown-pragmas)
CFLAGS_ALL = -std=c17 -D_POSIX_C_SOURCE=200809L -I. -I$(BUILD) $(WARN) \
             -ffp-contract=off $(OPENMP) $(FLAGS_$(MODE)) \
             $(PKG_CFLAGS) $(CFLAGS)
LDLIBS_ALL = $(PKG_LIBS) -lm $(LDLIBS)

PKG_CFLAGS = $(shell pkg-config --cflags $(LIBS) 2>/dev/null)
PKG_LIBS   = $(shell pkg-config --libs $(LIBS) 2>/dev/null)

PRESETS  := $(wildcard scenarios/catalog/presets.jsonl)
CATALOG  := $(filter-out $(PRESETS),$(sort \
            $(wildcard scenarios/catalog/*.jsonl)))
CLI_SRC  := $(sort $(wildcard sim/cli/*.c))
RANKS    := sim/ranks/ranks_one.c sim/ranks/ranks_mpi.c
LIB_SRC  := $(filter-out $(CLI_SRC) $(word $(if $(MPI),1,2),$(RANKS)),$(sort $(wildcard sim/*/*.c) \
            $(wildcard models/*.c models/*/*.c) $(wildcard output/*.c)))
LIB_OBJ  := $(LIB_SRC:%.c=$(BUILD)/%.o) $(BUILD)/catalog_data.o
CLI_OBJ  := $(CLI_SRC:%.c=$(BUILD)/%.o)
HEADERS  := $(sort $(wildcard sim/*.h sim/*/*.h models/*.h models/*/*.h \
            output/*.h))

LIB      := $(BUILD)/libotasim.a
PROGRAM  := $(BUILD)/otasim

TEST_SRC := $(sort $(wildcard tests/unit/*.c tests/contract/*.c \
            tests/oracle/*.c tests/system/*.c tests/casebook/*.c))
TEST_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard tests/support/*.c)))
TEST_LIB := $(BUILD)/libtests.a
TESTS    := $(TEST_SRC:%.c=$(BUILD)/%)
SCRIPTS  := $(sort $(wildcard tests/cli/*.sh tests/layout/*.sh \
            tests/golden/*.sh tests/fuzz/*.sh))
RANKED   := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard tests/ranks/*.c)))
BENCHES  := $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard tests/bench/bench_*.c)))

# A word a command; V=1 shows the commands themselves.
say = $(if $(V),,@echo "  $(1)	$@"; )

.DEFAULT_GOAL := all
.SECONDARY:
.DELETE_ON_ERROR:

.PHONY: all
all: build/otasim ## build the program, build/otasim

# Names the program of the mode that was built last.
build/otasim: $(PROGRAM) always
	@mkdir -p build && ln -sfn $(patsubst build/%,%,$(PROGRAM)) $@

$(PROGRAM): $(CLI_OBJ) $(LIB)
	$(call say,LINK)$(CC) $(CFLAGS_ALL) -o $@ $(CLI_OBJ) $(LIB) $(LDLIBS_ALL)

# An archive made anew: `ar r` would keep members whose sources are gone.
$(LIB): $(LIB_OBJ)
	$(call say,AR)rm -f $@ && $(AR) rcs $@ $(LIB_OBJ)

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

# What results depend on: values that another program found are not taken for
# this one's (sim/experiment/store.h).
SOURCES  := $(sort $(wildcard models/*.[ch] models/*/*.[ch] \
            $(foreach d,base engine fleet stats scenario,sim/$(d)/*.[ch])))

# The catalogue and the presets travel in the program: one C string a line.
quote = cat /dev/null $(1) | sed 's/\\/\\\\/g; s/"/\\"/g; s/.*/    "&",/'

$(BUILD)/catalog_data.c: $(CATALOG) $(PRESETS) $(SOURCES) Makefile
	@mkdir -p $(@D)
	$(call say,GEN){ echo '#include "sim/scenario/catalog_data.h"'; \
	  echo 'const char *const ota_catalog_data[] = {'; \
	  $(call quote,$(CATALOG)); echo '    0};'; \
	  echo 'const char *const ota_preset_data[] = {'; \
	  $(call quote,$(PRESETS)); echo '    0};'; \
	  cat $(CATALOG) $(PRESETS) $(SOURCES) | cksum | \
	  sed 's/\([0-9]*\).*/const char ota_sources_sum[] = "\1";/'; \
	  } >$@.part && mv $@.part $@

$(BUILD)/catalog_data.o: $(BUILD)/catalog_data.c $(BUILD)/flags
	$(call say,CC)$(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

# Changed flags or compiler rebuild everything of that mode.
$(BUILD)/flags: always | deps-if-needed
	@mkdir -p $(@D)
	@echo '$(CC) $(CFLAGS_ALL)' | cmp -s - $@ || \
	    echo '$(CC) $(CFLAGS_ALL)' >$@

.PHONY: always
always:

-include $(wildcard $(BUILD)/*.d $(BUILD)/*/*.d $(BUILD)/*/*/*.d)

# --- tests -----------------------------------------------------------------

# An archive, so that a test of one module links that module only.
$(TEST_LIB): $(TEST_OBJ)
	$(call say,AR)rm -f $@ && $(AR) rcs $@ $(TEST_OBJ)

$(TESTS): $(BUILD)/%: $(BUILD)/%.o $(TEST_LIB) $(LIB)
	$(call say,LINK)$(CC) $(CFLAGS_ALL) -o $@ $^ $(LDLIBS_ALL) -lcmocka

$(BENCHES) $(RANKED): $(BUILD)/%: $(BUILD)/%.o $(TEST_LIB) $(LIB)
	$(call say,LINK)$(CC) $(CFLAGS_ALL) -o $@ $^ $(LDLIBS_ALL)

.PHONY: check
check: build/otasim $(TESTS) ## build and run every fast test
	@OTASIM='$(abspath $(PROGRAM))' BUILD='$(abspath $(BUILD))' CC='$(CC)' \
	    PKG_CFLAGS='$(PKG_CFLAGS)' PKG_LIBS='$(PKG_LIBS)' \
	    tests/run.sh $(TESTS) $(SCRIPTS)

.PHONY: bench
bench: build/otasim $(BENCHES) ## time it beside baselines (BENCH_LARGE=1: all)
	@tests/bench/run.sh $(PROGRAM) $(BENCHES)

.PHONY: golden
golden: build/otasim ## rewrite the expected answers of tests/golden
	OTASIM='$(abspath $(PROGRAM))' sh tests/golden/golden.sh --update

.PHONY: lint
# returnDanglingLifetime: cppcheck 2.10 takes a call through a function pointer
# for a constructor that keeps its arguments; compilers warn of real ones.
lint: ## cppcheck, quiet when clean
	cppcheck --quiet --std=c11 --enable=warning,performance,portability \
	    --inline-suppr --error-exitcode=1 -I. -I$(BUILD) \
	    --suppress=missingIncludeSystem \
	    --suppress=returnDanglingLifetime sim models output tests

# --- dependencies ------------------------------------------------------------

# Prints what is missing; empty when all is there.
MISSING = $(shell { command -v pkg-config && pkg-config --exists $(LIBS) \
    cmocka && command -v gnuplot && command -v $(firstword $(CC)); } \
    >/dev/null 2>&1 || echo yes)

.PHONY: deps-if-needed
deps-if-needed:
	@if [ -n "$(MISSING)" ]; then \
	    echo "otasim: something it needs is missing; running 'make deps'"; \
	    $(MAKE) --no-print-directory deps; fi

.PHONY: deps
deps: ## install what is missing, as Debian packages
	@sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	if ! command -v apt-get >/dev/null 2>&1; then \
	    echo "otasim: no apt-get here; install what these hold:" >&2; \
	    echo "    $(PACKAGES)" >&2; exit 1; fi; \
	echo "otasim: installing $(PACKAGES)"; \
	$$sudo apt-get update -q && \
	$$sudo env DEBIAN_FRONTEND=noninteractive \
	    apt-get install -q -y --no-install-recommends $(PACKAGES)

# --- the rest ----------------------------------------------------------------

.PHONY: demo
demo: ## build, run the starter scenario, say where the results are
	@$(MAKE) --no-print-directory all
	build/otasim run scenarios/starter/electron-hourly.json

scenarios/schema/scenario.schema.json: $(PROGRAM)
	$(PROGRAM) models --schema >$@.part && mv $@.part $@

.PHONY: schema
schema: scenarios/schema/scenario.schema.json ## rewrite the JSON Schema

.PHONY: install
install: $(PROGRAM) ## install program, library, headers (PREFIX, DESTDIR)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/pkgconfig \
	    $(DESTDIR)$(PREFIX)/share/otasim
	install -m 755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/otasim
	install -m 644 $(LIB) $(DESTDIR)$(PREFIX)/lib/libotasim.a
	for h in $(HEADERS); do \
	    install -D -m 644 $$h $(DESTDIR)$(PREFIX)/include/otasim/$$h || \
	    exit 1; done
	cp -R scenarios $(DESTDIR)$(PREFIX)/share/otasim/
	printf '%s\n' 'prefix=$(PREFIX)' 'libdir=$${prefix}/lib' \
	    'includedir=$${prefix}/include/otasim' '' 'Name: otasim' \
	    'Description: firmware updates over the air to sleeping fleets' \
	    'Version: $(VERSION)' 'Requires: $(LIBS)' \
	    'Cflags: -I$${includedir} $(OPENMP)' \
	    'Libs: -L$${libdir} -lotasim $(OPENMP) -lm' \
	    >$(DESTDIR)$(PREFIX)/lib/pkgconfig/otasim.pc

.PHONY: uninstall
uninstall: ## remove what install put there
	rm -rf $(DESTDIR)$(PREFIX)/bin/otasim $(DESTDIR)$(PREFIX)/lib/libotasim.a \
	    $(DESTDIR)$(PREFIX)/include/otasim \
	    $(DESTDIR)$(PREFIX)/share/otasim \
	    $(DESTDIR)$(PREFIX)/lib/pkgconfig/otasim.pc

.PHONY: clean
clean: ## remove build/ (results/ stays)
	rm -rf build

.PHONY: help
help: ## this list
	@echo 'make TARGET [MODE=release|debug|asan] [CC=gcc|clang] [MPI=1]'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 14
