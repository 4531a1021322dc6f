/** Both languages say everything; that they have the same entries, the compiler checks. */

import { describe, expect, it } from "vitest";
import { chooseLanguage, DICTIONARIES, problemText } from "../../src/i18n";

/** Every sentence of a dictionary, with words filled in. */
function sentences(value: object, path = ""): [string, string][] {
  return Object.entries(value).flatMap(([key, entry]): [string, string][] => {
    const name = path + key;
    if (typeof entry === "function") {
      return [[name, String(entry("«one»", "«two»"))]];
    }
    return typeof entry === "string" ? [[name, entry]] : sentences(entry, `${name}.`);
  });
}

describe.each(Object.entries(DICTIONARIES))("the dictionary %s", (_, dictionary) => {
  it.each(sentences(dictionary))("has words for %s", (_name, text) => {
    expect(text.trim()).not.toBe("");
    expect(text).not.toContain("undefined");
  });
});

it("both name the same words in the same sentences", () => {
  const german = new Map(sentences(DICTIONARIES.de));
  for (const [name, text] of sentences(DICTIONARIES.en)) {
    const mentions = (sentence: string) => sentence.match(/«\w+»/g)?.toSorted() ?? [];
    expect([name, mentions(german.get(name) ?? "")]).toEqual([name, mentions(text)]);
  }
});

describe("the language", () => {
  it.each([
    [["de-AT", "en"], "de"],
    [["fr", "DE"], "de"],
    [["fr", "it"], "en"],
    [[null, "en-GB", "de"], "en"],
    [[], "en"],
  ])("for %j is %s", (wanted, language) => {
    expect(chooseLanguage(wanted)).toBe(language);
  });
});

describe("a problem", () => {
  it("is told in the person's language where we know it", () => {
    const problem = { code: "room-full", reason: "50 people are in the room." };
    expect(problemText(DICTIONARIES.de, problem)).toBe("Der Raum ist voll.");
    expect(problemText(DICTIONARIES.en, problem)).toBe("50 people are in the room.");
  });

  it("is told in the server's words where we do not", () => {
    expect(problemText(DICTIONARIES.de, { code: "new", reason: "Why." })).toBe("Why.");
  });
});
