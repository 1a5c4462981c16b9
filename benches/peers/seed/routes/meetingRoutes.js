// The HTTP endpoints, as far as they are compared.

import { Router, json } from 'express';

export function meetingRoutes(zoom, sockets) {
  const routes = Router();

  routes.get('/health', (_request, response) => {
    response.json({ status: 'ok', ...sockets.present() });
  });

  routes.post('/meetings/join', json(), async (request, response) => {
    // The contract's name for it is the longer one.
    const { meetingId, participantUserId, userId = participantUserId } = request.body;
    try {
      const { token, expiresIn, expiresAt } = await zoom.obf(userId, meetingId);
      const message = 'Join credentials generated successfully';
      response.json({ success: true, meetingId, userId, obfToken: token, expiresIn, message, expiresAt });
    } catch (error) {
      const { message, code = 'internal', retryable = false } = error;
      response.status(503).json({ success: false, error: message, code, retryable });
    }
  });

  return routes;
}
