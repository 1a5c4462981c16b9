// Token management: the access token, which is cached, and the ZAK and OBF tokens that it opens.

import http from 'node:http';
import axios from 'axios';

/** A login is good for an hour; it is renewed a little earlier. */
const ACCESS_TOKEN_MS = 55 * 60 * 1000;
/** Connections to Zoom at once: as many as the hub opens. */
const MAX_SOCKETS = 64;

const ZAK = { type: 'zak', ttl: 7200, expiresIn: '2 hours' };
const OBF = { type: 'onbehalf', ttl: 1800, expiresIn: '30 minutes' };

/** What may be otherwise a moment later. */
const PASSING = new Set(['zoom_rate_limited', 'zoom_unavailable']);

/** Why there is no token, by one of the contract's codes. */
export class ZoomError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
    this.retryable = PASSING.has(code);
  }
}

export class ZoomTokenService {
  #config;
  #http = axios.create({ httpAgent: new http.Agent({ keepAlive: true, maxSockets: MAX_SOCKETS }) });
  #login = null;
  #staleAt = 0;

  constructor(config) {
    this.#config = config;
  }

  /** The cached access token. Whoever comes while it is being fetched waits for the same one. */
  accessToken() {
    if (!this.#login || Date.now() >= this.#staleAt) {
      this.#staleAt = Date.now() + ACCESS_TOKEN_MS;
      this.#login = this.#logIn();
      this.#login.catch(() => (this.#login = null));
    }
    return this.#login;
  }

  zak(userId) {
    return this.#token(ZAK, userId);
  }

  obf(userId, meetingId) {
    return this.#token(OBF, userId, meetingId);
  }

  async #logIn() {
    const { oauthUrl, clientId, clientSecret, accountId } = this.#config;
    const form = new URLSearchParams({ grant_type: 'account_credentials', account_id: accountId });
    const auth = { username: clientId, password: clientSecret };
    const { data } = await this.#http.post(oauthUrl, form, { auth }).catch((error) => {
      throw new ZoomError('zoom_unavailable', error.message);
    });
    return data.access_token;
  }

  async #token({ type, ttl, expiresIn }, userId, meetingId) {
    const accessToken = await this.accessToken();
    const url = `${this.#config.apiUrl}/users/${encodeURIComponent(userId)}/token`;
    const { data } = await this.#http
      .get(url, { params: { type, ttl, meeting_id: meetingId }, headers: { Authorization: `Bearer ${accessToken}` } })
      .catch((error) => {
        throw new ZoomError(codeOf(error.response?.status), error.message);
      });
    if (!data.token) throw new ZoomError('zoom_bad_answer', 'Zoom answered without a token');
    return { token: data.token, expiresIn, expiresAt: new Date(Date.now() + ttl * 1000).toISOString() };
  }
}

function codeOf(status) {
  if (status === 429) return 'zoom_rate_limited';
  if (status === 404) return 'zoom_user_not_found';
  return status >= 400 && status < 500 ? 'zoom_refused' : 'zoom_unavailable';
}
