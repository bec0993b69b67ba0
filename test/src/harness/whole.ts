/** `npm run soak -- variants` tries everything; `npm test` leaves out what it shows in another way, too. */
export const isWhole = process.env.POLYVISOR_WHOLE_KITS === "1";
