//! The steps of a token's way that no test and no tool can reach from outside, as functions, for `benches/micro.rs`.
//!
//! Compiled with the feature `micro` alone, which no build of the hub has. They are their layers' own business, so a layer
//! has them in a module `micro`, and this one gathers them.

pub use crate::hub::micro::Crowd;
pub use crate::web::micro::{decode, encode};
