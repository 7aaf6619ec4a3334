// The stateful part: the bucket, which holds all data.

import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as s3express from 'aws-cdk-lib/aws-s3express';
import { Construct } from 'constructs';
import { PARTITION_FOLDERS } from '../lib/aws/partition-store.ts';
import { check, integer, oneOf } from '../lib/base/check.ts';
import { InputError } from '../lib/base/errors.ts';
import { KEPT_DAYS } from '../lib/plan/cost.ts';
import { acknowledge, acknowledgeWildcards } from './findings.ts';
import { type Grant, UPLOADS } from './grants.ts';

export interface ArvoredoStoreProps {
  /** Days after which a run's objects expire, ≥ 1. @default 30 */
  expireAfterDays?: number;
  /** Days after which data files, below `data/`, expire, ≥ 1. @default they do not */
  expireDataAfterDays?: number;
  /** What becomes of the buckets with the stack: kept, or emptied and deleted. @default 'retain' */
  removal?: 'retain' | 'destroy';
  /** Key for the objects; readers and writers need permission to use it. @default none: S3's own keys, which cost nothing */
  encryptionKey?: IKey;
  /** Names of other buckets whose objects runs and predictions may read as data. @default none */
  dataBuckets?: readonly string[];
  /** Whether every request to the bucket is logged in a second bucket, for 90 days. @default false */
  accessLogs?: boolean;
  /**
   * Zone of the region, as in `use1-az4`, for a directory bucket (S3 Express One Zone) with the partitions of rows. It is
   * encrypted by S3 and stays when the stack goes; not together with `encryptionKey`.
   *
   * @default none: partitions lie in the bucket
   */
  partitionsZone?: string;
}

const ACCESS_LOG_DAYS = 90;
/** As in use1-az4; a local zone has a name in between. */
const ZONE = /^[a-z0-9-]+-az\d+$/;
const BUCKET_NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** Encrypted, private, TLS 1.2 or newer only; runs expire by themselves. */
export class ArvoredoStore extends Construct {
  readonly bucket: s3.Bucket;
  readonly encryptionKey?: IKey;
  /** Other buckets, to read data from. */
  readonly #dataBuckets: s3.IBucket[];
  /** Where partitions of rows lie; undefined unless a zone was given. */
  readonly partitions?: s3express.CfnDirectoryBucket;
  /** The log of requests to the bucket; undefined unless `accessLogs` is set. */
  readonly accessLogBucket?: s3.Bucket;

  /** @throws {InputError} when a value is not allowed */
  constructor(scope: Construct, id: string, props: ArvoredoStoreProps = {}) {
    super(scope, id);
    const { expireAfterDays = KEPT_DAYS.objects, expireDataAfterDays, removal = 'retain' } = props;
    const { encryptionKey, accessLogs = false } = props;
    check('removal', removal, oneOf('retain', 'destroy'));
    for (const [name, days] of Object.entries({ expireAfterDays, expireDataAfterDays })) {
      if (days !== undefined) check(name, days, integer(1));
    }
    const { dataBuckets = [] } = props;
    const wrong = dataBuckets.find((name) => !BUCKET_NAME.test(name));
    if (wrong !== undefined) throw new InputError(`dataBuckets must be names of buckets, got ${wrong}`);
    this.#dataBuckets = dataBuckets.map((name) => s3.Bucket.fromBucketName(this, `Data-${name}`, name));
    this.encryptionKey = encryptionKey;
    const isTemporary = removal === 'destroy';
    const common: s3.BucketProps = {
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      // one that a failed first deployment made is empty, and goes
      removalPolicy: isTemporary ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
      // CloudFormation deletes only an empty bucket
      autoDeleteObjects: isTemporary,
    };
    if (accessLogs) {
      this.accessLogBucket = new s3.Bucket(this, 'AccessLogs', {
        ...common,
        encryption: s3.BucketEncryption.S3_MANAGED, // S3 writes access logs with no other
        lifecycleRules: [{ id: 'expire-logs', expiration: Duration.days(ACCESS_LOG_DAYS) }],
      });
      acknowledge(this.accessLogBucket, 'AwsSolutions-S1', 'the log of a log would be its own subject');
    }
    this.bucket = new s3.Bucket(this, 'Bucket', {
      ...common,
      encryption: encryptionKey ? s3.BucketEncryption.KMS : s3.BucketEncryption.S3_MANAGED,
      encryptionKey,
      bucketKeyEnabled: encryptionKey !== undefined, // one call to KMS for many objects
      lifecycleRules: [
        { id: 'expire-runs', prefix: 'runs/', expiration: Duration.days(expireAfterDays) },
        ...(expireDataAfterDays === undefined
          ? []
          : [{ id: 'expire-data', prefix: 'data/', expiration: Duration.days(expireDataAfterDays) }]),
        { id: 'expire-predictions', prefix: 'predictions/', expiration: Duration.days(expireAfterDays) },
        { id: 'abort-uploads', abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
    });
    this.partitions = this.#createPartitions(props, expireAfterDays);
    if (this.accessLogBucket) {
      this.#noteRequests(this.accessLogBucket);
    } else {
      acknowledge(
        this.bucket,
        'AwsSolutions-S1',
        'an option: accessLogs; runs hold generated data, nothing confidential',
      );
    }
  }

  /** A directory bucket. CDK's automatic emptying lists versions, which it does not have, so it is kept. */
  #createPartitions(
    { partitionsZone, encryptionKey }: ArvoredoStoreProps,
    expireAfterDays: number,
  ): s3express.CfnDirectoryBucket | undefined {
    if (partitionsZone === undefined) return undefined;
    if (!ZONE.test(partitionsZone)) {
      throw new InputError(`partitionsZone must be the id of a zone, as in use1-az4, got ${partitionsZone}`);
    }
    if (encryptionKey)
      throw new InputError('partitionsZone must be without a key: partitions would not be encrypted with it');
    const created = new s3express.CfnDirectoryBucket(this, 'Partitions', {
      locationName: partitionsZone,
      dataRedundancy: 'SingleAvailabilityZone',
      lifecycleConfiguration: {
        rules: [{ id: 'expire-partitions', prefix: 'runs/', status: 'Enabled', expirationInDays: expireAfterDays }],
      },
    });
    created.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
    const policy = new iam.PolicyStatement({
      effect: iam.Effect.DENY,
      principals: [new iam.StarPrincipal()],
      actions: ['s3express:*'],
      resources: [created.attrArn],
      conditions: { Bool: { 'aws:SecureTransport': 'false' } },
    });
    new s3express.CfnBucketPolicy(this, 'PartitionsPolicy', {
      bucket: created.ref,
      policyDocument: new iam.PolicyDocument({ statements: [policy] }),
    });
    return created;
  }

  /** By hand, as what the CDK makes of `serverAccessLogsBucket` hangs on the feature flags of the app. */
  #noteRequests(log: s3.Bucket): void {
    (this.bucket.node.defaultChild as s3.CfnBucket).loggingConfiguration = { destinationBucketName: log.bucketName };
    log.addToResourcePolicy(
      new iam.PolicyStatement({
        actions: ['s3:PutObject'],
        principals: [new iam.ServicePrincipal('logging.s3.amazonaws.com')],
        resources: [log.arnForObjects('*')],
        conditions: {
          ArnLike: { 'aws:SourceArn': this.bucket.bucketArn },
          StringEquals: { 'aws:SourceAccount': Stack.of(this).account },
        },
      }),
    );
  }

