// Just enough of CloudFormation's Query API for clients that look up a stack's outputs: DescribeStacks by name.

import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { XMLBuilder } from 'fast-xml-parser';
import { refusalReason } from '../http/request-origin.ts';
import { type LocalServer, readBody, send, serve } from '../http/serve.ts';

const NAMESPACE = 'http://cloudformation.amazonaws.com/doc/2010-05-15/';
const MAX_BODY_BYTES = 1024 * 1024;

export interface CloudFormationOptions {
  /** @default 0, any free port */
  port?: number;
  /** Outputs of each stack, by the stack's name. */
  stacks: Record<string, Record<string, string>>;
}

/** Serve until closed, on 127.0.0.1 only. */
export function startCloudFormation({ port = 0, stacks }: CloudFormationOptions): Promise<LocalServer> {
  const createdAt = new Date().toISOString();
  return serve(port, (request, response) => {
    answer(request, response).catch((error) => sendError(response, 500, 'InternalFailure', String(error)));
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request, MAX_BODY_BYTES);
    const refusal = refusalReason(request);
    if (refusal !== undefined) return sendError(response, 403, 'AccessDenied', refusal);
    if (body === undefined) return sendError(response, 413, 'RequestEntityTooLarge', 'the body is over 1 MiB');
    const parameters = new URLSearchParams(body.toString());
    const action = parameters.get('Action');
    if (action !== 'DescribeStacks') {
      return sendError(response, 400, 'InvalidAction', `only DescribeStacks is supported, got ${action}`);
    }
    const name = parameters.get('StackName');
    const names = name === null ? Object.keys(stacks) : [name];
    const unknown = names.find((each) => !Object.hasOwn(stacks, each));
    if (unknown !== undefined) {
      return sendError(response, 400, 'ValidationError', `Stack with id ${unknown} does not exist`);
    }
    const member = names.map((each) => describe(each, stacks[each], createdAt));
    sendXml(response, 200, 'DescribeStacksResponse', {
      DescribeStacksResult: { Stacks: { member } },
      ResponseMetadata: { RequestId: randomUUID() },
    });
  }
}

function describe(name: string, outputs: Record<string, string>, createdAt: string): object {
  return {
    StackName: name,
    StackId: `arn:aws:cloudformation:us-east-1:000000000000:stack/${name}/local`,
    CreationTime: createdAt,
    StackStatus: 'CREATE_COMPLETE',
    Outputs: { member: Object.entries(outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })) },
  };
}

function sendError(response: ServerResponse, status: number, code: string, message: string): void {
  const type = status < 500 ? 'Sender' : 'Receiver';
  const error = { Type: type, Code: code, Message: message };
  sendXml(response, status, 'ErrorResponse', { Error: error, RequestId: randomUUID() });
}

const builder = new XMLBuilder({ ignoreAttributes: false });

function sendXml(response: ServerResponse, status: number, root: string, content: object): void {
  const xml = builder.build({ [root]: { '@_xmlns': NAMESPACE, ...content } });
  send(response, status, xml, { 'content-type': 'text/xml' });
}
