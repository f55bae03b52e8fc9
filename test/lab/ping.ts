// Echo requests from a network stack, counted: a few, or until told to stop.
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { run, start, stop } from './process.js';

/** How many echo requests were sent and answered. */
export interface PingResult {
  readonly sent: number;
  readonly answered: number;
}

/** Pings from a stack: `count` requests, each waited for at most a second. */
export async function ping(from: { readonly netns: string }, address: string, count = 3): Promise<PingResult> {
  const args = ['-n', '-c', String(count), '-i', '0.1', '-W', '1', address];
  // ping's exit status is 1 when nothing came back; the numbers say the same.
  const text = await run('ping', args, { netns: from.netns }).catch((error: unknown) => String(error));
  return counted(text);
}

/** A ping that goes on; `stop` ends it and counts. */
export interface RunningPing {
  stop(): Promise<PingResult>;
}

/** Pings from a stack until stopped, one request every `intervalMs`. */
export function startPing(from: { readonly netns: string }, address: string, intervalMs: number): RunningPing {
  const logFile = join(tmpdir(), `ping-${from.netns}-${Date.now()}.log`);
  const args = ['-n', '-q', '-i', String(intervalMs / 1000), address];
  const child = start('ping', args, logFile, { netns: from.netns });
  return {
    stop: async () => {
      // The answer to the last request is still under way.
      await delay(intervalMs);
      await stop(child, 'SIGINT');
      const text = readFileSync(logFile, 'utf8');
      rmSync(logFile);
      return counted(text);
    },
  };
}

function counted(text: string): PingResult {
  const [, sent, answered] = /(\d+) packets transmitted, (\d+) received/.exec(text) ?? [];
  if (sent === undefined) throw new Error(`ping did not run: ${text}`);
  return { sent: Number(sent), answered: Number(answered) };
}
