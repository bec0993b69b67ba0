import { StartError } from "@polyvisor/sdk/process";

export { StartError };

/** A setting that only shows to be a bad one when it is used. Whoever knows the file adds where in it the setting stands. */
export class SettingError extends StartError {
  readonly key: string;

  constructor(key: string, message: string, hint?: string) {
    super(message, hint);
    this.key = key;
  }
}
