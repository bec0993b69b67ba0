/** A UUID in lower case with its four dashes, undefined when `text` is none. Dashes and spaces may be anywhere between bytes. */
export function parseUuid(text: string): string | undefined {
  const trimmed = text.trim();
  if (!/^(?:[- ]*[0-9a-fA-F]{2}){16}$/.test(trimmed)) return undefined;
  const digits = trimmed.replaceAll(/[- ]/g, "").toLowerCase();
  const parts = [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)];
  return parts.join("-");
}
