/** What the process ends with. 64 is `EX_USAGE` of `sysexits.h`; 130 and up are 128 and the signal. */
export const exitCodes = {
  completed: 0,
  failed: 1,
  cancelled: 2,
  unsettled: 3,
  usage: 64,
  interrupted: 130,
  closedPipe: 141,
  terminated: 143,
} as const;
