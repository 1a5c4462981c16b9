//! What waits for a client that polls, in order and within a bound.

use std::mem;

use engineioxide_core::Packet;

use crate::hub::carrier::Backlog;

/// The packets: as many bytes as a backlog may have, beside a single one that weighs more.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    packets: Vec<Packet>,
    bytes: usize,
}

impl Outbox {
    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    /// Takes a packet in; whether there is room for it.
    #[must_use]
    pub(super) fn push(&mut self, packet: Packet) -> bool {
        let bytes = packet.get_size_hint(true);
        let fits = self.bytes == 0 || self.bytes + bytes <= Backlog::LIMIT;
        if fits {
            self.bytes += bytes;
            self.packets.push(packet);
        }
        fits
    }

    /// All that waits.
    pub(super) fn take(&mut self) -> Vec<Packet> {
        self.bytes = 0;
        mem::take(&mut self.packets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(bytes: usize) -> Packet {
        Packet::Message("x".repeat(bytes).into())
    }

    #[test]
    fn it_is_bounded_in_bytes_but_for_a_single_packet() {
        let mut outbox = Outbox::default();
        assert!(outbox.push(packet(Backlog::LIMIT * 2)));
        assert!(!outbox.push(packet(1)));
        assert_eq!(outbox.take().len(), 1);
        assert!((0..4).all(|_| outbox.push(packet(Backlog::LIMIT / 4 - 1))));
        assert!(!outbox.push(packet(0)));
        assert_eq!(outbox.take().len(), 4);
    }
}
