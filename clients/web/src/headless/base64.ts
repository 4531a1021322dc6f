/** Base64 as the web's `btoa` and `atob` have it, for a V8 that has neither. */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Throws for characters above 255. */
export function toBase64(binary: string): string {
  let text = "";
  for (let at = 0; at < binary.length; at += 3) {
    const three = Array.from(binary.slice(at, at + 3), byteOf);
    const [first = 0, second = 0, third = 0] = three;
    const bits = (first << 16) | (second << 8) | third;
    const four = [18, 12, 6, 0].map((shift) => ALPHABET[(bits >> shift) & 0x3f]);
    text += four
      .slice(0, three.length + 1)
      .join("")
      .padEnd(4, "=");
  }
  return text;
}

function byteOf(character: string): number {
  const code = character.charCodeAt(0);
  if (code > 0xff) {
    throw new TypeError("These are no bytes.");
  }
  return code;
}

/** Of base64 with or without its padding; throws for anything else. */
export function fromBase64(text: string): string {
  const bare = text.length % 4 === 0 ? text.replace(/={1,2}$/, "") : text;
  if (!/^[A-Za-z0-9+/]*$/.test(bare) || bare.length % 4 === 1) {
    throw new TypeError("This is no base64.");
  }
  let binary = "";
  for (let at = 0; at < bare.length; at += 4) {
    const four = bare.slice(at, at + 4);
    const bits = Array.from(four.padEnd(4, "A"), (one) => ALPHABET.indexOf(one)).reduce(
      (whole, six) => (whole << 6) | six,
    );
    const three = [16, 8, 0].map((shift) => String.fromCharCode((bits >> shift) & 0xff));
    binary += three.slice(0, four.length - 1).join("");
  }
  return binary;
}
