// A process of producers or readers, which does what its parent asks of it.
import { setTimeout as delay } from 'node:timers/promises';
import { now } from './clock.mjs';
import { contenders } from './contenders.mjs';
import { deferred } from './deferred.mjs';
import { createManySource } from './many-source.mjs';
import { createLogSink, createStampSink, createTextSink, readToEnd, readToMark } from './sinks.mjs';
import { chunksPerSecond, createBurst, createSteady } from './source.mjs';
import { percentile } from './statistics.mjs';

/** Long enough for readers to be attached, in milliseconds. */
const attachMs = 50;

const made = new Map();
/** Makes a contender once. */
function contender(name) {
  if (!made.has(name)) made.set(name, contenders[name].create(process.env.REDIS_URL));
  return made.get(name);
}

function createSink({ name, feed, seconds, latencies }) {
  if (feed !== 'burst') return createStampSink({ count: seconds * chunksPerSecond, latencies });
  return contenders[name].shape === 'chunk' ? createTextSink() : createLogSink();
}

async function follow(name, id, how = 'follow') {
  const stream = await (await contender(name))[how](id);
  if (!stream) throw new Error(`There is no stream to follow: ${stream}.`);
  return stream;
}

const runs = new Map();
let many;

const actions = {
  /** Connects a contender, so that no run has to wait for that. */
  warm: ({ name }) => contender(name).then(() => {}),

  /** Starts a producer that waits for `go`, and its first reader. */
  async open({ name, id, feed, seconds }) {
    const opened = deferred();
    const released = deferred();
    const options = { shape: contenders[name].shape, opened: opened.promise };
    const source =
      feed === 'burst'
        ? createBurst({ ...options, released: released.promise })
        : createSteady({ ...options, seconds });
    const stream = await (await contender(name)).open(id, source);
    const sink = createSink({ name, feed, seconds });
    runs.set(id, { opened, released, sink, reading: [readToEnd(stream, sink)] });
  },

  /** Attaches readers, which read in the background until `finish`. */
  async attach({ name, id, count, feed, seconds }) {
    const latencies = [];
    const reading = await Promise.all(
      Array.from({ length: count }, async () => {
        const sink = createSink({ name, feed, seconds, latencies });
        return { end: readToEnd(await follow(name, id), sink) };
      }),
    );
    runs.set(id, { reading: reading.map(({ end }) => end), latencies });
    // Readers of some contenders attach only with their first read.
    await delay(attachMs);
  },

  /** Lets the producer begin; with `isHeld` it stays open once everything is written. */
  go({ id, isHeld = false }) {
    const { opened, released } = runs.get(id);
    if (!isHeld) released.resolve();
    const startedAt = now();
    opened.resolve(startedAt);
    return startedAt;
  },

  /** Resolves once the first reader of a producer that is held has everything. */
  async filled({ id }) {
    const { sink } = runs.get(id);
    while (!sink.hasAll) await delay(5);
  },

  release: ({ id }) => runs.get(id).released.resolve(),

  /** Waits for all readers, checks what they read, and returns when the last one was done. */
  async finish({ id }) {
    const { reading, latencies } = runs.get(id);
    runs.delete(id);
    const checks = await Promise.all(reading);
    return { endedAt: Math.max(0, ...checks.map((check) => check())), latencies };
  },

  /** Reads a log that is there already, and returns the milliseconds until all of it was read. */
  async replay({ name, id, how, isOpen }) {
    const sink = contenders[name].shape === 'chunk' ? createTextSink() : createLogSink();
    const startedAt = now();
    const stream = await follow(name, id, how);
    if (isOpen) return (await readToMark(stream, sink)) - startedAt;
    return (await readToEnd(stream, sink))() - startedAt;
  },

  /** Starts producers that wait for `goMany`, and their first readers. */
  async openMany({ name, ids, seconds }) {
    const { open } = await contender(name);
    many = createManySource({ shape: contenders[name].shape, count: ids.length, seconds });
    const readings = await Promise.all(
      ids.map(async (id, index) => {
        const sink = createStampSink({ count: seconds * chunksPerSecond, latencies: [] });
        return { end: readToEnd(await open(id, many.sources[index]), sink) };
      }),
    );
    many.reading = readings.map(({ end }) => end);
  },

  async attachMany({ name, ids, seconds }) {
    const latencies = [];
    const readings = await Promise.all(
      ids.map(async (id) => {
        const sink = createStampSink({ count: seconds * chunksPerSecond, latencies });
        return { end: readToEnd(await follow(name, id), sink) };
      }),
    );
    many = { reading: readings.map(({ end }) => end), latencies };
    await delay(attachMs);
  },

  goMany: () => many.start(),

  async finishMany() {
    const { reading, latencies = [], worstDelay } = many;
    const endedAt = Math.max(...(await Promise.all(reading)).map((check) => check()));
    const shares = latencies.length > 0 && [0.5, 0.99].map((share) => percentile(latencies, share));
    return { endedAt, worstDelay: worstDelay?.(), median: shares[0], p99: shares[1] };
  },

  usage() {
    const { user, system } = process.cpuUsage();
    // `maxRSS` is in kilobytes.
    return { cpuMs: (user + system) / 1e3, maxMegabytes: process.resourceUsage().maxRSS / 1024 };
  },
};

process.on('message', async ({ call, action, input }) => {
  try {
    process.send({ call, result: await actions[action](input) });
  } catch (error) {
    process.send({ call, error: error.stack });
  }
});
// A worker does not outlive its parent.
process.on('disconnect', () => process.exit());
