//! The imports that need few words.

/// Settings of the world.
pub mod settings {
    use crate::testkit::with;

    /// JSON text.
    #[must_use]
    pub fn get() -> String {
        with(|world| world.settings.clone())
    }
}

/// Log of the world.
pub mod log {
    use crate::log::Level;
    use crate::testkit::with;

    /// Keeps the event.
    pub fn write(level: Level, message: &str, fields: &str) {
        with(|world| world.logs.push((level, message.to_owned(), fields.to_owned())));
    }
}

/// Clock of the world: it moves only when somebody sleeps.
pub mod clock {
    use crate::testkit::with;

    /// Milliseconds since 1970 UTC.
    #[must_use]
    pub fn now_ms() -> u64 {
        with(|world| world.now_ms)
    }

    /// The same in nanoseconds.
    #[must_use]
    pub fn monotonic_ns() -> u64 {
        now_ms().saturating_mul(1_000_000)
    }

    /// Moves the clock.
    pub fn sleep_ms(duration: u32) {
        with(|world| world.now_ms += u64::from(duration));
    }
}

/// Random bytes of the world: the same in every run.
pub mod random {
    use crate::testkit::with;

    /// So many bytes.
    #[must_use]
    pub fn bytes(length: u32) -> Vec<u8> {
        let next = |state: &mut u64| {
            *state ^= *state << 13;
            *state ^= *state >> 7;
            *state ^= *state << 17;
            state.to_le_bytes()[3]
        };
        with(|world| (0..length).map(|_| next(&mut world.random)).collect())
    }
}

/// Scratch of the world.
pub mod scratch {
    use crate::Fault;
    use crate::testkit::with;

    /// The value.
    #[must_use]
    pub fn get(key: &str) -> Option<Vec<u8>> {
        with(|world| world.scratch.get(key).cloned())
    }

    /// Sets or removes it.
    pub fn set(key: &str, value: Option<&[u8]>) -> Result<(), Fault> {
        with(|world| match value {
            Some(value) => world.scratch.insert(key.to_owned(), value.to_vec()),
            None => world.scratch.remove(key),
        });
        Ok(())
    }
}
