/** What crun says of its two halves where the other one has said why it ended. */
const ONLY_CONSEQUENCE = /\bconnection closed$/;

/**
 * The last error in the log of an engine, which is a document a line; some have such a line as their message again. That one
 * half of the engine has lost the other counts only where nothing else is said.
 */
export function engineMessage(log: string): string | undefined {
  const said = log.split("\n").flatMap((line) => messageIn(line) ?? []);
  return said.findLast((message) => !ONLY_CONSEQUENCE.test(message)) ?? said.at(-1);
}

function messageIn(line: string): string | undefined {
  try {
    const { msg, level } = JSON.parse(line) as { readonly msg?: unknown; readonly level?: unknown };
    if (typeof msg !== "string" || (level !== undefined && level !== "error")) return undefined;
    return messageIn(msg) ?? msg.trim();
  } catch {
    return undefined;
  }
}
