//! Where the ledger finds a row: by its distribution's name, its user, its deliveries, and the session it waits for.

use std::collections::{BTreeSet, HashMap, VecDeque};

use super::{At, Serial};
use crate::hub::distribution::Distribution;
use crate::names::{DeliveryId, DistributionId, SessionId, UserId};

/// The index.
#[derive(Debug, Default)]
pub(super) struct Index {
    names: HashMap<DistributionId, Serial>,
    users: HashMap<UserId, Rows>,
    /// Of what was handed over, or is being handed over. Nobody chooses a delivery's name, so the hash needn't withstand
    /// chosen ones.
    deliveries: foldhash::HashMap<DeliveryId, At>,
    /// The same by distributions, to forget them together.
    handed: foldhash::HashMap<Serial, foldhash::HashSet<DeliveryId>>,
    awaited: BTreeSet<(SessionId, At)>,
}

/// A user's rows, the newest last.
#[derive(Debug, Default)]
struct Rows {
    all: VecDeque<At>,
    open: Vec<At>,
}

impl Index {
    pub(super) fn add(&mut self, serial: Serial, distribution: &Distribution) {
        self.names.insert(distribution.id(), serial);
        for (row, user) in distribution.rows().filter_map(|(row, kept)| Some((row, kept.user()?))) {
            let at = At(serial, row);
            let rows = self.users.entry(user.clone()).or_default();
            rows.all.push_back(at);
            rows.open.push(at);
        }
    }

    pub(super) fn remove(&mut self, serial: Serial, distribution: &Distribution) {
        self.names.remove(&distribution.id());
        for delivery in self.handed.remove(&serial).unwrap_or_default() {
            self.not_handed(delivery);
        }
        for (row, kept) in distribution.rows() {
            let at = At(serial, row);
            if let Some((session, _)) = kept.awaits() {
                self.awaits(at, Some(session), None);
            }
            let Some(user) = kept.user() else { continue };
            if let Some(rows) = self.users.get_mut(user) {
                rows.all.retain(|other| *other != at);
                rows.open.retain(|other| *other != at);
                if rows.all.is_empty() {
                    self.users.remove(user);
                }
            }
        }
    }

    pub(super) fn named(&self, id: DistributionId) -> Option<Serial> {
        self.names.get(&id).copied()
    }

    /// A user's rows of which something may become by itself, the newest last.
    pub(super) fn open_rows_of(&self, user: &UserId) -> Vec<At> {
        self.users.get(user).map(|rows| rows.open.clone()).unwrap_or_default()
    }

    /// Everybody's.
    pub(super) fn open_rows(&self) -> Vec<At> {
        self.users.values().flat_map(|rows| &rows.open).copied().collect()
    }

    pub(super) fn newest_rows_of(&self, user: &UserId) -> impl Iterator<Item = At> {
        self.users.get(user).into_iter().flat_map(|rows| rows.all.iter().rev().copied())
    }

    /// Nothing more becomes of a row by itself.
    pub(super) fn close(&mut self, at: At, user: &UserId) {
        if let Some(rows) = self.users.get_mut(user) {
            rows.open.retain(|other| *other != at);
        }
    }

    /// A token is about to be handed over under this name: its receipt may come before word of its delivery.
    pub(super) fn handing(&mut self, delivery: DeliveryId, at: At) {
        self.deliveries.insert(delivery, at);
        self.handed.entry(at.0).or_default().insert(delivery);
    }

    /// It was not handed over.
    pub(super) fn not_handed(&mut self, delivery: DeliveryId) {
        let Some(at) = self.deliveries.remove(&delivery) else { return };
        if let Some(handed) = self.handed.get_mut(&at.0) {
            handed.remove(&delivery);
        }
    }

    pub(super) fn delivered(&self, delivery: DeliveryId) -> Option<At> {
        self.deliveries.get(&delivery).copied()
    }

    /// A row waits for another session's receipt than before.
    pub(super) fn awaits(&mut self, at: At, before: Option<SessionId>, now: Option<SessionId>) {
        if let Some(session) = before {
            self.awaited.remove(&(session, at));
        }
        if let Some(session) = now {
            self.awaited.insert((session, at));
        }
    }

    pub(super) fn awaited_from(&self, session: SessionId) -> Vec<At> {
        let of = self.awaited.range((session, At::MIN)..=(session, At::MAX));
        of.map(|(_, at)| *at).collect()
    }

    /// Whether it is empty in every part.
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty()
            && self.users.is_empty()
            && self.deliveries.is_empty()
            && self.handed.is_empty()
            && self.awaited.is_empty()
    }
}
