import { defineConfig } from "vite";

const SERVER = "http://localhost:8080";

export default defineConfig({
  build: {
    target: "es2022",
    // A strict content security policy allows no data: URLs and no inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  // HPKE looks for its cryptography with an import of its own.
  worker: { format: "es" },
  // Licenses stay with what they are for.
  esbuild: { legalComments: "inline" },
  server: {
    proxy: { "/ws": { target: SERVER, ws: true } },
  },
});
