/** The dialog of one's own devices: the code of this one, and how one vouches for another. */

import {
  becomeDeviceOf,
  becomeFirstDevice,
  isFirstDevice,
  loadDevice,
  type OwnDevice,
} from "../identity/device";
import { deviceCode, endorse, readDeviceCode, readEndorsement } from "../identity/endorsement";
import { encode } from "../sealing/base64url";
import { openDialog } from "./dialogs";
import { h, setText } from "./dom";
import { words } from "./words";

/** In a call, what is changed counts from the next one on. Rejects where there is no Ed25519. */
export async function openDevices(isInCall: boolean): Promise<void> {
  const element = h("div", { class: "sheet" });
  const draw = (own: OwnDevice, isChanged: boolean) =>
    element.replaceChildren(
      ...parts(own, (now) => draw(now, true)),
      ...(isChanged && isInCall ? [h("p", { class: "notice" }, words().fromNextCall)] : []),
    );
  draw(await loadDevice(), false);
  openDialog(words().yourDevices, element);
}

function parts(own: OwnDevice, changed: (now: OwnDevice) => void): HTMLElement[] {
  const text = words();
  const isFirst = isFirstDevice(own);
  const separate = button(text.separate, async () => changed(await becomeFirstDevice()));
  return [
    h("p", {}, text.deviceWhy),
    ...(own.isKept ? [] : [h("p", { class: "notice" }, text.deviceNotKept)]),
    copyable(text.thisDevice, deviceCode(own.device), "device-code"),
    h("p", { class: "quiet" }, isFirst ? text.deviceIsFirst : text.deviceIsFurther),
    ...(isFirst ? [endorsing(own), joining(own, changed)] : [separate]),
  ];
}

/** On the first device: the code of another one becomes an endorsement. */
function endorsing(own: OwnDevice): HTMLElement {
  const text = words();
  const result = h("div", { class: "result", attributes: { role: "status" } });
  return asking(text.otherDevice, "other-device", text.endorse, result, async (typed) => {
    const device = readDeviceCode(typed);
    if (device === null || encode(device) === encode(own.device)) {
      result.replaceChildren(h("p", { class: "problem" }, text.notADeviceCode));
      return;
    }
    const endorsement = await endorse(own.key, own.person, device);
    result.replaceChildren(
      copyable(text.endorsementNew, endorsement, "new-endorsement"),
      h("p", { class: "quiet" }, text.endorseCare),
    );
  });
}

/** On a further device: the endorsement makes it the person's. */
function joining(own: OwnDevice, changed: (now: OwnDevice) => void): HTMLElement {
  const text = words();
  const result = h("div", { class: "result", attributes: { role: "status" } });
  return asking(text.endorsement, "endorsement", text.useEndorsement, result, async (typed) => {
    const endorsement = await readEndorsement(typed, own.device);
    if (endorsement === null) {
      result.replaceChildren(h("p", { class: "problem" }, text.notAnEndorsement));
    } else {
      changed(await becomeDeviceOf(endorsement));
    }
  });
}

function asking(
  label: string,
  name: string,
  action: string,
  result: HTMLElement,
  run: (typed: string) => Promise<void>,
): HTMLElement {
  const input = h("input", {
    attributes: { name, autocomplete: "off", spellcheck: "false", maxlength: 200 },
  });
  const form = h(
    "form",
    { class: "asking" },
    h("label", { class: "field" }, h("span", {}, label), input),
    h("button", { type: "submit" }, action),
    result,
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void run(input.value);
  });
  return form;
}

function copyable(label: string, value: string, name: string): HTMLElement {
  const copy = button(words().copy, async () => {
    await navigator.clipboard.writeText(value).then(
      () => setText(copy, words().copied),
      () => getSelection()?.selectAllChildren(text),
    );
  });
  const text = h("code", { attributes: { [`data-${name}`]: true } }, value);
  return h("div", { class: "copyable" }, h("span", {}, label), text, copy);
}

function button(label: string, run: () => Promise<void>): HTMLButtonElement {
  const element = h("button", { type: "button" }, label);
  element.addEventListener("click", () => void run());
  return element;
}
