/** Pads sound of ours in calls that are not sealed, where a browser takes no constant rate. */

let worker: Worker | null = null;

/** From now on, or no longer; in vain where a browser has no transforms. */
export function padSound(sender: RTCRtpSender, isOn: boolean): void {
  if (typeof RTCRtpScriptTransform !== "function") {
    return;
  }
  if (isOn && !sender.transform) {
    worker ??= new Worker(new URL("./soundpadder.ts", import.meta.url), { type: "module" });
    sender.transform = new RTCRtpScriptTransform(worker, {});
  } else if (!isOn && sender.transform) {
    sender.transform = null;
  }
}
