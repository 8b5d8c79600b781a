# The few entry points. Each sets up what it needs; a bare `make` lists them.
# What is built and installed lies outside the checkout: move it with CARGO_TARGET_DIR=… and POSTGRES_DIR=….

# Servers started by root run as another user, who must be able to reach the cache: root's is not in a home.
ifeq ($(shell id -u),0)
CACHE := /var/cache/pgquerylens
else
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/pgquerylens
endif

CARGO_TARGET_DIR ?= $(CACHE)/target
POSTGRES_DIR ?= $(CACHE)/postgres
PYTHON_DIR ?= $(CACHE)/python
EMULATORS_DIR ?= $(CACHE)/emulators
CDK_DIR ?= $(CACHE)/cdk
HADOLINT_DIR := $(CACHE)/hadolint
PACKAGING_DIR := $(CACHE)/packaging
# What this machine is, as packages are called.
MACHINE := $(shell uname -m)
# Where packages are written.
PACKAGE_DIR ?= $(CARGO_TARGET_DIR)/package
TERRAFORM_DIR := $(CACHE)/terraform
NEWEST_MAJOR := $(lastword $(shell cat integration/servers/majors))
# Mutations of the seed corpus that `check` tries per property of core/sql. All tests of `check` are one command:
# with fewer packages cargo would choose other features for the parser's build and compile it once more.
FUZZ_CASES ?= 2000

# Our documentation is for those who work on it, so it may lead to private items.
DOC_LINTS := -D warnings -A rustdoc::private_intra_doc_links

export CARGO_TARGET_DIR
export PGQUERYLENS_POSTGRES := $(POSTGRES_DIR)
export PYTHON_DIR
export EMULATORS_DIR
# Where rustup puts cargo, for shells that have not read its profile.
export PATH := $(PATH):$(or $(CARGO_HOME),$(HOME)/.cargo)/bin

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-agent demo-aws test check bench soak package references recordings clean check-terraform check-cdk

help: ## Shows this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo 'built in        $(CARGO_TARGET_DIR)'
	@echo 'servers in      $(POSTGRES_DIR)'

setup: ## Installs what test and check need: system packages, PostgreSQL, decoders, emulators, a linter, crates; says what and why
	@sh integration/setup.sh cargo compiler faketime libclang node pgbouncer python redis systemd
	@sh integration/servers/install.sh '$(POSTGRES_DIR)'
	@sh integration/python.sh '$(PYTHON_DIR)' integration/decoders/requirements.txt
	@sh integration/emulators/install.sh '$(EMULATORS_DIR)'
	@sh integration/python.sh '$(HADOLINT_DIR)' runtimes/agent/packaging/hadolint.txt
	@cargo fetch --locked --quiet

demo: ## Starts a real PostgreSQL under load and shows a live report of it
	@sh integration/setup.sh cargo compiler libclang node
	@sh integration/servers/install.sh '$(POSTGRES_DIR)' $(NEWEST_MAJOR)
	cargo run --locked --package pgquerylens -- demo

demo-agent: ## Shows the agent: two servers, a receiver of OTLP, and everything that goes wrong at night
	@sh integration/setup.sh cargo compiler libclang node
	@sh integration/servers/install.sh '$(POSTGRES_DIR)' $(NEWEST_MAJOR)
	cargo run --locked --package pgquerylens -- demo --agent

demo-aws: ## Packages the function of AWS Lambda and shows it on this machine: discovery, queue, tokens, bucket, a kill
	@sh integration/setup.sh cargo compiler libclang node python
	@sh integration/servers/install.sh '$(POSTGRES_DIR)' $(NEWEST_MAJOR)
	@sh integration/emulators/install.sh '$(EMULATORS_DIR)'
	@sh integration/python.sh '$(PACKAGING_DIR)' runtimes/aws-lambda/packaging/requirements.txt
	sh runtimes/aws-lambda/packaging/package.sh '$(PACKAGING_DIR)' '$(PACKAGE_DIR)' '$(MACHINE)'
	cargo run --locked --package pgquerylens -- demo --aws \
		--function '$(CARGO_TARGET_DIR)/$(MACHINE)-unknown-linux-gnu/function/bootstrap'

