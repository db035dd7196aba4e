//! The binary of the `rosterd` command; everything of it is in the library beside it.

/// What one thread reads or decides another one stores and frees: the allocator of the C library contends there and costs
/// a run half of its time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    rosterd_cli::run()
}
