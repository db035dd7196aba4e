# Two doors for a newcomer: `make demo` and `make test`. Each does all of its own set-up; the logic is in the scripts.
.PHONY: demo test bench fmt

# A company of ten thousand through the whole hub, judged by a program that shares no code with it.
demo:
	@tests/demo/run.sh

# Every test of every crate, the plugins built for the sandbox, and the demo with its judge.
test:
	@tests/run.sh

# Figures against a fixed baseline, in release: a table, and target/bench/bench.json.
bench:
	@tests/bench/run.sh

fmt:
	@cargo fmt --all
