import type { MaybePromise } from "@polyvisor/core";

/** Goes on with a value: at once where it is there, so that nothing can happen in between. */
export function whenThere<T, R>(value: MaybePromise<T>, goOn: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return value instanceof Promise ? value.then(goOn) : goOn(value);
}
