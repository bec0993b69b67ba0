/** How often it is looked, in milliseconds. */
const LOOK_MS = 1000;

/** Calls back once a daemon has had nothing to do for so many seconds. Looks as long as the process lives. */
export function whenIdle(seconds: number, isBusy: () => boolean, idle: () => void): void {
  let since = performance.now();
  const timer = setInterval(
    () => {
      if (isBusy()) since = performance.now();
      else if (performance.now() - since >= seconds * 1000) {
        clearInterval(timer);
        idle();
      }
    },
    Math.min(LOOK_MS, seconds * 1000),
  );
  timer.unref();
}