test: setup ## Runs every test, on PostgreSQL of every major; the last line counts them
	@sh integration/test.sh

check: check-terraform check-cdk ## Runs what must hold before a push: format, lints, documentation, project rules, fresh references, what deploys, a short fuzz run
	@sh integration/setup.sh cargo compiler libclang python systemd
	@sh integration/python.sh '$(HADOLINT_DIR)' runtimes/agent/packaging/hadolint.txt
	cargo fetch --locked --quiet
	sh runtimes/agent/packaging/lint.sh '$(HADOLINT_DIR)/bin/hadolint'
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS='$(DOC_LINTS)' cargo doc --locked --workspace --no-deps --document-private-items
	PROPTEST_CASES=$(FUZZ_CASES) cargo test --locked --workspace --test tidy --test properties --bin pgquerylens

check-cdk: ## Compiles and tests the construct of the AWS CDK, and lints the templates of its examples; part of check
	@sh integration/setup.sh node python
	@sh cdk/check.sh '$(CDK_DIR)'

check-terraform: ## Holds the Terraform modules against the provider's schema, their own tests and checkov; nothing is deployed
	@sh integration/setup.sh python
	@sh integration/terraform/install.sh '$(TERRAFORM_DIR)'
	sh integration/terraform/check.sh '$(TERRAFORM_DIR)'

bench: ## Measures what a poll costs a server, beside a floor and the usual way, what eviction costs the figures, and what agent and function take
	@sh integration/setup.sh cargo compiler libclang node python
	@sh integration/servers/install.sh '$(POSTGRES_DIR)' $(NEWEST_MAJOR)
	cargo build --locked --release --package pgquerylens
	@sh integration/python.sh '$(PACKAGING_DIR)' runtimes/aws-lambda/packaging/requirements.txt
	sh runtimes/aws-lambda/packaging/package.sh '$(PACKAGING_DIR)' '$(PACKAGE_DIR)' x86_64
	cargo run --locked --release --package pgquerylens-bench -- \
		--function '$(CARGO_TARGET_DIR)/x86_64-unknown-linux-gnu/function/bootstrap' \
		--package '$(PACKAGE_DIR)/pgquerylens-lambda-x86_64.zip'

soak: setup ## Runs the tests of sizes ten times as large: 1,000 databases (9 GB of disk), 100,000 tables, 1,000 reloads, 1,000 invocations, 1,000 servers through a queue; and 10,000 polls
	PGQUERYLENS_TEST_SCALE=10 cargo test --locked --workspace --test faults_size --test faults_tables --test tables -- --nocapture
	PGQUERYLENS_TEST_SCALE=10 cargo test --locked --package pgquerylens --test agent -- --nocapture \
		reloads_disturb_nobody the_living_are_polled an_agent_that_is_killed
	PGQUERYLENS_TEST_SCALE=20 cargo test --locked --package pgquerylens-aws-lambda --test function -- --nocapture a_night_of
	PGQUERYLENS_TEST_SCALE=50 cargo test --locked --package pgquerylens-aws-lambda --test function -- --nocapture a_large_fleet
	cargo build --locked --release --package pgquerylens
	cargo run --locked --release --package pgquerylens-bench -- growth

references: ## Writes docs/reference anew from the tables in the code, and the modules' tables from their variables
	cargo run --locked --package pgquerylens -- reference .
	python3 integration/terraform/readme.py terraform/modules/aws-lambda

package: ## Builds the function for AWS Lambda as a zip with its sha256, for glibc 2.28 or newer, and starts it once
	@sh integration/setup.sh cargo compiler libclang python
	@sh integration/setup.sh emulator || echo 'package: what is built for arm64 will not be started here'
	@sh integration/python.sh '$(PACKAGING_DIR)' runtimes/aws-lambda/packaging/requirements.txt
	sh runtimes/aws-lambda/packaging/package.sh '$(PACKAGING_DIR)' '$(PACKAGE_DIR)'

recordings: setup ## Records a small server of every major anew, and what the reports say of it, for the tests that replay them
	cargo run --locked --package pgquerylens-live --bin recordings -- integration/recordings
	UPDATE_EXPECT=1 cargo test --locked --workspace --test command majors

clean: ## Removes what was built; installed servers stay
	cargo clean
