import { attr, attrNonzero, type XmlWriter } from "../../../xml/index.js";
import type { Filesystem, FilesystemSource } from "../model/index.js";
import { virtioOptions } from "./context.js";
import { formatDeviceInfo } from "./device-info.js";

export function formatFilesystem(w: XmlWriter, filesystem: Filesystem): void {
  const mode = (name: string, value: number | undefined): string =>
    value ? attr(name, value.toString(8).padStart(4, "0")) : "";
  const attributes =
    attr("type", filesystem.source.type) +
    attr("accessmode", filesystem.accessmode) +
    attr("model", filesystem.model) +
    attr("multidevs", filesystem.multidevs) +
    mode("fmode", filesystem.fmode) +
    mode("dmode", filesystem.dmode);
  w.block("filesystem", attributes, () => {
    formatDriver(w, filesystem);
    w.emptyIfAttributes("source", sourceAttributes(filesystem.source));
    if (filesystem.target !== undefined) w.empty("target", attr("dir", filesystem.target));
    if (filesystem.readonly === true) w.empty("readonly");
    formatDeviceInfo(w, filesystem);
    if (filesystem.spaceHardLimit) w.leaf("space_hard_limit", filesystem.spaceHardLimit, attr("unit", "bytes"));
    if (filesystem.spaceSoftLimit) w.leaf("space_soft_limit", filesystem.spaceSoftLimit, attr("unit", "bytes"));
  });
}

function formatDriver(w: XmlWriter, filesystem: Filesystem): void {
  const { driver, binary } = filesystem;
  const own =
    attr("type", driver?.type) +
    attr("format", driver?.format) +
    attr("wrpolicy", driver?.wrpolicy) +
    attrNonzero("queue", driver?.queue);
  w.emptyIfAttributes("driver", own + virtioOptions(driver));
  if (binary === undefined) return;
  w.element("binary", attr("path", binary.path) + attr("xattr", binary.xattr), () => {
    if (binary.cache !== undefined) w.empty("cache", attr("mode", binary.cache));
    if (binary.sandbox !== undefined) w.empty("sandbox", attr("mode", binary.sandbox));
    w.emptyIfAttributes("lock", attr("posix", binary.posixLock) + attr("flock", binary.flock));
    if (binary.threadPoolSize !== undefined) w.empty("thread_pool", attr("size", binary.threadPoolSize));
  });
}

function sourceAttributes(source: FilesystemSource): string {
  switch (source.type) {
    case "mount":
      return source.socket === undefined ? attr("dir", source.dir) : attr("socket", source.socket);
    case "bind":
      return attr("dir", source.dir);
    case "block":
      return attr("dev", source.dev);
    case "file":
      return attr("file", source.file);
    case "template":
      return attr("name", source.name);
    case "ram":
      return attr("usage", source.usage) + attr("units", "KiB");
    case "volume":
      return attr("pool", source.pool) + attr("volume", source.volume);
  }
}
