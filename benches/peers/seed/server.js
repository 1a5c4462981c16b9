// The main application: what Zoom gives, over HTTP and over Socket.IO. Configured by the environment alone.

import http from 'node:http';
import express from 'express';
import { Server } from 'socket.io';

import { meetingRoutes } from './routes/meetingRoutes.js';
import { ZoomTokenService } from './services/zoomTokenService.js';
import { WebSocketHandler } from './websocket/websocketHandler.js';

const { env } = process;
const zoom = new ZoomTokenService({
  oauthUrl: env.ZOOM_OAUTH_URL,
  apiUrl: env.ZOOM_API_URL,
  clientId: env.ZOOM_CLIENT_ID,
  clientSecret: env.ZOOM_CLIENT_SECRET,
  accountId: env.ZOOM_ACCOUNT_ID,
});

const app = express();
const server = http.createServer(app);
// Node's five seconds would close the connection of a caller who thinks for a while.
server.keepAliveTimeout = 65_000;
const sockets = new WebSocketHandler(new Server(server), zoom);
app.use('/api', meetingRoutes(zoom, sockets));

server.listen(Number(env.PORT ?? 3000), '127.0.0.1', async () => {
  console.log(`Listening: 127.0.0.1:${server.address().port}`);
  try {
    await zoom.accessToken();
    console.log('Login: Successfully');
  } catch (error) {
    console.log(`Login: ${error.message}`);
  }
});
