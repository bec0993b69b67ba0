import type { HostServices } from "@polyvisor/core";

const PORT_XML = (uuid: string) => `<networkport>
  <uuid>${uuid}</uuid>
  <owner><name>lighthouse</name><uuid>5f7d1f4e-0c9a-4a6b-9d43-00000000000a</uuid></owner>
  <mac address='52:54:00:c0:de:03'/>
  <plug type='bridge' bridge='virbr0'/>
</networkport>`;

/** A network, a pool and their providers, made up; tells which calls were made. */
export class MadeUpObjects {
  readonly calls: string[] = [];
  readonly #ports = new Map<string, string>();

  /** The ports that nobody has given back. */
  get ports(): readonly string[] {
    return [...this.#ports.keys()];
  }

  readonly services = {
    connect: async (contract: string) =>
      contract === "network.v1" ? this.#networks : contract === "storage.v1" ? this.#storage : undefined,
    connectAll: async () => [],
  } as unknown as HostServices;

  readonly #networks = {
    networkLookupByName: async ({ name }: { name: string }) => ({ name, uuid: "" }),
    networkPortCreateXML: async ({ network, xml }: { network: object; xml: string }) => {
      this.calls.push("networkPortCreateXML");
      const uuid = /<uuid>([^<]+)</.exec(xml)?.[1] ?? "";
      this.#ports.set(uuid, xml);
      return { net: network, uuid };
    },
    networkPortLookupByUUID: async ({ network, uuid }: { network: object; uuid: string }) => ({ net: network, uuid }),
    networkPortGetXMLDesc: async ({ port }: { port: { uuid: string } }) => PORT_XML(port.uuid),
    networkPortDelete: async ({ port }: { port: { uuid: string } }) => {
      this.calls.push("networkPortDelete");
      this.#ports.delete(port.uuid);
    },
    close: () => {},
  };

  readonly #storage = {
    storagePoolLookupByName: async ({ name }: { name: string }) => ({ name, uuid: "" }),
    storageVolLookupByName: async ({ pool, name }: { pool: { name: string }; name: string }) => ({
      pool: pool.name,
      name,
      key: name,
    }),
    storageVolGetPath: async ({ vol }: { vol: { pool: string; name: string } }) => `/pools/${vol.pool}/${vol.name}`,
    close: () => {},
  };
}
