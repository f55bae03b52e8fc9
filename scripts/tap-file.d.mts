// The types of tap-file.mjs, for the test that holds it to its word.

/** What one test file came to. */
export interface TestFileResult {
  readonly passed: number;
  readonly failures: readonly { readonly name: string; readonly text: string }[];
  readonly skips: readonly { readonly name: string; readonly reason: string }[];
}

/** Top-level points of TAP text. */
export function readTap(text: string): TestFileResult;

/** Runs `node file`; never rejects. */
export function runTestFile(file: string, timeoutMs: number): Promise<TestFileResult & { readonly ms: number }>;
