import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { CloudFormationClient, DescribeStacksCommand, ListStacksCommand } from '@aws-sdk/client-cloudformation';
import { startCloudFormation } from '../../../local/emulator/cloudformation.ts';

const outputs = {
  BucketName: 'bucket',
  OrchestratorArn: 'arn:aws:lambda:us-east-1:1:function:o:live',
  Odd: 'a <&> "b" é',
};
const server = await startCloudFormation({ stacks: { Arvoredo: outputs, Other: {}, One: { Only: '007' } } });
after(() => server.close());

const client = new CloudFormationClient({
  endpoint: server.url,
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
});
after(() => client.destroy());
const describe = (StackName?: string) => client.send(new DescribeStacksCommand({ StackName }));

test('DescribeStacks gives the outputs of a stack to the unmodified SDK', async () => {
  const { Stacks } = await describe('Arvoredo');
  assert.equal(Stacks?.length, 1);
  assert.equal(Stacks[0].StackName, 'Arvoredo');
  assert.equal(Stacks[0].StackStatus, 'CREATE_COMPLETE');
  assert.ok(Stacks[0].CreationTime instanceof Date);
  assert.deepEqual(
    Object.fromEntries(Stacks[0].Outputs!.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue])),
    outputs,
  );
});

test('a stack of one output and a stack of none are lists too', async () => {
  assert.deepEqual((await describe('One')).Stacks![0].Outputs, [{ OutputKey: 'Only', OutputValue: '007' }]);
  assert.deepEqual((await describe('Other')).Stacks![0].Outputs ?? [], []);
});

test('without a name all stacks are described', async () => {
  assert.deepEqual(
    (await describe()).Stacks!.map(({ StackName }) => StackName),
    ['Arvoredo', 'Other', 'One'],
  );
});

for (const name of ['Nothing', 'constructor']) {
  test(`the stack ${name} that is not there is a ValidationError`, async () => {
    await assert.rejects(describe(name), (error: Error & { $metadata: { httpStatusCode: number } }) => {
      assert.equal(error.name, 'ValidationError');
      assert.equal(error.message, `Stack with id ${name} does not exist`);
      assert.equal(error.$metadata.httpStatusCode, 400);
      return true;
    });
  });
}

test('any other action is refused as InvalidAction', async () => {
  await assert.rejects(client.send(new ListStacksCommand({})), {
    name: 'InvalidAction',
    message: 'only DescribeStacks is supported, got ListStacks',
  });
});
