// The log: one JSON line per event, or one readable line on a terminal.
import pino, { type Logger } from 'pino';
import pretty from 'pino-pretty';

/** Makes the log; on a terminal each event is one line for people, unless JSON is asked for. */
export function makeLog(level: string, json: boolean, stream: NodeJS.WriteStream = process.stdout): Logger {
  const options = { level, base: null };
  if (json || !stream.isTTY) return pino({ ...options, timestamp: pino.stdTimeFunctions.isoTime }, stream);
  return pino(
    options,
    pretty({
      destination: stream,
      colorize: true,
      singleLine: true,
      translateTime: 'SYS:HH:MM:ss.l',
      ignore: 'pid,hostname',
      sync: true,
    }),
  );
}
