/**
 * Like `Promise.all`, but where one fails it fails only once all have come to their end: whoever undoes them then does not
 * meet one that goes on.
 */
export async function allDone<T extends readonly unknown[] | []>(
  work: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  try {
    return await Promise.all(work);
  } finally {
    await Promise.allSettled(work);
  }
}
