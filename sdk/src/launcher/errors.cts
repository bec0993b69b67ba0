import util = require("node:util");

/** The C library's words for what goes wrong here; other errors are told by name. */
const WORDS: Readonly<Record<string, string>> = {
  E2BIG: "Argument list too long",
  ENOEXEC: "Exec format error",
  ENOENT: "No such file or directory",
  EACCES: "Permission denied",
  ECONNREFUSED: "Connection refused",
  ECONNRESET: "Connection reset by peer",
  EPIPE: "Broken pipe",
};

function wordsOf(errno: number): string {
  const name = util.getSystemErrorName(-errno);
  return WORDS[name] ?? name;
}

export = { wordsOf };
