/** The program that Python runs in V8. */

import "./world"; // before whatever takes it for granted
import { call } from "./commands";
import { offerMembers, type Sign } from "./members";
import { entropy } from "./world";

Object.assign(globalThis, {
  milkglass: {
    /** Where the host writes random bytes, over those that were used. */
    entropy: entropy.buffer,
    refill: () => entropy.refill(),
    begin: (sign: Sign) => offerMembers(sign),
    call: async (command: string, parameters: string) => {
      const answer = await call(command, parameters);
      return JSON.stringify({ ...answer, used: entropy.used });
    },
  },
});
