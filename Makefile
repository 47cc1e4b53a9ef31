# Everything starts here: `make` lists what there is.
.DEFAULT_GOAL := help
.NOTPARALLEL:

export PATH := $(CURDIR)/.tools/bin:$(HOME)/.cargo/bin:$(PATH)

.PHONY: help setup demo test lint fmt browser bench cluster micro mutations trouble trouble-long kills storm failovers soak clusters simulation pure inside fuzz fuzz-api deny clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install what is missing on this machine; says nothing if nothing is
	@scripts/setup.sh

demo: setup ## A whole system with two teams, on this machine, until Ctrl-C
	@cargo run --package tipoff -- dev --demo

test: setup ## Everything that must hold before a commit
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	@$(MAKE) --no-print-directory pure
	cargo test --workspace --no-fail-fast
	@scripts/inside.sh

lint: setup ## Clippy on everything, warnings refused
	cargo clippy --workspace --all-targets -- -D warnings

fmt: setup ## Format everything
	cargo fmt --all

bench: setup ## What this machine can do: leads from door to mail, beside the yardstick (docs/performance.md)
	@cargo run --release --package tipoff -- bench route --leads 20000

mutations: setup ## Break the board's scripts on purpose, in some thirty places, and see that it is found out
	@TIPOFF_MUTATIONS=1 cargo test --package tipoff-board mutations -- --nocapture

trouble: setup ## Break a whole Tipoff in every way while leads come in, and see that each promise holds (docs/reliability.md)
	@cargo build --package tipoff --package tipoff-trouble
	@target/debug/tipoff-trouble
	@cargo test --package tipoff --test trouble -- --ignored

trouble-long: setup ## The same for a long time, in ever another order (MINUTES=30 SEED=1)
	@cargo build --package tipoff --package tipoff-trouble
	@target/debug/tipoff-trouble --minutes $(or $(MINUTES),30) --seed $(or $(SEED),1) --hold 8

kills: setup ## Kill processes at random moments, hundreds of times (KILLS=300 SEED=1)
	@cargo build --package tipoff --package tipoff-trouble
	@target/debug/tipoff-trouble --kills $(or $(KILLS),300) --seed $(or $(SEED),1)

clusters: setup ## NATS with three servers, Redis with Sentinel and as a cluster: leaders, primaries and disks go, or all at once
	@cargo build --package tipoff --package tipoff-trouble
	@target/debug/tipoff-trouble --nats-nodes 3 --times $(or $(TIMES),1) --hold 8
	@target/debug/tipoff-trouble --redis-sentinel --times $(or $(TIMES),1) --hold 8
	@target/debug/tipoff-trouble --redis-cluster --times $(or $(TIMES),1) --hold 8

storm: setup ## Kills at every moment while as many leads come in as go through: about a million of them (MINUTES=57 RATE=300 PAUSE=8)
	@cargo build --release --package tipoff --package tipoff-trouble
	@target/release/tipoff-trouble --only kill-ingest,kill-router,kill-notifier,kill-api,kill-redis,kill-nats,kill-services --minutes $(or $(MINUTES),57) --rate $(or $(RATE),300) --pause $(or $(PAUSE),8) --seed $(or $(SEED),1) --late 5000

failovers: setup ## A replica that is a second behind takes over, again and again, under many claims (TIMES=20 RATE=400 HOLD=20)
	@cargo build --release --package tipoff --package tipoff-trouble
	@target/release/tipoff-trouble --only redis-fails-over --times $(or $(TIMES),20) --rate $(or $(RATE),400) --hold $(or $(HOLD),20) --late 5000

simulation: ## Ten million steps of a simulated system that is always in trouble (STEPS=10000000 SEED=1)
	@cargo run --release --package tipoff-simulation -- --steps $(or $(STEPS),10000000) --seed $(or $(SEED),1)

soak: setup ## Eight hours of load with a kill now and then, in a release build (MINUTES=480 SEED=1)
	@cargo build --release --package tipoff --package tipoff-trouble
	@target/release/tipoff-trouble --soak --minutes $(or $(MINUTES),480) --seed $(or $(SEED),1) --rate 3

cluster: setup ## Three NATS servers (R3) and three Redis masters: the bench with 1, 2 and 4 routers, and every story
	@cargo build --release --package tipoff
	@deploy/cluster/run.sh deploy/cluster/check.sh

micro: setup ## The rules, the scripts and the letters beside another revision, run in turn, as ratios (BASE=HEAD, FILTER=)
	@scripts/micro.sh "$(or $(BASE),HEAD)" "$(FILTER)"

# Alone, because built with the others it would be given their clock and dice.
pure: setup ## Prove that the routing rules need no clock, no dice and no I/O
	cargo check --package tipoff-domain

inside: setup ## Strangers name the inside of our network, where every connection is seen
	@scripts/inside.sh

fuzz: ## Random bytes for every parser, a short time each (FUZZ_SECONDS=20)
	@scripts/fuzz.sh

fuzz-api: setup ## Requests made up from the API's own description, against a demo
	@scripts/fuzz-api.sh

browser: setup ## The pages that people see, in a real Chromium; installs one
	@scripts/setup.sh browser
	cargo test --package tipoff-tests --test browser -- --nocapture

deny: ## Licences, origins and known weaknesses of everything we depend on
	@scripts/deny.sh

clean: ## Remove what was built and fetched
	cargo clean
	rm -rf .tools
