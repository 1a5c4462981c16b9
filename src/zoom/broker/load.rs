//! How busy the broker is, for whoever watches the hub.

use std::time::Instant;

use actix::prelude::*;

use super::TokenBroker;

/// Asks the broker how busy it is; give it a deadline.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "Load")]
pub struct HowBusy;

/// How busy it is.
#[derive(Clone, Copy, Debug, PartialEq, MessageResponse)]
pub struct Load {
    /// Whether calls are refused since Zoom doesn't answer.
    pub away: bool,
    /// Calls a second that start at most; none: no limit is known.
    pub per_second: Option<f64>,
    /// Calls that wait, for their turn or for another attempt.
    pub waiting: usize,
    /// Calls under way.
    pub under_way: usize,
}

impl Handler<HowBusy> for TokenBroker {
    type Result = Load;

    fn handle(&mut self, HowBusy: HowBusy, _ctx: &mut Self::Context) -> Load {
        Load {
            away: self.schedule.is_away(),
            per_second: self.schedule.rate(Instant::now()),
            waiting: self.schedule.waiting(),
            under_way: self.flights.len(),
        }
    }
}
