//! Using up what the sandbox limits. But for the first none of these functions returns.

use crate::behaviour::Behaviour;
use rosterd_sdk::{clock, log};
use std::hint::black_box;

/// Uses up what the behaviour says; comes back only if it says nothing of the kind.
pub(crate) fn as_told(behaviour: Behaviour) {
    match behaviour {
        Behaviour::Trap => trap(),
        Behaviour::EndlessLoop => compute(),
        Behaviour::EndlessSleep => sleep(),
        Behaviour::MemoryEater => memory(),
        Behaviour::LogFlood => log(),
        Behaviour::CallFlood => calls(),
        Behaviour::DeepRecursion => recursion(),
        _ => {}
    }
}

/// Executes the instruction that traps, without a panic before it.
pub(crate) fn trap() -> ! {
    std::process::abort()
}

/// Computes for ever.
pub(crate) fn compute() -> ! {
    let mut number = 1_u64;
    loop {
        number = black_box(number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
    }
}

/// Waits for ever.
pub(crate) fn sleep() -> ! {
    loop {
        clock::sleep_ms(60_000);
    }
}

/// Takes memory for ever and writes to it.
pub(crate) fn memory() -> ! {
    let mut taken = Vec::new();
    loop {
        taken.push(black_box(vec![1_u8; 1 << 20]));
    }
}

/// Writes to the log for ever.
pub(crate) fn log() -> ! {
    for number in 0_u64.. {
        log::info(&format!("line {number} of a flood {}", "x".repeat(100)));
    }
    trap()
}

/// Calls the host for ever.
pub(crate) fn calls() -> ! {
    loop {
        black_box(clock::now_ms());
    }
}

/// Calls itself until there is no more stack.
pub(crate) fn recursion() -> ! {
    black_box(deeper(black_box(1)));
    trap()
}

#[expect(unconditional_recursion, reason = "that is the point")]
fn deeper(level: u64) -> u64 {
    // Room on the stack that can not be optimised away.
    let room = black_box([level; 64]);
    deeper(black_box(level + 1)).wrapping_add(black_box(room)[7])
}
