// What the parser of the command line says of an error, in our words: what, the values allowed, the value got.

/** @param text as commander has it, `error: ` in front */
export function reword(text: string): string {
  const [said = '', ...hints] = text.replace(/^error: /, '').split('\n');
  const hint = /^\(Did you mean (.*)\?\)$/.exec(hints[0] ?? '')?.[1];
  return `${inOurWords(said)}${hint === undefined ? '' : `; did you mean ${hint}?`}`;
}

function inOurWords(said: string): string {
  const option = /^option '(?:-\w, )?(--[\w-]+)[^']*' argument '(.*)' is invalid\. (.*)\.$/s.exec(said);
  if (option) return refusal(option[1], option[3], option[2]);
  const argument = /^command-argument value '(.*)' is invalid for argument '(.*)'\. (.*)\.$/s.exec(said);
  if (argument) return refusal(argument[2], argument[3], argument[1]);
  const missing =
    /^missing required argument '(.*)'$/.exec(said) ?? /^required option '(.*)' not specified$/.exec(said);
  if (missing) return `${missing[1]} is missing`;
  const valueless = /^option '(.*)' argument missing$/.exec(said);
  if (valueless) return `${valueless[1]} needs a value`;
  return said.replace(/\. Expected (.*)\.$/, ': expected $1');
}

/** @param reason a sentence, without its full stop */
function refusal(what: string, reason: string, got: string): string {
  return `${what} ${extractRule(reason)}, got ${JSON.stringify(got)}`;
}

/** `must be local or aws`, of what commander or a parser of ours says. */
export function extractRule(reason: string): string {
  const choices = /^Allowed choices are (.*?)\.?$/.exec(reason)?.[1];
  if (choices !== undefined) return `must be ${choices.replace(/, ([^,]*)$/, ' or $1')}`;
  return reason.replace(/^It /, '').replace(/\.$/, '');
}