  /** Give a role the objects of a row of the table, and the right to list; nothing where the row has none. */
  grant(role: iam.IRole, { read, write, remove = [] }: Pick<Grant, 'read' | 'write' | 'remove'>): void {
    const { bucket, encryptionKey } = this;
    if (read.length + write.length + remove.length === 0) return;
    const arns = (keys: readonly string[]) => keys.map((key) => bucket.arnForObjects(key));
    acknowledgeWildcards(role, arns([...read, ...write, ...remove]), 'any run, by folder or file: see cdk/grants.ts');
    allow(role, ['s3:GetObject'], arns(read));
    if (write.length > 0) allow(role, ['s3:PutObject'], arns(write));
    if (remove.length > 0) allow(role, ['s3:DeleteObject'], arns(remove));
    // no condition on the prefix: a GetObject has none, and without this right S3 answers 403 for an object that is not there
    allow(role, ['s3:ListBucket'], [bucket.bucketArn]);
    if (read.includes(UPLOADS)) this.#grantData(role);
    this.#grantPartitions(role, read, write);
    const ofKey = write.length > 0 ? ['kms:Decrypt', 'kms:GenerateDataKey'] : ['kms:Decrypt'];
    if (encryptionKey) allow(role, ofKey, [encryptionKey.keyArn]);
  }

  /** A session is for all of a directory bucket: it reads, or it reads and writes. Nothing for who has no partitions. */
  #grantPartitions(role: iam.IRole, read: readonly string[], write: readonly string[]): void {
    if (!this.partitions || !hasPartitions([...read, ...write])) return;
    const mode = hasPartitions(write) ? undefined : { StringEquals: { 's3express:SessionMode': 'ReadOnly' } };
    const resources = [this.partitions.attrArn];
    role.addToPrincipalPolicy(
      new iam.PolicyStatement({ actions: ['s3express:CreateSession'], resources, conditions: mode }),
    );
  }

  /** Let a role read the other buckets, whose own policies and keys must let it, too. */
  #grantData(role: iam.IRole): void {
    if (this.#dataBuckets.length === 0) return;
    const objects = this.#dataBuckets.map((bucket) => bucket.arnForObjects('*'));
    acknowledgeWildcards(role, objects, 'data of the user, in buckets that the user named');
    allow(role, ['s3:GetObject'], objects);
    allow(
      role,
      ['s3:ListBucket'],
      this.#dataBuckets.map(({ bucketArn }) => bucketArn),
    );
  }
}

function hasPartitions(keys: readonly string[]): boolean {
  return keys.some((key) => PARTITION_FOLDERS.some((folder) => key === `runs/*/${folder}/*`));
}

/** Add a statement to a role's own policy. */
export function allow(role: iam.IRole, actions: string[], resources: string[]): void {
  role.addToPrincipalPolicy(new iam.PolicyStatement({ actions, resources }));
}
