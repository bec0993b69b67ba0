import { attr, type XmlWriter } from "../../../xml/index.js";
import type { Clock, Domain, Os, Timer } from "../model/index.js";
import type { FormatContext } from "./context.js";
import { formatStorageSource } from "./storage.js";

export function formatOs(w: XmlWriter, domain: Domain, context: FormatContext): void {
  const { os } = domain;
  w.block("os", attr("firmware", os.firmware), () => {
    // Xen's own name for its paravirtual guests is kept for older programs
    const type = domain.type === "xen" && os.type === "xen" ? "linux" : os.type;
    w.leaf("type", type, attr("arch", os.arch) + attr("machine", os.machine));
    const features = os.firmwareFeatures;
    if (features !== undefined && features.length > 0) {
      w.block("firmware", "", () => {
        for (const { name, enabled } of features) w.empty("feature", attr("enabled", enabled) + attr("name", name));
      });
    }
    w.leaf("init", os.init);
    for (const each of os.initargs ?? []) w.leaf("initarg", each);
    for (const { name, value } of os.initenv ?? []) w.leaf("initenv", value, attr("name", name));
    w.leaf("initdir", os.initdir);
    w.leaf("inituser", os.inituser);
    w.leaf("initgroup", os.initgroup);
    formatLoader(w, os, context);
    w.leaf("kernel", os.kernel);
    w.leaf("initrd", os.initrd);
    w.leaf("cmdline", os.cmdline);
    w.leaf("dtb", os.dtb);
    w.leaf("root", os.root);
    const slic = os.acpiSlic;
    if (slic !== undefined) w.block("acpi", "", () => w.leaf("table", slic, attr("type", "slic")));
    if (domain.bootloader === undefined) formatBoot(w, os);
    if (os.smbios !== undefined && os.smbios !== "none") w.empty("smbios", attr("mode", os.smbios));
  });
}

function formatLoader(w: XmlWriter, os: Os, context: FormatContext): void {
  const { loader, nvram } = os;
  if (loader !== undefined) {
    const attributes =
      attr("readonly", loader.readonly) +
      attr("secure", loader.secure) +
      attr("type", loader.type) +
      attr("stateless", loader.stateless);
    if (loader.path !== undefined) w.leaf("loader", loader.path, attributes);
    else w.emptyIfAttributes("loader", attributes);
  }
  if (nvram === undefined) return;
  const template = attr("template", nvram.template);
  const { source } = nvram;
  if (source === undefined) w.emptyIfAttributes("nvram", template);
  else if (nvram.newStyle === true) {
    w.block("nvram", template + attr("type", source.type), () => formatStorageSource(w, source, context));
  } else if (source.type === "file") w.leaf("nvram", source.path, template);
}

function formatBoot(w: XmlWriter, os: Os): void {
  for (const dev of os.boot) w.empty("boot", attr("dev", dev));
  if (os.bootmenu !== undefined)
    w.empty("bootmenu", attr("enable", os.bootmenu.enable) + attr("timeout", os.bootmenu.timeout));
  if (os.bios !== undefined)
    w.empty("bios", attr("useserial", os.bios.useserial) + attr("rebootTimeout", os.bios.rebootTimeout));
}

export function formatClock(w: XmlWriter, clock: Clock, context: FormatContext): void {
  w.element("clock", attr("offset", clock.offset) + offsetAttributes(clock, context), () => {
    for (const timer of clock.timers) formatTimer(w, timer);
  });
}

function offsetAttributes(clock: Clock, context: FormatContext): string {
  switch (clock.offset) {
    case "utc":
    case "localtime":
      return attr("adjustment", clock.adjustment);
    case "variable": {
      const start = context.status && clock.adjustment0 ? attr("adjustment0", clock.adjustment0) : "";
      return attr("adjustment", clock.adjustment) + attr("basis", clock.basis) + start;
    }
    case "timezone":
      return attr("timezone", clock.timezone);
    case "absolute":
      return attr("start", clock.start);
  }
}

function formatTimer(w: XmlWriter, timer: Timer): void {
  const attributes =
    attr("name", timer.name) +
    attr("present", timer.present) +
    attr("tickpolicy", timer.tickpolicy) +
    attr("track", timer.track) +
    attr("frequency", timer.frequency) +
    attr("mode", timer.mode);
  w.element("timer", attributes, () => {
    const { catchup } = timer;
    if (catchup === undefined) return;
    const number = (name: string, value: number | undefined): string => (value ? attr(name, value) : "");
    w.emptyIfAttributes(
      "catchup",
      number("threshold", catchup.threshold) + number("slew", catchup.slew) + number("limit", catchup.limit),
    );
  });
}
