/** The lock of a call: what it protects from, and what not. */

import type { Call } from "../call/call";
import { type LockState, lockState } from "../call/roster";
import type { LinkSecret } from "../settings";
import { openDialog } from "./dialogs";
import { h, setAttribute, setText } from "./dom";
import { GroupSheet } from "./groupsheet";
import { type IconName, icon } from "./icons";
import { words } from "./words";

const ICONS: Readonly<Record<LockState, IconName>> = {
  off: "lockOpen",
  shared: "lock",
  unverified: "lock",
  verified: "verified",
  alarm: "warning",
};

/** A button in the header, and the dialog that it opens. */
export class Lock {
  readonly element = h("button", { type: "button" });
  readonly #call: Call;
  readonly #link: LinkSecret | null;
  readonly #label = h("span");
  #drawn: LockState | null = null;
  #sheet: GroupSheet | null = null;

  /** The link is null for a call that is not sealed. */
  constructor(call: Call, link: LinkSecret | null) {
    this.#call = call;
    this.#link = link;
    this.element.addEventListener("click", () => this.open());
    this.update();
  }

  update(): void {
    const state = lockState(this.#call.state);
    if (state !== this.#drawn) {
      this.#drawn = state;
      const label = labelOf(state);
      setAttribute(this.element, "class", `plain lock ${state}`);
      setAttribute(this.element, "data-lock", state);
      setAttribute(this.element, "aria-label", label);
      setAttribute(this.element, "title", label);
      setText(this.#label, label);
      this.element.replaceChildren(icon(ICONS[state]), this.#label);
    }
    this.#sheet?.update();
  }

  open(): void {
    const state = lockState(this.#call.state);
    if (this.#call.state.mode !== "e2ee-mls") {
      openDialog(labelOf(state), ...explain(this.#link));
      return;
    }
    const sheet = new GroupSheet(this.#call);
    this.#sheet = sheet;
    openDialog(words().sealing, sheet.element).addEventListener("close", () => {
      this.#sheet = null;
    });
  }
}

function labelOf(state: LockState): string {
  const text = words();
  return {
    off: text.lockOff,
    shared: text.lockShared,
    unverified: text.lockUnverified,
    verified: text.lockVerified,
    alarm: text.lockAlarm,
  }[state];
}

function explain(link: LinkSecret | null): HTMLElement[] {
  const { lockSharedText, lockSharedMore, lockMore, lockOffText } = words();
  const shared = lockSharedText[link?.kind === "salt" ? "passphrase" : "link"];
  const sentences = link ? [shared, ...lockSharedMore, lockMore] : [lockOffText];
  return sentences.map((sentence) => h("p", {}, sentence));
}
