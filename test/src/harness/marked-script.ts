const MARK = "=== next ===";

/** A script of virsh that runs commands one after the other, and marks where each of them ends. */
export function scriptOf(commands: readonly string[]): string {
  return commands.map((command) => `${command}; echo '${MARK}'`).join("; ");
}

/** What each command of such a script has printed, and behind the last of them what virsh itself has to say. */
export function printedBy(stdout: string): readonly string[] {
  // With `-q` no line ends behind a mark.
  return stdout.split(new RegExp(`${MARK}\n?`));
}
