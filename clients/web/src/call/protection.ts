/** What the mode of a call makes of what we hear and say: one kind of protection for each. */

import type { GroupRefusal } from "../mls/types";
import type { ClientMessage, Mode, ServerMessage } from "../protocol/messages";
import type { Keeper } from "../sealing/keeper";
import { GroupProtection } from "./groupprotection";
import { type Heard, Hearing } from "./hearing";

/** Between a protection and the call. */
export interface Line {
  /** False when it could not leave. */
  send(message: ClientMessage): boolean;
  deliver(heard: Heard): void;
  /** We seal with other keys than before. */
  rekeyed(): void;
  /** Join anew, for other keys. */
  rejoin(): void;
  /** Whoever has the keys does not answer any more. */
  failed(): void;
}

export interface Protection {
  /** The hello to join with; null where there is none. */
  introduce(): Promise<string | null>;
  receive(message: ServerMessage): void;
  /** The server cannot be heard; with the next `welcome` it can. */
  lost(): void;
  /** False when it could not leave. */
  say(text: string): Promise<boolean>;
  /** Have other keys: those of now were given away. */
  renew(): void;
  /** What was refused of what members of a group say and do, by reason. */
  readonly refusals?: ReadonlyMap<GroupRefusal, number>;
}

/** Nothing but the mode that was chosen decides; one that needs keys is none without them. */
export function protect(mode: Mode, keeper: Keeper | null, name: string, line: Line): Protection {
  if (mode === "hop") {
    return new NoProtection(line);
  }
  if (keeper === null) {
    throw new Error("nobody has the keys of this call");
  }
  return mode === "e2ee-mls"
    ? new GroupProtection(keeper, line)
    : new SharedProtection(keeper, name, line);
}

/** `hop`: the server reads everything. */
export class NoProtection implements Protection {
  readonly #line: Line;

  constructor(line: Line) {
    this.#line = line;
  }

  async introduce(): Promise<null> {
    return null;
  }

  receive(message: ServerMessage): void {
    if (message.type !== "sealed_chat") {
      this.#line.deliver(message);
    }
  }

  lost(): void {}

  async say(text: string): Promise<boolean> {
    return this.#line.send({ type: "send_chat", text });
  }

  renew(): void {}
}

/** `e2ee-passphrase`: all who are here share a secret. */
class SharedProtection implements Protection {
  readonly #keeper: Keeper;
  readonly #name: string;
  readonly #line: Line;
  readonly #hearing: Hearing;

  constructor(keeper: Keeper, name: string, line: Line) {
    this.#keeper = keeper;
    this.#name = name;
    this.#line = line;
    const deliver = (heard: Heard) => this.#deliver(heard);
    this.#hearing = new Hearing(keeper, deliver, () => line.failed());
  }

  introduce(): Promise<string> {
    return this.#keeper.introduce(this.#name);
  }

  receive(message: ServerMessage): void {
    this.#hearing.receive(message);
  }

  lost(): void {}

  async say(text: string): Promise<boolean> {
    const line = await this.#keeper.sealLine(text);
    return line !== null && this.#line.send({ type: "send_sealed_chat", line });
  }

  renew(): void {
    this.#line.rejoin();
  }

  #deliver(heard: Heard): void {
    if (heard.type === "welcome") {
      this.#keeper.adopt();
    }
    this.#line.deliver(heard);
    if (heard.type === "welcome") {
      this.#line.rekeyed();
    }
  }
}
