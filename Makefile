# SPDX-License-Identifier: Apache-2.0
# One Makefile for all of it; everything it makes is under build/ (build/san/ with SAN=1).
# A new worker is one word in WORKERS, a folder workers/<name>/ and rows in topology/topology.yaml.

WORKERS := ingest enrich allocate ship-sync invoice notify dead-letter auditor clock gateway

.DEFAULT_GOAL := all
SHELL := /bin/bash
CC ?= gcc
ifeq ($(origin CC),default)
CC := gcc
endif
comma := ,
B := build$(if $(SAN),/san)
# Debian 12 calls it msgpack, later ones msgpack-c.
MSGPACK := $(shell pkg-config --exists msgpack-c && echo msgpack-c || echo msgpack)
PACKAGES := librabbitmq hiredis $(MSGPACK) libpq libmicrohttpd libcyaml yaml-0.1 lua5.4 libcurl openssl gnutls libxml-2.0
CFLAGS ?= -O2 -g
ALL_CFLAGS := -std=gnu11 -Wall -Wextra -Werror -Wshadow -Wvla -Wstrict-prototypes -fstack-protector-strong \
	-D_GNU_SOURCE $(CFLAGS) $(if $(SAN),-fsanitize=address$(comma)undefined -fno-sanitize-recover=all -fno-omit-frame-pointer) \
	-Ishared -Iworkers -I$(B)/gen $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
LDLIBS := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lpthread

# --- the library, the programs -----------------------------------------------------------------------------------

LIB_SRC := $(wildcard shared/*/*.c)
LIB_OBJ := $(LIB_SRC:%.c=$(B)/%.o) $(B)/gen/topology_names.o
CLI_SRC := $(wildcard ops/cli/*.c)
SANDBOX_SRC := $(wildcard ops/sandbox/*.c)
# What the generator of the C names stands on; it must be built before anything that includes them.
NAMES_OBJ := $(patsubst %.c,$(B)/%.o,topology/names.c $(wildcard shared/base/*.c shared/formats/*.c shared/party/*.c shared/topology/*.c shared/yaml/*.c))

PROGRAMS := $(WORKERS:%=$(B)/bin/%) $(B)/bin/tributary $(B)/bin/sandbox-wms $(B)/bin/bench $(B)/bin/full.so

define worker_rule
$(B)/bin/$(1): $$(patsubst %.c,$(B)/%.o,$$(wildcard workers/$(1)/*.c)) $(B)/libtributary.a
endef
$(foreach w,$(WORKERS),$(eval $(call worker_rule,$(w))))
$(B)/bin/tributary: $(CLI_SRC:%.c=$(B)/%.o) $(B)/libtributary.a
$(B)/bin/sandbox-wms: $(SANDBOX_SRC:%.c=$(B)/%.o) $(B)/libtributary.a
$(B)/bin/bench: $(patsubst %.c,$(B)/%.o,$(wildcard tests/bench/*.c)) $(B)/libtributary.a
$(B)/bin/topology-names: $(NAMES_OBJ)

# The drill's full disk is preloaded into Postgres, so it stands alone and has no sanitizer.
$(B)/bin/full.so: ops/drill/full.c
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	@$(CC) -std=gnu11 -Wall -Wextra -Werror -D_GNU_SOURCE -O2 -g -fPIC -shared -o $@ $<

$(B)/bin/%:
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	@$(CC) $(ALL_CFLAGS) -o $@ $(filter %.o %.a,$^) $(LDLIBS)

$(B)/libtributary.a: $(LIB_OBJ)
	@echo "  AR    $@"
	@rm -f $@ && ar rcs $@ $^

$(B)/gen/topology_names.h $(B)/gen/topology_names.c &: topology/topology.yaml | $(B)/bin/topology-names
	@mkdir -p $(@D)
	@echo "  GEN   $(B)/gen/topology_names.[ch]"
	@$(B)/bin/topology-names $< $(B)/gen

$(B)/gen/%.o: $(B)/gen/%.c
	@$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# The generated names are there before the first of these is compiled; after that, the .d files know.
NEEDS_NAMES := $(filter $(B)/shared/worker/% $(B)/shared/audit/%,$(LIB_OBJ)) $(patsubst %.c,$(B)/%.o,$(wildcard workers/*/*.c tests/*/*.c ops/*/*.c))
$(NEEDS_NAMES): | $(B)/gen/topology_names.h

-include $(shell find $(B) -name "test-var*" -prune -o -name bench-var -prune -o -name "debian-*" -prune -o -path '$(B)/san' -prune -o -path '$(B)/fuzz' -prune -o -type f -name '*.d' -print 2>/dev/null)

# --- tests -------------------------------------------------------------------------------------------------------

