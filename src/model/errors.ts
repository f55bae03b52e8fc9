// What may be wrong with an object, in the one form that the CLI, the statuses and the log print.

/** One thing that is wrong with one northbound object: which field, what it holds, and what is allowed there. */
export interface Fault {
  readonly field: string;
  /** The offending value as it was written; absent when the field is missing. */
  readonly value?: unknown;
  /** What would be right, as a phrase: "an integer from 1 to 4094". */
  readonly allowed: string;
}

/** An object's name with its kind, `lport red/vm1`: what people read and what owners are called. */
export type ObjectName = string;

/** A northbound object that is refused, with every fault found in it. */
export class NbError extends Error {
  override readonly name = 'NbError';
  readonly code = 'NB_OBJECT_REFUSED';
  readonly object: ObjectName;
  readonly faults: readonly Fault[];
  constructor(object: ObjectName, faults: readonly Fault[]) {
    super(faults.map((fault) => `${object}: ${faultText(fault)}`).join('\n'));
    this.object = object;
    this.faults = faults;
  }
}

/** A fault as one line: `segmentation_id: 0 is not allowed here: an integer from 1 to 4094`. */
export function faultText(fault: Fault): string {
  const held = fault.value === undefined ? '' : `${shown(fault.value)}: `;
  return `${fault.field}: ${held}${fault.allowed}`;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
