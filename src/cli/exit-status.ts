// Exit statuses that mean the same in every command.

/** What was given is refused, and nothing was written. */
export const refusedStatus = 2;
