// Echo requests from a network stack, counted: a few, or until told to stop.
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, start, stop } from './process.js';

/** How many echo requests were sent and answered. */
export interface PingResult {
  readonly sent: number;
  readonly answered: number;
}

const answerSeconds = '3';

/**
 * Pings from a stack: `count` requests at once, all waited for for at most three seconds. -W alone is not enough for that: once
 * one answer is there, ping waits for the others no longer than its interval.
 */
export async function ping(from: { readonly netns: string }, address: string, count = 3): Promise<PingResult> {
  const [requests, wait] = [String(count), answerSeconds];
  const args = ['-n', '-c', requests, '-l', requests, '-i', wait, '-W', wait, address];
  // ping's exit status is 1 when nothing came back; the numbers say the same.
  const text = await run('ping', args, { netns: from.netns }).catch((error: unknown) => String(error));
  return counted(text);
}

/** A ping that goes on; `stop` ends it and counts. */
export interface RunningPing {
  stop(): Promise<PingResult>;
}

/**
 * So long may an answer be under way on a busy machine. Requests of the last moment before a ping is stopped count only up to the
 * last one that is answered.
 */
const underWayMs = 1_000;

/** Pings from a stack until stopped, one request every `intervalMs`. */
export function startPing(from: { readonly netns: string }, address: string, intervalMs: number): RunningPing {
  const logFile = join(tmpdir(), `ping-${from.netns}-${Date.now()}.log`);
  const args = ['-n', '-i', String(intervalMs / 1000), address];
  const child = start('ping', args, logFile, { netns: from.netns });
  return {
    stop: async () => {
      await stop(child, 'SIGINT');
      const text = readFileSync(logFile, 'utf8');
      rmSync(logFile);
      const { sent } = counted(text);
      const answered = new Set([...text.matchAll(/icmp_seq=(\d+) ttl=/g)].map(([, sequence]) => Number(sequence)));
      const complete = Math.max(sent - Math.ceil(underWayMs / intervalMs), ...answered);
      return { sent: complete, answered: answered.size };
    },
  };
}

function counted(text: string): PingResult {
  const [, sent, answered] = /(\d+) packets transmitted, (\d+) received/.exec(text) ?? [];
  if (sent === undefined) throw new Error(`ping did not run: ${text}`);
  return { sent: Number(sent), answered: Number(answered) };
}
