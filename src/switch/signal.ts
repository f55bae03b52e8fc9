// The smallest event: those who listen, and a call to all of them.

/** Listeners of one event; `on` returns the way to stop listening. */
export interface Signal<Value> {
  readonly on: (listener: (value: Value) => void) => () => void;
  readonly emit: (value: Value) => void;
}

/** An event without listeners. */
export function signal<Value>(): Signal<Value> {
  const listeners = new Set<(value: Value) => void>();
  return {
    on: (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    emit: (value) => {
      for (const listener of listeners) listener(value);
    },
  };
}
