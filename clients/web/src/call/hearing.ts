/** What the server says, in order, once names and lines that it cannot read are opened. */

import type { Output } from "../mls/types";
import type {
  Identifier,
  Participant,
  ParticipantUpdated,
  SealedChat,
  ServerMessage,
  Welcome,
} from "../protocol/messages";
import type { Acquaintance, Standing } from "../sealing/keyring";

/** Somebody's hello was looked at. The name is their own, and empty unless we met them. */
export interface Introduced {
  readonly type: "introduced";
  readonly participant: Identifier;
  readonly standing: Standing;
  readonly name: string;
}

/** A line of chat that could not be opened, or that came in clear although we insist on sealed ones. */
export interface UnopenedChat {
  readonly type: "unopened_chat";
  readonly participant: Identifier;
}

/** What a group has to say to people, besides lines of chat. */
export type GroupNews = Extract<Output, { type: "members" | "alarm" }>;

export type Heard = ServerMessage | Introduced | UnopenedChat | GroupNews;

/** Who has the keys. */
export interface Opening {
  meet(participant: Identifier, hello: string | null): Promise<Acquaintance>;
  keep(participants: readonly Identifier[]): void;
  part(participant: Identifier): void;
  openLine(participant: Identifier | null, line: string): Promise<string | null>;
}

export class Hearing {
  #self: Identifier = "";
  /** Names as they were opened: lines of chat carry none. */
  readonly #names = new Map<Identifier, string>();
  #queue: Promise<void> = Promise.resolve();
  readonly #opening: Opening;
  readonly #deliver: (message: Heard) => void;
  readonly #failed: () => void;

  /** `failed` is called when whoever has the keys does not answer any more. */
  constructor(opening: Opening, deliver: (message: Heard) => void, failed: () => void) {
    this.#opening = opening;
    this.#deliver = deliver;
    this.#failed = failed;
  }

  receive(message: ServerMessage): void {
    this.#queue = this.#queue.then(async () => {
      for (const heard of await this.#open(this.#opening, message).catch(() => this.#fail())) {
        this.#deliver(heard);
      }
    });
  }

  #fail(): Heard[] {
    this.#failed();
    return [];
  }

  async #open(opening: Opening, message: ServerMessage): Promise<Heard[]> {
    switch (message.type) {
      case "welcome":
        return this.#welcomed(opening, message);
      case "participant_joined": {
        const [introduced, participant] = await this.#meet(opening, message.participant);
        return [introduced, { ...message, participant }];
      }
      case "participant_updated":
        return this.#updated(opening, message);
      case "participant_left":
        opening.part(message.participant);
        this.#names.delete(message.participant);
        return [message];
      case "sealed_chat":
        return [await this.#chat(opening, message)];
      case "chat":
        return [{ type: "unopened_chat", participant: message.participant }];
      default:
        return [message];
    }
  }

  async #welcomed(opening: Opening, welcome: Welcome): Promise<Heard[]> {
    this.#self = welcome.participant;
    opening.keep(welcome.participants.map(({ id }) => id));
    const introductions: Introduced[] = [];
    const participants: Participant[] = [];
    for (const one of welcome.participants) {
      if (one.id === this.#self) {
        participants.push(one);
        this.#names.set(one.id, one.name);
      } else {
        const [introduced, participant] = await this.#meet(opening, one);
        introductions.push(introduced);
        participants.push(participant);
      }
    }
    return [...introductions, { ...welcome, participants }];
  }

  async #updated(opening: Opening, message: ParticipantUpdated): Promise<Heard[]> {
    const { participant, hello } = message;
    if (participant === this.#self) {
      return [message];
    }
    const acquaintance = await opening.meet(participant, hello);
    this.#names.set(participant, acquaintance.name || (this.#names.get(participant) ?? ""));
    return [{ type: "introduced", participant, ...acquaintance }, message];
  }

  async #meet(opening: Opening, person: Participant): Promise<[Introduced, Participant]> {
    const acquaintance = await opening.meet(person.id, person.hello);
    const name = acquaintance.name || person.name;
    this.#names.set(person.id, name);
    return [
      { type: "introduced", participant: person.id, ...acquaintance },
      { ...person, name },
    ];
  }

  async #chat(opening: Opening, { participant, line }: SealedChat): Promise<Heard> {
    const text = await opening.openLine(participant === this.#self ? null : participant, line);
    const name = this.#names.get(participant) ?? "";
    return text === null
      ? { type: "unopened_chat", participant }
      : { type: "chat", participant, name, text };
  }
}
