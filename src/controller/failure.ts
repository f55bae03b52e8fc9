// Errors with stable codes, told apart without their classes.

/** Whether an error carries a code. */
export const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;
