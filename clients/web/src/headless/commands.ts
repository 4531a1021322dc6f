/** What a host may ask of the program: a name and JSON go in, JSON comes out. */

import { Refused } from "../mls/refused";

/** `undefined` is answered as null. */
export type Command = (parameters: never) => unknown;

const commands = new Map<string, Command>();

export function offer(offered: Readonly<Record<string, Command>>): void {
  for (const [name, command] of Object.entries(offered)) {
    if (commands.has(name)) {
      throw new Error(`There is a command ${name} already.`);
    }
    commands.set(name, command);
  }
}

export type Answer =
  | { readonly value: unknown }
  | { readonly refused: string; readonly detail: string }
  /** A bug, of the host's or of ours. */
  | { readonly failed: string };

export async function call(name: string, parameters: string): Promise<Answer> {
  try {
    const command = commands.get(name);
    if (command === undefined) {
      return { failed: `there is no command ${name}` };
    }
    return { value: (await command(JSON.parse(parameters) as never)) ?? null };
  } catch (error) {
    if (error instanceof Refused) {
      return { refused: error.reason, detail: error.message };
    }
    return { failed: String(error) };
  }
}

/** Things that a host knows by number only. */
export class Handles<T> {
  readonly #things = new Map<number, T>();
  #last = 0;

  add(thing: T): number {
    this.#last += 1;
    this.#things.set(this.#last, thing);
    return this.#last;
  }

  get(handle: number): T {
    const thing = this.#things.get(handle);
    if (thing === undefined) {
      throw new Error(`There is no ${handle}.`);
    }
    return thing;
  }

  free(handle: number): void {
    this.#things.delete(handle);
  }
}
