export { hasLibvirtd, type PrivateLibvirtd, startLibvirtd } from "./libvirtd.js";
