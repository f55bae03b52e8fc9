// Programs run for a test: short ones to their end, long ones until told to stop. Each ends with the test, whatever ends that.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Where and how a program runs. `netns` is the name of a network namespace, `timeoutMs` a deadline (30 s by default). */
export interface RunOptions {
  readonly netns?: string | undefined;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly timeoutMs?: number;
}

/** A program ended badly: its command line, exit status and output. */
export class CommandError extends Error {
  readonly code: number | null;
  readonly output: string;

  constructor(commandLine: string, code: number | null, output: string) {
    super(`${commandLine}: ${code === null ? 'killed' : `exit status ${code}`}\n${output.trimEnd()}`);
    this.name = 'CommandError';
    this.code = code;
    this.output = output;
  }
}

/**
 * The command line that runs `command` in a namespace and lets the kernel kill it when we die, however we die
 * (PDEATHSIG survives exec, so the process id is the program's own).
 */
function wrapped(command: string, args: readonly string[], netns: string | undefined): readonly [string, string[]] {
  const enter = netns === undefined ? [] : ['nsenter', `--net=/run/netns/${netns}`];
  return ['setpriv', ['--pdeathsig', 'KILL', ...enter, command, ...args]];
}

/** An ordinary user's PATH lacks the folders where ovs-vswitchd and ip live. */
function environment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`, LC_ALL: 'C', ...extra };
}

/** Runs a program to its end and resolves to its standard output; throws CommandError on any other exit status than 0. */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const child = spawn(...wrapped(command, args, options.netns), {
    env: environment(options.env),
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: options.timeoutMs ?? 30_000,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  // A program that ends before it has read its input says why by its exit status, not by our broken pipe.
  child.stdin.on('error', () => undefined).end(options.input ?? '');
  await once(child, 'close');
  if (child.exitCode !== 0) throw new CommandError([command, ...args].join(' '), child.exitCode, stdout + stderr);
  return stdout;
}

/** Starts a program that goes on; its output is appended to `logFile`. */
export function start(
  command: string,
  args: readonly string[],
  logFile: string,
  options: Pick<RunOptions, 'netns' | 'env'> = {},
): ChildProcess {
  const log = openSync(logFile, 'a');
  try {
    return spawn(...wrapped(command, args, options.netns), {
      env: environment(options.env),
      stdio: ['ignore', log, log],
    });
  } finally {
    closeSync(log);
  }
}

/** Whether a started program still runs. */
export function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

/** Sends `signal` (SIGTERM) and waits for the end; after `graceMs` the program is killed. Stopped programs are woken first. */
export async function stop(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM', graceMs = 3_000): Promise<void> {
  if (!isRunning(child)) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  if (signal !== 'SIGKILL') child.kill('SIGCONT');
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await ended;
  clearTimeout(timer);
}

/** Waits until `probe` gives something other than undefined or false; throws with `what` after `deadlineMs`. */
export async function until<T>(
  what: string,
  probe: () => T | Promise<T>,
  deadlineMs = 10_000,
): Promise<Exclude<T, undefined | false>> {
  const end = Date.now() + deadlineMs;
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 1.5, 100)) {
    const answer = await probe();
    if (answer !== undefined && answer !== false) return answer as Exclude<T, undefined | false>;
    if (Date.now() >= end) throw new Error(`waited ${deadlineMs} ms in vain: ${what}`);
    await delay(pauseMs);
  }
}
