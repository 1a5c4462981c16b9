//! A real-time hub that gets Zoom meeting tokens and hands each to the one person or bot it belongs to.

pub mod config;
pub mod names;
pub mod secret;
pub mod simulator;
pub mod zoom;
