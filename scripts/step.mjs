// Runs one long step as a child process and says how it goes: a live line on a terminal, a line every ten seconds
// elsewhere, the step's own output only when it fails.
import { spawn } from 'node:child_process';
import process from 'node:process';
import { clearInterval, setInterval } from 'node:timers';

const heartbeatMs = 10_000;

/** Writes one line to standard output. */
export function say(line) {
  process.stdout.write(`${line}\n`);
}

/** `3.4 s`, or `2 min 5 s` for long ones. */
export function seconds(ms) {
  const whole = Math.round(ms / 1000);
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** A line that is rewritten in place on a terminal, and a rare heartbeat where there is none. */
export function progress(label) {
  const terminal = process.stdout.isTTY === true;
  const started = Date.now();
  let detail = () => '';
  let spoken = started;
  const tick = () => {
    const line = `${label} … ${seconds(Date.now() - started)}${detail() === '' ? '' : `  ${detail()}`}`;
    if (terminal) process.stdout.write(`\r\x1b[K${line.slice(0, (process.stdout.columns ?? 80) - 1)}`);
    else if (Date.now() - spoken >= heartbeatMs) {
      spoken = Date.now();
      say(line);
    }
  };
  const timer = setInterval(tick, 500);
  timer.unref();
  return {
    /** What is going on: a text, or a function that gives one whenever the line is shown. */
    note(what) {
      detail = typeof what === 'function' ? what : () => what.trim();
    },
    /** Ends the live line; returns how long it lived, in milliseconds. */
    end() {
      clearInterval(timer);
      if (terminal) process.stdout.write('\r\x1b[K');
      return Date.now() - started;
    },
  };
}

/**
 * Runs `command`; resolves to `{ code, output, ms }` and never rejects. `timeoutMs` kills it (code 124).
 * The child gets no standard input: whatever asks there would hang a machine nobody looks at.
 */
export function run(command, args, { label = command, env = {}, timeoutMs } = {}) {
  return new Promise((resolve) => {
    const live = progress(label);
    const child = spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
    });
    let output = '';
    const read = (chunk) => {
      output += chunk;
      live.note(output.trimEnd().split('\n').at(-1));
    };
    child.stdout.setEncoding('utf8').on('data', read);
    child.stderr.setEncoding('utf8').on('data', read);
    child.on('error', (error) => resolve({ code: 127, output: `${output}${error.message}\n`, ms: live.end() }));
    child.on('close', (code, signal) =>
      resolve({ code: code ?? (signal === 'SIGTERM' && timeoutMs ? 124 : 1), output, ms: live.end() }),
    );
  });
}

/** Runs a step and says in one line that it is done; on failure prints its output and throws. */
export async function step(label, command, args, options = {}) {
  const { code, output, ms } = await run(command, args, { label, ...options });
  if (code !== 0)
    throw new Error(`${label} failed (${[command, ...args].join(' ')}, exit ${code}):\n${output.trimEnd()}`);
  say(`${label}: done in ${seconds(ms)}`);
  return output;
}
