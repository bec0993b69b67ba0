import { PassThrough } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { Domain, DomainActionsHandlers } from "@polyvisor/core";
import { textOf } from "@polyvisor/sdk/xml";
import { checkFlags, hypervError } from "../errors.js";
import { invalidState, type Machines, settingsReference } from "../machine/machines.js";
import { associators, quoted, select } from "../wmi/wql.js";
import { named } from "../wsman/reply.js";
import { virtualKeys } from "./keys.js";

const SYSTEM = "Msvm_ComputerSystem";
const KEYBOARD = "Msvm_Keyboard";
const ENABLED = "2";
/** The controller of a guest with drivers, and the one of a guest that boots. */
const CONTROLLERS = ["Msvm_SyntheticDisplayController", "Msvm_S3DisplayController"] as const;

/** What a machine's user sees and presses. */
export function screenHandlers(machines: Machines): DomainActionsHandlers {
  return {
    async domainScreenshot({ dom, flags }) {
      checkFlags(flags, 0, "hypervDomainScreenshot");
      const { isActive } = await machines.look(dom);
      if (!isActive) throw invalidState("Domain is not active");
      const [size, settings] = await Promise.all([resolution(machines, dom), machines.settings(dom)]);
      const output = await machines.manage(
        "GetVirtualSystemThumbnailImage",
        { name: "TargetSystem", reference: settingsReference(settings) },
        { name: "WidthPixels", text: String(size.width) },
        { name: "HeightPixels", text: String(size.height) },
      );
      const image = named(output, "ImageData");
      if (image === undefined) throw hypervError("INTERNAL_ERROR", "Failed to retrieve image data", "is it running?");
      const pixels = Buffer.from(textOf(image), "base64");
      return { mime: "image/x-portable-pixmap", stream: new PassThrough().end(pixmapOf(size, pixels)) };
    },
    async domainSendKey({ dom, codeset, holdtime, keycodes, flags }) {
      checkFlags(flags, 0, "hypervDomainSendKey");
      const keys = virtualKeys(codeset, keycodes);
      const of = { className: SYSTEM, keys: { CreationClassName: SYSTEM, Name: dom.uuid } };
      const [keyboard] = await machines.wmi.query(KEYBOARD, associators(of, KEYBOARD));
      if (keyboard === undefined) {
        throw hypervError("OPERATION_FAILED", "Could not get Msvm_Keyboard of the domain", "is it running?");
      }
      const act = async (method: "PressKey" | "ReleaseKey") => {
        for (const key of keys) await useKeyboard(machines, dom, keyboard.required("DeviceID"), method, key);
      };
      await act("PressKey");
      await delay(holdtime);
      await act("ReleaseKey");
    },
  };
}

async function useKeyboard({ wmi }: Machines, dom: Domain, id: string, method: string, key: number): Promise<void> {
  await wmi.invoke({
    className: KEYBOARD,
    selectors: {
      CreationClassName: KEYBOARD,
      DeviceID: id,
      SystemCreationClassName: SYSTEM,
      SystemName: dom.uuid,
    },
    method,
    parameters: [{ name: "keyCode", text: String(key) }],
  });
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Of the screen that shows something. */
async function resolution({ wmi }: Machines, { uuid }: Domain): Promise<Size> {
  for (const className of CONTROLLERS) {
    const [controller] = await wmi.query(className, select(className, `SystemName = ${quoted(uuid)}`));
    if (controller === undefined) continue;
    const keys = {
      CreationClassName: className,
      DeviceID: controller.required("DeviceID"),
      SystemCreationClassName: SYSTEM,
      SystemName: uuid,
    };
    const query = associators({ className, keys }, "Msvm_VideoHead", "Msvm_VideoHeadOnController");
    const [head] = await wmi.query("Msvm_VideoHead", query);
    if (head?.text("EnabledState") !== ENABLED) continue;
    return { width: head.number("CurrentHorizontalResolution"), height: head.number("CurrentVerticalResolution") };
  }
  throw hypervError("OPERATION_FAILED", "Could not retrieve screenshot", "is the machine running?");
}

/** Pixels of two bytes (5 bits red, 6 green, 5 blue, the low byte first) as a picture of three bytes each. */
export function pixmapOf({ width, height }: Size, pixels: Buffer): Buffer {
  const count = width * height;
  if (pixels.length < count * 2) {
    throw hypervError("INTERNAL_ERROR", "the image data is shorter than the screen", "try again");
  }
  const picture = Buffer.alloc(count * 3);
  for (let at = 0; at < count; at++) {
    const pixel = pixels.readUInt16LE(at * 2);
    picture[at * 3] = ((pixel >> 11) * 527 + 23) >> 6;
    picture[at * 3 + 1] = (((pixel >> 5) & 0x3f) * 259 + 33) >> 6;
    picture[at * 3 + 2] = ((pixel & 0x1f) * 527 + 23) >> 6;
  }
  return Buffer.concat([Buffer.from(`P6\n${width} ${height}\n255\n`), picture]);
}
