//! The hub: what is done with what clients say and Zoom answers.

use std::mem::take;

use crate::clients::{Came, Clients, Seat};
use crate::frames::{self, CLOSE, Frame, PING, PONG, TEXT};
use crate::http;
use crate::text::{self, field, now, stamp};
use crate::work::{Call, Distribution, Join, Status, Work};
use crate::zoom::{Answer, Zoom};

/// The lives of tokens, in milliseconds; they stand as words and numbers in what is sent, too.
const OBF_LIFE: u64 = 1_800_000;
const ZAK_LIFE: u64 = 7_200_000;

#[derive(Debug)]
pub(crate) struct Hub {
    pub(crate) clients: Clients,
    pub(crate) zoom: Zoom,
    work: Work,
    /// What is read, whoever it comes from.
    room: Vec<u8>,
    /// What is written, whoever it goes to.
    out: Vec<u8>,
}

impl Hub {
    pub(crate) fn new(clients: Clients, zoom: Zoom) -> Self {
        Self { clients, zoom, work: Work::default(), room: vec![0; 65_536], out: Vec::new() }
    }

    /// A client's connection has something. `ending`: its end, too.
    pub(crate) fn client_spoke(&mut self, place: usize, ending: bool) {
        let mut room = take(&mut self.room);
        loop {
            match self.clients.read(place, &mut room) {
                Came::Bytes(count) => {
                    self.take_in(place, &mut room[..count]);
                    if count < room.len() && !ending {
                        break;
                    }
                }
                Came::Nothing => break,
                Came::End => {
                    self.clients.close(place);
                    break;
                }
            }
        }
        self.room = room;
        self.ask_on();
    }

    /// Only what has not ended yet is kept.
    fn take_in(&mut self, place: usize, came: &mut [u8]) {
        let Some(client) = self.clients.at(place) else { return };
        let mut kept = take(&mut client.unread);
        let rest = if kept.is_empty() {
            let used = self.understand(place, came);
            came[used..].to_vec()
        } else {
            kept.extend_from_slice(came);
            let used = self.understand(place, &mut kept);
            kept.drain(..used);
            kept
        };
        if let Some(client) = self.clients.at(place).filter(|_| !rest.is_empty()) {
            client.unread = rest;
        }
    }

    /// How many bytes were understood.
    fn understand(&mut self, place: usize, bytes: &mut [u8]) -> usize {
        let mut at = 0;
        while let Some((websocket, seat)) = self.speaker(place) {
            if websocket {
                let Some(frame) = frames::next(bytes, at) else { break };
                at = frame.end;
                self.frame(seat, &frame, &bytes[frame.start..frame.end]);
            } else {
                let Some(message) = http::message(&bytes[at..]) else { break };
                at += message.length;
                self.request(seat, &message);
            }
        }
        at
    }

    fn speaker(&mut self, place: usize) -> Option<(bool, Seat)> {
        let seat = self.clients.seat_at(place)?;
        Some((self.clients.at(place)?.websocket, seat))
    }

    fn frame(&mut self, seat: Seat, frame: &Frame, payload: &[u8]) {
        match frame.kind {
            TEXT => self.event(seat, payload),
            PING => self.say(seat, PONG, &[payload]),
            CLOSE => {
                self.say(seat, CLOSE, &[payload]);
                self.clients.close(seat.place);
            }
            _ => {}
        }
    }

