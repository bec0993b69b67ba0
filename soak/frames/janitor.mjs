import { remoteProgram } from "@polyvisor/core";
import { RpcClient } from "@polyvisor/sdk/rpc";

const { calls } = remoteProgram;

const TEST_DOMAIN = "test";

/** An honest client that sees what attackers have done to the domains, and puts them back. */
export class Janitor {
  #client;
  #definition = "";

  /** @param {string} socket @param {string} uri */
  static async start(socket, uri) {
    const janitor = new Janitor();
    janitor.#client = await RpcClient.connect(socket);
    await janitor.#call("connectOpen", { name: uri, flags: 0 });
    if (uri.startsWith("test:")) janitor.#definition = await janitor.#xml(await janitor.#find(TEST_DOMAIN));
    return janitor;
  }

  /** Names, states and documents of all domains as text. */
  async snapshot() {
    const lines = [];
    for (const dom of await this.#list()) {
      const { state } = await this.#call("domainGetState", { dom, flags: 0 });
      lines.push(`${dom.name} ${dom.uuid} ${dom.id} ${state}\n${await this.#xml(dom)}`);
    }
    return lines.sort().join("\n");
  }

  /**
   * Removes every domain that attackers made, brings back the one that was there. Returns how many it removed. While they
   * go on making some, that others are left says nothing: `last` is false then.
   */
  async tidy(last = true) {
    if (this.#definition === "") return 0;
    let removed = 0;
    for (const dom of await this.#list()) {
      if (dom.name === TEST_DOMAIN) continue;
      // Some are running, some are persistent, some both.
      await this.#call("domainDestroy", { dom }).catch(() => {});
      await this.#call("domainUndefineFlags", { dom, flags: 0 }).catch(() => {});
      removed++;
    }
    const left = last ? (await this.#list()).filter(({ name }) => name !== TEST_DOMAIN) : [];
    if (left.length > 0) throw new Error(`${left.length} domains cannot be removed, ${left[0].name} is one`);
    const dom = await this.#call("domainDefineXML", { xml: this.#definition }).catch(unless(last));
    if (dom === undefined) return removed;
    await this.#call("domainCreate", { dom }).catch(() => {});
    await this.#call("domainResume", { dom }).catch(() => {});
    return removed;
  }

  /** Causes events until the function that it returns is called. */
  stir() {
    let goesOn = true;
    const stirring = (async () => {
      while (goesOn) {
        const dom = await this.#find(TEST_DOMAIN).catch(() => undefined);
        if (dom !== undefined) {
          await this.#call("domainSuspend", { dom }).catch(() => {});
          await this.#call("domainResume", { dom }).catch(() => {});
        }
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    })();
    return async () => {
      goesOn = false;
      await stirring;
    };
  }

  async stop() {
    await this.#client.close();
  }

  #call(name, args) {
    return this.#client.call(remoteProgram, calls[name], args);
  }

  #list() {
    return this.#call("connectListAllDomains", { flags: 0 });
  }

  #find(name) {
    return this.#call("domainLookupByName", { name });
  }

  #xml(dom) {
    return this.#call("domainGetXMLDesc", { dom, flags: 0 });
  }
}

/** A failure is told only where it means something. */
function unless(last) {
  return (error) => {
    if (last) throw error;
  };
}
