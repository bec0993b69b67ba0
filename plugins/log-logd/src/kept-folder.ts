/** The folder in which a log daemon that listens at `socket` writes down which logs are open. */
export function keptFolder(socket: string): string {
  return `${socket}.pipes`;
}
