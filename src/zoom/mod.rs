//! What Zoom gives us, and nothing about who wants it.

pub mod api;
