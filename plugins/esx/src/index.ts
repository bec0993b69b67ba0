import { providers } from "@polyvisor/core";
import { EsxDriver } from "./driver.js";

export default providers({ "hypervisor.v1": EsxDriver });
