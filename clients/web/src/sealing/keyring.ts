/** Whose frames and lines are opened with which keys: what the worker remembers of a room. */

import { decode, encode } from "./base64url";
import type { Bytes } from "./bytes";
import { ChatOpener, ChatSealer } from "./chat";
import { Opener, Sealer, type Sender } from "./frames";
import type { Hello, RoomKeys } from "./passphrase";
import { sealKeys } from "./recording";
import { SealError } from "./sframe";

/**
 * What we think of somebody's hello: `met` is one of us; `other_key` has another secret, or says
 * nothing that we understand; `copied` shows the hello of somebody else, or one of our own.
 */
export type Standing = "met" | "other_key" | "copied";

export interface Acquaintance {
  readonly standing: Standing;
  /** Empty where nothing is known that could be trusted. */
  readonly name: string;
}

/** The keys of one sender. Kept for as long as the call, so that no frame opens twice in it. */
class Known {
  readonly sender: Sender;
  readonly chat: ChatOpener;
  readonly #openers = new Map<number, Opener>();

  constructor(sender: Sender) {
    this.sender = sender;
    this.chat = new ChatOpener(sender);
  }

  opener(stream: number): Opener {
    const opener = this.#openers.get(stream) ?? new Opener(this.sender, stream);
    this.#openers.set(stream, opener);
    return opener;
  }
}

interface Own {
  readonly sender: Sender;
  /** To be sealed for a recording, if the person consents. */
  readonly baseKey: Bytes;
  readonly chat: ChatSealer;
  /** Our own lines come back to us, like everybody's. */
  readonly echo: ChatOpener;
  readonly sealers: Map<number, Sealer>;
}

export class Keyring {
  readonly #keys: RoomKeys;
  readonly #ownIdents = new Set<number>();
  /** By number and salt. Only who has the secret can add to it. */
  readonly #known = new Map<string, Known>();
  readonly #present = new Map<string, Known>();
  #own: Own | null = null;
  #next: Own | null = null;

  constructor(keys: RoomKeys) {
    this.#keys = keys;
  }

  /** The hello for a new join. Its keys are used from `adopt` on. */
  async introduce(name: string): Promise<string> {
    const { sender, hello, baseKey } = await this.#keys.introduce(name);
    this.#ownIdents.add(sender.ident);
    const [chat, echo] = [new ChatSealer(sender), new ChatOpener(sender)];
    this.#next = { sender, baseKey, chat, echo, sealers: new Map() };
    return encode(hello);
  }

  /** The server has let us in with the latest hello. */
  adopt(): void {
    this.#own = this.#next ?? this.#own;
    this.#next = null;
  }

  /** Somebody shows this hello, the first or another one; null if they show none. */
  async meet(participant: string, hello: string | null): Promise<Acquaintance> {
    const met = await this.#read(hello);
    // Whatever they were before: with an unknown hello, nothing of theirs is opened.
    this.#present.delete(participant);
    if (met === null) {
      return { standing: "other_key", name: "" };
    }
    const { ident } = met.sender;
    const others = [...this.#present.values()].map(({ sender }) => sender.ident);
    if (this.#ownIdents.has(ident) || others.includes(ident)) {
      return { standing: "copied", name: "" };
    }
    const label = `${ident} ${encode(met.salt)}`;
    const known = this.#known.get(label) ?? new Known(met.sender);
    this.#known.set(label, known);
    this.#present.set(participant, known);
    return { standing: "met", name: met.name };
  }

  /** Only these are in the room now. */
  keep(participants: ReadonlySet<string>): void {
    for (const id of this.#present.keys()) {
      if (!participants.has(id)) {
        this.#present.delete(id);
      }
    }
  }

  part(participant: string): void {
    this.#present.delete(participant);
  }

  /** Null before we are in the room: then nothing leaves. */
  sealer(stream: number): Sealer | null {
    if (this.#own === null) {
      return null;
    }
    const { sender, sealers } = this.#own;
    const sealer = sealers.get(stream) ?? new Sealer(sender, stream);
    sealers.set(stream, sealer);
    return sealer;
  }

  /** Null for whoever was not met. */
  opener(participant: string, stream: number): Opener | null {
    return this.#present.get(participant)?.opener(stream) ?? null;
  }

  /** Our keys for a recording, sealed for its key; null before we are in the room. */
  async sealKeys(publicKey: string, recording: string): Promise<string | null> {
    const key = decode(publicKey);
    if (this.#own === null || key === null) {
      return null;
    }
    const { baseKey, sender } = this.#own;
    const { ident, epoch, context } = sender;
    const keys = { mode: "e2ee-passphrase", ident, epoch, context, baseKey } as const;
    return encode(await sealKeys(keys, key, recording));
  }

  /** The sealed line; null before we are in the room. */
  async sealLine(text: string): Promise<string | null> {
    return this.#own === null ? null : this.#own.chat.seal(text);
  }

  /** What somebody wrote, we ourselves for `participant` null; null if it cannot be opened. */
  async openLine(participant: string | null, line: string): Promise<string | null> {
    const opener = participant === null ? this.#own?.echo : this.#present.get(participant)?.chat;
    try {
      return opener ? await opener.open(line) : null;
    } catch (error) {
      if (error instanceof SealError) {
        return null;
      }
      throw error;
    }
  }

  async #read(hello: string | null): Promise<Hello | null> {
    const bytes = hello === null ? null : decode(hello);
    try {
      return bytes && (await this.#keys.meet(bytes));
    } catch (error) {
      if (error instanceof SealError) {
        return null;
      }
      throw error;
    }
  }
}
