// socket.io: after the drain the engine closes the connections, and the clients reconnect elsewhere.
import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { register } from 'rollcall';

const server = createServer((_request, response) => response.end('hello\n'));
const io = new Server(server);
io.on('connection', (socket) => {
  socket.on('ask', (question: string, answer: (text: string) => void) => answer(`you asked ${question}`));
});
server.listen(Number(process.env.PORT ?? 0), process.env.HOST ?? '127.0.0.1');

const registrar = await register(server, { name: process.env.SERVICE_NAME ?? 'chat', health: { path: '/health' } });
registrar.onStop('after drain', 'socket.io', () => {
  io.engine.close();
});

const { state, id, port } = registrar.status();
console.log(`http://127.0.0.1:${port ?? 0} is ${state} as ${id ?? 'no id yet'}`);
