// Names, versions and ARNs of functions.

import { InputError } from '../../lib/base/errors.ts';
import { ApiError, invalidParameter } from './http.ts';
import type { LocalFunction } from './options.ts';

/** Version behind every alias; the service has one code per function. */
const PUBLISHED = '1';
const LATEST = '$LATEST';

/** A function as a request names it. */
export interface FunctionTarget {
  fn: LocalFunction;
  version: string;
  /** As requested; undefined stands for $LATEST. */
  qualifier?: string;
  arn: string;
}

// name, partial ARN (account:function:name) or full ARN, each with or without :qualifier
const FUNCTION_NAME = /^(?:(?:arn:[\w-]+:lambda:[\w-]+:)?\d{12}:function:)?([\w-]+)(?::([\w$-]+))?$/;

export class FunctionNames {
  readonly functions: LocalFunction[];
  readonly #byName: Map<string, LocalFunction>;
  readonly #prefix: string;

  constructor(functions: LocalFunction[], region: string, accountId: string) {
    this.functions = functions;
    this.#byName = new Map(functions.map((fn) => [fn.name, fn]));
    this.#prefix = `arn:aws:lambda:${region}:${accountId}:function:`;
    if (this.#byName.size < functions.length) throw new InputError('two functions have the same name');
  }

  arn(name: string, qualifier?: string): string {
    return `${this.#prefix}${name}${qualifier === undefined ? '' : `:${qualifier}`}`;
  }

  /**
   * Find what a request names.
   *
   * @throws {ApiError} 404 when the function or qualifier does not exist, 400 when the text is not a name or ARN
   */
  resolve(text: string, givenQualifier?: string): FunctionTarget {
    const match = FUNCTION_NAME.exec(text);
    if (!match) throw invalidParameter(`not a function name or ARN: ${text}`);
    const [, name, ownQualifier] = match;
    if (ownQualifier !== undefined && givenQualifier !== undefined && ownQualifier !== givenQualifier)
      throw invalidParameter('The derived qualifier from the function name does not match the specified qualifier.');
    const qualifier = ownQualifier ?? givenQualifier;
    const fn = this.#byName.get(name);
    const arn = this.arn(name, qualifier);
    const isPublished = qualifier === PUBLISHED || (qualifier !== undefined && fn?.aliases.includes(qualifier));
    if (!fn || !(isPublished || qualifier === undefined || qualifier === LATEST))
      throw new ApiError(404, 'ResourceNotFoundException', `Function not found: ${arn}`);
    return { fn, version: isPublished ? PUBLISHED : LATEST, qualifier, arn };
  }
}
