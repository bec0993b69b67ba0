export { type StandIn, type StandInOptions, startStandIn } from "./server.js";
export { addMachine, type Instance, type World } from "./world.js";
