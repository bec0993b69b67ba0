import { type Domain, type Graphics, mapDevices } from "@polyvisor/sdk/conf/domain";

/** Names of this kind are made up at each start. */
const MADE_UP = /^vnet\d+$/;

/** A configuration without what an earlier start has chosen. */
export function withoutChoices(config: Domain): Domain {
  return mapDevices(config, {
    interface: (card) =>
      card.target?.dev !== undefined && MADE_UP.test(card.target.dev) ? { ...card, target: undefined } : card,
  });
}

/** `names`: the devices of the host for each card. */
export function withTaps(config: Domain, names: readonly string[]): Domain {
  const { interfaces } = config.devices;
  return {
    ...config,
    devices: {
      ...config.devices,
      interfaces: interfaces.map((card, at) => ({ ...card, target: { ...card.target, dev: names[at] } })),
    },
  };
}

/** Where VNC listens, if it was to be chosen. */
export function withVncPort(config: Domain, port: number): Domain {
  const { graphics } = config.devices;
  const chosen = graphics.map((each): Graphics => (each.type === "vnc" && each.autoport ? { ...each, port } : each));
  return { ...config, devices: { ...config.devices, graphics: chosen } };
}

/** The port of a guest's screen. */
export function vncPortOf({ devices }: Domain): number | undefined {
  const [first] = devices.graphics;
  return first?.type === "vnc" ? first.port : undefined;
}

/** Whether a port is to be chosen for it. */
export function wantsVncPort({ devices }: Domain): boolean {
  const [first] = devices.graphics;
  return first?.type === "vnc" && first.autoport;
}
