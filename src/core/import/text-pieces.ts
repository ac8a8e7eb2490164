import type { FileText } from "./file-text.ts";

/** The text of a file in pieces of `maxChars` at most, none of which ends within a character; all but the last are full. */
export async function* cutText(
  content: AsyncIterable<Uint8Array>,
  text: FileText,
  maxChars: number,
): AsyncGenerator<string> {
  let held = "";
  for await (const bytes of content) {
    held += text.push(bytes);
    while (held.length > maxChars) {
      const end = isHighSurrogate(held, maxChars - 1) ? maxChars - 1 : maxChars;
      yield held.slice(0, end);
      held = held.slice(end);
    }
  }
  held += text.end();
  for (let start = 0; start < held.length; ) {
    const end = isHighSurrogate(held, start + maxChars - 1) ? start + maxChars - 1 : start + maxChars;
    yield held.slice(start, end);
    start = end;
  }
}

function isHighSurrogate(text: string, place: number): boolean {
  const unit = text.charCodeAt(place);
  return unit >= 0xd800 && unit <= 0xdbff;
}
