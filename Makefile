# Two doors for a newcomer: `make demo` and `make test`. Each does all of its own set-up; the logic is in the scripts.
.PHONY: demo test bench planted histories soak weeks fmt

# A company of ten thousand through the whole hub, judged by a program that shares no code with it.
demo:
	@tests/demo/run.sh

# Every test of every crate, the plugins built for the sandbox, and the demo with its judge.
test:
	@tests/run.sh

# Figures against a fixed baseline, in release: a table, and target/bench/bench.json.
bench:
	@tests/bench/run.sh

# Bugs that are planted on purpose: random histories must find each of them.
planted:
	@cargo test --locked -p rosterd-engine --test model -- --ignored --nocapture planted

# Random histories against a reference; SEED=17 plays one, HISTORIES=2000 so many.
histories:
	@cargo test --locked -p rosterd-engine --test model -- --ignored --nocapture histories

# Eight weeks of a company of ten thousand on the clock of a test: memory and size of the store over time. The allocator of
# the C library, which `rosterd` does not use, would count the arenas of short-lived threads as growth.
soak:
	@MALLOC_ARENA_MAX=1 ACCOUNTS=10000 CHANGES=200 cargo test --locked -p rosterd-engine --test model -- --ignored --nocapture eight_weeks

# Weeks of an organisation of 5,000 people in 300 departments, of which the hub hears by scans, callbacks and a stream. Needs
# what `make test` builds.
weeks:
	@ROSTERD_WHOLE_WEEKS=yes cargo test --locked --workspace --exclude rosterd-test-greedy --exclude rosterd-test-hostile \
	    --exclude rosterd-test-probe --test suite -- --nocapture dingtalk::week

fmt:
	@cargo fmt --all
