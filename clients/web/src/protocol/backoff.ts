/** How long to wait before a connection is tried again. */

const FIRST_MS = 200;
const LONGEST_MS = 2000;

/** Milliseconds before try `attempt` (0 is the first); `random` in 0..1 spreads the crowd by ±20 %. */
export function reconnectDelay(attempt: number, random: number): number {
  const steady = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
  return Math.round(steady * (0.8 + 0.4 * random));
}
