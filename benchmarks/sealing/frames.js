/**
 * Runs the page's own worker, as it is built, twice: one that seals and one that opens. This file is
 * the browser around them: it hands them frames as a transformer does, and takes what they pass on.
 */

const ROOM = "bench";
const CAMERA = 1;
const ROUTE = 1;
const WORKERS = ["seal", "open"];

/** Frames that wait in front of a transform: as many as a stream takes without waiting. */
const AHEAD = 1;

/** One instance of the worker's module; it takes `self` for its own. */
async function start(url, name) {
  const waiting = new Map();
  let last = 0;
  await import(`${url}?${name}`);
  const [handler, onTransform] = [self.onmessage, self.onrtctransform];
  const ask = (request, input) =>
    new Promise((resolve, reject) => {
      last += 1;
      waiting.set(`${name}-${last}`, { resolve, reject });
      handler({ data: { id: `${name}-${last}`, name: request, with: input } });
    });
  const answered = ({ id, result, failed }) => {
    const { resolve, reject } = waiting.get(id) ?? {};
    waiting.delete(id);
    failed === undefined ? resolve?.(result) : reject?.(new Error(failed));
  };
  return { ask, answered, onTransform };
}

const post = self.postMessage.bind(self);
const workers = {};
self.postMessage = (message) => {
  for (const worker of Object.values(workers)) {
    worker.answered(message);
  }
};

async function prepare({ url }) {
  for (const name of WORKERS) {
    workers[name] = await start(url, name);
    await workers[name].ask("open", { room: ROOM, secret: { key: new Uint8Array(16) } });
  }
  const hello = await workers.seal.ask("introduce", { name: "Ana" });
  await workers.seal.ask("adopt", {});
  await workers.open.ask("introduce", { name: "Ben" });
  await workers.open.ask("adopt", {});
  await workers.open.ask("meet", { participant: "ana", hello });
  await workers.open.ask("lead", { route: ROUTE, to: { participant: "ana", stream: CAMERA } });
  self.onmessage = receive;
  return {};
}

function frame(codec, data) {
  const video = codec !== "opus";
  const metadata = {
    mimeType: `${video ? "video" : "audio"}/${codec}`,
    ...(video && { spatialIndex: 2, temporalIndex: 0, width: 1280, height: 720 }),
  };
  return { data, ...(video && { type: "delta" }), getMetadata: () => metadata };
}

/** A transform of the browser that does nothing: what streams alone cost. */
function pass({ transformer }) {
  const nothing = new TransformStream({ transform: async (one, to) => to.enqueue(one) });
  void transformer.readable.pipeThrough(nothing).pipeTo(transformer.writable);
}

/** Both ends of one transform. */
function connect(what) {
  const options = what === "seal" ? { stream: CAMERA } : { route: ROUTE };
  let put;
  let take = () => undefined;
  const readable = new ReadableStream(
    { start: (controller) => (put = (one) => controller.enqueue(one)) },
    { highWaterMark: AHEAD },
  );
  const writable = new WritableStream({ write: (one) => take(one) });
  const onTransform = what === "pass" ? pass : workers[what].onTransform;
  onTransform({ transformer: { readable, writable, options } });
  return (one) =>
    new Promise((resolve) => {
      take = resolve;
      put(one);
    });
}

const wires = {};

function through(what, one) {
  wires[what] ??= connect(what);
  return wires[what](one);
}

const media = (bytes) => crypto.getRandomValues(new Uint8Array(bytes)).buffer;

/** Frames for one treatment, made before it is measured. */
async function made(what, codec, bytes, count) {
  const plain = media(bytes);
  const list = [];
  for (let at = 0; at < count; at += 1) {
    const one = frame(codec, plain.slice(0));
    list.push(what === "open" ? frame(codec, (await through("seal", one)).data) : one);
  }
  return list;
}

let ready = [];

async function make({ what, codec, bytes, count }) {
  ready = await made(what, codec, bytes, count);
  return { count };
}

/** One frame after the other, as fast as they pass. */
async function run({ what }) {
  const began = performance.now();
  let octets = 0;
  for (const one of ready) {
    octets += (await through(what, one)).data.byteLength;
  }
  return { ms: performance.now() - began, octets };
}

/** One frame, then a pause, as in a call; how long each of them took. */
async function pace({ what, pause }) {
  const times = [];
  for (const one of ready) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    const began = performance.now();
    await through(what, one);
    times.push(performance.now() - began);
  }
  return { times };
}

const DOES = { prepare, make, run, pace };

async function receive({ data: [name, options] }) {
  try {
    post(await DOES[name](options));
  } catch (error) {
    post({ failed: String(error) });
  }
}

self.onmessage = receive;
