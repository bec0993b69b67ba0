import type { VariableAccess } from "./model.js";

const MAX_ITERATOR = 1000;

/** The use of a variable from what follows the `$`, undefined when it is malformed. */
export function parseVariable(text: string): VariableAccess | undefined {
  const name = /^\w*/.exec(text)?.[0] ?? "";
  if (name.length === text.length) return { name, iterator: 0 };
  if (text[name.length] !== "[") return undefined;
  const inside = text.slice(name.length + 1).trimStart();
  const iterates = inside.startsWith("@");
  const match = /^\+?(\d+)/.exec((iterates ? inside.slice(1) : inside).trimStart());
  if (match === null) return undefined;
  // what follows the bracket is not looked at, as libvirt has it
  const closed = inside
    .slice(inside.indexOf(match[0]) + match[0].length)
    .trimStart()
    .startsWith("]");
  const number = Number(match[1]);
  if (!closed || number > (iterates ? MAX_ITERATOR : 0xffffffff)) return undefined;
  return iterates ? { name, iterator: number } : { name, element: number };
}

export function formatVariable(variable: VariableAccess): string {
  if ("element" in variable) return `$${variable.name}[${variable.element}]`;
  return variable.iterator === 0 ? `$${variable.name}` : `$${variable.name}[@${variable.iterator}]`;
}
