/** Reads the statistics of a peer once a second. */

import type { Identifier } from "../protocol/messages";
import type { Keeper } from "../sealing/keeper";
import type { Peer } from "./peer";
import { type Refused, Seals } from "./seals";
import { inboundFields, StatsBook } from "./stats";

const PERIOD_MS = 1000;
const PERIODS_PER_REPORT = 5;

interface MeterEvents {
  measured(): void;
  /** Tell the server which frames were not played; false while it cannot be told. */
  report(refused: Refused): boolean;
}

export class Meter {
  readonly stats = new StatsBook();
  readonly seals = new Seals();
  #timer: ReturnType<typeof setInterval> | undefined;
  readonly #peer: Peer;
  readonly #keeper: Keeper | null;
  readonly #events: MeterEvents;
  #periods = 0;

  constructor(peer: Peer, keeper: Keeper | null, events: MeterEvents) {
    this.#peer = peer;
    this.#keeper = keeper;
    this.#events = events;
  }

  start(): void {
    this.#timer = setInterval(() => void this.#measure(), PERIOD_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Counters of what arrives of a publication. */
  async inbound(publication: Identifier): Promise<Record<string, unknown> | null> {
    const report = await this.#peer.connection.getStats();
    const mid = [...this.#peer.received()].find(([, id]) => id === publication)?.[0];
    return mid === undefined ? null : inboundFields(report, mid);
  }

  async #measure(): Promise<void> {
    const [received, published] = [this.#peer.received(), this.#peer.published()];
    this.stats.read(await this.#peer.connection.getStats(), received, published);
    await this.#countFrames();
    this.#periods += 1;
    if (this.#periods % PERIODS_PER_REPORT === 0) {
      this.#report();
    }
    this.#events.measured();
  }

  #report(): void {
    const refused = this.seals.untold();
    if (refused && this.#events.report(refused)) {
      this.seals.told(refused);
    }
  }

  async #countFrames(): Promise<void> {
    const reports = await this.#keeper?.count();
    if (reports) {
      const known = [...this.#peer.routes()].flatMap(([route, publication]) => {
        const of = reports.get(route);
        return of ? [[publication, of] as const] : [];
      });
      this.seals.note(new Map(known));
    }
  }
}
