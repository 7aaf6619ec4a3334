// The bucket: the only place where data lives.

import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';

export interface StoreProps {
  /** Days after which a run's objects expire, from 1 up. */
  expireAfterDays: number;
  /** What becomes of the bucket with the stack: kept, or emptied and deleted. */
  removal: 'retain' | 'destroy';
}

export class Store extends Construct {
  readonly bucket: s3.Bucket;

  constructor(scope: Construct, id: string, { expireAfterDays, removal }: StoreProps) {
    super(scope, id);
    const isTemporary = removal === 'destroy';
    this.bucket = new s3.Bucket(this, 'Bucket', {
      encryption: s3.BucketEncryption.S3_MANAGED,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      lifecycleRules: [
        { id: 'expire-runs', prefix: 'runs/', expiration: Duration.days(expireAfterDays) },
        { id: 'abort-uploads', abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
      removalPolicy: isTemporary ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
      // CloudFormation deletes only an empty bucket
      autoDeleteObjects: isTemporary,
    });
  }
}
