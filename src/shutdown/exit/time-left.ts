/** How much of the time for all Registrars together remains, in milliseconds. */
export type TimeLeft = () => number;
