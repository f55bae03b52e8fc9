// The demo as its users run it, and what came of it.
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { CommandError, run } from '../lab/process.js';
import { labPrograms, needing } from '../lab/requirements.js';

const program = fileURLToPath(new URL('../../demo/main.js', import.meta.url));
/** What the demo needs of the machine. */
export const demoOptions = needing(...labPrograms, 'nats-server');
const outcomeSchema = z.object({
  held: z.boolean(),
  lines: z.array(z.object({ section: z.string(), id: z.string(), held: z.boolean(), seen: z.string() })),
});

/** Runs the demo with `--json`. */
export async function demo(...words: string[]): Promise<z.infer<typeof outcomeSchema>> {
  const text = await run(process.execPath, [program, '--json', ...words], { timeoutMs: 270_000 }).catch(
    (error: unknown) => {
      if (error instanceof CommandError && error.code === 1) return error.output;
      throw error;
    },
  );
  return outcomeSchema.parse(JSON.parse(text.slice(0, text.indexOf('\n}\n') + 3)));
}
