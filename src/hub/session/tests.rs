//! A session that falls over where a test wants it to.

use super::*;

/// Panics where it is handled.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Planted;

impl Handler<Planted> for Session {
    type Result = ();

    fn handle(&mut self, _planted: Planted, _ctx: &mut Self::Context) {
        panic!("planted in a session");
    }
}
