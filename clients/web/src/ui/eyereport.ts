/** The sheet as a file that people keep: one page of HTML, without pictures of anybody. */

import type { Call } from "../call/call";
import type { Sheet, SheetLine, SheetStream } from "../call/sheet";
import { nameOf } from "../call/state";
import type { Dictionary, Language } from "../i18n";
import type { Mode } from "../protocol/messages";
import { sentenceOf } from "./eyefunctions";
import { guessOf } from "./eyestream";
import { language, words } from "./words";

export interface ReportFacts {
  readonly room: string;
  readonly mode: Mode;
  readonly sheet: Sheet;
  /** The name of a participant. */
  readonly nameOf: (participant: string) => string;
}

/** Have the browser save the report of a call. */
export function saveReport(call: Call, sheet: Sheet): void {
  const { room, mode, self } = call.state;
  const facts: ReportFacts = {
    room,
    mode,
    sheet,
    nameOf: (id) => (id === self ? call.name : nameOf(call.state, id)) || id,
  };
  const page = reportOf(facts, words(), language());
  const address = URL.createObjectURL(new Blob([page], { type: "text/html;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = fileName(room, new Date(1000 * sheet.written));
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** `milkglass-report-garden-2026-11-26T18-40Z.html`; a room's name has nothing that a file's may not. */
export function fileName(room: string, written: Date): string {
  const minute = written.toISOString().slice(0, 16).replace(":", "-");
  return `milkglass-report-${room.replaceAll(/[^A-Za-z0-9_-]/g, "_")}-${minute}Z.html`;
}

/** The page; whatever others wrote is text in it and nothing else. */
export function reportOf(facts: ReportFacts, text: Dictionary, spoken: Language): string {
  const { room, mode, sheet } = facts;
  const { report, functions, byPerson } = text.seeing;
  const title = asText(report.title(room));
  const [how, then] = report.how;
  return `<!doctype html>
<html lang="${spoken}">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${STYLE}</style>
<h1>${title}</h1>
<p class="warning">${asText(report.operator)}</p>
${table(
  [],
  [
    [report.written, timeOf(sheet.written)],
    [report.room, room],
    [report.mode, report.modes[mode]],
    [report.witness, sheet.witness ? report.yes : report.no],
  ],
)}
<h2>${asText(report.byFunction)}</h2>
${table(
  [report.what, report.verdict, report.since, report.evidence],
  sheet.lines.map((line) => [functions[line.name], ...lineOf(line, text)]),
)}
<h2>${asText(byPerson)}</h2>
${table(
  [report.person, report.what, report.bytes, report.depth, report.verdict, report.measured],
  sheet.streams.map((stream) => streamOf(stream, facts, text)),
)}
<h2>${asText(report.check)}</h2>
<p>${asText(how ?? "")}</p>
<pre>sfu-client verify A.pcap B.pcap</pre>
<p>${asText(then ?? "")}</p>
<details>
<summary>${asText(report.source)}</summary>
<pre>${asText(JSON.stringify(sheet.source, null, 1))}</pre>
</details>
</html>
`;
}

/** Unix time, to the second, where no time zone is known. */
function timeOf(seconds: number): string {
  return `${new Date(1000 * seconds).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

function lineOf(line: SheetLine, text: Dictionary): string[] {
  const evidence = line.evidence.map(([key, value]) => `${key}: ${value}`);
  return [
    text.seeing.verdicts[line.verdict],
    line.since === null ? "–" : timeOf(line.since),
    [sentenceOf(line), evidence.join(", ")].filter(Boolean).join("\n"),
  ];
}

function streamOf(stream: SheetStream, facts: ReportFacts, text: Dictionary): string[] {
  const { functions, verdicts, notYet, undecided } = text.seeing;
  const name = Object.entries(functions).find(([key]) => key === stream.name)?.[1] ?? stream.name;
  const verdict = { readable: verdicts.readable, opaque: verdicts.opaque, undecided }[
    stream.seen ?? ""
  ];
  return [
    facts.nameOf(stream.participant),
    name,
    String(stream.bytes),
    stream.depth,
    verdict ?? notYet,
    [stream.figures ?? "", guessOf(stream.inferred)].filter(Boolean).join("\n"),
  ];
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (tag: string, row: readonly string[]) =>
    `<tr>${row.map((cell) => `<${tag}>${asText(cell)}</${tag}>`).join("")}</tr>`;
  const head = heads.length > 0 ? `<thead>${cells("th", heads)}</thead>` : "";
  return `<table>${head}<tbody>${rows.map((row) => cells("td", row)).join("\n")}</tbody></table>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text as HTML, in an element or an attribute; what turns text around loses that power. */
export function asText(text: string): string {
  return text
    .replaceAll(/[\u202a-\u202e\u2066-\u2069]/g, "\ufffd")
    .replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}

const STYLE = `
:root { color-scheme: light dark; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; }
table { width: 100%; border-collapse: collapse; }
td, th { padding: .4rem .6rem; border-bottom: 1px solid #8886; text-align: left; vertical-align: top;
  white-space: pre-line; overflow-wrap: break-word; }
pre { padding: .7rem; overflow: auto; background: #8882; }
.warning { padding: .7rem; border-left: 4px solid #c80; background: #c801; }
`;
