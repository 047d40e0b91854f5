// Clients that follow tasks and wait: `node clients.mjs <port> <readers> <tasks>`. Says when all are
// there, and counts what they receive; a heartbeat comes in one piece.
import { connect } from 'node:net';
import { taskIdOf } from './task-id.mjs';

const [port, readers, tasks] = process.argv.slice(2).map(Number);
let received = 0;

async function follow(index) {
  const socket = connect(port, '127.0.0.1');
  const request = `GET /?taskId=${taskIdOf(index % tasks)} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
  socket.write(request);
  socket.on('data', () => {
    received++;
  });
  await new Promise((resolve, reject) => {
    socket.once('data', resolve);
    socket.once('error', reject);
  });
}

let next = 0;
async function followInTurn() {
  while (next < readers) await follow(next++);
}
await Promise.all(Array.from({ length: 64 }, followInTurn));
process.send({});
process.on('message', () => process.send({ received }));
