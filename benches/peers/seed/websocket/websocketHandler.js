// The events: who is there, and what is handed to whom.

const MESSAGES = {
  'meeting:join': 'Failed to join meeting',
  'meeting:distribute': 'Failed to distribute tokens',
};

export class WebSocketHandler {
  #io;
  #zoom;
  /** The newest socket of each user. */
  #users = new Map();
  #distributions = 0;

  constructor(io, zoom) {
    this.#io = io;
    this.#zoom = zoom;
    io.on('connection', (socket) => this.#connected(socket));
  }

  /** How many are there. */
  present() {
    return { sessions: this.#io.of('/').sockets.size, users: this.#users.size };
  }

  #connected(socket) {
    /** What was handed over and is not confirmed yet, by the name of the delivery. */
    socket.data.deliveries = new Map();
    answer(socket, 'authenticate', 'authenticated', (data) => this.#authenticate(socket, data));
    answer(socket, 'meeting:join', 'meeting:credentials', (data) => this.#join(data));
    answer(socket, 'meeting:distribute', 'meeting:distributed', (data) => this.#distribute(socket, data));
    answer(socket, 'ping', 'pong', () => ({ timestamp: now() }));
    socket.on('delivery:ack', (data) => acknowledge(socket, data));
    socket.on('disconnect', () => {
      if (this.#users.get(socket.data.userId) === socket) this.#users.delete(socket.data.userId);
    });
  }

  #authenticate(socket, { userId }) {
    socket.data.userId = userId;
    this.#users.set(userId, socket);
    return { success: true, userId, socketId: socket.id, timestamp: now(), meetings: [] };
  }

  async #join({ meetingId, participantUserId, userId = participantUserId }) {
    return credentials(meetingId, userId, await this.#zoom.obf(userId, meetingId));
  }

  /** The host's token first, then everybody's at once. */
  async #distribute(host, { meetingId, hostUserId, participantUserIds }) {
    const { token, expiresIn, expiresAt } = await this.#zoom.zak(hostUserId);
    host.emit('meeting:started', { meetingId, zakToken: token, expiresIn, timestamp: now(), expiresAt });
    const distributionId = String(++this.#distributions);
    const participants = await Promise.all(
      participantUserIds.map((userId, number) => this.#deliver(userId, meetingId, `${distributionId}-${number}`)),
    );
    const failed = participants.filter((row) => row.status === 'failed');
    return {
      meetingId,
      distributionId,
      hostUserId,
      total: participants.length,
      successful: participants.length - failed.length,
      failed: failed.length,
      pending: 0,
      failedUsers: failed.map((row) => row.userId),
      pendingUsers: [],
      participants,
      timestamp: now(),
    };
  }

  /** One participant's row: a token is minted for whoever is there, and handed over if they still are. */
  async #deliver(userId, meetingId, deliveryId) {
    try {
      if (!this.#users.has(userId)) return failed(userId, 'not_connected', 'The user is not connected');
      const minted = await this.#zoom.obf(userId, meetingId);
      const socket = this.#users.get(userId);
      if (!socket) return failed(userId, 'not_connected', 'The user has left');
      const row = { userId, status: 'delivered', sessions: 1, at: now() };
      socket.data.deliveries.set(deliveryId, row);
      socket.emit('meeting:credentials', { ...credentials(meetingId, userId, minted), deliveryId });
      return row;
    } catch (error) {
      return failed(userId, error.code ?? 'internal', error.message);
    }
  }
}

/** Answers an event with what the work comes to: by an event, and to the callback where the client gave one. */
function answer(socket, event, answered, work) {
  socket.on(event, async (...args) => {
    const callback = typeof args.at(-1) === 'function' ? args.pop() : () => {};
    try {
      const data = await work(args[0]);
      socket.emit(answered, data);
      callback(data);
    } catch (error) {
      const { message, code = 'internal', retryable = false } = error;
      const data = { message: MESSAGES[event] ?? message, code, event, retryable, error: message };
      socket.emit('error', data);
      callback(data);
    }
  });
}

function acknowledge(socket, data) {
  const { deliveries } = socket.data;
  const row = deliveries.get(data?.deliveryId);
  if (!row) return;
  row.status = 'acknowledged';
  deliveries.delete(data.deliveryId);
}

function credentials(meetingId, userId, { token, expiresIn, expiresAt }) {
  return { meetingId, userId, obfToken: token, expiresIn, timestamp: now(), expiresAt };
}

function failed(userId, code, error) {
  return { userId, status: 'failed', sessions: 0, at: now(), code, error };
}

function now() {
  return new Date().toISOString();
}
