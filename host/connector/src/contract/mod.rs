//! One thin module per contract. Each converts at the edge and gives out the traits of `rosterd_model::port`; no other
//! file names a version or a generated type.

pub(crate) mod v0_1;
