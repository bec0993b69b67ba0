import type { VariableAccess } from "./model.js";

const MAX_ITERATOR = 1000;
const BARE = /^\w*$/;
// what follows the bracket is not looked at, as libvirt has it
const INDEXED = /^(\w*)\[\s*(@?)\s*\+?(\d+)\s*\]/;

/** The use of a variable from what follows the `$`, undefined when it is malformed. */
export function parseVariable(text: string): VariableAccess | undefined {
  if (BARE.test(text)) return { name: text, iterator: 0 };
  const match = INDEXED.exec(text);
  if (match === null) return undefined;
  const name = match[1] ?? "";
  const number = Number(match[3]);
  if (number > 0xffffffff) return undefined;
  if (match[2] === "") return { name, element: number };
  return number > MAX_ITERATOR ? undefined : { name, iterator: number };
}

export function formatVariable(variable: VariableAccess): string {
  if ("element" in variable) return `$${variable.name}[${variable.element}]`;
  return variable.iterator === 0 ? `$${variable.name}` : `$${variable.name}[@${variable.iterator}]`;
}
