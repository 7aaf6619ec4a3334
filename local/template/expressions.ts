// Evaluates the expressions of a CloudFormation template.

import { InputError } from '../../lib/base/errors.ts';

/** A resource of a template. */
export interface Resource {
  Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: JSON without a type; what is read of it is checked where it is read
  Properties?: Record<string, any>;
}

export interface Template {
  Resources: Record<string, Resource>;
  Outputs?: Record<string, { Value: unknown }>;
  Parameters?: Record<string, { Default?: unknown }>;
}

/** What `Ref` and `Fn::GetAtt` give for a resource. */
export interface Attributes {
  Ref: string;
  [attribute: string]: string;
}

export interface TemplateScope {
  region: string;
  accountId: string;
  stackName: string;
}

/** @param attributesOf returns the attributes of an existing resource by its logical id */
export class Expressions {
  readonly #template: Template;
  readonly #pseudo: Record<string, string>;
  readonly #attributesOf: (id: string) => Attributes;

  constructor(
    template: Template,
    { region, accountId, stackName }: TemplateScope,
    attributesOf: (id: string) => Attributes,
  ) {
    this.#template = template;
    this.#attributesOf = attributesOf;
    this.#pseudo = {
      'AWS::AccountId': accountId,
      'AWS::Partition': 'aws',
      'AWS::Region': region,
      'AWS::StackName': stackName,
      'AWS::StackId': `arn:aws:cloudformation:${region}:${accountId}:stack/${stackName}/local`,
      'AWS::URLSuffix': 'amazonaws.com',
    };
  }

  /**
   * Evaluate a value and everything in it.
   *
   * @throws {InputError} at a function that is not supported, or a name that does not exist
   */
  resolve(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((each) => this.resolve(each));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const [[name, argument]] = entries.length === 1 ? entries : [['', undefined]];
    if (name === 'Ref') return this.#ref(String(argument));
    if (name?.startsWith('Fn::')) return this.#call(name, argument);
    return Object.fromEntries(entries.map(([key, each]) => [key, this.resolve(each)]));
  }

  /** Evaluate a value that must be text. */
  text(value: unknown): string {
    const text = this.resolve(value);
    if (typeof text === 'string') return text;
    throw new InputError(`the template has ${JSON.stringify(value)} where text is expected`);
  }

  #ref(name: string): unknown {
    if (Object.hasOwn(this.#pseudo, name)) return this.#pseudo[name];
    const parameter = this.#template.Parameters?.[name];
    if (parameter?.Default !== undefined) return parameter.Default;
    return this.#attribute(name, 'Ref');
  }

  #attribute(id: string, attribute: string): string {
    const value = Object.hasOwn(this.#template.Resources, id) ? this.#attributesOf(id)[attribute] : undefined;
    if (value === undefined)
      throw new InputError(`the template refers to ${attribute} of ${id}, which the emulator does not know`);
    return value;
  }

  // biome-ignore lint/suspicious/noExplicitAny: each function has another form of argument
  #call(name: string, argument: any): unknown {
    switch (name) {
      case 'Fn::GetAtt':
        return this.#attribute(argument[0], argument[1]);
      case 'Fn::Join':
        return argument[1].map((part: unknown) => this.text(part)).join(argument[0]);
      case 'Fn::Select':
        return (this.resolve(argument[1]) as unknown[])[Number(argument[0])];
      case 'Fn::Split':
        return this.text(argument[1]).split(argument[0]);
      case 'Fn::Sub':
        return this.#substitute(argument);
      default:
        throw new InputError(`the template uses ${name}, which the emulator does not know`);
    }
  }

  #substitute(argument: string | [string, Record<string, unknown>]): string {
    const [text, own] = Array.isArray(argument) ? argument : [argument, {}];
    return text.replace(/\$\{([^!}][^}]*)\}/g, (_, name: string) => {
      if (Object.hasOwn(own, name)) return this.text(own[name]);
      const [id, attribute] = name.split('.') as [string, string?];
      return attribute === undefined ? String(this.#ref(name)) : this.#attribute(id, attribute);
    });
  }
}