    fn event(&mut self, seat: Seat, frame: &[u8]) {
        match field(frame, "event").unwrap_or_default() {
            b"delivery:ack" => {
                self.work.confirm(field(frame, "deliveryId").unwrap_or_default());
            }
            b"ping" => self.answer(seat, frame, "pong", &[br#"{"timestamp":""#, &stamp(now()), br#""}"#]),
            b"authenticate" => self.authenticate(seat, frame),
            b"meeting:distribute" => self.work.begin(seat, frame),
            b"meeting:join" => self.join(seat, true, frame),
            _ => {}
        }
    }

    fn authenticate(&mut self, seat: Seat, frame: &[u8]) {
        let user = field(frame, "userId").unwrap_or_default();
        let acks = field(frame, "acks") == Some(b"true");
        self.clients.authenticate(seat.place, user, acks);
        let socket = format!(r#"","socketId":"{:032x}","timestamp":""#, seat.place);
        let pieces: &[&[u8]] = &[
            br#"{"success":true,"userId":""#,
            user,
            socket.as_bytes(),
            &stamp(now()),
            br#"","meetings":[]}"#,
        ];
        self.answer(seat, frame, "authenticated", pieces);
    }

    fn join(&mut self, asker: Seat, websocket: bool, said: &[u8]) {
        let owned = |key| field(said, key).map(<[u8]>::to_vec);
        let user = owned("participantUserId").or_else(|| owned("userId")).unwrap_or_default();
        let id = owned("id").filter(|_| websocket).unwrap_or_default();
        let meeting = owned("meetingId").unwrap_or_default();
        self.work.urgent.push_back(Call::Join(Box::new(Join { asker, websocket, id, user, meeting })));
    }

    fn request(&mut self, seat: Seat, message: &http::Message<'_>) {
        let head = message.head;
        if let Some(key) = http::header(head, "sec-websocket-key") {
            self.out.clear();
            frames::handshake(&mut self.out, key);
            self.clients.upgrade(seat.place);
            self.clients.write(seat, &self.out);
        } else if head.starts_with(b"POST /api/meetings/join ") {
            self.join(seat, false, message.body);
        } else if head.starts_with(b"GET /api/health ") {
            let (sessions, users) = (self.clients.sessions, self.clients.users());
            let body = format!(r#"{{"status":"ok","sessions":{sessions},"users":{users}}}"#);
            self.respond(seat, "200 OK", body.as_bytes());
        } else {
            let body = br#"{"success":false,"error":"No such endpoint","code":"endpoint_not_found"}"#;
            self.respond(seat, "404 Not Found", body);
        }
    }

    /// Gives every idle connection at Zoom something to ask.
    fn ask_on(&mut self) {
        while self.zoom.is_free() {
            let Some(call) = self.work.next() else { break };
            if let Some(call) = self.ask(call) {
                self.failed(call, "zoom_unavailable");
            }
        }
    }

    /// The call comes back if it could not be made.
    fn ask(&mut self, call: Call) -> Option<Call> {
        const OBF: &[u8] = b"/token?type=onbehalf&ttl=1800&meeting_id=";
        match call {
            Call::Host(number) => {
                let distribution = self.work.distribution(number)?;
                self.zoom.ask(call, &distribution.host, &[b"/token?type=zak&ttl=7200"])
            }
            Call::Row(number, row, _) => {
                let distribution = self.work.distribution(number)?;
                let user = distribution.user(row);
                let Some((seat, _)) = self.clients.session_of(user) else {
                    self.settle(number, row, Status::Failed("not_connected"));
                    return None;
                };
                let call = Call::Row(number, row, Some(seat));
                self.zoom.ask(call, user, &[OBF, &distribution.meeting])
            }
            Call::Join(join) => {
                let (user, meeting) = (join.user.clone(), join.meeting.clone());
                self.zoom.ask(Call::Join(join), &user, &[OBF, &meeting])
            }
        }
    }

    /// A connection at Zoom has something.
    pub(crate) fn zoom_spoke(&mut self, place: usize, ending: bool) {
        let mut room = take(&mut self.room);
        let answer = self.zoom.read(place, &mut room, ending);
        // Zoom goes on while this answer is handed over.
        self.ask_on();
        match answer {
            Some(Answer::Whole(call, reply)) => self.answered(call, reply.status, &room[reply.body]),
            Some(Answer::Broken(call)) => self.failed(call, "zoom_unavailable"),
            None => {}
        }
        self.room = room;
        self.ask_on();
    }

    fn answered(&mut self, call: Call, status: usize, body: &[u8]) {
        let code = match status {
            200 => "zoom_bad_answer",
            429 => "zoom_rate_limited",
            400..=499 => "zoom_refused",
            _ => "zoom_unavailable",
        };
        match text::text(body, "token").filter(|_| code == "zoom_bad_answer") {
            Some(token) => self.got(call, token),
            None => self.failed(call, code),
        }
    }

    fn got(&mut self, call: Call, token: &[u8]) {
        match call {
            Call::Host(number) => self.started(number, token),
            Call::Row(number, row, seat) => self.deliver(number, row, seat, token),
            Call::Join(join) => self.joined(&join, token),
        }
    }

    fn started(&mut self, number: u64, token: &[u8]) {
        let Some(distribution) = self.work.distribution(number) else { return };
        let now = now();
        let pieces: &[&[u8]] = &[
            br#"{"event":"meeting:started","data":{"meetingId":""#,
            &distribution.meeting,
            br#"","zakToken":""#,
            token,
            br#"","expiresIn":"2 hours","timestamp":""#,
            &stamp(now),
            br#"","expiresAt":""#,
            &stamp(now + ZAK_LIFE),
            br#""},"id":""#,
            &distribution.id,
            br#""}"#,
        ];
        frames::frame(&mut self.out, TEXT, pieces);
        self.clients.write(distribution.asker, &self.out);
        if distribution.is_over() {
            self.report(number);
        } else {
            self.work.batches.push_back(number);
        }
    }

    fn deliver(&mut self, number: u64, row: u32, seat: Option<Seat>, token: &[u8]) {
        let Some(distribution) = self.work.distribution(number) else { return };
        // Meanwhile the user may have left, and come back on another connection.
        let session = seat.and_then(|seat| Some((seat, self.clients.acks(seat)?)));
        let delivered = match session.or_else(|| self.clients.session_of(distribution.user(row))) {
            Some((seat, acks)) => {
                let (name, key): ([u8; 32], &[u8]) =
                    (crate::work::delivery(number, row), br#","deliveryId":""#);
                let receipt: [&[u8]; 3] = if acks { [key, &name, b"\""] } else { [b""; 3] };
                credentials(&mut self.out, &distribution.meeting, token, receipt, b"");
                self.clients.write(seat, &self.out)
            }
            None => false,
        };
        let status = if delivered { Status::Delivered } else { Status::Failed("not_connected") };
        self.settle(number, row, status);
    }

    fn joined(&mut self, join: &Join, token: &[u8]) {
        if join.websocket {
            credentials(&mut self.out, &join.meeting, token, [b""; 3], &join.id);
            self.clients.write(join.asker, &self.out);
        } else {
            let expires = stamp(now() + OBF_LIFE);
            let body = [
                br#"{"success":true,"meetingId":""#,
                &*join.meeting,
                br#"","obfToken":""#,
                token,
                br#"","expiresIn":"30 minutes","message":"Join credentials generated successfully","expiresAt":""#,
                &expires,
                br#""}"#,
            ];
            self.respond(join.asker, "200 OK", &body.concat());
        }
        // Who it belongs to hears of it, whoever asked.
        if let Some((seat, _)) = self.clients.session_of(&join.user).filter(|(seat, _)| *seat != join.asker) {
            credentials(&mut self.out, &join.meeting, token, [b""; 3], b"");
            self.clients.write(seat, &self.out);
        }
    }

    fn failed(&mut self, call: Call, code: &'static str) {
        let data = format!(r#"{{"message":"Zoom gave no token","code":"{code}","retryable":false}}"#);
        match call {
            Call::Row(number, row, _) => self.settle(number, row, Status::Failed(code)),
            Call::Host(number) => {
                let Some(distribution) = self.work.distribution(number) else { return };
                distribution.abandon();
                let (seat, id) = (distribution.asker, take(&mut distribution.id));
                self.tell(seat, &id, "error", &[data.as_bytes()]);
            }
            Call::Join(join) if join.websocket => {
                self.tell(join.asker, &join.id, "error", &[data.as_bytes()])
            }
            Call::Join(join) => {
                let body = format!(
                    r#"{{"success":false,"error":"Zoom gave no token","code":"{code}","retryable":false}}"#
                );
                self.respond(join.asker, "502 Bad Gateway", body.as_bytes());
            }
        }
    }

    fn settle(&mut self, number: u64, row: u32, status: Status) {
        if self.work.distribution(number).is_some_and(|distribution| distribution.settle(row, status)) {
            self.report(number);
        }
    }

    fn report(&mut self, number: u64) {
        let Some(distribution) = self.work.distribution(number) else { return };
        let Distribution { asker, id, .. } = distribution;
        let (asker, id, data) = (*asker, id.clone(), distribution.report(now()));
        self.tell(asker, &id, "meeting:distributed", &[&data]);
    }

    /// Answers a frame, by its own name for it.
    fn answer(&mut self, seat: Seat, frame: &[u8], event: &str, data: &[&[u8]]) {
        self.tell(seat, field(frame, "id").unwrap_or_default(), event, data);
    }

    fn tell(&mut self, seat: Seat, id: &[u8], event: &str, data: &[&[u8]]) {
        let mut pieces: Vec<&[u8]> = vec![br#"{"event":""#, event.as_bytes(), br#"","data":"#];
        pieces.extend_from_slice(data);
        if !id.is_empty() {
            pieces.extend_from_slice(&[br#","id":""#, id, b"\""]);
        }
        pieces.push(b"}");
        self.say(seat, TEXT, &pieces);
    }

    fn say(&mut self, seat: Seat, kind: u8, pieces: &[&[u8]]) {
        frames::frame(&mut self.out, kind, pieces);
        self.clients.write(seat, &self.out);
    }

    fn respond(&mut self, seat: Seat, status: &str, body: &[u8]) {
        self.out.clear();
        http::answer(&mut self.out, status, body);
        self.clients.write(seat, &self.out);
    }
}

/// The frame of `meeting:credentials`.
fn credentials(out: &mut Vec<u8>, meeting: &[u8], token: &[u8], receipt: [&[u8]; 3], id: &[u8]) {
    let now = now();
    let [key, name, end] = receipt;
    let asked: [&[u8]; 3] = if id.is_empty() { [b""; 3] } else { [br#","id":""#, id, b"\""] };
    let pieces: &[&[u8]] = &[
        br#"{"event":"meeting:credentials","data":{"meetingId":""#,
        meeting,
        br#"","obfToken":""#,
        token,
        br#"","expiresIn":"30 minutes","timestamp":""#,
        &stamp(now),
        br#"","expiresAt":""#,
        &stamp(now + OBF_LIFE),
        b"\"",
        key,
        name,
        end,
        b"}",
        asked[0],
        asked[1],
        asked[2],
        b"}",
    ];
    frames::frame(out, TEXT, pieces);
}
