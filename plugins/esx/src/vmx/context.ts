import type { ScsiControllerModel } from "@polyvisor/sdk/conf/domain";

/** What reading a VMX file needs to know of where it lies. */
export interface VmxReading {
  /**
   * The document's name of a file that the VMX file names. Throws `INTERNAL_ERROR` where there is no such file, or gives
   * `undefined` where that is bearable (`allowMissing`): an image in a drive.
   */
  fileName(name: string, allowMissing: boolean): string | undefined;
  /** Where the machine is in its vCenter or on its host; shown in the document. */
  readonly datacenterPath?: string | undefined;
  /** The server's name of the machine; shown in the document. */
  readonly moref?: string | undefined;
}

/** What writing a VMX file needs to know of the server that is to read it. */
export interface VmxWriting {
  readonly hardwareVersion: number;
  /** The VMX file's name of a file that the document names. Throws `INTERNAL_ERROR`. */
  fileName(source: string): string;
  /** The model of the controller that an image was made for, where the document says `auto`. */
  scsiModel?(source: string): ScsiControllerModel;
}
