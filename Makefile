# Backroom. `make help` lists what can be made; behind each target is one script or one command.
SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
.PHONY: help run import up down test build install token check reference asan tsan fuzz containers faults soak bench overload drill age figures

BUILD ?= build
RUN_DIR ?= .run
JOBS ?= $(shell nproc)
# Given to the scripts when set: INSTANCES, GATEWAY_PORT, DATA, DAY, and any time setting of a service.
export BUILD RUN_DIR

help: ## list the targets
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18
	@echo
	@echo "  make run DATA=FILE DAY=2010-12-01     run the orders of one day of a file"
	@echo "  make import DATA=FILE                 import the whole file"
	@echo "  make up INSTANCES=3 GATEWAY_PORT=8080  start three instances of each service"
	@echo "  make -s token ROLE=merchandiser SUB=ann [SECONDS=3600]"

run: up ## install, build, start everything and run the main workflow, from order to package
	@tools/demo

import: up ## import a shop's history: products, orders with their own times, refunds (DATA=FILE)
	@tools/import_shop

up: install build ## start everything on this machine; restart what has stopped
	@tools/up

down: ## stop everything, services first; WIPE=1 deletes all data
	@tools/down $(if $(WIPE),--wipe)

test: ALSO = prometheus # promtool tests the alerts
test: install build ## the whole suite: unit tests, then system tests on real servers, WORKERS=2 at a time
	@tools/test.sh

build: ## compile into build/
	@tools/build.sh "$(BUILD)" $(JOBS)

install: ## install missing Debian packages (part of run, up and test)
	@tools/install.sh $(ALSO)

token: ## print a token for ROLE and SUB
	@mkdir -p $(RUN_DIR) && $(BUILD)/bin/backroom-token keys $(RUN_DIR)/keys > /dev/null
	@$(BUILD)/bin/backroom-token issue $(RUN_DIR)/keys "$(ROLE)" "$(SUB)" $(SECONDS)

check: install ## check formatting, scripts, warnings of gcc and clang, and the layers
	@tools/check.sh

reference: build ## write docs/reference/api and the state diagrams from the services' tables
	@tools/reference.py

containers: install ## build the images, start them and run the main workflow on them (needs docker compose)
	@/usr/bin/python3 -m pytest tests/containers

asan: install ## the whole suite under AddressSanitizer and UndefinedBehaviourSanitizer
	@tools/build.sh build-asan $(JOBS) -DSANITIZE=address
	@BUILD=build-asan tools/test.sh

tsan: install ## the tests of the runtime (tests/system/common and five faults) under ThreadSanitizer
	@tools/build.sh build-tsan $(JOBS) -DSANITIZE=thread
	@BUILD=build-tsan tools/test.sh tests/system/common tests/faults/test_quick.py

faults: ALSO = iptables # drops packets
faults: install build ## every fault under traffic, PARTS=2 at a time; a table of faults and invariants
	@tools/build.sh build-faults $(JOBS) -DFAULT_POINTS=ON
	@tools/previous.sh $(JOBS)
	@tools/faults.sh

soak: install build ## random faults for HOURS (default 2); checks memory, threads and files
	@tools/test.sh tests/faults/soak.py -s

fuzz: install ## each parser under libFuzzer, FUZZ_SECONDS=60 each
	@tools/fuzz.sh $(or $(FUZZ_SECONDS),60)

bench: install build ## measure throughput and latency against their ceilings: docs/explanation/performance.md (ROUNDS=5 ROUND_SECONDS=3 DATA=FILE)
	@bench/install.sh
	@bench/run.py

overload: install build ## twice the maximum load: a service must shed load, keep 80 % and recover (ROUNDS, OVERLOAD_SECONDS)
	@bench/overload.py

drill: install build ## back up under traffic, delete everything, restore, and check the result
	@tools/test.sh tests/faults/test_drill.py -s

age: install build ## the same work with 10 thousand and 5 million orders (35 GB, an hour)
	@bench/install.sh
	@bench/age.py

figures: install build ## figures against plain SQL over the facts, at 1 and 10 million lines
	@bench/figures.py 1000000 10000000
