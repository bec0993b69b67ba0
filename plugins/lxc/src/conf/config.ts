import { parseConfigFile } from "@polyvisor/sdk/conf/config-file";
import { configReader } from "@polyvisor/sdk/conf/config-file-values";

/** The settings of `lxc.conf`. */
export interface LxcConfig {
  /** Containers' logs go where the daemon's go rather than to a file for each container. */
  readonly logWithLibvirtd: boolean;
  /** Absent: the first that the host has. */
  readonly securityDriver?: string | undefined;
  readonly securityDefaultConfined: boolean;
  /** Containers that are not confined are refused. */
  readonly securityRequireConfined: boolean;
}

/** Throws in libvirt's words, with the file's name. */
export function parseLxcConfig(text: string, fileName: string): LxcConfig {
  const values = configReader(parseConfigFile(text, fileName), fileName);
  return {
    logWithLibvirtd: values.boolean("log_with_libvirtd") ?? false,
    securityDriver: values.string("security_driver"),
    securityDefaultConfined: values.boolean("security_default_confined") ?? false,
    securityRequireConfined: values.boolean("security_require_confined") ?? false,
  };
}
