/** Whom this browser has met before, and under which name: trust on first use, then by comparing codes. */

import type { GroupMember } from "../mls/types";

/**
 * `new`, first met in this call; `known` from another one; `verified` by comparing the call code;
 * `changed`, somebody else had this name, and nothing of theirs is played before it is accepted.
 */
export type Verdict = "new" | "known" | "verified" | "changed";

/** What a verdict is about. */
export type Somebody = Pick<GroupMember, "leaf" | "person" | "name" | "isSelf">;

/** Where it lies between calls, as in `localStorage`. */
export type Notebook = Pick<Storage, "getItem" | "setItem">;

/** A person's key under a name; the latest met are the last ones. */
interface Pin {
  readonly person: string;
  /** As `fold` has it. */
  readonly name: string;
  readonly isVerified: boolean;
}

export const MOST_PINS = 1000;

const KEY = "milkglass.people";
const PERSON = /^[A-Za-z0-9_-]{43}$/;

export class Trust {
  readonly #notebook: Notebook;
  /** Who was met in this call, and whether for the first time. */
  readonly #met = new Map<string, "new" | "known">();
  #pins: readonly Pin[] = [];
  /** What was remembered could not be read, and was given up: everybody is new. */
  readonly isForgotten: boolean;

  constructor(notebook: Notebook) {
    this.#notebook = notebook;
    const pins = parse(read(notebook));
    this.isForgotten = pins === null;
    this.#pins = pins ?? [];
  }

  /** By leaf, what we think of the members of a group; who is new is remembered. */
  judge(members: readonly Somebody[]): ReadonlyMap<number, Verdict> {
    const self = members.find(({ isSelf }) => isSelf);
    return new Map(members.map((member) => [member.leaf, this.#judge(member, self)]));
  }

  /** They may have this name, whoever had it before. */
  accept(person: string, name: string): void {
    this.#pin({ person, name: fold(name), isVerified: false });
    this.#met.set(label(person, fold(name)), "new");
  }

  /** Their code was compared. */
  verify(members: readonly Somebody[]): void {
    for (const { person, name, isSelf } of members) {
      if (!isSelf) {
        this.#pin({ person, name: fold(name), isVerified: true });
      }
    }
  }

  #judge(member: Somebody, self: Somebody | undefined): Verdict {
    if (member.isSelf || member.person === self?.person) {
      return "verified";
    }
    const { person } = member;
    const name = fold(member.name);
    const ofThisName = this.#pins.filter((pin) => pin.name === name);
    const pin = ofThisName.find((one) => one.person === person);
    if (pin) {
      return this.#meet(pin);
    }
    if (ofThisName.length > 0 || (self && fold(self.name) === name)) {
      return "changed";
    }
    this.accept(person, name);
    return "new";
  }

  #meet(pin: Pin): Verdict {
    const met = label(pin.person, pin.name);
    if (!this.#met.has(met)) {
      this.#met.set(met, "known");
      this.#pin(pin);
    }
    return pin.isVerified ? "verified" : (this.#met.get(met) ?? "known");
  }

  /** As the latest one. */
  #pin(pin: Pin): void {
    // Another page may have written meanwhile.
    const now = parse(read(this.#notebook)) ?? this.#pins;
    const others = now.filter(({ person, name }) => person !== pin.person || name !== pin.name);
    this.#pins = trimmed([...others, pin]);
    write(this.#notebook, this.#pins);
  }
}

/** A name as people compare names: case, width and what cannot be seen do not count. */
export function fold(name: string): string {
  const plain = name.normalize("NFKC").toLowerCase().normalize("NFKC");
  return plain
    .replace(/[\p{Cc}\p{Cf}]/gu, "")
    .replace(/\s+/gu, " ")
    .trim();
}

function label(person: string, name: string): string {
  return `${person} ${name}`;
}

/** Who was never verified is forgotten first: a crowd of strangers cannot wash out a friend. */
function trimmed(pins: readonly Pin[]): readonly Pin[] {
  if (pins.length <= MOST_PINS) {
    return pins;
  }
  const stranger = pins.findIndex(({ isVerified }) => !isVerified);
  return pins.toSpliced(Math.max(0, stranger), 1);
}

/** What `write` wrote; null for anything else. */
function parse(text: string | null): readonly Pin[] | null {
  if (text === null) {
    return [];
  }
  try {
    const { version, people }: { version?: unknown; people?: unknown } = Object(JSON.parse(text));
    const isOurs = version === 1 && Array.isArray(people) && people.length <= MOST_PINS;
    return isOurs && people.every(isEntry)
      ? people.map(([person, name, isVerified]) => ({ person, name, isVerified }))
      : null;
  } catch {
    return null;
  }
}

function isEntry(entry: unknown): entry is [string, string, boolean] {
  if (!Array.isArray(entry) || entry.length !== 3) {
    return false;
  }
  const [person, name, isVerified] = entry;
  const isPerson = typeof person === "string" && PERSON.test(person);
  return isPerson && typeof name === "string" && typeof isVerified === "boolean";
}

function read(notebook: Notebook): string | null {
  try {
    return notebook.getItem(KEY);
  } catch {
    return null;
  }
}

/** Where nothing can be kept, it is known for as long as the page. */
function write(notebook: Notebook, pins: readonly Pin[]): void {
  const people = pins.map(({ person, name, isVerified }) => [person, name, isVerified]);
  try {
    notebook.setItem(KEY, JSON.stringify({ version: 1, people }));
  } catch {
    return;
  }
}
