# Shorthand; everything here is a plain command that also works without just.

# what there is
default:
    @just --list

# what every change must pass
check:
    .ci/run

# the tests, as the README runs them
test:
    cargo test --workspace --all-features

# limit programs and ours, interleaved in one run; `just bench --list` lists the cases, benches/README.md explains
bench *ARGS:
    cargo build --release -p cluster-cli
    cargo bench --bench limits -- {{ARGS}}

# the routing strategies beside a plain scan and tower's balancer
bench-routing:
    cargo bench -p cluster-routing

# what a warm aider costs; needs aider: `eval "$(.ci/tools)"` installs it and says where
bench-aider:
    cargo bench -p cluster-cli --bench aider

# many files edited by aider over a scripted model: warm instances, GNU parallel, one process a file; prompts a minute; a
# run killed at half. Without arguments 218 files and replies after 1, 3 and 20 s: two hours; `just brief 24 1`: 5 min
brief *ARGS:
    eval "$(.ci/tools)"; cargo bench -p cluster-cli --bench brief -- {{ARGS}}

# ours beside xargs, GNU parallel and pueue, with an agent that fails now and then; `just rivals --help`
rivals *ARGS:
    command -v parallel >/dev/null || echo 'GNU parallel is not here: apt-get install parallel'
    test -x target/rivals/bin/pueue || cargo install --locked --root target/rivals pueue || echo 'pueue cannot be installed'
    cargo bench --profile dev -p cluster-cli --bench rivals -- {{ARGS}}

# the manual pages, for packages: `man -l target/man/cluster-run.1` shows one
man DIR="target/man":
    cargo run --quiet -p cluster-cli -- man {{DIR}}

# every order of events of two slots and three jobs, over the shipped dispatcher and slot machine
model:
    cargo test -p cluster-routing --lib every_job_ends_exactly_once -- --nocapture

# our side of the Agent Client Protocol against the agent's side of the protocol's own library, a workspace of its own
acp-oracle:
    cargo run --locked --manifest-path tests/oracle/Cargo.toml --target-dir target/oracle

# licences, bans, sources
deny:
    cargo deny check bans licenses sources

# every way out of the program a hundred times, with children that do all they can to stay: none does
orphans TIMES="100":
    CLUSTER_TEST_ORPHANS={{TIMES}} cargo test -p cluster-cli --test runner -- --nocapture orphans

# half an hour of real processes that are killed, stopped, and misbehave: nothing lost, doubled, or left
soak SECONDS="1800":
    CLUSTER_SOAK_SECONDS={{SECONDS}} cargo test --release -p cluster-cli --test soak -- --nocapture

# 10 GiB on each of a tool's two outputs as one reply: what that costs in memory, and what the others notice of it
flood MIB="10240":
    CLUSTER_TEST_FLOOD={{MIB}} cargo test --release -p cluster-cli --all-features --test runner -- --ignored --nocapture f28_f29_ten

# whole pools with all their faults, each from one seed and run twice; `CLUSTER_SIM_SEED=N` shows one
simulate SEEDS="20000" FIRST="0":
    CLUSTER_SIM_SEEDS={{SEEDS}} CLUSTER_SIM_FIRST={{FIRST}} cargo test --release --test simulation -- --nocapture

# every test of a fault, with and without changes that it is to find; writes docs/faults.md of docs/faults.toml
faults:
    eval "$(.ci/tools)"; cargo test --test faults -- --ignored --nocapture

# kill the program 2,000 times at random, 50 times at every named point, at every call to its record's files; let every
# such call fail once; cut the power 500 times; cut and flip records at every byte: no job may be lost or done twice
torture:
    eval "$(.ci/tools)"; CLUSTER_TORTURE_KILLS=2000 CLUSTER_TORTURE_ROUNDS=50 CLUSTER_TORTURE_CALLS=1 \
        CLUSTER_TORTURE_CUTS=170 cargo test -p cluster-cli --test ledger -- --nocapture torture power sweep
    # Nothing here depends on a disk, and in memory it takes 4 minutes instead of an hour.
    TMPDIR=$(test -w /dev/shm && echo /dev/shm || echo /tmp) CLUSTER_TORTURE_BYTES=1 cargo test -p cluster --lib -- damage

# the long runs: 100,000 prompts a REPL, 10,000 through aider
nightly:
    .ci/nightly

# the book in docs/ as pages for a browser; needs mdbook: `cargo install --locked mdbook`
book:
    mdbook build docs

# the picture in the README, of the program on a terminal in the middle of a run
capture:
    cargo test -p cluster-cli --test book -- --ignored capture::it_is_taken
