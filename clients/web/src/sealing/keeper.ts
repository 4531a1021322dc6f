/** The page's end of the worker that has the keys. */

import type { DeviceKeys } from "../identity/device";
import type { Input } from "../mls/types";
import type { MediaSource } from "../protocol/messages";
import type { Bytes } from "./bytes";
import { STREAMS } from "./frames";
import type { Acquaintance } from "./keyring";
import type {
  Answer,
  GroupOutput,
  Name,
  News,
  Request,
  Requests,
  RouteReport,
  Secret,
  TransformOptions,
} from "./requests";

/** Why a call cannot be sealed here: of an address without TLS, or of an old browser. */
export type Hindrance = "insecure" | "unsupported";

/** One way that frames come, through a transform that outlives whom it leads to. */
export interface Incoming {
  readonly route: number;
  readonly transform: RTCRtpScriptTransform;
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

export class Keeper {
  /** Called with what a group has to say without having been asked. */
  onNews: ((outputs: readonly GroupOutput[]) => void) | null = null;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #lastRoute = 0;

  /** Null where calls can be sealed. */
  static hindrance(): Hindrance | null {
    if (!globalThis.isSecureContext) {
      return "insecure";
    }
    const able =
      typeof RTCRtpScriptTransform === "function" && "transform" in RTCRtpSender.prototype;
    return able ? null : "unsupported";
  }

  constructor() {
    this.#worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<Answer | News>) => {
      if ("outputs" in data) {
        this.onNews?.(data.outputs);
      } else {
        this.#answered(data);
      }
    };
    this.#worker.onerror = () => this.#fail();
  }

  /** Make the keys of a room. A passphrase takes seconds. The page has no use for the secret now. */
  open(room: string, secret: Secret): Promise<null> {
    const bytes = "key" in secret ? secret.key : secret.salt;
    return this.#ask("open", { room, secret }, [bytes.buffer]);
  }

  /** A hello for a new join, with keys that are used from `adopt` on. */
  introduce(name: string): Promise<string> {
    return this.#ask("introduce", { name });
  }

  /** The server has let us in with the latest hello. */
  adopt(): void {
    this.#tell("adopt", {});
  }

  meet(participant: string, hello: string | null): Promise<Acquaintance> {
    return this.#ask("meet", { participant, hello });
  }

  /** Only these are in the room now. */
  keep(participants: readonly string[]): void {
    this.#tell("keep", { participants });
  }

  part(participant: string): void {
    this.#tell("part", { participant });
  }

  /** Null when it cannot be sealed. */
  sealLine(text: string): Promise<string | null> {
    return this.#ask("sealLine", { text });
  }

  /** What somebody wrote, we ourselves for null; null if it cannot be opened. */
  openLine(participant: string | null, line: string): Promise<string | null> {
    return this.#ask("openLine", { participant, line });
  }

  /** What consents to a recording; null when there are no keys yet. */
  sealKeys(publicKey: string, recording: string): Promise<string | null> {
    return this.#ask("sealKeys", { publicKey, recording });
  }

  /** Be a member of a room's group, as soon as somebody lets us in. The secret goes, too. */
  openGroup(room: string, secret: Bytes, name: string, device: DeviceKeys): Promise<null> {
    return this.#ask("openGroup", { room, secret, name, device }, [secret.buffer]);
  }

  /** The hello to join a call with a group. */
  greet(): Promise<string> {
    return this.#ask("greet", {});
  }

  /** What happened, in order; and what the group has to say to it. */
  feed(input: Input): Promise<readonly GroupOutput[]> {
    return this.#ask("feed", { input });
  }

  /** What became of frames, by route. */
  count(): Promise<ReadonlyMap<number, RouteReport>> {
    return this.#ask("count", {});
  }

  outgoing(source: MediaSource): RTCRtpScriptTransform {
    return this.#transform({ stream: STREAMS[source] });
  }

  incoming(): Incoming {
    this.#lastRoute += 1;
    const route = this.#lastRoute;
    return { route, transform: this.#transform({ route }) };
  }

  /** What comes on this route is somebody's source from now on, or nobody's. */
  lead(route: number, to: { participant: string; source: MediaSource } | null): void {
    const target = to && { participant: to.participant, stream: STREAMS[to.source] };
    this.#tell("lead", { route, to: target });
  }

  /** Whether sizes of what we seal are to tell less, from now on. */
  pad(isOn: boolean): void {
    this.#tell("pad", { isOn });
  }

  /** The keys are gone; what is under way is never answered. */
  close(): void {
    this.#worker.terminate();
    this.#waiting.clear();
  }

  #transform(options: TransformOptions): RTCRtpScriptTransform {
    return new RTCRtpScriptTransform(this.#worker, options);
  }

  #ask<N extends Name>(
    name: N,
    input: Requests[N]["in"],
    transfer: Transferable[] = [],
  ): Promise<Requests[N]["out"]> {
    this.#lastId += 1;
    const id = this.#lastId;
    const request: Request<N> = { id, name, with: input };
    this.#worker.postMessage(request, transfer);
    return new Promise<unknown>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
    }) as Promise<Requests[N]["out"]>;
  }

  /** Where nothing depends on the answer. */
  #tell<N extends Name>(name: N, input: Requests[N]["in"]): void {
    void this.#ask(name, input).catch(() => undefined);
  }

  #answered(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ("failed" in answer) {
      waiting?.reject(new Error(answer.failed));
    } else {
      waiting?.resolve(answer.result);
    }
  }

  #fail(): void {
    for (const waiting of this.#waiting.values()) {
      waiting.reject(new Error("the worker with the keys does not run"));
    }
    this.#waiting.clear();
  }
}
