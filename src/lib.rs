//! A real-time hub that gets Zoom meeting tokens and hands each to the one person or bot it belongs to.
//!
//! The layers, in reading order; each uses only those above it:
//!
//! - [`names`]: identifiers, parsed at the edge and trusted inside.
//! - [`secret`]: a text that must not be seen.
//! - [`under_way`]: the many futures of one actor.
//! - [`config`]: every environment variable, read once.
//! - [`identity`]: who a caller is: what a credential proves, and whether it still counts.
//! - [`zoom`]: what Zoom gives us: the `TokenBroker` owns the access token and every call.
//! - [`hub`]: who is connected, what they may ask, what reaches them: `Session`, `Registry`, `Distributions`.
//! - [`web`]: HTTP, WebSocket and Socket.IO in and out, and the running whole.
//! - [`simulator`]: a Zoom inside the process, for development and tests.
//! - [`cli`]: the commands.
//!
//! One distribution, from the host's press to the participants' tokens:
//!
//! ```text
//! host's socket ─frame→ web::websocket ─Incoming→ Session ─Begin→ Distributions ─Issue (ZAK)→ TokenBroker ─→ Zoom
//!                                                                     │  for each connected participant at once:
//!                                                                     ├─Issue (OBF)→ TokenBroker ─→ Zoom
//!                                                                     └─Route→ Registry ─Deliver→ Session ─Emit→ web::websocket
//! ```

pub mod cli;
pub mod config;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
pub mod hub;
pub mod identity;
#[cfg(feature = "micro")]
#[doc(hidden)]
pub mod micro;
pub mod names;
pub mod secret;
pub mod simulator;
pub mod under_way;
pub mod web;
pub mod zoom;
