// The hub's codes and close codes in plain words: what it means, and what to do.

const CODES = {
  invalid_request: ["Something in the request is missing or of the wrong kind.", "Correct the fields that are named."],
  invalid_user_id: ["That is no user ID.", "Use the Zoom user ID or the e-mail address of the account."],
  invalid_meeting_id: ["That is no meeting ID.", "A meeting ID is 9 to 11 digits; spaces and dashes may stay."],
  unsupported_media_type: ["The body is neither JSON nor a form.", "Send it with Content-Type: application/json."],
  endpoint_not_found: ["The hub has no such path.", "Compare it with the list of calls here."],
  method_not_allowed: ["This path is called with another method.", "Use one that the answer’s Allow header names."],
  unknown_event: ["The hub knows no such event.", "Compare its spelling with the list of events here."],
  malformed_frame: ["That was no JSON object.", "Send text frames like {\"event\": \"ping\"}; the third bad one in a row closes."],
  not_authenticated: ["The hub doesn’t know who asks.", "Paste a credential at the top of the page; a connection of your own must authenticate first."],
  invalid_credential: ["The hub doesn’t accept this credential.", "Get one that is signed with the hub’s key: its log says what is wrong."],
  credential_expired: ["This credential has expired.", "Get a fresh one, and paste it at the top of the page."],
  credential_revoked: ["This credential was revoked.", "Get one that was signed since then, and paste it at the top of the page."],
  forbidden: ["This credential doesn’t allow that.", "It takes another user’s, role or meeting: the message says what."],
  rate_limited: ["Too much in too short a time.", "Wait a moment; MESSAGE_RATE_PER_SECOND and REST_RATE_PER_SECOND set the pace."],
  too_many_sessions: ["There are too many connections.", "Close some: MAX_SESSIONS_PER_USER is a user’s share, MAX_SESSIONS everybody’s."],
  authentication_timeout: ["The connection didn’t say in time whose it is.", "Authenticate as soon as it is open."],
  no_credential: ["This hub asks for a credential.", "Paste one at the top of the page, and the cards connect."],
  other_credential: ["The credential is another user’s.", "Paste this user’s own, or one of role service, which is good for everybody."],
  origin_refused: ["Pages from this address may not call the hub.", "Add the page’s origin to CORS_ORIGIN and restart the hub."],
  payload_too_large: ["The message is too long.", "Split it, or raise MAX_MESSAGE_BYTES."],
  too_many_participants: ["Too many participants in one call.", "Split the list, or raise MAX_BATCH."],
  not_connected: ["Not connected, so no token was made.", "Connect, and run the distribution again."],
  not_acknowledged: ["No connection has confirmed a token.", "Reconnect, and run the distribution again."],
  hold_expired: ["Did not come in time, so no token was made.", "Connect, and run the distribution again."],
  hold_full: ["Not connected, and the hub waits for too many others.", "Connect, and run it again; MAX_PENDING sets the limit."],
  cancelled: ["No longer waited for, so no token was made.", "It was cancelled, or a newer distribution of this meeting waits."],
  distribution_not_found: ["The hub remembers no such distribution.", "It may be too old: run another."],
  idempotency_conflict: ["This key was used for another distribution.", "Use a new key for each."],
  zoom_user_not_found: ["Zoom knows no such user.", "Check the spelling; the user must belong to your Zoom account."],
  zoom_refused: ["Zoom refused.", "Zoom’s own words say why."],
  zoom_scope_missing: ["The Zoom app lacks a permission.", "Add the scope that is named in the Zoom Marketplace, then restart the hub."],
  zoom_credentials_rejected: ["Zoom refused the app’s credentials.", "Check the client ID, secret and account ID, and that the app is activated."],
  zoom_bad_answer: ["Zoom answered without a token.", "Try again; if it stays so, ask Zoom’s support."],
  zoom_rate_limited: ["Zoom’s limit of calls a second is reached.", "Wait a moment, then try again."],
  zoom_daily_limit: ["Zoom’s limit of calls a day is reached.", "It is lifted at midnight, GMT. Until then nothing helps."],
  zoom_unavailable: ["Zoom can’t be reached, or has trouble.", "Try again in a few seconds; status.zoom.us tells of outages."],
  deadline_exceeded: ["Zoom did not answer in time.", "Try again."],
  overloaded: ["The hub has too much waiting already.", "Try again in a moment."],
  shutting_down: ["The hub is being stopped.", "This page comes back by itself once it runs again."],
  internal: ["The hub made a mistake.", "Its log has the details, by the request’s name."],
  connection_lost: ["The connection was lost meanwhile.", "It comes back by itself; then try again."],
  connection_closed: ["The connection is closed.", "Reconnect, then try again."],
  too_many_polling: ["A browser has no room for another connection that polls.", "Disconnect somebody, or choose another carrier."],
  no_answer: ["There was no answer in time.", "Try again."],
  unreachable: ["The hub can’t be reached.", "Check that it runs; this page keeps trying."],
};

/** What a code means, and what to do about it. */
export function plainly(code) {
  const [what, then] = CODES[code] ?? ["That did not work.", "The message says more."];
  return { what, then };
}

/** Zoom's sentence without the name of the call that failed. */
export function detail(error) {
  return (error ?? "").replace(/^(OBF|ZAK) token retrieval failed: /, "");
}

const CLOSES = {
  0: "There is no credential to connect with.",
  1000: "Disconnected by you.",
  1001: "The hub went away.",
  1002: "The hub found the connection’s protocol broken.",
  1006: "The connection was lost.",
  1007: "A message was not UTF-8.",
  1009: "A message was too long for the hub.",
  4400: "Three messages in a row were no JSON objects, so the hub closed the connection.",
  4401: "The hub doesn’t accept this credential.",
  4409: "This user has a newer connection too many, so the oldest was closed.",
  4500: "The hub made a mistake.",
  4503: "The hub is being stopped.",
  4507: "This client was too slow or silent for the hub.",
  4508: "The connection didn’t say in time whose it is.",
  4529: "This client sent too much in too short a time.",
  4601: "This credential has expired.",
  4602: "This credential was revoked.",
};

/** Why a connection ended. */
export function whyClosed(close) {
  if (!close) return "";
  const words = CLOSES[close.code] ?? "The hub closed the connection.";
  return [0, 1000, 1006].includes(close.code) ? words : `${words} (${close.code})`;
}
