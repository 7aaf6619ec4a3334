// Bytes of ASCII that text formats give a meaning.

export const TAB = 9;
export const LINE_FEED = 10;
export const CARRIAGE_RETURN = 13;
export const SPACE = 32;
export const QUOTE = 34;
export const PLUS = 43;
export const MINUS = 45;
export const POINT = 46;
export const DIGIT_0 = 48;
export const DIGIT_9 = 57;
export const LETTER_E = 101;
/** Set in lower-case letters; `byte | LOWER_CASE` is the lower case of a letter. */
export const LOWER_CASE = 32;

/** Whether a byte is a space, a tab or part of a line end. */
export function isWhitespace(byte: number): boolean {
  return byte === SPACE || byte === TAB || byte === LINE_FEED || byte === CARRIAGE_RETURN;
}
