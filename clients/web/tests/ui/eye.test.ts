/** The words of the server's eye, and its report as a file: names in it are hostile. */

import { describe, expect, it } from "vitest";
import { parseSheet, type SheetLine } from "../../src/call/sheet";
import { DICTIONARIES } from "../../src/i18n";
import { sentenceOf } from "../../src/ui/eyefunctions";
import { asText, fileName, reportOf } from "../../src/ui/eyereport";
import { guessOf } from "../../src/ui/eyestream";

function lineOf(name: string, verdict: string, evidence: object = {}): SheetLine {
  const line = parseSheet({ functions: [{ function: name, verdict, evidence }] })?.lines[0];
  if (line === undefined) {
    throw new Error("no line");
  }
  return line;
}

describe("a line says", () => {
  it.each([
    [lineOf("audio", "none"), "Nothing of it"],
    [
      lineOf("audio", "readable", { witness: { readable: 3, undecided: 1 } }),
      "listen: it understood 3 of 4",
    ],
    [lineOf("video", "readable", { witness: { readable: 1 } }), "watch: it could see 1 of 1"],
    [lineOf("video", "readable"), "could watch"],
    [
      lineOf("video", "opaque", { witness: { opaque: 14 } }),
      "tried 14 times and got nothing but noise",
    ],
    [lineOf("video", "opaque", { witness: { opaque: 1 } }), "tried once"],
    [lineOf("screen", "opaque"), "has not tried"],
    [lineOf("chat", "readable", { lines: 1 }), "one line"],
    [lineOf("chat", "opaque", { lines: 2 }), "2 lines that the server cannot read"],
    [lineOf("recording", "opaque"), "cannot read"],
    [lineOf("roster", "readable"), "always knows"],
  ])("%j: %s", (line, words) => {
    expect(sentenceOf(line)).toContain(words);
  });
});

describe("what is guessed", () => {
  const nothing = { kind: null, speaking: null, keyFrames: 0, changes: 0 } as const;
  it.each([
    [null, ""],
    [nothing, ""],
    [{ ...nothing, kind: "audio", speaking: true } as const, "is speaking."],
    [{ ...nothing, kind: "audio", speaking: false } as const, "is silent."],
    [{ ...nothing, kind: "audio" } as const, ": sound."],
    [{ ...nothing, kind: "video" } as const, ": a picture."],
    [
      { ...nothing, kind: "video", keyFrames: 3, changes: 2 } as const,
      "anew 3 times, its size changed 2 times.",
    ],
  ])("of %j is told as %j", (inferred, words) => {
    expect(guessOf(inferred)).toContain(words);
    expect(guessOf(inferred) === "").toBe(words === "");
  });
});

const HOSTILE = `</pre><script>alert("1")</script><img src='x' onerror="alert(2)">&amp;\u202etxt`;

describe("the report", () => {
  const sheet = parseSheet({
    mode: HOSTILE,
    written: Date.UTC(2026, 10, 26, 18, 40) / 1000,
    witness: true,
    functions: [
      {
        function: "video",
        verdict: "opaque",
        since: 0,
        evidence: { depth: HOSTILE, witness: { opaque: 14, figures: HOSTILE } },
      },
    ],
    streams: [
      { participant: "p", publication: "v", function: HOSTILE, depth: HOSTILE, figures: HOSTILE },
    ],
  });
  const facts = {
    room: HOSTILE,
    mode: "e2ee-mls",
    sheet: sheet ?? expect.unreachable(),
    nameOf: () => HOSTILE,
  } as const;

  it.each(["en", "de"] as const)(
    "holds nothing that others wrote but as text, in %s",
    (language) => {
      const page = reportOf(facts, DICTIONARIES[language], language);
      const rest = page
        .replaceAll(asText(HOSTILE), "")
        .replaceAll(asText(JSON.stringify(HOSTILE)), "");
      expect(rest).not.toMatch(/<script|<img|onerror=|\u202e/);
      expect(page).toContain("default-src 'none'");
      expect(
        page.match(/<[a-z]+/g)?.filter((tag) => /script|img|iframe|link|a$/.test(tag)),
      ).toEqual(["<meta", "<meta", "<meta"]);
    },
  );

  it("says whose word it is, what was tried, and how to check it", () => {
    const page = reportOf(facts, DICTIONARIES.en, "en");
    for (const words of [
      "the server&#39;s own report",
      "end to end, with the keys of a group (e2ee-mls)",
      "2026-11-26 18:40:00 UTC",
      "tried 14 times and got nothing but noise",
      "sfu-client verify A.pcap B.pcap",
    ]) {
      expect(page).toContain(words);
    }
  });

  it.each([
    ["garden", "milkglass-report-garden-2026-11-26T18-40Z.html"],
    ["../a b", "milkglass-report-___a_b-2026-11-26T18-40Z.html"],
  ])("of %s is the file %s", (room, name) => {
    expect(fileName(room, new Date(Date.UTC(2026, 10, 26, 18, 40, 59)))).toBe(name);
  });
});
