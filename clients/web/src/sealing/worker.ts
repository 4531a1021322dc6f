/** The worker that has the keys: it answers the page, and every frame of a sealed call passes it. */

import type { DeviceKeys } from "../identity/device";
import { Member } from "../mls/member";
import { suite } from "../mls/suite";
import type { Device } from "../mls/types";
import { stretch } from "./argon2";
import { GroupKeys } from "./groupkeys";
import { Keyring } from "./keyring";
import { Padding } from "./padding";
import { RoomKeys } from "./passphrase";
import type {
  Answer,
  GroupOptions,
  Name,
  News,
  Request,
  Requests,
  Secret,
  TransformOptions,
} from "./requests";
import { type EncodedFrame, Route, sealFrame } from "./transforms";

const TICK_MS = 100;

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
  postMessage(answer: Answer | News): void;
}

type Handlers = {
  readonly [N in Name]: (
    input: Requests[N]["in"],
  ) => Requests[N]["out"] | Promise<Requests[N]["out"]>;
};

const scope = self as unknown as WorkerScope;
const routes = new Map<number, Route>();
let keys: Keyring | GroupKeys | null = null;
let padding: Padding | null = null;

/** Milliseconds since 1970 by a clock that never leaps, whatever is done to that of the machine. */
function now(): number {
  return Math.round(performance.timeOrigin + performance.now());
}

function route(number: number): Route {
  const known = routes.get(number) ?? new Route();
  routes.set(number, known);
  return known;
}

function shared(): Keyring {
  if (keys instanceof Keyring) {
    return keys;
  }
  throw new Error("the room has no shared keys");
}

function group(): GroupKeys {
  if (keys instanceof GroupKeys) {
    return keys;
  }
  throw new Error("the room has no group");
}

async function keysOf(secret: Secret, room: string): Promise<RoomKeys> {
  const bytes = "key" in secret ? secret.key : stretch(secret.passphrase, secret.salt);
  const made = await RoomKeys.of(bytes, room);
  bytes.fill(0);
  return made;
}

function signer({ person, device, endorsement, key }: DeviceKeys): Device {
  const sign = async (data: BufferSource) =>
    new Uint8Array(await crypto.subtle.sign("Ed25519", key, data));
  return { person, device, endorsement, sign };
}

function groupKeys({ room, secret, name, device }: GroupOptions): GroupKeys {
  const options = { roomSecret: secret, room, name, device: signer(device) };
  const member = new Member(options, suite);
  secret.fill(0);
  const made = new GroupKeys(member, {
    rekeyed: () => {
      for (const one of routes.values()) {
        void one.rekeyed(made, now());
      }
    },
    beacon: (participant, epoch, counters) => {
      for (const one of routes.values()) {
        one.beacon(made, participant, epoch, counters);
      }
    },
  });
  setInterval(() => void tick(made), TICK_MS);
  return made;
}

async function tick(of: GroupKeys): Promise<void> {
  const outputs = await of.tick(now());
  if (outputs && outputs.length > 0) {
    scope.postMessage({ outputs });
  }
}

const handlers: Handlers = {
  open: async ({ room, secret }) => {
    keys = new Keyring(await keysOf(secret, room));
    return null;
  },
  introduce: ({ name }) => shared().introduce(name),
  adopt: () => {
    shared().adopt();
    return null;
  },
  meet: ({ participant, hello }) => shared().meet(participant, hello),
  keep: ({ participants }) => {
    shared().keep(new Set(participants));
    return null;
  },
  part: ({ participant }) => {
    shared().part(participant);
    return null;
  },
  sealLine: ({ text }) => shared().sealLine(text),
  openLine: ({ participant, line }) => shared().openLine(participant, line),
  openGroup: (options) => {
    keys = groupKeys(options);
    return null;
  },
  greet: () => group().introduce(),
  feed: ({ input }) => group().receive(input, now()),
  lead: ({ route: number, to }) => {
    route(number).lead(to);
    return null;
  },
  sealKeys: ({ publicKey, recording }) => keys?.sealKeys(publicKey, recording) ?? null,
  pad: ({ isOn }) => {
    padding = isOn ? (padding ?? new Padding()) : null;
    return null;
  },
  count: () => new Map([...routes].map(([number, one]) => [number, one.report(keys)])),
};

async function answer<N extends Name>({ id, name, with: input }: Request<N>): Promise<void> {
  try {
    scope.postMessage({ id, result: await handlers[name](input) });
  } catch (error) {
    scope.postMessage({ id, failed: String(error) });
  }
}

type Treat = (frame: EncodedFrame, deliver: (frame: EncodedFrame) => void) => Promise<void>;

/** What fails is dropped, so that nothing passes that was not treated, and the stream goes on. */
function pump(transformer: Transformer, treat: Treat): void {
  const transform = new TransformStream<EncodedFrame, EncodedFrame>({
    transform: (frame, controller) => {
      const deliver = (treated: EncodedFrame) => controller.enqueue(treated);
      return treat(frame, deliver).catch(() => undefined);
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
    pump(transformer, async (frame, deliver) => {
      if (await sealFrame(keys, options.stream, frame, now(), padding)) {
        deliver(frame);
      }
    });
    return;
  }
  const ask = () => void transformer.sendKeyFrameRequest?.().catch(() => undefined);
  pump(transformer, (frame, deliver) =>
    route(options.route).open(keys, frame, now(), { deliver, ask }),
  );
};
