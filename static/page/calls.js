// Every HTTP call and every event that the hub has, with the fields of each: what the explorer offers.

import { state } from "./state.js";

const meetingId = { name: "meetingId", label: "Meeting ID", value: () => state.meetingId };
const hostUserId = { name: "hostUserId", label: "Host", value: () => state.hostUserId };
const participantUserId = { name: "participantUserId", label: "Participant", value: () => state.participants[0].userId };
const participantUserIds = {
  name: "participantUserIds",
  label: "Participants, one a line",
  list: true,
  value: () => state.participants.map((person) => person.userId).join("\n"),
};
const userIds = { ...participantUserIds, name: "userIds", label: "Users, one a line" };
const userId = { name: "userId", label: "User", value: () => state.participants[0].userId };
const optional = (field) => ({ ...field, label: `${field.label} (optional)`, optional: true });
const acks = { name: "acks", label: "Confirms what it gets, by delivery:ack", flag: true, unsaid: false, value: () => true };
const holding = [
  { name: "hold", label: "Waits for who is absent", flag: true, unsaid: true, value: () => true },
  optional({ name: "holdSeconds", label: "Waits for them, seconds", number: true, value: () => "" }),
  optional({ name: "idempotencyKey", label: "Idempotency key", value: () => "" }),
];
const wait = optional({ name: "wait", label: "Answers within, seconds, 0 to 30", number: true, value: () => "" });
const deliveryId = { name: "deliveryId", label: "Delivery", value: () => state.deliveryId };
const distributionId = { name: "distributionId", label: "Distribution", value: () => state.distributionId };
const follow = { name: "follow", label: "Its progress comes here, too", flag: true, unsaid: false, value: () => false };
const id = { ...distributionId, name: "id", inPath: true };
const text = {
  name: "text",
  label: "Text of the frame, sent as it is",
  long: true,
  value: () => (state.carrier === "websocket" ? '{"event": "ping", "id": "my-own"}' : '2["ping"]'),
};

const http = (method, path, about, fields = []) => ({ kind: "http", name: `${method} ${path}`, method, path, about, fields });
const event = (name, call, about, fields) => ({ kind: "event", name, call, about, fields });

export const GROUPS = [
  {
    title: "HTTP",
    calls: [
      http("POST", "/api/meetings/distribute", "Hands everybody connected their token, whoever comes later on arrival; the answer says who has it.", [meetingId, hostUserId, participantUserIds, ...holding, wait]),
      http("POST", "/api/meetings/start", "The host’s ZAK.", [meetingId, hostUserId]),
      http("POST", "/api/meetings/join", "One participant’s OBF.", [meetingId, participantUserId]),
      http("POST", "/api/meetings/batch-join", "An OBF for each participant, in the answer.", [meetingId, participantUserIds]),
      http("POST", "/api/meetings/setup", "The host’s ZAK and an OBF for each participant, in the answer.", [meetingId, hostUserId, participantUserIds]),
      http("GET", "/api/distributions", "The distributions that the hub remembers, the newest first."),
      http("GET", "/api/distributions/{id}", "One of them as it stands, with its rows.", [id]),
      http("POST", "/api/distributions/{id}/cancel", "Nobody is waited for any more; what was handed over stays good.", [id]),
      http("POST", "/api/sessions/revoke", "What a user was given, or what names a meeting, counts no more, and its connections end. It takes at least one field, and in jwt mode role service.", [
        optional(userId),
        optional({ ...meetingId, value: () => "" }),
        optional({ name: "issuedBefore", label: "Signed before, by default now", value: () => "" }),
      ]),
      http("GET", "/api/stats", "Sessions, distributions, Zoom’s pace and what failed, in numbers. In jwt mode it takes role service."),
      http("GET", "/api/health", "Whether Zoom let the hub in, and who is connected."),
      http("GET", "/api/health/live", "Whether the process serves."),
      http("GET", "/api/health/ready", "Whether it takes new work."),
      http("GET", "/", "What the hub is, its endpoints and events."),
    ],
  },
  {
    title: "Events",
    calls: [
      event("authenticate", "authenticate", "From now on, and until it ends, what belongs to this user is pushed to this connection, the newest of the user’s.", [userId, acks]),
      event("meeting:start", "start", "The host’s ZAK, to this connection.", [meetingId, hostUserId]),
      event("meeting:join", "join", "A participant’s OBF, to this connection.", [meetingId, participantUserId]),
      event("meeting:distribute", "distribute", "Everybody connected gets their token, whoever comes later on arrival; rows come back here.", [meetingId, hostUserId, participantUserIds, ...holding]),
      event("delivery:ack", "confirm", "A token has arrived. Without that, where acks was said, a fresh one is made.", [deliveryId]),
      event("meeting:cancel", "cancel", "Nobody is waited for any more; what was handed over stays good.", [distributionId]),
      event("distribution:get", "distribution", "A distribution as it stands, with its rows; without its name, all that the hub remembers.", [optional(distributionId), follow]),
      event("presence:watch", "watch", "Who of these is there, and from now on who comes and goes.", [meetingId, userIds]),
      event("ping", "ping", "The time to the hub and back.", []),
      { kind: "raw", name: "raw frame", about: "Any text. What the hub can’t read it refuses; it closes the connection at the third, or at once over Socket.IO.", fields: [text] },
    ],
  },
];

/** The path, with the fields that belong into it. */
export function pathOf({ path }, values) {
  return path?.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(values[name].trim()));
}

/** The body or data that the fields make, if the call has any. What is optional and empty, or goes unsaid, is left out. */
export function bodyOf({ fields }, values) {
  const said = fields.filter((field) => !field.inPath);
  if (said.length === 0) return undefined;
  const body = {};
  for (const field of said) {
    const value = values[field.name];
    if (field.flag) {
      if (value !== field.unsaid) body[field.name] = value;
    } else if (field.list) body[field.name] = value.split(/\n/).map((line) => line.trim()).filter(Boolean);
    else if (field.optional && value.trim() === "") continue;
    else if (field.number) body[field.name] = Number.isNaN(Number(value)) ? value : Number(value);
    else body[field.name] = value;
  }
  return body;
}
