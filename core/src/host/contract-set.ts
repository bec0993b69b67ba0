import { type Contract, contractId } from "../contracts/index.js";

/** A major of a contract that can serve another one, or itself. */
export interface Source {
  readonly id: string;
  /** Makes its provider one of the major asked for. */
  readonly adapt: (provider: object) => object;
}

interface Entry {
  readonly contract: Contract;
  readonly sources: readonly Source[];
}

const asItIs = (provider: object): object => provider;

/** The contracts that a host serves: of each the present major and, through its adapter, the former one. */
export class ContractSet {
  readonly #entries = new Map<string, Entry>();

  /** Throws where two are the same, or an adapter is not of the major before. */
  constructor(contracts: readonly Contract[]) {
    for (const contract of contracts) {
      const { former } = contract;
      const id = contractId(contract);
      const same: Source = { id, adapt: asItIs };
      if (former === undefined) {
        this.#add(contract, [same]);
        continue;
      }
      if (former.contract.name !== contract.name || former.contract.major !== contract.major - 1)
        throw new Error(`${contractId(former.contract)} is not the major before ${id}`);
      const formerId = contractId(former.contract);
      this.#add(contract, [same, { id: formerId, adapt: (provider) => former.upgrade(provider) }]);
      this.#add(former.contract, [
        { id: formerId, adapt: asItIs },
        { id, adapt: (provider) => former.downgrade(provider) },
      ]);
    }
  }

  /** What a plugin's manifest may name. */
  get ids(): readonly string[] {
    return [...this.#entries.keys()];
  }

  get(id: string): Contract | undefined {
    return this.#entries.get(id)?.contract;
  }

  /** Which majors can serve this one, the best first: itself. */
  sources(id: string): readonly Source[] {
    return this.#entries.get(id)?.sources ?? [];
  }

  /** Whether its providers open connections, and so are probed, started and closed. */
  isDriver(id: string): boolean {
    return this.get(id)?.provider === "driver";
  }

  #add(contract: Contract, sources: readonly Source[]): void {
    const id = contractId(contract);
    if (this.#entries.has(id)) throw new Error(`there are two contracts ${id}`);
    this.#entries.set(id, { contract, sources });
  }
}
