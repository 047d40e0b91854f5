// `node --experimental-websocket scripts/stack-of.mjs PID`: prints where the code of a Node process
// stands, however busy it is, and what it waits for.
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { childrenOf } from './child-processes.mjs';

/** Where Node listens once it got SIGUSR1. */
const inspector = 'http://127.0.0.1:9229/json/list';

/** A loop of promises shows a place of it in some of these looks only. */
const looks = 5;

const pid = process.argv[2];
console.log(`Process ${pid}, ${await stateOf(pid)}`);
if (/\bnode\b/.test(await commandOf(pid))) {
  await Promise.race([tell(), sleep(20_000).then(() => console.log('  It does not answer.'))]);
}
await tellChildren(pid, '  ');
process.exit(0);

async function tell() {
  process.kill(Number(pid), 'SIGUSR1');
  const session = await connect(await waitForAddress());
  await session.ask('Debugger.enable');
  for (let look = 0; look < looks; look += 1) {
    const paused = session.once('Debugger.paused');
    await session.ask('Debugger.pause');
    const found = await Promise.race([paused, sleep(2_000)]);
    if (!found) {
      console.log('  It runs no code.');
      break;
    }
    console.log('  It is');
    for (const { functionName, url, location } of found.callFrames) {
      console.log(`    in ${functionName || 'a function'} ${url}:${location.lineNumber + 1}`);
    }
    await session.ask('Debugger.resume');
    await sleep(50);
  }
  const expression = 'JSON.stringify(process.getActiveResourcesInfo())';
  const evaluated = session.ask('Runtime.evaluate', { expression, returnByValue: true });
  const answer = await Promise.race([evaluated, sleep(2_000)]);
  if (answer) console.log(`  It waits for ${answer.result.value}`);
}

async function connect(address) {
  const socket = new WebSocket(address);
  await new Promise((resolve) => socket.addEventListener('open', resolve, { once: true }));
  const waiting = new Map();
  socket.addEventListener('message', ({ data }) => {
    const { id, method, result, params } = JSON.parse(data);
    waiting.get(id ?? method)?.(result ?? params);
  });
  let asked = 0;
  const once = (name) => new Promise((resolve) => waiting.set(name, resolve));
  return {
    once,
    ask(method, params = {}) {
      asked += 1;
      socket.send(JSON.stringify({ id: asked, method, params }));
      return once(asked);
    },
  };
}

async function waitForAddress() {
  for (;;) {
    const [found] = await fetch(inspector).then(
      (response) => response.json(),
      () => [],
    );
    if (found) return found.webSocketDebuggerUrl;
    await sleep(50);
  }
}

async function tellChildren(parent, indent) {
  for (const child of await childrenOf(parent)) {
    console.log(`${indent}started ${child}, ${await stateOf(child)}`);
    await tellChildren(child, `${indent}  `);
  }
}

/** The letter of a process as in proc(5), of which T is stopped, and the end of its command. */
async function stateOf(pid) {
  const stat = await read(`/proc/${pid}/stat`);
  const command = await commandOf(pid);
  return `${stat[stat.lastIndexOf(')') + 2]} ${command.slice(-120)}`;
}

async function commandOf(pid) {
  return (await read(`/proc/${pid}/cmdline`)).replaceAll('\0', ' ').trim();
}

/** Nothing for a process that has ended meanwhile, and where there is no /proc. */
function read(file) {
  return readFile(file, 'utf8').catch(() => '');
}
