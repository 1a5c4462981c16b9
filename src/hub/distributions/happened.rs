//! What happened to participants: they came, left, confirmed, were served, or count no more.

use std::time::Instant;

use actix::prelude::*;

use super::Distributions;
use super::messages::{Arrived, Left, Receipt, Released, Served};
use crate::hub::audit::{self, Subject};
use crate::hub::ledger::Standing;
use crate::names::DeliveryId;
use crate::zoom::api::TokenKind;

impl Handler<Arrived> for Distributions {
    type Result = Vec<Standing>;

    fn handle(&mut self, arrived: Arrived, ctx: &mut Self::Context) -> Self::Result {
        let standings = self.ledger.arrived(&arrived.user, &arrived.caller, Instant::now());
        self.go_on(ctx);
        standings
    }
}

impl Handler<Left> for Distributions {
    type Result = ();

    fn handle(&mut self, left: Left, ctx: &mut Self::Context) {
        self.ledger.left(left.0, Instant::now());
        self.go_on(ctx);
    }
}

impl Handler<Receipt> for Distributions {
    type Result = ();

    fn handle(&mut self, receipt: Receipt, ctx: &mut Self::Context) {
        let is_users = |user: &_| receipt.users.contains(user);
        if let Some((meeting, user)) = self.ledger.receipt(receipt.delivery, is_users, Instant::now()) {
            audit::acknowledged(Subject { kind: TokenKind::Obf, user: &user, meeting }, receipt.session);
        }
        self.go_on(ctx);
    }
}

impl Handler<Served> for Distributions {
    type Result = Option<DeliveryId>;

    fn handle(&mut self, served: Served, ctx: &mut Self::Context) -> Self::Result {
        let Served { user, meeting, confirms } = served;
        let delivery = self.ledger.served(&user, meeting, confirms, Instant::now());
        self.go_on(ctx);
        delivery
    }
}

impl Handler<Released> for Distributions {
    type Result = ();

    fn handle(&mut self, released: Released, ctx: &mut Self::Context) {
        self.ledger.revoke(&released.0, Instant::now());
        self.go_on(ctx);
    }
}
