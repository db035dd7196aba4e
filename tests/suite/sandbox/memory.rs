//! How large this process is, as the kernel sees it.

/// Forgets the peak so far, and gives the size now, in bytes.
pub(crate) fn start() -> u64 {
    // 5: the peak is set to the size now (proc(5), clear_refs).
    std::fs::write("/proc/self/clear_refs", "5").expect("a process may forget its own peak");
    field("VmRSS:")
}

/// The peak since, in bytes.
pub(crate) fn peak() -> u64 {
    field("VmHWM:")
}

fn field(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("a process may read its own status");
    let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("the kernel tells");
    let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number of kB");
    kibibytes << 10
}
