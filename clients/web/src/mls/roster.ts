/** Who is in the room, and which leaf of the tree each of them says is theirs. */

import { decode, encode } from "../sealing/base64url";
import type { Bytes } from "../sealing/bytes";
import { type Identity, readIdentity } from "./identity";
import { type ReadPackage, readPackage } from "./packages";
import { Refused } from "./refused";
import type { RoomSecret } from "./secret";
import type { Present } from "./types";

/** A hello that holds: its key package may be added. */
export interface Candidate {
  readonly participant: string;
  readonly hello: string;
  readonly leafKey: string;
  readonly pack: ReadPackage;
  readonly identity: Identity;
}

interface Seen {
  readonly isConnected: boolean;
  readonly hello: string | null;
  readonly candidate: Candidate | null;
}

export class Roster {
  readonly #room: RoomSecret;
  readonly #people = new Map<string, Seen>();

  constructor(room: RoomSecret) {
    this.#room = room;
  }

  /** These are in the room now, and nobody else. */
  update(present: readonly Present[]): void {
    const before = new Map(this.#people);
    this.#people.clear();
    for (const { participant, connected, hello } of present) {
      const known = before.get(participant);
      const candidate =
        known?.hello === hello ? known.candidate : this.#read(participant, hello ?? "");
      this.#people.set(participant, { isConnected: connected, hello, candidate });
    }
  }

  /** Those whose hello holds, by leaf key. Who shows another's hello comes after them, and is none. */
  candidates(): Map<string, Candidate> {
    const found = new Map<string, Candidate>();
    for (const { candidate } of this.#people.values()) {
      if (candidate && !found.has(candidate.leafKey)) {
        found.set(candidate.leafKey, candidate);
      }
    }
    return found;
  }

  isConnected(participant: string): boolean {
    return this.#people.get(participant)?.isConnected ?? false;
  }

  #read(participant: string, hello: string): Candidate | null {
    try {
      const pack = readPackage(decode(hello) ?? new Uint8Array());
      const identity = readIdentity(this.#room, pack.identity, pack.leafKey);
      const leafKey = keyText(pack.leafKey);
      return identity && { participant, hello, leafKey, pack, identity };
    } catch (error) {
      if (error instanceof Refused) {
        return null;
      }
      throw error;
    }
  }
}

/** A leaf key as what maps take. */
export function keyText(leafKey: Bytes): string {
  return encode(leafKey);
}
