/* The floor of typing together: raw ws sends on what one client says to the others. Nothing is stored or looked into. */
import { type WebSocket, WebSocketServer } from 'ws';
import { serveSocket } from './server-process.ts';

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });

serveSocket(server);

const sockets = new Set<WebSocket>();

server.on('connection', (socket) => {
  sockets.add(socket);
  socket.on('message', (data: Buffer) => {
    for (const each of sockets) if (each !== socket) each.send(data);
  });
  socket.on('close', () => sockets.delete(socket));
  socket.on('error', () => socket.terminate());
});
