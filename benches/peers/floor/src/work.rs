//! What is to be done: calls at Zoom, and distributions with their rows.

use std::collections::VecDeque;

use crate::clients::Seat;
use crate::text::{field, list, put, stamp};

/// As many distributions are remembered, for receipts that come late.
const REMEMBERED: usize = 64;

/// A call at Zoom, and who waits for it.
#[derive(Debug)]
pub(crate) enum Call {
    /// The host's ZAK: with it a distribution begins.
    Host(u64),
    /// The OBF of a row, and the session that will have it.
    Row(u64, u32, Option<Seat>),
    Join(Box<Join>),
}

/// Somebody who asks for a token and gets it back.
#[derive(Debug)]
pub(crate) struct Join {
    pub(crate) asker: Seat,
    pub(crate) websocket: bool,
    pub(crate) id: Vec<u8>,
    pub(crate) user: Vec<u8>,
    pub(crate) meeting: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Queued,
    Delivered,
    Acknowledged,
    Failed(&'static str),
}

/// One participant, by where the name stands in the host's own frame.
#[derive(Debug)]
struct Row {
    name: (u32, u32),
    status: Status,
}

#[derive(Debug)]
pub(crate) struct Distribution {
    pub(crate) number: u64,
    pub(crate) asker: Seat,
    pub(crate) id: Vec<u8>,
    pub(crate) meeting: Vec<u8>,
    pub(crate) host: Vec<u8>,
    frame: Box<[u8]>,
    rows: Vec<Row>,
    /// The row whose turn is next.
    next: usize,
    /// Rows that are not queued any more.
    done: usize,
}

impl Distribution {
    fn new(number: u64, asker: Seat, frame: &[u8]) -> Self {
        let owned = |key| field(frame, key).unwrap_or_default().to_vec();
        let names = list(frame, "participantUserIds");
        let rows = names.into_iter().map(|name| Row { name, status: Status::Queued }).collect();
        let (id, meeting, host) = (owned("id"), owned("meetingId"), owned("hostUserId"));
        Self { number, asker, id, meeting, host, frame: frame.into(), rows, next: 0, done: 0 }
    }

    pub(crate) fn next(&mut self) -> Option<u32> {
        let row = self.next;
        self.next += usize::from(row < self.rows.len());
        (row < self.rows.len()).then_some(row as u32)
    }

    pub(crate) fn user(&self, row: u32) -> &[u8] {
        self.rows.get(row as usize).map_or(&[], |row| self.name(row))
    }

    fn name(&self, row: &Row) -> &[u8] {
        &self.frame[row.name.0 as usize..row.name.1 as usize]
    }

    /// Whether it is over with this one.
    pub(crate) fn settle(&mut self, row: u32, status: Status) -> bool {
        self.rows[row as usize].status = status;
        self.done += 1;
        self.is_over()
    }

    /// Without a ZAK nothing is minted: it is over before it began.
    pub(crate) fn abandon(&mut self) {
        self.rows.clear();
    }

    pub(crate) fn is_over(&self) -> bool {
        self.done == self.rows.len()
    }

    /// The data of `meeting:distributed`.
    pub(crate) fn report(&self, now: u64) -> Vec<u8> {
        let at = stamp(now);
        let mut out = Vec::with_capacity(512 + self.rows.len() * 128);
        let failed = self.rows.iter().filter(|row| matches!(row.status, Status::Failed(_)));
        let lost = failed.clone().count();
        let counts = format!(
            r#""distributionId":"{:032x}","total":{},"successful":{},"failed":{lost},"pending":0"#,
            self.number,
            self.rows.len(),
            self.rows.len() - lost,
        );
        put(&mut out, &[br#"{"meetingId":""#, &self.meeting, br#"","hostUserId":""#, &self.host, br#"","#]);
        put(&mut out, &[counts.as_bytes(), br#","failedUsers":["#]);
        for (place, row) in failed.enumerate() {
            put(&mut out, &[if place > 0 { b"," } else { b"" }, b"\"", self.name(row), b"\""]);
        }
        out.extend_from_slice(br#"],"pendingUsers":[],"participants":["#);
        for (place, row) in self.rows.iter().enumerate() {
            put(&mut out, &[if place > 0 { b"," } else { b"" }, br#"{"userId":""#, self.name(row)]);
            row.put_status(&mut out, &at);
        }
        put(&mut out, &[br#"],"timestamp":""#, &at, br#""}"#]);
        out
    }
}

impl Row {
    fn put_status(&self, out: &mut Vec<u8>, at: &[u8]) {
        let (status, sessions, code): (&[u8], &[u8], &[u8]) = match self.status {
            Status::Queued => (b"queued", b"0", b""),
            Status::Delivered => (b"delivered", b"1", b""),
            Status::Acknowledged => (b"acknowledged", b"1", b""),
            Status::Failed(code) => (b"failed", b"0", code.as_bytes()),
        };
        put(out, &[br#"","status":""#, status, br#"","sessions":"#, sessions, br#","at":""#, at, b"\""]);
        if !code.is_empty() {
            put(out, &[br#","code":""#, code, b"\""]);
        }
        out.push(b'}');
    }
}

/// All that waits for Zoom. What somebody asked for comes before what is distributed.
#[derive(Debug, Default)]
pub(crate) struct Work {
    distributions: VecDeque<Distribution>,
    pub(crate) urgent: VecDeque<Call>,
    /// Distributions with rows whose turn has not come; each gives one row in turn.
    pub(crate) batches: VecDeque<u64>,
    begun: u64,
}

impl Work {
    pub(crate) fn begin(&mut self, asker: Seat, frame: &[u8]) {
        let number = self.begun;
        self.begun += 1;
        self.distributions.push_back(Distribution::new(number, asker, frame));
        // One that goes on is never forgotten, nor are those behind it.
        while self.distributions.len() > REMEMBERED
            && self.distributions.front().is_some_and(Distribution::is_over)
        {
            self.distributions.pop_front();
        }
        self.urgent.push_back(Call::Host(number));
    }

    pub(crate) fn distribution(&mut self, number: u64) -> Option<&mut Distribution> {
        let first = self.distributions.front()?.number;
        self.distributions.get_mut(number.checked_sub(first)? as usize)
    }

    /// What is to be asked next.
    pub(crate) fn next(&mut self) -> Option<Call> {
        if let Some(call) = self.urgent.pop_front() {
            return Some(call);
        }
        while let Some(number) = self.batches.pop_front() {
            if let Some(row) = self.distribution(number).and_then(Distribution::next) {
                self.batches.push_back(number);
                return Some(Call::Row(number, row, None));
            }
        }
        None
    }

    /// A receipt.
    pub(crate) fn confirm(&mut self, delivery: &[u8]) -> Option<()> {
        let (number, row) = str::from_utf8(delivery).ok()?.split_at_checked(16)?;
        let number = u64::from_str_radix(number, 16).ok()?;
        let row = usize::from_str_radix(row, 16).ok()?;
        let row = self.distribution(number)?.rows.get_mut(row)?;
        row.status = Status::Acknowledged;
        Some(())
    }
}

/// The name of a delivery: 32 digits, as the hub's have, that say which row it was.
pub(crate) fn delivery(number: u64, row: u32) -> [u8; 32] {
    let mut name = [b'0'; 32];
    let mut rest = (u128::from(number) << 64) | u128::from(row);
    for digit in name.iter_mut().rev() {
        *digit = b"0123456789abcdef"[(rest & 15) as usize];
        rest >>= 4;
    }
    name
}
