import { type Body, mutate } from "./bodies.ts";
import type { Dice } from "./dice.ts";
import { hostileText } from "./hostile.ts";
import { writeJson } from "./raw-json.ts";

const BOUNDARY = "fuzz-4f2a";
const COLUMNS: Record<string, string> = { Date: "date", Amount: "amount", Text: "description", Ref: "metadata.ref" };

interface Part {
  disposition: string;
  content: string | Uint8Array;
}

/** An upload of a CSV file with its mapping. */
export function drawForm(dice: Dice, isHostile: boolean): Body {
  const delimiter = dice.pick([",", ";", "\t", "|"]);
  const mapping = { columns: COLUMNS, ...(dice.percent(30) ? { currency: "USD" } : {}) };
  const rows = Array.from({ length: dice.int(0, 6) }, () => drawRow(dice, isHostile));
  const file = [Object.keys(COLUMNS), ...rows].map((cells) => cells.join(delimiter)).join(dice.pick(["\n", "\r\n"]));
  const parts: Part[] = [
    { disposition: 'form-data; name="mapping"', content: writeJson(isHostile ? mutate(dice, mapping, "") : mapping) },
    { disposition: 'form-data; name="file"; filename="a.csv"', content: file },
  ];
  const contentType = `multipart/form-data; boundary=${BOUNDARY}`;
  if (!isHostile) return { contentType, content: join(parts) };
  return distortForm(dice, parts, contentType);
}

function drawRow(dice: Dice, isHostile: boolean): string[] {
  const row = ["2026-03-10", dice.pick(["100.00", "-250", "99.99"]), dice.word(), dice.pick(["INV-1", ""])];
  if (!isHostile || dice.percent(50)) return row;
  return row.with(dice.int(0, 3), dice.pick([hostileText(dice), '"', '"a\n', "1e400", "1,000,000.00", "(5)"]));
}

function distortForm(dice: Dice, [mapping, file]: Part[], contentType: string): Body {
  if (!mapping || !file) throw new Error("a form has two parts");
  const form = (...parts: Part[]) => ({ contentType, content: join(parts) });
  const bytes = Uint8Array.from({ length: 80 }, () => dice.int(0, 255));
  return dice.weigh([
    [6, () => form(mapping, file)],
    [2, () => form(file, mapping)],
    [1, () => form(file)],
    [1, () => form(mapping)],
    [1, () => form(mapping, mapping, file)],
    [1, () => form(mapping, file, file)],
    [1, () => form(mapping, ...Array.from({ length: 20 }, () => file))],
    [1, () => form(mapping, { ...file, content: bytes })],
    [1, () => form(mapping, { ...file, content: "" })],
    [1, () => form(mapping, { ...file, content: `Date,Amount,Text,Ref\n${'"'.repeat(10_000)}` })],
    [1, () => form({ ...mapping, content: "{" }, file)],
    [1, () => form({ ...mapping, content: bytes }, file)],
    [1, () => form({ ...mapping, content: `${" ".repeat(70_000)}{}` }, file)],
    [1, () => form(mapping, { ...file, disposition: 'form-data; name="file"; filename="../../etc\\\\a\\"b.csv"' })],
    [1, () => form(mapping, { ...file, disposition: `form-data; name="${"x".repeat(500)}"` })],
    [1, () => form({ disposition: "nothing", content: "" })],
    [2, () => ({ contentType, content: join([mapping, file]).slice(0, dice.int(0, 300)) })],
    [1, () => ({ contentType, content: bytes })],
    [1, () => ({ contentType, content: "" })],
    [1, () => ({ contentType: "multipart/form-data", content: join([mapping, file]) })],
    [1, () => ({ contentType: 'multipart/form-data; boundary=""', content: join([mapping, file]) })],
    [1, () => ({ contentType: "multipart/form-data; boundary=other", content: join([mapping, file]) })],
    [1, () => ({ contentType: "multipart/mixed; boundary=x", content: join([mapping, file]) })],
    [1, () => ({ contentType: "application/json", content: '{"file":"a","mapping":{}}' })],
    [1, () => ({ contentType: null, content: join([mapping, file]) })],
  ])();
}

function join(parts: Part[]): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const pieces = parts.flatMap(({ disposition, content }) => [
    encoder.encode(`--${BOUNDARY}\r\nContent-Disposition: ${disposition}\r\n\r\n`),
    typeof content === "string" ? encoder.encode(content) : content,
    encoder.encode("\r\n"),
  ]);
  const all = [...pieces, encoder.encode(`--${BOUNDARY}--\r\n`)];
  const bytes = new Uint8Array(all.reduce((size, piece) => size + piece.length, 0));
  let offset = 0;
  for (const piece of all) {
    bytes.set(piece, offset);
    offset += piece.length;
  }
  return bytes;
}
