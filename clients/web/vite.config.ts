import { defineConfig } from "vitest/config";
import { mendTsMls } from "./tools/mend-ts-mls";

const SERVER = "http://localhost:8080";

export default defineConfig({
  plugins: [mendTsMls()],
  optimizeDeps: { exclude: ["ts-mls"] },
  build: {
    target: "es2022",
    // A strict content security policy allows no data: URLs and no inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  // HPKE looks for its cryptography with an import of its own.
  worker: { format: "es", plugins: () => [mendTsMls()] },
  // Licenses stay with what they are for.
  esbuild: { legalComments: "inline" },
  server: {
    proxy: { "/ws": { target: SERVER, ws: true } },
  },
  test: {
    testTimeout: 20_000, // groups take some computing, and machines may be busy
    server: { deps: { inline: ["ts-mls"] } }, // or it would not be mended
  },
});
