/** What goes into a member of a group and what comes out, as values: docs/mls.md is their meaning. */

import type {
  CatchUp,
  CommitAccepted,
  GroupEnded,
  GroupMessage,
  GroupStarted,
  GroupWelcome,
  Identifier,
  Introduce,
  Problem,
  SendCommit,
  SendGroupMessage,
  StartGroup,
} from "../protocol/messages";
import type { Bytes } from "../sealing/bytes";
import type { Counters, FinalCounters } from "./speech";

/** One participant, as far as the server tells; the server may lie about all of it. */
export interface Present {
  readonly participant: Identifier;
  readonly connected: boolean;
  readonly hello: string | null;
}

/** What the server says that matters to the group, and what the host wants. */
export type Input =
  | {
      readonly type: "entered";
      readonly self: Identifier;
      readonly resumed: boolean;
      readonly group: { readonly id: string; readonly number: number } | null;
      readonly present: readonly Present[];
    }
  | { readonly type: "present"; readonly present: readonly Present[] }
  | GroupStarted
  | CommitAccepted
  | GroupWelcome
  | GroupMessage
  | GroupEnded
  | Problem
  | { readonly type: "say"; readonly text: string }
  /** Have other keys as soon as may be: those of now were given away. */
  | { readonly type: "renew" }
  /** The connection is gone; `entered` follows when it is back. */
  | { readonly type: "lost" }
  /**
   * Frames sealed so far in the epoch that seals now, by `stream.spatial`; and in the one before,
   * which never seals again. From time to time, and at once when another epoch begins to seal.
   */
  | {
      readonly type: "sealed";
      readonly epoch: number;
      readonly counters: Counters;
      readonly final: FinalCounters | null;
    }
  /** Nothing happened, but time went on; several times a second. */
  | { readonly type: "tick" };

/** One leaf of the tree. All of it is authenticated, but `participant`: only their frames tell. */
export interface GroupMember {
  readonly leaf: number;
  /** Who shows this leaf's hello; null if nobody in the room does. */
  readonly participant: Identifier | null;
  /** Ed25519 keys, base64url. */
  readonly person: string;
  readonly device: string;
  readonly name: string;
  readonly isSelf: boolean;
  /** Nothing authentic was heard of them for three beacons. */
  readonly isSilent: boolean;
}

/** The keys of an epoch, with which media is sealed and opened. */
export interface EpochKeys {
  readonly epoch: number;
  /** 16 bytes for the AAD. */
  readonly context: Bytes;
  readonly ownLeaf: number;
  readonly baseKeys: ReadonlyMap<number, Bytes>;
  readonly cause: "joined" | "added" | "updated" | "removed";
}

/**
 * What people have to know: `split`, the server shows us another group than others; `stalled`,
 * it holds back what happens in it; `unadmitted`, nobody lets us in: the secret may be another one.
 */
export type Alarm = "split" | "stalled" | "unadmitted";

/** Why something of a group was refused; counted, and told to the server as counts. */
export type GroupRefusal =
  | "malformed"
  | "not_a_member"
  | "forbidden_proposal"
  | "bad_credential"
  | "not_authentic"
  | "repeated";

export type Output =
  | {
      readonly type: "send";
      readonly message: Introduce | StartGroup | SendCommit | SendGroupMessage | CatchUp;
    }
  | { readonly type: "epoch"; readonly keys: EpochKeys }
  /** We are in no group (any more); nothing is sealed or opened until the next epoch. */
  | { readonly type: "outside" }
  | { readonly type: "members"; readonly members: readonly GroupMember[]; readonly group: string }
  | { readonly type: "line"; readonly leaf: number; readonly text: string }
  /** Somebody's last counters of an epoch that is over. */
  | {
      readonly type: "final";
      readonly leaf: number;
      readonly epoch: number;
      readonly counters: Counters;
    }
  /** How far somebody's sealing has come, and when, by their clock. */
  | {
      readonly type: "beacon";
      readonly leaf: number;
      readonly epoch: number;
      readonly time: number;
      readonly counters: Counters;
    }
  | { readonly type: "alarm"; readonly alarm: Alarm; readonly isOn: boolean }
  | { readonly type: "refused"; readonly reason: GroupRefusal };

/** Who may ask a device to sign: it keeps its key to itself. */
export interface Device {
  /** Ed25519 public keys, 32 bytes each. */
  readonly person: Bytes;
  readonly device: Bytes;
  /** 64 bytes. */
  readonly endorsement: Bytes;
  sign(data: Bytes): Promise<Bytes>;
}

export interface MemberOptions {
  readonly roomSecret: Bytes;
  readonly room: string;
  readonly name: string;
  readonly device: Device;
}
