import { libc, NativeError } from "./libc.js";

const F_SETFD = 2;
const FD_CLOEXEC = 1;
/** Node keeps even these from whatever is run. */
const STANDARD_STREAMS = [0, 1, 2];

/**
 * Replaces the program of this process, which keeps its pid, its parent, its locks of files, its standard streams and the
 * descriptors in `keep`; all else that it has open is closed. What has not been written yet is lost: nothing runs any more,
 * not even `exit` listeners. Returns only by throwing, and then everything is as before.
 */
export function replaceProgram(
  path: string,
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  keep: readonly number[],
): never {
  const { execve, fcntlNumber, errno } = libc();
  const words = Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
  const kept = [...STANDARD_STREAMS, ...keep];
  for (const fd of kept) fcntlNumber(fd, F_SETFD, 0);
  execve(path, [...argv, null], [...words, null]);
  const reason = errno();
  for (const fd of kept) fcntlNumber(fd, F_SETFD, FD_CLOEXEC);
  throw new NativeError("execve", reason);
}