TEST_SRC := $(wildcard tests/unit/test_*.c tests/contract/test_*.c tests/integration/test_*.c)
TEST_BIN := $(TEST_SRC:tests/%.c=$(B)/tests/%)
# Pure parts of the workers are tested with plain structs; their main.c stays out.
WORKER_PURE_OBJ := $(patsubst %.c,$(B)/%.o,$(filter-out %/main.c,$(wildcard workers/*/*.c)))
CLI_PURE_OBJ := $(patsubst %.c,$(B)/%.o,$(filter-out %/main.c,$(CLI_SRC)))
TEST_SUPPORT_OBJ := $(patsubst %.c,$(B)/%.o,$(wildcard tests/support/*.c))

$(B)/libtests.a: $(WORKER_PURE_OBJ) $(CLI_PURE_OBJ) $(TEST_SUPPORT_OBJ)
	@rm -f $@ && ar rcs $@ $^
$(B)/tests/%: $(B)/tests/%.o $(B)/libtests.a $(B)/libtributary.a
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	@$(CC) $(ALL_CFLAGS) -Iworkers -o $@ $< $(B)/libtests.a $(B)/libtributary.a $(LDLIBS) -lcriterion
$(B)/tests/%.o: ALL_CFLAGS += -I. -Itests

# The fuzz targets: here with a main() that replays files, in `make fuzz` with libFuzzer's.
FUZZ_BIN := $(patsubst %.c,$(B)/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_MAIN := $(B)/tests/fuzz/replay.o
FUZZ_SAN := address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

$(B)/tests/fuzz/fuzz_intake: $(B)/tests/fuzz/json_mutate.o
$(FUZZ_BIN): %: %.o $(filter %.o,$(FUZZ_MAIN)) $(B)/tests/support/tree_equal.o $(B)/libtests.a $(B)/libtributary.a
	@echo "  LINK  $@"
	@$(CC) $(ALL_CFLAGS) -o $@ $(filter %.o %.a,$^) $(filter-out %.o,$(FUZZ_MAIN)) $(LDLIBS)

.PHONY: all programs tests fuzz-targets demo up down drill test test-debian test-unit test-faults fuzz bench bench-report bench-growth lint format docs help clean packages
all: programs

programs: $(PROGRAMS)

tests: $(TEST_BIN) $(FUZZ_BIN)

fuzz-targets: $(FUZZ_BIN)

packages: ## install with apt what is missing
	@ops/stack/bootstrap

# make reads the packages' flags before they are there on a fresh machine; hence a second make.
demo: packages ## build, start a private stack, send real orders, show what became of each
	@$(MAKE) --no-print-directory -j2 programs
	@ops/demo/run

up: packages ## start the private stack and the fleet under var/
	@$(MAKE) --no-print-directory -j2 programs
	@ops/stack/up

down: ## stop exactly that stack
	@ops/stack/down

test: packages ## all tests, on a stack of their own (SAN=1: with sanitizers)
	@$(MAKE) --no-print-directory -j2 programs tests
	@tests/run $(B)

test-debian: ## the same on another Debian in a folder of its own: SUITE=trixie (newer RabbitMQ, Postgres, Redis and libraries)
	@tests/debian $(or $(SUITE),trixie)

drill: packages ## 100,000 orders while 200 faults happen (ORDERS, FAULTS, SEED), on a stack of its own: nothing may be lost or doubled
	@$(MAKE) --no-print-directory -j2 programs
	@$(B)/bin/tributary drill --orders $(or $(ORDERS),100000) --faults $(or $(FAULTS),200) $(if $(SEED),--seed $(SEED))

test-unit: ## only what needs no server
	@$(MAKE) --no-print-directory -j2 programs tests
	@tests/run $(B) unit contract

fuzz: ## hostile bytes to every reader, FUZZ_SECONDS=30 each; what crashed is under build/fuzz/crashes
	@ops/stack/bootstrap --dev
	@$(MAKE) --no-print-directory -j2 B=build/fuzz CC=clang CFLAGS='-O1 -g -fsanitize=fuzzer-no-link,$(FUZZ_SAN)' \
		FUZZ_MAIN=-fsanitize=fuzzer fuzz-targets
	@tests/fuzz/run build/fuzz

bench: packages ## orders per second, latency and CPU per order, beside the bare limit of this machine
	@$(MAKE) --no-print-directory -j2 programs
	@tests/bench/run

bench-report: ## draw build/bench.json, and build/growth.json when it is there, into build/bench.html
	@test -s build/bench.json || { echo "there is no build/bench.json: make bench makes it" >&2; exit 1; }
	@tests/bench/report.py build/bench.json $(wildcard build/growth.json) > build/bench.html.part
	@mv build/bench.html.part build/bench.html
	@echo "build/bench.html"

bench-growth: packages ## the same figures with SIZES="0 100000 1000000" settled orders in the database, some 17 KB each
	@$(MAKE) --no-print-directory -j2 programs
	@tests/bench/growth

docs: programs ## regenerate topology/contracts, topology/api/asyncapi.json, ops/config.md
	@$(B)/bin/tributary contracts write topology/contracts
	@$(B)/bin/tributary topology asyncapi > topology/api/asyncapi.json
	@ops/cli/config-docs $(B) > ops/config.md

lint: packages ## headers compile alone, formatting, cppcheck when it is there
	@tests/lint $(CC) "$(ALL_CFLAGS)"

format: ## clang-format
	@clang-format -i $$(git ls-files '*.c' '*.h')

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(firstword $(MAKEFILE_LIST)) | sed -E 's/^([a-z-]+):[^#]*## (.*)/  make \1\t\2/' | expand -t 20

clean: ## remove build/
	@rm -rf build
