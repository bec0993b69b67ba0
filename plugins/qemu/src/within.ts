/** Whether a promise settles within some milliseconds. What it settles with is passed over, a failure too. */
export async function within(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, milliseconds, false);
  });
  const settled = promise.then(
    () => true,
    () => true,
  );
  const done = await Promise.race([settled, timeout]);
  clearTimeout(timer);
  return done;
}
