//! The protocols of real connectors in miniature.
