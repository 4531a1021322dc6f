/** What the page asks of the worker that has the keys. */

import type { Bytes } from "./bytes";
import type { Counts } from "./frames";
import type { Acquaintance } from "./keyring";

/** What a room's keys are made of. */
export type Secret =
  | { readonly key: Bytes }
  | { readonly passphrase: string; readonly salt: Bytes };

/** By name of the request: what goes in, and what comes back. */
export interface Requests {
  open: { in: { room: string; secret: Secret }; out: null };
  introduce: { in: { name: string }; out: string };
  adopt: { in: object; out: null };
  meet: { in: { participant: string; hello: string | null }; out: Acquaintance };
  keep: { in: { participants: readonly string[] }; out: null };
  part: { in: { participant: string }; out: null };
  /** What arrives on this route is somebody's stream from now on; nobody's, for null. */
  lead: { in: { route: number; to: Target | null }; out: null };
  sealLine: { in: { text: string }; out: string | null };
  openLine: { in: { participant: string | null; line: string }; out: string | null };
  sealKeys: { in: { publicKey: string; recording: string }; out: string | null };
  count: { in: object; out: ReadonlyMap<number, Counts> };
}

export interface Target {
  readonly participant: string;
  readonly stream: number;
}

export type Name = keyof Requests;

export interface Request<N extends Name = Name> {
  readonly id: number;
  readonly name: N;
  readonly with: Requests[N]["in"];
}

/** `failed` is a sentence for developers. */
export type Answer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failed: string };

/** What a transform is for: a stream of ours, or a route of somebody's. */
export type TransformOptions = { readonly stream: number } | { readonly route: number };
