// Whether a message can be encoded and would be taken.
import { encode, EncodeError, validate, type Message } from '../../../src/ofp/index.js';

/** Whether Open vSwitch would take a message, as far as it does not depend on its state. */
export function isRight(message: Message): boolean {
  try {
    encode(message, 0);
  } catch (error) {
    if (error instanceof EncodeError) return false;
    throw error;
  }
  return validate(message) === undefined;
}
