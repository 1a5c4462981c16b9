// The client of the Node server's document, word for word: `io` and `console` are passed in. It connects to where
// that server listens, sends everything before it is connected, and waits for no answer.

// Import socket.io client
const socket = io('http://localhost:3000');

// Authenticate
socket.emit('authenticate', { userId: 'user@example.com' });

socket.on('authenticated', (data) => {
  console.log('Authenticated:', data);
});

// Host: Start meeting
socket.emit('meeting:start', {
  meetingId: '1234567890',
  hostUserId: 'host@example.com'
});

socket.on('meeting:started', (data) => {
  console.log('ZAK Token:', data.zakToken);
  // Use token to initialize Zoom Video SDK
});

// Participant: Join meeting
socket.emit('meeting:join', {
  meetingId: '1234567890',
  participantUserId: 'participant@example.com'
});

socket.on('meeting:credentials', (data) => {
  console.log('OBF Token:', data.obfToken);
  // Use token to join Zoom meeting
});
