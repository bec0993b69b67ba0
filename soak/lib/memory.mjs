/** Heap and what hangs on it outside, in bytes. @param {NodeJS.MemoryUsage} usage */
export function total({ heapUsed, external }) {
  return heapUsed + external;
}
