import { PassThrough } from "node:stream";
import { checkFlags, type HypervisorHandlers } from "@polyvisor/core";
import type { Server } from "../server.js";
import { esxError } from "../soap/error.js";
import { expectPower } from "./power.js";

/** Pictures of screens, as the server makes them. */
export function screenshotHandlers({ machines, facts, primary }: Server): HypervisorHandlers {
  return {
    async domainScreenshot({ dom, screen, flags }) {
      checkFlags(flags, 0, "esxDomainScreenshot", "ESX");
      if (screen !== 0) throw esxError("INVALID_ARG", "Screen cannot be selected", "there is one: screen 0");
      if (!(await facts.lasting()).boolean("capability.screenshotSupported")) {
        throw esxError("OPERATION_UNSUPPORTED", "Screenshot feature is unsupported", "the host cannot do it");
      }
      const machine = await machines.look(dom.uuid);
      expectPower(machine.power, "poweredOn");
      const { http } = primary.session;
      const path = `/screen?id=${encodeURIComponent(machine.ref.value)}`;
      const response = await http.open({ method: "GET", path });
      const status = response.statusCode ?? 0;
      if (status !== 200 && status !== 206) {
        response.destroy();
        const detail = `Unexpected HTTP response code ${status}`;
        throw esxError("INTERNAL_ERROR", detail, "the server's own log says more");
      }
      const { deadline } = http.target;
      response.setTimeout(deadline, () => response.destroy(esxError("INTERNAL_ERROR", "Could not complete download")));
      const stream = new PassThrough();
      response.once("error", (error) => stream.destroy(error));
      stream.once("close", () => response.destroy());
      return { mime: "image/png", stream: response.pipe(stream) };
    },
  };
}
