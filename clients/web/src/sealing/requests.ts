/** What the page asks of the worker that has the keys. */

import type { DeviceKeys } from "../identity/device";
import type { Input, Output } from "../mls/types";
import type { Bytes } from "./bytes";
import type { Counts } from "./frames";
import type { Acquaintance } from "./keyring";

/** What a room's keys are made of. */
export type Secret =
  | { readonly key: Bytes }
  | { readonly passphrase: string; readonly salt: Bytes };

/** What a group has for the page; its keys, and what concerns them alone, stay in the worker. */
export type GroupOutput =
  | Exclude<Output, { type: "epoch" | "outside" | "final" | "beacon" }>
  /** There are keys of another epoch. */
  | { readonly type: "rekeyed" };

/** What became of the frames that came on a route. */
export interface RouteReport {
  readonly counts: Counts;
  /** How much later than usual the latest frame came, in milliseconds. */
  readonly delay: number;
  /** Whether more and more is sealed for it, and nothing opens. */
  readonly isFrozen: boolean;
}

/** By name of the request: what goes in, and what comes back. */
export interface Requests {
  // With a shared secret
  open: { in: { room: string; secret: Secret }; out: null };
  introduce: { in: { name: string }; out: string };
  adopt: { in: object; out: null };
  meet: { in: { participant: string; hello: string | null }; out: Acquaintance };
  keep: { in: { participants: readonly string[] }; out: null };
  part: { in: { participant: string }; out: null };
  sealLine: { in: { text: string }; out: string | null };
  openLine: { in: { participant: string | null; line: string }; out: string | null };
  sealKeys: { in: { publicKey: string; recording: string }; out: string | null };
  // With a group
  openGroup: { in: GroupOptions; out: null };
  greet: { in: object; out: string };
  feed: { in: { input: Input }; out: readonly GroupOutput[] };
  // With either
  /** What arrives on this route is somebody's stream from now on; nobody's, for null. */
  lead: { in: { route: number; to: Target | null }; out: null };
  count: { in: object; out: ReadonlyMap<number, RouteReport> };
  /** Whether frames of ours are padded before they are sealed, from now on. */
  pad: { in: { isOn: boolean }; out: null };
}

export interface GroupOptions {
  readonly room: string;
  readonly secret: Bytes;
  readonly name: string;
  readonly device: DeviceKeys;
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

/** What the worker says of itself: time went on, and a group had something to say. */
export interface News {
  readonly outputs: readonly GroupOutput[];
}

/** What a transform is for: a stream of ours, or a route of somebody's. */
export type TransformOptions = { readonly stream: number } | { readonly route: number };
