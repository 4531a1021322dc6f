/** Icons, drawn as strokes on a 24 by 24 grid. */

const PATHS = {
  microphone:
    "M12 3a3 3 0 0 0-3 3v6a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3zM5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3",
  microphoneOff:
    "M9 9v3a3 3 0 0 0 4.6 2.5M15 11V6a3 3 0 0 0-5.7-1.3M5.5 11.5a6.5 6.5 0 0 0 10.6 5M18.5 11.5c0 .8-.1 1.5-.4 2.2M12 18v3M4 4l16 16",
  camera:
    "M4.5 6.5h8a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2h-8a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2zM14.5 11l6-3.5v9l-6-3.5",
  cameraOff:
    "M2.5 8.5v7a2 2 0 0 0 2 2h8a2 2 0 0 0 1.7-1M8.5 6.5h4a2 2 0 0 1 2 2V11l6-3.5v9l-3-1.7M4 4l16 16",
  screen:
    "M4 4.5h16a1.5 1.5 0 0 1 1.5 1.5v9.5a1.5 1.5 0 0 1-1.5 1.5H4a1.5 1.5 0 0 1-1.5-1.5V6A1.5 1.5 0 0 1 4 4.5zM8.5 20.5h7M12 14V8M9 10.5l3-3 3 3",
  devices:
    "M4 7h9M17 7h3M4 17h3M11 17h9M13 7a2 2 0 1 0 4 0 2 2 0 1 0-4 0M7 17a2 2 0 1 0 4 0 2 2 0 1 0-4 0",
  chat: "M5 4.5h14a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-7l-4.5 3.5v-3.5H5a2 2 0 0 1-2-2v-8a2 2 0 0 1 2-2z",
  people:
    "M5.5 8.5a3.5 3.5 0 1 0 7 0 3.5 3.5 0 1 0-7 0M2.5 20c0-3.600 2.900-6 6.5-6s6.5 2.4 6.5 6M15.5 5.3a3.5 3.5 0 0 1 0 6.4M18 14.600c2.100.9 3.5 2.800 3.5 5.4",
  leave:
    "M3.600 14.800c-.8-1-.7-2.4.2-3.3 4.600-4.2 11.800-4.2 16.4 0 .9.9 1 2.3.2 3.3l-.7.9c-.4.5-1.100.6-1.600.3l-2.4-1.4c-.5-.3-.7-.8-.7-1.3v-1.5c-2-.6-4-.6-6 0v1.5c0 .5-.2 1-.7 1.3L5.900 16c-.5.3-1.2.2-1.600-.3z",
  lock: "M6.5 10.5h11A1.5 1.5 0 0 1 19 12v7a1.5 1.5 0 0 1-1.5 1.5h-11A1.5 1.5 0 0 1 5 19v-7a1.5 1.5 0 0 1 1.5-1.5zM8 10.5v-3a4 4 0 0 1 8 0v3",
  lockOpen:
    "M6.5 10.5h11A1.5 1.5 0 0 1 19 12v7a1.5 1.5 0 0 1-1.5 1.5h-11A1.5 1.5 0 0 1 5 19v-7a1.5 1.5 0 0 1 1.5-1.5zM8 10.5v-3a4 4 0 0 1 7.700-1.500",
  verified:
    "M12 3l7 2.5v5.500c0 4.600-2.900 8-7 9.500-4.100-1.500-7-4.900-7-9.500V5.500zM8.700 11.800l2.300 2.300 4.300-4.500",
  warning: "M12 4l9 16H3zM12 10v4.500M12 17.300h.01",
  link: "M10 14a4 4 0 0 0 5.7 0l3.600-3.600a4 4 0 0 0-5.7-5.7l-1 1M14 10a4 4 0 0 0-5.7 0l-3.600 3.600a4 4 0 0 0 5.7 5.7l1-1",
  close: "M6 6l12 12M18 6L6 18",
  send: "M4 12l16-7.5-5 15.5-3.5-6.5zM11.5 13.5l8.5-9",
  eye: "M2.5 12c2.300-4 5.500-6 9.500-6s7.200 2 9.500 6c-2.300 4-5.500 6-9.500 6s-7.200-2-9.500-6zM9 12a3 3 0 1 0 6 0 3 3 0 1 0-6 0",
  enlarge: "M14 4.5h5.5V10M10 19.5H4.5V14M19.5 4.5L14 10M4.5 19.5L10 14",
  reduce: "M20 10h-5.5V4.5M4 14h5.5v5.5M14.5 9.5L20 4M9.5 14.5L4 20",
  keyboard:
    "M4 6.5h16a1.5 1.5 0 0 1 1.5 1.5v8a1.5 1.5 0 0 1-1.5 1.5H4A1.5 1.5 0 0 1 2.5 16V8A1.5 1.5 0 0 1 4 6.5zM6.5 10h.01M10 10h.01M14 10h.01M17.5 10h.01M8 14h8",
  remove:
    "M5.5 8.5a3.5 3.5 0 1 0 7 0 3.5 3.5 0 1 0-7 0M2.5 20c0-3.600 2.900-6 6.5-6s6.5 2.4 6.5 6M16 9l5 5M21 9l-5 5",
} as const;

export type IconName = keyof typeof PATHS;

const SVG = "http://www.w3.org/2000/svg";

/** A new icon; decoration only, so its button needs a label. */
export function icon(name: IconName): SVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
