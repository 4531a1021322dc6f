/** The worker that has the keys: it answers the page, and every frame of a sealed call passes it. */

import { stretch } from "./argon2";
import { Keyring } from "./keyring";
import { RoomKeys } from "./passphrase";
import type { Answer, Name, Request, Requests, Secret, TransformOptions } from "./requests";
import { type EncodedFrame, Route, sealFrame } from "./transforms";

/** RTCRtpScriptTransformer, which the types of a page lack. */
interface Transformer {
  readonly readable: ReadableStream<EncodedFrame>;
  readonly writable: WritableStream<EncodedFrame>;
  readonly options: TransformOptions;
  sendKeyFrameRequest?(): Promise<unknown>;
}

interface WorkerScope {
  onmessage: ((event: MessageEvent<Request>) => void) | null;
  onrtctransform: ((event: Event & { readonly transformer: Transformer }) => void) | null;
  postMessage(answer: Answer): void;
}

type Handlers = {
  readonly [N in Name]: (
    input: Requests[N]["in"],
  ) => Requests[N]["out"] | Promise<Requests[N]["out"]>;
};

const scope = self as unknown as WorkerScope;
const routes = new Map<number, Route>();
let keyring: Keyring | null = null;

function route(number: number): Route {
  const known = routes.get(number) ?? new Route();
  routes.set(number, known);
  return known;
}

function opened(): Keyring {
  if (keyring === null) {
    throw new Error("the room has no keys yet");
  }
  return keyring;
}

async function keysOf(secret: Secret, room: string): Promise<RoomKeys> {
  const bytes = "key" in secret ? secret.key : stretch(secret.passphrase, secret.salt);
  const keys = await RoomKeys.of(bytes, room);
  bytes.fill(0);
  return keys;
}

const handlers: Handlers = {
  open: async ({ room, secret }) => {
    keyring = new Keyring(await keysOf(secret, room));
    return null;
  },
  introduce: ({ name }) => opened().introduce(name),
  adopt: () => {
    opened().adopt();
    return null;
  },
  meet: ({ participant, hello }) => opened().meet(participant, hello),
  keep: ({ participants }) => {
    opened().keep(new Set(participants));
    return null;
  },
  part: ({ participant }) => {
    opened().part(participant);
    return null;
  },
  lead: ({ route: number, to }) => {
    route(number).lead(to);
    return null;
  },
  sealLine: ({ text }) => opened().sealLine(text),
  openLine: ({ participant, line }) => opened().openLine(participant, line),
  sealKeys: ({ publicKey, recording }) => opened().sealKeys(publicKey, recording),
  count: () => new Map([...routes].map(([number, one]) => [number, one.counts(keyring)])),
};

async function answer<N extends Name>({ id, name, with: input }: Request<N>): Promise<void> {
  try {
    scope.postMessage({ id, result: await handlers[name](input) });
  } catch (error) {
    scope.postMessage({ id, failed: String(error) });
  }
}

/** What fails is dropped, so that nothing passes that was not treated, and the stream goes on. */
function pump(transformer: Transformer, treat: (frame: EncodedFrame) => Promise<boolean>): void {
  const transform = new TransformStream<EncodedFrame, EncodedFrame>({
    transform: async (frame, controller) => {
      if (await treat(frame).catch(() => false)) {
        controller.enqueue(frame);
      }
    },
  });
  // It ends with its connection, in whichever way the browser likes.
  void transformer.readable
    .pipeThrough(transform)
    .pipeTo(transformer.writable)
    .catch(() => undefined);
}

scope.onmessage = ({ data }) => void answer(data);

scope.onrtctransform = ({ transformer }) => {
  const { options } = transformer;
  if ("stream" in options) {
    pump(transformer, (frame) => sealFrame(keyring, options.stream, frame, Date.now()));
    return;
  }
  const ask = () => void transformer.sendKeyFrameRequest?.().catch(() => undefined);
  pump(transformer, (frame) => route(options.route).open(keyring, frame, Date.now(), ask));
};
