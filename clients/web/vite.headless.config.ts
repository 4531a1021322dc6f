/** Builds what Python runs in V8 as one script; with `--mode groups`, that for its tests. */

import { defineConfig } from "vite";
import { mendTsMls } from "./tools/mend-ts-mls";

const PROGRAMS = {
  production: {
    entry: "src/headless/main.ts",
    file: "../python/sfu_clients/sealing/mls/engine.js",
  },
  groups: { entry: "tests/headless/groups.ts", file: "../../.make/groups.js" },
};

export default defineConfig(({ mode }) => {
  const { entry, file } = PROGRAMS[mode === "groups" ? "groups" : "production"];
  return {
    plugins: [mendTsMls()],
    logLevel: "error", // what is left out of ts-mls makes vite wonder aloud
    publicDir: false,
    build: {
      target: "es2022",
      outDir: file.slice(0, file.lastIndexOf("/")),
      emptyOutDir: false,
      lib: { entry, formats: ["iife"], name: "program", fileName: () => file.replace(/.*\//, "") },
    },
    esbuild: { legalComments: "inline" },
  };
});
