import type { DomainEvent } from "@polyvisor/core";
import type { Command } from "../command.js";
import { describeEvent } from "../words/events.js";
import { toJson } from "../words/json.js";

export const events: Command = {
  usage: "events",
  description: "Print events as they happen, until ^C",
  options: [
    ["--timestamp", "Put the time in front of each"],
    ["--json", "Print a JSON object with time, kind and content on each line"],
  ],
  async run(session, _, { timestamp, json }) {
    const line = (event: DomainEvent): string => {
      if (json) return toJson({ time: new Date().toISOString(), ...event });
      return timestamp ? `${virshTime(new Date())}: ${describeEvent(event)}` : describeEvent(event);
    };
    const stop = new AbortController();
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
    const happening = await (await session.connection()).events({ signal: stop.signal });
    for await (const event of happening) session.print(line(event));
  },
};

/** UTC, as in virsh and in libvirt's logs: `2023-01-16 09:30:00.123+0000`. */
function virshTime(date: Date): string {
  return date.toISOString().replace("T", " ").replace("Z", "+0000");
}
