/** Whether each call leaves a line in the log. It is asked at every call, so it is a field and not a question to the log. */
export interface Trace {
  readonly on: boolean;
}
