/** The program that Python runs in V8. */

import { call } from "./commands";
import { entropy } from "./world";

Object.assign(globalThis, {
  milkglass: {
    /** Where the host writes random bytes, over those that were used. */
    entropy: entropy.buffer,
    refill: () => entropy.refill(),
    call: async (command: string, parameters: string) => {
      const answer = await call(command, parameters);
      return JSON.stringify({ ...answer, used: entropy.used });
    },
  },
});
