/** One word of a shell's command line, whatever is in it. */
export function shellWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The same for people to read: quoted only where a shell would not take the word as it is. */
export function plainShellWord(text: string): string {
  return text !== "" && !/[\r\t\n !"#$&'()*;<>?[\\\]^`{|}~]/.test(text) ? text : shellWord(text);
}
