/** Whoever was met once is known again, and nobody takes their name without being asked about. */

import { beforeEach, describe, expect, it } from "vitest";
import { fold, MOST_PINS, type Somebody, Trust, type Verdict } from "../../src/identity/trust";

/** A key of a person, as text. */
const key = (letter: string) => letter.repeat(43);
const [ADA, BEN, EVE] = [key("a"), key("b"), key("e")];
const ME: Somebody = { leaf: 0, person: key("m"), name: "Me", isSelf: true };

class Notes {
  text: string | null = null;
  getItem(): string | null {
    return this.text;
  }
  setItem(_: string, text: string): void {
    this.text = text;
  }
}

let notes: Notes;
beforeEach(() => {
  notes = new Notes();
});

const somebody = (person: string, name: string, leaf = 1): Somebody => {
  return { leaf, person, name, isSelf: false };
};

/** The verdict in a call of its own. */
function meet(person: string, name: string): Verdict | undefined {
  return new Trust(notes).judge([ME, somebody(person, name)]).get(1);
}

describe("somebody", () => {
  it("is new for the whole of the first call, and known in the next", () => {
    const trust = new Trust(notes);
    const all = [ME, somebody(ADA, "Ada")];
    expect([trust.judge(all).get(1), trust.judge(all).get(1)]).toEqual(["new", "new"]);
    expect(meet(ADA, "Ada")).toBe("known");
  });

  it("is verified once the code was compared, in this call and later", () => {
    const trust = new Trust(notes);
    const all = [ME, somebody(ADA, "Ada")];
    trust.judge(all);
    trust.verify(all);
    expect(trust.judge(all).get(1)).toBe("verified");
    expect(meet(ADA, "Ada")).toBe("verified");
  });

  it("is verified under the name that was theirs then, and no other", () => {
    new Trust(notes).verify([somebody(ADA, "Ada")]);
    expect(meet(ADA, "The boss")).toBe("new");
  });

  it("is oneself on another device without being asked about", () => {
    const twin = { ...ME, leaf: 7, isSelf: false };
    expect(new Trust(notes).judge([ME, twin]).get(7)).toBe("verified");
    expect(notes.text).toBeNull();
  });
});

describe("a name", () => {
  it("is changed when somebody else had it, and stays so", () => {
    meet(ADA, "Ada");
    expect([meet(EVE, "Ada"), meet(EVE, "Ada")]).toEqual(["changed", "changed"]);
    expect(meet(ADA, "Ada")).toBe("known");
  });

  it.each(["ada", " ADA ", "Ａda", "A\u200bda", "ADA\u00a0"])(
    "counts as the same in %j",
    (name) => {
      meet(ADA, "Ada");
      expect(meet(EVE, name)).toBe("changed");
    },
  );

  it("is changed even for people who are verified under their own", () => {
    meet(ADA, "Ada");
    new Trust(notes).verify([somebody(EVE, "Eve")]);
    expect(meet(EVE, "Ada")).toBe("changed");
  });

  it("is changed when it is one's own", () => {
    expect(meet(EVE, "me")).toBe("changed");
  });

  it("belongs to the first of two who come with it at once", () => {
    const verdicts = new Trust(notes).judge([somebody(ADA, "Ada", 1), somebody(EVE, "Ada", 2)]);
    expect([verdicts.get(1), verdicts.get(2)]).toEqual(["new", "changed"]);
  });

  it("is somebody's anew once that is accepted, and not verified", () => {
    new Trust(notes).verify([somebody(ADA, "Ada")]);
    const trust = new Trust(notes);
    trust.accept(EVE, "Ada");
    expect(trust.judge([ME, somebody(EVE, "Ada")]).get(1)).toBe("new");
    expect(meet(EVE, "Ada")).toBe("known");
  });

  it("may be that of two people", () => {
    meet(ADA, "Anna");
    new Trust(notes).accept(BEN, "Anna");
    expect([meet(ADA, "Anna"), meet(BEN, "Anna"), meet(EVE, "Anna")]).toEqual([
      "known",
      "known",
      "changed",
    ]);
  });

  it("folds to what people see", () => {
    expect(fold("  Ada\u202e\u0000  Love\u00adlace ")).toBe("ada lovelace");
  });
});

describe("what is remembered", () => {
  const crowd = (size: number) => {
    const trust = new Trust(notes);
    for (let at = 0; at < size; at += 1) {
      trust.accept(String(at).padStart(43, "x"), `Stranger ${at}`);
    }
  };

  it("is bounded, and strangers do not wash out friends", () => {
    new Trust(notes).verify([somebody(ADA, "Ada")]);
    meet(BEN, "Ben");
    crowd(MOST_PINS + 5);
    expect(JSON.parse(notes.text ?? "").people).toHaveLength(MOST_PINS);
    expect(meet(EVE, "Ada")).toBe("changed");
    expect(meet(BEN, "Ben")).toBe("new");
  });

  it("loses first who was not met for the longest time", () => {
    meet(ADA, "Ada");
    meet(BEN, "Ben");
    meet(ADA, "Ada");
    crowd(MOST_PINS - 1);
    expect([meet(ADA, "Ada"), meet(BEN, "Ben")]).toEqual(["known", "new"]);
  });

  it("loses the oldest friend when all are verified", () => {
    const friends = Array.from({ length: MOST_PINS }, (_, at) => {
      return [String(at).padStart(43, "x"), `friend ${at}`, true];
    });
    notes.text = JSON.stringify({ version: 1, people: friends });
    new Trust(notes).verify([somebody(ADA, "Ada")]);
    expect(meet(ADA, "Ada")).toBe("verified");
    expect(meet(String(0).padStart(43, "x"), "friend 0")).toBe("new");
  });

  it("is not lost to another page that writes too", () => {
    const [one, other] = [new Trust(notes), new Trust(notes)];
    one.judge([ME, somebody(ADA, "Ada")]);
    other.judge([ME, somebody(BEN, "Ben")]);
    expect([meet(ADA, "Ada"), meet(BEN, "Ben")]).toEqual(["known", "known"]);
  });

  it.each([
    "",
    "{",
    "null",
    "[]",
    '{"version":2,"people":[]}',
    '{"version":1,"people":{}}',
    '{"version":1,"people":[["short","ada",true]]}',
    `{"version":1,"people":[["${ADA}","ada",1]]}`,
    `{"version":1,"people":[["${ADA}","ada",true,0]]}`,
    `{"version":1,"people":[null]}`,
    JSON.stringify({ version: 1, people: Array(MOST_PINS + 1).fill([ADA, "ada", true]) }),
  ])("is given up if it is damaged, as in %.60j, and said to be", (text) => {
    notes.text = text;
    const trust = new Trust(notes);
    expect(trust.isForgotten).toBe(true);
    expect(trust.judge([ME, somebody(ADA, "Ada")]).get(1)).toBe("new");
    expect(new Trust(notes).isForgotten).toBe(false);
  });

  it("is known for as long as the page where nothing is kept", () => {
    const shut = {
      getItem: (): string | null => {
        throw new DOMException("no", "SecurityError");
      },
      setItem: () => {
        throw new DOMException("no", "QuotaExceededError");
      },
    };
    const trust = new Trust(shut);
    expect(trust.isForgotten).toBe(false);
    expect(trust.judge([ME, somebody(ADA, "Ada")]).get(1)).toBe("new");
    expect(trust.judge([ME, somebody(EVE, "Ada")]).get(1)).toBe("changed");
  });
});
